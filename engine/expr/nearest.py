"""Help for a name that is not known in an expression."""

from __future__ import annotations

from collections.abc import Iterable

from engine.source.about import About
from engine.spec.nearest import nearest


def did_you_mean(name: str, known: Iterable[str], listed_max: int = 12) -> str:
    """The nearest known name as a question, else the known ones when they are few, else nothing."""
    about = about_unknown(name, known, listed_max)
    if about.meant:
        return f"did you mean {about.meant}?"
    return "known here: " + ", ".join(about.near) if about.near else ""


def about_unknown(name: str, known: Iterable[str], listed_max: int = 12) -> About:
    """The about of a finding that says :func:`did_you_mean` about a name."""
    names = sorted(known)
    found = nearest(name, names)
    near = (found,) if found is not None else tuple(names) if len(names) <= listed_max else ()
    return About(unknown=(name,), kind="name", near=near, meant=found or "")
