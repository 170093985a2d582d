"""Discounts off one amount: percentages and amounts, capped, stacked, partly used before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ZERO, rounded
from engine.finance.problem import Where, refused
from engine.finance.totals.facts import Discount
from engine.spec.documents.totals import Percentages, Rounded, Stacking


@frozen
class Stack:
    """How several discounts of one amount work together."""

    stacking: Stacking
    percentages: Percentages
    rounded: Rounded
    scale: int
    mode: RoundingMode


def in_order(discounts: Sequence[Discount], stacking: Stacking) -> list[Discount]:
    """The discounts in the declared order; equal kinds stay as given."""
    if stacking is Stacking.AS_GIVEN:
        return list(discounts)
    first_percent = stacking is Stacking.PERCENTAGES_FIRST
    return sorted(discounts, key=lambda each: (each.percent is None) is first_percent)


def checked(discounts: Iterable[Discount], where: Where) -> None:
    """Refuse discounts that say nothing or two things, or less than nothing."""
    for discount in discounts:
        at = where.at(record=f"discount {discount.id}")
        if (discount.percent is None) is (discount.amount is None):
            raise refused(at, "a discount is either a percentage or an amount", "give exactly one of them")
        amounts = (discount.amount, discount.already_consumed, discount.maximum)
        if (discount.percent or 0) < 0 or any(each is not None and each.amount < 0 for each in amounts):
            raise refused(at, "a figure of the discount is below zero", "give what it takes off as a positive figure")


def available(discount: Discount) -> Fraction | None:
    """The most a discount may still give; None for no limit."""
    consumed = _fraction(discount.already_consumed)
    limits = [_fraction(each) - consumed for each in (discount.amount, discount.maximum) if each is not None]
    return max(ZERO, min(limits)) if limits else None


def value(discount: Discount, left: Fraction, whole: Fraction, stack: Stack, given: Fraction = ZERO) -> Fraction:
    """What one discount takes off ``left`` of ``whole``; never more than is left, nor above its limit together with
    what it has ``given`` to other lines.

    Off a negative amount (a credit) a percentage gives back as much as it took; an amount takes nothing.
    """
    if discount.percent is not None:
        base = whole if stack.percentages is Percentages.ADD_UP else left
        taken = base * Fraction(discount.percent) / HUNDRED
    else:
        taken = ZERO if left < 0 else _fraction(discount.amount)
    limit = available(discount)
    if limit is not None:
        limit = max(ZERO, limit - given)
        taken = max(-limit, min(taken, limit))
    if stack.rounded is Rounded.EACH:
        fit = Fraction(rounded(taken, stack.scale, stack.mode))
        # A whole limit is rounded as the document rounds; what is left of one is never exceeded.
        whole_limit = limit is not None and not given and not _fraction(discount.already_consumed)
        beyond = limit is not None and not whole_limit and abs(fit) > limit
        taken = Fraction(rounded(taken, stack.scale, RoundingMode.DOWN)) if beyond else fit
    return max(left, min(taken, ZERO)) if left < 0 else min(taken, left)


def take(discounts: Sequence[Discount], whole: Fraction, stack: Stack) -> list[tuple[Discount, Fraction]]:
    """What each discount takes off an amount, in the order in which they apply."""
    left = whole
    taken = []
    for discount in in_order(discounts, stack.stacking):
        amount = value(discount, left, whole, stack)
        left -= amount
        taken.append((discount, amount))
    return taken


def _fraction(amount: Money | None) -> Fraction:
    return ZERO if amount is None else Fraction(amount.amount)
