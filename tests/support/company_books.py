"""The books of the generated company: its journals, the money that prepaid credits and commissions are, and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from company_documents import BOOKS, shipped
from company_year import HORIZON, YEAR, Company, Customer

Row = dict[str, Any]
Amounts = dict[str, Decimal]
ENDS = [date(2026 + month // 12, month % 12 + 1, 1) for month in range(13)]


def moment(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")


def post(events: Iterable[Row], book: str = "standard", **facts: Any) -> Row:
    """What a journal answers for a history in dollars."""
    answer: Row = BOOKS[book].calculate({"events": list(events), "functional_currency": "USD", **facts})
    return answer


@cache
def _posted(customer: Customer, book: str) -> Row:
    return post(customer.events, book)


def posted(customer: Customer, book: str = "standard") -> Row:
    """The whole history of a customer, to the end of its last service."""
    return _posted(customer, book)


def signed(entries: Iterable[Mapping[str, Any]], layer: str = "amount", before: date = date.max) -> Amounts:
    """Debits less credits by role, of entries dated before a day."""
    found: Amounts = defaultdict(Decimal)
    for entry in entries:
        if entry["date"] < before:
            for line in entry["lines"]:
                amount = line[layer].amount
                found[line["role"]] += amount if line["side"] == "debit" else -amount
    return {role: value for role, value in found.items() if value}


def by_template(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """Debits less credits of 2026 by template and role, in the customer's currency."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        if YEAR <= entry["date"] < HORIZON:
            for line in entry["lines"]:
                amount = line["amount"].amount
                found[entry["template"], line["role"]] += amount if line["side"] == "debit" else -amount
    return found


# ----------------------------------------------------------------------------- prepaid credits, commissions


def prepaid_history(company: Company) -> tuple[list[Row], list[tuple[date, Row]]]:
    """Credits sold for a year, burnt month by month: the events, and the wallet's answer at each month's end."""
    dice = Random(f"{company.seed}/credits")
    events: list[Row] = []
    answers: list[tuple[date, Row]] = []
    for number in range(3):
        price = Decimal(dice.randint(20_000, 90_000)).scaleb(-2)
        start = date(2026, 1, 1) + timedelta(days=dice.randint(0, 60))
        grant = {
            "id": f"G{number}", "amount": "10000", "effective_at": moment(start), "expires_at": moment(HORIZON),
            "price": {"amount": str(price), "currency": "USD"},
        }  # fmt: skip
        usage = [
            {"id": f"b{index}", "at": moment(start + timedelta(days=dice.randint(0, 280))), "kind": "text",
             "quantity": str(dice.randint(1, 1500))} for index in range(9)
        ]  # fmt: skip
        usage.sort(key=lambda each: each["at"])
        about = {"grant": grant["id"], "category": "paid"}
        events.append({"id": f"{grant['id']}-sold", "event": "credits.granted", "date": str(start),
                       "amount": grant["price"], **about})  # fmt: skip
        used = Decimal(0)
        for end in ENDS[1:]:
            if end <= start:
                continue
            facts = {"from": moment(start), "to": moment(end), "grants": [grant], "usage": usage}
            answer = company.ask("wallet", shipped("wallet", "ai_credits"), facts)
            answers.append((end, answer))
            last = str(end - timedelta(days=1))
            for kind, value in (
                ("drawn", answer["value_used"].amount - used),
                ("expired", answer["value_lapsed"].amount),
            ):
                if value:
                    amount = {"amount": str(value), "currency": "USD"}
                    name = f"{grant['id']}-{kind}-{end}"
                    events.append({"id": name, "event": f"credits.{kind}", "date": last, "amount": amount, **about})
            used = answer["value_used"].amount
    return events, answers


def commission_history(company: Company) -> tuple[list[Row], list[Row]]:
    """Commissions of annual contracts, spread over the expected benefit; who leaves within it ends the spreading."""
    events: list[Row] = []
    answers: list[Row] = []
    for customer in company.customers:
        if customer.months == 1 or not customer.invoices:
            continue
        first = customer.invoices[0]
        tax = sum((line.tax for line in first.lines), Decimal(0))
        contract: Row = {"start": str(customer.start.replace(day=1)), "months": 12, "benefit_months": 18}
        if customer.left is not None and (months := (customer.left - customer.start).days // 31):
            contract["cancelled_after_months"] = months
        facts = {
            "currency": customer.currency, "sale": customer.money(first.gross), "tax": customer.money(tax),
            "contract": contract,
        }  # fmt: skip
        answer = company.ask("commission", shipped("commission", "sales_commission"), facts)
        answers.append(answer)
        events += _cost_events(customer, answer["contract_cost"])
    return events, answers


def _cost_events(customer: Customer, cost: Row) -> list[Row]:
    def told(kind: str, name: str, on: date, **amounts: Any) -> Row:
        shown = {key: customer.money(amount) for key, amount in amounts.items()}
        return {"id": f"{customer.id}-{name}", "event": kind, "date": str(on), "amounts": shown}

    capitalised = cost["capitalised"].amount
    earned = told(
        "commission.earned", "earned", customer.start, capitalised=capitalised, expensed=cost["expensed"].amount,
        payroll_tax=0,
    )  # fmt: skip
    found = [earned]
    last = customer.start
    for row in cost["schedule"]:
        year, month = map(int, row["month"].split("-"))
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        name = f"spread-{row['number']}"
        found.append(told("commission.amortised", name, max(last, customer.start), amount=row["amount"].amount))
    if cost["impairment"].amount or cost["clawback"].amount:
        left, back = cost["impairment"].amount, cost["clawback"].amount
        found.append(told("contract.cancelled", "left", last, remaining=left, clawed_back=back))
    return found
