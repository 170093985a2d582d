"""Laws of a generated year's usage: however it is read, and billed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from company_books import ENDS
from company_documents import METER, pricing, shipped
from company_year import HORIZON, YEAR, Company, Customer

from engine import api
from engine.base.identity import json_bytes

Row = dict[str, Any]


def usage_is_measured_alike(company: Company) -> None:
    """The year's records as a stream, as columns and at hand, as they came, reordered and delivered twice."""
    records = [record for customer in company.customers for record in customer.records]
    corrected = METER.format(id="api_calls") + "  replaces: corrects\n  removes: deletes\n"
    plain = [record for record in records if "corrects" not in record and "deletes" not in record]
    dice = Random(f"{company.seed}/usage")
    for text, given, endings in (
        (corrected, records, ("ndjson",)),
        (METER.format(id="api_calls"), plain, ("ndjson", "csv")),
    ):
        again = [*given, *given]
        dice.shuffle(again)
        told = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
        document = api.prepare("api_calls.meter.yaml", text.encode())
        at_hand = document.calculate({"records": given, "period": told})
        assert len(at_hand["usage"]) > 1
        twice = document.calculate({"records": again, "period": told})
        assert _said(twice) == _said(at_hand)
        with TemporaryDirectory() as folder:
            for ending in endings:
                assert _said(_from_file(Path(folder), text, ending, again)) == _said(at_hand), ending


def _said(answer: Any) -> tuple[Any, ...]:
    rows = [(row["dimensions"], row["quantity"]) for row in answer["usage"]]
    return (rows, answer["fingerprint"], answer["counted"], answer["corrected"])


def _from_file(folder: Path, meter: str, ending: str, rows: list[Row]) -> Row:
    file, document = folder / f"usage.{ending}", folder / "api_calls.meter.yaml"
    document.write_text(meter, "utf-8")
    if ending == "csv":
        columns = ("id", "time", "customer", "calls")
        lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
        file.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        file.write_bytes(b"".join(json_bytes(row) + b"\n" for row in rows))
    found = api.measure_usage(
        shipped("pricing", "api_calls"), [str(file)], {}, period=(YEAR, HORIZON), workspace=None, meters=[document]
    )
    (_, result) = found.meters[0]
    usage = [{"dimensions": dict(row.dimensions), "quantity": row.quantity} for row in result.usage]
    return {
        "usage": usage, "fingerprint": result.fingerprint, "counted": result.counted, "corrected": result.corrected
    }  # fmt: skip


def billing_in_parts_is_billing_at_once(company: Company) -> None:
    """Tiers that count over the period give the same, billed once or in two parts of the month."""
    dice = Random(f"{company.seed}/parts")
    for customer in company.customers:
        document = pricing(customer.currency, customer.plan, customer.months)
        first, end = ENDS[9], ENDS[10]
        cut = first + timedelta(days=dice.randint(1, 29))
        whole, early, late = (_quantity(customer, *span) for span in ((first, end), (first, cut), (cut, end)))
        assert whole == early + late

        def rated(quantity: Decimal, before: Decimal, document: Any = document, customer: Any = customer) -> Decimal:
            usage = [{"meter": "api_calls", "quantity": str(quantity)}]
            billed = [{"charge": "calls", "over": "period", "quantity": str(before)}]
            facts = {"currency": customer.currency, "usage": usage, "bill": "in_arrears", "billed": billed}
            amount: Decimal = document.calculate(facts)["total"].amount
            return amount

        assert rated(whole, Decimal(0)) == rated(early, Decimal(0)) + rated(late, early)


def _quantity(customer: Customer, first: date, end: date) -> Decimal:
    span = {
        name: datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
        for name, day in (("from", first), ("to", end))
    }
    answer = shipped("meter", "api_calls").calculate({"records": customer.records, "period": span})
    return sum((row["quantity"] for row in answer["usage"]), Decimal(0))


LAWS = (usage_is_measured_alike, billing_in_parts_is_billing_at_once)
