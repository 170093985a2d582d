"""Totals, discounts, allocations, tax lines, credits on lines: from the neutral form to totals documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.adapters.rating import mode
from cases.model import Adapter, Case, run_document
from engine.base.errors import Failure
from engine.base.money import minor_units

#: A code for units that are no currency of ISO 4217 (test code of that standard).
UNITS = "XTS"
NO_TAX = ["line_discounts", "document_discounts"]
METHODS = {
    "waterfall": "fill_in_order", "fill": "fill_in_order", "sequential": "fill_in_order",
    "largest": "largest_remainder", "independent": "independent_rounding", "last": "last_takes_rest",
    "in_order": "units_in_order", "declared": "units_in_order", "numscript": "units_in_order",
    "one_by_one": "units_in_order",
    "first": "first_takes_rest", "cut": "first_takes_rest", "floor": "first_takes_rest",
    "unrounded": "unrounded", "precise": "unrounded", "exact": "unrounded", "none": "unrounded",
    "no_round": "unrounded", "not_round": "unrounded", "never": "unrounded", "keep": "unrounded",
}  # fmt: skip


def currency_of(case: Case) -> str:
    """The case's currency, or the code for units."""
    code = str(case.input.get("currency") or case.currency or "").upper()
    return code if len(code) == 3 and code.isalpha() else UNITS


def money(amount: Any, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def _has_digits(currency: str) -> bool:
    try:
        minor_units(currency)
    except Failure:
        return False
    return True


def rounding_of(params: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The rounding of a document: what the case says, and two digits for units."""
    rounding: dict[str, Any] = {}
    if params.get("scale") is not None:
        rounding["scale"] = int(params["scale"])
    elif not _has_digits(currency):
        rounding["scale"] = 2
    if params.get("mode"):
        rounding["mode"] = mode(str(params["mode"]).lower())
    return {"rounding": rounding} if rounding else {}


def method_of(text: str) -> str:
    lowered = text.lower().replace(" ", "_").replace("-", "_")
    if lowered in METHODS.values():
        return lowered
    return next((name for part, name in METHODS.items() if part in lowered), "largest_remainder")


def allocate(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    method = method_of(str(case.params.get("method", "largest_remainder")))
    allocation: dict[str, Any] = {"method": method}
    rounding = rounding_of(case.params, currency)
    scale = rounding.get("rounding", {}).get("scale", 2)
    if method == "unrounded" and scale > 2:
        allocation["scale"] = scale
    # What sorts lines and lets the last take the rest never gives a line more than it is.
    if str(case.params.get("cap_at_total_weight", method == "last_takes_rest")).lower() == "true":
        allocation["cap_at_total_weight"] = True
    weights = case.input["weights"]
    keys = case.input.get("tie_break_keys") or [f"{position:06}" for position in range(len(weights))]
    if method == "last_takes_rest":
        allocation["order"] = "largest_first"
    elif method not in ("unrounded", "independent_rounding"):
        allocation["order"] = "by_key"
    spread: dict[str, Any] = {
        "id": "case",
        "weights": [{"key": str(key), "weight": weight} for key, weight in zip(keys, weights, strict=True)],
    }
    if case.input.get("percent") is not None:
        spread["percent"] = case.input["percent"]
    else:
        spread["amount"] = money(case.input["amount"], currency)
    result = run_document("totals", {"allocation": allocation, **rounding}, {"currency": currency, "spreads": [spread]})
    spread_out = result["spreads"][0]
    return {"allocations": [share["amount"] for share in spread_out["shares"]], "pooled": spread_out["amount"]}


def rounding_allocation(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    weights = case.input["weights"]
    pairs = weights.items() if isinstance(weights, Mapping) else enumerate(weights)
    total = {"id": "total", "amount": money(case.input["total"], currency)}
    whole = run_document("totals", rounding_of({}, currency), {"currency": currency, "lines": [total]})["subtotal"]
    spread = {
        "id": "case", "amount": whole,
        "weights": [{"key": str(key), "weight": str(weight)} for key, weight in pairs],
    }  # fmt: skip
    body = {"allocation": {"order": "by_key"}, **rounding_of({}, currency)}
    shares = run_document("totals", body, {"currency": currency, "spreads": [spread]})["spreads"][0]
    found = {share["key"]: share["amount"] for share in shares["shares"]}
    return {**found, "allocation": found, "sum": shares["amount"] + shares["drift"]}


def _discount(each: Mapping[str, Any], position: int, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"discount_{position}"}
    if each.get("percent") is not None:
        found["percent"] = each["percent"]
    else:
        found["amount"] = money(each.get("amount", each.get("amount_off")), currency)
    if each.get("already_consumed") is not None and "amount" in found:
        found["already_consumed"] = money(each["already_consumed"], currency)
    return found


def discount(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    line = {
        "id": "line", "amount": money(case.input["amount"], currency),
        "discounts": [_discount({**case.params, **case.input, "amount": case.params.get("amount_off")}, 1, currency)],
    }  # fmt: skip
    body = {"lines": "never", **rounding_of(case.params, currency)}
    result = run_document("totals", body, {"currency": currency, "lines": [line]})
    return {"discount": result["lines"][0]["discount"], "final": result["lines"][0]["net"]}


def discount_stack(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    order = str(case.params.get("order", "percentages first")).lower()
    stacking = "as_given"
    if order.startswith("percent"):
        stacking = "percentages_first"
    elif order.startswith(("fixed", "amount")):
        stacking = "amounts_first"
    percentages = "add_up" if any(word in order for word in ("add up", "additive", "sum of")) else "compound"
    discounts = [_discount(each, at, currency) for at, each in enumerate(case.params["discounts"], 1)]
    body = {
        "lines": "never", "line_discounts": {"stacking": stacking, "percentages": percentages},
        **rounding_of(case.params, currency),
    }  # fmt: skip
    line = {"id": "line", "amount": money(case.input["amount"], currency), "discounts": discounts}
    result = run_document("totals", body, {"currency": currency, "lines": [line]})
    return {"discount": result["discount"], "final": result["lines"][0]["net"]}


def _tax_rounding(case: Case) -> str:
    """The point of rounding, from the words of a case: which document or line, each rate or their sum."""
    words = str(case.params.get("rounding_level") or case.params.get("invoice_tax") or "").lower()
    once = ("document", "invoice", "once", "total", "global", "sum_then", "order")
    at_document = any(word in words for word in once) and "sum_of" not in words and "sum of" not in words
    each_rate = "rate" in words and "sum" not in words
    if at_document:
        return "document_and_rate" if each_rate else "document"
    return "line_and_rate" if each_rate else "line"


def tax_lines(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    rounding = _tax_rounding(case)
    lines = []
    for position, each in enumerate(case.input["lines"], 1):
        line: dict[str, Any] = {
            "id": str(position), "amount": money(each["amount"], currency),
            "taxes": [
                {"code": f"rate_{at}_{percent}", "percent": percent}
                for at, percent in enumerate(each.get("rates_percent") or [])
            ],
        }  # fmt: skip
        if each.get("discount") is not None:
            line["discounts"] = [{"id": "discount", "amount": money(each["discount"], currency)}]
        lines.append(line)
    body: dict[str, Any] = {"lines": "never", "line_discounts": {"rounded": "never"}}
    body |= rounding_of(case.params, currency)
    facts = {"currency": currency, "lines": lines}

    def run(level: str) -> dict[str, Any]:
        taxes = {"rounding": level}
        if level.startswith("document"):
            taxes["line_taxes"] = "rounded"
        return run_document("totals", {**body, "taxes": taxes}, facts)

    result = run(rounding)
    by_line = [line["tax"] for line in result["lines"]]
    found = {"tax_by_line": by_line, "net_total": result["net"], "gross_total": result["gross"]}
    found["tax_total_sum_of_rounded_lines"] = run("line" if rounding.startswith("document") else rounding)["tax"]
    found["tax_total_rounded_once"] = run("document")["tax"]
    return found


def currency_round(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    line = {"id": "line", "amount": money(case.input["amount"], currency)}
    result = run_document("totals", rounding_of(case.params, currency), {"currency": currency, "lines": [line]})
    return {"rounded": result["total"]}


def rounding_order(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    lines = [{"id": str(at), "amount": money(each, currency)} for at, each in enumerate(case.input["amounts"])]
    facts = {"currency": currency, "lines": lines}
    rounding = rounding_of(case.params, currency)
    return {
        "round_then_sum": run_document("totals", {"lines": "each", **rounding}, facts)["total"],
        "sum_then_round": run_document("totals", {"lines": "never", **rounding}, facts)["total"],
    }


def invoice_pipeline(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    lines = [
        {
            "id": str(at), "kind": each.get("kind") or "usage", "amount": money(each["amount"], currency),
            "discounts": [_discount(one, i, currency) for i, one in enumerate(each.get("discounts") or [], 1)],
        }
        for at, each in enumerate(case.input["lines"], 1)
    ]  # fmt: skip
    discounts = [_discount(each, at, currency) for at, each in enumerate(case.input.get("invoice_discounts") or [], 1)]
    credits = [
        {"id": str(at), "amount": money(each, currency), "applies": "before_tax"}
        for at, each in enumerate(case.input.get("prepaid_balances") or [], 1)
    ]
    body: dict[str, Any] = {
        "order": ["line_discounts", "document_discounts", "credits_before_tax"], "line_discounts": {},
        "document_discounts": {
            "stacking": "as_given", "allocation": {"method": "last_takes_rest", "order": "largest_first"},
        },
        **rounding_of(case.params, currency),
    }  # fmt: skip
    order = str(case.params.get("order", "")).lower()
    if "credit" not in order or "usage" in order:
        body["credits"] = {"kinds": ["usage"]}
    facts = {"currency": currency, "lines": lines, "discounts": discounts, "credits": credits}
    result = run_document("totals", body, facts)
    return {
        "subtotal": result["subtotal"], "discount": result["discount"], "credits_applied": result["credits"],
        "total": result["total"],
    }  # fmt: skip


def credits_across_lines(case: Case) -> dict[str, Any]:
    currency = currency_of(case)
    lines = [{"id": str(at), "amount": money(each, currency)} for at, each in enumerate(case.input["line_amounts"], 1)]
    credits = [{"id": str(at), "amount": money(each, currency)} for at, each in enumerate(case.input["credits"], 1)]
    facts = {"currency": currency, "lines": lines, "credits": credits}
    result = run_document("totals", rounding_of(case.params, currency), facts)
    return {"credits_by_line": [line["credits"] for line in result["lines"]], "amount_due": result["total"]}


ADAPTERS: dict[str, Adapter] = {
    "allocate": allocate, "discount": discount, "discount_stack": discount_stack, "tax_lines": tax_lines,
    "currency_round": currency_round, "rounding_order": rounding_order, "invoice_pipeline": invoice_pipeline,
    "credits_across_lines": credits_across_lines, "rounding.allocation": rounding_allocation,
}  # fmt: skip
