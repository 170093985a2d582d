"""Invoices booked after their service began, tax within a price, and disputes that are won: what the policy decides."""

from __future__ import annotations

from typing import Any

import pytest
from journal_histories import books, event, journal, line, money, post

LATE = [
    event("invoice.finalized", "2026-03-10", invoice="A", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")])
]


def changes(result: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By period and role, as text."""
    found: dict[str, dict[str, str]] = {}
    for each in result["balance_changes"]:
        found.setdefault(each["period"], {})[each["role"]] = str(each["change"].amount)
    return found


@pytest.mark.parametrize(
    ("closed_before", "expected"),
    [
        (
            None,
            {
                "2026-01": {"unbilled_receivable": "31.00", "revenue": "31.00"},
                "2026-02": {"unbilled_receivable": "28.00", "revenue": "28.00"},
                "2026-03": {"receivable": "90.00", "unbilled_receivable": "-59.00", "revenue": "31.00"},
            },
        ),
        (
            "2026-02-01",
            {
                "2026-02": {"unbilled_receivable": "28.00", "revenue": "28.00"},
                "2026-03": {"receivable": "90.00", "unbilled_receivable": "-28.00", "revenue": "62.00"},
            },
        ),
        ("2026-03-01", {"2026-03": {"receivable": "90.00", "revenue": "90.00"}}),
    ],
)
def test_months_before_a_late_invoice_are_unbilled_until_it_and_closed_ones_caught_up(
    closed_before: str | None, expected: dict[str, dict[str, str]]
) -> None:
    book = journal("standard_ledger", ("late_revenue: booking", "late_revenue: own_period"))
    facts = {} if closed_before is None else {"closed_before": closed_before}
    assert changes(post(LATE, book, **facts)) == expected


def test_what_was_earned_before_a_late_invoice_is_given_back_as_contra_revenue() -> None:
    book = journal("standard_ledger", ("late_revenue: booking", "late_revenue: own_period"))
    voided = event("invoice.voided", "2026-03-10", invoice="A")
    assert books(post([*LATE, voided], book)) == {"voids": 68, "revenue": 68}


@pytest.mark.parametrize(("of", "revenue", "tax"), [("of_net", "28.18", "2.82"), ("of_gross", "27.90", "3.10")])
def test_the_policy_says_what_tax_within_a_price_is_a_share_of(of: str, revenue: str, tax: str) -> None:
    book = journal("standard_ledger", ("tax_written_off: false", f"tax_written_off: false\n  included_tax: {of}"))
    given = line("plan", "31.00", tax_rate="0.10", tax_included=True)
    found = changes(post([event("invoice.finalized", "2026-01-05", invoice="A", lines=[given])], book))
    assert found == {"2026-01": {"receivable": "31.00", "revenue": revenue, "tax_payable": tax}}


def test_a_dispute_won_is_a_recovery_once_and_can_be_refunded() -> None:
    book = journal("stripe_ledger")
    history = [
        event(
            "invoice.finalized", "2026-01-01", invoice="A", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")]
        ),
        event("payment.succeeded", "2026-01-01", invoice="A", amount=money("90.00")),
        event("dispute.opened", "2026-02-01", invoice="A"),
        event("dispute.won", "2026-03-01", invoice="A"),
    ]
    assert books(post(history, book)) == {"cash": 90, "disputes": 31, "recoverables": 90, "revenue": 31}
    back = event("refund.succeeded", "2026-05-01", invoice="A", amount=money("90.00"))
    assert books(post([*history, back], book)) == {"disputes": 31, "revenue": 31}
    with pytest.raises(Exception, match="is not disputed"):
        post([*history, event("dispute.won", "2026-03-02", invoice="A")], book)
