"""Bills at thresholds: whenever the total of a period passes one, what has accrued is billed early."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from engine.base.money import Money
from engine.finance.exact import ZERO, rounded
from engine.finance.pricing.facts import EarlyBill, Progress, RatingFacts
from engine.finance.pricing.lines import Amounts
from engine.spec.documents.pricing_bounds import Thresholds


def progress_of(
    thresholds: Thresholds, facts: RatingFacts, total_after: Callable[[int], Fraction], fees: Money, amounts: Amounts
) -> Progress:
    """The early bills. ``total_after`` gives the money total of the charges that count after so many pieces of
    usage. Several thresholds passed at once make one bill, of all that has accrued."""
    billed = ZERO if facts.billed_early is None else Fraction(facts.billed_early.amount)
    reached = _highest(thresholds, billed)
    bills = []
    for count in range(1, len(facts.usage) + 1):
        accrued = total_after(count)
        passed = _highest(thresholds, accrued)
        if passed > reached:
            money = (passed, accrued, accrued - billed)
            threshold, so_far, due = (Money(_decimal(each, amounts), fees.currency) for each in money)
            bills.append(EarlyBill(threshold=threshold, reached=so_far, amount=due, usage=count))
            reached, billed = passed, accrued
    credit = Money(_decimal(billed, amounts), fees.currency)
    return Progress(bills=tuple(bills), fees=fees, credit=credit, due=fees - credit)


def _decimal(value: Fraction, amounts: Amounts) -> Decimal:
    return rounded(value, amounts.scale, amounts.mode)


def _highest(thresholds: Thresholds, value: Fraction) -> Fraction:
    """The highest threshold that a total has reached; 0 for none."""
    found = max((Fraction(each) for each in thresholds.amounts if Fraction(each) <= value), default=ZERO)
    last = Fraction(thresholds.amounts[-1])
    if thresholds.repeat_every is not None and value >= last:
        step = Fraction(thresholds.repeat_every)
        found = last + (value - last) // step * step
    return found
