"""What decides whether JSON numbers are kept exactly, shared by the fast and the located JSON reader."""

from __future__ import annotations

from decimal import Decimal

from engine.source.text_rules import DIGITS_MAX, EXPONENT_MAX


class NumberRefused(ValueError):
    """A JSON number that other readers would round. The text says why."""


def exact_integer(text: str) -> int:
    """The integer that JSON text writes. Raises NumberRefused beyond 38 digits."""
    if len(text) - text.startswith("-") > DIGITS_MAX:
        raise NumberRefused(f"a number of more than {DIGITS_MAX} digits")
    return int(text)


def exact_decimal(text: str) -> Decimal:
    """The decimal that JSON text writes, with its scale. Raises NumberRefused beyond 38 digits or exponent 30."""
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    if len(mantissa) - mantissa.startswith("-") - ("." in mantissa) > DIGITS_MAX:
        raise NumberRefused(f"a number of more than {DIGITS_MAX} digits")
    if exponent and (len(exponent) > 8 or abs(int(exponent)) > EXPONENT_MAX):
        raise NumberRefused(f"a number with an exponent beyond {EXPONENT_MAX}")
    return Decimal(text)
