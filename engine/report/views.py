"""What people ask for first in the result of each kind of calculation: its tables and columns, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """How a table is shown as text.

    ``columns`` come first and, unless everything is asked for, alone; all if there are none. ``lead``: fields of the
    row that a table inside another one belongs to. ``across``: one row for each value of the first column, one column
    for each of the second, sums of the third. ``sides``: debit and credit as two columns. ``explain``: only shown
    where everything is asked for. ``title``: what it is called, if not by its name.
    """

    table: str
    columns: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    across: tuple[str, str, str] | None = None
    sides: bool = False
    explain: bool = False
    title: str = ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VIEWS: dict[str, tuple[View, ...]] = {
    "pricing": (
        View(
            "lines",
            _names(
                "charge summary dimensions path quantity included_quantity billable_quantity base transactions amount"
            ),
        ),
        View(
            "lines.parts",
            _names("charge path tier from to quantity unit_price packages rate_percent flat_fee amount"),
            lead=("charge", "path"),
            explain=True,
            title="parts",
        ),
        View("bounds", _names("bound limit before counted within overage amount")),
    ),
    "proration": (
        View(
            "lines",
            _names("change line side start end part whole quantity unit_price amount tax total explanation"),
        ),
        View("periods", explain=True),
    ),
    "revenue": (
        View("schedule", across=("posted", "obligation", "amount"), title="revenue by month"),
        View("periods", explain=True),
        View("allocation", _names("obligation stated amount explanation")),
        View("postings", _names("obligation period posted amount"), explain=True),
        View("carves", _names("obligation period stated allocated carve"), explain=True),
    ),
    "journal": (
        View(
            "entries.lines",
            _names("date kind invoice line role side amount functional"),
            lead=("date", "kind", "invoice", "line"),
            sides=True,
            title="entries",
        ),
        View("entries", explain=True, title="entries in full"),
        View("balances"),
        View("invoices"),
        View("balance_changes", explain=True),
        View("earned", explain=True),
    ),
    "commission": (View("contract_cost.entries", explain=True),),
}

#: What stands alone in a result and is left out where it says nothing new: texts, and figures that are zero.
ASIDE: dict[str, tuple[str, ...]] = {
    "pricing": _names("currency explanation"),
    "proration": _names("uncredited"),
    "totals": _names(
        "currency line_discount maximum_discount document_discount discount true_up credits_before_tax "
        "credits_after_tax credits cash_rounding rounding_difference"
    ),
    "wallet": _names("overage_amount value_voided"),
    "commission": _names("kept contract_cost.other_standards contract_cost.impairment contract_cost.clawback"),
    "revenue": _names("price.variable"),
    "journal": _names("unchanged"),
    "settlement": _names("discount on_account"),
    "metrics": _names("usage_quantity"),
}

#: In files: the fields of a row that lead each row of a table inside it, so that the table can be read in by itself.
LEADS: dict[str, dict[str, tuple[str, ...]]] = {
    "journal": {
        "entries.lines": _names(
            "key date period attribution_period entity book kind invoice line contract obligation template"
        )
    },
}


def main_table(kind: str, names: Sequence[str]) -> str | None:
    """The table that a result of a kind is mostly about; the first of ``names`` for a kind without views."""
    return next((view.table for view in VIEWS.get(kind, ()) if view.table in names), next(iter(names), None))
