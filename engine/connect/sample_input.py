"""Inputs made up from the type of an operation's input, or from the places that its request reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money as MoneyValue
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    NULL,
    NUMBER,
    TIMESTAMP,
    Array,
    Money,
    Object,
    Recursive,
    Text,
    Type,
    members,
)

_DEPTH_MAX = 8
_SIMPLE: dict[Type, Any] = {
    BOOLEAN: True,
    INTEGER: 1,
    NUMBER: Decimal("1.00"),
    DATE: date(2026, 1, 31),
    TIMESTAMP: datetime(2026, 1, 31, 12, tzinfo=UTC),
    DURATION: timedelta(days=1),
    NULL: None,
}


def input_of_type(type_: Type, number: int, depth: int = 0) -> Any:
    """A small value of a type: every field that is listed, one element in every list. Texts that may be any hold the
    number, so that two inputs differ."""
    first = next((each for each in members(type_) if each != NULL), NULL)
    if isinstance(first, Object):
        fields = first.fields.items()
        wanted = [(name, each) for name, each in fields if name in first.required or depth < _DEPTH_MAX // 2]
        made = {name: input_of_type(each, number, depth + 1) for name, each in wanted if depth < _DEPTH_MAX}
        if not made and first.extra is not None:
            made["sample"] = input_of_type(first.extra, number, depth + 1)
        return made
    if isinstance(first, Array):
        return [input_of_type(first.element, number, depth + 1)] if depth < _DEPTH_MAX else []
    if isinstance(first, Text):
        return f"sample-{number}" if first.values is None else min(first.values)
    if isinstance(first, Money):
        return MoneyValue(Decimal("12.30"), first.currency or "EUR")
    if isinstance(first, Recursive) or first == ANY:
        return f"sample-{number}"
    return _SIMPLE.get(first)


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
            inside.setdefault(place[-1], f"sample-{number}")
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
