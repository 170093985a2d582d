"""An upgrade's invoice, with a credit line for unused time, that is written off."""

from __future__ import annotations

from typing import Any

import pytest
from journal_histories import books, event, journal, line, money, post

UPGRADE = event(
    "invoice.finalized", "2026-01-16", invoice="A",
    lines=[line("unused", "-100.00", "2026-01-16", "2026-02-15"), line("new", "300.00", "2026-01-16", "2026-02-15")],
)  # fmt: skip


def written_off(*before: dict[str, Any], on: str = "2026-01-26") -> dict[str, Any]:
    """The books after it; 10 of 30 days are earned by 26 January."""
    history = [UPGRADE, *before, event("invoice.uncollectible", on, invoice="A")]
    return books(post(history, journal("standard_ledger")))


def test_the_credit_line_is_undone_with_the_lines_it_belongs_to() -> None:
    # 200.00 owed: a third is earned and becomes bad debt, the rest is deferred and goes
    assert {name: str(amount) for name, amount in written_off().items()} == {"bad_debt": "66.67", "revenue": "66.67"}


def test_what_is_left_after_a_payment_is_written_off_in_proportion() -> None:
    # 50.00 of 200.00 are paid: 150.00 go, 50.00 of them earned; of the 50.00 paid the rest of the service is earned
    paid = event("payment.succeeded", "2026-01-20", invoice="A", amount=money("50.00"))
    assert written_off(paid) == {"bad_debt": 50, "cash": 50, "revenue": 100}


@pytest.mark.parametrize("name", ["standard_ledger", "stripe_ledger"])
def test_after_the_service_all_of_it_is_bad_debt(name: str) -> None:
    history = [UPGRADE, event("invoice.uncollectible", "2026-03-10", invoice="A")]
    assert books(post(history, journal(name))) == {"bad_debt": 200, "revenue": 200}
