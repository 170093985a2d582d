"""The yardstick's business part, written by hand: a Stripe invoice becomes the document that the sink books.

The same result as ``benchmarks/workspace`` makes declaratively, to the byte (a test compares them). Amounts are
Decimals in the invoice's currency; nothing here does input or output.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

#: Product to revenue account, as in workspace/mappings/accounts.table.yaml.
REVENUE_ACCOUNTS = {f"prod_{index}": f"40{index:02d}" for index in range(8)}
RECEIVABLE_ACCOUNT = "1200"
TAX_ACCOUNT = "2200"

_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


@lru_cache(maxsize=1024)
def utc_date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def document_of(event: dict[str, Any]) -> dict[str, Any]:
    """The document for an invoice.finalized event. Raises KeyError for a product without an account."""
    invoice = event["data"]["object"]
    currency = invoice["currency"].upper()
    lines = []
    revenue = []
    net = tax = _ZERO
    for line in invoice["lines"]["data"]:
        amount = line["amount"] * _CENT
        line_tax = sum([part["amount"] for part in line["taxes"]]) * _CENT
        net += amount
        tax += line_tax
        account = REVENUE_ACCOUNTS[line["pricing"]["price_details"]["product"]]
        money = {"amount": str(amount), "currency": currency}
        period = line["period"]
        lines.append(
            {
                "id": line["id"],
                "description": line["description"],
                "account": account,
                "quantity": line["quantity"],
                "unit_price": str(Decimal(line["pricing"]["unit_amount_decimal"]) * _CENT),
                "amount": money,
                "tax": {"amount": str(line_tax), "currency": currency},
                "service_start": utc_date(period["start"]),
                "service_end": utc_date(period["end"]),
            }
        )
        revenue.append({"account": account, "amount": money})
    total = invoice["total"] * _CENT
    return {
        "number": invoice["number"],
        "customer": {"id": invoice["customer"], "name": invoice["customer_name"]},
        "currency": currency,
        "issued_on": utc_date(invoice["status_transitions"]["finalized_at"]),
        "lines": lines,
        "net": {"amount": str(net), "currency": currency},
        "tax": {"amount": str(tax), "currency": currency},
        "total": {"amount": str(total), "currency": currency},
        "journal": {
            "receivable": {"account": RECEIVABLE_ACCOUNT, "amount": {"amount": str(total), "currency": currency}},
            "revenue": revenue,
            "tax": {"account": TAX_ACCOUNT, "amount": {"amount": str(tax), "currency": currency}},
        },
    }


def violations(document: dict[str, Any]) -> list[str]:
    """What forbids posting: the same three rules as workspace/policies/benchmark_controls.policy.yaml."""
    found = []
    net = Decimal(document["net"]["amount"])
    tax = Decimal(document["tax"]["amount"])
    total = Decimal(document["total"]["amount"])
    journal = document["journal"]
    credits = sum([Decimal(entry["amount"]["amount"]) for entry in journal["revenue"]], _ZERO)
    if total <= _ZERO:
        found.append("total_not_positive")
    if net + tax != total:
        found.append("total_differs")
    if credits + Decimal(journal["tax"]["amount"]["amount"]) != Decimal(journal["receivable"]["amount"]["amount"]):
        found.append("journal_unbalanced")
    return found
