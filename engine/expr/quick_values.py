"""What quick functions call: the common kinds of arguments only. Whatever is of another kind is an error here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine.base.money import minor_units
from engine.expr.functions_number import number

#: Prices, rates and currencies come again and again.
_KEPT_MAX = 8192

#: Days of the proleptic Gregorian calendar before 1970-01-01, and the last second that unix_time reads.
EPOCH_DAY = date(1970, 1, 1).toordinal()
SECONDS_MAX = 253_402_300_799

_number: Callable[[str], Any] = lru_cache(_KEPT_MAX)(number)


@lru_cache(_KEPT_MAX)
def _unit(currency: str) -> Decimal:
    """One minor unit of a currency; a Failure if there is none of that name."""
    return Decimal((0, (1,), -minor_units(currency)))


#: Names under which generated code finds them.
QUICK: Mapping[str, Any] = {
    "TypeError": TypeError,
    "_date": date,
    "_day": date.fromordinal,
    "_number": _number,
    "_unit": _unit,
    "_NUMBERS": frozenset({int, Decimal}),
}
