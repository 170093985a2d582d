"""Units that a commitment no longer covers, priced at the charge's price for them instead of its usual one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from engine.finance.exact import ZERO, total
from engine.finance.pricing.lines import Overage, WorkLine
from engine.finance.pricing.measure import Measure, Piece, Rate
from engine.finance.pricing.words import number
from engine.finance.problem import Where


def above_commitment(
    rate: Rate, pieces: Sequence[Piece], line: WorkLine, factor: Fraction, where: Where
) -> Callable[[Fraction], Overage]:
    """The function from what of a line's amount is not covered to what its units cost at the overage price. Units are
    covered in their order, so the uncovered ones are the last. ``factor`` is the line's proration and discount."""

    def price(above: Fraction) -> Overage:
        whole = total(piece.amount for piece in pieces)
        units = _last_units(pieces, whole * above / line.net if line.net else ZERO)
        found = rate(Measure(units, units, (), where))
        told = "; ".join(piece.explanation for piece in found if piece.explanation)
        return Overage(total(piece.amount for piece in found) * factor, told or f"{number(units)} units")

    return price


def _last_units(pieces: Sequence[Piece], amount: Fraction) -> Fraction:
    """How many of the last units make up an amount at the pieces' unit prices. Units that cost nothing belong to what
    is covered, unless all is uncovered."""
    if amount == total(piece.amount for piece in pieces):
        return total(piece.quantity for piece in pieces)
    units, left = ZERO, amount
    for piece in reversed(pieces):
        if left <= 0:
            break
        taken = min(left, piece.amount)
        units += piece.quantity * taken / piece.amount if piece.amount else piece.quantity
        left -= taken
    return units
