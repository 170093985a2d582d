"""From a price's declaration to its function: the rates that choose nothing further."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.base.errors import Defect, Failure
from engine.finance.compiling import Computed, computed
from engine.finance.exact import ZERO, decimal_of
from engine.finance.pricing.measure import Entry, Measure, Piece, Rate
from engine.finance.pricing.percentage import percentage_rate
from engine.finance.pricing.tiers import capacity_rate, package_rate, prorated_slice_rate, tier_rate
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.schema import types as lattice
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.pricing import Charge, Negative
from engine.spec.documents.pricing_prices import Carried, Price, WithoutQuantity
from engine.spec.documents.pricing_tiers import TierMode
from engine.spec.values import Expression

#: What a formula can read of a record.
FORMULA_SCOPE: dict[str, lattice.Type] = {
    "quantity": lattice.NUMBER,
    "amount": lattice.nullable(lattice.NUMBER),
    "dimensions": lattice.Object({}, frozenset(), lattice.TEXT),
    "attributes": lattice.ANY,
}


def formula(expression: Expression, diagnostics: Diagnostics) -> Computed:
    """A formula, checked and compiled."""
    return computed(expression, FORMULA_SCOPE, diagnostics, lattice.NUMBER)[0]


def rate_of(price: Price, charge: Charge) -> Rate:
    """The function of a price that is not a choice between prices."""
    negative = Negative.REFUSE if charge.quantity is None else charge.quantity.negative
    prorated = charge.quantity is not None and charge.quantity.prorated
    if price.flat is not None:
        return flat_rate(price.flat)
    if price.unit_price is not None:
        return unit_rate(price.unit_price)
    if price.package is not None:
        return package_rate(price.package)
    if price.tiers is not None:
        return (
            prorated_slice_rate(price.tiers)
            if prorated and price.tiers.mode is TierMode.SLICE
            else tier_rate(price.tiers)
        )
    if price.capacity is not None:
        return capacity_rate(price.capacity)
    if price.percentage is not None:
        return percentage_rate(price.percentage, negative)
    if price.carried is not None:
        return _carried_rate(price.carried)
    if price.formula is not None:
        return _formula_rate(formula(price.formula.amount, Diagnostics()))
    raise Defect("a choice between prices is no rate")


def flat_rate(amount: Decimal) -> Rate:
    piece = Piece(Fraction(1), Fraction(amount), flat_fee=amount, explanation=f"a fixed {number(amount)}")
    return lambda _measure: [piece]


def unit_rate(price: Decimal) -> Rate:
    exact = Fraction(price)

    def rate(measure: Measure) -> list[Piece]:
        told = f"{number(measure.quantity)} at {number(price)}"
        return [Piece(measure.quantity, measure.quantity * exact, unit_price=price, explanation=told)]

    return rate


def _carried_rate(carried: Carried) -> Rate:
    factor = Fraction(carried.multiplier)
    skip = carried.without_quantity is WithoutQuantity.NOTHING

    def rate(measure: Measure) -> list[Piece]:
        amount = ZERO
        for entry in measure.entries:
            if entry.amount is None and not entry.absent and entry.number != 0:
                raise refused(
                    measure.place(entry), "the usage carries no amount, and this charge passes amounts on",
                    "give `amount` with the usage",
                )  # fmt: skip
            if entry.amount is not None and not (skip and entry.quantity == 0):
                amount += entry.amount
        told = f"{number(amount)} as the usage carries it"
        if factor != 1:
            told += f", times {number(carried.multiplier)}"
        return [Piece(amount, amount * factor, base=amount, explanation=told)]

    return rate


def _formula_rate(compiled: Callable[[dict[str, Any]], Any]) -> Rate:
    def rate(measure: Measure) -> list[Piece]:
        return [_record(entry, compiled, measure.place) for entry in measure.entries if not entry.absent]

    return rate


def _record(entry: Entry, compiled: Callable[[dict[str, Any]], Any], place: Callable[[Entry], Where]) -> Piece:
    scope = {
        "quantity": decimal_of(entry.number),
        "amount": None if entry.amount is None else decimal_of(entry.amount),
        "dimensions": dict(entry.dimensions),
        "attributes": dict(entry.attributes),
    }
    try:
        value = compiled(scope)
    except Failure as failure:
        raise refused(
            place(entry), f"the formula cannot be computed: {failure.message}", "correct the record, or the formula"
        ) from failure
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise refused(place(entry), "the formula does not give a number", "correct the record, or the formula")
    told = f"{number(value)} by formula for {number(entry.number)}"
    return Piece(entry.number, Fraction(value), explanation=told)
