"""Laws of rating, over generated price lists: bills add up, shares are conserved, and a second formula agrees."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from price_lists import amounts, carried, charge, dec, money, rate, tiers, total, usage

from engine.finance.prepared import Prepared, prepare

QUANTITIES = st.decimals(min_value=0, max_value=500, places=2)
PRICES = st.decimals(min_value=0, max_value=20, places=4)


@st.composite
def tier_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    bounds = sorted(draw(st.sets(st.integers(1, 400), min_size=0, max_size=4)))
    found: list[dict[str, Any]] = []
    for bound in [*bounds, None]:
        tier: dict[str, Any] = {"unit_price": draw(PRICES), "flat_fee": draw(PRICES)}
        if bound is not None:
            tier["up_to"] = bound
        if draw(st.booleans()):
            tier["maximum"] = draw(st.integers(0, 2000))
        found.append(tier)
    return found


def by_formula(listed: list[dict[str, Any]], mode: str, quantity: Decimal) -> Fraction:
    """Tiers once more, straight from their definition."""
    if quantity == 0:
        return Fraction(0)
    q, lower, found = Fraction(quantity), Fraction(0), Fraction(0)
    for tier in listed:
        upper = Fraction(tier["up_to"]) if "up_to" in tier else None
        inside = q - lower if upper is None else min(q, upper) - lower
        counted = q if mode == "whole" else inside
        if inside > 0:
            amount = counted * Fraction(tier["unit_price"]) + Fraction(tier["flat_fee"])
            if "maximum" in tier:
                amount = min(amount, Fraction(tier["maximum"]))
            found = amount if mode == "whole" else found + amount
        if upper is None or q <= upper:
            break
        lower = upper
    return found


@given(tier_lists(), st.sampled_from(["slice", "whole"]), QUANTITIES)
def test_tiers_agree_with_their_definition(listed: list[dict[str, Any]], mode: str, quantity: Decimal) -> None:
    result = rate(charge(tiers(mode, *listed)), quantity)
    assert Fraction(result["lines"][0]["exact"]) == by_formula(listed, mode, quantity)
    assert sum(part["amount"] for part in result["lines"][0]["parts"]) == result["lines"][0]["exact"]


@given(tier_lists(), st.sampled_from(["slice", "whole"]), st.lists(QUANTITIES, min_size=1, max_size=5))
def test_bills_over_a_period_add_up_to_one_bill(
    listed: list[dict[str, Any]], mode: str, quantities: list[Decimal]
) -> None:
    priced = charge(tiers(mode, *listed), accumulate="period")
    billed, found = Decimal(0), Decimal(0)
    for quantity in quantities:
        bill = rate(priced, quantity, billed=[{"charge": "units", "quantity": str(billed)}])
        found += total(bill)
        billed += quantity
    assert found == total(rate(charge(tiers(mode, *listed)), billed))


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=5), st.integers(1, 100), st.integers(0, 300))
def test_packages_are_never_billed_twice(quantities: list[int], size: int, free: int) -> None:
    priced = charge({"package": {"size": size, "price": 3}}, accumulate="period", included={"units": free})
    billed, found = 0, Decimal(0)
    for quantity in quantities:
        found += total(rate(priced, quantity, billed=[{"charge": "units", "quantity": str(billed)}]))
        billed += quantity
    assert found == 3 * -(-max(0, billed - free) // size)


@given(tier_lists(), QUANTITIES)
def test_a_credit_mirrors_its_charge(listed: list[dict[str, Any]], quantity: Decimal) -> None:
    priced = charge(tiers("slice", *listed), quantity={"negative": "credit"})
    assert total(rate(priced, quantity)) == -total(rate(priced, -quantity))


CENTS = st.integers(0, 100_000).map(lambda units: Decimal(units).scaleb(-2))


@given(st.lists(CENTS, min_size=1, max_size=4), CENTS, CENTS)
def test_a_maximum_is_never_exceeded_and_loses_nothing(lines: list[Decimal], limit: Decimal, before: Decimal) -> None:
    named = {f"line_{place}": amount for place, amount in enumerate(lines)}
    result = rate(
        carried(*named), amounts(**named), {"bounds": [{"id": "cap", "maximum": {"amount": limit}}]},
        billed=[{"charge": "line_0", "amount": money(before)}],
    )  # fmt: skip
    assert total(result) == max(Decimal(0), min(sum(lines), limit - before))
    for line in result["lines"]:
        assert (
            line["base_amount"].amount + sum(each["amount"].amount for each in line["adjustments"])
            == line["amount"].amount
        )
        assert 0 <= line["amount"].amount <= line["base_amount"].amount


@given(st.lists(CENTS, min_size=1, max_size=4), CENTS)
def test_a_minimum_is_always_reached(lines: list[Decimal], limit: Decimal) -> None:
    named = {f"line_{place}": amount for place, amount in enumerate(lines)}
    result = rate(carried(*named), amounts(**named), {"bounds": [{"id": "least", "minimum": {"amount": limit}}]})
    assert total(result) == max(sum(lines), limit)


@given(st.lists(CENTS, min_size=1, max_size=4), CENTS, CENTS, st.sampled_from(["1", "1.25", "2"]))
def test_a_commitment_covers_each_cent_once(lines: list[Decimal], limit: Decimal, before: Decimal, factor: str) -> None:
    named = {f"line_{place}": amount for place, amount in enumerate(lines)}
    promise = {"id": "promise", "over": "contract", "commitment": {"amount": limit, "overage_factor": dec(factor)}}
    result = rate(
        carried(*named), amounts(**named), {"bounds": [promise]},
        billed=[{"charge": "line_0", "over": "contract", "amount": money(before)}],
    )  # fmt: skip
    bound = result["bounds"][0]
    within = max(Decimal(0), min(sum(lines), limit - before))
    assert bound["within"].amount == within
    assert sum(each.amount for each in bound["within_by_line"]) == within
    exact = within + (sum(lines) - within) * Decimal(factor)
    assert abs(total(result) - exact) <= Decimal("0.005") * len(lines)


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc")), min_size=1, max_size=6))
def test_lines_add_up_to_the_usage(given_usage: list[tuple[int, str]]) -> None:
    priced = charge({"unit_price": dec("0.07")}, group_by=["kind"], included={"units": 5})
    result = rate(priced, [usage(count, dimensions={"kind": kind}) for count, kind in given_usage])
    whole = sum(count for count, _ in given_usage)
    assert sum(line["quantity"] for line in result["lines"]) == whole
    assert sum(line["included_quantity"] for line in result["lines"]) == min(whole, 5)
    assert sum(line["billable_quantity"] for line in result["lines"]) == max(0, whole - 5)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9), st.integers(1, 4), st.integers(0, 12))
def test_smoothing_bills_the_overage_of_each_window_once(used: list[int], periods: int, units: int) -> None:
    for bill in ("when_it_appears", "at_end"):
        smoothing = {"periods": periods, "bill": bill}
        program = document(charge({"unit_price": 1}, included={"units": units, "smoothing": smoothing}))
        found = sum(
            program.calculate(
                {
                    "usage": [usage(quantity)],
                    "earlier": [{"charge": "units", "quantities": [str(u) for u in used[:place]]}],
                }
            )["total"].amount
            for place, quantity in enumerate(used)
        )
        windows = [used[start : start + periods] for start in range(0, len(used), periods)]
        if bill == "at_end":
            windows = [window for window in windows if len(window) == periods]
        assert found == sum(max(0, sum(window) - units * periods) for window in windows)


def document(*charges: dict[str, Any]) -> Prepared:
    head = {"spec": "pricing/v1", "id": "law", "version": "1.0.0", "owner": "finance", "summary": "A law."}
    text = json.dumps({**head, "currency": "EUR", "charges": charges})
    return prepare(text.encode(), "law.pricing.yaml")


ENTRIES = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["eu", "us"])), min_size=1, max_size=6)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_usage_and_its_pieces_do_not_matter(entries: list[tuple[int, str]], shuffler: Random) -> None:
    cell = tiers("slice", {"up_to": 25, "unit_price": 3}, {"unit_price": 1})
    rows = [{"when": {"region": ["eu"]}, "price": cell}, {"when": {"region": ["*"]}, "price": {"unit_price": 2}}]
    program = document(charge({"table": {"rows": rows}}))
    whole = {region: sum(count for count, name in entries if name == region) for _, region in entries}
    shuffled = list(entries)
    shuffler.shuffle(shuffled)
    totals = {
        program.calculate({"usage": [usage(count, dimensions={"region": region}) for count, region in listed]})["total"]
        for listed in (entries, shuffled, [(count, region) for region, count in whole.items()])
    }
    assert len(totals) == 1
