"""Units above a commitment at a price of their own, and powers in formulas."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import charge, money, rate, tiers, total, usage

from engine.base.errors import UserError

COMMITMENT = {"id": "prepaid", "over": "contract", "commitment": {"amount": 100}}


def billed(amount: Any) -> list[dict[str, Any]]:
    return [{"charge": "units", "over": "contract", "amount": money(amount), "base_amount": money(amount)}]


def rated(price: Any, overage: Any, quantity: Any, before: Any = "0", **more: Any) -> dict[str, Any]:
    given = charge(price, overage_price=overage, **more)
    return rate(given, quantity, {"bounds": [COMMITMENT]}, billed=billed(before))


def refused(given: dict[str, Any], document: dict[str, Any]) -> str:
    """What is said of a document that cannot be used."""
    with pytest.raises(UserError) as told:
        rate(given, "1", document, billed=billed(0))
    return " ".join(str(each) for each in told.value.diagnostics)


@pytest.mark.parametrize(
    ("quantity", "before", "expected"),
    [
        ("40", "0", "80"),  # 80 of 100: covered
        ("50", "0", "100"),  # just covered
        ("60", "0", "115"),  # 50 units at 2.00, 10 at 1.50
        ("60", "90", "92.50"),  # 5 units at 2.00, 55 at 1.50
        ("60", "150", "90"),  # nothing left of it
    ],
)
def test_units_above_a_commitment_cost_their_own_price(quantity: str, before: str, expected: str) -> None:
    assert total(rated({"unit_price": 2}, {"unit_price": Decimal("1.50")}, quantity, before)) == Decimal(expected)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("30", "60"),
        ("70", "100"),  # 30 at 2 and 40 at 1: just covered
        ("75", "115"),  # 5 above, at 3
        ("100", "150"),  # 30 above: 10 at 3 and 20 at 1
    ],
)
def test_bands_above_a_commitment_begin_at_zero(quantity: str, expected: str) -> None:
    usual = tiers("slice", {"up_to": 30, "unit_price": 2}, {"unit_price": 1})
    above = tiers("slice", {"up_to": 10, "unit_price": 3}, {"unit_price": 1})
    result = rated(usual, above, quantity)
    assert total(result) == Decimal(expected)
    if quantity == "100":
        (adjusted,) = result["lines"][0]["adjustments"]
        assert "priced anew: tier 1: 10 at 3" in adjusted["explanation"]


def test_a_discount_of_the_charge_is_for_units_above_too() -> None:
    # 100 units at 2.00 less 10% are 180: 100 is 55.55… units; 44.44… units at 1.80 less 10% are 72
    result = rated({"unit_price": 2}, {"unit_price": Decimal("1.80")}, "100", discount_percent=10)
    assert total(result) == 172


def test_a_commitment_of_two_charges_covers_both_in_proportion() -> None:
    charges = [
        charge({"unit_price": 2}, id="a", meters=["a"], overage_price={"unit_price": 5}),
        charge({"unit_price": 2}, id="b", meters=["b"]),
    ]
    given = [usage("50", "a"), usage("50", "b")]
    before = [{"charge": "a", "over": "contract", "amount": money(0)}]
    result = rate(charges, given, {"bounds": [COMMITMENT]}, billed=before)
    assert [line["amount"].amount for line in result["lines"]] == [175, 100]  # 25 at 2 and 25 at 5; 50 at 2


def test_free_units_are_covered_before_priced_ones() -> None:
    usual = tiers("slice", {"up_to": 50, "unit_price": 0}, {"unit_price": 2})
    assert total(rated(usual, {"unit_price": 3}, "110")) == 100 + 30  # 60 priced units, 50 of them covered


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"price": {"flat": 5}}, "nobody can say which units"),
        ({"price": {"package": {"size": 10, "price": 5}}}, "nobody can say which units"),
        ({"overage_price": {"percentage": {"rate_percent": 1}}}, "are priced by"),
    ],
)
def test_prices_that_say_nothing_of_units_are_refused(changes: dict[str, Any], told: str) -> None:
    given = {**charge({"unit_price": 2}, overage_price={"unit_price": 1}), **changes}
    assert told in refused(given, {"bounds": [COMMITMENT]})


def test_a_price_above_a_commitment_needs_one_without_a_factor() -> None:
    given = charge({"unit_price": 2}, overage_price={"unit_price": 1})
    assert "no bound promises one" in refused(given, {})
    factor = {**COMMITMENT, "commitment": {"amount": 100, "overage_factor": 2}}
    assert "factor goes before it" in refused(given, {"bounds": [factor]})


@pytest.mark.parametrize(
    ("formula", "weight", "expected"),
    [
        ("=quantity * power(`1.05`, `3`)", "1", "115.76"),
        ("=quantity * power(attributes.weight, `2`) * `0.01`", "1.5", "2.25"),
        ("=quantity * power(attributes.weight, `0`)", "7", "100"),
    ],
)
def test_powers_in_formulas_are_exact(formula: str, weight: str, expected: str) -> None:
    given = usage("100", attributes={"weight": Decimal(weight)})
    assert total(rate(charge({"formula": {"amount": formula}}), [given])) == Decimal(expected)
