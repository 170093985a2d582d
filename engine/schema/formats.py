"""How values that JSON has no form for are written as text: decimals, dates, timestamps, durations, money.

Each ``read_*`` takes the text or a value that is read already, and gives the value. They raise Mismatch, without
words: finding the words is the business of :mod:`engine.schema.violations`, and only after something went wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine.base.money import Money

DIGITS_MAX = 38


class Mismatch(Exception):
    """A value does not have the form. Never leaves this package."""


_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_DURATION = re.compile(
    r"(-?)P(?:([0-9]{1,6})W|(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,8})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,10})(\.[0-9]{1,6})?S)?)?)"
).fullmatch
_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch

#: The same amounts, prices and days come again and again; their values never change, so they are kept.
_KEPT_MAX = 8192


def _parse_decimal(text: str) -> Decimal:
    if _DECIMAL(text) is None or (len(text) > DIGITS_MAX and len(text) - ("-" in text) - ("." in text) > DIGITS_MAX):
        raise Mismatch
    return Decimal(text)


_decimal_of = lru_cache(_KEPT_MAX)(_parse_decimal)


@lru_cache(_KEPT_MAX)
def _money_of(amount: str, currency: str) -> Money:
    if _CURRENCY(currency) is None:
        raise Mismatch
    return Money(_parse_decimal(amount), currency)


@lru_cache(_KEPT_MAX)
def _date_of(text: str) -> date:
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise Mismatch
    return date.fromisoformat(text)


def read_decimal(value: Any) -> Decimal:
    """A decimal from plain digits, at most 38 of them; an integer counts as one without digits after the point."""
    if value.__class__ is str:
        return _decimal_of(value)
    if value.__class__ is Decimal:
        if not value.is_finite():
            raise Mismatch
        return value
    if value.__class__ is int:
        return Decimal(value)
    raise Mismatch


def read_money(value: Any) -> Money:
    """Money from ``{"amount": "12.34", "currency": "EUR"}``."""
    if value.__class__ is dict:
        amount, currency = value["amount"], value["currency"]
        if len(value) != 2:
            raise Mismatch
        if amount.__class__ is str:
            return _money_of(amount, currency)
        return Money(read_decimal(amount), read_currency(currency))
    if value.__class__ is Money:
        return value
    raise Mismatch


def read_currency(value: Any) -> str:
    """A code of three capital letters; whether such a currency exists is asked when amounts are rounded."""
    if value.__class__ is not str or _CURRENCY(value) is None:
        raise Mismatch
    return value


def read_date(value: Any) -> date:
    """A date from ``2026-01-31``."""
    if value.__class__ is str:
        return _date_of(value)
    if value.__class__ is date:
        return value
    raise Mismatch


def read_timestamp(value: Any) -> datetime:
    """A moment in UTC from RFC 3339 text with a zone; below the microsecond digits are cut off."""
    if value.__class__ is str:
        if _TIMESTAMP(value) is None:
            raise Mismatch
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    if value.__class__ is datetime and value.tzinfo is not None:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    raise Mismatch


def read_duration(value: Any) -> timedelta:
    """A fixed length of time from ISO 8601 text in weeks, days, hours, minutes, seconds; months have no length."""
    if value.__class__ is timedelta:
        return value
    found = _DURATION(value) if value.__class__ is str else None
    if found is None or value[-1] in "PT":
        raise Mismatch
    sign, *parts, fraction = found.groups()
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts)
    micros = int((fraction or "")[1:].ljust(6, "0"))
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    return -length if sign else length


def timestamp_text(value: datetime) -> str:
    """RFC 3339 text in UTC with a ``Z``."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


#: What reading a value of each format may raise.
UNREADABLE = (Mismatch, KeyError, TypeError, ValueError, ArithmeticError)

READERS = {
    "decimal": read_decimal,
    "date": read_date,
    "date-time": read_timestamp,
    "duration": read_duration,
}

#: What people are told a format looks like.
WORDS = {
    "decimal": "a decimal number as text, like '12.50', of at most 38 digits",
    "date": "a date like 2026-01-31",
    "date-time": "a time with its zone, like 2026-01-31T09:30:00Z",
    "duration": "a length of time like P14D or PT1H30M",
}


def has_format(name: str, text: str) -> bool:
    """Whether text reads as a value of the format."""
    try:
        READERS[name](text)
    except UNREADABLE:
        return False
    return True
