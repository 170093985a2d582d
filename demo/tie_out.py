"""The tie-out: what was billed beside what the ERP itself says it holds, customer by customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.billing import Billed, Customer
from demo.erp_rpc import ErpRpc
from engine.base.money import Money

#: Rows of the ERP's documents: a customer's code and a currency.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TieOutRow:
    """One customer in one currency. Amounts without tax, and the tax."""

    customer: str
    name: str
    currency: str
    billed: Decimal
    billed_tax: Decimal
    posted: Decimal
    posted_tax: Decimal

    @property
    def difference(self) -> Decimal:
        """Billed less posted, tax included."""
        return self.billed + self.billed_tax - self.posted - self.posted_tax


def posted_documents(rpc: ErpRpc, companies: Sequence[int]) -> dict[Key, tuple[Decimal, Decimal]]:
    """What the ERP has posted: amount without tax and tax, by customer and currency; credit notes count negative."""
    totals: dict[Key, tuple[Decimal, Decimal]] = {}
    for company in companies:
        rpc.enter_company(company)
        rows = rpc.rows(
            "account.invoice",
            [["company", "=", company], ["type", "=", "out"], ["state", "in", ["posted", "paid"]]],
            ["party.code", "currency.code", "untaxed_amount", "tax_amount"],
        )
        for row in rows:
            key = (row["party."]["code"], row["currency."]["code"])
            net, tax = totals.get(key, (Decimal(0), Decimal(0)))
            totals[key] = (net + row["untaxed_amount"], tax + row["tax_amount"])
    return totals


def tie_out(
    billed: Mapping[Key, Billed],
    customers: Mapping[str, Customer],
    posted: Mapping[Key, tuple[Decimal, Decimal]],
) -> list[TieOutRow]:
    """Both sides joined; a customer on one side only is a row with zeros on the other."""
    rows = []
    zero = Decimal(0)
    for code, currency in sorted(set(billed) | set(posted)):
        left = billed.get((code, currency), Billed())
        net, tax = posted.get((code, currency), (zero, zero))
        rows.append(
            TieOutRow(
                code,
                customers[code].name if code in customers else code,
                currency,
                Money.from_minor(left.net, currency).amount,
                Money.from_minor(left.tax, currency).amount,
                net,
                tax,
            )
        )
    return rows


def totals(rows: Sequence[TieOutRow]) -> list[TieOutRow]:
    """One total per currency."""
    found = []
    for currency in sorted({row.currency for row in rows}):
        of = [row for row in rows if row.currency == currency]
        zero = Decimal(0)
        found.append(
            TieOutRow(
                "",
                "Total",
                currency,
                sum((row.billed for row in of), zero),
                sum((row.billed_tax for row in of), zero),
                sum((row.posted for row in of), zero),
                sum((row.posted_tax for row in of), zero),
            )
        )
    return found


def as_json(row: TieOutRow) -> dict[str, Any]:
    return {
        "customer": row.customer or None,
        "name": row.name,
        "currency": row.currency,
        "billed": row.billed,
        "billed_tax": row.billed_tax,
        "erp": row.posted,
        "erp_tax": row.posted_tax,
        "difference": row.difference,
    }
