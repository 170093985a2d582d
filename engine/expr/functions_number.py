"""Functions on numbers and money."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Any

from engine.base.money import DIVISION, Money, minor_units, round_decimal
from engine.expr.signature import Registry
from engine.expr.values import EXACT_60, Unrounded, add, is_number, kind, multiply, wrong

NUMBER = Registry()
_declare = NUMBER.declare

_SCALE_MAX = 30
_POWER_MAX = 100
_exact_add = EXACT_60.add
_ZERO = Decimal(0)
_SMALL = 10**18  # far below the digits that a number may have: nothing to look at
_WHOLE = decimal.Context(prec=70, traps=[decimal.InvalidOperation])


def number_of(value: Any, what: str) -> Any:
    """The value if it is a number, else a Failure that names ``what``."""
    return value if is_number(value) else wrong(f"{what} must be a number, not {kind(value)}")


def text_of(value: Any, what: str) -> str:
    return value if value.__class__ is str else wrong(f"{what} must be text, not {kind(value)}")


def integer_of(value: Any, what: str) -> int:
    """The value as an int; a decimal without a fraction counts."""
    if value.__class__ is int:
        return int(value)
    if value.__class__ is Decimal and value == value.to_integral_value(context=_WHOLE):
        return int(value)
    return wrong(f"{what} must be a whole number, not {kind(value)}")


def array_of(value: Any, what: str) -> list[Any]:
    return value if value.__class__ is list else wrong(f"{what} must be an array, not {kind(value)}")


def money_of(value: Any, what: str) -> Money:
    return value if value.__class__ is Money else wrong(f"{what} must be money, not {kind(value)}")


@_declare(
    "number, integer, text -> number",
    "money, integer, text -> money",
    doc="Rounded to `scale` digits after the point, by `half_up`, `half_even`, `half_down`, `up`, `down`, "
    "`ceiling` or `floor`. The one way from a division to money.",
    example="round(10 / 3, 2, 'half_up')",
    gives="3.33",
    name="round",
)
def round_(value: Any, scale: Any, mode: Any) -> Any:
    digits = integer_of(scale, "the scale of round")
    if not 0 <= digits <= _SCALE_MAX:
        wrong(f"the scale of round is 0 to {_SCALE_MAX}")
    text_of(mode, "the mode of round")
    if value.__class__ is Money or value.__class__ is Unrounded:
        return Money(round_decimal(value.amount, digits, mode), value.currency)
    return round_decimal(Decimal(number_of(value, "what is rounded")), digits, mode)


@_declare(
    "number -> number",
    "money -> money",
    doc="Without its sign.",
    example="abs(-12.50)",
    gives="12.50",
    name="abs",
)
def abs_(value: Any) -> Any:
    if value.__class__ is Unrounded:
        return Unrounded(abs(value.amount), value.currency)
    return abs(value) if value.__class__ is Money else abs(number_of(value, "the argument of abs"))


@_declare(
    "number, integer -> number",
    doc="A number multiplied by itself so many times: exact, the exponent a whole number from 0 to 100. For a root or "
    "a negative power, divide and round.",
    example="power(1.05, 3)",
    gives="1.157625",
)
def power(base: Any, exponent: Any) -> Any:
    number_of(base, "the base of power")
    left = integer_of(exponent, "the exponent of power")
    if not 0 <= left <= _POWER_MAX:
        wrong(f"the exponent of power is 0 to {_POWER_MAX}")
    result, square = 1, base
    while left:
        if left & 1:
            result = multiply(result, square)
        left >>= 1
        if left:
            square = multiply(square, square)
    return result


@_declare("number -> integer", doc="The next whole number up.", example="ceil(1.2)", gives="2")
def ceil(value: Any) -> int:
    return int(Decimal(number_of(value, "the argument of ceil")).to_integral_value(decimal.ROUND_CEILING, _WHOLE))


@_declare("number -> integer", doc="The next whole number down.", example="floor(-1.2)", gives="-2")
def floor(value: Any) -> int:
    return int(Decimal(number_of(value, "the argument of floor")).to_integral_value(decimal.ROUND_FLOOR, _WHOLE))


@_declare(
    "array[number] -> number",
    "array[money] -> money|integer",
    doc="All added up. An empty array gives 0; for money use `sum_money`, which knows the currency then too.",
    example="sum(`[1.10, 2.20]`)",
    gives="3.30",
    name="sum",
)
def sum_(values: Any) -> Any:
    if array_of(values, "the argument of sum") and values[0].__class__ is not int:
        return _sum_of_any(values)
    total = 0
    for value in values:
        if value.__class__ is not int:
            return _sum_of_any(values)
        total += value
    return total if -_SMALL < total < _SMALL else add(total, 0)


def _sum_of_any(values: list[Any]) -> Any:
    total = values[0]
    if total.__class__ is not Money:
        number_of(total, "every element of sum")
    for value in values[1:]:
        if value.__class__ is not Money:
            number_of(value, "every element of sum")
        total = add(total, value)
    return total


@_declare(
    "array[money], text -> money",
    doc="Money in one currency added up; no money at all is zero of that currency.",
    example="sum_money(`[]`, 'EUR')",
    gives="0 EUR",
)
def sum_money(values: Any, currency: Any) -> Money:
    code = _currency(currency)
    total = _ZERO
    for value in array_of(values, "the first argument of sum_money"):
        if value.__class__ is not Money:
            money_of(value, "every element of sum_money")
        if value.currency != code:
            wrong(f"sum_money adds {code}, but one amount is in {value.currency}")
        total = _exact_add(total, value.amount)
    return Money(total, code)


@_declare(
    "array[number] -> number|null",
    doc="The mean to 34 digits; null of an empty array.",
    example="avg(`[1, 2]`)",
    gives="1.5",
)
def avg(values: Any) -> Any:
    if not array_of(values, "the argument of avg"):
        return None
    for value in values:
        number_of(value, "every element of avg")
    return DIVISION.divide(Decimal(sum_(values)), Decimal(len(values)))


@_declare(
    "number, text -> money",
    "text, text -> money",
    doc="An amount in a currency (ISO 4217).",
    example="money('12.50', 'EUR')",
    gives="12.50 EUR",
)
def money(amount: Any, currency: Any) -> Money:
    value = number(amount) if amount.__class__ is str else number_of(amount, "the amount of money")
    return Money(Decimal(value), _currency(currency))


def _currency(code: Any) -> str:
    text_of(code, "a currency")
    minor_units(code)
    return str(code)


@_declare(
    "integer, text -> money",
    doc="Money from whole minor units: 1250 EUR is 12.50 EUR, 1250 JPY is 1250 JPY.",
    example="from_minor_units(1250, 'EUR')",
    gives="12.50 EUR",
)
def from_minor_units(units: Any, currency: Any) -> Money:
    whole = Decimal(integer_of(units, "minor units"))
    digits = minor_units(text_of(currency, "a currency"))
    return Money(EXACT_60.scaleb(whole, -digits), currency)


@_declare(
    "money -> integer",
    doc="Money as whole minor units; a failure if a fraction of one would be lost.",
    example="minor_units(money('12.50', 'EUR'))",
    gives="1250",
    name="minor_units",
)
def to_minor_units(value: Any) -> int:
    return money_of(value, "the argument of minor_units").to_minor()


@_declare("money -> number", doc="The number of money.", example="amount(money('12.50', 'EUR'))", gives="12.50")
def amount(value: Any) -> Decimal:
    return money_of(value, "the argument of amount").amount


@_declare("money -> text", doc="The currency of money.", example="currency(money('12.50', 'EUR'))", gives="EUR")
def currency(value: Any) -> str:
    return money_of(value, "the argument of currency").currency


@_declare(
    "text -> number",
    "number -> number",
    doc="The number that a text writes (`-12.50`); a failure if it writes none. See `to_number` for null instead.",
    example="number('-12.50')",
    gives="-12.50",
)
def number(value: Any) -> Any:
    if is_number(value):
        return value
    found = to_number(text_of(value, "the argument of number"))
    return wrong("the text is not a number") if found is None else found


@_declare(
    "any -> number|null",
    doc="The number that a text writes, a number itself, and null of anything else.",
    example="to_number('12.50')",
    gives="12.50",
)
def to_number(value: Any) -> Any:
    if is_number(value):
        return value
    if value.__class__ is not str or len(value) > 60 or not value.isascii() or "_" in value or value != value.strip():
        return None
    if value.removeprefix("-").isdigit():
        return int(value)
    try:
        found = Decimal(value)
    except decimal.InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= 60 else None
