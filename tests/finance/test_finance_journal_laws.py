"""Laws of journals that hold for any history: debits, zeros, replays, both posting styles, reversals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from journal_histories import (
    Event,
    books,
    cents,
    day,
    event,
    histories,
    journal,
    line,
    money,
    numbered,
    post,
    posted,
    signed,
)

from engine.base.errors import Failure
from engine.finance.exact import rounded
from engine.finance.facts import shown
from engine.finance.journal.entries import reversal_of
from engine.finance.journal.facts import JournalFacts, JournalResult

STANDARD = journal("standard_ledger")
CONTRA = journal("standard_ledger", ("dispute: hold", "dispute: contra_at_once"))
STRIPE = journal("stripe_ledger")
GROSS = journal("standard_ledger", ("unbilled: by_line", "unbilled: in_deferred"))
NET = journal("net_position")
FEWER = settings(max_examples=40)
ANY_BOOK = st.sampled_from([STANDARD, CONTRA, STRIPE, GROSS, NET])


def balanced(result: dict[str, Any]) -> None:
    for entry in result["entries"]:
        for currency in ("amount", "functional"):
            assert sum(signed([entry], currency).values()) == 0, entry
        assert all(each["amount"].amount >= 0 and each["functional"].amount >= 0 for each in entry["lines"])
    for before, after in pairwise(result["entries"]):
        assert before["date"] <= after["date"]


@FEWER
@given(st.data(), ANY_BOOK)
def test_every_entry_balances_and_the_ledgers_agree_with_the_documents(data: st.DataObject, book: Any) -> None:
    events = data.draw(histories(book))
    result = post(events, book)
    balanced(result)
    at_end = books(result)
    opened = sum((invoice["open"].amount for invoice in result["invoices"]), Decimal(0))
    assert at_end.get("receivable", Decimal(0)) == opened
    deferred = sum((invoice["deferred"].amount for invoice in result["invoices"]), Decimal(0))
    assert at_end.get("deferred_revenue", Decimal(0)) - at_end.get("contract_asset", Decimal(0)) == deferred
    keys = [entry["key"] for entry in result["entries"]]
    assert len(set(keys)) == len(keys)


@FEWER
@given(st.data(), ANY_BOOK)
def test_once_all_is_served_and_paid_accounts_that_must_be_empty_are(data: st.DataObject, book: Any) -> None:
    events = data.draw(histories(book, more=4))
    last = date.fromisoformat(events[-1]["date"]) + timedelta(days=1)
    result = post(events, book)
    for invoice in result["invoices"]:
        if invoice["status"] == "disputed":
            events.append(event("dispute.lost", last.isoformat(), invoice=invoice["id"]))
        if invoice["open"].amount > 0:
            owed = money(invoice["open"].amount)
            payment = event("payment.succeeded", last.isoformat(), invoice=invoice["id"], amount=owed, via="clearing")
            events.append(payment)
    held = books(post(events, book)).get("unapplied_cash", Decimal(0))
    cleared = books(post(events, book)).get("clearing", Decimal(0))
    events.append(event("payout.paid", last.isoformat(), amount=money(cleared)))
    at_end = books(post(events, book))
    roles = dict(book.document.roles)
    left = {role: value for role, value in at_end.items() if roles[role].returns_to_zero and role != "unapplied_cash"}
    assert left == {}
    assert at_end.get("unapplied_cash", Decimal(0)) == held


@FEWER
@given(st.data())
def test_gross_and_net_posting_close_every_month_with_the_same_balances(data: st.DataObject) -> None:
    events = data.draw(histories(GROSS))
    first = date.fromisoformat(min(each["date"] for each in events))
    for month in data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True)):
        close = date(2026 + (month // 12), month % 12 + 1, 1) - timedelta(days=1)
        if close < first:
            continue
        gross = books(post(events, GROSS, through=close.isoformat()))
        assert books(post(events, NET, through=close.isoformat())) == gross


@FEWER
@given(st.data(), ANY_BOOK)
def test_posting_again_posts_nothing_and_more_history_posts_only_the_difference(data: st.DataObject, book: Any) -> None:
    events = data.draw(histories(book))
    cut = data.draw(st.integers(1, len(events)))
    before = post(events[:cut], book)
    again = post(events[:cut], book, posted=posted(before["entries"]))
    assert again["entries"] == []
    assert again["unchanged"] == len(before["entries"])
    after = post(events, book, posted=posted(before["entries"]))
    whole = post(events, book)
    assert signed([*before["entries"], *after["entries"]]) == signed(whole["entries"])
    third = post(events, book, posted=posted([*before["entries"], *after["entries"]]))
    assert third["entries"] == []


@FEWER
@given(st.data(), ANY_BOOK)
def test_the_order_of_events_on_different_invoices_does_not_matter(data: st.DataObject, book: Any) -> None:
    left = data.draw(histories(book, more=3))
    for each in left:
        each["date"] = day(30 + 7 * left.index(each))
    right: list[Event] = []
    for each in left:
        twin = {**each, "invoice": f"{each.get('invoice', '')}-twin"}
        if each["event"] in {"payment.applied", "payment.unapplied", "credit.voided"}:
            continue
        right.append(twin)
    kept = [each for each in left if each["event"] not in {"payment.applied", "payment.unapplied", "credit.voided"}]
    one = numbered([*kept, *right])
    try:
        together = book.calculate({"events": one})
    except Failure:
        return  # moving the dates made the history impossible: nothing to compare
    other = book.calculate({"events": [*one[len(kept) :], *one[: len(kept)]]})
    assert books(together) == books(other)
    assert together["balance_changes"] == other["balance_changes"]


@FEWER
@given(st.data(), ANY_BOOK)
def test_reversing_every_entry_leaves_nothing(data: st.DataObject, book: Any) -> None:
    events = data.draw(histories(book))
    facts: JournalFacts = book.calculation.input_of({"events": numbered(events)})
    result: JournalResult = book.run(facts)
    reversed_ = [shown(reversal_of(entry, entry.date)) for entry in result.entries]
    assert signed([*shown(result.entries), *reversed_]) == {}


@given(st.data(), cents(100, 90_00), st.integers(0, 80), st.integers(0, 80))
def test_a_credit_that_is_voided_never_was(data: st.DataObject, amount: str, issued: int, later: int) -> None:
    book = data.draw(st.sampled_from([STANDARD, STRIPE, GROSS, NET]))
    events = [event("invoice.finalized", day(0), invoice="A", lines=[line("plan", "100.00", day(0), day(90))])]
    credit = event("credit.issued", day(issued), invoice="A", amount=money(amount), credit="CN")
    void = event("credit.voided", day(issued + later), credit="CN")
    without = post(events, book)
    with_it = post([*events, credit, void], book)
    balanced(with_it)
    assert books(with_it) == books(without)
    assert with_it["earned"] == without["earned"]


@given(st.integers(0, 100), st.integers(0, 60))
def test_a_dispute_that_is_won_leaves_the_books_as_without_it(opened: int, later: int) -> None:
    events = [
        event("invoice.finalized", day(0), invoice="A", lines=[line("plan", "100.00", day(0), day(90))]),
        event("payment.succeeded", day(0), invoice="A", amount=money("100.00")),
    ]
    dispute = [
        event("dispute.opened", day(opened), invoice="A"), event("dispute.won", day(opened + later), invoice="A")
    ]  # fmt: skip
    for book in (STANDARD, CONTRA, GROSS, NET):
        assert books(post([*events, *dispute], book)) == books(post(events, book))


@given(cents(1, 1_000_00), st.integers(1, 400), st.integers(0, 400))
def test_a_void_divides_as_the_plain_formula_says(amount: str, days: int, after: int) -> None:
    """The second implementation: earned = price x days served / days, to the nearest cent, halves up."""
    events = [
        event("invoice.finalized", day(0), invoice="A", lines=[line("plan", amount, day(0), day(days))]),
        event("invoice.voided", day(after), invoice="A"),
    ]
    at_end = books(post(events))
    served = min(after, days)
    earned = rounded(Fraction(amount) * served / days, 2)
    assert at_end.get("voids", Decimal(0)) == earned == at_end.get("revenue", Decimal(0))
    assert "deferred_revenue" not in at_end and "receivable" not in at_end


@FEWER
@given(st.data(), st.sampled_from(["1.0837", "0.91", "151.23", "0.0061"]))
def test_what_is_empty_in_one_currency_is_empty_in_the_other(data: st.DataObject, rate: str) -> None:
    events = data.draw(histories(STANDARD))
    for each in events:
        each["rate"] = rate
    result = post(events, STANDARD, functional_currency="USD")
    balanced(result)
    in_euro, in_dollar = signed(result["entries"], "amount"), signed(result["entries"])
    assert set(in_dollar) - set(in_euro) <= {"exchange_loss", "rounding", "cash", "clearing", "unapplied_cash"}
    assert abs(in_dollar.get("rounding", Decimal(0))) <= Decimal("0.05") * len(result["entries"])
