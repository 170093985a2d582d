"""Foreign currencies in journals: accounts that empty do so in both currencies, and closings do not depend on style."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_histories import books, day, event, histories, journal, line, money, post, signed

from engine.base.errors import Failure

GROSS = journal("standard_ledger", ("unbilled: by_line", "unbilled: in_deferred"))
NET = journal("net_position")


def invoice(name: str, on: int, rate: str, amount: str = "100.00") -> dict[str, Any]:
    lines = [line("plan", amount, day(on), day(on + 30), contract="C")]
    return event("invoice.finalized", day(on), invoice=name, lines=lines, rate=rate)


def in_dollars(events: list[dict[str, Any]], book: Any = None) -> dict[str, Decimal]:
    return signed(post(events, book, functional_currency="USD")["entries"])


def test_money_held_at_one_rate_and_applied_at_another_leaves_nothing_held() -> None:
    """110.00 at 1.20 are held as 132.00 dollars; the invoice was booked at 1.10, so 11.00 are a gain."""
    events = [
        event("payment.succeeded", day(0), amount=money("110.00"), rate="1.20"),
        invoice("A", 5, "1.10", "110.00"),
        event("payment.applied", day(5), invoice="A", amount=money("110.00"), rate="1.10"),
    ]
    at_end = in_dollars(events)
    assert "unapplied_cash" not in at_end and "receivable" not in at_end
    assert at_end["exchange_loss"] == Decimal("-11.00")


def test_money_held_from_two_receipts_is_carried_at_what_both_were_worth() -> None:
    """100.00 at 1.20 and 50.00 at 1.50 are 195.00 dollars; 60.00 of 150.00 are 78.00 of them."""
    events = [
        event("payment.succeeded", day(0), amount=money("100.00"), rate="1.20"),
        event("payment.succeeded", day(1), amount=money("50.00"), rate="1.50"),
        invoice("A", 5, "1.10", "60.00"),
        event("payment.applied", day(5), invoice="A", amount=money("60.00"), rate="1.10"),
    ]
    at_end = in_dollars(events)
    assert at_end["unapplied_cash"] == Decimal("-117.00")
    assert at_end["exchange_loss"] == Decimal("-12.00")


def test_a_balance_credited_at_one_rate_and_used_at_another_leaves_nothing() -> None:
    """A credit of 30.00 booked at 1.10 pays an invoice booked at 1.30: 33.00 dollars settle 39.00, a loss of 6.00."""
    events = [
        invoice("A", 0, "1.10"),
        event("payment.succeeded", day(0), invoice="A", amount=money("100.00"), rate="1.10"),
        event("credit.issued", day(0), invoice="A", amount=money("30.00"), to={"customer_balance": money("30.00")}),
        invoice("B", 40, "1.30"),
        event("customer_balance.applied", day(40), invoice="B", amount=money("30.00"), rate="1.30"),
    ]
    at_end = in_dollars(events)
    assert "customer_balance" not in at_end
    assert at_end["exchange_loss"] == Decimal("6.00")


def test_a_credit_is_paid_back_for_what_it_is_owed_at() -> None:
    """30.00 owed at 1.10 are paid back at 1.20: a loss of 3.00."""
    events = [
        invoice("A", 0, "1.10"),
        event("payment.succeeded", day(0), invoice="A", amount=money("100.00"), rate="1.10"),
        event("credit.issued", day(0), invoice="A", amount=money("30.00"), to={"refund": money("30.00")}, credit="CN"),
        event("refund.succeeded", day(9), credit="CN", amount=money("30.00"), rate="1.20"),
    ]
    at_end = in_dollars(events)
    assert "refund_payable" not in at_end
    assert at_end["exchange_loss"] == Decimal("3.00")


def test_a_payout_at_another_rate_empties_the_clearing_account() -> None:
    events = [
        invoice("A", 0, "1.10"),
        event("payment.succeeded", day(0), invoice="A", amount=money("100.00"), fee=money("2.90"), via="clearing",
              rate="1.10"),
        event("payout.paid", day(3), amount=money("97.10"), rate="1.1037"),
    ]  # fmt: skip
    at_end = in_dollars(events)
    assert "clearing" not in at_end
    assert at_end["cash"] == Decimal("107.17")
    assert at_end["exchange_loss"] == Decimal("-0.36")


def test_more_than_is_held_has_the_rate_of_the_day_beyond() -> None:
    """50.00 are carried at 55.00 dollars; a payout of 80.00 at 1.20 takes these and 36.00 more."""
    events = [
        event("payment.succeeded", day(0), amount=money("50.00"), via="clearing", rate="1.10"),
        event("payout.paid", day(3), amount=money("80.00"), rate="1.20"),
    ]
    at_end = in_dollars(events)
    assert at_end["clearing"] == Decimal("-36.00")
    assert at_end["exchange_loss"] == Decimal("-5.00")


@settings(max_examples=30)
@given(st.data(), st.sampled_from(["1.0837", "151.23", "0.0061"]))
def test_both_styles_of_posting_close_alike_in_dollars(data: st.DataObject, rate: str) -> None:
    events = data.draw(histories(GROSS))
    for each in events:
        each["rate"] = rate
    gross, net = (books(post(events, book, functional_currency="USD")) for book in (GROSS, NET))
    assert gross == net


def test_usage_worth_nothing_is_a_reading() -> None:
    reading = event("usage.recorded", day(0), meter="calls", amount=money("0.00"))
    more = event("usage.recorded", day(1), meter="calls", amount=money("2.50"))
    assert books(post([reading, more]))["revenue"] == Decimal("2.50")


def test_money_held_in_one_currency_pays_no_invoice_in_another() -> None:
    events = [
        event("payment.succeeded", day(0), amount=money("500.00", "USD")),
        invoice("A", 5, "1.10"),
        event("payment.applied", day(5), invoice="A", amount=money("100.00"), rate="1.10"),
    ]
    with pytest.raises(Failure) as found:
        in_dollars(events)
    assert "payment.applied e2: 0 is held without an invoice, not 100.00 EUR" in str(found.value)
