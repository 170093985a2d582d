"""Disputes that are won after they were lost, opened again, and credits that are voided twice."""

from __future__ import annotations

from typing import Any

import pytest
from journal_histories import books, event, journal, line, money, post

from engine.base.errors import Failure
from engine.finance.prepared import Prepared

#: 90.00 for the 90 days of a first quarter, paid at once.
PAID = [
    event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")]),
    event("payment.succeeded", "2026-01-01", invoice="A", amount=money("90.00")),
]
OPENED = event("dispute.opened", "2026-02-01", invoice="A")
LOST = event("dispute.lost", "2026-02-20", invoice="A")
HOLD, AT_ONCE = "hold", "contra_at_once"
REINSTATE, GAIN = "reinstate", "gain"
#: What the shipped journals say of disputes.
SHIPPED = {"standard_ledger": (HOLD, REINSTATE), "stripe_ledger": (AT_ONCE, GAIN)}


def ledger(name: str, held: str, back: str) -> Prepared:
    """A shipped journal with these policies of disputes."""
    before = SHIPPED[name]
    return journal(
        name,
        (f"  dispute: {before[0]}", f"  dispute: {held}"),
        (f"  dispute_won: {before[1]}", f"  dispute_won: {back}"),
    )


def won(on: str) -> dict[str, Any]:
    return event("dispute.won", on, invoice="A")


@pytest.mark.parametrize("held", [HOLD, AT_ONCE])
def test_a_loss_that_is_overturned_is_as_if_it_had_not_been(held: str) -> None:
    book = ledger("standard_ledger", held, REINSTATE)
    (state,) = post([*PAID, OPENED, LOST], book)["invoices"]
    assert state["status"] == "lost"
    result = post([*PAID, OPENED, LOST, won("2026-03-10")], book)
    assert books(result) == {"cash": 90, "revenue": 90}
    assert [each["status"] for each in result["invoices"]] == ["paid"]


@pytest.mark.parametrize("name", ["standard_ledger", "stripe_ledger"])
def test_a_loss_that_is_overturned_may_be_a_gain(name: str) -> None:
    found = books(post([*PAID, OPENED, LOST, won("2026-05-10")], ledger(name, AT_ONCE, GAIN)))
    gain = "recoveries" if name == "standard_ledger" else "recoverables"
    assert found == {"cash": 90, "revenue": 31, "disputes": 31, gain: 90}  # 31 of 90 days before it was opened


def test_the_open_dispute_is_won_before_the_lost_one() -> None:
    book = ledger("standard_ledger", AT_ONCE, REINSTATE)
    halves = [event("dispute.opened", "2026-02-01", invoice="A", amount=money("45.00")), LOST,
              event("dispute.opened", "2026-03-01", invoice="A", amount=money("45.00"))]  # fmt: skip
    once = books(post([*PAID, *halves, won("2026-05-01")], book))
    assert once["cash"] == 45
    assert books(post([*PAID, *halves, won("2026-05-01"), won("2026-05-02")], book)) == {"cash": 90, "revenue": 90}


def test_nothing_is_won_twice() -> None:
    for held in (HOLD, AT_ONCE):
        for kept in (REINSTATE, GAIN):
            with pytest.raises(Failure, match="invoice A is not disputed"):
                post([*PAID, OPENED, LOST, won("2026-03-10"), won("2026-03-11")],
                     ledger("standard_ledger", held, kept))  # fmt: skip


def test_a_credit_is_voided_once() -> None:
    history = [
        PAID[0], event("credit.issued", "2026-02-01", invoice="A", credit="C", amount=money("30.00")),
        event("credit.voided", "2026-02-10", credit="C"),
    ]  # fmt: skip
    assert books(post(history, journal("standard_ledger"))) == {"receivable": 90, "revenue": 90}
    with pytest.raises(Failure, match="credit C was voided before; leave the second event out"):
        post([*history, event("credit.voided", "2026-02-11", credit="C")], journal("standard_ledger"))
