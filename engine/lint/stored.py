"""Findings as JSON and back, so that they can be kept in a file and compared after years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.source.diagnostic import Diagnostic, Edit, Fix, Label, Level
from engine.source.span import Span

#: The classes that a finding is made of, by name. Nothing else is ever made of what a file says.
_CLASSES: dict[str, type[Any]] = {each.__name__: each for each in (Diagnostic, Label, Fix, Edit, Span)}
_FIELDS: dict[str, tuple[str, ...]] = {name: each.__match_args__ for name, each in _CLASSES.items()}
_CLASS = "class"


def stored(value: Any) -> Any:
    """A finding, or a part of one, as JSON has it."""
    name = value.__class__.__name__
    if name in _FIELDS:
        return {_CLASS: name, **{each: stored(getattr(value, each)) for each in _FIELDS[name]}}
    if isinstance(value, tuple):
        return [stored(each) for each in value]
    return str(value) if isinstance(value, Level) else value


def restored(value: Any) -> Any:
    """What :func:`stored` was given. Raises ValueError, TypeError or KeyError for anything else."""
    if isinstance(value, list):
        return tuple(restored(each) for each in value)
    if not isinstance(value, Mapping):
        return value
    name = value[_CLASS]
    given = {key: restored(each) for key, each in value.items() if key != _CLASS}
    if name == "Diagnostic":
        given["level"] = Level(given["level"])
    return _CLASSES[name](**given)
