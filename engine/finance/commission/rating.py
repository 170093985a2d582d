"""One commission: its base, its rate or tiers, its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen
from engine.finance.commission.facts import CommissionFacts, LineResult, Slice
from engine.finance.exact import HUNDRED, ZERO, decimal_of, rounded
from engine.finance.problem import Where, refused
from engine.spec.documents.commission import Base, CommissionLine, Deduction, RateTier, TierMode


@frozen
class Digits:
    """Where amounts end."""

    currency: str
    scale: int
    mode: RoundingMode

    def fit(self, value: Fraction) -> Fraction:
        return Fraction(rounded(value, self.scale, self.mode))

    def money(self, value: Fraction) -> Money:
        """Money with the declared digits, or with more where the value has more."""
        shown = rounded(value, self.scale, self.mode)
        return Money(shown if Fraction(shown) == value else decimal_of(value), self.currency)


def base_amount(base: Base | None, facts: CommissionFacts, lines: Mapping[str, Fraction], where: Where) -> Fraction:
    """The amount that a rate applies to. Raises Failure(policy) for a figure that is needed and not given."""
    if base is not None and base.line is not None:
        amount = lines[base.line]
    elif facts.sale is None:
        raise refused(where, "the sale is not given", "give `sale`")
    else:
        amount = Fraction(facts.sale.amount)
    if base is None:
        return amount
    given = {Deduction.TAX: facts.tax, Deduction.REFUNDS: facts.refunded, Deduction.COST: facts.cost}
    names = {Deduction.TAX: "tax", Deduction.REFUNDS: "refunded", Deduction.COST: "cost"}
    for deduction in base.less:
        less = given[deduction]
        if less is None:
            raise refused(where, f"its base is less {deduction}, which is not given", f"give `{names[deduction]}`")
        amount -= Fraction(less.amount)
    return amount - sum((lines[name] for name in base.less_lines), ZERO)


def rate(line: CommissionLine, base: Fraction, before: Fraction, digits: Digits) -> tuple[Fraction, LineResult]:
    """The commission on a base, rounded. A negative base gives back what the positive one would give.

    ``before`` is the base earlier in the period, for a cumulative commission: what is due on all of it, less what was
    due on that.
    """
    amount, told, slices = _due(line, before + base)
    given = digits.fit(amount)
    if before:
        earlier = digits.fit(_due(line, before)[0])
        given -= earlier
        told += f"; less {_plain(earlier)} on {_plain(before)} before"
    result = LineResult(
        id=line.id, to=line.to, base=digits.money(base), amount=digits.money(given), slices=slices, explanation=told
    )
    return given, result


def _due(line: CommissionLine, base: Fraction) -> tuple[Fraction, str, tuple[Slice, ...]]:
    """What is due on a base before rounding, why, and the tiers it reached."""
    sign = -1 if base < 0 else 1
    size = abs(base)
    slices: tuple[Slice, ...] = ()
    if line.fixed is not None:
        amount = Fraction(line.fixed)
        told = f"{line.fixed} whatever the base"
    elif line.percent is not None:
        amount = size * Fraction(line.percent) / HUNDRED
        told = f"{line.percent}% of {_plain(size)}"
    else:
        amount, slices = _tiers(line, line.tiers or (), size)
        told = "; ".join(f"{each.percent}% above {each.above} up to {each.up_to}" for each in slices)
        told = told or "no tier is reached"
    if line.plus:
        amount += Fraction(line.plus)
        told += f", plus {line.plus}"
    if line.minimum is not None and amount < line.minimum:
        amount = Fraction(line.minimum)
        told += f", raised to the minimum of {line.minimum}"
    if line.maximum is not None and amount > line.maximum:
        amount = Fraction(line.maximum)
        told += f", cut to the maximum of {line.maximum}"
    return sign * amount, told, slices


def _tiers(line: CommissionLine, tiers: tuple[RateTier, ...], base: Fraction) -> tuple[Fraction, tuple[Slice, ...]]:
    reached = ZERO
    amount = ZERO
    slices: list[Slice] = []
    for tier in tiers:
        top = base if tier.up_to is None else min(base, Fraction(tier.up_to))
        inside = top > reached or (base == 0 and not slices and reached == 0)
        if not inside:
            break
        if line.mode is TierMode.MARGINAL:
            part = (top - reached) * Fraction(tier.percent) / HUNDRED + Fraction(tier.fixed)
            amount += part
            slices.append(_slice(reached, top, tier, part))
        elif tier.up_to is None or base <= Fraction(tier.up_to):
            amount = base * Fraction(tier.percent) / HUNDRED + Fraction(tier.fixed)
            slices.append(_slice(ZERO, base, tier, amount))
        reached = top
    return amount, tuple(slices)


def _slice(above: Fraction, top: Fraction, tier: RateTier, amount: Fraction) -> Slice:
    return Slice(above=decimal_of(above), up_to=decimal_of(top), percent=tier.percent, amount=decimal_of(amount))


def _plain(value: Fraction) -> str:
    return f"{decimal_of(value):f}"
