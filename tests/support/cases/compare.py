"""Whether what came out is what was published: numbers by value, at the scale that the source states."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from cases.model import Forms
from engine.base.money import Money

_PERIOD = {"period", "amount"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def differences(expected: Any, actual: Any, scale: int | None = None, place: str = "") -> list[str]:
    """What differs, in words; empty if nothing does. Only what is expected is compared."""
    if isinstance(actual, Forms):
        found = [differences(expected, form, scale, place) for form in actual.forms]
        return min(found, key=len)
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping):
            return [f"{place}: {actual!r} is no object"]
        found = []
        for key, value in expected.items():
            at = f"{place}.{key}" if place else str(key)
            found += [f"{at} is missing"] if key not in actual else differences(value, actual[key], scale, at)
        return found
    if isinstance(expected, list):
        expected, actual = _without_nothing(expected), _without_nothing(actual)
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            return [f"{place}: {expected!r} expected, {actual!r} found"]
        found = _in_order(expected, actual, scale, place)
        if found and all(isinstance(row, Mapping) and "account" in row for row in (*expected, *actual)):
            names = tuple(expected[0])  # the lines of an entry have no order
            ordered = [sorted(rows, key=lambda row: _line_order(row, names)) for rows in (expected, actual)]
            return found if _in_order(ordered[0], ordered[1], scale, place) else []
        return found
    return [] if _same(expected, actual, scale) else [f"{place}: {expected} expected, {_text(actual)} found"]


def _without_nothing(rows: Any) -> Any:
    """A schedule without its periods of nothing, which sources list or leave out."""
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) and set(row) == _PERIOD for row in rows):
        return [row for row in rows if _number(row["amount"]) != 0]
    return rows


def _in_order(expected: Sequence[Any], actual: Sequence[Any], scale: int | None, place: str) -> list[str]:
    return [
        each for index, value in enumerate(expected)
        for each in differences(value, actual[index], scale, f"{place}[{index}]")
    ]  # fmt: skip


def _line_order(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """By what the source says of every line: when, which account, which side."""
    when = [str(row.get(name, "")) for name in ("period", "date") if name in names]
    return (*when, str(row["account"]), str("credit" in row))


def _same(expected: Any, actual: Any, scale: int | None) -> bool:
    left, right = _number(expected), _number(actual)
    if left is None or right is None:
        return str(expected) == str(actual) if not isinstance(expected, bool) else expected is actual
    if scale is not None:
        unit = Decimal(1).scaleb(-scale)
        left, right = (value.quantize(unit, rounding=ROUND_HALF_UP) for value in (left, right))
    return left == right


def _number(value: Any) -> Decimal | None:
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _text(value: Any) -> str:
    return str(value)
