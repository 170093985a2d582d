"""What each price charges: worked examples with their numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import charge, dec, money, rate, tiers, total, usage

from engine.base.errors import Failure

SLICES = (
    {"up_to": 10, "unit_price": 10, "flat_fee": 2},
    {"up_to": 20, "unit_price": 5, "flat_fee": 3},
    {"unit_price": dec("0.5")},
)


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("slice", "1", "12.00"), ("slice", "10", "102.00"), ("slice", "10.5", "107.50"), ("slice", "20", "155.00"),
        ("slice", "30", "160.00"), ("whole", "10", "102.00"), ("whole", "11", "58.00"), ("whole", "20.5", "10.25"),
    ],
)  # fmt: skip
def test_tiers_charge_slices_or_the_whole(mode: str, quantity: str, expected: str) -> None:
    assert total(rate(charge(tiers(mode, *SLICES)), quantity)) == Decimal(expected)


@pytest.mark.parametrize(("mode", "at_zero", "expected"), [
    ("slice", "nothing", "0"), ("slice", "first_tier", "2"), ("whole", "nothing", "0"), ("whole", "first_tier", "2"),
])  # fmt: skip
def test_a_quantity_of_zero_costs_what_the_document_says(mode: str, at_zero: str, expected: str) -> None:
    result = rate(charge(tiers(mode, *SLICES, at_zero=at_zero)), "0")
    assert total(result) == Decimal(expected)
    assert result["lines"][0]["effective_unit_price"] == 0


def test_a_part_of_a_unit_between_integer_bounds_belongs_to_the_higher_tier() -> None:
    given = tiers("slice", {"from": 1, "up_to": 10, "unit_price": 1}, {"from": 11, "unit_price": 2})
    assert total(rate(charge(given), "10.5")) == Decimal("11.00")


def test_a_tier_is_capped_with_its_flat_fee() -> None:
    given = tiers("slice", {"up_to": 5, "unit_price": 1, "flat_fee": 1, "maximum": 4}, {"unit_price": 1})
    result = rate(charge(given), "7")
    assert total(result) == Decimal(6)
    assert result["lines"][0]["parts"][0]["explanation"] == "tier 1: 5 at 1, flat fee 1, at most 4"


def test_packages_of_a_tier_are_counted_on_their_own() -> None:
    given = tiers(
        "slice", {"up_to": 1000, "package": {"size": 100, "price": 1}}, {"package": {"size": 1000, "price": 1}}
    )
    line = rate(charge(given), "5325")["lines"][0]
    assert [part["packages"] for part in line["parts"]] == [10, 5]
    assert line["packages"] == 15


@pytest.mark.parametrize(
    ("quantity", "rounding", "expected"),
    [
        ("0", "up", "0"),
        ("1", "up", "5"),
        ("100", "up", "5"),
        ("100.0001", "up", "10"),
        ("199", "down", "5"),
        ("99", "down", "0"),
    ],
)
def test_packages_are_started_or_completed(quantity: str, rounding: str, expected: str) -> None:
    given = {"package": {"size": 100, "price": 5, "rounding": rounding}}
    assert total(rate(charge(given), quantity)) == Decimal(expected)


def test_a_step_is_the_whole_price_and_what_lies_beyond_is_refused() -> None:
    steps = tiers("step", {"up_to": 100, "flat_fee": 10}, {"up_to": 500, "flat_fee": 40})
    assert total(rate(charge(steps), "100")) == 10
    assert total(rate(charge(steps), "101")) == 40
    with pytest.raises(Failure, match=r"501 is more than the last tier ends at \(500\).*beyond: last_tier"):
        rate(charge(steps), "501")


def test_beyond_the_last_tier_can_be_in_it() -> None:
    given = tiers("slice", {"up_to": 10, "unit_price": 2}, beyond="last_tier")
    assert total(rate(charge(given), "15")) == 30


def test_capacity_is_the_first_tier_that_allows_every_unit() -> None:
    capacity = {
        "id": "plan", "meters": ["bandwidth", "members"],
        "price": {"capacity": {"tiers": [
            {"limits": {"bandwidth": 100, "members": 500}, "price": 30},
            {"limits": {"bandwidth": 200, "members": 1000}, "price": 50},
        ]}},
    }  # fmt: skip
    assert total(rate(capacity, [usage(100, "bandwidth"), usage(20, "members")])) == 30
    assert total(rate(capacity, [usage(10, "bandwidth"), usage(501, "members")])) == 50
    with pytest.raises(Failure, match="more members than the last tier allows"):
        rate(capacity, [usage(10, "bandwidth"), usage(1001, "members")])


def transactions(*values: Any) -> list[dict[str, Any]]:
    return [usage(transactions=[{"amount": money(value)} for value in values])]


@pytest.mark.parametrize(
    ("terms", "values", "expected"),
    [
        ({}, (800,), "10.4"),
        ({"fixed_fee": 2}, (50, 100, 250, 400), "18.4"),
        ({"fixed_fee": 2, "free_transactions": 3, "free_amount": 250}, (50, 100, 250, 400), "11.15"),
        ({"fixed_fee": 2, "free_transactions": 3}, (50, 100, 250, 400), "7.2"),
        ({"fixed_fee": 2, "free_transactions": 3, "free_amount": 500}, (50, 100, 250, 400), "7.2"),
        ({"fixed_fee": 2, "free_transactions": 5}, (50, 100, 250), "0"),
    ],
)
def test_the_allowance_that_ends_first_ends_what_is_free(terms: Any, values: tuple[int, ...], expected: str) -> None:
    priced = charge({"percentage": {"rate_percent": dec("1.3"), **terms}})
    assert total(rate(priced, transactions(*values))) == Decimal(expected)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, "16.142"),
        ({"fixed_fee": 2}, "18.691"),
        ({"free_transactions": 2}, "12"),
        ({"free_amount": 30}, "13.794"),
        ({"free_transactions": 3, "free_amount": 10000}, "2.691"),
    ],
)
def test_bounded_transactions_are_free_as_long_as_either_allowance_is_left(terms: Any, expected: str) -> None:
    bounded = {"rate_percent": dec("2.99"), "minimum": dec("1.75"), "maximum": 12, "allowance": "all", **terms}
    line = rate(charge({"percentage": bounded}), transactions(10, 80, 10000))["lines"][0]
    assert line["exact"] == Decimal(expected)


def test_transactions_are_rated_in_the_order_of_time() -> None:
    listed = [
        {"amount": money(1000), "at": "2026-01-02T00:00:00Z", "id": "b"},
        {"amount": money(10), "at": "2026-01-01T00:00:00Z", "id": "a"},
    ]
    terms = {"rate_percent": 10, "free_transactions": 1, "maximum": 50, "allowance": "all"}
    assert total(rate(charge({"percentage": terms}), [usage(transactions=listed)])) == 50


def test_a_total_is_refused_where_transactions_count_one_by_one() -> None:
    priced = charge({"percentage": {"rate_percent": 1, "fixed_fee": 1}})
    with pytest.raises(Failure, match="usage 1 of units: this price needs the transactions one by one"):
        rate(priced, [usage(amount=money(100))])


def test_a_refund_is_refused_until_the_document_says_what_it_means() -> None:
    given = {"percentage": {"rate_percent": 10, "fixed_fee": 1}}
    with pytest.raises(Failure, match="a transaction is below zero; say in the charge's `quantity`"):
        rate(charge(given), transactions(-20))
    assert total(rate(charge(given, quantity={"negative": "credit"}), transactions(100, -20))) == Decimal("9.00")
    assert total(rate(charge(given, quantity={"negative": "zero"}), transactions(100, -20))) == Decimal("12.00")


def test_tiers_over_an_amount_take_percentages() -> None:
    given = tiers(
        "slice", {"up_to": 1000, "rate_percent": 1, "flat_fee": 200},
        {"up_to": 10000, "rate_percent": 2, "flat_fee": 300}, {"rate_percent": 3, "flat_fee": 400}, over="amount",
    )  # fmt: skip
    bills = []
    billed = 0
    for amount in (500, 550, 4000):
        prior = [{"charge": "units", "carried_amount": money(billed)}]
        bills.append(total(rate(charge(given, accumulate="period"), [usage(amount=money(amount))], billed=prior)))
        billed += amount
    assert bills == [205, 306, 80]


def test_amounts_are_passed_on_or_marked_up() -> None:
    assert total(rate(charge({"carried": {"multiplier": dec("1.2")}}), [usage(amount=money("40.20"))])) == Decimal(
        "48.24"
    )
    with pytest.raises(Failure, match="the usage carries no amount"):
        rate(charge({"carried": {"multiplier": 1}}), "3")
    free = charge({"carried": {"without_quantity": "nothing"}})
    assert total(rate(free, [usage(0, amount=money(7))])) == 0


def test_cumulative_amounts_are_rounded_as_a_whole() -> None:
    bills = []
    for billed, amount in ((0, 333), (333, 333), (666, 334)):
        result = rate(
            charge({"carried": {"multiplier": dec("0.001")}}, accumulate="period"), [usage(amount=money(amount))],
            billed=[{"charge": "units", "carried_amount": money(billed)}],
        )  # fmt: skip
        bills.append(total(result))
    assert bills == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]


def test_a_formula_prices_each_record() -> None:
    priced = charge({"formula": {"amount": "=quantity * attributes.weight * `0.05` + `1`"}})
    given = [usage(2, attributes={"weight": dec("1.5")}), usage(1, attributes={"weight": 10})]
    result = rate(priced, given)
    assert total(result) == Decimal("2.65")
    assert [part["amount"] for part in result["lines"][0]["parts"]] == [Decimal("1.15"), Decimal("1.5")]


def test_a_formula_that_fails_names_the_record() -> None:
    priced = charge({"formula": {"amount": "=quantity * attributes.weight"}})
    with pytest.raises(
        Failure, match=r"pricing case 1\.0\.0, charge units, usage 2 of units: the formula cannot be computed"
    ):
        rate(priced, [usage(1, attributes={"weight": 1}), usage(1)])


def test_lines_say_how_they_came_about() -> None:
    result = rate(charge(tiers("slice", *SLICES)), [usage("22", references=["evt_1", "evt_2"])])
    line = result["lines"][0]
    assert line["explanation"] == "tier 1: 10 at 10, flat fee 2; tier 2: 10 at 5, flat fee 3; tier 3: 2 at 0.5"
    assert line["references"] == ["evt_1", "evt_2"]
    assert [(part["from"], part["to"], part["quantity"]) for part in line["parts"]] == [
        (0, 10, 10), (10, 20, 10), (20, None, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("where", "expected"), [({}, "20.67"), ({"round_parts": True}, "20.66")])
def test_rounding_happens_once_or_for_each_tier(where: dict[str, Any], expected: str) -> None:
    given = tiers("slice", {"up_to": 1, "unit_price": dec("10.333")}, {"unit_price": dec("10.333")})
    assert total(rate(charge(given, **where), "2")) == Decimal(expected)


def test_currencies_have_their_own_digits() -> None:
    for currency, expected in (("JPY", "1235"), ("KWD", "1234.568"), ("EUR", "1234.57")):
        result = rate(charge({"unit_price": dec("1234.5678")}), "1", {"currency": currency})
        assert total(result) == Decimal(expected)


def test_a_unit_of_ones_own_is_converted_once() -> None:
    result = rate(
        [charge({"unit_price": dec("0.333")}, group_by=["model"])],
        [usage(10, dimensions={"model": "a"}), usage(10, dimensions={"model": "b"})],
        {"pricing_unit": {"name": "credits", "rate": dec("0.05")}},
    )  # fmt: skip
    assert [line["units"] for line in result["lines"]] == [Decimal("3.33"), Decimal("3.33")]
    assert total(result) == Decimal("0.34")
