"""Commissions, splits, principal and agent, costs of contracts: from the neutral form to commission documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cases.adapters.totals import currency_of, money, rounding_of
from cases.model import Adapter, Case, run_document


def number(value: Any) -> Decimal:
    """A case's decimal text as a number of a document."""
    return Decimal(str(value))


def _percent(rate: Any) -> Any:
    """A rate such as ``0.30`` as per cent."""
    return number(format((Decimal(str(rate)) * 100).normalize(), "f"))


def commission(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    params = case.params
    line: dict[str, Any] = {"id": "commission", "to": "seller"}
    if params.get("tiers"):
        tiers = []
        for tier in params["tiers"]:
            shown = {"percent": number(tier["rate_percent"])}
            if tier.get("up_to") is not None:
                shown["up_to"] = number(tier["up_to"])
            tiers.append(shown)
        mode = str(params.get("mode") or "marginal").lower()
        marginal = not mode.startswith("non") and any(
            word in mode for word in ("marginal", "slice", "graduated", "progressive", "incremental")
        )
        line |= {"tiers": tiers, "mode": "marginal" if marginal else "whole"}
    else:
        line["percent"] = number(params["rate_percent"])
    body = {"commissions": [line], **rounding_of(params.get("rounding") or {}, currency)}
    result = run_document("commission", body, {"currency": currency, "sale": money(case.input["base"], currency)})
    return {"commission": result["commission"]}


def _target(to: Any) -> dict[str, Any]:
    if isinstance(to, Mapping):
        return {"split": _split(to)}
    return {"kept": True} if to == "kept" else {"to": str(to)}


def _split(split: Mapping[str, Any]) -> dict[str, Any]:
    if split.get("in_order") is not None:
        fills = []
        for fill in split["in_order"]:
            # A maximum below zero lets nothing through in the source; documents write that as zero.
            most = {"remaining": True} if fill.get("max") is None else {"max": max(number(fill["max"]), Decimal(0))}
            fills.append({**most, **_target(fill["to"])})
        return {"in_order": fills}
    shares = []
    for share in split["shares"]:
        text = str(share["share"]).replace(" ", "")
        if re.fullmatch(r"[\d.]+", text):  # a plain number is a part of one
            text = f"{_percent(text)}%"
        part = {"remaining": True} if text == "remaining" else {"share": text}
        shares.append({**part, **_target(share["to"])})
    return {"shares": shares}


def _parties(split: Mapping[str, Any]) -> Iterator[str]:
    """Everyone that a split names."""
    for part in (*(split.get("shares") or ()), *(split.get("in_order") or ())):
        yield from _parties(part["to"]) if isinstance(part["to"], Mapping) else [str(part["to"])]


def revenue_split(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    body = {"shared": {"split": _split(case.params["split"])}, **rounding_of(case.params, currency)}
    facts = {"currency": currency, "sale": money(case.input["amount"], currency)}
    result = run_document("commission", body, facts)
    nothing = dict.fromkeys(_parties(case.params["split"]), Decimal(0))  # a party that gets nothing is left out
    return {"allocations": {**nothing, **result["allocations"], "kept": result["kept"]}}


def principal_agent(case: Case) -> dict[str, Any]:
    currency, given = currency_of(case), case.input
    rounding = rounding_of({}, currency)
    sale = money(given.get("customer_pays", given.get("list")), currency)
    facts: dict[str, Any] = {"currency": currency, "sale": sale}
    if given.get("paid_to_supplier") is not None:
        facts["cost"] = money(given["paid_to_supplier"], currency)
    body: dict[str, Any] = dict(rounding)
    lines = []
    if given.get("commission_rate") is not None:
        kept = {"share": format(_percent(given["commission_rate"])) + "%", "kept": True}
        body["shared"] = {"split": {"shares": [kept, {"remaining": True, "to": "principal"}]}}
    if given.get("fee_rate") is not None:
        lines.append({"id": "fee", "to": "marketplace", "percent": _percent(given["fee_rate"])})
    if given.get("reseller_margin_rate") is not None:
        lines.append({"id": "reseller_margin", "to": "reseller", "percent": _percent(given["reseller_margin_rate"])})
    after = {"base": {"less_lines": ["reseller_margin"]}} if lines and lines[-1]["id"] == "reseller_margin" else {}
    for key, name, to in (
        ("store_fee_rate_on_post_margin", "store_fee", "store"), ("local_tax_rate_on_post_margin", "local_tax", "tax"),
    ):  # fmt: skip
        if given.get(key) is not None:
            lines.append({"id": name, "to": to, "percent": _percent(given[key]), **after})
    if lines:
        body["commissions"] = lines
    if not lines and "shared" not in body:
        body["shared"] = {"split": {"shares": [{"remaining": True, "kept": True}]}}
    gross = run_document("commission", {**body, "recognise": "gross"}, facts)
    net = run_document("commission", {**body, "recognise": "net"}, facts)
    found: dict[str, Any] = {line["id"]: line["amount"] for line in gross["lines"]}
    posts = [line["base"] for line in gross["lines"] if line["id"] in ("store_fee", "local_tax")]
    if posts:
        found["post_margin"] = posts[0]
    principal, agent = gross["revenue"], net["revenue"]
    return {
        **found, "gross": principal, "net": agent, "principal": principal, "agent": agent,
        "revenue": agent["revenue"], "payable_to_principal": gross["allocations"].get("principal"),
        "cash_received": gross["revenue"]["cash"], "publisher_net": gross["remainder"],
    }  # fmt: skip


def _amounts(value: Any) -> list[Any]:
    """One amount, several, or several by name."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list):
        return [each["amount"] if isinstance(each, Mapping) else each for each in value]
    return [] if value is None else [value]


_SPREADING = (("first", "remainder_first"), ("floor", "floor_rest_last"), ("last", "remainder_last"))


def obtain(case: Case) -> dict[str, Any]:
    currency, given = currency_of(case), case.input
    spreading = str(given.get("rounding") or "")
    kinds = {"commissions": "commission", "commission": "commission", "external_legal": "legal", "travel": "travel"}
    costs = [
        {"id": f"{key}_{index}", "kind": kind, "amount": money(amount, currency)}
        for key, kind in kinds.items() for index, amount in enumerate(_amounts(given.get(key)))
    ]  # fmt: skip
    rule: dict[str, Any] = {
        "capitalise": ["commission"],
        "spreading": next((name for word, name in _SPREADING if word in spreading.lower()), "cumulative"),
    }
    body: dict[str, Any] = {**rounding_of({}, currency), "contract_cost": rule}
    months = int(given.get("benefit_months") or 12)
    contract: dict[str, Any] = {"benefit_months": months, "months": months}
    if given.get("renewal_commensurate") is not None:
        contract["renewal_commensurate"] = given["renewal_commensurate"] in (True, "true")
    facts: dict[str, Any] = {"currency": currency, "costs": costs, "contract": contract}
    if given.get("acv") is not None and given.get("rate") is not None:
        body["commissions"] = [{"id": "commission", "to": "seller", "percent": _percent(given["rate"])}]
        facts["sale"] = money(given["acv"], currency)
    result = run_document("commission", body, facts)["contract_cost"]
    rule["expedient"] = {"months_max": max(12, months)}
    at_once = run_document("commission", body, facts)["contract_cost"]
    entries = {purpose: [e["lines"] for e in result["entries"] if e["purpose"] == purpose]
               for purpose in ("booking", "amortisation")}  # fmt: skip
    schedule = [month["amount"] for month in result["schedule"]]
    return {
        "asset": result["capitalised"], "capitalised": result["capitalised"], "expensed": result["expensed"],
        "total": result["total"], "expense_now_if_expedient": at_once["expensed"],
        "monthly_amortisation": schedule[0] if schedule else None, "last_month": schedule[-1] if schedule else None,
        "journal_on_booking": entries["booking"][0] if entries["booking"] else [],
        "journal_monthly": entries["amortisation"][0] if entries["amortisation"] else [],
    }  # fmt: skip


def fulfil(case: Case) -> dict[str, Any]:
    currency, given = currency_of(case), case.input
    kinds = ("design", "hardware", "software", "migration_and_testing")
    costs = [{"id": kind, "kind": kind, "amount": money(given[kind], currency)} for kind in kinds if given.get(kind)]
    rule = {
        "capitalise": ["design", "migration_and_testing"], "other_standards": ["hardware", "software"],
        "over": "contract",
    }  # fmt: skip
    contract = {"months": int(given["amortisation_years"]) * 12}
    facts = {"currency": currency, "costs": costs, "contract": contract}
    body = {**rounding_of({}, currency), "contract_cost": rule}
    result = run_document("commission", body, facts)["contract_cost"]
    year = [month["amount"] for month in result["schedule"][:12]]
    return {
        "fulfilment_cost_asset": result["capitalised"], "other_standards": result["other_standards"],
        "annual_amortisation": sum((amount.amount for amount in year), Decimal(0)),
    }  # fmt: skip


ADAPTERS: dict[str, Adapter] = {
    "commission": commission, "revenue_split": revenue_split, "principal_agent": principal_agent,
    "contract_cost.obtain": obtain, "contract_cost.fulfil": fulfil,
}  # fmt: skip
