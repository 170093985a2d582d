"""Histories for the shipped journals, written by hand or drawn at random, and the books they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.finance.prepared import Prepared, prepare

JOURNALS = Path(__file__).parents[2] / "mappings" / "journals"
START = date(2026, 1, 1)
Event = dict[str, Any]


@cache
def journal(name: str, *switches: tuple[str, str]) -> Prepared:
    """A shipped journal, with some lines of its policy written otherwise."""
    text = (JOURNALS / f"{name}.journal.yaml").read_text("utf-8")
    for old, new in switches:
        assert old in text, f"{name} has no line {old}"
        text = text.replace(old, new, 1)
    return prepare(text.encode(), f"{name}.journal.yaml")


def money(amount: Any, currency: str = "EUR") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def day(offset: int) -> str:
    return (START + timedelta(days=offset)).isoformat()


def event(kind: str, on: str, **more: Any) -> Event:
    return {"event": kind, "date": on, **more}


def line(name: str, amount: Any, start: str | None = None, end: str | None = None, **more: Any) -> dict[str, Any]:
    service = {} if start is None else {"service": {"start": start, "end": end}}
    return {"id": name, "amount": money(amount), **service, **more}


def numbered(events: Iterable[Event]) -> list[Event]:
    return [{"id": f"e{index}", **each} for index, each in enumerate(events)]


def post(events: Iterable[Event], book: Prepared | None = None, **facts: Any) -> dict[str, Any]:
    return (book or journal("standard_ledger")).calculate({"events": numbered(events), **facts})


def books(result: Mapping[str, Any]) -> dict[str, Decimal]:
    """Balances by role, in the role's natural direction."""
    return {each["role"]: each["balance"].amount for each in result["balances"]}


def signed(entries: Iterable[Mapping[str, Any]], amount: str = "functional") -> dict[str, Decimal]:
    """Debits less credits by role, added up from the entries themselves."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for each in entry["lines"]:
            found[each["role"]] += each[amount].amount if each["side"] == "debit" else -each[amount].amount
    return {role: value for role, value in found.items() if value}


def posted(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries as facts about what is posted already."""
    return [{"key": entry["key"], "lines": [dict(each) for each in entry["lines"]]} for entry in entries]


# ----------------------------------------------------------------------------- drawn at random


def cents(low: int = 1, high: int = 300_00) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(lambda value: f"{Decimal(value) / 100:.2f}")


@st.composite
def invoice_lines(draw: st.DrawFn, booked: int, name: str) -> list[dict[str, Any]]:
    lines = []
    for index in range(draw(st.integers(1, 3))):
        length = draw(st.sampled_from([0, 7, 31, 90, 130]))
        start = booked + draw(st.integers(-20, 20))
        tax = draw(st.sampled_from([{}, {"tax_rate": "0.19"}, {"tax": money("1.23")}]))
        kind = draw(st.sampled_from(["revenue", "revenue", "revenue", "passthrough", "prepaid"]))
        dates = (day(start), day(start + length)) if length and kind == "revenue" else (None, None)
        contract = draw(st.sampled_from(["C1", "C2"]))
        lines.append(line(f"{name}{index}", draw(cents(100)), *dates, kind=kind, contract=contract, **tax))
    return lines


_WHEN_OPEN = (
    "payment.succeeded", "payment.succeeded", "credit.issued", "invoice.voided", "invoice.uncollectible",
    "customer_balance.applied", "payment.succeeded",
)  # fmt: skip
_WHEN_PAID = ("refund.succeeded", "dispute.opened", "credit.issued", "payment.unapplied", "credit.issued")
_WHEN = {
    "open": _WHEN_OPEN, "paid": _WHEN_PAID, "disputed": ("dispute.won", "dispute.lost", "invoice.uncollectible"),
    "uncollectible": ("payment.succeeded", "invoice.voided", "dispute.opened"), "lost": ("refund.succeeded",),
    "void": ("payment.succeeded",),
}  # fmt: skip
_WITHOUT_AMOUNT = ("invoice.voided", "invoice.uncollectible", "dispute.won", "dispute.lost", "credit.voided")


@st.composite
def histories(draw: st.DrawFn, book: Prepared, more: int = 5) -> list[Event]:
    """Invoices and whatever may happen to them: what the journal refuses is left out of the history."""
    events: list[Event] = []
    names = [f"INV{index}" for index in range(draw(st.integers(1, 2)))]
    now = 0
    for name in names:
        now += draw(st.integers(0, 20))
        lines = draw(invoice_lines(now, name))
        events.append(event("invoice.finalized", day(now), invoice=name, lines=lines))
    state = post(events, book, through=day(now))
    for _ in range(draw(st.integers(1, more))):
        now += draw(st.integers(0, 40))
        given = draw(_next(state, events, day(now)))
        try:
            state = post([*events, given], book, through=day(now))
        except Failure:
            continue
        events.append(given)
    return events


@st.composite
def _next(draw: st.DrawFn, state: Mapping[str, Any], events: list[Event], on: str) -> Event:
    """An event that the state of some invoice allows, for all of it or a part."""
    credits = [f"e{index}" for index, each in enumerate(events) if each["event"] == "credit.issued"]
    if credits and draw(st.booleans()):
        return event("credit.voided", on, credit=draw(st.sampled_from(credits)))
    invoice = draw(st.sampled_from(state["invoices"]))
    kind = draw(st.sampled_from(_WHEN[invoice["status"]]))
    given = event(kind, on, invoice=invoice["id"], via="clearing")
    if kind in _WITHOUT_AMOUNT:
        return given
    whole = max(invoice["open"].amount, invoice["paid"].amount, Decimal(1))
    part = draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.1"), Decimal("1.1")]))
    return given | {"amount": money((whole * part).quantize(Decimal("0.01")))}
