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


def compare(
    expected: Any, actual: Any, path: str = "", about: str = "", *, exactly: bool = False
) -> Iterator[Difference]:
    """Every field of ``expected`` (JSON-like) that ``actual`` (typed) does not hold; ``exactly`` also tells every
    field that only ``actual`` has. ``about`` names the line or document around."""
    if isinstance(expected, dict) and isinstance(actual, Money):
        amount = {"amount": actual.amount, "currency": actual.currency}
        yield from compare(expected, amount, path, _apart(expected, actual) or about)
    elif isinstance(expected, dict) and isinstance(actual, Mapping):
        about = named(actual) or about
        for name, wanted in expected.items():
            inner = f"{path}.{name}" if path else name
            yield from compare(wanted, actual.get(name, ABSENT), inner, about, exactly=exactly)
        for name in (each for each in actual if each not in expected) if exactly else ():
            if actual[name] is not None:
                yield Difference(f"{path}.{name}" if path else name, show(ABSENT), show(actual[name]), about)
    elif isinstance(expected, list) and isinstance(actual, list | tuple):
        for position, wanted in enumerate(expected):
            given = actual[position] if position < len(actual) else ABSENT
            yield from compare(wanted, given, f"{path}[{position}]", about, exactly=exactly)
        for position in range(len(expected), len(actual)):
            yield Difference(f"{path}[{position}]", show(ABSENT), show(actual[position]), about)
    elif not _same(expected, actual):
        yield Difference(path or "the value", show(expected), show(actual), about)


def named(value: Mapping[str, Any]) -> str:
    """What a line of a document is called: its account or role with its amounts, or its id; nothing for the rest."""
    words = [f"{name} {value[name]}" for name in ("account", "role", "side") if isinstance(value.get(name), str)]
    words += [
        f"{name} {value[name]}" if name != "amount" else str(value[name])
        for name in ("amount", "debit", "credit")
        if isinstance(value.get(name), Money)
    ]
    if words and not (len(words) == 1 and "side" in value):
        return " ".join(words)
    return f"id {value['id']}" if isinstance(value.get("id"), str) else ""


def _apart(expected: Mapping[str, Any], actual: Money) -> str:
    """How far an amount is from what was expected, in the same currency."""
    wanted = _number(expected["amount"]) if isinstance(expected.get("amount"), str) else None
    if wanted is None or expected.get("currency", actual.currency) != actual.currency or wanted == actual.amount:
        return ""
    off = actual.amount - wanted
    return f"{Money(abs(off), actual.currency)} too {'much' if off > 0 else 'little'}"


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
