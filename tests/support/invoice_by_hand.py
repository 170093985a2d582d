"""Invoices once more, as on a slip of paper: discounts coin by coin, tax from its definition, apart from the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from price_by_hand import cut


def dealt(coins: int, weights: Sequence[Fraction]) -> list[int]:
    """Coins in proportion to weights: whole ones first, then one more to who lacks most, the first of equals."""
    whole = sum(weights)
    if not coins:
        return [0] * len(weights)
    exact = [coins * weight / whole for weight in weights]
    given = [int(each) for each in exact]
    while sum(given) < coins:
        lacking = [
            part - have if weight else Fraction(-1) for part, have, weight in zip(exact, given, weights, strict=True)
        ]
        given[lacking.index(max(lacking))] += 1
    return given


def discounted(amount: int, discounts: Sequence[Mapping[str, Any]]) -> int:
    """What is left in coins: percentages first, each of what is left, then amounts; never below zero."""
    for each in (*(one for one in discounts if "percent" in one), *(one for one in discounts if "percent" not in one)):
        off = cut(amount * Fraction(each["percent"]) / 100, 0, "half_up") if "percent" in each else each["amount"]
        amount -= min(amount, int(off))
    return amount


def shared(lefts: Sequence[int], discounts: Sequence[Mapping[str, Any]]) -> list[int]:
    """Lines after discounts of the whole invoice, each dealt over what is left of the lines."""
    found = list(lefts)
    for each in (*(one for one in discounts if "percent" in one), *(one for one in discounts if "percent" not in one)):
        before = sum(found)
        off = before - discounted(before, [each])
        parts = dealt(off, [Fraction(left) for left in found])
        found = [left - part for left, part in zip(found, parts, strict=True)]
    return found


def tax(
    nets: Sequence[int], rates: Sequence[Sequence[Fraction]], level: str, *, inclusive: bool, compound: bool
) -> int:
    """The tax of an invoice in coins, rounded where ``level`` says."""
    exact: list[tuple[int, Fraction, Fraction]] = []
    for place, (net, own) in enumerate(zip(nets, rates, strict=True)):
        factor = Fraction(1)
        for rate in own:
            factor = factor * (1 + rate / 100) if compound else factor + rate / 100
        base = net / factor if inclusive else Fraction(net)
        before = Fraction(0)
        for rate in own:
            one = (base + before if compound else base) * rate / 100
            before += one
            exact.append((place, rate, one))
    sums: dict[tuple[object, ...], Fraction] = {}
    for place, rate, one in exact:
        key = (place if level.startswith("line") else None, rate if level.endswith("rate") else None)
        sums[key] = sums.get(key, Fraction(0)) + one
    return sum(int(cut(each, 0, "half_up")) for each in sums.values())
