"""Inputs made up from the type of an operation's input, or from the places that its request reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.schema.sample import sample
from engine.schema.types import Type

#: So deep in an input, fields are made up that need not be there.
_OPTIONAL_DEPTH = 4


def input_of_type(type_: Type, number: int) -> Any:
    """A small value of a type. Texts that may be any hold the number, so that two inputs differ."""
    return sample(type_, _text(number), _OPTIONAL_DEPTH)


def input_of_places(places: Iterable[tuple[str, ...]], number: int) -> dict[str, Any]:
    """An object with a text at each of these places."""
    made: dict[str, Any] = {}
    for place in sorted(places, key=len, reverse=True):
        inside = made
        for name in place[:-1]:
            following = inside.setdefault(name, {})
            if not isinstance(following, dict):
                break
            inside = following
        else:
            inside.setdefault(place[-1], _text(number))
    return made


def varied(value: Any, number: int) -> Any:
    """A given input as it is for number 1; for others, one whose texts tell them apart."""
    if number == 1:
        return value
    if isinstance(value, dict):
        return {name: varied(each, number) for name, each in value.items()}
    if isinstance(value, list):
        return [varied(each, number) for each in value]
    return f"{value}-{number}" if isinstance(value, str) else value


def _text(number: int) -> str:
    return f"sample-{number}"
