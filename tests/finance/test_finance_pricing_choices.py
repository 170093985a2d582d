"""Choices between prices: by dimensions, decision table, phase, time of day."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from price_lists import charge, dec, rate, tiers, total, usage

from engine.base.errors import Failure


def table(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"table": {"rows": [{"when": when, "price": {"unit_price": price}} for when, price in rows], **more}}


def of(**dimensions: str) -> list[dict[str, Any]]:
    return [usage(1, dimensions=dimensions)]


def test_rows_match_values_wildcards_and_the_rest() -> None:
    priced = charge(
        table(({"cloud": ["aws"], "region": ["*"]}, 12), otherwise={"unit_price": 10}),
        group_by=["cloud", "region", "country"],
    )  # fmt: skip
    given = [
        usage(10, dimensions={"cloud": "aws", "region": "us", "country": "us"}),
        usage(10, dimensions={"cloud": "aws", "region": "europe", "country": "france"}),
        usage(10, dimensions={"cloud": "aws", "region": "asia"}),
        usage(10, dimensions={"cloud": "gcp", "region": "asia", "country": "china"}),
    ]
    result = rate(priced, given)
    assert [line["amount"].amount for line in result["lines"]] == [120, 120, 120, 100]
    assert [line["path"] for line in result["lines"]][-1] == "otherwise"


def test_a_wildcard_needs_a_value_and_the_rest_does_not() -> None:
    priced = charge(table(({"region": ["*"]}, 12), otherwise={"unit_price": 10}))
    assert total(rate(priced, of(region="x"))) == 12
    assert total(rate(priced, of(cloud="x"))) == 10


@pytest.mark.parametrize(("matching", "expected"), [("first", 1), ("most_specific", 3), ("priority", 2)])
def test_which_row_counts_if_several_fit_is_declared(matching: str, expected: int) -> None:
    rows = [
        {"when": {"cloud": ["aws"]}, "priority": 1, "price": {"unit_price": 1}},
        {"when": {"region": ["*"]}, "priority": 9, "price": {"unit_price": 2}},
        {"when": {"cloud": ["aws"], "region": ["eu"]}, "price": {"unit_price": 3}},
    ]
    if matching == "first":
        rows = rows[:2]  # what the first row hides is a finding
    priced = charge({"table": {"matching": matching, "rows": rows}})
    assert total(rate(priced, of(cloud="aws", region="eu"))) == expected


def test_usage_of_one_row_is_one_quantity_and_cells_hold_any_price() -> None:
    cell = tiers("slice", {"up_to": 10, "unit_price": 2}, {"unit_price": 1})
    rows = [
        {"when": {"region": ["eu", "uk"]}, "price": cell},
        {"when": {"region": ["us"]}, "price": {"package": {"size": 10, "price": 7}}},
    ]
    given = [usage(8, dimensions={"region": name}) for name in ("eu", "uk", "us")]
    result = rate(charge({"table": {"rows": rows}}), given)
    assert [line["amount"].amount for line in result["lines"]] == [26, 7]
    assert result["lines"][0]["dimensions"] == {}
    assert result["lines"][1]["dimensions"] == {"region": "us"}


def test_usage_without_a_row_is_refused_with_its_dimensions() -> None:
    with pytest.raises(
        Failure, match="usage 1 of units: no row of the price table fits usage with cloud gcp, region eu"
    ):
        rate(charge(table(({"cloud": ["aws"]}, 1))), of(region="eu", cloud="gcp"))


def test_charges_take_only_the_usage_they_filter() -> None:
    charges = [
        charge({"unit_price": 1}, where={"kind": ["read"]}),
        {**charge({"unit_price": 5}, where={"kind": ["write"]}), "id": "writes"},
    ]
    result = rate(charges, [usage(3, dimensions={"kind": "read"}), usage(2, dimensions={"kind": "write"})])
    assert [line["amount"].amount for line in result["lines"]] == [3, 10]


def test_a_decision_table_gives_the_unit_price() -> None:
    decision = {
        "list_price": 100,
        "segments": [
            {"when": {"segment": ["education"]}, "unit_price": 60},
            {"when": {"segment": ["*"]}, "unit_price": 90},
        ],
        "factors": [
            {"when": {"term": ["annual"]}, "factor": dec("0.9")},
            {"when": {"region": ["apac"]}, "factor": dec("1.1")},
        ],
        "minimum": 55,
        "maximum": 99,
    }
    priced = charge({"decision": decision})
    assert total(rate(priced, of(segment="education", term="annual"))) == 55
    assert total(rate(priced, of(segment="smb", term="annual", region="apac"))) == Decimal("89.10")
    assert total(rate(priced, of())) == 99
    line = rate(priced, of(segment="smb", term="annual"))["lines"][0]
    assert line["path"] == "segment price 90 x 0.9"


RAMP = [{"from_month": 0, "price": {"unit_price": 10}}, {"from_month": 12, "price": {"unit_price": 11}}]
DATED = [{"from": "2026-01-01", "price": {"unit_price": 10}}, {"from": "2026-07-01", "price": {"unit_price": 12}}]


@pytest.mark.parametrize(
    ("by", "phases", "facts", "expected"),
    [
        ("period", RAMP, {"period": {"from": "2026-12-31", "to": "2027-01-31"}, "contract_start": "2026-01-31"}, 10),
        ("period", RAMP, {"period": {"from": "2027-01-31", "to": "2027-02-28"}, "contract_start": "2026-01-31"}, 11),
        ("period", DATED, {"period": {"from": "2026-06-30", "to": "2026-07-30"}}, 10),
        ("period", DATED, {"period": {"from": "2026-07-01", "to": "2026-08-01"}}, 12),
        ("contract", DATED, {"period": {"from": "2026-09-01", "to": "2026-10-01"}, "contract_start": "2026-03-01"}, 10),
        ("contract", DATED, {"period": {"from": "2026-09-01", "to": "2026-10-01"}, "contract_start": "2026-08-01"}, 12),
    ],
)
def test_prices_change_with_time(by: str, phases: Any, facts: dict[str, Any], expected: int) -> None:
    assert total(rate(charge({"phases": {"by": by, "phases": phases}}), "1", **facts)) == expected


def test_usage_around_a_change_is_priced_on_its_own_day() -> None:
    priced = charge({"phases": {"by": "usage", "phases": DATED}})
    given = [usage(3, at="2026-06-30T12:00:00Z"), usage(2, at="2026-07-01T00:00:00Z")]
    result = rate(priced, given)
    assert [(line["path"], line["amount"].amount) for line in result["lines"]] == [
        ("phase 1 from 2026-01-01", 30), ("phase 2 from 2026-07-01", 24),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "facts", "message"),
    [
        ("period", {}, "the price depends on the billed period, which is not given; give `period`"),
        ("contract", {}, "depends on the contract's first day, which is not given; give `contract_start`"),
        ("usage", {}, "depends on the day of the usage, which has none; give `at` with it"),
        ("period", {"period": {"from": "2025-12-31", "to": "2026-01-31"}}, "2025-12-31 is before the first phase"),
    ],
)
def test_a_price_that_depends_on_a_day_needs_it(by: str, facts: dict[str, Any], message: str) -> None:
    with pytest.raises(Failure, match=message):
        rate(charge({"phases": {"by": by, "phases": DATED}}), "1", **facts)


HOURS = {
    "zone": "Europe/Berlin",
    "windows": [
        {"id": "night", "from": "22:00", "to": "06:00", "price": {"unit_price": 1}},
        {"id": "weekend", "days": ["saturday", "sunday"], "from": "00:00", "to": "24:00", "price": {"unit_price": 2}},
    ],
    "otherwise": {"unit_price": 3},
}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-04T20:59:00Z", 3),  # 21:59 in Berlin
        ("2026-03-04T21:00:00Z", 1),
        ("2026-03-05T04:59:00Z", 1),
        ("2026-03-05T05:00:00Z", 3),
        ("2026-03-28T12:00:00Z", 2),  # a Saturday
        ("2026-03-29T03:59:00Z", 1),  # after the clocks went forward, 05:59
        ("2026-03-29T04:00:00Z", 2),
    ],
)
def test_hours_are_those_of_the_declared_zone(at: str, expected: int) -> None:
    assert total(rate(charge({"times": HOURS}), [usage(1, at=at)])) == expected


def test_usage_without_a_time_has_no_price_by_the_hour() -> None:
    with pytest.raises(Failure, match="the price depends on the time of the usage, which has none"):
        rate(charge({"times": HOURS}), "1")


def test_every_window_is_priced_on_its_own() -> None:
    given = tiers("whole", {"up_to": 10, "unit_price": dec("0.10")}, {"unit_price": dec("0.05")})
    assert total(rate(charge(given, scope="each"), [usage(9), usage(15)])) == Decimal("1.65")
    assert total(rate(charge(given), [usage(9), usage(15)])) == Decimal("1.20")
