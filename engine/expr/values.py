"""What operators mean on values: exact arithmetic, comparison, truth. Compiled code adds the place to failures."""

from __future__ import annotations

import decimal
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from engine.base.errors import ErrorClass, Failure
from engine.base.money import DIVISION, Money

DIGITS_MAX = 60

#: + - * give the exact result or an error: never more than 60 digits, never a lost one.
EXACT_60 = decimal.Context(
    prec=DIGITS_MAX,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[
        decimal.Inexact,
        decimal.Rounded,
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.FloatOperation,
    ],
)
_INTEGER_MAX = 10**DIGITS_MAX

_add, _subtract, _multiply = EXACT_60.add, EXACT_60.subtract, EXACT_60.multiply

_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    Decimal: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
    Money: "money",
    date: "a date",
    datetime: "a timestamp",
    timedelta: "a duration",
}

#: Kinds of which JMESPath says that comparing them by size gives null.
_UNORDERED = (bool, list, dict)
_ORDERED = (int, Decimal, str, Money, date, datetime, timedelta)


class Unrounded:
    """Money after a division: part of an expression only, until ``round(x, scale, mode)`` makes it money again."""

    __slots__ = ("amount", "currency")

    def __init__(self, amount: Decimal, currency: str) -> None:
        self.amount = amount
        self.currency = currency


_KINDS[Unrounded] = "money that is not rounded"


def wrong(message: str) -> NoReturn:
    """A value is not what the expression needs."""
    raise Failure(ErrorClass.MAPPING, message)


def kind(value: Any) -> str:
    """What a value is, in plain words; never the value itself, which may be personal."""
    return _KINDS.get(value.__class__, f"a value of the unknown kind {value.__class__.__name__}")


def is_number(value: Any) -> bool:
    return value.__class__ is Decimal or value.__class__ is int


def settled(value: Any) -> Any:
    """The value itself, unless it is divided money that nobody rounded."""
    if value.__class__ is Unrounded:
        wrong("money was divided and not rounded: wrap the division in round(x, scale, mode)")
    return value


def _bounded(value: int) -> int:
    if -_INTEGER_MAX < value < _INTEGER_MAX:
        return value
    return wrong(f"the result has more than {DIGITS_MAX} digits")


def _refuse(operator: str, left: Any, right: Any) -> NoReturn:
    if left is None or right is None:
        side = "left" if left is None else "right"
        wrong(f"{operator} needs two values, but the {side} one is null")
    wrong(f"{operator} is not defined for {kind(left)} and {kind(right)}")


def _same_currency(left: Money | Unrounded, right: Money | Unrounded, what: str) -> str:
    if left.currency != right.currency:
        wrong(f"{what} needs one currency, not {left.currency} and {right.currency}: convert one of them with a rate")
    return left.currency


def add(left: Any, right: Any) -> Any:
    """``left + right``: numbers, money of one currency, a date or timestamp and a duration, two durations."""
    a, b = left.__class__, right.__class__
    if a is Money and b is Money:
        return Money(_add(left.amount, right.amount), _same_currency(left, right, "+"))
    if is_number(left) and is_number(right):
        return _bounded(left + right) if a is int and b is int else _add(left, right)
    if b is timedelta and (a is date or a is datetime or a is timedelta):
        return _moved(left, right)
    if a is timedelta and (b is date or b is datetime):
        return _moved(right, left)
    if a in (Money, Unrounded) and b in (Money, Unrounded):
        return Unrounded(_add(left.amount, right.amount), _same_currency(left, right, "+"))
    return _refuse("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """``left - right``: as :func:`add`, and two dates (days) or two timestamps (a duration)."""
    a, b = left.__class__, right.__class__
    if a is Money and b is Money:
        return Money(_subtract(left.amount, right.amount), _same_currency(left, right, "-"))
    if is_number(left) and is_number(right):
        return _bounded(left - right) if a is int and b is int else _subtract(left, right)
    if a is date and b is date:
        return (left - right).days
    if a is datetime and b is datetime:
        return left - right
    if b is timedelta and (a is date or a is datetime or a is timedelta):
        return _moved(left, -right)
    if a in (Money, Unrounded) and b in (Money, Unrounded):
        return Unrounded(_subtract(left.amount, right.amount), _same_currency(left, right, "-"))
    return _refuse("-", left, right)


def _moved(start: Any, by: timedelta) -> Any:
    if start.__class__ is date and (by.seconds or by.microseconds):
        wrong("a date moves by whole days only; use a timestamp")
    try:
        return start + by
    except OverflowError:
        return wrong("the result is outside the years 1 to 9999")


def multiply(left: Any, right: Any) -> Any:
    """``left * right``: numbers, money and a number, a duration and a whole number."""
    a, b = left.__class__, right.__class__
    if is_number(right):
        if a is Money:
            return Money(_multiply(left.amount, right), left.currency)
        if is_number(left):
            return _bounded(left * right) if a is int and b is int else _multiply(left, right)
        if a is Unrounded:
            return Unrounded(_multiply(left.amount, right), left.currency)
        if a is timedelta and b is int:
            return left * right
    elif is_number(left) and (b is Money or b is Unrounded or b is timedelta):
        return multiply(right, left)
    return _refuse("*", left, right)


def multiply_unrounded(left: Any, right: Any) -> Any:
    """:func:`multiply` where a factor comes from a division: money stays unrounded until ``round``."""
    product = multiply(left, right)
    return Unrounded(product.amount, product.currency) if product.__class__ is Money else product


def divide(left: Any, right: Any) -> Any:
    """``left / right`` to 34 digits, half even: numbers, money by a number (unrounded), money by money (a ratio)."""
    a, b = left.__class__, right.__class__
    if is_number(right):
        if right == 0:
            wrong("division by zero")
        if is_number(left):
            return DIVISION.divide(Decimal(left), Decimal(right))
        if a is Money or a is Unrounded:
            return Unrounded(DIVISION.divide(left.amount, Decimal(right)), left.currency)
    elif a is Money and b is Money:
        _same_currency(left, right, "/")
        if not right.amount:
            wrong("division by zero")
        return DIVISION.divide(left.amount, right.amount)
    return _refuse("/", left, right)


def remainder(left: Any, right: Any) -> Any:
    """``left % right`` of numbers; the sign is the left side's."""
    if not (is_number(left) and is_number(right)):
        _refuse("%", left, right)
    if right == 0:
        wrong("division by zero")
    if left.__class__ is int and right.__class__ is int:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return EXACT_60.remainder(left, right)


def negate(value: Any) -> Any:
    """``-value`` of a number, money or a duration."""
    if is_number(value):
        return -value if value else value
    if value.__class__ is Money:
        return -value
    if value.__class__ is Unrounded:
        return Unrounded(-value.amount, value.currency)
    if value.__class__ is timedelta:
        return -value
    return wrong(f"- is not defined for {kind(value)}")


def equal(left: Any, right: Any) -> bool:
    """``left == right``: numbers by value, true never equals 1, arrays and objects by their parts."""
    a, b = left.__class__, right.__class__
    if a is bool or b is bool:
        return left is right
    if a is list:
        if b is not list or len(left) != len(right):
            return False
        for one, other in zip(left, right, strict=True):
            if not (one == other if one.__class__ is str else equal(one, other)):
                return False
        return True
    if a is dict:
        return (
            b is dict and left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
        )
    return bool(left == right)


def orderable(left: Any, right: Any, operator: str) -> bool:
    """True if the two can be compared by size; false where JMESPath's answer is null. Otherwise a Failure."""
    a, b = left.__class__, right.__class__
    if a in _UNORDERED or b in _UNORDERED:
        return False
    if left is None or right is None:
        side = "left" if left is None else "right"
        wrong(f"{operator} needs two values, but the {side} one is null")
    if (a is b and a in _ORDERED) or (is_number(left) and is_number(right)):
        if a is Money:
            _same_currency(left, right, operator)
        return True
    return wrong(f"{kind(left)} and {kind(right)} cannot be compared by size")


def less(left: Any, right: Any) -> bool | None:
    return left < right if orderable(left, right, "<") else None


def less_equal(left: Any, right: Any) -> bool | None:
    return left <= right if orderable(left, right, "<=") else None


def greater(left: Any, right: Any) -> bool | None:
    return left > right if orderable(left, right, ">") else None


def greater_equal(left: Any, right: Any) -> bool | None:
    return left >= right if orderable(left, right, ">=") else None
