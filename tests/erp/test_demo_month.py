"""The demo, run as a user runs it: the month against the real ERP, proved; and a second run that posts nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".test-state"


def run_demo(*options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--state", str(STATE), "--json", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def first() -> Iterator[dict[str, Any]]:
    yield run_demo("--fresh")


def totals(report: dict[str, Any]) -> dict[str, tuple[str, str, str, str, str]]:
    return {
        row["currency"]: (row["billed"], row["billed_tax"], row["erp"], row["erp_tax"], row["difference"])
        for row in report["totals"]
    }


def test_every_customer_ties_out_to_the_cent_in_every_currency(first: dict[str, Any]) -> None:
    assert {row["difference"] for row in first["tie_out"]} == {"0.00"}
    assert totals(first) == {
        "EUR": ("1625.00", "266.00", "1625.00", "266.00", "0.00"),
        "GBP": ("360.00", "0.00", "360.00", "0.00", "0.00"),
        "USD": ("111167.96", "4231.12", "111167.96", "4231.12", "0.00"),
    }


def test_an_independent_ledger_takes_the_journal_and_equals_the_expected_one(first: dict[str, Any]) -> None:
    ledger = first["ledger"]
    assert ledger["ok"]
    assert ledger["differences"] == 0
    assert ledger["entries"] == 69
    balances = {(each["entity"], each["account"]): each["balance"] for each in ledger["balances"]}
    assert balances["NW-DE", "6.3.4"] == "-266.00"
    assert balances["NW-US", "6.3.4"] == "-4231.12"


def test_at1_the_upgrade_is_one_invoice_with_credit_and_charge(first: dict[str, Any]) -> None:
    (acme,) = [row for row in first["tie_out"] if row["customer"] == "cus_acme"]
    # 18,000.00 for the quarter and 31,666.67 for the upgrade; tax 1,485.00 and 2,612.50 (AT1: AR 34,279.17).
    assert (acme["erp"], acme["erp_tax"]) == ("49666.67", "4097.50")


def test_at2_a_downgrade_at_renewal_posts_nothing_and_one_at_once_needs_a_second_person(first: dict[str, Any]) -> None:
    (brook,) = [row for row in first["tie_out"] if row["customer"] == "cus_brook"]
    assert brook["erp"] == "56922.74"  # 60,000.00 less the approved credit of 3,077.26, and nothing else
    refused, approved = first["approvals"]
    assert "cannot decide on it" in refused
    assert approved.endswith("approved")


def test_at13_the_cancellation_is_credited_and_refunded(first: dict[str, Any]) -> None:
    (cedar,) = [row for row in first["tie_out"] if row["customer"] == "cus_cedar"]
    assert cedar["erp"] == "2958.90"  # 12,000.00 less 9,041.10
    assert first["documents"]["refund.create"] == 1


def test_revenue_by_the_schedules_is_what_the_erp_holds(first: dict[str, Any]) -> None:
    rows = {(row["on"], row["entity"]): row for row in first["revenue"]}
    assert {row["difference"] for row in rows.values()} == {"0.00"}
    february, december = rows["2026-02-28", "NW-US"], rows["2026-12-31", "NW-US"]
    assert (february["earned_erp"], february["deferred_erp"]) == ("37547.04", "86194.98")
    assert (december["earned_erp"], december["deferred_erp"]) == ("111623.66", "0.00")
    assert first["documents"]["journal.create"] == 48


def test_proration_was_calculated_again_before_it_was_posted(first: dict[str, Any]) -> None:
    assert first["proration"]["lines"] == first["proration"]["verified"] == 4
    assert Decimal(first["proration"]["largest_difference"]) == 0


def test_at1_recurring_revenue_has_one_expansion_of_19000(first: dict[str, Any]) -> None:
    movements = [
        (each["type"], each["amount"]["amount"], each["before"]["amount"], each["after"]["amount"])
        for each in first["recurring"]["movements"]
        if each["key"] == "cus_acme"
    ]
    assert movements == [("expansion", "19000.00", "6000.00", "25000.00")]
    assert first["recurring"]["rollforward"]["end"]["amount"] == "34128.52"


def test_at9_duplicates_order_faults_and_lost_answers(first: dict[str, Any]) -> None:
    counts = first["counts"]
    assert counts["duplicates"] == 4
    assert counts["absorbed"] >= 1
    assert counts["held"] >= 1
    assert (counts["unknown"], counts["read_back"], first["lost_answers"]) == (1, 1, 1)
    assert counts["connector_defects"] == counts["commit_failures"] == counts["conflicts"] == 0
    assert first["webhook_answers"]["401"] == 1
    assert (first["waited"], counts["deferred"]) == (2, 2)  # two customers' billing accounts; a third event behind one


def test_the_unmapped_product_waits_for_a_person_in_plain_words(first: dict[str, Any]) -> None:
    (exception,) = first["exceptions"]
    assert exception["reason"] == "unmapped_product"
    for part in ("prod_beta", "Pied Piper Inc.", "PIPER-0001", "107.17 USD"):
        assert part in exception["message"]
    assert not any(word in exception["message"] for word in ("Traceback", "Error", "HTTP", ".yaml", "None"))


def test_the_audit_chain_holds(first: dict[str, Any]) -> None:
    assert first["audit"]["holds"]
    assert first["audit"]["entries"] > 200


def test_a_second_run_on_the_same_state_posts_nothing_new(first: dict[str, Any]) -> None:
    second = run_demo()
    assert second["counts"]["confirmed"] == 0
    assert second["documents"] == first["documents"]
    assert second["tie_out"] == first["tie_out"]
    assert second["revenue"] == first["revenue"]
    assert second["ledger"]["balances"] == first["ledger"]["balances"]
    assert len(second["exceptions"]) == 1
