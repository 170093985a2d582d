"""Journals by accounting periods of 4, 4 and 5 weeks, or listed ones."""

from __future__ import annotations

from typing import Any

import pytest
from journal_histories import event, journal, line, money, post

from engine.base.errors import Failure, UserError

WEEKS = "calendar:\n  weeks_445:\n    start: 2026-01-05\n    years: 1\nroles:"
# 91 days of 13 weeks at 1.00 a day: 28, 28 and 35
QUARTER = event(
    "invoice.finalized", "2026-01-05", invoice="A", lines=[line("plan", "91.00", "2026-01-05", "2026-04-06")]
)


def earned(result: dict[str, Any]) -> dict[str, str]:
    return {row["period"]: str(row["change"].amount) for row in result["balance_changes"] if row["role"] == "revenue"}


def test_revenue_is_posted_at_the_ends_of_4_4_and_5_weeks() -> None:
    result = post([QUARTER], journal("standard_ledger", ("roles:", WEEKS)))
    assert earned(result) == {"2026-P01": "28.00", "2026-P02": "28.00", "2026-P03": "35.00"}
    recognised = [entry for entry in result["entries"] if entry["kind"] == "revenue.recognised"]
    assert [str(entry["date"]) for entry in recognised] == ["2026-02-01", "2026-03-01", "2026-04-05"]
    assert {entry["period"] for entry in result["entries"]} == {"2026-P01", "2026-P02", "2026-P03"}


def test_a_credit_inside_a_period_divides_at_its_day() -> None:
    credit = event("credit.issued", "2026-02-16", invoice="A", credit="C", amount=money("45.50"))
    result = post([QUARTER, credit], journal("standard_ledger", ("roles:", WEEKS)))
    contra = [row for row in result["balance_changes"] if row["role"] == "credit_notes"]
    assert [(row["period"], str(row["change"].amount)) for row in contra] == [("2026-P02", "21.00")]  # half of 42 days
    # P02: 14 days at 1.00 before, 14 at 0.50 after; P03: 35 at 0.50
    assert earned(result) == {"2026-P01": "28.00", "2026-P02": "21.00", "2026-P03": "17.50"}


def test_a_ledger_by_periods_recognises_whole_ones() -> None:
    result = post([QUARTER], journal("stripe_ledger", ("roles:", WEEKS)))
    assert earned(result) == {"2026-P01": "28.00", "2026-P02": "28.00", "2026-P03": "35.00"}


def test_a_day_outside_the_periods_is_refused() -> None:
    book = journal("standard_ledger", ("roles:", WEEKS))
    late = event("invoice.finalized", "2027-02-01", invoice="B", lines=[line("plan", "10.00")])
    with pytest.raises(Failure, match="lies outside the listed periods"):
        post([QUARTER, late], book)


def test_periods_out_of_order_are_found_before_anything_runs() -> None:
    listed = (
        "calendar:\n  listed:\n    periods:\n      - {name: P2, start: 2026-02-01}\n"
        "      - {name: P1, start: 2026-01-01}\n    end: 2026-03-01\nroles:"
    )
    with pytest.raises(UserError) as told:
        post([QUARTER], journal("standard_ledger", ("roles:", listed)))
    assert any("FIN121" in str(each) for each in told.value.diagnostics)
