"""Cash application and exchange differences: published examples, conservation, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document
from hypothesis import given
from hypothesis import strategies as st

from engine import api
from engine.base.errors import Failure, UserError


def money(amount: Any, currency: str = "USD") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def settle(policy: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return run_document("settlement", policy, facts)


PARTS = {"line": money(1000), "tax": money(140), "freight": money(200)}


@pytest.mark.parametrize(
    ("rule", "applied"),
    [
        ("line_first", ["1000", "40", "0"]),
        ("line_and_tax_prorated", ["912.28", "127.72", "0"]),
        ("all_prorated", ["776.12", "108.66", "155.22"]),
    ],
)
def test_a_part_payment_reduces_parts_by_the_declared_rule(rule: str, applied: list[str]) -> None:
    """1,040 on an invoice of 1,000, tax 140 and freight 200: the example of Oracle Receivables' guide."""
    result = settle(
        {"application": {"components": rule, "rules": ["oldest_first"]}},
        receipt={"amount": money(1040), "date": "2026-01-31"},
        documents=[{"id": "123", "open": money(1340), "parts": PARTS}],
    )
    (row,) = result["applications"]
    assert [row["parts"][name].amount for name in PARTS] == [Decimal(each) for each in applied]
    assert row["remaining"].amount == 300


def test_parts_of_the_other_sign_are_left_alone() -> None:
    result = settle(
        {"application": {"components": "all_prorated", "rules": ["oldest_first"]}},
        receipt={"amount": money(100), "date": "2026-01-31"},
        documents=[
            {"id": "101", "open": money(140),
             "parts": {"line": money(-100), "tax": money(100), "freight": money(30), "charges": money(10)}},
        ],
    )  # fmt: skip
    parts = result["applications"][0]["remaining_parts"]
    assert [str(parts[name].amount) for name in ("line", "tax", "freight", "charges")] == [
        "-100",
        "28.57",
        "8.57",
        "2.86",
    ]


OPEN = [
    {"id": "123", "open": money(200), "due": "2002-12-11", "discount_date": "2002-12-01", "discount": money(20)},
    {"id": "124", "open": money(300), "due": "2002-12-08", "discount_date": "2002-11-30", "discount": money(30)},
    {"id": "125", "open": money(150), "due": "2002-12-13", "discount_date": "2002-11-28", "discount": money(15)},
]


def test_rules_are_tried_in_order_and_the_oldest_is_paid_first() -> None:
    result = settle(
        {"application": {"rules": ["match_document", "clear_account", "oldest_first"], "remainder": "on_account"}},
        receipt={"amount": money(600), "date": "2002-12-10"},
        documents=OPEN,
    )
    assert result["rule"] == "oldest_first"
    assert result["account_balance"].amount == 650
    assert [(row["id"], int(row["applied"].amount)) for row in result["applications"]] == [
        ("124", 300), ("123", 200), ("125", 100),
    ]  # fmt: skip
    assert result["applications"][-1]["remaining"].amount == 50
    assert result["on_account"].amount == 0


def test_an_earned_discount_within_grace_days_makes_the_amounts_match() -> None:
    result = settle(
        {"application": {"rules": ["match_document"], "grace_days": 5}},
        receipt={"amount": money(1800), "date": "2003-01-14"},
        documents=[{"id": "600", "open": money(2000), "discount": money(200), "discount_date": "2003-01-11"}],
    )
    (row,) = result["applications"]
    assert (row["applied"].amount, row["discount"].amount, row["remaining"].amount) == (1800, 200, 0)


def test_what_no_rule_matches_stays_unapplied_and_whole() -> None:
    result = settle(
        {"application": {"rules": ["match_document", "clear_account"]}},
        receipt={"amount": money(77), "date": "2002-12-10"},
        documents=OPEN,
    )
    assert (result["rule"], result["applications"]) == ("", [])
    assert result["unapplied"].amount == 77


def test_a_small_underpayment_closes_the_document() -> None:
    result = settle(
        {"application": {"rules": ["match_document"], "small_difference": 0.5}},
        receipt={"amount": money("99.60"), "date": "2026-01-31"},
        documents=[{"id": "a", "open": money(100)}],
    )
    (row,) = result["applications"]
    assert (str(row["written_off"].amount), row["remaining"].amount) == ("0.40", 0)


def test_past_due_documents_of_one_group_are_cleared_together() -> None:
    documents = [
        {"id": "a", "open": money(100), "due": "2026-01-10", "group": "net 30"},
        {"id": "b", "open": money(50), "due": "2026-01-05", "group": "net 10"},
        {"id": "c", "open": money(25), "due": "2026-01-12", "group": "net 10"},
        {"id": "d", "open": money(75), "due": "2026-02-12", "group": "net 10"},
    ]
    result = settle(
        {"application": {"rules": ["clear_past_due", "clear_past_due_by_group"]}},
        receipt={"amount": money(75), "date": "2026-01-31"},
        documents=documents,
    )
    assert result["rule"] == "clear_past_due_by_group"
    assert [row["id"] for row in result["applications"]] == ["b", "c"]


cents = st.integers(1, 10**7).map(lambda units: Decimal(units).scaleb(-2))


@given(
    amount=cents,
    documents=st.lists(cents, min_size=1, max_size=6),
    rules=st.permutations(["match_document", "clear_account", "clear_past_due", "oldest_first"]),
    partial=st.booleans(),
)
def test_nothing_of_a_receipt_is_lost(
    amount: Decimal, documents: list[Decimal], rules: list[str], partial: bool
) -> None:
    result = settle(
        {"application": {"rules": rules, "partial": partial}},
        receipt={"amount": money(amount), "date": "2026-01-31"},
        documents=[
            {"id": str(number), "open": money(each), "due": f"2026-01-{number + 10:02d}"}
            for number, each in enumerate(documents)
        ],
    )
    applied = sum((row["applied"].amount for row in result["applications"]), Decimal(0))
    assert applied + result["unapplied"].amount == amount
    assert all(row["remaining"].amount >= 0 for row in result["applications"])


def invoice(*happened: dict[str, Any], amount: str = "100", rate: str = "2.00") -> dict[str, Any]:
    return {"id": "i", "amount": money(amount, "GBP"), "rate": rate, "happened": list(happened)}


def exchange(item: dict[str, Any], **policy: Any) -> dict[str, Any]:
    return settle({"exchange": policy}, functional="USD", items=[item])


def test_a_part_payment_realises_its_part_and_a_close_values_the_rest() -> None:
    """100 GBP at 2.00; 40 paid at 2.50; closed at 2.50: NetSuite's example, 20 realised and 30 unrealised."""
    result = exchange(invoice({"rate": "2.5", "paid": money(40, "GBP")}, {"rate": "2.5"}))
    assert (result["realized"].amount, result["unrealized"].amount) == (20, 30)
    assert result["remeasurements"][-1]["carrying"].amount == 150


def test_both_ways_to_revalue_close_alike() -> None:
    events = ({"rate": "2.5"}, {"rate": "2.2"}, {"rate": "2.4", "paid": money(100, "GBP")})
    delta = exchange(invoice(*events), revaluation="delta")
    reverse = exchange(invoice(*events), revaluation="reverse")
    for name in ("carrying", "unrealized", "realized"):
        assert [row[name] for row in delta["remeasurements"]] == [row[name] for row in reverse["remeasurements"]]
    assert [int(row["posted"].amount) for row in delta["remeasurements"]] == [50, -30, 0]
    assert [int(row["posted"].amount) for row in reverse["remeasurements"]] == [50, 20, 0]


def test_a_loss_on_a_payable_is_a_gain_turned_round() -> None:
    item = {**invoice({"rate": "2.5"}), "side": "payable"}
    assert exchange(item)["unrealized"].amount == -50


def test_rates_may_be_foreign_units_for_one_functional() -> None:
    result = exchange(invoice({"rate": "0.40"}, rate="0.50"), rates="foreign_per_functional")
    assert (result["booked"][0]["booked"].amount, result["unrealized"].amount) == (200, 50)


rates = st.integers(1, 10**6).map(lambda units: str(Decimal(units).scaleb(-4)))


@given(
    booking=rates, closes=st.lists(rates, max_size=4), last=rates, parts=st.lists(st.integers(1, 50), max_size=3),
    way=st.sampled_from(["delta", "reverse"]),
)  # fmt: skip
def test_when_all_is_paid_only_realised_differences_stand(
    booking: str, closes: list[str], last: str, parts: list[int], way: str
) -> None:
    left = Decimal(200)
    happened: list[dict[str, Any]] = []
    for rate, part in zip(closes, [*parts, 0, 0, 0, 0], strict=False):
        happened.append({"rate": rate})
        if part and left > part:
            happened.append({"rate": rate, "paid": money(part, "GBP")})
            left -= part
    happened.append({"rate": last, "paid": money(left, "GBP")})
    result = exchange(invoice(*happened, amount="200", rate=booking), revaluation=way)
    rows = result["remeasurements"]
    paid = sum((row["settled"].amount for row in rows), Decimal(0))
    assert result["unrealized"].amount == 0
    assert rows[-1]["carrying"].amount == 0
    assert result["booked"][0]["booked"].amount + result["realized"].amount == paid


def test_a_receipt_in_a_third_currency_has_two_differences() -> None:
    result = settle(
        {"exchange": {}},
        functional="EUR",
        third_currency=[{
            "received": money(10000, "JPY"), "document_currency": "CAD", "booking_rate": "0.68", "cross_rate": "0.0120",
            "document_rate": "0.70", "receipt_rate": "0.0083",
        }],
    )  # fmt: skip
    (row,) = result["receipts"]
    assert (row["applied"].amount, row["applied_value"].amount, row["received_value"].amount) == (120, 84, 83)
    assert (str(row["standard_difference"].amount), str(row["alternate_difference"].amount)) == ("2.40", "-1.00")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"receipt": {"amount": money(0), "date": "2026-01-31"}}, "not above zero"),
        (
            {
                "receipt": {"amount": money(5), "date": "2026-01-31"},
                "documents": [{"id": "a", "open": money(5, "EUR")}],
            },
            "document a: it is in EUR, the receipt in USD",
        ),
        ({"items": [invoice({"rate": "0"})], "functional": "USD"}, "item i: the rate 0 is not above zero"),
        ({"items": [invoice({"rate": "2", "paid": money(101, "GBP")})], "functional": "USD"}, "100 GBP is open"),
        ({"items": [invoice()]}, "own currency is not given"),
        ({"receipt": {"amount": "5", "date": "2026-01-31"}}, "receipt.amount must be money"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(Failure) as refused:
        settle({"application": {}, "exchange": {}}, **facts)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "FIN180"),
        ("application:\n  rules: []\n", "FIN181"),
        ("application:\n  rules: [oldest_first, oldest_first]\n", "FIN181"),
        ("application:\n  grace_days: -1\n", "FIN182"),
    ],
)
def test_findings(body: str, code: str) -> None:
    head = 'spec: settlement/v1\nid: s\nversion: "1.0.0"\nowner: finance\nsummary: A test.\n'
    with pytest.raises(UserError) as wrong:
        api.prepare("s.settlement.yaml", (head + body).encode())
    assert [each.code for each in wrong.value.diagnostics] == [code]  # type: ignore[attr-defined]
