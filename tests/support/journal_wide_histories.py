"""Histories of every kind of event that both styles of posting take, drawn at random, in one or in two currencies."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from journal_histories import Event, cents, day, event, line, money, post

from engine.base.errors import Failure
from engine.finance.prepared import Prepared

#: Kinds that say something about an invoice, and those that stand alone.
OF_AN_INVOICE = (
    "payment.succeeded", "payment.succeeded", "payment.applied", "payment.unapplied", "credit.issued",
    "credit.issued", "refund.succeeded", "invoice.voided", "invoice.uncollectible", "dispute.opened", "dispute.won",
    "dispute.lost", "invoice.excluded", "customer_balance.applied",
)  # fmt: skip
ALONE = (
    "usage.recorded", "usage.recorded", "invoice.finalized", "invoice.finalized", "service.agreed",
    "subscription.changed", "payout.paid", "customer_balance.granted", "payment.succeeded",
)  # fmt: skip
OF_A_CREDIT = ("credit.voided", "refund.succeeded")
KINDS = frozenset((*OF_AN_INVOICE, *ALONE, *OF_A_CREDIT))
RATES = ("1.0837", "0.91", "1.25")
_WITHOUT_AMOUNT = frozenset(
    {"invoice.voided", "invoice.uncollectible", "dispute.won", "dispute.lost", "invoice.excluded", "credit.voided"}
)
_CONTRACTS = st.sampled_from(["C1", "C2", ""])
_OF = {"calls": st.sampled_from(["C1", ""]), "storage": _CONTRACTS}


@st.composite
def wide_histories(draw: st.DrawFn, book: Prepared, foreign: bool, more: int = 9) -> list[Event]:
    """What may happen to a customer; what the journal refuses is left out of the history."""
    events: list[Event] = []
    facts = {"functional_currency": "USD"} if foreign else {}
    now = 0
    state: Mapping[str, Any] = {"invoices": []}
    for index in range(draw(st.integers(3, more))):
        now += draw(st.integers(0, 25))
        given = draw(_one(state, events, now, f"n{index}"))
        if foreign:
            given["rate"] = draw(st.sampled_from(RATES))
        try:
            state = post([*events, given], book, through=day(now), **facts)
        except Failure:
            continue
        events.append(given)
    if not events:
        events.append(event("customer_balance.granted", day(0), amount=money("1.00"), rate="1.25"))
    return events


@st.composite
def _one(draw: st.DrawFn, state: Mapping[str, Any], events: list[Event], now: int, name: str) -> Event:
    credits = [f"e{index}" for index, each in enumerate(events) if each["event"] == "credit.issued"]
    if credits and draw(st.integers(0, 3)) == 0:
        of = event(draw(st.sampled_from(OF_A_CREDIT)), day(now), credit=draw(st.sampled_from(credits)))
        return of if of["event"] == "credit.voided" else of | {"amount": money(draw(cents(1, 50_00))), "via": "cash"}
    if state["invoices"] and draw(st.booleans()):
        invoice = draw(st.sampled_from(state["invoices"]))
        given = event(draw(st.sampled_from(OF_AN_INVOICE)), day(now), invoice=invoice["id"], via="clearing")
        if given["event"] in _WITHOUT_AMOUNT:
            return given
        whole = max(invoice["open"].amount, invoice["paid"].amount, Decimal(1))
        part = draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("-0.1"), Decimal("1.1")]))
        if given["event"] == "credit.issued" and draw(st.booleans()):
            given["to"] = {"refund": money((whole * part / 2).quantize(Decimal("0.01")))}
        return given | {"amount": money((whole * part).quantize(Decimal("0.01")))}
    kind = draw(st.sampled_from(ALONE))
    return event(kind, day(now), **draw(_alone(kind, events, now, name)))


@st.composite
def _alone(draw: st.DrawFn, kind: str, events: list[Event], now: int, name: str) -> dict[str, Any]:
    match kind:
        case "usage.recorded":
            meter = draw(st.sampled_from(["calls", "storage"]))
            how = {"calls": "sum", "storage": "max"}[meter]
            contract = {"calls": {"contract": "C1"}, "storage": {}}[meter]
            return {"meter": meter, "aggregation": how, **contract, "amount": money(draw(cents(0, 90_00)))}
        case "invoice.finalized":
            return {"invoice": f"INV-{name}", "lines": draw(_lines(events, now, name))}
        case "service.agreed":
            dates = (day(now + draw(st.integers(-10, 10))), day(now + draw(st.integers(20, 70))))
            return {"lines": [line(f"{name}-agreed", draw(cents(100)), *dates, contract=draw(_CONTRACTS))]}
        case "subscription.changed":
            change = {"old": money(draw(cents(100))), "new": money(draw(cents(100))), "start": day(now - 5),
                      "end": day(now + 40), "old_line": f"{name}-old", "new_line": f"{name}-new"}  # fmt: skip
            return {"change": change}
        case "payment.succeeded":
            return {"amount": money(draw(cents())), "via": "clearing", "fee": money(draw(cents(0, 90)))}
        case _:
            return {"amount": money(draw(cents(1, 40_00)))}


@st.composite
def _lines(draw: st.DrawFn, events: list[Event], now: int, name: str) -> list[dict[str, Any]]:
    """Lines of service, of usage (at what was estimated, more or less) and of what waits to be billed."""
    found = []
    for each in events:
        if each["event"] == "service.agreed" and draw(st.booleans()):
            agreed = each["lines"][0]
            found.append(line(agreed["id"], agreed["amount"]["amount"], unbilled=agreed["id"]))
    meters = sorted({each["meter"] for each in events if each["event"] == "usage.recorded"})
    for meter in meters:
        if draw(st.booleans()):
            dates = (day(now - 31), day(now)) if draw(st.booleans()) else (None, None)
            found.append(
                line(f"{name}-{meter}", draw(cents(0, 120_00)), *dates, meter=meter, contract=draw(_OF[meter]))
            )
    for index in range(draw(st.integers(0 if found else 1, 2))):
        start = now + draw(st.integers(-15, 15))
        length = draw(st.sampled_from([0, 31, 90]))
        kind = draw(st.sampled_from(["revenue", "revenue", "revenue", "passthrough", "prepaid"]))
        dates = (day(start), day(start + length)) if length and kind == "revenue" else (None, None)
        tax = draw(st.sampled_from([{}, {"tax_rate": "0.19"}]))
        amount = draw(st.sampled_from(["", "", "", "-"])) + draw(cents(100))
        found.append(line(f"{name}-{index}", amount, *dates, kind=kind, contract=draw(_CONTRACTS), **tax))
    return found
