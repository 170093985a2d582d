"""Did-you-mean: the known name that an unknown one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

from engine.source.about import About

#: So many names are listed where it is not clear which one was meant.
_LISTED_MAX = 8


def distance(left: str, right: str) -> int:
    """Edits (insert, delete, replace, swap of neighbours) that make one text the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for index, char in enumerate(left, 1):
        before, previous, row = row, before, [index]
        for column, other in enumerate(right, 1):
            cost = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (char != other))
            if index > 1 and column > 1 and char == right[column - 2] and left[index - 2] == other:
                cost = min(cost, previous[column - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one known name within a third of the length in edits; None if there is none or more than one."""
    limit = max(1, -(-len(name) // 3))
    ranked = sorted((distance(name, each), each) for each in known)
    if not ranked or ranked[0][0] > limit:
        return None
    if len(ranked) > 1 and ranked[1][0] == ranked[0][0]:
        return None
    return ranked[0][1]


def suggestion(name: str, known: Iterable[str], *, what: str = "known here") -> str:
    """Help text: "did you mean ..." if that is clear, else up to eight candidates, the closest first."""
    names = sorted(known, key=lambda each: (distance(name, each), each))
    found = nearest(name, names)
    if found is not None:
        return f"did you mean `{found}`?"
    if not names:
        return ""
    listed = ", ".join(f"`{each}`" for each in names[:_LISTED_MAX])
    more = f" and {len(names) - _LISTED_MAX} more" if len(names) > _LISTED_MAX else ""
    return f"{what}: {listed}{more}"


def about_unknown(name: str, known: Iterable[str], *, kind: str = "", owner: str = "") -> About:
    """The about of a finding that says :func:`suggestion` about a name."""
    names = sorted(known, key=lambda each: (distance(name, each), each))
    meant = nearest(name, names)
    near = names[:_LISTED_MAX] if meant is None else [meant]
    return About(unknown=(name,), kind=kind, owner=owner, near=tuple(near), meant=meant or "")
