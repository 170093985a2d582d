"""AT1, AT4, AT10 and AT13 to the cent: the shipped flows and documents, counted inside the ERP."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from acceptance_world import Company
from tryton_world import TrytonWorld

from demo.billing import Customer, Line
from demo.recurring import movements
from engine import api
from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.run.requests import Completed, Excepted, Result
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "mappings/flows/fixtures"
RECEIVABLE, DEFERRED, REVENUE, TAX, CREDIT_LOSS = "1.2.1", "2.2.2", "4.2.2", "6.3.4", "5.2.3"
JANUARY, AMENDED, CANCELLED = date(2026, 1, 1), date(2026, 2, 10), date(2026, 4, 1)
YEAR = (JANUARY, date(2027, 1, 1))


@pytest.fixture(scope="module")
def plan() -> Plan:
    made = build_plan(load_workspace(ROOT), Diagnostics())
    assert made is not None
    return made


@pytest.fixture
def company(plan: Plan, world: TrytonWorld) -> Iterator[Company]:
    made = Company(plan, world)
    yield made
    assert made.trial_balance() == 0


def completed(results: list[Result]) -> list[Completed]:
    assert results
    for result in results:
        assert isinstance(result, Completed), result
    return [result for result in results if isinstance(result, Completed)]


def stopped(results: list[Result]) -> Excepted:
    (result,) = results
    assert isinstance(result, Excepted), result
    return result


def D(text: str) -> Decimal:
    return Decimal(text)


# ------------------------------------------------------------------------------- AT1


def upgrade(company: Company, acme: Customer, charge: int = 4166667) -> Any:
    """The invoice of the upgrade, with the credit for the unused time."""
    return company.billing.invoice(
        f"in_{company.name}_2", f"{company.name}-2", acme, AMENDED, f"sub_{company.name}", (AMENDED, date(2026, 4, 1)),
        [
            Line(f"il_{company.name}_credit", "prod_professional", "Unused time on 200 x Professional", -1000000, 200,
                 True, f"in_{company.name}_1", 9000),
            Line(f"il_{company.name}_charge", "prod_enterprise", "Remaining time on 500 x Enterprise", charge, 500,
                 True, price=15000),
        ],
        "subscription_update",
    )  # fmt: skip


def quarter(company: Company) -> Customer:
    """Acme with its first quarter of Professional in the ERP."""
    acme = company.customer()
    billing, name = company.billing, company.name
    completed(company.arrives(billing.customer(acme, JANUARY)))
    completed(company.arrives(billing.subscription(f"sub_{name}", acme, JANUARY, [("prod_professional", 200, 3000)])))
    line = Line(f"il_in_{name}_1", "prod_professional", "200 x Professional, first quarter", 1800000, 200)
    completed(
        company.arrives(
            billing.invoice(f"in_{name}_1", f"{name}-1", acme, JANUARY, f"sub_{name}", (JANUARY, date(2026, 4, 1)),
                            [line])
        )
    )  # fmt: skip
    return acme


def test_at1_an_upgrade_in_mid_cycle(company: Company) -> None:
    acme = quarter(company)
    name = company.name
    change = company.billing.changed(
        f"sub_{name}", acme, AMENDED, [("prod_professional", 200, 3000)], [("prod_enterprise", 500, 5000)]
    )
    completed(company.arrives(change))
    message = upgrade(company, acme)
    completed(company.arrives(message))

    (posted,) = [content for operation, content, _ in company.documents if content.get("number") == f"{name}-2"]
    assert [(line["account"], str(line["amount"].amount)) for line in posted["lines"]] == [
        (DEFERRED, "-10000.00"),
        (DEFERRED, "41666.67"),
    ]
    (entry,) = [each for each in company.entries(f"{name}-2") if each["origin_reference"] == f"{name}-2"]
    sums = {line["account"]: D(line["debit"]["amount"]) - D(line["credit"]["amount"]) for line in entry["lines"]}
    assert sums[RECEIVABLE] == D("34279.17")
    both = (f"{name}-1", f"{name}-2")
    months = {month: -company.balances(*both, of=f"2026-{month}")[REVENUE] for month in ("01", "02", "03")}
    assert months == {"01": D("6200.00"), "02": D("17633.33"), "03": D("25833.34")}
    whole = company.balances(*both)
    assert whole[REVENUE] == D("-49666.67")
    assert DEFERRED not in whole
    assert company.balances(*both, until="2026-02-28")[DEFERRED] == D("-25833.34")
    assert company.balances(f"{name}-2")[TAX] == D("-2612.50")

    earned: dict[str, Decimal] = {}
    for operation, content, _ in company.documents:
        if operation == "journal.create" and content["number"].startswith(f"{name}-2/"):
            for line in content["lines"]:
                if line["account"] == REVENUE:
                    sign = 1 if line["side"] == "credit" else -1
                    earned[line["description"]] = earned.get(line["description"], D("0")) + sign * line["amount"].amount
    assert earned == {
        "prod_professional": D("-10000.00"), "prod_enterprise": D("31250.00"), "prod_success": D("10416.67"),
    }  # fmt: skip

    found = movements(company.billing, ROOT, date(2026, 2, 1), date(2026, 3, 1))["movements"]
    assert [(each["type"], each["before"].amount, each["after"].amount, each["amount"].amount) for each in found] == [
        ("expansion", D("6000.00"), D("25000.00"), D("19000.00"))
    ]
    documents = len(company.documents)
    completed(company.arrives(message))
    assert len(company.documents) == documents, "a replay posts nothing"


def test_at1_an_upgrade_that_says_less_or_something_else_is_not_posted(company: Company) -> None:
    acme = quarter(company)
    documents = len(company.documents)
    whole = upgrade(company, acme)
    totals_only = copy.deepcopy(whole)
    totals_only["data"]["object"]["lines"]["data"] = []
    (exception,) = stopped(company.arrives(totals_only)).exceptions
    assert exception.reason == "incomplete_amendment"
    assert "Incomplete amendment" in exception.message
    assert "the credit for the old plan and the charge for the new one" in exception.message
    (exception,) = stopped(company.arrives(upgrade(company, acme, charge=4250000))).exceptions
    assert exception.reason == "calculation_differs"
    assert exception.owner == "billing-operations"
    assert "a difference of 833.33 USD" in exception.message
    assert len(company.documents) == documents
    completed(company.arrives(whole))  # billing sends it right


def test_at1_the_journal_of_the_upgrade_by_promise() -> None:
    """Dr receivable and deferred Professional, Cr deferred platform, deferred service and tax: 44,279.17 each side."""
    price = {"amount": "41666.67", "currency": "USD"}
    shares = api.calculate(
        ROOT / "mappings/revenue/billed_line.revenue.yaml",
        {
            "currency": "USD", "price": price,
            "obligations": [
                {"id": id_, "ssp": {"amount": ssp, "currency": "USD"}, "start": "2026-02-10", "end": "2026-03-31"}
                for id_, ssp in (("platform", "75"), ("service", "25"))
            ],
        },
    )["allocation"]  # fmt: skip
    amounts = {"professional": D("-10000.00"), **{each["obligation"]: each["amount"].amount for each in shares}}
    taxes = {"professional": "-825.00", "platform": "2578.13", "service": "859.37"}  # of the line, 3,437.50
    lines = [
        {"id": id_, "amount": {"amount": str(amount), "currency": "USD"},
         "tax": {"amount": taxes[id_], "currency": "USD"}, "service": {"start": "2026-02-10", "end": "2026-04-01"}}
        for id_, amount in amounts.items()
    ]  # fmt: skip
    result = api.calculate(
        ROOT / "mappings/journals/standard_ledger.journal.yaml",
        {
            "events": [
                {"id": "e1", "event": "invoice.finalized", "date": "2026-02-10", "invoice": "ACME-0002", "lines": lines}
            ],
            "through": "2026-02-10",
        },
    )
    sums: dict[str, Decimal] = {}
    for entry in result["entries"]:
        if entry["kind"] == "invoice.finalized":
            for line in entry["lines"]:
                of = f"deferred {entry['line']}" if line["role"] == "deferred_revenue" else line["role"]
                sign = 1 if line["side"] == "debit" else -1
                sums[of] = sums.get(of, D("0")) + sign * line["amount"].amount
    assert sums == {
        "receivable": D("34279.17"),
        "deferred professional": D("10000.00"),
        "deferred platform": D("-31250.00"),
        "deferred service": D("-10416.67"),
        "tax_payable": D("-2612.50"),
    }
    assert sum(amount for amount in sums.values() if amount > 0) == D("44279.17")


# ------------------------------------------------------------------------------- AT4


def usage(company: Company, name: str, **over: Any) -> tuple[str, dict[str, Any], str, str]:
    """An event of closed usage, of this company."""
    event = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    event["data"]["customer"]["id"] = f"cus_{company.name}"
    event["data"]["id"] = f"usage_{company.name}_{name}"
    event["data"]["number"] = f"{company.name}-{name}"
    event["data"].update(over)
    return event["type"], event["data"], event["data"]["id"], event["time"]


def test_at4_usage_is_one_line_that_leads_back_to_every_record(company: Company) -> None:
    name = company.name
    completed(company.arrives(company.billing.customer(company.customer(), JANUARY)))
    event = usage(company, "usage_march")
    (march,) = completed(company.happens(*event))
    calls = {record["id"]: D(record["calls"]) for record in event[1]["records"]}
    assert sum(calls[id_] for id_ in march.output["references"]) == march.output["quantity"] == 12345
    assert len(march.output["references"]) == len(set(march.output["references"])) == 25
    assert march.output["duplicates"] == 3
    (posted,) = [content for operation, content, _ in company.documents if operation == "invoice.create"]
    assert [str(line["amount"].amount) for line in posted["lines"]] == ["46.90"]
    assert company.balances(f"{name}-usage_march") == {RECEIVABLE: D("46.90"), REVENUE: D("-46.90")}

    # Policy A: the next invoice, on a line that names March.
    (late,) = completed(company.happens(*usage(company, "usage_late")))
    assert str(late.output["amount"].amount) == "10.00"
    assert company.documents[-1][1]["lines"][0]["description"].startswith("Usage of March 2026: 500")
    assert company.balances(f"{name}-usage_late") == {RECEIVABLE: D("10.00"), REVENUE: D("-10.00")}
    documents = len(company.documents)
    completed(company.happens(*event))
    assert len(company.documents) == documents, "a replay posts nothing"


def test_at4_late_usage_where_the_contract_says_bill_again(company: Company) -> None:
    name = company.name
    completed(company.arrives(company.billing.customer(company.customer(), JANUARY)))
    march = usage(company, "usage_march")
    completed(company.happens(*march))
    replaces = {"id": march[1]["id"], "number": march[1]["number"]}
    completed(company.happens(*usage(company, "usage_late", late="rebill", replaces=replaces)))
    (credit,) = [content for operation, content, _ in company.documents if operation == "credit_note.create"]
    assert credit["total"].amount == D("46.90")
    assert credit["invoice"] == company.links["invoice", march[1]["id"]], "the credit note names the earlier invoice"
    again = company.documents[-1][1]
    assert (again["total"].amount, again["lines"][0]["description"]) == (
        D("56.90"), "Usage of March 2026: 12845, of these 2845 charged",
    )  # fmt: skip
    numbers = (f"{name}-usage_march", f"{name}-usage_late", f"{name}-usage_late-CN")
    assert company.balances(*numbers) == {RECEIVABLE: D("56.90"), REVENUE: D("-56.90")}


# ------------------------------------------------------------------------------- AT10


def credits(company: Company, month: str, readings: list[tuple[str, str]], used: str, before: str) -> Any:
    """The close of a month of prepaid credits."""
    event = json.loads((EVENTS / "credits_january.json").read_text("utf-8"))
    ends = {"2026-01": "2026-02-01", "2026-11": "2026-12-01", "2026-12": "2027-01-01"}[month]
    event["data"].update(
        id=f"credits_{company.name}_{month}", number=f"{company.name}-C-{month}", month=month, used=used,
        used_before=before, period={"start": f"{month}-01", "end": ends}, closed_at=f"{month}-28T12:00:00Z",
        readings=[{"on": on, "quantity": quantity} for on, quantity in readings],
    )  # fmt: skip
    event["data"]["customer"]["id"] = f"cus_{company.name}"
    return event["type"], event["data"], event["data"]["id"], f"{month}-28T12:00:00+00:00"


@pytest.mark.parametrize(("used", "overage"), [("0", "0.00"), ("1400", "48.00")], ids=["breakage", "overage"])
def test_at10_prepaid_credits(company: Company, used: str, overage: str) -> None:
    name = company.name
    buyer = company.customer(tax_rate=None, percent=D("0"))
    completed(company.arrives(company.billing.customer(buyer, JANUARY)))
    line = Line(f"il_{name}", "prod_ai_credits", "10,000 AI credits", 100000)
    bought = company.billing.invoice(f"in_{name}", f"{name}-1", buyer, JANUARY, f"sub_{name}", YEAR, [line], "manual")
    completed(company.arrives(bought))
    assert company.balances(f"{name}-1") == {RECEIVABLE: D("1000.00"), DEFERRED: D("-1000.00")}

    readings = [("2026-01-31", "2500")]
    completed(company.happens(*credits(company, "2026-01", readings, "2500", "0")))
    closes = [f"{name}-1", f"{name}-C-2026-01"]
    assert company.balances(*closes)[REVENUE] == D("-250.00")
    assert company.balances(*closes)[DEFERRED] == D("-750.00")
    readings.append(("2026-11-30", "6500"))
    completed(company.happens(*credits(company, "2026-11", readings, "6500", "2500")))
    closes.append(f"{name}-C-2026-11")
    assert company.balances(*closes)[REVENUE] == D("-900.00")
    if used != "0":
        readings.append(("2026-12-20", used))
    last = credits(company, "2026-12", readings, used, "9000")
    (result,) = completed(company.happens(*last))
    closes.append(f"{name}-C-2026-12")
    whole = company.balances(*closes)
    assert DEFERRED not in whole, "the liability is gone"
    assert whole[REVENUE] == -(D("1000.00") + D(overage))
    assert whole[RECEIVABLE] == D("1000.00") + D(overage)
    assert result.output["overage"].amount == D(overage)
    documents = len(company.documents)
    completed(company.happens(*last))
    assert len(company.documents) == documents, "a replay posts nothing"


# ------------------------------------------------------------------------------- AT13


def annual(company: Company) -> Customer:
    """Cedar with its annual plan in the ERP, untaxed."""
    cedar = company.customer(tax_rate=None, percent=D("0"), name="Cedar Health Foundation", city="Boston")
    billing, name = company.billing, company.name
    completed(company.arrives(billing.customer(cedar, JANUARY)))
    completed(company.arrives(billing.subscription(f"sub_{name}", cedar, JANUARY, [("prod_annual", 1, 100000)])))
    line = Line(f"il_{name}", "prod_annual", "Annual plan 2026", 1200000)
    completed(company.arrives(billing.invoice(f"in_{name}", f"{name}-1", cedar, JANUARY, f"sub_{name}", YEAR, [line])))
    return cedar


def test_at13_a_cancellation_with_a_refund_pro_rata(company: Company) -> None:
    name = company.name
    annual(company)
    completed(company.arrives(company.billing.payment(f"inpay_{name}", f"in_{name}", 1200000, date(2026, 1, 5))))
    assert company.balances(f"{name}-1", until="2026-03-31")[REVENUE] == D("-2958.90")
    credit = company.billing.credit_note(
        f"cn_{name}", f"{name}-1-CN", f"in_{name}", CANCELLED,
        Line(f"cnli_{name}", "prod_annual", "275 of 365 days unused", 904110, credits=f"il_{name}"), "cancellation",
        refund=f"re_{name}",
    )  # fmt: skip
    completed(company.arrives(credit))
    completed(company.arrives(company.billing.ended(f"sub_{name}", CANCELLED)))
    whole = company.balances(f"{name}-1", f"{name}-1-CN")
    assert whole[REVENUE] == D("-2958.90")
    assert DEFERRED not in whole
    for month in range(4, 13):
        later = company.balances(f"{name}-1", f"{name}-1-CN", of=f"2026-{month:02}")
        assert REVENUE not in later, "nothing is earned after the cancellation, not a cent in any month"
    (refund,) = [receipt for operation, _, receipt in company.documents if operation == "refund.create"]
    assert refund.fields["amount"] == {"amount": "9041.10", "currency": "USD"}
    documents = len(company.documents)
    completed(company.arrives(credit))
    completed(company.arrives(company.billing.ended(f"sub_{name}", CANCELLED)))
    assert len(company.documents) == documents, "cancelled twice is cancelled once"


def test_at13_a_second_credit_on_a_line_is_spread_over_what_the_first_left(company: Company) -> None:
    name = company.name
    annual(company)

    def credit(number: int, on: date, cents: int) -> None:
        line = Line(f"cnli_{name}_{number}", "prod_annual", "Annual plan", cents, credits=f"il_{name}")
        id_, numbered = f"cn_{name}_{number}", f"{name}-1-CN{number}"
        completed(company.arrives(company.billing.credit_note(id_, numbered, f"in_{name}", on, line, "correction")))

    credit(1, AMENDED, 33333)
    numbers = [f"{name}-1", f"{name}-1-CN1"]
    left = -company.balances(*numbers, until="2026-03-31")[DEFERRED]
    credit(2, CANCELLED, int(left * 100))
    numbers.append(f"{name}-1-CN2")
    assert DEFERRED not in company.balances(*numbers)
    for month in range(4, 13):
        assert REVENUE not in company.balances(*numbers, of=f"2026-{month:02}"), "not a cent in any month"


def test_at13_a_cancellation_without_a_refund_makes_no_document(company: Company) -> None:
    annual(company)
    documents = len(company.documents)
    completed(company.arrives(company.billing.ended(f"sub_{company.name}", CANCELLED)))
    assert len(company.documents) == documents
    assert company.published[-1][0] == "billing.schedule_changed@1"


def test_at13_an_unpaid_invoice_is_written_off_with_its_deferral(company: Company) -> None:
    """Dr deferred 9,041.10, Dr bad debt 2,958.90, Cr receivable 12,000.00; nothing is earned from April on."""
    name = company.name
    annual(company)
    completed(company.arrives(company.billing.ended(f"sub_{name}", CANCELLED)))
    message = company.billing.given_up(f"in_{name}", CANCELLED)
    completed(company.arrives(message))
    (entry,) = company.entries(f"{name}-1-WRITE-OFF")[:1]
    assert {line["account"]: D(line["debit"]["amount"]) - D(line["credit"]["amount"]) for line in entry["lines"]} == {
        DEFERRED: D("9041.10"), CREDIT_LOSS: D("2958.90"), RECEIVABLE: D("-12000.00"),
    }  # fmt: skip
    assert entry["date"] == "2026-04-01"
    numbers = (f"{name}-1", f"{name}-1-WRITE-OFF")
    assert company.balances(*numbers) == {REVENUE: D("-2958.90"), CREDIT_LOSS: D("2958.90")}
    for month in range(4, 13):
        assert REVENUE not in company.balances(*numbers, of=f"2026-{month:02}"), "nothing is earned after the write-off"
    documents = len(company.documents)
    completed(company.arrives(message))
    assert len(company.documents) == documents, "written off twice is written off once"
    late = company.billing.payment(f"inpay_{name}", f"in_{name}", 1200000, date(2026, 5, 1))
    assert stopped(company.arrives(late)).exceptions[0].reason == "written_off_before"


def test_at13_what_was_paid_of_an_invoice_is_not_written_off(company: Company) -> None:
    name = company.name
    annual(company)
    completed(company.arrives(company.billing.payment(f"inpay_{name}", f"in_{name}", 600000, date(2026, 1, 5))))
    message = company.billing.given_up(f"in_{name}", CANCELLED)
    message["data"]["object"]["amount_remaining"] = 600000
    completed(company.arrives(message))
    numbers = (f"{name}-1", f"{name}-1-WRITE-OFF")
    found = company.balances(*numbers)
    assert (found[CREDIT_LOSS], found[REVENUE]) == (D("1479.45"), D("-7479.45"))
    assert DEFERRED not in found, "the paid half is earned to its end"
