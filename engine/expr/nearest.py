"""Help for a name that is not known in an expression."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spec.nearest import nearest


def did_you_mean(name: str, known: Iterable[str], listed_max: int = 12) -> str:
    """The nearest known name as a question, else the known ones when they are few, else nothing."""
    names = sorted(known)
    found = nearest(name, names)
    if found is not None:
        return f"did you mean {found}?"
    if names and len(names) <= listed_max:
        return "known here: " + ", ".join(names)
    return ""
