"""Cash application: by matching rules to documents, by part rules to lines, tax, freight and charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cases.model import Case, Forms, run_document

#: Words in the name of a rule, the more telling first, and the rule.
_MATCH = (
    ("group", "clear_past_due_by_group"), ("past_due", "clear_past_due"), ("overdue", "clear_past_due"),
    ("old", "oldest_first"), ("match", "match_document"), ("exact", "match_document"), ("account", "clear_account"),
    ("clear", "clear_account"),
)  # fmt: skip
_PARTS = (("all", "all_prorated"), ("prorat", "line_and_tax_prorated"), ("line", "line_first"))
_NAMES = ("line", "tax", "freight", "charges")


def application(case: Case) -> Mapping[str, Any]:
    """A receipt applied to open documents or to the parts of one."""
    given = case.input
    if "payment" in given:
        from cases.adapters.subledger import unapplied_cash

        return unapplied_cash(case)
    if any(name in given.get("invoice", {}) for name in _NAMES):
        return _parts(case)
    return _matched(case)


def _money(amount: Any, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def _receipt(case: Case, fallback: str) -> tuple[Any, str]:
    receipt = case.input["receipt"]
    if isinstance(receipt, Mapping):
        return receipt["amount"], str(receipt.get("date", fallback))
    return receipt, fallback


def _parts(case: Case) -> Mapping[str, Any]:
    currency = case.currency or "USD"
    invoice = case.input["invoice"]
    parts = {name: _money(invoice[name], currency) for name in _NAMES if name in invoice}
    whole = sum((Decimal(str(invoice[name])) for name in parts), Decimal(0))
    amount, on = _receipt(case, "2026-01-31")
    facts = {
        "receipt": {"amount": _money(amount, currency), "date": on},
        "documents": [{"id": "invoice", "open": _money(whole, currency), "parts": parts}],
    }
    components = _known(_PARTS, case.input.get("rule", "line"))
    body = {"application": {"components": components, "rules": ["oldest_first"]}}
    row = run_document("settlement", body, facts)["applications"][0]
    return {
        "applied": {name: row["parts"][name] for name in parts},
        "remaining": {name: row["remaining_parts"][name] for name in parts},
    }


def _documents(case: Case, currency: str) -> list[dict[str, Any]]:
    given = case.input
    if "invoice" in given:
        invoice = given["invoice"]
        amount = Decimal(str(invoice["amount"]))
        document: dict[str, Any] = {"id": str(invoice.get("id", "invoice")), "open": _money(amount, currency)}
        if "discount_percent" in invoice:
            percent = Decimal(str(invoice["discount_percent"]))
            off = amount * (percent if percent < 1 else percent / 100)
            document["discount"] = _money(off, currency)
            booked = date.fromisoformat(str(invoice.get("invoice_date", invoice.get("date"))))
            document["discount_date"] = (booked + timedelta(days=int(invoice["discount_days"]))).isoformat()
        return [document]
    documents = []
    for each in given["open_items"]:
        document = {"id": str(each["id"]), "open": _money(each["open"], currency)}
        for name in ("due", "discount_date"):
            if each.get(name):
                document[name] = str(each[name])
        if each.get("discount"):
            document["discount"] = _money(each["discount"], currency)
        documents.append(document)
    return documents


def _matched(case: Case) -> Mapping[str, Any]:
    given, currency = case.input, case.currency or "USD"
    named = {_known(_MATCH, rule): rule for rule in given.get("rules", [given.get("rule", "oldest_first")])}
    body: dict[str, Any] = {"application": {"rules": list(named)}}
    policy = body["application"]
    discounts = _name(given.get("discounts", "earned_only"))
    policy["discounts"] = {"earned_only": "earned", "earned": "earned", "none": "none", "no": "none"}.get(
        discounts, "earned_and_unearned"
    )
    policy["grace_days"] = int(given.get("grace_days", 0))
    policy["partial"] = str(given.get("partial", "true")).lower() in ("true", "yes")
    policy["remainder"] = "on_account" if _name(given.get("remainder", "on_account")) == "on_account" else "unapplied"
    amount, on = _receipt(case, "2026-01-31")
    facts = {"receipt": {"amount": _money(amount, currency), "date": on}, "documents": _documents(case, currency)}
    result = run_document("settlement", body, facts)
    applications = result["applications"]
    remaining: Any = {row["id"]: row["remaining"] for row in applications}
    if len(applications) == 1:
        remaining = Forms((remaining, applications[0]["remaining"]))
    applied: Any = sum((row["applied"].amount for row in applications), Decimal(0))
    return {
        "rule_used": named.get(result["rule"], ""),
        "account_balance": result["account_balance"],
        "applications": [{"id": row["id"], "applied": row["applied"]} for row in applications],
        "applied": applied,
        "discount": result["discount"],
        "remaining": remaining,
        "on_account": result["on_account"],
    }


def _known(rules: Sequence[tuple[str, str]], word: Any) -> str:
    """The rule that a source's words stand for."""
    name = _name(word)
    return next(rule for part, rule in rules if part in name)


def _name(rule: Any) -> str:
    return str(rule).strip().lower().replace(" ", "_").replace("-", "_")


ADAPTERS = {"cash.application": application}
