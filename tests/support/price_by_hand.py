"""Pricing once more, as a person would count on paper: unit by unit, in fractions, apart from the engine.

A quantity is a heap of grains of a sixteenth of a unit. Every grain is put into its tier and paid for, a package is
opened when a grain finds none open, free units are thrown away grain by grain. Slow, and too simple to be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

#: Grains of one unit.
GRAINS = 16


def cut(value: Fraction, scale: int, mode: str) -> Fraction:
    """``value`` with ``scale`` digits, from the definition of each mode."""
    unit = Fraction(1, 10**scale) if scale >= 0 else Fraction(10**-scale)
    steps = value / unit
    below = steps.numerator // steps.denominator
    rest = steps - below
    if rest == 0:
        return value
    toward_zero = below + 1 if value < 0 else below
    away = below if value < 0 else below + 1
    half = Fraction(1, 2)
    chosen = {
        "floor": below, "ceiling": below + 1, "down": toward_zero, "up": away,
        "half_up": away if rest == half else below + (rest > half),
        "half_down": toward_zero if rest == half else below + (rest > half),
        "half_even": below + below % 2 if rest == half else below + (rest > half),
    }[mode]  # fmt: skip
    return chosen * unit


def _grains(quantity: Fraction) -> int:
    found = quantity * GRAINS
    assert found.denominator == 1, "the quantity does not come in grains"
    return int(found)


def _paid(count: int, unit_price: Any) -> Fraction:
    """So many grains, each paid for; counted in billionths, so that it is quick."""
    each = Fraction(unit_price) * 10**9 / GRAINS
    assert each.denominator == 1, "the price has too many digits for this count"
    coins = 0
    for _ in range(count):
        coins += each.numerator
    return Fraction(coins, 10**9)


def _packages(count: int, package: Mapping[str, Any]) -> int:
    """Packages of so many grains: one is opened when none is open; with ``down`` only full ones count."""
    size = _grains(Fraction(package["size"]))
    opened = full = inside = 0
    for _ in range(count):
        opened += inside == 0
        inside += 1
        if inside == size:
            full, inside = full + 1, 0
    return full if package.get("rounding") == "down" else opened


def _cell(tier: Mapping[str, Any], count: int, *, step: bool = False) -> Fraction:
    """What so many grains cost in a tier that was entered."""
    found = Fraction(tier.get("flat_fee", 0))
    if not step:
        if "package" in tier:
            found += _packages(count, tier["package"]) * Fraction(tier["package"]["price"])
        elif "unit_price" in tier:
            found += _paid(count, tier["unit_price"])
    return min(found, Fraction(tier["maximum"])) if "maximum" in tier else found


def _tier_of(place: int, tiers: Sequence[Mapping[str, Any]]) -> int:
    """The tier of the grain at a place (from 1); beyond the last one, the last."""
    for index, tier in enumerate(tiers):
        if "up_to" not in tier or Fraction(place, GRAINS) <= Fraction(tier["up_to"]):
            return index
    return len(tiers) - 1


def price(form: Mapping[str, Any], quantity: Fraction) -> Fraction:
    """What a quantity costs by a price of a document: a unit price, packages or tiers."""
    count = _grains(quantity)
    if "unit_price" in form:
        return _paid(count, form["unit_price"])
    if "package" in form:
        return _packages(count, form["package"]) * Fraction(form["package"]["price"])
    mode, tiers = form["tiers"]["mode"], form["tiers"]["tiers"]
    if "overage_unit_price" in form["tiers"]:
        most = _grains(Fraction(tiers[-1]["up_to"]))
        beyond = max(0, count - most)
        within = {name: value for name, value in form["tiers"].items() if name != "overage_unit_price"}
        return price({"tiers": within}, Fraction(count - beyond, GRAINS)) + _paid(
            beyond, form["tiers"]["overage_unit_price"]
        )
    step = mode == "step"
    if count == 0:
        return _cell(tiers[0], 0, step=step) if form["tiers"].get("at_zero") == "first_tier" else Fraction(0)
    if mode != "slice":
        return _cell(tiers[_tier_of(count, tiers)], count, step=step)
    heaps: dict[int, int] = {}
    for place in range(1, count + 1):
        tier = _tier_of(place, tiers)
        heaps[tier] = heaps.get(tier, 0) + 1
    return sum((_cell(tiers[tier], heap) for tier, heap in heaps.items()), Fraction(0))


def priced_quantity(charge: Mapping[str, Any], metered: Fraction) -> Fraction:
    """From the meter to the price: the sign's rule, the conversion, the rounding."""
    rules = charge.get("quantity", {})
    if metered < 0 and rules.get("negative") == "zero":
        return Fraction(0)
    convert = rules.get("convert", {})
    found = metered * Fraction(convert.get("multiply_by", 1)) / Fraction(convert.get("divide_by", 1))
    rounding = rules.get("rounding")
    return found if rounding is None else cut(found, rounding["scale"], rounding["mode"])


def charged(
    charge: Mapping[str, Any], metered: Fraction, share: Fraction = Fraction(1), rate: Fraction = Fraction(1)
) -> Fraction:
    """What a metered quantity costs in all, rounded as the charge says; below zero it is a credit of the same. Prices
    are in a unit of one's own that costs ``rate``."""
    quantity = priced_quantity(charge, metered)
    sign, size = (-1, -quantity) if quantity < 0 else (1, quantity)
    included = charge.get("included", {})
    free = Fraction(included.get("units", 0)) * (share if included.get("prorated") else 1)
    exact = sign * price(charge["price"], max(Fraction(0), size - free))
    exact *= share if charge.get("prorated") else 1
    exact *= 1 - Fraction(charge.get("discount_percent", 0)) / 100
    return cut(exact * rate, charge["rounding"]["scale"], charge["rounding"]["mode"])


def bounded(
    lines: Sequence[Fraction], bounds: Iterable[tuple[str, Fraction]], before: Fraction
) -> tuple[list[Fraction], Fraction]:
    """The lines after minimums and maximums in their order, cent by cent, and what true-ups add."""
    net, added, billed_before = [int(line * 100) for line in lines], 0, int(before * 100)
    for kind, limit in bounds:
        most = limit * 100
        if kind == "maximum":
            billed = billed_before
            for place, line in enumerate(net):
                kept = min(line, 0)  # a refund stays as it is
                billed += kept
                while kept < line and billed < most:
                    kept, billed = kept + 1, billed + 1
                net[place] = kept
        else:
            reached = billed_before + sum(net)
            while reached < most:
                reached, added = reached + 1, added + 1
    return [Fraction(line, 100) for line in net], Fraction(added, 100)


def early_bills(
    costs: Sequence[Fraction], thresholds: Sequence[Fraction], every: Fraction | None, most: Fraction | None
) -> list[Fraction]:
    """Bills at thresholds for pieces of usage that cost so much each: all that has accrued, once for each piece that
    reaches a threshold not reached before."""
    bills: list[Fraction] = []
    accrued = Fraction(0)
    waiting = list(thresholds)
    for cost in costs:
        accrued += cost
        counted = accrued if most is None else min(accrued, most)
        due = False
        while waiting and waiting[0] <= counted:
            due, passed = True, waiting.pop(0)
            if not waiting and every is not None:
                waiting.append(passed + every)
        if due:
            bills.append(counted - sum(bills))
    return bills


def window_cost(cost: Fraction, promised: Fraction | None, factor: Fraction, true_up: bool) -> Fraction:
    """A window's cost, coin by coin: at its price up to the promise, at the factor above it."""
    if promised is None:
        return cost
    spent, found, cent = Fraction(0), Fraction(0), Fraction(1, 4)
    while spent < cost:
        part = min(cent, cost - spent, promised - spent if spent < promised else cent)
        found += part if spent < promised else part * factor
        spent += part
    return max(found, promised) if true_up else found


def prorated_slices(tiers: Sequence[Mapping[str, Any]], events: Sequence[tuple[int, Fraction]]) -> Fraction:
    """Units that come and go, each paid for by the part of its event, at the price of the tier it stands in or leaves.
    ``events`` are units and parts. What goes leaves the highest place first; flat fees follow the highest place."""

    def tier_at(place: int) -> Mapping[str, Any]:
        return next(tier for tier in tiers if "up_to" not in tier or place <= tier["up_to"])

    found, level, peak = Fraction(0), 0, 0
    for units, part in events:
        if not units or not part:
            continue  # it was there for no time
        for _ in range(abs(units)):
            place = level + 1 if units > 0 else level
            found += (part if units > 0 else -part) * Fraction(tier_at(place).get("unit_price", 0))
            level += 1 if units > 0 else -1
        peak = max(peak, level)
    if peak <= 0:
        return Fraction(0)
    lower = 0
    for tier in tiers:
        found += Fraction(tier.get("flat_fee", 0)) if peak > lower else 0
        lower = tier.get("up_to", lower)
    return max(Fraction(0), found)
