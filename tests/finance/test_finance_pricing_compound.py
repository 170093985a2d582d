"""Quantities that are computed from several meters: storage times hours, shares of one meter in another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import rate, tiers, total, usage

from engine.base.errors import Failure, UserError


def _charge(compute: str, price: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    quantity = {"compute": compute, **more.pop("quantity", {})}
    return {
        "id": "compute", "meters": ["nodes", "hours"], "quantity": quantity, "price": price or {"unit_price": 2}, **more
    }  # fmt: skip


def test_a_quantity_is_computed_from_the_totals_of_meters() -> None:
    """3 nodes and 10 + 6 hours are 48 node hours at 2.00."""
    given = [usage(3, "nodes"), usage(10, "hours"), usage(6, "hours")]
    line = rate(_charge("=meters.nodes * meters.hours"), given)["lines"][0]
    assert (line["quantity"], line["amount"].amount, line["effective_unit_price"]) == (48, 96, 2)


def test_it_is_converted_rounded_and_tiered_like_any_other() -> None:
    """2.5 nodes times 500 hours are 1,250; in started hundreds 13; the first ten at 3.00, three at 1.00."""
    price = tiers("slice", {"up_to": 10, "unit_price": 3}, {"unit_price": 1})
    quantity = {"convert": {"divide_by": 100}, "rounding": {"scale": 0, "mode": "ceiling"}}
    charged = _charge("=meters.nodes * meters.hours", price, quantity=quantity)
    assert total(rate(charged, [usage("2.5", "nodes"), usage(500, "hours")])) == 33


def test_each_group_has_its_own() -> None:
    given = [
        usage(quantity, meter, dimensions={"region": region})
        for region, nodes, hours in (("eu", 2, 3), ("us", 4, 5))
        for meter, quantity in (("nodes", nodes), ("hours", hours))
    ]
    result = rate(_charge("=meters.nodes * meters.hours", group_by=["region"]), given)
    assert [line["amount"].amount for line in result["lines"]] == [12, 40]


def test_over_bills_of_a_period_the_difference_is_charged() -> None:
    """2 nodes x 3 hours before; 2 nodes x 8 hours now: 16 less 6 node hours."""
    billed = [
        {"charge": "compute", "meter": "nodes", "quantity": "2"},
        {"charge": "compute", "meter": "hours", "quantity": "3"},
    ]
    charged = _charge("=meters.nodes * meters.hours", accumulate="period")
    assert total(rate(charged, [usage(5, "hours")], billed=billed)) == 20


def test_a_share_of_one_meter_in_another_has_all_its_digits() -> None:
    line = rate(_charge("=meters.nodes / meters.hours * `3`"), [usage(10, "nodes"), usage(3, "hours")])["lines"][0]
    assert abs(line["quantity"] - 10) < Decimal("1e-20")


def test_without_any_usage_nothing_is_computed() -> None:
    assert total(rate(_charge("=meters.nodes / meters.hours"), [])) == 0


def test_what_cannot_be_computed_names_the_charge() -> None:
    with pytest.raises(Failure, match="charge compute"):
        rate(_charge("=meters.nodes / meters.hours"), [usage(1, "nodes")])


@pytest.mark.parametrize(
    ("charged", "told"),
    [
        (_charge("=meters.nodes * meters.days"), "days"),
        (_charge("=meters.nodes * meters.hours", scope="each"), "no piece has the quantities of all meters"),
        (_charge("=meters.nodes", {"carried": {"multiplier": 1}}), "does not count units, so none are computed"),
        (_charge("=meters.nodes", quantity={"combine": "max"}), "neither combined nor prorated"),
    ],
)
def test_computations_that_mean_nothing_are_refused(charged: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        rate(charged, [])
    assert told in str(caught.value.diagnostics)
