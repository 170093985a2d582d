"""Cases of documents and their journals: invoices, payments, credits, refunds, voids, write-offs, disputes, usage.

A case becomes a history of events; the shipped journal of its policy profile turns it into entries and balance changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cases.model import Adapter, Case, run_document
from engine.base.money import Money, minor_units

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
    body = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  every scalar stays as it is written
    return {key: value for key, value in body.items() if key not in ("spec", "id", "version", "owner", "summary")}


def run_journal(
    events: Iterable[Mapping[str, Any]], *, journal: str = "stripe_ledger", policy: Mapping[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:  # fmt: skip
    """Post a history with a shipped journal, some of its policies set otherwise."""
    body = dict(_shipped(journal))
    body["policy"] = {**body.get("policy", {}), **(policy or {})}
    for section in ("policy",):
        body[section] = {key: _scalar(value) for key, value in body[section].items()}
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

    def add(self, event: str, day: str, *, amount: Any = None, **fields: Any) -> None:
        given = {key: value for key, value in fields.items() if value is not None}
        if amount is not None:
            given["amount"] = self.money(amount)
        self.events.append({"event": event, "date": day, **given})

    def line(
        self, amount: Any, start: str | None = None, end: str | None = None, *, id: str = "line", method: str = "by_day",
        **fields: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A line; ``end`` is the day after the last one."""
        service = None if start is None or end is None else {"start": start, "end": end, "method": method}
        given = {"id": id, "amount": self.money(amount), "service": service, **fields}
        return {key: value for key, value in given.items() if value is not None}

    def run(self, **settings: Any) -> dict[str, Any]:
        ordered = sorted(self.events, key=lambda event: event["date"])
        return run_journal(ordered, **settings)


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


_AT_ONCE = ("point_in_time", "point_in_time_on_payment", "point_in_time_on_invoice")


def invoice(history: History, given: Mapping[str, Any], day: str, *, amount: Any = None, **fields: Any) -> None:
    """The invoice of a case: one line, with the service dates of the case if it has any."""
    method = given.get("method") or "by_day"
    start, end = given.get("service_start"), given.get("service_end")
    if method in _AT_ONCE or start is None or end is None:
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


def life_of_invoice(case: Case) -> dict[str, Any]:
    """An invoice and whatever the case says happened to it afterwards."""
    given = case.input
    history = History(case.currency or "USD")
    booked = booked_on(given)
    _invoice_with_tax(history, given, booked)
    if "credit_balance_applied" in given:
        history.add("customer_balance.applied", booked, amount=given["credit_balance_applied"], invoice="invoice")
    if "customer_owes_balance" in given:
        history.add("customer_balance.applied", booked, amount=f"-{given['customer_owes_balance']}", invoice="invoice")
    _paid(history, given, booked)
    _taken_back(history, given)
    through = _last_day(given["as_of"]) if "as_of" in given else None
    settings = {} if through is None else {"through": through}
    return {"balance_changes": balance_changes(history.run(**settings))}


def _last_day(period: str) -> str:
    if len(period) > 7:
        return period
    following = date.fromisoformat(f"{period}-01") + timedelta(days=31)
    return (following.replace(day=1) - timedelta(days=1)).isoformat()


def _invoice_with_tax(history: History, given: Mapping[str, Any], booked: str) -> None:
    if given.get("tax_behavior") == "inclusive" or ("gross" in given and "net" not in given):
        amount, included = given["gross"], True
    else:
        amount, included = given.get("net", given.get("amount")), False
    tax = history.money(given["tax"]) if "tax" in given else None
    rate = given.get("tax_rate") if tax is None else None
    invoice(history, given, booked, amount=amount, tax=tax, tax_rate=rate, tax_included=included or None)


def _owed(given: Mapping[str, Any], booked: str) -> str:
    """What the customer owes at first, as the journal itself says."""
    probe = History("USD")
    _invoice_with_tax(probe, given, booked)
    if "credit_balance_applied" in given:
        probe.add("customer_balance.applied", booked, amount=given["credit_balance_applied"], invoice="invoice")
    if "customer_owes_balance" in given:
        probe.add("customer_balance.applied", booked, amount=f"-{given['customer_owes_balance']}", invoice="invoice")
    return str(probe.run()["invoices"][0]["open"].amount)


def _paid(history: History, given: Mapping[str, Any], booked: str) -> None:
    fee = given.get("processing_fee")
    fees = None if fee is None else history.money(fee)
    paid = given.get("paid")
    if given.get("paid_same_day") or paid is True:
        paid = booked
    if isinstance(paid, Mapping):
        history.add("payment.succeeded", paid["date"], amount=paid["amount"], invoice="invoice", fee=fees)
    elif isinstance(paid, str):
        history.add("payment.succeeded", paid, amount=_owed(given, booked), invoice="invoice", fee=fees)
    outside = given.get("paid_out_of_band")
    if outside:
        day = outside if isinstance(outside, str) else booked
        history.add("payment.succeeded", day, amount=_owed(given, booked), invoice="invoice", via="external")


def _dated(value: Any) -> tuple[str, Any]:
    """A date by itself, or with an amount."""
    return (value["date"], value.get("amount")) if isinstance(value, Mapping) else (value, None)


def _taken_back(history: History, given: Mapping[str, Any]) -> None:
    if "refund" in given:
        day, amount = _dated(given["refund"])
        history.add("refund.succeeded", day, amount=amount or given["amount"], invoice="invoice")
    if "credit_note" in given:
        _credit_note(history, given)
    for key, event in (
        ("dispute", "dispute.opened"), ("uncollectible", "invoice.uncollectible"),
        ("uncollectible_effective", "invoice.uncollectible"), ("void", "invoice.voided"), ("won", "dispute.won"),
        ("excluded", "invoice.excluded"),
    ):  # fmt: skip
        if given.get(key):
            day, amount = _dated(given[key])
            history.add(event, day, amount=amount, invoice="invoice")


def _credit_note(history: History, given: Mapping[str, Any]) -> None:
    note = given["credit_note"]
    names = {"refund": "refund", "customer_balance": "customer_balance", "external_balance": "external"}
    to = {wanted: history.money(note[name]) for name, wanted in names.items() if note.get(name)}
    history.add("credit.issued", note["date"], amount=note["amount"], invoice="invoice", credit="credit", to=to or None)
    if note.get("voided"):
        history.add("credit.voided", note["voided"], credit="credit")


ADAPTERS: dict[str, Adapter] = {
    "void": life_of_invoice,
    "write_off": life_of_invoice,
    "refund": life_of_invoice,
    "tax": life_of_invoice,
    "exclusion": life_of_invoice,
    "revenue credit_note": life_of_invoice,
    "dispute": life_of_invoice,
    "fees": life_of_invoice,
    "cash.payment": life_of_invoice,
    "cash.customer_balance": life_of_invoice,
}
