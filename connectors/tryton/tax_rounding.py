"""Tax that was billed to the cent, where the ERP rounds halves another way.

Tryton rounds half to even, most billing systems half up. The customer has seen the billed tax, so the ERP has to hold
it; but only where the billed tax is a rounding of what the rates give. Anything more is another rate, and refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.tryton.amounts import Line, Totals
from connectors.tryton.books import Books, Company
from connectors.tryton.errors import refusal_failure
from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session
from engine.base.money import EXACT, minor_units


@dataclass(frozen=True, slots=True)
class TaxRounding:
    """A draft whose tax may differ by rounding: what was wanted and what the ERP calculated, both signed as there."""

    lines: Sequence[Line]
    sign: int
    wanted: Totals
    found: Totals
    currency: str

    @property
    def only_tax_differs(self) -> bool:
        """Whether everything but the tax, and with it the total, is as wanted."""
        same = self.wanted.lines == self.found.lines and self.wanted.untaxed == self.found.untaxed
        return same and self.wanted.tax != self.found.tax


async def follow_tax_rounding(
    session: Session, books: Books, company: Company, draft: int, rounding: TaxRounding
) -> bool:
    """Give the draft the wanted tax if that is a rounding of the exact tax; whether it was done. Raises Failure."""
    if not rounding.only_tax_differs or not await _is_rounding(books, company, rounding):
        return False
    rows = await session.ask(
        "model.account.invoice.tax.search_read",
        [["invoice", "=", draft]],
        0,
        None,
        None,
        ["amount", "base"],
        context=company.context,
    )
    if not rows:
        return False
    largest = max(rows, key=lambda row: abs(row["base"]))
    amount = largest["amount"] + rounding.wanted.tax - rounding.found.tax
    try:
        await session.change(
            "model.account.invoice.tax.write", [largest["id"]], {"amount": amount}, context=company.context
        )
    except Refusal as refusal:
        raise refusal_failure(refusal) from refusal
    return True


async def _is_rounding(books: Books, company: Company, rounding: TaxRounding) -> bool:
    """Whether the wanted tax is within half a smallest unit of the exact one, for each tax of each line."""
    exact, roundings = Decimal(0), 0
    for line in rounding.lines:
        for name in line.taxes:
            rate = await books.tax_rate(company, name)
            if rate is None:
                return False
            exact = EXACT.add(exact, EXACT.multiply(line.amount, rate))
            roundings += 1 if rate else 0
    half_unit = Decimal(5).scaleb(-minor_units(rounding.currency) - 1)
    return abs(rounding.sign * rounding.wanted.tax - exact) <= half_unit * roundings
