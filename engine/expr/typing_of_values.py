"""The type of a value that is at hand: constants in expressions, and results shown to people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money as MoneyValue
from engine.expr.lattice import union
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
    Text,
    Type,
)

_SIMPLE: dict[type, Type] = {
    type(None): NULL,
    bool: BOOLEAN,
    int: INTEGER,
    Decimal: NUMBER,
    date: DATE,
    datetime: TIMESTAMP,
    timedelta: DURATION,
}


def type_of_value(value: Any) -> Type:
    """The narrowest type: texts are constants, money has its currency, objects are closed."""
    if isinstance(value, str):
        return Text(frozenset({value}))
    if isinstance(value, MoneyValue):
        return Money(value.currency)
    if isinstance(value, list):
        return Array(union(map(type_of_value, value)))
    if isinstance(value, dict):
        return Object({str(name): type_of_value(each) for name, each in value.items()}, frozenset(value), None)
    return _SIMPLE.get(type(value), ANY)
