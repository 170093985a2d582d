"""Wallets that pay invoices: published payments, limits, restrictions, and conservation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure

ORDER = {"order": ["priority", "as_given"]}


def money(amount: Any, currency: str = "EUR") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def wallet(name: str, balance: Any = 10, priority: int = 50, **more: Any) -> dict[str, Any]:
    return {"id": name, "balance": money(balance), "priority": priority, **more}


def pay(
    wallets: list[dict[str, Any]], fees: list[tuple[str, str]], total: str | None = None, **invoice: Any
) -> dict[str, Any]:
    given_fees = [{"kind": kind, "amount": money(amount)} for kind, amount in fees]
    whole = {} if total is None else {"total": money(total)}
    return run_document("wallet", ORDER, {"wallets": wallets, "invoice": {"fees": given_fees, **whole, **invoice}})


def debits(result: dict[str, Any]) -> dict[str, str]:
    return {each["wallet"]: str(each["amount"].amount) for each in result["debits"] if each["amount"].amount}


SIX = [
    wallet("normal"), wallet("priority", priority=49), wallet("charge", kinds=["charge"]),
    wallet("priority_charge", priority=49, kinds=["charge"]), wallet("subscription", kinds=["subscription"]),
    wallet("priority_subscription", priority=49, kinds=["subscription"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fees", "total", "paid"),
    [
        ([("charge", "1.00")], "1.00", {"priority": "1.00"}),
        ([("charge", "15.00")], "15.00", {"priority": "10.00", "priority_charge": "5.00"}),
        ([("subscription", "0.66"), ("charge", "0.44")], "1.10", {"priority": "1.10"}),
        (
            [("subscription", "36.00"), ("charge", "15.50")], "51.50",
            {"priority": "10.00", "priority_charge": "10.00", "priority_subscription": "10.00", "normal": "10.00",
             "charge": "5.50", "subscription": "6.00"},
        ),
    ],
)  # fmt: skip
def test_six_wallets_pay_as_published(fees: list[tuple[str, str]], total: str, paid: dict[str, str]) -> None:
    assert debits(pay(SIX, fees, total)) == paid


def test_a_wallet_for_all_pays_what_the_invoice_holds_beyond_its_fees() -> None:
    """Tax by fee lacks a fraction to the invoice: the whole invoice is paid (published by Lago)."""
    result = pay([wallet("normal", 2000)], [("charge", "534.127"), ("charge", "534.127")], "1068.26")
    assert debits(result) == {"normal": "1068.26"}
    assert result["due"].amount == 0
    result = pay([wallet("sub", kinds=["subscription"])], [("charge", "1.03")], "4.12")
    assert debits(result) == {}


def test_narrow_wallets_may_pay_before_wide_ones() -> None:
    """A wallet for all starves a narrower one of lower rank, unless the order says otherwise."""
    wallets = [wallet("all", 10, 1), wallet("usage", 10, 2, kinds=["usage"])]
    facts = {"wallets": wallets, "invoice": {"fees": [{"kind": "usage", "amount": money(10)}]}}
    assert debits(run_document("wallet", {}, facts)) == {"all": "10.00"}
    assert debits(run_document("wallet", {"order": ["scope", "priority"]}, facts)) == {"usage": "10.00"}


def test_fractions_are_rounded_wallet_by_wallet_and_never_exceed_the_invoice() -> None:
    wallets = [wallet("metric", priority=49, kinds=["metric"]), wallet("all")]
    assert debits(pay(wallets, [("metric", "0.484")], "1.144")) == {"metric": "0.48", "all": "0.66"}


def test_a_wallet_may_go_below_zero_to_its_limit() -> None:
    wallets = [wallet("credit", 0, 1, overdraft_limit=money(10)), wallet("main", 80, 2)]
    result = pay(wallets, [("any", "60.00")])
    assert debits(result) == {"credit": "10.00", "main": "50.00"}
    assert [str(each["balance_after"].amount) for each in result["debits"]] == ["-10.00", "30.00"]


def test_a_wallet_pays_no_more_than_its_part_of_an_invoice() -> None:
    wallets = [wallet("src1", 1000, 1, max_per_invoice=money(40)), wallet("src2", 1000, 2)]
    result = pay(wallets, [("any", "100")])
    assert debits(result) == {"src1": "40.00", "src2": "60.00"}
    assert result["debits"][0]["explanation"] == "the most it pays of an invoice"


def test_wallets_in_another_currency_or_not_alive_pay_nothing_and_say_why() -> None:
    wallets = [
        {"id": "usd", "balance": money(10, "USD")},
        wallet("late", effective_at="2026-02-01T00:00:00Z"),
        wallet("old", expires_at="2026-01-31T00:00:00Z"),
        wallet("good", priority=99),
    ]
    result = pay(wallets, [("charge", "1.00")], at="2026-01-31T00:00:00Z")
    assert debits(result) == {"good": "1.00"}
    assert [each["explanation"].split(",")[0] for each in result["debits"]] == [
        "it holds USD", "it begins 2026-02-01T00:00:00+00:00", "it expired 2026-01-31T00:00:00+00:00",
        "the invoice is paid",
    ]  # fmt: skip


def test_the_fees_that_a_wallet_paid_are_named() -> None:
    result = pay([wallet("w", 15)], [("subscription", "10.00"), ("charge", "10.00")], "21.00")
    assert [(part["fee"], str(part["amount"].amount)) for part in result["debits"][0]["fees"]] == [
        ("1", "10.00"), ("2", "5.00"),
    ]  # fmt: skip
    assert str(result["due"].amount) == "6.00"


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({}, "neither a window nor an invoice"),
        ({"wallets": [wallet("w")]}, "wallets but no invoice"),
        ({"invoice": {"fees": []}}, "neither fees nor a total"),
        ({"invoice": {"fees": [{"amount": money(1)}, {"amount": money(1, "USD")}]}}, "in EUR and USD"),
        ({"invoice": {"fees": [{"amount": money(-1)}]}}, "a fee is below zero"),
        (
            {"wallets": [wallet("w", max_per_invoice=money(1, "USD"))], "invoice": {"fees": [{"amount": money(1)}]}},
            "wallet w: 1 USD is no limit of a wallet in EUR",
        ),
    ],
)
def test_facts_that_do_not_fit_are_refused(facts: dict[str, Any], match: str) -> None:
    with pytest.raises(Failure, match=match):
        run_document("wallet", ORDER, facts)


CENTS = st.integers(0, 50_00).map(lambda each: Decimal(each) / 100)
KINDS = st.sampled_from([[], ["charge"], ["seat"], ["charge", "seat"]])


@given(
    st.lists(st.tuples(CENTS, st.integers(0, 3), KINDS, CENTS), max_size=5),
    st.lists(st.tuples(st.sampled_from(["charge", "seat", "tax"]), CENTS), min_size=1, max_size=5),
)
def test_wallets_pay_what_they_have_and_what_is_owed(
    wallets: list[tuple[Decimal, int, list[str], Decimal]], fees: list[tuple[str, Decimal]]
) -> None:
    given_wallets = [
        wallet(f"w{at}", balance, priority, kinds=kinds, overdraft_limit=money(overdraft))
        for at, (balance, priority, kinds, overdraft) in enumerate(wallets)
    ]
    result = pay(given_wallets, [(kind, str(amount)) for kind, amount in fees])
    owed = sum((amount for _, amount in fees), Decimal(0))
    assert result["paid"].amount + result["due"].amount == owed
    assert result["due"].amount >= 0
    by_name = {each["wallet"]: each for each in result["debits"]}
    for at, (balance, _, kinds, overdraft) in enumerate(wallets):
        debit = by_name[f"w{at}"]
        assert 0 <= debit["amount"].amount <= balance + overdraft
        assert sum((part["amount"].amount for part in debit["fees"]), Decimal(0)) == debit["amount"].amount
        if kinds:
            of_kind = sum((amount for kind, amount in fees if kind in kinds), Decimal(0))
            assert debit["amount"].amount <= of_kind
