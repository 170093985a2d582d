"""Entries: keys, corrections, closed periods, late revenue, currencies, automatic reversals, periods."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from journal_histories import books, event, journal, line, money, post, posted, signed

from engine.finance.prepared import prepare

STRIPE = journal("stripe_ledger")
GROSS = journal("standard_ledger", ("unbilled: by_line", "unbilled: in_deferred"))
INVOICE = event(
    "invoice.finalized", "2026-01-10", invoice="A", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")]
)
PAYMENT = event("payment.succeeded", "2026-01-20", invoice="A", amount=money("90.00"))


def test_an_entry_says_where_it_comes_from() -> None:
    plan = line(
        "plan", "90.00", "2026-01-01", "2026-04-01", contract="C-7", obligation="support",
        dimensions={"region": "emea"},
    )  # fmt: skip
    invoice = event("invoice.finalized", "2026-01-10", invoice="A", lines=[plan])
    entry = post([invoice], entity="berlin")["entries"][0]
    about = {
        name: entry[name] for name in ("event", "kind", "template", "entity", "book", "invoice", "line", "contract")
    }
    assert about == {
        "event": "e0", "kind": "invoice.finalized", "template": "invoice_line", "entity": "berlin", "book": "primary",
        "invoice": "A", "line": "plan", "contract": "C-7",
    }  # fmt: skip
    assert (entry["obligation"], entry["dimensions"], entry["period"]) == ("support", {"region": "emea"}, "2026-01")
    assert entry["explanation"].startswith("What a line bills")


def test_the_key_depends_on_event_document_entity_template_and_line_only() -> None:
    one = post([INVOICE])["entries"][0]["key"]
    cheaper = event("invoice.finalized", "2026-02-01", invoice="A", lines=[line("plan", "80.00")])
    assert post([cheaper])["entries"][0]["key"] == one
    assert post([INVOICE], entity="other")["entries"][0]["key"] != one
    assert post([INVOICE], STRIPE)["entries"][0]["key"] != one


def test_a_changed_document_gives_the_difference_as_a_correction() -> None:
    before = post([INVOICE, PAYMENT])
    late = {**PAYMENT, "amount": money("60.00")}
    after = post([INVOICE, late], posted=posted(before["entries"]))
    (correction,) = after["entries"]
    assert signed([correction]) == {"cash": Decimal(-30), "receivable": Decimal(30)}
    assert correction["corrects"] and correction["explanation"].startswith("Correction: ")
    assert after["unchanged"] == len(before["entries"]) - 1
    again = post([INVOICE, late], posted=posted([*before["entries"], correction]))
    assert again["entries"] == []


def test_an_entry_that_the_history_no_longer_gives_is_withdrawn() -> None:
    before = post([INVOICE, PAYMENT])
    after = post([INVOICE], posted=posted(before["entries"]))
    assert signed(after["entries"]) == {"cash": Decimal(-90), "receivable": Decimal(90)}


def test_nothing_new_is_dated_in_a_closed_period_and_the_entry_keeps_the_period_it_belongs_to() -> None:
    result = post([INVOICE], closed_before="2026-03-01")
    assert {entry["date"].isoformat() for entry in result["entries"]} == {"2026-03-01", "2026-03-31"}
    earned = [entry for entry in result["entries"] if entry["kind"] == "revenue.recognised"]
    assert [(entry["period"], entry["attribution_period"]) for entry in earned] == [
        ("2026-03", "2026-01"), ("2026-03", "2026-02"), ("2026-03", "2026-03"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("late", "dates"),
    [
        ("booking", ["2026-03-31", "2026-03-31", "2026-03-31"]),
        ("own_period", ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ],
)
def test_revenue_of_days_before_booking_is_caught_up_or_goes_to_its_own_month(late: str, dates: list[str]) -> None:
    book = journal("standard_ledger", ("late_revenue: booking", f"late_revenue: {late}"))
    booked = event("invoice.finalized", "2026-03-10", invoice="A", lines=INVOICE["lines"])
    earned = [entry for entry in post([booked], book)["entries"] if entry["kind"] == "revenue.recognised"]
    assert [entry["date"].isoformat() for entry in earned] == dates
    assert [str(entry["lines"][0]["amount"].amount) for entry in earned] == ["31.00", "28.00", "31.00"]


def test_posting_stops_at_the_day_asked_for() -> None:
    at_end = books(post([INVOICE, PAYMENT], through="2026-02-14"))
    assert at_end == {"cash": 90, "deferred_revenue": 45, "revenue": 45}
    assert books(post([INVOICE, PAYMENT], through="2026-01-15")) == {
        "receivable": 90, "deferred_revenue": 75, "revenue": 15
    }  # fmt: skip


def test_a_position_below_zero_is_an_asset_at_the_end_of_the_month_only() -> None:
    agreed = event("service.agreed", "2026-01-01", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")])
    billed = event("invoice.finalized", "2026-03-31", invoice="A", lines=[line("bill", "90.00", unbilled="plan")])
    result = post([agreed, billed], GROSS)
    shown = [
        (entry["date"].isoformat(), str(signed([entry])["contract_asset"]))
        for entry in result["entries"] if entry["template"] == "position_reclassified"
    ]  # fmt: skip
    assert shown == [
        ("2026-01-31", "31.00"), ("2026-02-01", "-31.00"), ("2026-02-28", "59.00"), ("2026-03-01", "-59.00"),
    ]  # fmt: skip
    assert books(result) == {"receivable": 90, "revenue": 90}


# ----------------------------------------------------------------------------- currencies

EURO = event("invoice.finalized", "2019-01-01", invoice="A", rate="1.20", lines=[line("once", "30.00")])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [
                EURO, event("payment.succeeded", "2019-02-01", invoice="A", amount=money("30.00"), rate="1.20"),
                event("refund.succeeded", "2019-03-01", invoice="A", amount=money("30.00"), rate="1.30"),
            ],
            {"cash": "-3.00", "exchange_loss": "3.00", "refunds": "36.00", "revenue": "36.00"},
        ),
        (
            [EURO, event("payment.succeeded", "2019-02-01", invoice="A", amount=money("30.00"), rate="1.31")],
            {"cash": "39.30", "exchange_loss": "-3.30", "revenue": "36.00"},
        ),
        (
            [
                EURO, event("payment.succeeded", "2019-02-01", invoice="A", amount=money("10.00"), rate="1.10"),
                event("payment.succeeded", "2019-02-02", invoice="A", amount=money("20.00"), rate="1.25"),
            ],
            {"cash": "36.00", "revenue": "36.00"},
        ),
    ],
)  # fmt: skip
def test_what_is_settled_at_another_rate_is_an_exchange_difference(
    events: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    result = post(events, STRIPE, functional_currency="USD")
    assert {role: str(amount) for role, amount in books(result).items()} == expected
    assert sum(signed(result["entries"], "amount").values()) == 0


def test_deferred_revenue_keeps_the_rate_it_was_booked_at() -> None:
    plan = line("plan", "100.00", "2026-01-01", "2026-04-11")
    invoice = event("invoice.finalized", "2026-01-01", invoice="A", rate="1.0837", lines=[plan])
    paid = event("payment.succeeded", "2026-02-01", invoice="A", amount=money("100.00"), rate="1.2")
    at_end = books(post([invoice, paid], functional_currency="USD"))
    assert {role: str(amount) for role, amount in at_end.items()} == {
        "cash": "120.00", "exchange_loss": "-11.63", "revenue": "108.37",
    }  # fmt: skip


def test_entities_do_not_mix() -> None:
    other = event("invoice.finalized", "2026-01-10", invoice="B", entity="paris", lines=[line("plan", "10.00")])
    result = post([INVOICE, other], entity="berlin")
    for entity in ("berlin", "paris"):
        own = [entry for entry in result["entries"] if entry["entity"] == entity]
        assert own and sum(signed(own).values()) == 0


def test_a_void_credit_and_its_revenue_have_keys_of_their_own() -> None:
    events = [
        INVOICE, event("credit.issued", "2026-02-10", invoice="A", amount=money("30.00"), credit="CN"),
        event("credit.voided", "2026-03-10", credit="CN"),
    ]  # fmt: skip
    keys = [entry["key"] for entry in post(events)["entries"]]
    assert len(keys) == len(set(keys))
    assert keys == [entry["key"] for entry in post(events)["entries"]]


# ----------------------------------------------------------------------------- one entry per what

OWN = """spec: journal/v1
id: own
version: "1.0.0"
owner: finance
summary: One entry per obligation.
roles:
  receivable: {account_class: asset, summary: Owed}
  deferred: {account_class: liability, summary: To earn}
  revenue: {account_class: revenue, summary: Revenue}
templates:
  - id: invoice
    on: invoice.finalized
    summary: What an invoice bills
    per: PER
    post:
      - debit: receivable
        amount: =line.gross
      - credit: deferred
        amount: =line.gross
  - id: earned
    on: revenue.recognised
    summary: Revenue of a month
    per: PER
    post:
      - debit: deferred
        amount: =line.net
      - credit: revenue
        amount: =line.net
"""


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        ("line", [("a", "C1", "care"), ("b", "C1", "care"), ("c", "C1", "seats"), ("d", "C2", "care")]),
        ("obligation", [(None, "C1", "care"), (None, "C1", "seats"), (None, "C2", "care")]),
        ("contract", [(None, "C1", None), (None, "C2", None)]),
    ],
)
def test_entries_are_made_per_line_obligation_or_contract(per: str, expected: list[tuple[Any, ...]]) -> None:
    book = prepare(OWN.replace("PER", per).encode(), "own.journal.yaml")
    about = [("a", "C1", "care"), ("b", "C1", "care"), ("c", "C1", "seats"), ("d", "C2", "care")]
    lines = [
        line(name, "31.00", "2026-01-01", "2026-02-01", contract=contract, obligation=obligation)
        for name, contract, obligation in about
    ]
    result = post([event("invoice.finalized", "2026-01-01", invoice="A", lines=lines)], book)
    for kind in ("invoice.finalized", "revenue.recognised"):
        entries = [entry for entry in result["entries"] if entry["kind"] == kind]
        assert [(entry["line"], entry["contract"], entry["obligation"]) for entry in entries] == expected
        assert sum(entry["lines"][0]["amount"].amount for entry in entries) == 124


def test_conditions_see_the_invoice_as_it_stood_before_the_event() -> None:
    text = OWN.replace("PER", "line").replace(
        "  - id: earned\n",
        """  - id: last_payment
    on: payment.succeeded
    summary: The payment that settles the invoice
    when: =invoice.open == total.amount && invoice.status == 'open'
    post:
      - debit: revenue
        amount: =total.amount
      - credit: receivable
        amount: =total.amount
  - id: earned
""",
    )
    book = prepare(text.encode(), "own.journal.yaml")
    invoice = event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("a", "30.00")])
    pays = [
        event("payment.succeeded", f"2026-01-0{day}", invoice="A", amount=money(amount))
        for day, amount in ((2, "10.00"), (3, "20.00"))
    ]
    entries = post([invoice, *pays], book)["entries"]
    assert [(entry["template"], entry["event"]) for entry in entries] == [("invoice", "e0"), ("last_payment", "e2")]


def test_what_is_earned_at_one_rate_leaves_the_books_at_that_rate() -> None:
    agreed = event(
        "service.agreed", "2026-01-01", rate="1.10", lines=[line("plan", "90.00", "2026-01-01", "2026-02-01")]
    )
    billed = event(
        "invoice.finalized", "2026-03-01", invoice="A", rate="1.20", lines=[line("b", "90.00", unbilled="plan")]
    )
    paid = event("payment.succeeded", "2026-03-02", invoice="A", amount=money("90.00"), rate="1.25")
    at_end = books(post([agreed, billed, paid], functional_currency="USD"))
    assert {role: str(amount) for role, amount in at_end.items()} == {
        "cash": "112.50", "exchange_loss": "-13.50", "revenue": "99.00",
    }  # fmt: skip
