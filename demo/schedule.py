"""What the billing system's own lines lead to, calculated again by the shipped documents and put beside the ERP.

Nothing of the engine's record is used: invoices and credit notes as the billing system has them, the documents of the
workspace, and the ERP's journal as it was read back.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.tryton.entities import DEFERRED, REVENUE
from demo.billing import Billing, Event
from demo.expected import converted, home_currency
from engine import api
from engine.base.money import Money, decimal_text

_RECOGNITION = re.compile(r" Revenue \d{4}-\d{2} of ")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RevenueRow:
    """One entity on a day, in its own currency: by the schedules, and in the ERP."""

    entity: str
    currency: str
    earned: Decimal
    earned_erp: Decimal
    deferred: Decimal
    deferred_erp: Decimal

    @property
    def difference(self) -> Decimal:
        """Both differences together, whatever their signs."""
        return abs(self.earned - self.earned_erp) + abs(self.deferred - self.deferred_erp)


@dataclass(frozen=True, slots=True)
class Service:
    """A line whose revenue is earned over time: whose, how much, when, and the credits against it."""

    entity: str
    product: str
    amount: Decimal
    billed_on: date
    start: date
    end: date
    credits: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class ProrationCheck:
    """Lines for parts of periods: how many, and by how much the worst of them is not what we calculate."""

    lines: int
    largest: Decimal


def services(billing: Billing, workspace: Path) -> list[Service]:
    """The lines that are earned over time, as the billing system has them, in the currency of the entity."""
    accounts = {
        (row["product"], row["legal_entity"]): row["treatment"]
        for row in _rows(workspace / "mappings/tables/product_accounts.csv")
    }
    credits = _credits(billing)
    found = []
    for invoice, line in _invoice_lines(billing):
        entity = invoice["parent"]["subscription_details"]["metadata"]["legal_entity"]
        product = line["pricing"]["price_details"]["product"]
        if accounts.get((product, entity)) != "over_time":
            continue
        home, currency = home_currency(entity), invoice["currency"].upper()

        def booked(minor: int, home: str = home, currency: str = currency) -> Decimal:
            return converted(Money.from_minor(minor, currency).amount, currency, home)

        found.append(
            Service(
                entity, product, booked(line["amount"]), _day(invoice["created"]),
                _day(line["period"]["start"]), _day(line["period"]["end"]),
                tuple((on, booked(minor)) for on, minor in credits.get(line["id"], ())),
            )
        )  # fmt: skip
    return found


def schedule(found: Sequence[Service], workspace: Path) -> dict[tuple[str, str], Decimal]:
    """What is earned by entity and period (`2026-02`), by the document that the flows use."""
    prepared = api.prepare(api.find_document("billed_line", "revenue", workspace))
    promises = {row["product"]: row for row in _rows(workspace / "mappings/tables/product_promises.csv")}
    earned: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for service in found:
        currency = home_currency(service.entity)
        result = prepared.calculate(
            {
                "currency": currency,
                "price": _money(service.amount, currency),
                "obligations": [
                    {"id": product, "ssp": _money(share, currency), "start": service.start,
                     "end_exclusive": service.end}
                    for product, share in _shares(service.product, promises)
                ],
                "changes": [
                    {"id": on.isoformat(), "on": on, "added_price": _money(-amount, currency)}
                    for on, amount in service.credits
                ],
            }
        )  # fmt: skip
        for row in result["periods"]:
            earned[service.entity, row["period"]] += row["amount"].amount
    return dict(earned)


def compare(
    found: Sequence[Service],
    earned: Mapping[tuple[str, str], Decimal],
    journal: Mapping[str, Sequence[Mapping[str, Any]]],
    until: date,
) -> list[RevenueRow]:
    """Earned and deferred at the end of a day, by the schedules and in the ERP, entity by entity."""
    rows = []
    for entity, entries in journal.items():
        by_schedule = sum(
            (a for (of, period), a in earned.items() if of == entity and period <= f"{until:%Y-%m}"), _ZERO
        )
        billed = sum((each.amount for each in found if each.entity == entity and each.billed_on <= until), _ZERO)
        credited = sum(
            (amount for each in found if each.entity == entity for on, amount in each.credits if on <= until), _ZERO
        )
        past = [entry for entry in entries if entry["date"] <= until.isoformat()]
        in_erp = -_balance([entry for entry in past if _RECOGNITION.search(entry["description"])], REVENUE)
        rows.append(
            RevenueRow(
                entity, home_currency(entity), by_schedule, in_erp, billed - credited - by_schedule,
                -_balance(past, DEFERRED),
            )
        )  # fmt: skip
    return rows


def check_proration(billing: Billing, workspace: Path) -> ProrationCheck:
    """Every line for a part of a period, calculated again by the shipped document."""
    prepared = api.prepare(api.find_document("by_day", "proration", workspace))
    lines = 0
    largest = _ZERO
    for invoice, line in _invoice_lines(billing):
        if not line["parent"]["subscription_item_details"]["proration"]:
            continue
        currency = invoice["currency"].upper()
        of = {
            "id": line["id"], "quantity": line["quantity"],
            "unit_price": _money(Decimal(line["pricing"]["unit_amount_decimal"]) / 100, currency),
        }  # fmt: skip
        change = {"id": line["id"], "at": _day(line["period"]["start"]), "timing": "immediate"}
        side = "old" if line["amount"] < 0 else "new"
        result = prepared.calculate(
            {"currency": currency, "period": _whole(billing, invoice), "changes": [{**change, side: [of]}]}
        )
        lines += 1
        largest = max(largest, abs(Money.from_minor(line["amount"], currency).amount - result["net"].amount))
    return ProrationCheck(lines, largest)


def _invoice_lines(billing: Billing) -> Iterator[tuple[Event, Event]]:
    for value in billing.objects.values():
        if value["object"] == "invoice":
            for line in value["lines"]["data"]:
                yield value, line


def _credits(billing: Billing) -> dict[str, list[tuple[date, int]]]:
    credits: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for value in billing.objects.values():
        if value["object"] == "credit_note":
            for line in value["lines"]["data"]:
                credits[line["invoice_line_item"]].append((_day(value["created"]), line["amount"]))
    return credits


def _whole(billing: Billing, invoice: Event) -> dict[str, date]:
    """The period of the invoice that is taken back in part."""
    details = [line["parent"]["subscription_item_details"]["proration_details"] for line in invoice["lines"]["data"]]
    credited = next(each["credited_items"]["invoice"] for each in details if each["credited_items"])
    period = billing.objects[credited]["lines"]["data"][0]["period"]
    return {"start": _day(period["start"]), "end": _day(period["end"])}


def _shares(product: str, promises: Mapping[str, Mapping[str, str]]) -> list[tuple[str, Decimal]]:
    row = promises.get(product)
    if row is None:
        return [(product, Decimal(1))]
    second = (row["second_product"], Decimal(row["second_stand_alone_price"]))
    return [(product, Decimal(row["stand_alone_price"])), second]


def _balance(entries: Sequence[Mapping[str, Any]], account: str) -> Decimal:
    """Debits less credits."""
    return sum(
        (
            Decimal(line["debit"]["amount"]) - Decimal(line["credit"]["amount"])
            for entry in entries
            for line in entry["lines"]
            if line["account"] == account
        ),
        _ZERO,
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": decimal_text(amount), "currency": currency}


def _day(stamp: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=stamp)).date()
