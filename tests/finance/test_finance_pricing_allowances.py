"""Quantities before they are priced: conversion, signs, included units, rollover, smoothing, earlier bills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import charge, dec, rate, tiers, total, usage

from engine.base.errors import Failure

OVERAGE = {"unit_price": dec("0.02")}
THOUSANDS = {"convert": {"divide_by": 1000}, "rounding": {"mode": "ceiling"}}


def test_included_units_come_off_first() -> None:
    line = rate(charge(OVERAGE, included={"units": 10000}), [usage("12345", references=["march"])])["lines"][0]
    assert line["amount"].amount == Decimal("46.90")
    assert (line["quantity"], line["included_quantity"], line["billable_quantity"]) == (12345, 10000, 2345)
    assert line["unit_price_on_paid"] == Decimal("0.02")
    assert line["references"] == ["march"]


def test_an_allowance_per_day_is_used_or_lost() -> None:
    daily = charge(OVERAGE, scope="each", included={"units": 10, "per": "each"})
    result = rate(daily, [usage(15), usage(3), usage(12)])
    assert [line["billable_quantity"] for line in result["lines"]] == [5, 0, 2]


def test_one_allowance_covers_the_lines_of_a_charge_in_their_order() -> None:
    shared = charge(OVERAGE, included={"units": 10}, group_by=["region"])
    result = rate(shared, [usage(7, dimensions={"region": "eu"}), usage(7, dimensions={"region": "us"})])
    assert [line["included_quantity"] for line in result["lines"]] == [7, 3]


def test_an_allowance_can_be_metered() -> None:
    metered = charge({"unit_price": 1}, included={"meter": "seats_gb"})
    result = rate(metered, [usage(30, "seats_gb"), usage(42)])
    assert total(result) == 12
    with pytest.raises(Failure, match="come from the meter seats_gb, which has no usage"):
        rate(metered, "42")


def test_an_allowance_shrinks_with_the_period_where_it_is_declared() -> None:
    days = {"billed": "15", "in_period": "30"}
    whole = charge({"unit_price": 1}, included={"units": 10})
    part = charge({"unit_price": 1}, included={"units": 10, "prorated": True})
    assert total(rate(whole, "12", days=days)) == 2
    assert total(rate(part, "12", days=days)) == 7


def test_a_hard_limit_refuses_what_lies_above() -> None:
    with pytest.raises(Failure, match="charge units: 2 more than the 10 included units"):
        rate(charge(OVERAGE, included={"units": 10, "overage": "refuse"}), "12")


@pytest.mark.parametrize(
    ("earlier", "rollover", "overage"),
    [
        ((), {"periods": 1}, 5),
        (("4",), {"periods": 1}, 0),  # 6 go on
        (("10",), {"periods": 1}, 5),
        (("4", "14"), {"periods": 1}, 3),  # 6 go on and are used first, so 2 of the second period's own go on
        (("4", "14"), {"periods": 1, "order": "own_first"}, 5),  # 2 of the 6 are left, and expire
        (("4", "14"), {"periods": 2, "order": "own_first"}, 3),
        (("0", "0"), {"periods": 3, "maximum": 2}, 3),
        (("0", "10"), {"periods": 1}, 0),
        (("0", "10"), {"periods": 1, "order": "own_first"}, 5),
    ],
)
def test_unused_units_go_on_for_so_many_periods(earlier: tuple[str, ...], rollover: Any, overage: int) -> None:
    priced = charge({"unit_price": 1}, included={"units": 10, "rollover": rollover})
    result = rate(priced, "15", earlier=[{"charge": "units", "quantities": list(earlier)}])
    assert total(result) == overage


def test_rollover_needs_to_know_the_earlier_periods() -> None:
    priced = charge(OVERAGE, included={"units": 10, "rollover": {"periods": 1}})
    with pytest.raises(Failure, match="earlier quantities are not given; give them in `earlier`"):
        rate(priced, "15")


@pytest.mark.parametrize(("bill", "expected"), [("when_it_appears", [0, 5, 0, 0]), ("at_end", [0, 0, 5, 0])])
def test_smoothing_compares_several_periods_with_their_allowance(bill: str, expected: list[int]) -> None:
    used = [10, 25, 0, 4]
    priced = charge(
        {"unit_price": 1}, included={"units": 10, "smoothing": {"periods": 3, "bill": bill}},
    )  # fmt: skip
    bills = [
        total(rate(priced, str(quantity), earlier=[{"charge": "units", "quantities": [str(u) for u in used[:place]]}]))
        for place, quantity in enumerate(used)
    ]
    assert bills == expected


def test_unused_units_can_be_credited() -> None:
    priced = charge(OVERAGE, included={"units": 100, "unused": {"unit_price": dec("0.01")}})
    result = rate(priced, "40")
    assert total(result) == Decimal("-0.60")
    assert result["lines"][1]["kind"] == "unused"
    assert total(rate(priced, "140")) == Decimal("0.80")
    assert total(rate(priced, "40", closing=False)) == 0


@pytest.mark.parametrize(("quantity", "mode", "expected"), [
    ("1400", "ceiling", "2"), ("1400", "floor", "1"), ("1500", "half_up", "2"), ("2000", "ceiling", "2"),
])  # fmt: skip
def test_quantities_are_converted_then_rounded(quantity: str, mode: str, expected: str) -> None:
    priced = charge({"unit_price": 10}, quantity={"convert": {"divide_by": 1000}, "rounding": {"mode": mode}})
    assert rate(priced, quantity)["lines"][0]["billable_quantity"] == Decimal(expected)


def test_free_units_are_taken_off_after_conversion_and_rounding() -> None:
    priced = charge({"unit_price": 10}, quantity=THOUSANDS, included={"units": dec("0.5")})
    assert total(rate(priced, "1400")) == 15


def test_conversion_over_several_bills_does_not_round_twice() -> None:
    priced = charge({"unit_price": 10}, quantity=THOUSANDS, accumulate="period")
    first = rate(priced, "1400", billed=[{"charge": "units", "quantity": "0"}])
    second = rate(priced, "1400", billed=[{"charge": "units", "quantity": "1400"}])
    assert (total(first), total(second)) == (20, 10)


@pytest.mark.parametrize(("policy", "expected"), [("zero", "0"), ("credit", "-16")])
def test_a_quantity_below_zero_means_what_the_document_says(policy: str, expected: str) -> None:
    given = tiers("slice", {"up_to": 5, "unit_price": 2}, {"unit_price": 3})
    assert total(rate(charge(given, quantity={"negative": policy}), "-7")) == Decimal(expected)
    with pytest.raises(Failure, match="the quantity is below zero \\(-7\\); correct the usage"):
        rate(charge(given), "-7")


def test_tiers_over_the_contract_go_on_where_they_were() -> None:
    given = tiers("slice", {"up_to": 5, "unit_price": 1}, {"up_to": 10, "unit_price": 2}, {"unit_price": 3})
    priced = charge(given, accumulate="contract")
    bills = []
    for before, quantity in (("0", "3"), ("3", "4"), ("7", "5"), ("12", "-9")):
        billed = [{"charge": "units", "over": "contract", "quantity": before}]
        bills.append(rate(priced, quantity, billed=billed))
    assert [total(bill) for bill in bills] == [3, 6, 12, -18]
    parts = bills[2]["lines"][0]["parts"]
    assert [(part["tier"], part["quantity"], part["amount"]) for part in parts] == [(2, 3, 6), (3, 2, 6)]


def test_what_was_billed_before_must_be_told() -> None:
    priced = charge(OVERAGE, accumulate="contract")
    with pytest.raises(Failure, match="its tiers count over the contract, and what was billed before is not given"):
        rate(priced, "5", billed=[{"charge": "units", "over": "period", "quantity": "3"}])


def test_a_high_water_mark_bills_only_what_rises() -> None:
    peak = charge({"unit_price": 10}, quantity={"combine": "max"}, accumulate="period")
    given = [usage(4), usage(9), usage(6)]
    assert total(rate(peak, given, billed=[{"charge": "units", "quantity": "7"}])) == 20
    assert total(rate(peak, given, billed=[{"charge": "units", "quantity": "12"}])) == 0
    assert total(rate(charge({"unit_price": 10}, quantity={"combine": "last"}), given)) == 60


PRORATED = tiers(
    "slice", {"up_to": 5, "unit_price": 10, "flat_fee": 100}, {"unit_price": 5, "flat_fee": 50}, at_zero="first_tier"
)


@pytest.mark.parametrize(
    ("full", "part", "expected"),
    [
        ("5 5 10 -6", "3.5 2.66667 2 -2.2", "197.33"),
        ("", "", "100.00"),
        ("1 4 1 -5 -1", "0.7097 1.54839 0.2258 -0.80645 -0.0645", "165.81"),
        ("5 -2", "3.5 -1", "125.00"),
        ("4 2 -3", "2.8 1 -0.6", "180.50"),
        ("5 2 -4 10", "3.5 1 -1.6 2", "190.00"),
        ("5 -100", "2 -33.33", "0.00"),
        ("10 5", "0 5", "150.00"),
    ],
)
def test_units_of_a_part_of_the_period_fill_tiers_whole_and_cost_their_part(
    full: str, part: str, expected: str
) -> None:
    priced = charge(PRORATED, quantity={"prorated": True})
    given = [usage(f, prorated_quantity=p) for f, p in zip(full.split(), part.split(), strict=True)]
    assert total(rate(priced, given)) == Decimal(expected)


def test_full_units_select_the_tier_of_prorated_ones() -> None:
    given = tiers("whole", {"up_to": 200, "unit_price": 1}, {"unit_price": dec("0.5"), "flat_fee": 50})
    entry = usage(300, prorated_quantity="198.6")
    assert total(rate(charge(given, quantity={"prorated": True}), [entry])) == Decimal("149.30")
    selected = usage("198.6", selection_quantity="300", display_quantity="300")
    line = rate(charge(given, unit_price_rounding={"scale": 2}), [selected])["lines"][0]
    assert (line["amount"].amount, line["effective_unit_price"]) == (Decimal("149.30"), Decimal("0.50"))


def test_usage_that_nothing_prices_is_refused_or_reported() -> None:
    given = [usage(1), usage(2, "other")]
    with pytest.raises(Failure, match="usage 2 of other: no charge prices this usage of the meter other"):
        rate(charge(OVERAGE), given)
    result = rate(charge(OVERAGE), given, {"unpriced_usage": "report"})
    assert result["unpriced"] == ["usage 2 of other"]


def test_missing_usage_is_zero_or_refused() -> None:
    assert total(rate(charge(tiers("step", {"up_to": 5, "flat_fee": 9}, at_zero="first_tier")))) == 9
    with pytest.raises(Failure, match="there is no usage for this charge"):
        rate(charge(OVERAGE, no_usage="refuse"))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"given": [usage()]}, "usage 1 of units: it has neither a quantity nor an amount"),
        ({"given": "1", "currency": "USD"}, "its prices are in EUR, and USD is asked for"),
        (
            {"given": "1", "billed": [{"charge": "other"}]},
            "`other` was billed before, and is neither a charge nor a bound",
        ),
        ({"given": "1", "days": {"billed": "1", "in_period": "0"}}, "`days` must be above zero"),
        (
            {"given": [usage(1, amount={"amount": "1", "currency": "USD"})]},
            "an amount is in USD, the prices are in EUR",
        ),
    ],
)
def test_facts_that_do_not_fit_are_refused_with_their_place(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(Failure, match=message):
        rate(charge(OVERAGE), **facts)


@pytest.mark.parametrize(("earlier_bills", "expected"), [("at_this_price", "6.00"), ("as_billed", "26.00")])
def test_a_price_that_rose_is_for_new_units_or_made_good_for_old_ones(earlier_bills: str, expected: str) -> None:
    priced = charge({"unit_price": 3}, accumulate="period", earlier_bills=earlier_bills)
    billed = [{"charge": "units", "quantity": "20", "amount": {"amount": "40.00", "currency": "EUR"}}]
    assert total(rate(priced, "2", billed=billed)) == Decimal(expected)


def test_what_was_billed_for_other_dimensions_is_made_good_too() -> None:
    rows = [{"when": {"region": [name]}, "price": {"unit_price": price}} for name, price in (("eu", 3), ("us", 5))]
    priced = charge({"table": {"rows": rows}}, accumulate="contract", earlier_bills="as_billed")
    billed = [
        {"charge": "units", "over": "contract", "quantity": "10", "amount": {"amount": amount, "currency": "EUR"},
         "dimensions": {"region": region}}
        for region, amount in (("eu", "20"), ("us", "50"))
    ]  # fmt: skip
    result = rate(priced, [usage(1, dimensions={"region": "us"})], billed=billed)
    assert [(line["dimensions"]["region"], line["amount"].amount) for line in result["lines"]] == [
        ("eu", 10),
        ("us", 5),
    ]
    with pytest.raises(Failure, match="their amount is not given; give `amount` with each entry of `billed`"):
        rate(
            priced,
            (),
            billed=[{"charge": "units", "over": "contract", "quantity": "1", "dimensions": {"region": "us"}}],
        )


def test_a_flat_fee_billed_for_nothing_is_not_billed_again() -> None:
    priced = charge(
        tiers("whole", {"up_to": 5, "flat_fee": 100}, {"unit_price": 1}, at_zero="first_tier"), accumulate="period"
    )
    nothing = [{"charge": "units", "quantity": "0"}]
    billed = [{"charge": "units", "quantity": "0", "amount": {"amount": "100", "currency": "EUR"}}]
    assert total(rate(priced, "3", billed=nothing)) == 100
    assert total(rate(priced, "3", billed=billed)) == 0


def test_included_units_that_an_earlier_line_takes_back_are_charged_where_they_were() -> None:
    """10 free units: 5 in America and 7 in Europe leave 2 to pay; 5 more in America take Europe's free ones."""
    price = {
        "table": {"rows": [{"when": {"region": ["us"]}, "price": {"unit_price": 1}}], "otherwise": {"unit_price": 2}}
    }
    charged = charge(price, included={"units": 10}, accumulate="period")
    america, europe = {"region": "us"}, {"region": "eu"}
    billed = [
        {"charge": "units", "quantity": "5", "dimensions": america},
        {"charge": "units", "quantity": "7", "dimensions": europe},
    ]
    result = rate(charged, [usage(5, dimensions=america)], billed=billed)
    assert [(line["dimensions"], line["amount"].amount) for line in result["lines"]] == [(america, 0), (europe, 10)]
    assert "5 units that were included before, and now are in other lines" in result["lines"][1]["explanation"]


def test_without_usage_the_last_level_stays() -> None:
    charged = charge({"unit_price": 1}, quantity={"combine": "last"}, accumulate="period")
    assert total(rate(charged, [], billed=[{"charge": "units", "quantity": "6"}])) == 0
