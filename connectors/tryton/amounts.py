"""What a sales document must add up to, before the ERP is asked and after it has calculated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.base.money import EXACT, Money, decimal_text, minor_units, round_decimal

_UNIT_PRICE_DIGITS = 4
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Totals:
    """The amounts of a document in its own currency, positive for what they are called."""

    lines: tuple[Decimal, ...]
    untaxed: Decimal
    tax: Decimal
    total: Decimal

    def negated(self) -> Totals:
        """The same with the other sign."""
        return Totals(tuple(-amount for amount in self.lines), -self.untaxed, -self.tax, -self.total)


@dataclass(frozen=True, slots=True)
class Line:
    """One line with quantity and unit price as the ERP is given them."""

    account: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    taxes: tuple[str, ...]


def sales_lines(content: Mapping[str, Any]) -> tuple[Line, ...]:
    """The lines of a sales document. Raises Failure(data) where quantity and price do not give the amount."""
    currency = content["currency"]
    digits = minor_units(currency)
    found = []
    for position, line in enumerate(content["lines"], start=1):
        amount = amount_in(line["amount"], currency, f"line {position}")
        quantity, price = line.get("quantity"), line.get("unit_price")
        if (quantity is None) != (price is None):
            raise Failure(ErrorClass.DATA, f"line {position} gives only one of quantity and unit price")
        if quantity is None or price is None:
            quantity, price = (ONE, amount) if amount >= 0 else (-ONE, -amount)
        elif round_decimal(EXACT.multiply(quantity, price), digits) != amount:
            words = f"line {position}: {decimal_text(quantity)} × {decimal_text(price)} is not {decimal_text(amount)}"
            raise Failure(ErrorClass.DATA, f"{words} {currency}")
        if -_exponent(price) > _UNIT_PRICE_DIGITS:
            raise Failure(ErrorClass.DATA, f"line {position}: the ERP keeps unit prices to {_UNIT_PRICE_DIGITS} digits")
        taxes = tuple(line["taxes"])
        found.append(Line(line["account"], line["description"], quantity, price, amount, taxes))
    return tuple(found)


def sales_totals(content: Mapping[str, Any], lines: Sequence[Line]) -> Totals:
    """The totals a document states. Raises Failure(data) if they contradict each other or are negative."""
    currency = content["currency"]
    untaxed = amount_in(content["untaxed"], currency, "the untaxed amount")
    tax = amount_in(content["tax"], currency, "the tax")
    total = amount_in(content["total"], currency, "the total")
    of_lines = sum((line.amount for line in lines), Decimal(0))
    if of_lines != untaxed:
        words = (
            f"the lines add up to {decimal_text(of_lines)} {currency}, the untaxed amount is {decimal_text(untaxed)}"
        )
        raise Failure(ErrorClass.DATA, f"{words} {currency}")
    if untaxed + tax != total:
        words = f"{decimal_text(untaxed)} and tax {decimal_text(tax)} are not the total {decimal_text(total)}"
        raise Failure(ErrorClass.DATA, f"{words} {currency}")
    if total < 0:
        words = f"the total is {decimal_text(total)} {currency}; what is given back is a credit note"
        raise Failure(ErrorClass.DATA, words)
    return Totals(tuple(line.amount for line in lines), untaxed, tax, total)


def difference(wanted: Totals, found: Totals, currency: str) -> str:
    """What differs between two documents, with both figures; empty when nothing does, to the cent."""
    parts = []
    for what, ours, theirs in (
        ("untaxed amount", wanted.untaxed, found.untaxed),
        ("tax", wanted.tax, found.tax),
        ("total", wanted.total, found.total),
    ):
        if ours != theirs:
            parts.append(f"{what} {decimal_text(ours)} given, {decimal_text(theirs)} in the ERP")
    if len(wanted.lines) != len(found.lines):
        parts.append(f"{len(wanted.lines)} lines given, {len(found.lines)} in the ERP")
    else:
        pairs = enumerate(zip(wanted.lines, found.lines, strict=True), start=1)
        parts += [
            f"line {position} {decimal_text(ours)} given, {decimal_text(theirs)} in the ERP"
            for position, (ours, theirs) in pairs
            if ours != theirs
        ]
    return f"{'; '.join(parts)} ({currency})" if parts else ""


def amount_in(money: Money, currency: str, what: str) -> Decimal:
    """The amount of money that must be in ``currency`` and have no more digits than it. Raises Failure(data)."""
    if money.currency != currency:
        raise Failure(ErrorClass.DATA, f"{what} is in {money.currency}, the document in {currency}")
    digits = minor_units(currency)
    exact = round_decimal(money.amount, digits)
    if exact != money.amount:
        raise Failure(ErrorClass.DATA, f"{what} is {money}: {currency} has {digits} digits after the point")
    return exact


def positive_amount(money: Money, what: str) -> Decimal:
    """The amount of money that must be above zero, in its own currency's digits. Raises Failure(data)."""
    amount = amount_in(money, money.currency, what)
    if amount <= 0:
        raise Failure(ErrorClass.DATA, f"{what} is {money}; it has to be above zero")
    return amount


def money_form(amount: Decimal, currency: str) -> dict[str, str]:
    """An amount of the ERP as money on the wire, with the currency's own digits."""
    return Money(round_decimal(amount, minor_units(currency)), currency).as_json()


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
