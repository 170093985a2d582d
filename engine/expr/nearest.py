"""The nearest known name to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one known name within a third of its length in edits, if there is exactly one nearest; else None."""
    best: list[str] = []
    distance_best = max(1, len(name) // 3) + 1
    for candidate in known:
        distance = _distance(name.lower(), candidate.lower(), distance_best)
        if distance < distance_best:
            best, distance_best = [candidate], distance
        elif distance == distance_best and best:
            best.append(candidate)
    return best[0] if len(best) == 1 else None


def did_you_mean(name: str, known: Iterable[str], listed_max: int = 12) -> str:
    """Help for an unknown name: the nearest known one, else the known ones when they are few, else nothing."""
    names = sorted(known)
    found = nearest(name, names)
    if found is not None:
        return f"did you mean {found}?"
    if names and len(names) <= listed_max:
        return "known here: " + ", ".join(names)
    return ""


def _distance(left: str, right: str, limit: int) -> int:
    """Edits from one to the other, a swap of neighbours counting as one; ``limit`` or more may be any large number."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
