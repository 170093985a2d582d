"""Minimums, maximums, commitments, percentages of other charges, bills at thresholds, advance and arrears."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import amounts, carried, charge, dec, money, rate, tiers, total, usage

from engine.base.errors import Failure


def bound(kind: str, amount: Any, name: str = "limit", **more: Any) -> dict[str, Any]:
    outer = {key: more.pop(key) for key in ("charges", "over", "summary") if key in more}
    return {"id": name, **outer, kind: {"amount": dec(amount), **more}}


def bounded(given: dict[str, Any], *bounds: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return rate(carried(*given), amounts(**given), {"bounds": list(bounds)}, **facts)


def test_a_minimum_is_trued_up_with_a_line_of_its_own() -> None:
    result = bounded({"a": "60", "b": "40"}, bound("minimum", 150, "floor_fee", summary="Monthly minimum"))
    assert total(result) == 150
    line = result["lines"][-1]
    assert (line["charge"], line["kind"], line["summary"]) == ("floor_fee", "true_up", "Monthly minimum")
    assert line["explanation"] == "100 of at least 150"
    assert total(bounded({"a": "200"}, bound("minimum", 150))) == 200


def test_a_minimum_counts_only_its_charges_and_what_was_billed_of_them() -> None:
    result = bounded(
        {"a": "60", "b": "40"}, bound("minimum", 150, charges=["a"]),
        billed=[{"charge": "a", "amount": money(50)}, {"charge": "b", "amount": money(50)}],
    )  # fmt: skip
    assert result["bounds"][0]["amount"].amount == 40


def test_only_the_last_bill_trues_up() -> None:
    assert total(bounded({"a": "60"}, bound("minimum", 150), closing=False)) == 60


@pytest.mark.parametrize(("rounding", "expected"), [({"rounding": {"scale": 2}}, "8235.61"), ({}, "8235.61")])
def test_a_prorated_minimum_is_rounded_where_the_document_says(rounding: dict[str, Any], expected: str) -> None:
    days = {"billed": "334", "in_period": "365"}
    result = bounded({"a": "915.07"}, bound("minimum", 10000, prorated=True, **rounding), days=days)
    assert result["bounds"][0]["amount"].amount == Decimal(expected)


def test_a_true_up_of_exact_amounts_shows_what_lies_below_the_cent() -> None:
    result = bounded(
        {"a": "2"}, bound("minimum", 10, prorated=True, counted="exact"), days={"billed": "15", "in_period": "31"}
    )
    found = result["bounds"][0]
    assert found["amount"].amount == Decimal("2.84")
    assert str(found["exact"]).startswith("2.838709677419354838")


def test_a_true_up_in_a_unit_of_ones_own_is_converted_once() -> None:
    document = {"pricing_unit": {"name": "credits", "rate": dec("0.25")}, "bounds": [bound("minimum", 10)]}
    result = rate(carried("a"), amounts(a=7), document)
    assert (result["bounds"][0]["units"], result["bounds"][0]["amount"].amount) == (3, Decimal("0.75"))


def test_a_maximum_takes_off_lines_in_their_order() -> None:
    result = bounded({"a": "15", "b": "7"}, bound("maximum", 170), billed=[{"charge": "a", "amount": money(160)}])
    assert [line["amount"].amount for line in result["lines"]] == [10, 0]
    assert [line["adjustments"][0]["amount"].amount for line in result["lines"]] == [-5, -7]
    assert result["subtotal"].amount == 22


def test_a_discount_comes_before_the_maximum() -> None:
    charges = [{**each, "discount_percent": 10} for each in carried("a", "b")]
    result = rate(charges, amounts(a=100, b=100), {"bounds": [bound("maximum", 150)]})
    assert [line["amount"].amount for line in result["lines"]] == [90, 60]


def test_a_credit_is_not_capped() -> None:
    result = rate(
        carried("a", "b"), [*amounts(a=100), usage(amount=money(-20), meter="b")], {"bounds": [bound("maximum", 90)]}
    )
    assert [line["amount"].amount for line in result["lines"]] == [90, -20]


def test_what_exceeds_a_commitment_costs_its_factor() -> None:
    commitment = bound("commitment", 60, over="contract", overage_factor=2)

    def billed(amount: int, base: int) -> list[dict[str, Any]]:
        return [{"charge": "a", "over": "contract", "amount": money(amount), "base_amount": money(base)}]

    assert total(bounded({"a": "12"}, commitment, billed=billed(50, 50))) == 14
    assert total(bounded({"a": "12"}, commitment, billed=billed(80, 70))) == 24
    assert total(bounded({"a": "10"}, commitment, billed=billed(0, 0))) == 10


def test_what_a_commitment_covers_is_shared_by_the_lines() -> None:
    result = bounded({"a": "10", "b": "10", "c": "10"}, bound("commitment", 20, over="bill", overage_factor=3))
    shares = [each.amount for each in result["bounds"][0]["within_by_line"]]
    assert shares == [Decimal("6.67"), Decimal("6.67"), Decimal("6.66")]
    assert total(result) == 50


def test_a_commitment_can_be_trued_up_at_the_end_of_its_term() -> None:
    commitment = bound("commitment", 100, over="contract", true_up="at_close")
    before = [{"charge": "a", "over": "contract", "amount": money(30)}]
    assert total(bounded({"a": "20"}, commitment, billed=before)) == 70
    assert total(bounded({"a": "20"}, commitment, billed=before, closing=False)) == 20


def windows(*given: Any) -> list[dict[str, Any]]:
    return [usage(quantity, dimensions={"commitment": name} if name else {}) for name, quantity in given]


def test_windows_keep_their_own_commitments() -> None:
    commitments = [
        {"id": "a", "when": {"commitment": ["a"]}, "amount": 10, "overage_factor": 2, "true_up": True},
        {"id": "b", "when": {"commitment": ["b"]}, "quantity": 4, "overage_factor": dec("1.5")},
    ]
    priced = charge({"unit_price": 2}, scope="each", commitments=commitments)
    lines = rate(priced, windows(("a", 2), ("a", 8), ("b", 3), ("b", 6), (None, 5)))["lines"]
    assert [line["amount"].amount for line in lines] == [10, 22, 6, 14, 10]
    assert [line["committed"] for line in lines] == [4, 10, 6, 8, 10]
    assert [line["overage"] for line in lines] == [0, 12, 0, 6, 0]
    assert [line["shortfall"] for line in lines] == [6, 0, 0, 0, 0]


def test_a_quantity_commitment_is_worth_its_tiers() -> None:
    given = tiers("slice", {"up_to": 2, "unit_price": 5}, {"unit_price": 1})
    commitments = [{"id": "c", "quantity": 4, "true_up": True}]
    assert total(rate(charge(given, scope="each", commitments=commitments), "1")) == 12


def support(base: str, **more: Any) -> list[dict[str, Any]]:
    price = {"composite": {"rate_percent": 10, "charges": ["a", "b"], "base": base, **more}}
    return [*carried("a", "b"), {"id": "support", "price": price}]


def test_a_percentage_of_other_charges_follows_their_bounds() -> None:
    bounds = [bound("maximum", 150, "cap", charges=["a", "b"]), bound("minimum", 20, "least", charges=["support"])]
    net = rate(support("net"), amounts(a=100, b=100), {"bounds": bounds[:1]})
    gross = rate(support("gross"), amounts(a=100, b=100), {"bounds": bounds[:1]})
    assert (total(net), total(gross)) == (165, 170)
    assert total(rate(support("net"), amounts(a=100, b=100), {"bounds": bounds})) == 170


def test_a_percentage_can_count_a_true_up() -> None:
    result = rate(
        support("net", bounds=["least"]),
        amounts(a=10, b=10),
        {"bounds": [bound("minimum", 100, "least", charges=["a"])]},
    )
    assert [line["amount"].amount for line in result["lines"]] == [10, 10, 11, 90]


def test_percentages_of_percentages_are_computed_in_order() -> None:
    charges = [
        {"id": "second", "price": {"composite": {"rate_percent": 50, "charges": ["first", "a"]}}},
        {"id": "first", "price": {"composite": {"rate_percent": 10, "charges": ["a"]}}},
        *carried("a"),
    ]
    assert [line["amount"].amount for line in rate(charges, amounts(a=100))["lines"]] == [55, 10, 100]


def early(*quantities: int, **more: Any) -> dict[str, Any]:
    facts = {key: more.pop(key) for key in ("billed_early",) if key in more}
    charges = [charge({"unit_price": dec("0.0002")}), {"id": "plan", "price": {"flat": 31}}]
    given = [usage(quantity) for quantity in quantities]
    result: dict[str, Any] = rate(charges, given, {"thresholds": more}, **facts)["progress"]
    return result


@pytest.mark.parametrize(
    ("quantities", "thresholds", "bills", "due"),
    [
        ((1_000_000, 1_000_000), [200], ["200"], "231"),
        ((3_000_000,), [200], ["600"], "31"),
        ((1_000_000, 1_000_000, 1_000_000), [200, 500], ["200", "400"], "31"),
        ((500_000,), [200], [], "131"),
        ((3_000_000,), [200, 500], ["600"], "31"),
    ],
)
def test_thresholds_bill_what_has_accrued(quantities: Any, thresholds: Any, bills: list[str], due: str) -> None:
    progress = early(*quantities, amounts=thresholds)
    assert [each["amount"].amount for each in progress["bills"]] == [Decimal(each) for each in bills]
    assert progress["due"].amount == Decimal(due)
    assert progress["fees"].amount == progress["credit"].amount + progress["due"].amount


def test_further_thresholds_repeat() -> None:
    progress = early(1_000_000, 600_000, 500_000, 900_000, amounts=[100], repeat_every=100)
    assert [(each["usage"], each["threshold"].amount, each["amount"].amount) for each in progress["bills"]] == [
        (1, 200, 200), (2, 300, 120), (3, 400, 100), (4, 600, 180),
    ]  # fmt: skip


def test_what_was_billed_early_before_is_not_billed_again() -> None:
    progress = early(1_500_000, amounts=[200, 400], billed_early=money(250))
    assert progress["bills"] == []
    assert progress["due"].amount == 81


def test_charges_in_advance_are_for_the_next_period() -> None:
    periods = {
        "period": {"from": "2026-01-01", "to": "2026-02-01"}, "next_period": {"from": "2026-02-01", "to": "2026-03-01"},
    }  # fmt: skip
    charges = [{"id": "plan", "timing": "in_advance", "price": {"flat": 100}}, charge({"unit_price": 1})]
    document = {"bounds": [bound("minimum", 50)]}
    result = rate(charges, [usage(20)], document, **periods)
    assert [str(line["service"]["from"]) for line in result["lines"]] == ["2026-02-01", "2026-01-01", "2026-01-01"]
    assert [line["amount"].amount for line in result["lines"]] == [100, 20, 30]
    advance = rate(charges, [usage(20)], {}, bill="in_advance", **periods)
    assert [line["charge"] for line in advance["lines"]] == ["plan"]


def test_a_negative_line_cannot_use_up_a_commitment() -> None:
    with pytest.raises(Failure, match="bound limit: a line that counts towards the commitment is below zero"):
        rate(carried("a"), [usage(amount=money(-20), meter="a")], {"bounds": [bound("commitment", 90)]})


def test_a_bill_in_advance_trues_nothing_up() -> None:
    charges = [{"id": "plan", "timing": "in_advance", "price": {"flat": 100}}, charge({"unit_price": 1})]
    document = {"bounds": [bound("minimum", 500)]}
    assert total(rate(charges, [usage(20)], document, bill="in_advance")) == 100
    assert total(rate(charges, [usage(20)], document, bill="in_arrears")) == 500


def test_charges_in_advance_have_the_price_of_the_period_they_are_for() -> None:
    ramp = {"phases": [{"from": "2026-01-01", "price": {"flat": 10}}, {"from": "2026-02-01", "price": {"flat": 12}}]}
    charges = [{"id": "plan", "timing": "in_advance", "prorated": True, "price": {"phases": ramp}}]
    january, february = {"from": "2026-01-01", "to": "2026-02-01"}, {"from": "2026-02-01", "to": "2026-03-01"}
    part = {"billed": "1", "in_period": "2"}
    assert total(rate(charges, (), period=january, days=part)) == 5
    assert total(rate(charges, (), period=january, next_period=february, days=part)) == 12


def test_a_rise_of_capacity_is_billed_as_the_difference() -> None:
    capacity = {"tiers": [{"limits": {"a": 10, "b": 5}, "price": 30}, {"limits": {"a": 20, "b": 10}, "price": 50}]}
    priced = {"id": "plan", "meters": ["a", "b"], "accumulate": "period", "price": {"capacity": capacity}}
    billed = [{"charge": "plan", "meter": "a", "quantity": "8"}, {"charge": "plan", "meter": "b", "quantity": "2"}]
    assert total(rate(priced, [usage(9, "a"), usage(5, "b")], billed=billed)) == 0
    assert total(rate(priced, [usage(9, "a"), usage(6, "b")], billed=billed)) == 20


def test_adjustments_are_whole_cents_and_explain_the_amount() -> None:
    result = bounded({"a": "0.01", "b": "0.03"}, bound("commitment", 0, over="bill", overage_factor=dec("0.5")))
    for line in result["lines"]:
        change = sum((each["amount"].amount for each in line["adjustments"]), Decimal(0))
        assert line["base_amount"].amount + change == line["amount"].amount
    assert result["bounds"][0]["overage"].amount == total(result)


@pytest.mark.parametrize(
    ("before", "current", "expected", "within"),
    [
        (0, 50, "50", ["50", "0"]),
        (0, 130, "130", ["100", "30"]),
        (90, 30, "30", ["10", "20"]),
        (0, 200, "250", ["100", "50"]),  # 50 above both, at the second's factor alone
        (140, 30, "50", ["0", "10"]),
        (200, 30, "60", ["0", "0"]),
    ],
)
def test_commitments_are_used_up_one_after_another(before: int, current: int, expected: str, within: list[str]) -> None:
    result = bounded(
        {"a": str(current)},
        bound("commitment", 100, "first", over="contract", overage_factor=dec("1.5")),
        bound("commitment", 50, "second", over="contract", overage_factor=2),
        billed=[{"charge": "a", "over": "contract", "base_amount": money(before), "amount": money(before)}],
    )
    assert total(result) == Decimal(expected)
    assert [each["within"].amount for each in result["bounds"]] == [Decimal(amount) for amount in within]
    line = result["lines"][0]
    change = sum((each["amount"].amount for each in line["adjustments"]), Decimal(0))
    assert line["base_amount"].amount + change == line["amount"].amount
