"""Journals: worked cases with figures, under the contra policy and under the general one."""

from __future__ import annotations

from typing import Any

import pytest
from journal_histories import Event, books, event, journal, line, money, post

QUARTER = line("plan", "90.00", "2019-01-01", "2019-04-01")
MONTH = line("plan", "31.00", "2019-01-15", "2019-02-15")
STRIPE = journal("stripe_ledger")


def invoiced(*lines: dict[str, Any], on: str = "2019-01-01") -> Event:
    return event("invoice.finalized", on, invoice="A", lines=list(lines))


def paid(on: str, amount: str, **more: Any) -> Event:
    return event("payment.succeeded", on, invoice="A", amount=money(amount), **more)


def happened(kind: str, on: str, amount: str | None = None, **more: Any) -> Event:
    given = {} if amount is None else {"amount": money(amount)}
    return event(kind, on, invoice="A", **given, **more)


def changes(result: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By period and role, as text."""
    found: dict[str, dict[str, str]] = {}
    for each in result["balance_changes"]:
        found.setdefault(each["period"], {})[each["role"]] = str(each["change"].amount)
    return found


JANUARY = {"receivable": "90.00", "deferred_revenue": "59.00", "revenue": "31.00"}
JANUARY_PAID = {"cash": "90.00", "deferred_revenue": "59.00", "revenue": "31.00"}


@pytest.mark.parametrize(
    ("events", "after_january"),
    [
        (
            [invoiced(QUARTER), happened("invoice.voided", "2019-02-01")],
            {"2019-01": JANUARY, "2019-02": {"receivable": "-90.00", "deferred_revenue": "-59.00", "voids": "31.00"}},
        ),
        (
            [invoiced(QUARTER), happened("invoice.uncollectible", "2019-02-01"), paid("2019-04-01", "90.00")],
            {
                "2019-01": JANUARY,
                "2019-02": {"receivable": "-90.00", "deferred_revenue": "-59.00", "bad_debt": "31.00"},
                "2019-04": {"bad_debt": "-31.00", "cash": "90.00", "recoverables": "59.00"},
            },
        ),
        (
            [
                invoiced(QUARTER), happened("invoice.uncollectible", "2019-02-01"),
                happened("invoice.voided", "2019-04-01"),
            ],
            {
                "2019-01": JANUARY,
                "2019-02": {"receivable": "-90.00", "deferred_revenue": "-59.00", "bad_debt": "31.00"},
                "2019-04": {"bad_debt": "-31.00", "voids": "31.00"},
            },
        ),
        (
            [invoiced(QUARTER), paid("2019-01-01", "90.00"), happened("refund.succeeded", "2019-02-01", "90.00")],
            {"2019-01": JANUARY_PAID, "2019-02": {"cash": "-90.00", "deferred_revenue": "-59.00", "refunds": "31.00"}},
        ),
        (
            [
                invoiced(QUARTER), paid("2019-01-01", "90.00"), happened("dispute.opened", "2019-02-01"),
                happened("dispute.won", "2019-03-01"),
            ],
            {
                "2019-01": JANUARY_PAID,
                "2019-02": {"cash": "-90.00", "deferred_revenue": "-59.00", "disputes": "31.00"},
                "2019-03": {"cash": "90.00", "recoverables": "90.00"},
            },
        ),
        (
            [
                invoiced(QUARTER), paid("2019-01-01", "90.00"), happened("dispute.opened", "2019-02-01"),
                happened("invoice.uncollectible", "2019-03-01"), happened("dispute.won", "2019-04-01"),
            ],
            {
                "2019-01": JANUARY_PAID,
                "2019-02": {"cash": "-90.00", "deferred_revenue": "-59.00", "disputes": "31.00"},
                "2019-03": {"bad_debt": "31.00", "disputes": "-31.00"},
                "2019-04": {"bad_debt": "-31.00", "cash": "90.00", "recoverables": "59.00"},
            },
        ),
        (
            [invoiced(MONTH, on="2019-01-15"), happened("customer_balance.applied", "2019-01-15", "11.00"),
             paid("2019-02-09", "20.00")],
            {
                "2019-01": {
                    "customer_balance": "-11.00", "receivable": "20.00", "deferred_revenue": "14.00",
                    "revenue": "17.00",
                },
                "2019-02": {
                    "cash": "20.00", "receivable": "-20.00", "deferred_revenue": "-14.00", "revenue": "14.00",
                },
            },
        ),
        (
            [invoiced(MONTH, on="2019-01-15"), happened("customer_balance.applied", "2019-01-15", "10.00"),
             happened("invoice.uncollectible", "2019-02-01")],
            {
                "2019-01": {
                    "customer_balance": "-10.00", "receivable": "21.00", "deferred_revenue": "14.00",
                    "revenue": "17.00",
                },
                "2019-02": {
                    "receivable": "-21.00", "deferred_revenue": "-14.00", "bad_debt": "11.52", "recoverables": "4.52",
                },
            },
        ),
        (
            [invoiced(MONTH, on="2019-01-15"), happened("customer_balance.applied", "2019-01-15", "-10.00"),
             happened("invoice.uncollectible", "2019-02-15")],
            {
                "2019-01": {
                    "customer_balance": "10.00", "receivable": "41.00", "deferred_revenue": "14.00",
                    "revenue": "17.00",
                },
                "2019-02": {
                    "receivable": "-41.00", "deferred_revenue": "-14.00", "bad_debt": "17.00", "recoverables": "-10.00",
                },
            },
        ),
    ],
)  # fmt: skip
def test_the_contra_policy_gives_the_published_figures(
    events: list[Event], after_january: dict[str, dict[str, str]]
) -> None:
    assert changes(post(events, STRIPE)) == after_january


def test_a_credit_before_payment_lowers_the_price_from_the_start() -> None:
    plan = line("plan", "120.00", "2019-01-01", "2019-04-01")
    events = [invoiced(plan), happened("credit.issued", "2019-01-01", "30.00"), paid("2019-02-10", "90.00")]
    assert changes(post(events, STRIPE)) == {
        "2019-01": {"receivable": "90.00", "revenue": "31.00", "deferred_revenue": "59.00"},
        "2019-02": {"receivable": "-90.00", "cash": "90.00", "revenue": "28.00", "deferred_revenue": "-28.00"},
        "2019-03": {"revenue": "31.00", "deferred_revenue": "-31.00"},
    }


def test_a_credit_after_payment_goes_where_it_says() -> None:
    to = {"refund": money("15.00"), "customer_balance": money("10.00"), "external": money("20.00")}
    events = [
        invoiced(QUARTER), paid("2019-01-01", "90.00"), happened("credit.issued", "2019-02-01", "45.00", to=to)
    ]  # fmt: skip
    found = changes(post(events, STRIPE))
    assert found["2019-02"] == {
        "cash": "-15.00", "customer_balance": "10.00", "external_customer_balance": "20.00", "refunds": "5.17",
        "credit_notes": "10.33", "deferred_revenue": "-43.50", "revenue": "14.00",
    }  # fmt: skip
    assert found["2019-03"] == {"deferred_revenue": "-15.50", "revenue": "15.50"}


def test_revenue_missed_while_a_credit_stood_is_caught_up_when_it_is_voided() -> None:
    events = [
        invoiced(QUARTER), happened("credit.issued", "2019-02-01", "45.00", credit="CN"),
        event("credit.voided", "2019-03-01", credit="CN"),
    ]  # fmt: skip
    assert changes(post(events, STRIPE))["2019-03"] == {
        "receivable": "45.00", "credit_notes": "-15.50", "deferred_revenue": "-15.50", "revenue": "45.00",
    }  # fmt: skip


def lines_of(result: dict[str, Any], template: str) -> dict[str, str]:
    """The lines of the entries of one template, debits above zero."""
    found: dict[str, str] = {}
    for entry in result["entries"]:
        if entry["template"] == template:
            for each in entry["lines"]:
                amount = each["amount"].amount
                found[each["role"]] = str(amount if each["side"] == "debit" else -amount)
    return found


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("proportional", {"credit_notes": "20.67", "deferred_revenue": "39.33", "receivable": "-60.00"}),
        ("deferred_first", {"credit_notes": "1.00", "deferred_revenue": "59.00", "receivable": "-60.00"}),
        ("earned_first", {"credit_notes": "31.00", "deferred_revenue": "29.00", "receivable": "-60.00"}),
        # the credit is for 12 January to 11 March: 20 of its 59 days lie before 1 February
        ("by_dates", {"credit_notes": "20.34", "deferred_revenue": "39.66", "receivable": "-60.00"}),
    ],
)
def test_a_policy_decides_how_a_credit_divides(split: str, expected: dict[str, str]) -> None:
    book = journal("standard_ledger", ("credit_split: proportional", f"credit_split: {split}"))
    credit = line("plan", "60.00", "2019-01-12", "2019-03-12")
    events = [invoiced(QUARTER), event("credit.issued", "2019-02-01", invoice="A", lines=[credit])]
    assert lines_of(post(events, book), "credit_line") == expected


def test_a_credit_by_lines_takes_back_the_tax_of_its_line() -> None:
    events = [
        invoiced({**QUARTER, "tax": money("17.10")}, line("setup", "50.00", tax=money("9.50"))),
        event("credit.issued", "2019-02-01", invoice="A", lines=[line("setup", "20.00", tax=money("3.80"))]),
    ]
    credited = {"credit_notes": "20.00", "tax_payable": "3.80", "receivable": "-23.80"}
    assert lines_of(post(events), "credit_line") == credited


def test_without_lines_a_credit_takes_of_every_line_and_of_its_tax_in_proportion() -> None:
    events = [
        invoiced({**QUARTER, "tax": money("18.00")}, line("setup", "10.00", tax=money("2.00"))),
        happened("credit.issued", "2019-04-01", "60.00"),
    ]
    entries = [entry for entry in post(events)["entries"] if entry["template"] == "credit_line"]
    found = [[(each["role"], str(each["amount"].amount)) for each in entry["lines"]] for entry in entries]
    assert found == [
        [("credit_notes", "45.00"), ("tax_payable", "9.00"), ("receivable", "54.00")],
        [("credit_notes", "5.00"), ("tax_payable", "1.00"), ("receivable", "6.00")],
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"tax_rate": "0.10", "tax_included": True}, {"revenue": "-28.18", "tax_payable": "-2.82"}),
        ({"tax_rate": "0.10"}, {"revenue": "-31.00", "tax_payable": "-3.10"}),
        ({"tax": money("3.10"), "tax_included": True}, {"revenue": "-27.90", "tax_payable": "-3.10"}),
        ({"passthrough": money("3.10")}, {"revenue": "-27.90", "passthrough_payable": "-3.10"}),
        ({"kind": "passthrough"}, {"passthrough_payable": "-31.00"}),
        ({"kind": "prepaid", "tax_rate": "0.1"}, {"prepaid_credit_liability": "-31.00", "tax_payable": "-3.10"}),
    ],
)
def test_tax_and_money_for_others_are_never_revenue(given: dict[str, Any], expected: dict[str, str]) -> None:
    found = lines_of(post([invoiced(line("fee", "31.00", **given))]), "invoice_line")
    assert {role: amount for role, amount in found.items() if role != "receivable"} == expected


@pytest.mark.parametrize(
    ("aggregation", "readings", "billed", "months"),
    [
        ("sum", [("2019-01-25", "17"), ("2019-02-04", "15")], "32.00", ("17.00", "15.00")),
        ("max", [("2019-01-25", "17"), ("2019-02-04", "15")], "17.00", ("17.00", None)),
        ("last_during_period", [("2019-01-25", "17"), ("2019-01-27", "10"), ("2019-02-04", "15")], "15.00",
         ("10.00", "5.00")),
        ("last_during_period", [("2019-01-25", "17"), ("2019-02-04", "5")], "5.00", ("17.00", "-12.00")),
        ("last_ever", [], "17.00", (None, "17.00")),
    ],
)  # fmt: skip
def test_usage_is_earned_when_it_is_used_and_trued_up_when_it_is_billed(
    aggregation: str, readings: list[tuple[str, str]], billed: str, months: tuple[str | None, str | None]
) -> None:
    events = [
        event("usage.recorded", on, meter="m", aggregation=aggregation, quantity=units, unit_price=money("1.00"))
        for on, units in readings
    ]
    invoice = event("invoice.finalized", "2019-02-14", invoice="A", lines=[line("usage", billed, meter="m")])
    found = changes(post([*events, invoice]))
    assert (found.get("2019-01", {}).get("revenue"), found["2019-02"].get("revenue")) == months
    at_end = books(post([*events, invoice]))
    assert str(at_end["receivable"]) == billed and "unbilled_receivable" not in at_end


def test_usage_is_rounded_once_for_a_month_not_for_every_record() -> None:
    price = money("0.004")
    events = [
        event("usage.recorded", f"2019-01-{day:02}", meter="m", quantity="1", unit_price=price) for day in range(1, 11)
    ]
    assert str(books(post(events))["revenue"]) == "0.04"


UPGRADE = {
    "old": money("90.00"), "new": money("120.00"), "start": "2022-04-01", "end": "2022-05-01",
}  # fmt: skip


@pytest.mark.parametrize(("billed", "unbilled"), [("2022-04-21", None), ("2022-05-01", "10.00")])
def test_a_change_of_price_is_earned_in_its_cycle_whenever_it_is_billed(billed: str, unbilled: str | None) -> None:
    cycle = line("cycle", "90.00", "2022-04-01", "2022-05-01")
    rest = [line("old", "-30.00", unbilled="unused_old"), line("new", "40.00", unbilled="remaining_new")]
    events = [
        event("invoice.finalized", "2022-04-01", invoice="A", lines=[cycle]),
        event("subscription.changed", "2022-04-21", change=UPGRADE),
        event("invoice.finalized", billed, invoice="B", lines=rest),
    ]
    result = post(events)
    april = changes(result)["2022-04"]
    assert april["revenue"] == "100.00" and april.get("unbilled_receivable") == unbilled
    assert {str(each["line"]): str(each["amount"].amount) for each in result["prorations"]} == {
        "unused_old": "-30.00", "remaining_new": "40.00",
    }  # fmt: skip
    assert books(result)["receivable"] == 100


def test_fewer_units_give_one_line_back() -> None:
    change = {
        "old": money("1200.00"), "start": "2026-01-01", "end": "2027-01-01", "quantity": "10", "new_quantity": "6",
    }  # fmt: skip
    (row,) = post([event("subscription.changed", "2026-04-01", change=change)])["prorations"]
    assert (str(row["amount"].amount), row["days"], row["of_days"]) == ("-361.64", 275, 365)


def test_a_dispute_is_held_until_it_is_decided_and_its_fee_is_an_expense() -> None:
    start = [invoiced(QUARTER), paid("2019-01-01", "90.00", via="clearing")]
    opened = happened("dispute.opened", "2019-02-01", fee=money("15.00"), via="clearing")
    held = books(post([*start, opened], through="2019-02-01"))
    assert (str(held["dispute_receivable"]), str(held["clearing"]), str(held["fees"])) == ("90.00", "-15.00", "15.00")
    assert str(held["deferred_revenue"]) == "58.00"  # the schedule goes on
    lost = post([*start, opened, happened("dispute.lost", "2019-03-01")])
    assert lines_of(lost, "dispute_lost_line") == {
        "disputes": "59.00", "deferred_revenue": "31.00", "dispute_receivable": "-90.00",
    }  # fmt: skip
    won = books(post([*start, opened, happened("dispute.won", "2019-03-01", fee=money("15.00"), via="clearing")]))
    assert won == {"clearing": 90, "revenue": 90}


@pytest.mark.parametrize("given_back", [False, True])
def test_the_tax_of_bad_debt_is_lost_unless_the_law_gives_it_back(given_back: bool) -> None:
    switch = ("tax_written_off: false", f"tax_written_off: {str(given_back).lower()}")
    book = journal("standard_ledger", switch)
    events = [
        invoiced({**QUARTER, "tax": money("9.00")}), happened("invoice.uncollectible", "2019-02-01"),
        paid("2019-03-01", "99.00"),
    ]  # fmt: skip
    written = lines_of(post(events, book), "uncollectible_line")
    assert written["bad_debt"] == ("31.00" if given_back else "9.00")  # the last line of the role
    at_end = books(post(events, book))
    assert at_end == {"cash": 99, "recoveries": 59, "revenue": 31, "tax_payable": 9}


def test_a_refund_of_a_credit_settles_what_was_payable_and_goodwill_is_contra() -> None:
    to = {"refund": money("30.00")}
    events = [
        invoiced(QUARTER), paid("2019-01-01", "90.00"),
        happened("credit.issued", "2019-02-01", "30.00", credit="CN", to=to),
        event("refund.succeeded", "2019-02-05", credit="CN", amount=money("30.00")),
        happened("refund.succeeded", "2019-04-01", "70.00"),
    ]  # fmt: skip
    result = post(events)
    assert "refund_payable" not in books(result)
    beyond = [each for each in result["entries"] if each["template"] == "refund_rest"][-1]
    assert [(each["role"], str(each["amount"].amount)) for each in beyond["lines"]] == [
        ("refunds", "10.00"), ("cash", "10.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "left"), [("reverse", {"unapplied_cash", "cash", "excluded", "revenue"}), ("erase", None)]
)
def test_an_excluded_invoice_keeps_only_its_money(policy: str, left: set[str] | None) -> None:
    book = journal("standard_ledger", ("unpaid_exclusion: reverse", f"unpaid_exclusion: {policy}"))
    events = [invoiced(QUARTER), happened("invoice.excluded", "2019-02-01")]
    if left is not None:
        events.insert(1, paid("2019-01-05", "90.00"))
    result = post(events, book)
    assert set(books(result)) == (left or set())
    if left is None:
        assert result["entries"] == []


@pytest.mark.parametrize("book", ["standard_ledger", "stripe_ledger", "net_position"])
def test_a_credit_voided_after_the_rest_was_voided_is_owed_and_earned_again(book: str) -> None:
    events = [
        invoiced(QUARTER), happened("credit.issued", "2019-02-10", "30.00", credit="CN"),
        happened("invoice.voided", "2019-02-20"), event("credit.voided", "2019-03-05", credit="CN"),
        paid("2019-03-06", "30.00"),
    ]  # fmt: skip
    result = post(events, journal(book))
    at_end = books(result)
    assert at_end["cash"] == 30 == at_end["revenue"] - at_end["voids"]
    assert set(at_end) == {"cash", "revenue", "voids"}
    assert [str(each["open"].amount) for each in result["invoices"]] == ["0.00"]


def test_writing_off_a_disputed_invoice_takes_what_is_still_owed_too() -> None:
    events = [
        invoiced(QUARTER), paid("2019-01-01", "60.00"), happened("dispute.opened", "2019-02-01"),
        happened("invoice.uncollectible", "2019-02-01"),
    ]  # fmt: skip
    result = post(events, STRIPE)
    assert changes(result)["2019-02"] == {
        "bad_debt": "31.00", "cash": "-60.00", "deferred_revenue": "-59.00", "receivable": "-30.00",
    }  # fmt: skip
    assert [each["status"] for each in result["invoices"]] == ["uncollectible"]
