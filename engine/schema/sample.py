"""A small value of a type, made up: for drafts of tests, and for inputs that a connector is tried with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money as MoneyValue
from engine.schema.types import (
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


def sample(type_: Type, text: str = "text", optional_depth: int = 0, depth: int = 0) -> Any:
    """A value of a type, as the engine holds it: what it must have, one element in every list, and, above
    ``optional_depth``, what it may have too. ``text`` stands wherever any text may."""
    first = next((each for each in members(type_) if each != NULL), NULL)
    if isinstance(first, Recursive):
        first = first.unfold()
    if isinstance(first, Text):
        return min(first.values) if first.values else text
    if isinstance(first, Money):
        return MoneyValue(Decimal("1.00"), first.currency or "EUR")
    if isinstance(first, Array):
        return [] if depth >= _DEPTH_MAX else [sample(first.element, text, optional_depth, depth + 1)]
    if isinstance(first, Object):
        return {} if depth >= _DEPTH_MAX else _fields(first, text, optional_depth, depth)
    return _SIMPLE.get(first, text)


def _fields(type_: Object, text: str, optional_depth: int, depth: int) -> dict[str, Any]:
    wanted = [name for name in type_.fields if name in type_.required or depth < optional_depth]
    made = {name: sample(type_.fields[name], text, optional_depth, depth + 1) for name in wanted}
    if not made and type_.extra is not None and depth < optional_depth:
        made["sample"] = sample(type_.extra, text, optional_depth, depth + 1)
    return made
