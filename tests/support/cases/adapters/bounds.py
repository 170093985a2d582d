"""Bounds: minimums, maximums, commitments and thresholds of cases as pricing documents."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cases.adapters.rating import charge, money, number, point, rate, tiers, truth, usage
from cases.model import Adapter, Case


def _given(case: Case, amounts: Sequence[Any], **more: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Charges that pass these amounts on, and the usage that carries them."""
    charges, entries = [], []
    for place, amount in enumerate(amounts or ["0"], 1):
        name = f"line_{place}"
        charges.append(charge({"carried": {"multiplier": 1}}, name, **more))
        entries.append({"meter": name, "amount": money(case, amount)})
    return charges, entries


def minimum_commitment(case: Case) -> dict[str, Any]:
    params, given = case.params, case.input
    charges, entries = _given(case, given["charges"])
    minimum: dict[str, Any] = {"amount": number(params["minimum_amount"]), "prorated": "days_billed" in given}
    if params.get("round_prorated_minimum") is not None:
        minimum["rounding"] = point(params["round_prorated_minimum"])
    if params.get("rounding") is not None:
        minimum["counted"] = "exact"
    document: dict[str, Any] = {"bounds": [{"id": "true_up", "minimum": minimum}]}
    if params.get("pricing_unit_conversion_rate") is not None:
        document["pricing_unit"] = {"name": "units", "rate": number(params["pricing_unit_conversion_rate"])}
    facts: dict[str, Any] = {}
    if "days_billed" in given:
        facts["days"] = {"billed": given["days_billed"], "in_period": given["days_in_period"]}
    result = rate(case, charges, entries, document=document, **facts)
    bound = result["bounds"][0]
    in_units = bound["units"] is not None
    return {
        "precise_true_up": bound["exact"], "true_up": bound["units"] if in_units else bound["amount"],
        "true_up_fiat": bound["amount"], "total": result["total"],
    }  # fmt: skip


def maximum_spend(case: Case) -> dict[str, Any]:
    percent = case.params.get("percent_discount")
    more = {} if percent is None else {"discount_percent": number(percent)}
    charges, entries = _given(case, case.input["line_amounts"], **more)
    document = {"bounds": [{"id": "cap", "maximum": {"amount": number(case.params["maximum_amount"])}}]}
    facts: dict[str, Any] = {}
    if case.input.get("already_billed_amount") is not None:
        facts["billed"] = [{"charge": "line_1", "amount": money(case, case.input["already_billed_amount"])}]
    lines = rate(case, charges, entries, document=document, **facts)["lines"]
    discounts = [-sum((each["amount"].amount for each in line["adjustments"]), Decimal(0)) for line in lines]
    return {"cap_discounts": discounts, "net_line_amounts": [line["amount"] for line in lines]}


def window_commitment(case: Case) -> dict[str, Any]:
    rows, entries = [], []
    for place, window in enumerate(case.input["windows"], 1):
        price = tiers(window["tiers"], "slice") if "tiers" in window else {"unit_price": number(window["unit_price"])}
        rows.append({"when": {"window": [f"w{place}"]}, "price": price})
        dimensions = {"window": f"w{place}"}
        if window.get("commitment") is not None:
            dimensions["commitment"] = window["commitment"]
        entries.append(usage(window["quantity"], dimensions=dimensions))
    commitments = []
    for name, given in case.params["commitments"].items():
        found: dict[str, Any] = {"id": name.lower(), "when": {"commitment": [name]}}
        for key in ("amount", "quantity"):
            if given.get(key) is not None:
                found[key] = number(given[key])
        if given.get("overage_factor") is not None:
            found["overage_factor"] = number(given["overage_factor"])
        found["true_up"] = truth(given.get("true_up"))
        commitments.append(found)
    result = rate(case, [charge({"table": {"rows": rows}}, scope="each", commitments=commitments)], entries)
    lines = result["lines"]
    return {
        "amount": result["total"], "utilized": sum((line["committed"] or 0 for line in lines), Decimal(0)),
        "overage": sum((line["overage"] or 0 for line in lines), Decimal(0)),
        "true_up": sum((line["shortfall"] or 0 for line in lines), Decimal(0)),
    }  # fmt: skip


def cumulative_commitment(case: Case) -> dict[str, Any]:
    charges, entries = _given(case, case.input["current_base_amounts"])
    commitment = {
        "amount": number(case.params["commitment_amount"]),
        "overage_factor": number(case.params.get("overage_factor", 1)),
    }
    document = {"bounds": [{"id": "commitment", "over": "contract", "commitment": commitment}]}
    prior = money(case, case.input.get("prior_base_amount", 0))
    billed = [{"charge": "line_1", "over": "contract", "base_amount": prior, "amount": prior}]
    result = rate(case, charges, entries, document=document, billed=billed)
    bound = result["bounds"][0]
    return {
        "amount": result["total"], "within_commitment": bound["within"], "within_by_line": bound["within_by_line"],
        "overage_charge": bound["overage"],
    }  # fmt: skip


def progressive_billing(case: Case) -> dict[str, Any]:
    charges = [
        charge({"unit_price": number(case.params["unit_price"])}),
        {"id": "plan", "price": {"flat": number(case.input.get("final_recurring_fee", 0))}},
    ]
    document = {"thresholds": {"amounts": sorted(number(each) for each in case.params["thresholds"])}}
    result = rate(case, charges, [usage(each) for each in case.input["event_quantities"]], document=document)
    progress = result["progress"]
    return {
        "threshold_invoices": [each["amount"] for each in progress["bills"]], "final_fees": progress["fees"],
        "final_credit": progress["credit"], "final_invoice": progress["due"],
    }  # fmt: skip


ADAPTERS: dict[str, Adapter] = {
    "minimum_commitment": minimum_commitment,
    "maximum_spend": maximum_spend,
    "window_commitment": window_commitment,
    "cumulative_commitment": cumulative_commitment,
    "progressive_billing": progressive_billing,
}
