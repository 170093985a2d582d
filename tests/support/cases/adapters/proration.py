"""Parts of periods, period starts, day counts, capped and traced credits, and billing of broken periods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from cases.adapters.rating import mode as mode_of
from cases.model import Adapter, Case, run_document

NO_CURRENCY = "XXX"


def proration(case: Case) -> Mapping[str, Any]:
    """A change inside a period, or the part of one."""
    given = case.input
    cuts = "unibee" in str(case.raw.get("source", "")).lower()
    mode = mode_of(str((case.params.get("rounding") or {}).get("mode", "down" if cuts else "half_up")))
    old, new = _items(case, "old_items", "old"), _items(case, "new_items", "new")
    body: dict[str, Any] = {
        "time": _time(str(case.params.get("day_count", "actual_days"))),
        "rounding": _rounding(case),
    }
    if "factor_scale" in case.params:
        body["rounding"]["factor"] = {"scale": int(case.params["factor_scale"]), "mode": mode}
    if any("paid" in line for line in old):
        body["credit"] = {"cap": "paid"}
    if cuts:
        body["multiply"] = "unit_price"
        body["rounding"]["amount"]["mode"] = mode
    change: dict[str, Any] = {"old": old, "new": new}
    if "factor_interval" in given:
        start, end = given["factor_interval"]
        change |= {"at": start, "until": end}
        if body["time"].get("outside") and "second" not in str(case.params.get("day_count")):
            # An interval longer than its period is counted whole; one that ends before it starts is empty.
            body["time"]["outside"] = "clamp" if start > end else "extend"
        change["new"] = [*new, {"id": "part", "unit_price": _money(case, given.get("price", "1"))}]
    else:
        change["at"] = given.get("change_at", given["period_start"])
        if not old and not new:
            change["new"] = [{"id": "part", "unit_price": _money(case, given.get("price", "1"))}]
    if body["time"].get("denominator") == "nominal" or body["time"].get("long") == "periods":
        monthly = body["time"].get("long") == "periods"  # a price per month, for whole months and the rest
        for line in (*change["old"], *change["new"]):
            line["every"] = {"unit": "month"} if monthly else _plan(given["period_start"], given["period_end"])
    facts = {
        "currency": _currency(case),
        "period": {"start": given["period_start"], "end": given["period_end"]},
        "changes": [change],
    }
    result = run_document("proration", body, facts)
    lines = result["lines"]
    return {
        "credits": [line["amount"] for line in lines if line["side"] == "credit"],
        "charges": [line["amount"] for line in lines if line["side"] == "charge"],
        "net": result["net"],
        "amount": result["net"],
        "factor": lines[0]["factor"] if lines else None,
    }


def _time(rule: str) -> dict[str, Any]:
    """How a published day count is said in a document."""
    if "second" in rule:
        return {"count": "second", "outside": "clamp"}
    if "inclusive" in rule and "360" not in rule:
        return {"interval": "inclusive", "outside": "clamp"}
    fixed = re.search(r"fixed_days_(\d+)", rule)
    if fixed:
        days = int(fixed[1])
        return {"count": "fixed_month", "month_days": days, "denominator": "fixed", "outside": "extend"}
    if "month" in rule and ("plus" in rule or "full" in rule or "whole" in rule):
        strict = {"count": "thirty_360", "interval": "inclusive"} if "strict" in rule else {}
        return {"long": "periods", "denominator": "fixed" if "30" in rule or "360" in rule else "period"} | strict
    if "360" in rule and "actual" in rule:
        return {"interval": "inclusive", "denominator": "fixed", "outside": "extend"}
    if "360" in rule:
        count = {"count": "thirty_360", "denominator": "fixed", "outside": "extend"}
        return count | ({"interval": "inclusive"} if "strict" in rule else {})
    if "nominal" in rule:
        return {"denominator": "nominal", "outside": "extend", "tolerance_percent": 25}
    return {"outside": "extend"}


def _plan(start: str, end: str) -> dict[str, Any]:
    """The plan's interval that a period is one of."""
    days = (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
    for limit, unit, count in ((10, "week", 1), (45, "month", 1), (120, "quarter", 1), (220, "month", 6)):
        if days <= limit:
            return {"unit": unit, "count": count}
    return {"unit": "year", "count": 1}


def _items(case: Case, key: str, side: str) -> list[dict[str, Any]]:
    """The lines of one side of a change."""
    lines = []
    for index, item in enumerate(case.input.get(key) or ()):
        line: dict[str, Any] = {"id": f"{side}{index + 1}", "unit_price": _money(case, item["unit_price"])}
        if "quantity" in item:
            line["quantity"] = item["quantity"]
        if "discount" in item:
            line["discount"] = _money(case, item["discount"])
        if "credit_cap" in item:
            line["paid"] = _money(case, item["credit_cap"])
        if "own_period_days" in item:
            line["period_days"] = item["own_period_days"]
        if _true(item.get("full_new_cycle")):
            line["fresh_period"] = True
        if _true(item.get("one_time")):
            line["type"] = "one_time"
        lines.append(line)
    return lines


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _currency(case: Case) -> str:
    return case.currency if case.currency and re.fullmatch("[A-Z]{3}", case.currency) else NO_CURRENCY


def _money(case: Case, amount: Any) -> dict[str, Any]:
    return {"amount": str(amount), "currency": _currency(case)}


def _rounding(case: Case) -> dict[str, Any]:
    """The rounding of amounts that a case names; else the currency's, or none that shows where there is none."""
    rounding = case.params.get("rounding") or {}
    mode = mode_of(str(rounding.get("mode", "half_up")))
    scale = rounding.get("scale", case.params.get("scale"))
    if scale is None:
        return {"amount": {"scale": 12, "mode": mode}} if _currency(case) == NO_CURRENCY else {"amount": {"mode": mode}}
    return {"amount": {"scale": int(scale), "mode": mode}}


def _days(start: date, count: Any) -> str:
    return str(start + timedelta(days=int(count)))


def anchor_dates(case: Case) -> Mapping[str, Any]:
    """The starts of periods from an anchor."""
    rule = str(case.params.get("rule", ""))
    words = (("daily", "day"), ("week", "week"), ("quarter", "quarter"), ("year", "year"), ("annual", "year"))
    unit = next((unit for word, unit in words if word in rule), "day" if rule.startswith("day") else "month")
    body = {"anchor": {"periods": "calendar"}} if rule.startswith("calendar") else {}
    row = {"start": case.input["anchor"][:10], "every": {"unit": unit}, "count": case.input["count"]}
    result = run_document("proration", body, {"currency": NO_CURRENCY, "anniversaries": row})
    return {"dates": [str(each) for each in result["dates"]]}


def day_count(case: Case) -> Mapping[str, Any]:
    """The days of a stretch, as one part whose plan has periods of a day."""
    rule = str(case.params.get("rule", ""))
    time: dict[str, Any] = {"zone": case.params.get("timezone") or "UTC", "long": "periods"}
    start, end = case.input["start"], case.input["end"]
    if "strict" in rule or "30" in rule.replace("360", ""):
        time |= {"count": "thirty_360"}
        if "strict" in rule or "inclusive" in rule:
            time |= {"interval": "inclusive"}
    elif "inclusive" in rule or "360" in rule:
        time |= {"interval": "inclusive"}
    if _true(case.params.get("use_literal_dates")):
        start, end = start[:10], end[:10]
    if end < start:  # a stretch that ends before it begins is empty
        time["outside"] = "clamp"
    line = {"id": "part", "unit_price": _money(case, "1"), "every": {"unit": "day"}}
    facts = {"currency": _currency(case), "changes": [{"at": start, "until": end, "new": [line]}]}
    result = run_document("proration", {"time": time, "rounding": {"amount": {"scale": 0}}}, facts)
    return {"days": result["lines"][0]["part"]}


def credit_cap(case: Case) -> Mapping[str, Any]:
    """A credit of a whole period, capped by what was paid and not given back."""
    line = {
        "id": "old", "unit_price": _money(case, case.input["potential_credit"]),
        "paid": _money(case, case.input["original_amount_paid"]),
        "credited": _money(case, case.input.get("previous_credits", "0")),
    }  # fmt: skip
    facts = {
        "currency": _currency(case), "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "changes": [{"at": "2026-01-01", "old": [line]}],
    }  # fmt: skip
    result = run_document("proration", {"credit": {"cap": "paid"}, "rounding": _rounding(case)}, facts)
    return {"credit": -result["credits"]}


def credit_note(case: Case) -> Mapping[str, Any]:
    """The unused days of what was paid, with tax."""
    given = case.input
    start = date(2026, 1, 1)
    used = int(given["period_days"]) - int(given["unused_days"])
    line = {"id": "old", "unit_price": _money(case, given["paid_amount_net"]), "tax_percent": given["tax_percent"]}
    facts = {
        "currency": _currency(case), "period": {"start": str(start), "end": _days(start, given["period_days"])},
        "changes": [{"at": _days(start, used), "old": [line]}],
    }  # fmt: skip
    result = run_document("proration", {"rounding": _rounding(case)}, facts)
    return {"net": -result["credits"], "tax": -result["tax"], "total": -result["total"]}


def credit_trace(case: Case) -> Mapping[str, Any]:
    """A credit against the charges that were billed."""
    given = case.input
    newest, _, _ = str(case.params.get("rule", "newest")).lower().partition("newest")
    order = "oldest_first" if "oldest" in newest else "newest_first"
    charges = [
        {"id": each["id"], "line": "plan", "amount": _money(case, each["amount"])}
        for each in given["charges_oldest_first"]
    ]
    line = {"id": "plan", "unit_price": _money(case, str(given["credit_before_proration"]).lstrip("-"))}
    change = {"at": "2026-01-01", "share": case.params.get("proration_factor", "1"), "old": [line]}
    facts = {
        "currency": _currency(case), "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "changes": [change], "charges": charges,
    }  # fmt: skip
    body = {"credit": {"basis": "billed", "order": order}, "rounding": _rounding(case)}
    result = run_document("proration", body, facts)
    credits = {each["id"]: "0" for each in charges}
    return {
        "credits": credits | {line["charge"]: line["amount"] for line in result["lines"]},
        "total": result["credits"],
    }


def discount_reversal(case: Case) -> Mapping[str, Any]:
    """The discount on a charge, given back in the proportion in which the charge is."""
    given = case.input
    charge = {
        "id": "charge", "line": "plan", "amount": _money(case, given["charge"]),
        "discount": _money(case, given["discount_on_charge"]),
    }  # fmt: skip
    line = {"id": "plan", "unit_price": _money(case, str(given["credit"]).lstrip("-"))}
    facts = {
        "currency": _currency(case), "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "changes": [{"at": "2026-01-01", "share": "1", "old": [line]}], "charges": [charge],
    }  # fmt: skip
    result = run_document("proration", {"credit": {"basis": "billed"}, "rounding": _rounding(case)}, facts)
    return {"discount_reversed": result["lines"][0]["discount"], "net_credit": result["credits"]}


def broken_periods(case: Case) -> Mapping[str, Any]:
    """A service of whole months and a broken one, billed by month."""
    given = case.input
    basis = str(given.get("basis", "actual"))
    time: dict[str, Any] = {"interval": "inclusive", "long": "periods"}
    if "actual" not in basis:
        days = re.search(r"\d+", basis)
        time |= {"denominator": "fixed", "month_days": int(days[0]) if days and int(days[0]) <= 31 else 30}
    if "partial_allowed" in given and not _true(given["partial_allowed"]):
        time["partial"] = "full"
    body: dict[str, Any] = {"time": time}
    anchor = str(given.get("anchor", "service_start"))
    if "anchor_day" in given or "calendar" in anchor:
        body["anchor"] = {"periods": "calendar", "day": int(given.get("anchor_day", 1))}
    price = given["monthly"] if "monthly" in given else given["list_price"]
    line = {"id": "service", "unit_price": _money(case, price), "every": {"unit": "month"}}
    facts = {
        "currency": _currency(case), "changes": [{"at": given["start"], "until": given["end"], "new": [line]}],
    }  # fmt: skip
    found: dict[str, Any] = {}
    # Manuals print durations month by month with three digits, and counts of terms with six; prices follow from these.
    for rounding, count, amount in (
        ({"broken": {"scale": 3}}, "duration_months", "amount"), ({"factor": {"scale": 6}}, "term_count", "price"),
    ):  # fmt: skip
        body["rounding"] = {**_rounding(case), **rounding}
        result = run_document("proration", body, facts)
        found |= {count: result["lines"][0]["factor"], amount: result["net"]}
    return found


ADAPTERS: dict[str, Adapter] = {
    "proration": proration,
    "anchor_dates": anchor_dates,
    "day_count": day_count,
    "credit_cap": credit_cap,
    "credit_note": credit_note,
    "credit_trace": credit_trace,
    "discount_reversal": discount_reversal,
    "proration.billing": broken_periods,
}
