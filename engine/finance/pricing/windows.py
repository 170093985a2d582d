"""Commitments of single windows or lines: what is promised costs at least, or at a factor above."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.exact import ZERO, total
from engine.finance.pricing.choice import fits
from engine.finance.pricing.measure import Entry, Measure, Rate
from engine.finance.pricing.words import number
from engine.spec.documents.pricing_bounds import WindowCommitment


@frozen
class Kept:
    """A window's amount, and what of it was promised, lies above, or is charged for less."""

    amount: Fraction
    committed: Fraction | None = None
    overage: Fraction | None = None
    shortfall: Fraction | None = None
    told: str = ""


def keep_commitment(
    commitments: Sequence[WindowCommitment], rate: Rate, measure: Measure, cost: Fraction, factor: Fraction
) -> Kept:
    """Apply the first commitment that fits a line. Windows without one cost what they cost. ``factor`` is the line's
    proration and discount, which a promised quantity has too."""
    if not commitments:
        return Kept(cost)
    found = next((each for each in commitments if _is_for(each, measure.entries)), None)
    if found is None:
        return Kept(cost, cost, ZERO, ZERO)
    promised = _promised(found, rate, measure, factor)
    if cost >= promised:
        above = (cost - promised) * Fraction(found.overage_factor)
        told = f"{number(promised)} committed, {number(cost - promised)} above it times {number(found.overage_factor)}"
        return Kept(promised + above, promised, above, ZERO, told if above else "")
    if found.true_up:
        told = f"{number(promised)} committed, {number(cost)} used"
        return Kept(promised, cost, ZERO, promised - cost, told)
    return Kept(cost, cost, ZERO, ZERO)


def _is_for(commitment: WindowCommitment, entries: Sequence[Entry]) -> bool:
    return all(fits(commitment.when, entry.dimensions) for entry in entries)


def _promised(commitment: WindowCommitment, rate: Rate, measure: Measure, factor: Fraction) -> Fraction:
    if commitment.amount is not None:
        return Fraction(commitment.amount)
    quantity = Fraction(commitment.quantity or 0)
    promised = Measure(quantity, quantity, measure.entries, measure.where)
    return total(piece.amount for piece in rate(promised)) * factor
