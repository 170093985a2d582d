"""Worked cases of prepaid credits, each figure by hand: order, expiry, rollover, burn rates, value, currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document

from engine.base.errors import Failure

JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
QUARTER = {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


def on(day: int, month: int = 1, time: str = "00:00:00") -> str:
    return f"2026-{month:02}-{day:02}T{time}Z"


def grant(name: str, amount: str, begins: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": name, "amount": amount, "effective_at": begins, **more}


def used(quantity: str, at: str, **more: Any) -> dict[str, Any]:
    return {"quantity": quantity, "at": at, **more}


def money(amount: str, currency: str) -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def case(name: str, body: dict[str, Any], facts: dict[str, Any], balances: dict[str, str], **more: str) -> Any:
    return pytest.param(body, facts, balances, more, id=name)


RATES = [{"kind": "large", "credits": Decimal("2.5")}, {"kind": "small", "credits": Decimal("0.1")}]
MONTHLY = {"recurs_every_months": 1}
BILLED = {"overage": {"treatment": "billed", "unit_price": Decimal("0.12"), "currency": "USD"}}

CASES = [
    # Priority comes before expiry, unless the document says otherwise.
    case("priority_before_expiry", {}, {"grants": [grant("soon", "20", priority=1, expires_at=on(10)), grant("first",
         "20")],
         "usage": [used("30", on(5))]}, {"first": "0", "soon": "0"}, lapsed="10"),
    case("expiry_before_priority", {"order": ["expiry", "priority"]},
         {"grants": [grant("soon", "20", priority=1, expires_at=on(10)), grant("first", "20")],
         "usage": [used("30", on(5))]},
         {"first": "10", "soon": "0"}, lapsed="0"),
    case("none_expires_last", {}, {"grants": [grant("never", "20"), grant("late", "20", expires_at=on(1, 12))],
         "usage": [used("30", on(5))]}, {"late": "0", "never": "10"}),
    case("equal_ones_by_id", {}, {"grants": [grant("b", "20"), grant("a", "20")], "usage": [used("30", on(5))]},
         {"a": "0", "b": "10"}),
    # A grant begins with its moment and has ended at its expiry.
    case("used_as_it_begins", {}, {"grants": [grant("g", "20", on(5))], "usage": [used("5", on(5))]}, {"g": "15"}),
    case("used_as_it_expires", {}, {"grants": [grant("g", "20", expires_at=on(5))], "usage": [used("5", on(5))]},
         {"g": "0"}, overage="5", lapsed="20"),
    case("voided", {}, {"grants": [grant("g", "20", voided_at=on(10))], "usage": [used("5", on(5)), used("5", on(15))]},
         {"g": "0"}, overage="5"),
    # 67 of 100 lapse: 6.70 of 10.00 are breakage, 3.30 are revenue
    case("breakage", {}, {"grants": [grant("g", "100", expires_at=on(20), price=money("10.00", "EUR"))],
         "usage": [used("33", on(5))]},
         {"g": "0"}, value_used="3.30", value_lapsed="6.70", value_left="0.00"),
    # A third of 10.00 each time, cumulative: 3.33, 6.67, 10.00
    case("first_third", {}, {"grants": [grant("g", "3", price=money("10.00", "EUR"))], "usage": [used("1", on(5))]},
         {"g": "2"}, value_used="3.33", value_left="6.67"),
    case("second_third", {}, {"grants": [grant("g", "3",
         "2025-12-01T00:00:00Z", starting_balance="2", price=money("10.00", "EUR"))],
         "usage": [used("1", on(5))]}, {"g": "1"}, value_used="3.34", value_left="3.33"),
    case("a_third_of_yen", {}, {"grants": [grant("g", "3",
         "2025-12-01T00:00:00Z", starting_balance="2", price=money("100", "JPY"))],
         "usage": [used("1", on(5))]}, {"g": "1"}, value_used="34", value_left="33"),
    case("a_third_of_a_dinar", {}, {"grants": [grant("g", "3",
         "2025-12-01T00:00:00Z", starting_balance="2", price=money("1.000", "KWD"))],
         "usage": [used("1", on(5))]}, {"g": "1"}, value_used="0.334", value_left="0.333"),
    # 10 x 2.5 + 50 x 0.1 = 30 of 40; then 5 x 2.5 = 12.5, of which 2.5 lack
    case("burn_rates", {"rates": RATES}, {"grants": [grant("g", "40")],
         "usage": [used("10", on(5), kind="large"), used("50", on(6), kind="small"), used("5", on(7), kind="large")]},
         {"g": "0"}, overage="2.5"),
    # Credits for one kind leave other kinds without balance.
    case("for_one_kind", {}, {"grants": [grant("calls", "40", kinds=["calls"])],
         "usage": [used("10", on(5), kind="calls"), used("7", on(6), kind="disk")]}, {"calls": "30"}, overage="7"),
    case("narrow_before_wide", {"order": ["scope", "priority"]},
         {"grants": [grant("all", "40"), grant("calls", "40", priority=9, kinds=["calls"])],
         "usage": [used("50", on(5), kind="calls")]}, {"calls": "0", "all": "30"}),
    # 20 above 100 at 0.12; an earlier 1 at 0.333 was 0.33, two are 0.67
    case("overage_billed", BILLED, {"grants": [grant("g", "100")], "usage": [used("120", on(5))]}, {"g": "0"},
         overage="20", overage_amount="2.40"),
    case("overage_billed_cumulatively", {"overage": {"treatment": "billed", "unit_price": Decimal("0.333"),
         "currency": "USD"}},
         {"grants": [grant("g", "1")], "usage": [used("2", on(5))], "starting_overage": "1"}, {"g": "0"},
         overage="2", overage_amount="0.34"),
    # 20 lack on the 5th; the grant of the 10th pays them first
    case("overage_remembered", {}, {"grants": [grant("a", "100"), grant("b", "50", on(10))],
         "usage": [used("120", on(5))]},
         {"a": "0", "b": "30"}, overage="0"),
    # 30 are left in January, at most 20 are carried; nothing is used in February and March: 20 are carried each time
    case("rollover_limited", {"rollover": {"maximum": Decimal(20)}},
         {**QUARTER, "to": on(28, 3), "grants": [grant("g", "100", **MONTHLY)],
         "usage": [used("70", on(5))]}, {"g": "120"}, lapsed="110"),
    # each unit is carried once: in March only those of February are
    case("rollover_once", {"rollover": {"times_max": 1}},
         {**QUARTER, "to": on(28, 3), "grants": [grant("g", "100", **MONTHLY)],
         "usage": [used("10", on(5))]}, {"g": "200"}, lapsed="90"),
    case("no_rollover", {}, {**QUARTER, "to": on(28, 3), "grants": [grant("g", "100", **MONTHLY)],
         "usage": [used("10", on(5, 3))]},
         {"g": "90"}, lapsed="200"),
    # carried units last: of 20 + 100 the 50 are new ones, so 20 stay to be carried again, with 30 new ones refused room
    case("rollover_used_last", {"rollover": {"maximum": Decimal(20), "used": "last", "times_max": 1}},
         {**QUARTER, "to": on(28, 3), "grants": [grant("g", "100", **MONTHLY)],
         "usage": [used("80", on(5)), used("50", on(5, 2))]},
         {"g": "120"}, lapsed="50"),
    # at least 5 are carried, though nothing was left
    case("rollover_at_least", {"rollover": {"minimum": Decimal(5)}},
         {**JANUARY, "to": on(15, 2), "grants": [grant("g", "100", **MONTHLY)],
         "usage": [used("100", on(5))]}, {"g": "105"}),
    # 16 of the 31 days of January are left
    case("part_of_a_cycle", {"proration": {}}, {"grants": [grant("g", "100", on(16), cycle_start=on(1),
         cycle_end=on(1, 2))]},
         {"g": "51.61290323"}),
    case("three_digits_cut", {"proration": {"scale": 3, "mode": "down"}},
         {"grants": [grant("g", "100", on(16), cycle_start=on(1), cycle_end=on(1, 2))]}, {"g": "51.612"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "facts", "balances", "more"), CASES)
def test_a_worked_case_of_credits(body: Any, facts: Any, balances: Any, more: Any) -> None:
    result = run_document("wallet", body, {**JANUARY, **facts})
    assert dict(result["balances"]) == {name: Decimal(value) for name, value in balances.items()}
    found = {
        "overage": result["overage"], "lapsed": sum(each["lapsed"] for each in result["grants"]),
        **{
            name: result[name].amount
            for name in ("overage_amount", "value_used", "value_lapsed", "value_left") if result[name] is not None
        },
    }  # fmt: skip
    assert {name: found[name] for name in more} == {name: Decimal(value) for name, value in more.items()}
    for each in result["grants"]:
        assert each["granted"] == each["used"] + each["lapsed"] + each["voided"] + each["balance"]


def test_a_grant_of_month_ends_keeps_its_day() -> None:
    """From 31 January on: 28 February, then 31 March again and 30 April."""
    facts = {
        "from": on(31), "to": on(2, 5), "grants": [grant("g", "10", on(31), **MONTHLY)], "usage": [used("4", on(30, 3))]
    }  # fmt: skip
    result = run_document("wallet", {}, facts)
    days = [(each["at"].date().isoformat(), each["what"]) for each in result["moves"] if each["what"] == "recurred"]
    assert days == [("2026-02-28", "recurred"), ("2026-03-31", "recurred"), ("2026-04-30", "recurred")]
    assert result["balances"] == {"g": Decimal(10)}


def wallet(name: str, balance: str, currency: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "balance": money(balance, currency), **more}


def fee(amount: str, currency: str, kind: str) -> dict[str, Any]:
    return {"id": kind, "kind": kind, "amount": money(amount, currency)}


@pytest.mark.parametrize(
    ("wallets", "fees", "paid", "due"),
    [
        # 30.00 of usage by the wallet for it, nothing by the one in dollars, 50.00 by the last
        ([wallet("usage", "30.00", "EUR", kinds=["usage"]), wallet("dollars", "500.00", "USD", priority=1),
          wallet("all", "50.00", "EUR", priority=2)],
         [fee("60.00", "EUR", "seat"), fee("40.00", "EUR", "usage")],
         {"usage": "30.00", "dollars": "0.00", "all": "50.00"}, "20.00"),
        # a wallet for all takes the fees in their order, so the one for seats finds none left
        ([wallet("all", "60.00", "EUR"), wallet("seats", "60.00", "EUR", priority=1, kinds=["seat"])],
         [fee("60.00", "EUR", "seat"), fee("40.00", "EUR", "usage")], {"all": "60.00", "seats": "0.00"}, "40.00"),
        # 10.00 and down to 15.00 below zero; at most 8.00 of one invoice
        ([wallet("over", "10.00", "EUR", overdraft_limit=money("15.00", "EUR")),
          wallet("some", "50.00", "EUR", priority=1, max_per_invoice=money("8.00", "EUR"))],
         [fee("40.00", "EUR", "seat")], {"over": "25.00", "some": "8.00"}, "7.00"),
        # yen, and dinars to the last of their three digits
        ([wallet("yen", "1000", "JPY")], [fee("1500", "JPY", "seat")], {"yen": "1000"}, "500"),
        ([wallet("dinar", "1.234", "KWD")], [fee("1.235", "KWD", "seat")], {"dinar": "1.234"}, "0.001"),
    ],
)  # fmt: skip
def test_a_worked_case_of_paying(wallets: Any, fees: Any, paid: dict[str, str], due: str) -> None:
    result = run_document("wallet", {}, {"wallets": wallets, "invoice": {"fees": fees}})
    assert {each["wallet"]: each["amount"].amount for each in result["debits"]} == {
        name: Decimal(amount) for name, amount in paid.items()
    }
    assert result["due"].amount == Decimal(due)
    assert result["paid"].amount + result["due"].amount == sum(Decimal(each["amount"]["amount"]) for each in fees)
    for each, given in zip(result["debits"], sorted(wallets, key=lambda one: one.get("priority", 0)), strict=True):
        assert each["balance_after"].amount == Decimal(given["balance"]["amount"]) - Decimal(paid[each["wallet"]])


def test_grants_paid_in_two_currencies_are_not_added_up() -> None:
    grants = [grant("a", "10", price=money("1.00", "EUR")), grant("b", "10", price=money("1.00", "USD"))]
    with pytest.raises(Failure, match="grants were paid in EUR and USD"):
        run_document("wallet", {}, {**JANUARY, "grants": grants})
