"""How values stand in texts for people: the named formats of blanks, ``{{ total | money }}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.base.money import Money, decimal_text, minor_units
from engine.expr.functions_text import LENGTH_MAX, plain
from engine.expr.values import is_number, kind, wrong


def money(value: Any) -> str:
    """Grouped, with at least the currency's own digits: ``1,234.50 EUR``."""
    if value.__class__ is not Money:
        return wrong(f"the format money is for money, not for {kind(value)}")
    digits = max(minor_units(value.currency), -int(value.amount.as_tuple().exponent))
    return f"{value.amount:,.{digits}f} {value.currency}"


def number(value: Any) -> str:
    """Grouped, with its own digits: ``1,234.5``."""
    if not is_number(value):
        return wrong(f"the format number is for numbers, not for {kind(value)}")
    whole, point, fraction = decimal_text(Decimal(value)).partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else f"-0{point}{fraction}"


def day(value: Any) -> str:
    """The date, of a timestamp in UTC: ``2026-01-31``."""
    if value.__class__ is datetime:
        return str(value.date().isoformat())
    return str(value.isoformat()) if value.__class__ is date else wrong(f"the format date is not for {kind(value)}")


def upper(value: Any) -> str:
    return plain(value).upper()


def lower(value: Any) -> str:
    return plain(value).lower()


#: Formats by name: the kinds of values that each is for (empty: any simple value), and the function.
FORMATS: Mapping[str, tuple[frozenset[str], Callable[[Any], str]]] = {
    "money": (frozenset({"money"}), money),
    "number": (frozenset({"number"}), number),
    "date": (frozenset({"date", "timestamp"}), day),
    "upper": (frozenset(), upper),
    "lower": (frozenset(), lower),
    "plain": (frozenset(), plain),
}


def joined(*parts: str) -> str:
    """The parts of a text put together; a Failure if it gets too long."""
    text = "".join(parts)
    return text if len(text) <= LENGTH_MAX else wrong(f"the text would be longer than {LENGTH_MAX} characters")
