"""Compiled mappings against the same mappings written by hand: interleaved timings, medians, one ratio.

Both sides take the same typed values and give equal results; both check nothing that the other does not: the
engine's side is the generated function with its check of the result against the output schema, which by hand is
one test of the same rules. Times are microseconds per document of eight lines.
"""

from __future__ import annotations

import re
import statistics
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.by_hand import RECEIVABLE_ACCOUNT, REVENUE_ACCOUNTS, TAX_ACCOUNT
from benchmarks.payloads import body
from engine.base.money import Money
from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import parse_json
from engine.spec.workspace import load_workspace

WORKSPACE = Path(__file__).parent / "workspace"
ON = date(2026, 3, 1)

_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


@dataclass(frozen=True, slots=True)
class Pair:
    """One mapping in both forms, and what it is given."""

    name: str
    compiled: Callable[[], Any]
    by_hand: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians of one pair, microseconds."""

    name: str
    compiled: float
    by_hand: float

    @property
    def ratio(self) -> float:
        return self.compiled / self.by_hand


@lru_cache(maxsize=1024)
def _utc_date(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def normalised(message: dict[str, Any]) -> dict[str, Any]:
    """By hand what workspace/mappings/stripe_invoice.mapping.yaml says."""
    invoice = message["data"]["object"]
    currency = invoice["currency"].upper()
    if not _CURRENCY.match(currency) or not invoice["id"] or not invoice["number"] or not invoice["customer"]:
        raise ValueError("the invoice is incomplete")
    lines = []
    for line in invoice["lines"]["data"]:
        product = line["pricing"]["price_details"]["product"]
        if not line["id"] or not product:
            raise ValueError("the line is incomplete")
        period = line["period"]
        lines.append(
            {
                "id": line["id"],
                "description": line["description"],
                "product": product,
                "quantity": line["quantity"],
                "unit_price": Decimal(line["pricing"]["unit_amount_decimal"]) * _CENT,
                "amount": Money(line["amount"] * _CENT, currency),
                "tax": Money(sum([tax["amount"] for tax in line["taxes"]]) * _CENT, currency),
                "service_start": _utc_date(period["start"]),
                "service_end": _utc_date(period["end"]),
            }
        )
    return {
        "invoice": {
            "id": invoice["id"],
            "number": invoice["number"],
            "customer": {"id": invoice["customer"], "name": invoice["customer_name"]},
            "currency": currency,
            "issued_on": _utc_date(invoice["status_transitions"]["finalized_at"]),
            "lines": lines,
            "total": Money(invoice["total"] * _CENT, currency),
        }
    }


def posted(invoice: dict[str, Any]) -> dict[str, Any]:
    """By hand what workspace/mappings/posted_invoice.mapping.yaml says."""
    currency = invoice["currency"]
    if not _CURRENCY.match(currency) or not invoice["number"]:
        raise ValueError("the invoice is incomplete")
    net = tax = Decimal("0.00")
    lines = []
    revenue = []
    for line in invoice["lines"]:
        account = REVENUE_ACCOUNTS[line["product"]]
        amount = line["amount"]
        if amount.currency != currency or line["tax"].currency != currency:
            raise ValueError("the line is in another currency")
        net += amount.amount
        tax += line["tax"].amount
        lines.append(
            {
                "id": line["id"],
                "description": line["description"],
                "account": account,
                "quantity": line["quantity"],
                "unit_price": line["unit_price"],
                "amount": amount,
                "tax": line["tax"],
                "service_start": line["service_start"],
                "service_end": line["service_end"],
            }
        )
        revenue.append({"account": account, "amount": amount})
    total = invoice["total"]
    taxes = Money(tax, currency)
    return {
        "number": invoice["number"],
        "customer": invoice["customer"],
        "currency": currency,
        "issued_on": invoice["issued_on"],
        "lines": lines,
        "net": Money(net, currency),
        "tax": taxes,
        "total": total,
        "journal": {
            "receivable": {"account": RECEIVABLE_ACCOUNT, "amount": total},
            "revenue": revenue,
            "tax": {"account": TAX_ACCOUNT, "amount": taxes},
        },
    }


def workspace_plan() -> Plan:
    """The compiled benchmark workspace. Raises UserError with the findings if it does not compile."""
    workspace = load_workspace(WORKSPACE)
    findings = Diagnostics()
    plan = build_plan(workspace, findings, {})
    findings.extend(workspace.diagnostics)
    findings.raise_errors("the benchmark workspace does not compile")
    if plan is None:
        raise RuntimeError("no plan and no finding")
    return plan


def pairs(plan: Plan) -> list[Pair]:
    """Both mappings of the workspace on one event."""
    message = parse_json(body(7))
    invoice = normalised(message)["invoice"]
    source = plan.mappings["stripe_invoice@1"][0]
    document = plan.mappings["posted_invoice@1"][0]
    return [
        Pair("stripe_invoice", lambda: source.apply({"message": message}, ON), lambda: normalised(message)),
        Pair("posted_invoice", lambda: document.apply({"invoice": invoice}, ON), lambda: posted(invoice)),
    ]


def measure(both: list[Pair], repetitions: int = 15, calls: int = 300) -> list[Timing]:
    """Alternate the two forms, so that whatever else the machine does hits both."""
    timings = []
    for pair in both:
        pair.compiled(), pair.by_hand()
        compiled, by_hand = [], []
        for _ in range(repetitions):
            compiled.append(timeit.timeit(pair.compiled, number=calls) / calls)
            by_hand.append(timeit.timeit(pair.by_hand, number=calls) / calls)
        timings.append(Timing(pair.name, 1e6 * statistics.median(compiled), 1e6 * statistics.median(by_hand)))
    return timings


def overall_ratio(timings: list[Timing]) -> float:
    """Time of all mappings compiled, over that of all by hand."""
    return sum(timing.compiled for timing in timings) / sum(timing.by_hand for timing in timings)


if __name__ == "__main__":
    measured = measure(pairs(workspace_plan()))
    for timing in measured:
        print(f"{timing.name:16} {timing.compiled:7.1f} us  by hand {timing.by_hand:7.1f} us  {timing.ratio:.2f}x")
    print(f"{'all':16} {overall_ratio(measured):.2f}x")
