"""A quantity that is computed from the quantities of several meters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from engine.base.errors import Failure
from engine.finance.compiling import Computed, computed
from engine.finance.exact import ZERO, decimal_of, total
from engine.finance.pricing.measure import Entry
from engine.finance.pricing.quantity import combined
from engine.finance.problem import Where, refused
from engine.schema import types as lattice
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.pricing import Charge
from engine.spec.values import Expression

#: The metered quantity of the usage of a line; the place is what messages name.
Metering: TypeAlias = Callable[[Sequence[Entry], Where], Fraction]


def computation(expression: Expression, charge: Charge, diagnostics: Diagnostics) -> Computed:
    """The computation of a charge's quantity, checked and compiled. It reads ``meters``."""
    numbers = {each.text: lattice.NUMBER for each in charge.meters}
    scope = {"meters": lattice.Object(numbers, frozenset(numbers))}
    return computed(expression, scope, diagnostics, lattice.NUMBER)[0]


def metering(charge: Charge) -> Metering:
    """How the usage of a line of this charge becomes one metered quantity."""
    quantity = charge.quantity
    if quantity is None or quantity.compute is None:
        return lambda entries, _where: combined(quantity, entries)
    compiled = computation(quantity.compute, charge, Diagnostics())
    names = [each.text for each in charge.meters]

    def compute(entries: Sequence[Entry], where: Where) -> Fraction:
        if not any(entry.number for entry in entries):
            return ZERO
        given = {name: total(entry.number for entry in entries if entry.meter == name) for name in names}
        try:
            value = compiled({"meters": {name: decimal_of(each) for name, each in given.items()}})
        except Failure as failure:
            raise refused(
                where, f"its quantity cannot be computed: {failure.message}", "correct the usage, or `compute`"
            ) from failure
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise refused(where, "`compute` does not give a number", "correct the usage, or `compute`")
        return Fraction(value)

    return compute
