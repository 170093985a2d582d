"""From metered quantities to priced ones: combining, sign, conversion, rounding, and units that are included."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.exact import ONE, ZERO, rounded, total
from engine.finance.pricing.measure import Entry
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing import (
    Combine,
    Included,
    Negative,
    Overage,
    Quantity,
    RolloverOrder,
    Scope,
    SmoothingBill,
)


def conversion_factor(quantity: Quantity | None) -> Fraction:
    """Priced units in one metered unit."""
    if quantity is None or quantity.convert is None:
        return ONE
    if quantity.convert.multiply_by is not None:
        return Fraction(quantity.convert.multiply_by)
    return ONE / Fraction(quantity.convert.divide_by or 1)


def combined(quantity: Quantity | None, entries: Sequence[Entry]) -> Fraction:
    """The metered quantity of a line. Where nothing was used now, the highest and the last stay as they were."""
    entries = [entry for entry in entries if not entry.absent]
    if not entries:
        return ZERO
    combine = Combine.SUM if quantity is None else quantity.combine
    if combine is Combine.SUM:
        return total(entry.number for entry in entries)
    return max(entry.number for entry in entries) if combine is Combine.MAX else entries[-1].number


def priced_size(quantity: Quantity | None, metered: Fraction, where: Where) -> tuple[Fraction, int]:
    """The size of the priced quantity and its sign. It is rounded with its sign, so that ``ceiling`` of -5.1 is -5;
    what comes to nothing has no sign."""
    size, sign = _signed(quantity, metered, where)
    size *= conversion_factor(quantity)
    if quantity is not None and quantity.rounding is not None:
        size = sign * Fraction(rounded(sign * size, quantity.rounding.scale, quantity.rounding.mode))
    return size, sign if size else 1


def _signed(quantity: Quantity | None, metered: Fraction, where: Where) -> tuple[Fraction, int]:
    """The size of a metered quantity and its sign, as the document's rule for quantities below zero has it."""
    if metered >= 0:
        return metered, 1
    if quantity is not None and quantity.prorated:
        return ZERO, 1
    negative = Negative.REFUSE if quantity is None else quantity.negative
    if negative is Negative.REFUSE:
        raise refused(
            where, f"the quantity is below zero ({number(metered)})",
            "correct the usage, or say what it means with `negative: zero` or `negative: credit`",
        )  # fmt: skip
    return (ZERO, 1) if negative is Negative.ZERO else (-metered, -1)


@frozen
class Free:
    """What is left to price of one line, with what came before and without it, and the included units it took."""

    after: Fraction
    before: Fraction
    taken: Fraction


@frozen
class Allowance:
    """Included units of this bill: those of the period, and those carried over from earlier ones."""

    own: Fraction
    carried: Fraction = ZERO

    @property
    def units(self) -> Fraction:
        return self.own + self.carried


def allowance_of(included: Included, units: Fraction, share: Fraction, earlier: Sequence[Fraction]) -> Allowance:
    """The allowance: ``units`` are what is included in a whole period, ``earlier`` what earlier periods used."""
    now = units * share if included.prorated else units
    if included.rollover is None:
        return Allowance(now)
    carried_first = included.rollover.order is RolloverOrder.CARRIED_FIRST
    kept: list[tuple[int, Fraction]] = []  # the period it is of, and what is left of it
    for period, used in enumerate(earlier):
        left_over = used
        remaining: list[tuple[int, Fraction]] = []
        own = [(period, units)]
        for origin, left in [*kept, *own] if carried_first else [*own, *kept]:
            taken = min(left, left_over)
            left_over -= taken
            if left > taken and origin + included.rollover.periods > period:
                remaining.append((origin, left - taken))
        kept = _at_most(sorted(remaining), included.rollover.maximum)
    return Allowance(now, sum((left for _, left in kept), ZERO))


def _at_most(kept: list[tuple[int, Fraction]], maximum: object) -> list[tuple[int, Fraction]]:
    """The newest units up to a maximum."""
    if maximum is None:
        return kept
    room = Fraction(str(maximum))
    found: list[tuple[int, Fraction]] = []
    for origin, left in reversed(kept):
        taken = min(left, room)
        room -= taken
        if taken > 0:
            found.insert(0, (origin, taken))
    return found


def freed(
    included: Included, allowance: Allowance, quantities: Sequence[tuple[Fraction, Fraction]], where: Where
) -> list[Free]:
    """Take included units off the lines of a charge, in their order. ``quantities``: with what came before, and what
    came before alone."""
    if included.per is Scope.EACH:
        found = [Free(max(ZERO, after - allowance.units), ZERO, min(after, allowance.units)) for after, _ in quantities]
    else:
        found = []
        left_after = left_before = allowance.units
        for after, before in quantities:
            taken_after, taken_before = min(left_after, after), min(left_before, before)
            left_after, left_before = left_after - taken_after, left_before - taken_before
            found.append(Free(after - taken_after, before - taken_before, taken_after - taken_before))
    if included.overage is Overage.REFUSE and any(each.after > 0 for each in found):
        above = sum((each.after for each in found), ZERO)
        raise refused(
            where, f"{number(above)} more than the {number(allowance.units)} included units",
            "agree on an overage price, or stop the usage: this charge has a hard limit",
        )  # fmt: skip
    return found


def smoothed(included: Included, allowance: Fraction, quantity: Fraction, earlier: Sequence[Fraction]) -> Free:
    """One allowance over several periods: the overage of the window so far, less what was billed of it."""
    assert included.smoothing is not None
    periods = included.smoothing.periods
    place = len(earlier) % periods
    used = total(earlier[len(earlier) - place :])
    whole = allowance * periods
    after, before = max(ZERO, used + quantity - whole), max(ZERO, used - whole)
    if included.smoothing.bill is SmoothingBill.AT_END:
        after, before = (after, ZERO) if place == periods - 1 else (ZERO, ZERO)
    return Free(after, before, max(ZERO, quantity - (after - before)))
