"""Postings as a set of lines with money, and whether their entries balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.base.money import Money
from engine.verify.postings import Entry, entries_in, posting_differences, unbalanced


def money(amount: str, currency: str = "USD") -> Money:
    return Money(Decimal(amount), currency)


def line(account: str, side: str, amount: str) -> dict[str, Any]:
    return {"account": account, "side": side, "amount": money(amount)}


def wanted(account: str, side: str, amount: str) -> dict[str, Any]:
    return {"account": account, side: {"amount": amount, "currency": "USD"}}


ENTRY = {"number": "J1", "lines": [line("1200", "debit", "121.00"), line("4000", "credit", "100.00"),
                                   line("2200", "credit", "21.00")]}  # fmt: skip


def differences(expected: list[Any], value: Any = ENTRY) -> list[str]:
    found = posting_differences(expected, list(entries_in(value)))
    return [f"{each.path}: {each.expected} / {each.actual}" for each in found]


def test_order_does_not_matter_and_amounts_are_compared_by_value() -> None:
    expected = [wanted("2200", "credit", "21"), wanted("1200", "debit", "121.0"), wanted("4000", "credit", "100.00")]
    assert differences(expected) == []


def test_a_wrong_amount_is_told_for_its_account() -> None:
    expected = [wanted("1200", "debit", "121.00"), wanted("4000", "credit", "99.00"), wanted("2200", "credit", "21.00")]
    found = list(posting_differences(expected, list(entries_in(ENTRY))))
    assert [(each.path, each.expected, each.actual, each.about) for each in found] == [
        ("postings[1].credit.amount", "'99.00'", "100.00", "account 4000 credit 100.00 USD")
    ]


def test_missing_and_further_postings_are_told() -> None:
    expected = [
        wanted("1200", "debit", "121.00"),
        wanted("4000", "credit", "100.00"),
        wanted("4711", "credit", "21.00"),
    ]
    assert differences(expected) == [
        "postings[2]: account 4711 credit 21.00 USD / no such posting",
        "postings: nothing / account 2200 credit 21.00 USD",
    ]


def test_equal_lines_count_as_often_as_they_come() -> None:
    twice = {"lines": [line("1", "debit", "5.00"), line("1", "debit", "5.00"), line("2", "credit", "10.00")]}
    assert differences([wanted("1", "debit", "5.00"), wanted("2", "credit", "10.00")], twice) == [
        "postings: nothing / account 1 debit 5.00 USD"
    ]


def test_entries_that_do_not_balance_are_named_with_what_they_are_apart() -> None:
    (found,) = unbalanced(
        [Entry("J1", ({"account": "1", "debit": money("5.00")}, {"account": "2", "credit": money("4")}))]
    )
    assert (found.path, found.actual, found.about) == (
        "balanced.J1", "debit 5.00 USD and credit 4 USD", "1.00 USD apart",
    )  # fmt: skip
    (nothing,) = unbalanced([])
    assert nothing.actual == "nothing is posted"


def test_lists_that_are_no_postings_are_passed_over() -> None:
    assert list(entries_in({"lines": [{"account": "1", "amount": money("1.00")}], "rest": [1, {"role": "x"}]})) == []


AMOUNTS = st.lists(st.decimals("-1000", "1000", places=2), min_size=1, max_size=6)


@given(AMOUNTS)
def test_an_entry_that_mirrors_its_debits_balances_and_holds_its_own_postings(amounts: list[Decimal]) -> None:
    lines = [{"account": str(at), "side": "debit", "amount": Money(amount, "EUR")} for at, amount in enumerate(amounts)]
    lines += [{**each, "side": "credit"} for each in lines]
    entries = list(entries_in({"lines": lines}))
    assert list(unbalanced(entries)) == []
    expected = [
        {"account": each["account"], each["side"]: {"amount": str(each["amount"].amount), "currency": "EUR"}}
        for each in reversed(lines)
    ]
    assert list(posting_differences(expected, entries)) == []
