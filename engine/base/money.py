"""Exact decimals and money: ISO 4217 minor units, declared rounding, allocation that loses nothing."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from engine.base.errors import ErrorClass, Failure

#: Every exact operation runs in this context: 100 digits, and losing one is an error (architecture.md section 5).
EXACT = decimal.Context(
    prec=100,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)

#: Division gives 34 significant digits, half even (IEEE 754 decimal128).
DIVISION = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)

_ROUNDING = decimal.Context(
    prec=200,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)


class RoundingMode(StrEnum):
    """How a result is brought to fewer digits. The names are those that documents use."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    UP = "up"
    DOWN = "down"
    CEILING = "ceiling"
    FLOOR = "floor"


#: Plain digits for all but very large and very small numbers, at a quarter of the cost of format.
_scientific = EXACT.to_sci_string

_MODES: dict[str, str] = {mode.value: f"ROUND_{mode.value.upper()}" for mode in RoundingMode}


def decimal_text(value: Decimal) -> str:
    """The canonical text of a decimal: plain digits, its own scale, never an exponent, no negative zero."""
    text = _scientific(value)
    if "E" in text:
        text = format(value, "f")
    return text[1:] if text[0] == "-" and value.is_zero() else text


def round_decimal(value: Decimal, scale: int, mode: str = RoundingMode.HALF_UP) -> Decimal:
    """``value`` with exactly ``scale`` digits after the point; ties and direction as ``mode`` says."""
    rounding = _MODES.get(mode)
    if rounding is None:
        raise Failure(ErrorClass.MAPPING, f"unknown rounding mode {mode!r}: use one of {', '.join(_MODES)}")
    return value.quantize(Decimal(1).scaleb(-scale), rounding=rounding, context=_ROUNDING)


@cache
def minor_units(currency: str) -> int:
    """How many digits a currency has after the point (ISO 4217). Raises Failure(data) for an unknown code."""
    from iso4217 import Currency

    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise Failure(ErrorClass.DATA, f"{currency!r} is not a currency of ISO 4217 that amounts can be written in")
    return int(exponent)


class Money(msgspec.Struct, frozen=True, gc=False):
    """An exact amount in one currency. Adding or comparing two currencies is a Failure(mapping), never a guess.

    Made dozens of times per message: a struct costs a third of a class that guards its fields by itself. Equal are
    two of the same currency whose amounts are equal numbers.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.amount.__class__ is not Decimal:
            raise TypeError("an amount is a Decimal")

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Money from text, an integer of major units, or a Decimal."""
        return cls(Decimal(amount), currency)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Money:
        """Money from an integer of minor units: 1234 USD is 12.34, 1234 JPY is 1234."""
        return cls(Decimal(units).scaleb(-minor_units(currency), EXACT), currency)

    def to_minor(self) -> int:
        """The integer of minor units. Raises Failure(mapping) if a fraction of one would be lost."""
        units = self.amount.scaleb(minor_units(self.currency), context=_ROUNDING)
        if units != units.to_integral_value():
            raise Failure(ErrorClass.MAPPING, f"{self} has more digits than {self.currency} can hold; round it first")
        return int(units)

    def _same(self, other: Money) -> None:
        if other.__class__ is not Money:
            raise Failure(ErrorClass.MAPPING, "money can only be combined with money")
        if other.currency != self.currency:
            raise Failure(ErrorClass.MAPPING, f"{self.currency} and {other.currency} cannot be combined without a rate")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(EXACT.subtract(self.amount, other.amount), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount if self.amount else self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.amount >= other.amount

    def rounded(self, mode: str = RoundingMode.HALF_UP, scale: int | None = None) -> Money:
        """Rounded to the currency's minor units, or to ``scale`` digits."""
        digits = minor_units(self.currency) if scale is None else scale
        return Money(round_decimal(self.amount, digits, mode), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list[Money]:
        """Split by weights so that the parts add up exactly; see :func:`allocate`."""
        unit = Decimal(1).scaleb(-minor_units(self.currency))
        return [Money(part, self.currency) for part in allocate(self.amount, weights, unit)]

    def __repr__(self) -> str:
        return f"Money({decimal_text(self.amount)} {self.currency})"

    def __str__(self) -> str:
        return f"{decimal_text(self.amount)} {self.currency}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Money, (self.amount, self.currency))

    def as_json(self) -> dict[str, str]:
        """``{"amount": "12.34", "currency": "EUR"}``: money on the wire and at rest."""
        return {"amount": decimal_text(self.amount), "currency": self.currency}


def allocate(total: Decimal, weights: Sequence[Decimal | int], unit: Decimal) -> list[Decimal]:
    """Split ``total`` into multiples of ``unit`` in proportion to ``weights``; the parts add up exactly.

    Largest remainder (Hamilton's method): each share is cut down to a whole unit, then the units left over
    go to the shares with the largest remainders, earlier ones first among equals. A negative total is split
    by magnitude and the sign put back. Raises ValueError for no weights, a negative one, a zero sum, or a
    total that is not a whole number of units.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("allocation needs at least one weight, and none below zero")
    from fractions import Fraction

    total_weight = sum(Fraction(weight) for weight in weights)
    if total_weight == 0:
        raise ValueError("the weights add up to zero")
    count = Fraction(total) / Fraction(unit)
    if count.denominator != 1:
        raise ValueError("the total is not a whole number of units")
    sign = -1 if count < 0 else 1
    units = abs(count.numerator)
    exact = [units * Fraction(weight) / total_weight for weight in weights]
    whole = [share.numerator // share.denominator for share in exact]
    left = units - sum(whole)
    by_remainder = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in by_remainder[:left]:
        whole[index] += 1
    return [EXACT.multiply(Decimal(sign * share), unit) for share in whole]
