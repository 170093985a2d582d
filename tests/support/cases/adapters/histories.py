"""Histories for shipped journals: what adapters of cases build their events with, and read the results by.

``life_of_invoice``-like adapters and those of other topics share this; see :mod:`cases.adapters.subledger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cases.model import run_document
from engine.base.money import Money, minor_units
from engine.finance.calendar import add_months

_JOURNALS = Path(__file__).parents[4] / "mappings" / "journals"

#: What sources call the account roles of the shipped journals.
NAMES = {
    "cash": "Cash", "external_asset": "ExternalAsset", "receivable": "AccountsReceivable",
    "unbilled_receivable": "UnbilledAccountsReceivable", "refunds": "Refunds", "disputes": "Disputes",
    "credit_notes": "CreditNotes", "voids": "Voids", "bad_debt": "BadDebt", "fees": "Fees", "exchange_loss": "FxLoss",
    "customer_balance_adjustments": "CustomerBalanceAdjustments", "customer_balance": "CustomerBalance",
    "external_customer_balance": "ExternalCustomerBalance", "deferred_revenue": "DeferredRevenue",
    "tax_liability": "TaxLiability", "passthrough_fees": "PassthroughFees", "credit_liability": "CreditLiability",
    "revenue": "Revenue", "recoverables": "Recoverables", "exclusion": "Exclusion",
    "unbilled_deferred_revenue": "UnbilledDeferredRevenue", "paid_grants": "PaidCreditGrants",
    "paid_grants_contra": "PaidCreditGrantContraAsset", "promotional_grants": "PromotionalCreditGrants",
    "promotional_expense": "PromotionalCreditGrantExpense",
}  # fmt: skip


@cache
def _shipped(name: str) -> dict[str, Any]:
    text = (_JOURNALS / f"{name}.journal.yaml").read_text("utf-8")
    body = yaml.load(text, Loader=yaml.BaseLoader)  # every scalar stays as it is written
    return {key: value for key, value in body.items() if key not in ("spec", "id", "version", "owner", "summary")}


def run_journal(
    events: Iterable[Mapping[str, Any]], *, journal: str = "stripe_ledger", policy: Mapping[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:  # fmt: skip
    """Post a history with a shipped journal, some of its policies set otherwise."""
    body = dict(_shipped(journal))
    body["policy"] = {**body.get("policy", {}), **(policy or {})}
    body["policy"] = {key: _scalar(value) for key, value in body["policy"].items()}
    for role in body["roles"].values():
        if "returns_to_zero" in role:
            role["returns_to_zero"] = _scalar(role["returns_to_zero"])
    numbered = [{"id": f"e{index:03d}", **event} for index, event in enumerate(events)]
    return run_document("journal", body, {"events": numbered, **facts})


def _scalar(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def balance_changes(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The balance changes of a journal under the sources' names: by period, then by name."""
    rows = [
        {"period": each["period"], "account": NAMES[each["role"]], "change": each["change"]}
        for each in result["balance_changes"]
    ]
    return sorted(rows, key=lambda row: (row["period"], row["account"]))


# ----------------------------------------------------------------------------- events


class History:
    """The events of a case, in one currency."""

    def __init__(self, currency: str, *, minor: bool = False) -> None:
        self.currency = currency
        self.minor = minor
        self.events: list[dict[str, Any]] = []

    def money(self, amount: Any) -> dict[str, str]:
        value = Decimal(str(amount))
        return Money(value.scaleb(-minor_units(self.currency)) if self.minor else value, self.currency).as_json()

    def shown(self, money: Money) -> Decimal:
        """An amount of a result in the case's own unit."""
        return money.amount.scaleb(minor_units(self.currency)) if self.minor else money.amount

    def add(self, event: str, day: str, *, amount: Any = None, **fields: Any) -> None:
        given = {key: value for key, value in fields.items() if value is not None}
        if amount is not None:
            given["amount"] = self.money(amount)
        self.events.append({"event": event, "date": day, **given})

    def line(
        self,
        amount: Any,
        start: str | None = None,
        end: str | None = None,
        *,
        id: str = "line",
        method: str = "by_day",
        **fields: Any,
    ) -> dict[str, Any]:
        """A line; ``end`` is the day after the last one."""
        service = None if start is None or end is None else {"start": start, "end": end, "method": method}
        given = {"id": id, "amount": self.money(amount), "service": service, **fields}
        return {key: value for key, value in given.items() if value is not None}

    def run(self, **settings: Any) -> dict[str, Any]:
        ordered = sorted(self.events, key=lambda event: event["date"])
        return run_journal(ordered, **settings)


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


AT_ONCE = ("point_in_time", "point_in_time_on_payment", "point_in_time_on_invoice")


def balances(result: Mapping[str, Any], history: History) -> dict[str, Any]:
    """What stands on every account at the end, zeros too, in the case's own unit."""
    found: dict[str, Any] = dict.fromkeys(NAMES.values(), Decimal(0))
    for each in result["balances"]:
        found[NAMES[each["role"]]] = history.shown(each["balance"])
    return found


def last_day(period: str) -> str:
    """The last day of a month written 2026-01; a day stays itself."""
    if len(period) > 7:
        return period
    following = date.fromisoformat(f"{period}-01") + timedelta(days=31)
    return (following.replace(day=1) - timedelta(days=1)).isoformat()


def invoice(history: History, given: Mapping[str, Any], day: str, *, amount: Any = None, **fields: Any) -> None:
    """The invoice of a case: one line, with the service dates of the case if it has any."""
    method = given.get("method") or "by_day"
    start, end = given.get("service_start"), given.get("service_end")
    if method in AT_ONCE or start is None or end is None:
        start = end = None
        method = "by_day"
    line = history.line(
        given["amount"] if amount is None else amount, start, None if end is None else day_after(end), method=method,
        **fields,
    )  # fmt: skip
    history.add("invoice.finalized", day, invoice="invoice", lines=[line])


def booked_on(given: Mapping[str, Any]) -> str:
    """When the invoice of a case is booked: as it says, or when the service starts, or when it is paid."""
    paid = given.get("paid")
    for candidate in (
        given.get("booked_date"), given.get("invoice_date"), given.get("finalized"), given.get("service_start"),
        paid if isinstance(paid, str) else None, paid.get("date") if isinstance(paid, Mapping) else None,
    ):  # fmt: skip
        if isinstance(candidate, str):
            return candidate
    return "2019-01-01"


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def months_before(day: str, other: str) -> bool:
    """Whether ``other`` is more than a month before ``day``."""
    return add_months(date.fromisoformat(day), -1) > date.fromisoformat(other)
