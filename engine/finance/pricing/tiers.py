"""Tiers, packages, stairsteps and capacity: what a quantity costs, tier by tier."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from engine.finance.exact import HUNDRED, ZERO
from engine.finance.pricing.measure import Measure, Piece, Rate
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing_tiers import (
    AtZero,
    BeyondTiers,
    Capacity,
    Package,
    Started,
    Tier,
    TierBase,
    TierMode,
    Tiers,
)


def packages_in(package: Package, quantity: Fraction) -> Fraction:
    """Packages of a quantity: started ones, or completed ones."""
    exact = quantity / Fraction(package.size)
    return Fraction(-(-exact.numerator // exact.denominator) if package.rounding is Started.UP else exact // 1)


def package_rate(package: Package) -> Rate:
    """Started or completed packages at their price."""

    def rate(measure: Measure) -> list[Piece]:
        count = packages_in(package, measure.quantity)
        told = f"{number(count)} packages of {number(package.size)}"
        amount = count * Fraction(package.price)
        return [Piece(measure.quantity, amount, unit_price=package.price, packages=count, explanation=told)]

    return rate


def tier_rate(tiers: Tiers) -> Rate:
    """The function of tiers: slices, the whole, or a step."""
    rate = _slices(tiers) if tiers.mode is TierMode.SLICE else _whole(tiers)
    return rate if tiers.overage_unit_price is None else _with_overage(tiers, tiers.overage_unit_price, rate)


def _with_overage(tiers: Tiers, price: Decimal, within: Rate) -> Rate:
    """Up to the last tier's end as the tiers say; each unit beyond it at a price of its own."""
    end = Fraction(tiers.tiers[-1].up_to or 0)
    index = len(tiers.tiers) + 1

    def rate(measure: Measure) -> list[Piece]:
        above = max(measure.quantity, measure.selection) - end
        if above <= 0:
            return within(measure)
        priced = min(above, measure.quantity)
        told = f"{number(priced)} beyond {number(end)} at {number(price)}"
        inside = within(replace(measure, quantity=measure.quantity - priced, selection=end))
        beyond = Piece(priced, priced * Fraction(price), index, _text(end), unit_price=price, explanation=told)
        return [*inside, beyond]

    return rate


def _cell(tier: Tier, index: int, lower: Decimal, quantity: Fraction, priced: Fraction, *, step: bool) -> Piece:
    """What ``priced`` units cost in one tier, with its flat fee and its cap."""
    amount, packages, unit_price = ZERO, None, None
    if step:
        told = f"step {index}"
    elif tier.package is not None:
        packages = packages_in(tier.package, priced)
        amount, unit_price = packages * Fraction(tier.package.price), tier.package.price
        told = f"tier {index}: {number(packages)} packages of {number(tier.package.size)} at {number(unit_price)}"
    elif tier.rate_percent is not None:
        amount = priced * Fraction(tier.rate_percent) / HUNDRED
        told = f"tier {index}: {number(tier.rate_percent)}% of {number(priced)}"
    else:
        unit_price = tier.unit_price or Decimal(0)
        amount = priced * Fraction(unit_price)
        told = f"tier {index}: {number(priced)} at {number(unit_price)}"
    if tier.flat_fee:
        amount += Fraction(tier.flat_fee)
        told += f", flat fee {number(tier.flat_fee)}"
    if tier.maximum is not None and amount > Fraction(tier.maximum):
        amount = Fraction(tier.maximum)
        told += f", at most {number(tier.maximum)}"
    return Piece(
        quantity, amount, index, lower, tier.up_to, unit_price, packages, tier.rate_percent,
        tier.flat_fee or None, explanation=told,
    )  # fmt: skip


def _counted(tiers: Tiers, measure: Measure) -> Fraction:
    return measure.amount if tiers.over is TierBase.AMOUNT else measure.quantity


def _slices(tiers: Tiers) -> Rate:
    listed = _bounds(tiers)

    def rate(measure: Measure) -> list[Piece]:
        count = _counted(tiers, measure)
        if count <= 0:
            return _at_zero(tiers)
        pieces = []
        for index, tier, lower, upper in listed:
            if index > 1 and count <= lower:
                break
            end = count if upper is None else min(count, upper)
            if index == len(listed) and upper is not None and count > upper:
                end = _end_beyond(tiers, count, upper, measure.where)
            if end > lower:
                pieces.append(_cell(tier, index, Decimal(_text(lower)), end - lower, end - lower, step=False))
        return pieces

    return rate


def _text(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _bounds(tiers: Tiers) -> list[tuple[int, Tier, Fraction, Fraction | None]]:
    listed: list[tuple[int, Tier, Fraction, Fraction | None]] = []
    lower = ZERO
    for index, tier in enumerate(tiers.tiers, 1):
        upper = None if tier.up_to is None else Fraction(tier.up_to)
        listed.append((index, tier, lower, upper))
        lower = lower if upper is None else upper
    return listed


def _at_zero(tiers: Tiers) -> list[Piece]:
    if tiers.at_zero is AtZero.NOTHING:
        return []
    first = tiers.tiers[0]
    return [_cell(first, 1, Decimal(0), ZERO, ZERO, step=tiers.mode is TierMode.STEP)]


def _end_beyond(tiers: Tiers, count: Fraction, upper: Fraction, where: Where) -> Fraction:
    """The end of the last tier for a quantity that goes beyond it."""
    if tiers.beyond is BeyondTiers.LAST_TIER:
        return count
    raise refused(
        where, f"{number(count)} is more than the last tier ends at ({number(upper)})",
        "agree on a price for what lies above and add a tier, or let the last tier take it with `beyond: last_tier`",
    )  # fmt: skip


def _whole(tiers: Tiers) -> Rate:
    listed = _bounds(tiers)
    step = tiers.mode is TierMode.STEP

    def rate(measure: Measure) -> list[Piece]:
        priced = _counted(tiers, measure)
        count = measure.selection if tiers.over is TierBase.QUANTITY else priced
        if count <= 0 and priced <= 0:
            return _at_zero(tiers)
        reached = next((each for each in listed if each[3] is None or count <= each[3]), None)
        if reached is None:
            reached = listed[-1]
            _end_beyond(tiers, count, reached[3] or ZERO, measure.where)
        index, tier, lower, _ = reached
        return [_cell(tier, index, Decimal(_text(lower)), priced, priced, step=step)]

    return rate


def prorated_slice_rate(tiers: Tiers) -> Rate:
    """Slices filled by full units in the order of events, each priced by its event's part of the period.

    What is taken away leaves the highest tiers first, with its own part. Flat fees stay whole and follow the highest
    quantity. What was there for no part of the period fills no tier. A total below zero gives zero.
    """
    listed = _bounds(tiers)

    def rate(measure: Measure) -> list[Piece]:
        level = peak = ZERO
        units = [ZERO] * len(listed)
        amounts = [ZERO] * len(listed)
        for entry in measure.entries:
            full = entry.number * measure.factor
            partial = full if entry.prorated is None else entry.prorated * measure.factor
            if full == 0 or partial == 0:
                continue
            reached = level + full
            for place, (_, tier, lower, upper) in enumerate(listed):
                last = place == len(listed) - 1
                low, high = min(level, reached), max(level, reached)
                low = low if place == 0 else max(lower, low)
                if upper is not None and high > upper:
                    high = _end_beyond(tiers, high, upper, measure.place(entry)) if last else upper
                if high > low:
                    change = high - low if full > 0 else low - high
                    units[place] += change
                    amounts[place] += change * partial / full * Fraction(tier.unit_price or 0)
            level = reached
            peak = max(peak, level)
        return _prorated_pieces(tiers, listed, units, amounts, peak)

    return rate


def _prorated_pieces(
    tiers: Tiers,
    listed: list[tuple[int, Tier, Fraction, Fraction | None]],
    units: list[Fraction],
    amounts: list[Fraction],
    peak: Fraction,
) -> list[Piece]:
    if peak <= 0:
        return _at_zero(tiers)
    pieces = []
    for place, (index, tier, lower, _) in enumerate(listed):
        if peak > lower or index == 1:
            amount = amounts[place] + Fraction(tier.flat_fee)
            told = (
                f"tier {index}: {number(units[place])} at {number(tier.unit_price or 0)} for their part of the period"
            )
            pieces.append(
                Piece(
                    units[place],
                    amount,
                    index,
                    _text(lower),
                    tier.up_to,
                    tier.unit_price,
                    flat_fee=tier.flat_fee or None,
                    explanation=told,
                )
            )
    if sum((piece.amount for piece in pieces), ZERO) < 0:
        return [Piece(ZERO, ZERO, explanation="more was taken away than was there: nothing is charged")]
    return pieces


def capacity_rate(capacity: Capacity) -> Rate:
    """The price of the first tier that allows every meter."""

    def rate(measure: Measure) -> list[Piece]:
        wanted = measure.by_meter()
        last = len(capacity.tiers)
        for index, tier in enumerate(capacity.tiers, 1):
            over = [name for name, limit in tier.limits if wanted.get(name, ZERO) > Fraction(limit)]
            if not over or (index == last and capacity.beyond is BeyondTiers.LAST_TIER):
                told = f"tier {index}, the first that allows every unit"
                return [Piece(Fraction(1), Fraction(tier.price), index, flat_fee=tier.price, explanation=told)]
        raise refused(
            measure.where, f"more {', '.join(over)} than the last tier allows",
            "agree on a price for what lies above and add a tier",
        )  # fmt: skip

    return rate
