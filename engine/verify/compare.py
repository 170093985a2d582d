"""Expected against actual: objects by the fields that are given, lists in full, money and decimals by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.base.clock import as_microseconds
from engine.base.money import Money, decimal_text
from engine.verify.model import Difference

#: Stands for a field that is not there.
ABSENT = object()


def compare(expected: Any, actual: Any, path: str = "") -> Iterator[Difference]:
    """Every field of ``expected`` (JSON-like) that ``actual`` (typed) does not hold."""
    if isinstance(expected, dict) and isinstance(actual, Money):
        yield from compare(expected, {"amount": actual.amount, "currency": actual.currency}, path)
    elif isinstance(expected, dict) and isinstance(actual, Mapping):
        for name, wanted in expected.items():
            yield from compare(wanted, actual.get(name, ABSENT), f"{path}.{name}" if path else name)
    elif isinstance(expected, list) and isinstance(actual, list | tuple):
        for position, wanted in enumerate(expected):
            given = actual[position] if position < len(actual) else ABSENT
            yield from compare(wanted, given, f"{path}[{position}]")
        for position in range(len(expected), len(actual)):
            yield Difference(f"{path}[{position}]", show(ABSENT), show(actual[position]))
    elif not _same(expected, actual):
        yield Difference(path or "the value", show(expected), show(actual))


def _same(expected: Any, actual: Any) -> bool:
    if actual is ABSENT or isinstance(expected, dict | list):
        return expected is None and actual is ABSENT
    if isinstance(actual, bool) or isinstance(expected, bool) or expected is None or actual is None:
        return expected is actual
    if isinstance(actual, datetime):
        return _moment(expected) == as_microseconds(actual)
    if isinstance(actual, date):
        return bool(expected == actual.isoformat())
    if isinstance(actual, Decimal | int) and isinstance(expected, str | int | Decimal):
        return _number(expected) == actual
    return bool(expected == (_plain(actual)))


def _moment(text: Any) -> int | None:
    try:
        return as_microseconds(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _number(value: str | int | Decimal) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _plain(value: Any) -> Any:
    return f"PT{int(value.total_seconds())}S" if isinstance(value, timedelta) else value


def show(value: Any, characters_max: int = 200) -> str:
    """A value for people, on one line: ``-10,000.00`` stays as it is written, money reads ``12.34 EUR``."""
    text = _text(value)
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def _text(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, Mapping):
        if set(value) == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return "{" + ", ".join(f"{name}: {_text(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(part) for part in value) + "]"
    return str(value)
