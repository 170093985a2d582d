"""Costs of contracts: capitalised, written off, expensed, impaired, clawed back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure


def money(amount: Any) -> dict[str, str]:
    return {"amount": str(amount), "currency": "USD"}


def cost(rule: dict[str, Any], *, document: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    body = {**(document or {}), "contract_cost": {"capitalise": ["commission"], **rule}}
    result: dict[str, Any] = run_document("commission", body, {"currency": "USD", **facts})["contract_cost"]
    return result


def paid(amount: Any, kind: str = "commission") -> dict[str, Any]:
    return {"id": kind, "kind": kind, "amount": money(amount)}


def text(*amounts: Any) -> list[str]:
    return [str(each.amount) for each in amounts]


def test_a_computed_commission_is_capitalised_and_written_off_over_its_benefit() -> None:
    """10% of 54,000 over 36 months: 5,400.00, 150.00 a month (a published journal library)."""
    document = {"commissions": [{"id": "commission", "to": "seller", "percent": 10}]}
    result = cost(
        {}, document=document, sale=money(54000),
        contract={"months": 12, "benefit_months": 36, "renewal_commensurate": False, "start": "2026-01-01"},
    )  # fmt: skip
    assert (text(result["capitalised"]), result["months"]) == (["5400.00"], 36)
    assert {str(month["amount"].amount) for month in result["schedule"]} == {"150.00"}
    assert [result["schedule"][at]["month"] for at in (0, 12, 35)] == ["2026-01", "2027-01", "2028-12"]
    booking, month = result["entries"][0], result["entries"][1]
    assert [(line["account"], str((line["debit"] or line["credit"]).amount)) for line in booking["lines"]] == [
        ("ContractCostAsset", "5400.00"), ("AccruedCommissions", "5400.00"),
    ]  # fmt: skip
    assert [(line["account"], line["debit"] is not None) for line in month["lines"]] == [
        ("CommissionExpense", True), ("ContractCostAsset", False),
    ]  # fmt: skip


def test_costs_that_the_contract_did_not_cause_are_expensed() -> None:
    """Legal 15,000, travel 25,000, commissions 10,000: 10,000 is an asset (an example of IFRS 15)."""
    result = cost({}, costs=[paid(15000, "legal"), paid(25000, "travel"), paid(10000)], contract={"benefit_months": 12})
    assert text(result["capitalised"], result["expensed"], result["total"]) == ["10000.00", "40000.00", "50000.00"]


def test_costs_to_fulfil_leave_other_assets_to_other_standards() -> None:
    """Design 40,000 and migration 100,000 over seven years: 20,000 a year (an example of IFRS 15)."""
    rule = {
        "capitalise": ["design", "migration"], "other_standards": ["hardware", "software"], "over": "contract",
    }  # fmt: skip
    costs = [paid(40000, "design"), paid(120000, "hardware"), paid(90000, "software"), paid(100000, "migration")]
    result = cost(rule, costs=costs, contract={"months": 84})
    assert text(result["capitalised"], result["other_standards"]) == ["140000.00", "210000.00"]
    assert sum((month["amount"].amount for month in result["schedule"][:12]), Decimal(0)) == 20000


@pytest.mark.parametrize(
    ("spreading", "first", "last"),
    [
        ("cumulative", "27.78", "27.78"), ("remainder_last", "27.78", "27.70"), ("remainder_first", "27.70", "27.78"),
        ("floor_rest_last", "27.77", "28.05"),
    ],
)  # fmt: skip
def test_a_thousand_over_36_months_in_every_style(spreading: str, first: str, last: str) -> None:
    result = cost({"spreading": spreading}, costs=[paid(1000)], contract={"benefit_months": 36})
    amounts = [month["amount"].amount for month in result["schedule"]]
    assert (str(amounts[0]), str(amounts[-1]), sum(amounts)) == (first, last, 1000)
    assert result["schedule"][-1]["remaining"].amount == 0


@pytest.mark.parametrize(
    ("over", "commensurate", "months"),
    [("commensurate", True, 12), ("commensurate", False, 60), ("contract", False, 12), ("benefit", True, 60)],
)
def test_the_term_is_the_contract_or_its_benefit(over: str, commensurate: bool, months: int) -> None:
    contract = {"months": 12, "benefit_months": 60, "renewal_commensurate": commensurate}
    assert cost({"over": over}, costs=[paid(600)], contract=contract)["months"] == months


@pytest.mark.parametrize(("months", "expensed", "capitalised"), [(12, "600.00", "0.00"), (13, "0.00", "600.00")])
def test_a_short_term_is_expensed_at_once_where_that_is_elected(months: int, expensed: str, capitalised: str) -> None:
    result = cost({"expedient": {}}, costs=[paid(600)], contract={"benefit_months": months})
    assert text(result["expensed"], result["capitalised"]) == [expensed, capitalised]
    assert ("within 12" in result["explanation"]) is (months == 12)


@pytest.mark.parametrize(
    ("clawback", "taken_back"),
    [(None, "0.00"), ({"within_months": 6}, "3600.00"), ({"within_months": 4}, "0.00"),
     ({"within_months": 12, "mode": "proportional"}, "2400.00")],
)  # fmt: skip
def test_cancellation_writes_the_rest_off_and_takes_commissions_back(
    clawback: dict[str, Any] | None, taken_back: str
) -> None:
    rule = {} if clawback is None else {"clawback": clawback}
    contract = {"benefit_months": 36, "cancelled_after_months": 4, "start": "2026-01-15"}
    result = cost(rule, costs=[paid(3600)], contract=contract)
    assert (len(result["schedule"]), text(result["impairment"], result["clawback"])) == (4, ["3200.00", taken_back])
    purposes = [entry["purpose"] for entry in result["entries"]]
    assert purposes[-1] == ("impairment" if taken_back == "0.00" else "clawback")
    assert result["entries"][-1]["month"] == "2026-04"


def test_what_others_were_paid_is_not_taken_back() -> None:
    rule = {"expedient": {}, "clawback": {"within_months": 6}}
    contract = {"benefit_months": 12, "cancelled_after_months": 2}
    result = cost(rule, costs=[paid(300), paid(5000, "legal")], contract=contract)
    assert text(result["expensed"], result["impairment"], result["clawback"]) == ["5300.00", "0.00", "300.00"]


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"costs": [paid(1)]}, "contract_cost: there is no term to write its costs off over benefit"),
        ({"costs": [paid(-1)]}, "cost commission: a cost is below zero"),
        ({"costs": [paid("0.001")], "contract": {"months": 1}}, "the costs have more digits than USD can hold"),
        ({"costs": [paid(1)], "contract": {"months": 1, "cancelled_after_months": -1}}, "cancelled before it began"),
    ],
)
def test_facts_that_do_not_fit_are_refused(facts: dict[str, Any], match: str) -> None:
    with pytest.raises(Failure, match=match):
        cost({}, **facts)


@given(
    st.integers(0, 10**8), st.integers(1, 120), st.integers(0, 130),
    st.sampled_from(["cumulative", "remainder_last", "remainder_first", "floor_rest_last"]),
)  # fmt: skip
def test_an_asset_is_written_off_to_the_cent_and_every_entry_balances(
    cents: int, months: int, ended: int, spreading: str
) -> None:
    contract = {"benefit_months": months, "cancelled_after_months": ended}
    result = cost({"spreading": spreading}, costs=[paid(Decimal(cents) / 100)], contract=contract)
    written = sum((month["amount"].amount for month in result["schedule"]), Decimal(0))
    assert written + result["impairment"].amount == result["capitalised"].amount == Decimal(cents) / 100
    for entry in result["entries"]:
        debits = sum((line["debit"].amount for line in entry["lines"] if line["debit"]), Decimal(0))
        credits = sum((line["credit"].amount for line in entry["lines"] if line["credit"]), Decimal(0))
        assert debits == credits
