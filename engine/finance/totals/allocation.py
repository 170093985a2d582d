"""An amount spread over weights: every method of the field, exact, and telling where it drifts.

Wallets and commissions use the same rule where they split amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from engine.base.money import RoundingMode
from engine.finance.exact import ZERO, decimal_of, rounded, total
from engine.finance.problem import Where, refused
from engine.spec.documents.totals import LineOrder, Method

#: A place that is not known.
NOWHERE = Where()


def ordered(keys: Sequence[str], weights: Sequence[Fraction], order: LineOrder) -> list[int]:
    """The positions in the declared order; equal ones stay as they were given."""
    positions = list(range(len(keys)))
    if order is LineOrder.BY_KEY:
        return sorted(positions, key=lambda at: keys[at])
    if order is LineOrder.SMALLEST_FIRST:
        return sorted(positions, key=lambda at: weights[at])
    if order is LineOrder.LARGEST_FIRST:
        return sorted(positions, key=lambda at: -weights[at])
    return positions


def shares(
    amount: Fraction,
    weights: Sequence[Fraction],
    method: Method,
    *,
    scale: int,
    positions: Sequence[int],
    mode: str = RoundingMode.HALF_UP,
    keep: int | None = None,
    where: Where = NOWHERE,
) -> tuple[list[Fraction], list[Fraction]]:
    """The shares of ``amount`` and, beside them, what they were before rounding.

    ``positions`` is the order of lines, ``scale`` the digits of a share; ``keep`` the digits of an `unrounded` share
    (None: all). A negative amount is spread by magnitude. Raises Failure(policy) for weights below zero, a sum of
    weights of zero, and an amount that is no whole number of units where a method gives out units.
    """
    if any(weight < 0 for weight in weights):
        raise refused(where, "a weight is below zero", "give weights of zero or above")
    whole = sum(weights, ZERO)
    if amount == 0:
        return [ZERO] * len(weights), [ZERO] * len(weights)
    if whole == 0:
        raise refused(
            where, f"{decimal_of(amount)} cannot be spread: the weights add up to zero", "give a weight above zero"
        )
    if method is Method.FILL_IN_ORDER:
        filled = _filled(amount, weights, positions, where)
        return filled, filled
    exact = [amount * weight / whole for weight in weights]
    if method is Method.UNROUNDED:
        return (exact if keep is None else [Fraction(rounded(each, keep, mode)) for each in exact]), exact
    if method is Method.INDEPENDENT_ROUNDING:
        return [Fraction(rounded(each, scale, mode)) for each in exact], exact
    unit = Fraction(10) ** -scale
    if (amount / unit).denominator != 1:
        message = f"{decimal_of(amount)} cannot be spread without a rest in steps of {decimal_of(unit)}"
        raise refused(where, message, "round the amount before it is spread")
    taking = [at for at in positions if weights[at] > 0]
    if method is Method.LAST_TAKES_REST:
        return _with_rest(exact, amount, taking[-1], lambda each: Fraction(rounded(each, scale, mode))), exact
    if method is Method.FIRST_TAKES_REST:
        return _with_rest(exact, amount, taking[0], lambda each: Fraction(rounded(each, scale, "down"))), exact
    given = [Fraction(rounded(each, scale, RoundingMode.DOWN)) for each in exact]
    left = abs(int((amount - total(given)) / unit))
    if method is Method.LARGEST_REMAINDER:
        taking = sorted(taking, key=lambda at: -abs(exact[at] - given[at]))
    step = unit if amount > 0 else -unit
    for at in taking[:left]:
        given[at] += step
    return given, exact


def _filled(amount: Fraction, weights: Sequence[Fraction], positions: Sequence[int], where: Where) -> list[Fraction]:
    left = abs(amount)
    given = [ZERO] * len(weights)
    for at in positions:
        given[at] = min(left, weights[at])
        left -= given[at]
    if left:
        message = f"{decimal_of(left)} of {decimal_of(abs(amount))} is above the sum of the weights"
        raise refused(where, message, "spread less, or declare `cap_at_total_weight`")
    return given if amount > 0 else [-each for each in given]


def _with_rest(exact: list[Fraction], amount: Fraction, at: int, fit: Callable[[Fraction], Fraction]) -> list[Fraction]:
    given = [fit(each) for each in exact]
    given[at] += amount - total(given)
    return given
