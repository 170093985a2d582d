"""Bounds for each value of a dimension, and units beyond a last tier at a price of their own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from price_lists import charge, money, rate, tiers, total, usage

from engine.base.errors import Failure, UserError

#: At least 20.00 for every region that was used: 12 calls in Europe are 12.00, 30 in America 30.00.
BY_REGION = charge({"unit_price": 1}, group_by=["region"])


def _bound(kind: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"bounds": [{"id": "region_bound", "group_by": ["region"], kind: {"amount": amount, **more}}]}


def _usage(**quantities: Any) -> list[dict[str, Any]]:
    return [usage(quantity, dimensions={"region": region}) for region, quantity in quantities.items()]


def _lines(result: Mapping[str, Any]) -> list[tuple[str, str | None, Decimal]]:
    return [(each["charge"], each["dimensions"].get("region"), each["amount"].amount) for each in result["lines"]]


def test_a_minimum_for_each_value_is_reached_by_each() -> None:
    result = rate(BY_REGION, _usage(europe=12, america=30, asia=0), _bound("minimum", 20))
    assert _lines(result) == [
        ("units", "europe", Decimal(12)), ("units", "america", Decimal(30)), ("units", "asia", Decimal(0)),
        ("region_bound", "europe", Decimal(8)), ("region_bound", "asia", Decimal(20)),
    ]  # fmt: skip
    assert total(result) == 70
    assert [(each["dimensions"], each["amount"].amount) for each in result["bounds"]] == [
        ({"region": "europe"}, 8), ({"region": "america"}, 0), ({"region": "asia"}, 20),
    ]  # fmt: skip


def test_a_maximum_for_each_value_is_exceeded_by_none() -> None:
    result = rate(BY_REGION, _usage(europe=12, america=30), _bound("maximum", 20))
    assert _lines(result) == [("units", "europe", Decimal(12)), ("units", "america", Decimal(20))]


def test_earlier_bills_of_a_value_count_for_it_alone() -> None:
    billed = [
        {"charge": "units", "amount": money(15), "dimensions": {"region": "europe"}},
        {"charge": "units", "amount": money(19), "dimensions": {"region": "africa"}},
    ]
    result = rate(BY_REGION, _usage(europe=3, america=3), _bound("minimum", 20), billed=billed)
    assert _lines(result)[2:] == [
        ("region_bound", "europe", Decimal(2)), ("region_bound", "america", Decimal(17)),
        ("region_bound", "africa", Decimal(1)),
    ]  # fmt: skip


def test_a_commitment_of_each_value_covers_its_own_usage() -> None:
    result = rate(BY_REGION, _usage(europe=12, america=30), _bound("commitment", 10, overage_factor=Decimal("1.5")))
    assert _lines(result) == [("units", "europe", Decimal(13)), ("units", "america", Decimal(40))]


def test_usage_without_the_dimension_is_under_no_such_bound() -> None:
    result = rate(BY_REGION, [usage(5)], _bound("minimum", 20))
    assert (total(result), result["bounds"]) == (5, [])
    nothing = rate(BY_REGION, [], _bound("minimum", 20))
    assert total(nothing) == 0


def test_a_bound_by_what_its_charges_have_no_lines_for_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        rate(charge({"unit_price": 1}), 5, _bound("minimum", 20))
    assert "`region_bound` is by region, and `units` has no lines by it" in str(caught.value.diagnostics)


STEPS = ({"up_to": 100, "flat_fee": 10}, {"up_to": 500, "flat_fee": 40})


@pytest.mark.parametrize(("quantity", "amount"), [("100", "10"), ("500", "40"), ("501", "40.12"), ("620.5", "54.46")])
def test_units_above_the_last_step_cost_their_own_price(quantity: str, amount: str) -> None:
    price = tiers("step", *STEPS, overage_unit_price=Decimal("0.12"))
    assert total(rate(charge(price), quantity)) == Decimal(amount)


def test_units_above_the_last_tier_are_a_part_of_their_own() -> None:
    price = tiers("whole", {"up_to": 10, "unit_price": 2}, {"up_to": 20, "unit_price": 1}, overage_unit_price=5)
    line = rate(charge(price), 23)["lines"][0]
    assert [(each["tier"], each["quantity"], each["amount"]) for each in line["parts"]] == [(2, 20, 20), (3, 3, 15)]
    bill = rate(charge(price, accumulate="period"), 5, billed=[{"charge": "units", "quantity": "18"}])
    assert total(bill) == 35 - 18


def test_above_the_last_step_without_a_price_a_person_decides() -> None:
    with pytest.raises(Failure, match="501 is more than the last tier ends at"):
        rate(charge(tiers("step", *STEPS)), 501)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tiers": [{"unit_price": 1}]}, "nothing lies beyond a last tier without an end"),
        ({"tiers": [{"up_to": 5, "unit_price": 1}], "beyond": "last_tier"}, "what lies beyond is priced twice"),
        ({"tiers": [{"up_to": 5, "rate_percent": 1}], "over": "amount"}, "tiers over amounts have no units"),
    ],
)
def test_a_price_beyond_that_means_nothing_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        rate(charge({"tiers": {"mode": "slice", "overage_unit_price": 1, **more}}), 1)
    assert told in str(caught.value.diagnostics)


def test_prorated_units_beyond_the_last_tier_are_refused() -> None:
    price = tiers("whole", {"up_to": 5, "unit_price": 1}, overage_unit_price=2)
    with pytest.raises(UserError) as caught:
        rate(charge(price, quantity={"prorated": True}), 1)
    assert "which part of prorated units lies beyond the last tier" in str(caught.value.diagnostics)


def test_a_commitment_of_a_part_of_the_period_is_promised_in_part() -> None:
    """100.00 for a month, 10 of 31 days billed: 32.26 is promised; of 50.00 used, 17.74 costs half as much again."""
    promise = {"id": "promise", "commitment": {"amount": 100, "prorated": True, "overage_factor": Decimal("1.5")}}
    days = {"billed": "10", "in_period": "31"}
    result = rate(charge({"unit_price": 1}), 50, {"bounds": [promise]}, days=days)
    assert (result["bounds"][0]["limit"], result["bounds"][0]["within"].amount) == (Decimal("32.26"), Decimal("32.26"))
    assert total(result) == Decimal("58.87")


def test_prorated_commitments_are_used_up_one_after_another() -> None:
    """Of a month's 40.00 and then 60.00, half is promised: 20.00, 30.00, and 10.00 above both at twice the price."""
    bounds = [
        {"id": "first", "commitment": {"amount": 40, "prorated": True}},
        {"id": "second", "commitment": {"amount": 60, "prorated": True, "overage_factor": 2}},
    ]
    days = {"billed": "14", "in_period": "28"}
    result = rate(charge({"unit_price": 1}), 60, {"bounds": bounds}, days=days)
    assert [each["within"].amount for each in result["bounds"]] == [20, 30]
    assert total(result) == 70


def test_what_lacks_to_a_prorated_commitment_is_charged_at_its_close() -> None:
    promise = {"id": "promise", "commitment": {"amount": 100, "prorated": True, "true_up": "at_close"}}
    result = rate(charge({"unit_price": 1}), 20, {"bounds": [promise]}, days={"billed": "15", "in_period": "30"})
    assert total(result) == 50
