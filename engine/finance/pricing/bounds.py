"""Minimums with true-up, maximums, commitments over a term: what they change on the lines, in declared order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile

from engine.base.money import allocate
from engine.base.record import frozen
from engine.finance.exact import ZERO, decimal_of, total
from engine.finance.pricing.facts import Bill, Billed, BoundResult, RatingFacts
from engine.finance.pricing.lines import Amounts, WorkLine
from engine.finance.pricing.measure import share_of
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing_bounds import (
    Accumulate,
    Bound,
    Commitment,
    Counted,
    Maximum,
    Minimum,
    TrueUp,
)


@frozen
class Scene:
    """What a bound works on: the document's amounts, charges and bounds, and the facts."""

    amounts: Amounts
    facts: RatingFacts
    charges: tuple[str, ...]
    where: Where
    bounds: tuple[Bound, ...] = ()
    #: The values of dimensions that the bound is for, by name; empty for one bound over all lines.
    values: Mapping[str, str] = field(default_factory=dict)

    def is_for(self, dimensions: Mapping[str, str] | None) -> bool:
        """Whether a line or an earlier bill with these dimensions counts."""
        return all((dimensions or {}).get(name) == value for name, value in self.values.items())

    @property
    def closing(self) -> bool:
        """Whether what is missing is charged now; never on a bill in advance, whose period has not passed."""
        return self.facts.closing and self.facts.bill is not Bill.IN_ADVANCE


def apply_bound(bound: Bound, lines: Sequence[WorkLine], scene: Scene) -> tuple[list[BoundResult], list[WorkLine]]:
    """Change the lines by one bound. Gives what it did, and the lines that it adds; for each set of values where it is
    a bound by dimensions."""
    names = scene.charges if bound.charges is None else tuple(each.text for each in bound.charges)
    counted = [line for name in names for line in lines if line.charge == name and not line.ahead]
    results: list[BoundResult] = []
    added: list[WorkLine] = []
    for values in _values(bound, names, counted, scene):
        own = replace(scene, values=values)
        result, more = _apply(bound, names, [line for line in counted if own.is_for(line.dimensions)], own)
        results.append(result)
        added += more
    return results, added


def _values(bound: Bound, names: Sequence[str], lines: Sequence[WorkLine], scene: Scene) -> list[dict[str, str]]:
    """The values of the bound's dimensions that there are lines for, or earlier bills; no values for a plain bound."""
    if not bound.group_by:
        return [{}]
    earlier = [
        each.dimensions or {}
        for each in scene.facts.billed
        if each.over is bound.over and (each.charge in names or each.charge == bound.id)
    ]
    known = [each for each in (*(line.dimensions for line in lines), *earlier) if all(map(each.get, bound.group_by))]
    found = dict.fromkeys(tuple(each[name] for name in bound.group_by) for each in known)
    return [dict(zip(bound.group_by, values, strict=True)) for values in found]


def _apply(
    bound: Bound, names: Sequence[str], counted: Sequence[WorkLine], scene: Scene
) -> tuple[BoundResult, list[WorkLine]]:
    before = _before(bound, names, scene, base=bound.commitment is not None)
    if bound.maximum is not None:
        return _at_most(bound, bound.maximum, counted, before, scene), []
    if bound.minimum is not None:
        return _at_least(bound, bound.minimum, counted, before, scene)
    assert bound.commitment is not None
    return _committed(bound, bound.commitment, counted, before, scene)


def _before(bound: Bound, names: Sequence[str], scene: Scene, *, base: bool) -> Fraction:
    """What earlier bills of the same term charged, in the unit of prices."""
    if bound.over is Accumulate.BILL:
        return ZERO
    found = [
        each for each in scene.facts.billed
        if each.over is bound.over and (each.charge in names or each.charge == bound.id)
        and scene.is_for(each.dimensions)
    ]  # fmt: skip
    return total(_figure(each, base) for each in found) / scene.amounts.rate


def _figure(billed: Billed, base: bool) -> Fraction:
    money = billed.base_amount if base and billed.base_amount is not None else billed.amount
    return ZERO if money is None else Fraction(money.amount)


def _limit(amount: Decimal, prorated: bool, scene: Scene) -> Fraction:
    return Fraction(amount) * share_of(scene.facts.days) if prorated else Fraction(amount)


def _at_most(bound: Bound, maximum: Maximum, lines: Sequence[WorkLine], before: Fraction, scene: Scene) -> BoundResult:
    limit = scene.amounts.rounded(_limit(maximum.amount, maximum.prorated, scene))
    reached, taken = before, ZERO
    counted = total(line.net for line in lines)
    for line in lines:
        above = max(ZERO, min(reached + line.net - limit, line.net))
        reached += line.net - above
        taken += above
        line.adjust(bound.id, -above, f"{number(above)} off: at most {number(limit)} by {bound.id}")
    told = f"{number(before + counted)} of at most {number(limit)}"
    return _result(bound, scene, limit=limit, counted=counted, before=before, exact=-taken, told=told)


def _at_least(
    bound: Bound, minimum: Minimum, lines: Sequence[WorkLine], before: Fraction, scene: Scene
) -> tuple[BoundResult, list[WorkLine]]:
    limit = _limit(minimum.amount, minimum.prorated, scene)
    if minimum.rounding is not None:
        limit = scene.amounts.cut(limit, minimum.rounding.scale, minimum.rounding.mode)
    exact = minimum.counted is Counted.EXACT
    counted = total(line.exact + line.net - line.base if exact else line.net for line in lines)
    short = max(ZERO, limit - before - counted) if scene.closing else ZERO
    told = f"{number(before + counted)} of at least {number(limit)}"
    if not scene.closing:
        told += "; what is missing is charged on the last bill"
    result = _result(bound, scene, limit=limit, counted=counted, before=before, exact=short, told=told)
    return result, [_true_up(bound, short, scene, told)] if short else []


def _true_up(bound: Bound, short: Fraction, scene: Scene, told: str) -> WorkLine:
    base = scene.amounts.rounded(short)
    summary = bound.summary or bound.id.replace("_", " ")
    return WorkLine(
        bound.id,
        "true_up",
        summary,
        scene.amounts,
        short,
        base,
        base,
        service=scene.facts.period,
        told=told,
        dimensions=dict(scene.values),
    )


def _promised(commitment: Commitment, scene: Scene) -> Fraction:
    limit = _limit(commitment.amount, commitment.prorated, scene)
    return scene.amounts.rounded(limit) if commitment.prorated else limit


def _committed(
    bound: Bound, commitment: Commitment, lines: Sequence[WorkLine], before: Fraction, scene: Scene
) -> tuple[BoundResult, list[WorkLine]]:
    """What is promised covers the lines in proportion. A further commitment of the same charges takes what earlier
    ones left open, and its factor takes the place of theirs, so that none applies twice."""
    limit, factor = _promised(commitment, scene), Fraction(commitment.overage_factor)
    before = max(ZERO, before - total(_earlier_limits(bound, scene)))
    portions = [line.net if line.open is None else line.open for line in lines]
    if any(portion < 0 for portion in portions):
        raise refused(
            scene.where.at(rule=f"bound {bound.id}"), "a line that counts towards the commitment is below zero",
            "take credits out of its `charges`",
        )  # fmt: skip
    current = total(portions)
    within = min(max(limit - before, ZERO), current)
    shares = _shared(within, portions, scene.amounts)
    extra = ZERO
    for line, portion, share in zip(lines, portions, shares, strict=True):
        above = portion - share
        surcharge, told = _surcharge(line, above, factor)
        change = surcharge - line.surcharge
        extra += change
        line.adjust(bound.id, change, f"{number(above)} above {bound.id}, {told}")
        line.open, line.surcharge = above, surcharge
    short = max(ZERO, limit - before - current)
    due = commitment.true_up is TrueUp.AT_CLOSE and scene.closing and short > 0
    told = f"{number(min(limit, before))} of {number(limit)} used before, {number(within)} now"
    result = _result(
        bound, scene, limit=limit, counted=current, before=before, exact=extra + (short if due else ZERO), told=told,
        within=within, within_by_line=shares, overage=current - within + total(line.surcharge for line in lines),
    )  # fmt: skip
    return result, [_true_up(bound, short, scene, f"{number(short)} of the commitment was not used")] if due else []


def _surcharge(line: WorkLine, above: Fraction, factor: Fraction) -> tuple[Fraction, str]:
    """What lies above costs more, or less, than it did: times the factor, or else as the charge prices it anew."""
    if factor != 1 or line.above is None or not above:
        return line.amounts.rounded(above * (factor - 1)), f"times {number(factor)}"
    overage = line.above(above)
    return line.amounts.rounded(overage.amount) - above, f"priced anew: {overage.told}"


def _earlier_limits(bound: Bound, scene: Scene) -> list[Fraction]:
    """The amounts of the commitments of the same charges that are used up before this one."""
    earlier = takewhile(lambda each: each.id != bound.id, scene.bounds)
    return [
        _promised(each.commitment, scene)
        for each in earlier
        if each.commitment is not None and scope_of(each, scene.charges) == scope_of(bound, scene.charges)
    ]


def scope_of(bound: Bound, charges: Sequence[str]) -> tuple[Accumulate, frozenset[str], frozenset[str]]:
    """What a bound runs over, which charges count, and which dimensions it is by: commitments that share these are used
    up one after another."""
    names = charges if bound.charges is None else (each.text for each in bound.charges)
    return bound.over, frozenset(names), frozenset(bound.group_by)


def _shared(within: Fraction, portions: Sequence[Fraction], amounts: Amounts) -> list[Fraction]:
    """What the commitment covers, over the lines in proportion; in whole units of rounding where lines are rounded."""
    current = total(portions)
    if current in {0, within}:
        return list(portions)
    unit = Fraction(1, 10**amounts.scale) if amounts.scale >= 0 else Fraction(10**-amounts.scale)
    if amounts.own_unit or (within / unit).denominator != 1:
        return [within * portion / current for portion in portions]
    parts = allocate(decimal_of(within), [decimal_of(portion) for portion in portions], decimal_of(unit))
    return [Fraction(part) for part in parts]


def _result(
    bound: Bound,
    scene: Scene,
    *,
    limit: Fraction,
    counted: Fraction,
    before: Fraction,
    exact: Fraction,
    told: str,
    within: Fraction | None = None,
    within_by_line: Sequence[Fraction] = (),
    overage: Fraction | None = None,
) -> BoundResult:
    money = scene.amounts.money
    return BoundResult(
        bound=bound.id, dimensions=dict(scene.values) or None, limit=decimal_of(limit),
        counted=decimal_of(counted), before=decimal_of(before),
        exact=decimal_of(exact), amount=money(exact), units=scene.amounts.units(exact),
        within=None if within is None else money(within), within_by_line=tuple(money(each) for each in within_by_line),
        overage=None if overage is None else money(overage), explanation=told,
    )  # fmt: skip
