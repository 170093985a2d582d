"""Holds: what is earned while one lasts is posted when it is released or expires."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from revenue_documents import BY_DAY, by_period, line, run

from engine.base.errors import Failure

HALF_YEAR = ("181.00", "2026-01-01", "2026-06-30")  # 1.00 a day: 31, 28, 31, 30, 31, 30


def posted(*holds: dict[str, Any], **facts: Any) -> dict[str, str]:
    return by_period(run(BY_DAY, line(*HALF_YEAR), holds=list(holds), **facts))


def due(result: dict[str, Any]) -> dict[str, str]:
    """What is to be posted, by the period that it is posted in."""
    found: dict[str, Decimal] = {}
    for row in result["postings"]:
        found[row["posted"]] = found.get(row["posted"], Decimal(0)) + row["amount"].amount
    return {period: str(amount) for period, amount in found.items()}


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        # released: February, March and April wait for the period of the release
        (
            {"from": "2026-02-10", "released_on": "2026-05-05"},
            {"2026-01": "31.00", "2026-05": "120.00", "2026-06": "30.00"},
        ),
        # expires by itself
        ({"from": "2026-02-10", "expires_on": "2026-03-31"}, {"2026-01": "31.00", "2026-03": "59.00"}),
        # released before it expires
        ({"from": "2026-01-01", "released_on": "2026-02-01", "expires_on": "2026-06-01"}, {"2026-02": "59.00"}),
        # over before the month ends: nothing waits
        ({"from": "2026-02-10", "released_on": "2026-02-20"}, {"2026-02": "28.00"}),
    ],
)
def test_what_is_held_waits_for_the_end_of_the_hold(hold: dict[str, Any], expected: dict[str, str]) -> None:
    found = posted(hold)
    assert {period: found[period] for period in expected} == expected
    assert "2026-04" in found or "2026-05" in expected


def test_a_hold_without_an_end_posts_nothing_more() -> None:
    result = run(BY_DAY, line(*HALF_YEAR), holds=[{"from": "2026-03-15"}], billing=[])
    assert due(result) == {"2026-01": "31.00", "2026-02": "28.00"}
    assert result["recognized"].amount == 59
    assert [row["forecast"] for row in result["schedule"]] == [False, False, True, True, True, True]
    assert result["positions"][-1]["recognized_to_date"].amount == 59


def test_a_hold_of_one_obligation_leaves_the_others() -> None:
    lines = [line(*HALF_YEAR, id="a"), line(*HALF_YEAR, id="b")]
    result = run(BY_DAY, *lines, holds=[{"obligation": "b", "from": "2026-01-01", "expires_on": "2026-03-31"}])
    assert by_period(result) == {
        "2026-01": "31.00", "2026-02": "28.00", "2026-03": "121.00", "2026-04": "60.00", "2026-05": "62.00",
        "2026-06": "60.00",
    }  # fmt: skip


def test_holds_that_follow_each_other_end_with_the_last() -> None:
    holds = [{"id": "h1", "from": "2026-01-01", "expires_on": "2026-02-15"}, {"id": "h2", "from": "2026-02-01",
              "expires_on": "2026-04-10"}]  # fmt: skip
    assert posted(*holds) == {"2026-04": "120.00", "2026-05": "31.00", "2026-06": "30.00"}


def test_a_release_after_the_day_of_the_run_posts_nothing_yet() -> None:
    hold = {"from": "2026-01-01", "expires_on": "2026-03-31"}
    result = run(BY_DAY, line(*HALF_YEAR), holds=[hold], as_of="2026-02-28")
    assert result["postings"] == []
    result = run(BY_DAY, line(*HALF_YEAR), holds=[hold], as_of="2026-03-31")
    assert due(result) == {"2026-03": "90.00"}


@pytest.mark.parametrize(
    ("hold", "told"),
    [
        ({"from": "2026-02-01", "released_on": "2026-01-01"}, "before it begins"),
        ({"from": "2026-02-01", "obligation": "other"}, "no obligation of the contract"),
    ],
)
def test_holds_that_do_not_fit_are_refused(hold: dict[str, Any], told: str) -> None:
    with pytest.raises(Failure, match=told):
        posted(hold)
