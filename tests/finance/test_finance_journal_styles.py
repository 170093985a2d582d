"""Both styles of posting close alike: worked figures of metered usage, and any history of any kind of event."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_histories import books, event, journal, line, money, numbered, post, signed
from journal_wide_histories import KINDS, wide_histories

from engine.base.errors import Failure
from engine.finance.journal.vocabulary import KINDS as KNOWN

BY_LINE = journal("standard_ledger")
GROSS = journal("standard_ledger", ("unbilled: by_line", "unbilled: in_deferred"))
NET = journal("net_position")
STRIPE = journal("stripe_ledger")
ENDS = [date(2026, month, 1) - timedelta(days=1) for month in range(2, 13)]


def declared(book: Any) -> set[str]:
    return {template.on for template in book.document.templates}


def excused(book: Any) -> set[str]:
    return {nothing.on for nothing in book.document.without_posting}


def test_both_styles_post_the_same_kinds_and_the_histories_below_have_all_of_them() -> None:
    assert declared(GROSS) - declared(NET) == {"revenue.recognised"}
    assert declared(NET) - declared(GROSS) == set()
    assert excused(NET) - excused(GROSS) == {"revenue.recognised"}
    assert excused(GROSS) == {"credits.granted", "credits.drawn", "credits.expired"}
    made_here = {name for name, kind in KNOWN.items() if kind.generated}
    assert set(KNOWN) - made_here - excused(GROSS) == KINDS


@settings(max_examples=60)
@given(st.data(), st.booleans())
def test_any_history_closes_every_month_alike(data: st.DataObject, foreign: bool) -> None:
    events = data.draw(wide_histories(GROSS, foreign))
    facts = {"through": "2027-06-30"} | ({"functional_currency": "USD"} if foreign else {})
    gross, net = (post(events, book, **facts)["entries"] for book in (GROSS, NET))
    for layer in ("amount", "functional"):
        for end in (*ENDS, date(2027, 6, 30)):
            by = [[entry for entry in entries if entry["date"] <= end] for entries in (gross, net)]
            assert signed(by[0], layer) == signed(by[1], layer), (layer, end)


def history(billed: str, day: str = "2026-02-01", **more: Any) -> list[dict[str, Any]]:
    """4,000 calls at 0.01 in January, 40.00, which are billed at another amount."""
    return [
        event("usage.recorded", "2026-01-31", meter="calls", quantity="4000", unit_price=money("0.01")),
        event("invoice.finalized", day, invoice="A", lines=[line("calls", billed, meter="calls", **more)]),
    ]


def by_month(result: dict[str, Any], role: str) -> dict[str, Decimal]:
    return {each["period"]: each["change"].amount for each in result["balance_changes"] if each["role"] == role}


@pytest.mark.parametrize("book", [BY_LINE, GROSS, NET, STRIPE], ids=["by_line", "gross", "net", "stripe"])
@pytest.mark.parametrize("dated", [False, True], ids=["no_dates", "service_dates"])
@pytest.mark.parametrize(
    ("billed", "trued_up"), [("42.00", "2.00"), ("37.50", "-2.50"), ("40.00", None)], ids=["more", "less", "same"]
)
def test_usage_that_was_earned_is_trued_up_when_it_is_billed(
    book: Any, dated: bool, billed: str, trued_up: str | None
) -> None:
    """January earns 4,000 x 0.01 = 40.00; February earns the rest of what is billed, and nothing stays unbilled."""
    service = {"service": {"start": "2026-01-01", "end": "2026-02-01"}} if dated else {}
    result = post(history(billed, **service), book)
    assert books(result) == {"receivable": Decimal(billed), "revenue": Decimal(billed)}
    expected = {"2026-01": Decimal("40.00")}
    if trued_up is not None:
        expected["2026-02"] = Decimal(trued_up)
    assert by_month(result, "revenue") == expected


@pytest.mark.parametrize("book", [GROSS, NET], ids=["gross", "net"])
def test_usage_that_is_earned_is_a_contract_asset_until_it_is_billed(book: Any) -> None:
    result = post(history("42.00", "2026-03-05"), book)
    assert by_month(result, "contract_asset")["2026-01"] == Decimal("40.00")
    assert sum(by_month(result, "contract_asset").values()) == 0
    assert by_month(result, "deferred_revenue") == {}


@pytest.mark.parametrize("book", [GROSS, NET], ids=["gross", "net"])
def test_usage_of_a_contract_is_netted_with_what_is_billed_of_it_and_with_no_other(book: Any) -> None:
    """C1 has 60.00 deferred at the end of January (90.00 less 30/90 days), so its 40.00 of usage make the liability
    20.00; the 5.00 of C2 stay an asset."""
    plan = line("plan", "90.00", "2026-01-02", "2026-04-02", contract="C1")
    events = [
        event("invoice.finalized", "2026-01-02", invoice="A", lines=[plan]),
        event("usage.recorded", "2026-01-10", meter="calls", contract="C1", amount=money("40.00")),
        event("usage.recorded", "2026-01-11", meter="disk", contract="C2", amount=money("5.00")),
    ]
    at_end = books(post(events, book, through="2026-01-31"))
    assert at_end == {
        "receivable": Decimal("90.00"), "revenue": Decimal("75.00"), "deferred_revenue": Decimal("20.00"),
        "contract_asset": Decimal("5.00"),
    }  # fmt: skip


def test_readings_of_a_meter_name_one_contract_until_they_are_billed() -> None:
    events = [
        event("usage.recorded", "2026-01-10", meter="calls", contract="C1", amount=money("40.00")),
        event("usage.recorded", "2026-01-11", meter="calls", contract="C2", amount=money("5.00")),
    ]
    with pytest.raises(Failure, match="meter calls was read for contract C1"):
        post(events)
    billed = event("invoice.finalized", "2026-01-10", invoice="A", lines=[line("calls", "40.00", meter="calls")])
    assert books(post([events[0], billed, events[1]])) == {
        "receivable": Decimal("40.00"), "unbilled_receivable": Decimal("5.00"), "revenue": Decimal("45.00")
    }  # fmt: skip


def test_a_line_bills_usage_of_its_own_contract() -> None:
    """A line that names no contract is of the usage's; one that names another is refused."""
    used = event("usage.recorded", "2026-01-10", meter="calls", contract="C1", amount=money("40.00"))
    plain = line("calls", "42.00", meter="calls")
    result = post([used, event("invoice.finalized", "2026-02-01", invoice="A", lines=[plain])])
    assert {entry["contract"] for entry in result["entries"]} == {"C1"}
    other = event("invoice.finalized", "2026-02-01", invoice="A", lines=[plain | {"contract": "C2"}])
    with pytest.raises(Failure, match="line calls is of contract C2 and bills usage of contract C1"):
        post([used, other])


def test_usage_of_the_next_cycle_has_the_rate_of_its_own_month() -> None:
    """40.00 at 1.10 is 44.00, then 10.00 at 1.20 is 12.00: earned at the rate of use, and billed at it."""
    events = [
        event("usage.recorded", "2026-01-10", meter="calls", amount=money("40.00"), rate="1.10"),
        event("invoice.finalized", "2026-02-01", invoice="A", rate="1.15", lines=[line("c", "40.00", meter="calls")]),
        event("usage.recorded", "2026-02-10", meter="calls", amount=money("10.00"), rate="1.20"),
    ]  # fmt: skip
    for book in (BY_LINE, GROSS, NET):
        result = post(events, book, functional_currency="USD")
        assert by_month(result, "revenue") == {"2026-01": Decimal("44.00"), "2026-02": Decimal("12.00")}


@pytest.mark.parametrize("kind", ["invoice.voided", "invoice.uncollectible", "credit.issued"])
def test_usage_that_is_taken_back_was_earned(kind: str) -> None:
    """42.00 were earned by use: none of them is deferred, whatever takes the invoice back."""
    amount = {"amount": money("42.00")} if kind == "credit.issued" else {}
    contra = {"invoice.voided": "voids", "invoice.uncollectible": "bad_debt", "credit.issued": "credit_notes"}[kind]
    for book in (BY_LINE, GROSS, NET):
        result = post([*history("42.00"), event(kind, "2026-02-10", invoice="A", **amount)], book)
        assert books(result) == {"revenue": Decimal("42.00"), contra: Decimal("42.00")}


def test_events_told_twice_close_alike_too() -> None:
    events = numbered(history("42.00"))
    for book in (GROSS, NET):
        assert books(book.calculate({"events": [*events, *events]})) == books(book.calculate({"events": events}))
