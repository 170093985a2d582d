"""Exact numbers inside the kernel: fractions, and the one place where they become decimals.

Factors and shares are :class:`fractions.Fraction`; nothing is rounded before a named point of a document. At that
point :func:`rounded` brings the exact value to a scale in a declared mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from typing import TypeAlias

from engine.base.errors import ErrorClass, Failure
from engine.base.money import DIVISION, RoundingMode, minor_units, round_decimal

#: What amounts, quantities and factors may be inside the kernel.
Number: TypeAlias = Decimal | Fraction | int

ZERO = Fraction(0)
ONE = Fraction(1)
HUNDRED = Fraction(100)

#: More digits than any currency, unit or factor has; a scale beyond it is a slip of the pen that would take minutes.
DIGITS_MAX = 100

#: Moves the point without losing a digit: the context that Python takes by itself cuts numbers at 28 digits.
_WIDE = Context(prec=1_000, traps=[InvalidOperation, DivisionByZero, Overflow])


def rounded(value: Number, scale: int, mode: str = RoundingMode.HALF_UP) -> Decimal:
    """``value`` with exactly ``scale`` digits after the point (negative: tens, hundreds), from its exact value.

    The names of modes are those of :class:`engine.base.money.RoundingMode`; halves go away from zero in ``half_up``,
    so that a credit mirrors its charge. Raises Failure(mapping) for a scale of more than :data:`DIGITS_MAX` digits.
    """
    if not -DIGITS_MAX <= scale <= DIGITS_MAX:
        raise Failure(ErrorClass.MAPPING, f"a scale of {scale} digits is beyond {DIGITS_MAX}; write the digits wanted")
    if isinstance(value, Decimal):
        return _plain(round_decimal(value, scale, mode), scale)
    exact = value if value.__class__ is Fraction else Fraction(value)
    if exact.denominator == 1:
        return _plain(round_decimal(Decimal(exact.numerator), scale, mode), scale)
    # One more digit than asked for, and a mark of what lies below it, decide every mode.
    shifted = exact * 10 ** (scale + 2) if scale >= -2 else exact / 10 ** (-scale - 2)
    digits = shifted.numerator // shifted.denominator if shifted >= 0 else -(-shifted.numerator // shifted.denominator)
    if shifted.denominator != 1 and digits % 5 == 0:
        digits += 1 if shifted > 0 else -1
    return _plain(round_decimal(Decimal(digits).scaleb(-scale - 2, _WIDE), scale, mode), scale)


def _plain(value: Decimal, scale: int) -> Decimal:
    """No exponent above zero and no negative zero: what is shown is what was meant."""
    if scale < 0:
        value = value.quantize(Decimal(1), context=_WIDE)
    return -value if value.is_zero() and value.is_signed() else value


def decimal_of(value: Number) -> Decimal:
    """A decimal for a value that no document rounds: exact where its digits end, else 34 digits, half even."""
    if isinstance(value, Decimal):
        return value
    exact = value if value.__class__ is Fraction else Fraction(value)
    if exact.denominator == 1:
        return Decimal(exact.numerator)
    rest = exact.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest == 1 and max(twos, fives) <= 100:
        places = max(twos, fives)
        return Decimal(exact.numerator * 10**places // exact.denominator).scaleb(-places, _WIDE)
    return DIVISION.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def total(values: Iterable[Number]) -> Fraction:
    """The exact sum."""
    return sum((value if value.__class__ is Fraction else Fraction(value) for value in values), ZERO)


def scale_for(currency: str, declared: int | None) -> int:
    """The digits after the point that a document declares, or else those of the currency (ISO 4217).

    Raises Failure(data) for a currency that has none and no declaration.
    """
    if declared is not None:
        return declared
    try:
        return minor_units(currency)
    except Failure as failure:
        raise Failure(ErrorClass.DATA, f"{failure.message}; declare the scale of its rounding") from failure
