"""Stand-alone prices that nobody stated: from a list, a cost, another price, and sales; and what is refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.finance.prepared import prepare

HEAD = """spec: revenue/v1
id: bundle
version: "1.0.0"
owner: revenue
summary: A licence and its support for one price.
obligations:
  - {id: all, method: point_in_time}
"""


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def shared(ssp_from: dict[str, Any], allocation: str = "{}", **second: Any) -> dict[str, Decimal]:
    """How 100.00 are shared between a licence at 60.00 and what `ssp_from` is worth."""
    document = prepare(f"{HEAD}allocation: {allocation}\n".encode(), "bundle.revenue.yaml")
    result = document.calculate(
        {
            "currency": "USD", "price": usd("100.00"),
            "obligations": [
                {"id": "licence", "ssp": usd("60"), "satisfied_on": "2026-01-01"},
                {"id": "support", "ssp_from": ssp_from, "satisfied_on": "2026-01-01", **second},
            ],
        }
    )  # fmt: skip
    return {each["obligation"]: each["amount"].amount for each in result["allocation"]}


SALES = [{"price": usd(price)} for price in ("38", "40", "40", "41", "90")]


@pytest.mark.parametrize(
    ("ssp_from", "allocation", "support"),
    [
        ({"list_price": usd("50"), "discount_percent": "20"}, "{}", "40.00"),
        ({"cost": usd("24"), "margin_percent": "40"}, "{}", "40.00"),
        ({"base": usd("200"), "percent": "20"}, "{}", "40.00"),
        ({"sales": SALES}, "{observed: {}}", "40.00"),
        ({"sales": SALES}, "{observed: {band_percent: 5, at_least_percent: 80}}", "40.00"),
        ({"sales": SALES[:4]}, "{observed: {statistic: average}}", "39.85"),  # 39.75 of 99.75
        (
            {"sales": [{"price": usd("30"), "quantity": "1"}, {"price": usd("50"), "quantity": "3"}]},
            "{observed: {statistic: weighted_average}}", "42.86",  # 45 of 105
        ),
    ],
)  # fmt: skip
def test_what_a_stand_alone_price_comes_from(ssp_from: dict[str, Any], allocation: str, support: str) -> None:
    found = shared(ssp_from, allocation)
    assert found == {"licence": 100 - Decimal(support), "support": Decimal(support)}


@pytest.mark.parametrize(
    ("ssp_from", "allocation", "said"),
    [
        ({}, "{}", "comes from 0 sources"),
        ({"cost": usd("1"), "base": usd("1")}, "{}", "comes from 2 sources"),
        ({"cost": usd("1"), "margin_percent": "100"}, "{}", "a margin of 100 percent leaves no cost"),
        ({"list_price": usd("1"), "discount_percent": "101"}, "{}", "`discount_percent` is 101"),
        ({"base": usd("1"), "percent": "-1"}, "{}", "`percent` is -1"),
        ({"list_price": {"amount": "1", "currency": "EUR"}}, "{}", "1 EUR is not in the contract's currency, USD"),
        ({"sales": SALES}, "{}", "does not say which figure stands for them"),
        ({"sales": [{"price": usd("1"), "quantity": "0"}]}, "{observed: {}}", "no quantity above zero"),
        (
            {"sales": SALES}, "{observed: {band_percent: 5, at_least_percent: 90}}",
            "4 of 5 sales lie within 5 percent of the median 40, and 90 percent of them have to",
        ),
    ],
)  # fmt: skip
def test_what_does_not_give_a_price_is_refused(ssp_from: dict[str, Any], allocation: str, said: str) -> None:
    with pytest.raises(Failure) as refused:
        shared(ssp_from, allocation)
    assert said in refused.value.message
    assert "obligation support" in refused.value.message


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=9), st.sampled_from(["median", "average"]))
def test_the_figure_lies_among_the_sales_and_their_order_does_not_matter(cents: list[int], statistic: str) -> None:
    sales = [{"price": usd(str(Decimal(each).scaleb(-2)))} for each in cents]
    allocation = f"{{observed: {{statistic: {statistic}}}}}"
    found = shared({"sales": sales}, allocation)
    assert found == shared({"sales": sales[::-1]}, allocation)
    assert sum(found.values()) == 100
    ends = [Fraction(each, each + 6000) * 100 for each in (min(cents), max(cents))]
    cent = Fraction(1, 100)
    assert ends[0] - cent <= Fraction(found["support"]) <= ends[1] + cent
