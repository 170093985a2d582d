"""Burn-down of grants and payment by wallets: from the neutral form to wallet documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.adapters.totals import currency_of, money, rounding_of
from cases.model import Adapter, Case, run_document

_KEYS = {"priority": "priority", "expir": "expiry", "effective": "effective", "creat": "as_given", "id": "id"}


def _order(text: str | None) -> list[str]:
    """``priority asc, then expiry asc`` as the keys of a burn order."""
    if not text:
        return ["priority", "expiry", "id"]
    found = []
    for word in text.lower().replace(",", " ").split():
        key = next((name for part, name in _KEYS.items() if word.startswith(part)), None)
        if key is not None and key not in found:
            found.append(key)
    if not found:
        return ["priority", "expiry", "id"]
    return found if found[-1] in ("id", "as_given") else [*found, "id"]


def _given(source: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: source[name] for name in names if source.get(name) is not None}


def burn_down(case: Case) -> dict[str, Any]:
    grants = []
    for position, each in enumerate(case.params["grants"], 1):
        names = ("amount", "effective_at", "expires_at", "priority", "starting_balance", "voided_at",
                 "recurs_every_days", "recurrence_anchor")  # fmt: skip
        grant = {"id": str(each.get("id") or position), **_given(each, *names)}
        grant.setdefault("effective_at", case.input["from"])
        grants.append(grant)
    body: dict[str, Any] = {"order": _order(case.params.get("order")), "window_end": "next_window"}
    if case.params.get("rollover"):
        body["rollover"] = {}
    facts = {
        "from": case.input["from"], "to": case.input["to"], "grants": grants,
        "usage": case.input.get("usage") or [],
    }  # fmt: skip
    result = run_document("wallet", body, facts)
    return {"balances": result["balances"], "overage": result["overage"]}


def wallet_allocation(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    wallets = []
    for each in case.params["wallets"]:
        held = each.get("currency") or currency
        wallet = {"id": each["id"], "balance": money(each["balance"], held), **_given(each, "priority")}
        if each.get("allowed_fee_types"):
            wallet["kinds"] = each["allowed_fee_types"]
        for name in ("max_per_invoice", "overdraft_limit"):
            if each.get(name) is not None:
                wallet[name] = money(each[name], held)
        wallets.append(wallet)
    fees = [
        {"kind": str(fee.get("type") or ""), "amount": money(fee["amount"], currency)}
        for fee in case.input.get("fees") or []
    ]
    invoice: dict[str, Any] = {"fees": fees}
    if case.input.get("invoice_amount") is not None:
        invoice["total"] = money(case.input["invoice_amount"], currency)
    body = {"order": ["priority", "as_given"], **rounding_of(case.params, currency)}
    result = run_document("wallet", body, {"wallets": wallets, "invoice": invoice})
    return {"debits": {debit["wallet"]: debit["amount"] for debit in result["debits"]}}


ADAPTERS: dict[str, Adapter] = {"burn_down": burn_down, "wallet_allocation": wallet_allocation}
