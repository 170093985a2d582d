"""Rounding of exact values: every mode against a direct formula, and scales that no figure has."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.base.money import Money, RoundingMode
from engine.finance.exact import DIGITS_MAX, decimal_of, rounded


def _directly(value: Fraction, scale: int, mode: RoundingMode) -> Fraction:
    """The value in units of the scale, brought to a whole number as the mode says."""
    unit = Fraction(10) ** -scale
    exact = value / unit
    low, high = floor(exact), ceil(exact)
    if low == high:
        return value
    toward_zero, away = (low, high) if exact > 0 else (high, low)
    half = abs(exact - toward_zero) - Fraction(1, 2)
    nearest = toward_zero if half < 0 else away
    ties = {
        RoundingMode.HALF_UP: away,
        RoundingMode.HALF_DOWN: toward_zero,
        RoundingMode.HALF_EVEN: low if low % 2 == 0 else high,
    }
    straight = {
        RoundingMode.UP: away,
        RoundingMode.DOWN: toward_zero,
        RoundingMode.CEILING: high,
        RoundingMode.FLOOR: low,
    }
    chosen = straight[mode] if mode in straight else ties[mode] if half == 0 else nearest
    return chosen * unit


@settings(max_examples=100)
@given(
    st.fractions(min_value=-1000, max_value=1000, max_denominator=4000)
    | st.decimals(min_value=-1000, max_value=1000, places=4).map(Fraction),
    st.integers(min_value=-2, max_value=6),
    st.sampled_from(RoundingMode),
)
def test_rounding_is_the_direct_formula(value: Fraction, scale: int, mode: RoundingMode) -> None:
    assert Fraction(rounded(value, scale, mode)) == _directly(value, scale, mode)


@pytest.mark.parametrize("value", [Decimal("1.005"), Fraction(1, 3), 7])
@pytest.mark.parametrize("scale", [DIGITS_MAX + 1, -DIGITS_MAX - 1, 1_000_000])
def test_a_scale_that_no_figure_has_is_refused_at_once(value: Decimal | Fraction | int, scale: int) -> None:
    with pytest.raises(Failure, match=f"a scale of {scale} digits is beyond 100; write the digits wanted"):
        rounded(value, scale)


def test_the_most_digits_are_given_in_full() -> None:
    assert str(rounded(Fraction(1, 3), 100)) == "0." + "3" * 100


def test_no_digit_of_a_long_number_is_lost() -> None:
    long = Fraction("12345678901234567890123456789012345678.125")
    assert str(decimal_of(long)) == "12345678901234567890123456789012345678.125"
    assert str(rounded(long * 2 / 3, 4)) == "8230452600823045260082304526008230452.0833"
    assert str(rounded(long, 2)) == "12345678901234567890123456789012345678.13"
    assert str(rounded(long, -2)) == "12345678901234567890123456789012345700"
    assert str(Money.from_minor(1234567890123456789012345678901234, "USD")) == "12345678901234567890123456789012.34 USD"
