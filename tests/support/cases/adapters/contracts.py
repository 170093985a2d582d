"""Shared by the adapters of revenue cases: a case's words turned into a revenue document and a contract's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cases.model import Case, run_document

METHODS = {
    "by_day_start_inclusive_end_exclusive": "by_day",
    "months_partial_rounded_0.1": "months_to_tenth",
    "even_full_months_partial_by_day": "partial_by_day_full_even",
    "prorate_exact_days": "partial_by_day_full_even",
    "proration_by_days": "anniversary_months",
    "prorate_by_days": "anniversary_months",
    "by_days": "anniversary_months",
    "metered": "usage_as_invoiced",
    "usage": "units",
    "progress": "proportional",
}
#: Words in a method's name, the more telling first.
WORDS = (
    ("360", "thirty_360"),
    ("0.1", "months_to_tenth"),
    ("tenth", "months_to_tenth"),
    ("instant", "by_instant"),
    ("second", "by_instant"),
    ("exact_time", "by_instant"),
    ("half", "half_month"),
    ("mid_month", "half_month"),
    ("prorate_exact", "partial_by_day_full_even"),
    ("prorated_exact", "partial_by_day_full_even"),
    ("_ends", "partial_by_day_full_even"),
    ("partial_by_day", "partial_by_day_full_even"),
    ("prorated_ends", "partial_by_day_full_even"),
    ("partial", "partial_by_day_full_even"),
    ("prorat", "prorated_calendar_months"),
    ("drop_last", "even_months_drop_last"),
    ("touched", "even_touched_months"),
    ("front", "front_load"),
    ("back", "back_load"),
    ("percent_table", "percent_table"),
    ("milestone", "milestone"),
    ("point_in_time", "point_in_time"),
    ("immediate", "point_in_time"),
    ("day", "by_day"),
    ("daily", "by_day"),
    ("month", "even_months"),
    ("equal", "even_months"),
    ("straight", "even_months"),
    ("even", "even_months"),
)
KNOWN = frozenset(
    {
        "by_day",
        "by_instant",
        "even_months",
        "even_touched_months",
        "even_months_drop_last",
        "prorated_calendar_months",
        "partial_by_day_full_even",
        "half_month",
        "months_to_tenth",
        "front_load",
        "back_load",
        "thirty_360",
        "percent_table",
        "point_in_time",
        "proportional",
        "milestone",
        "units",
        "drawdown",
        "usage_as_invoiced",
        "usage_estimate",
        "anniversary_months",
        "partial_by_instant_full_even",
        "manual",
    }
)
ROUNDINGS = (
    ("cumul", "cumulative"),
    ("floor", "floor_full_periods"),
    ("first", "remainder_first"),
    ("last", "remainder_last"),
    ("trail", "remainder_last"),
    ("lead", "remainder_first"),
    ("per_period", "remainder_last"),
)


def method_of(text: Any, default: str = "by_day") -> str:
    """The method that a source's word stands for."""
    name = str(text or default)
    name = METHODS.get(name, name)
    if name in KNOWN:
        return name
    broken = any(word in name for word in ("partial", "prorat"))
    if broken and any(word in name for word in ("instant", "second", "exact_time")):
        return "partial_by_instant_full_even"
    return next((method for word, method in WORDS if word in name), default)


def rounding_of(text: Any) -> str | None:
    """The rounding style that a source's words stand for."""
    return next((style for word, style in ROUNDINGS if text and word in str(text)), None)


def currency_of(case: Case) -> str:
    """Cases of the standards are in `CU`, which no list of currencies holds; the document declares its digits."""
    return case.currency if case.currency and len(case.currency) == 3 else "XXX"


def money(case: Case, amount: Any) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency_of(case)}


def body(
    case: Case, method: str = "by_day", *, rule: Mapping[str, Any] | None = None, **sections: Any
) -> dict[str, Any]:
    """A document of one rule under the case's profile."""
    policy: dict[str, Any] = {}
    if currency_of(case) == "XXX":
        policy["scale"] = 2
    declared = case.raw.get("policy") or {}
    style = rounding_of(case.input.get("rounding")) or rounding_of(declared.get("rounding"))
    style = style or rounding_of(case.input.get("remainder") and f"remainder_{case.input['remainder']}")
    spreads = ("rounding.schedule", "recognition.recompute", "recognition.half_month")
    if style is None and case.profile == "oca" and case.name in spreads:
        style = "remainder_last"
    if style is None and case.profile == "stripe" and method.endswith("_full_even"):
        style = "floor_full_periods"
    if style is not None:
        policy["rounding"] = style
    policy |= sections.pop("policy", {})
    made: dict[str, Any] = {"profile": PROFILES.get(case.profile or "", "standard")}
    if policy:
        made["policy"] = policy
    if method == "even_months" and case.profile in TOUCHED:
        method = "even_touched_months"
    made["obligations"] = [{"id": "all", "method": method, **(rule or {})}]
    return made | sections


#: Sources whose even months are calendar months, also those that the service only touches.
TOUCHED = frozenset({"openrevrec", "oca"})

#: Which profile stands for the practice of a source.
PROFILES = {
    "standard": "standard",
    "neutral": "standard",
    "zuora": "standard",
    "stripe": "gross_ledger",
    "openrevrec": "back_dated",
    "intacct": "remainder_last",
    "recurly": "remainder_last",
    "oracle_receivables": "remainder_last",
    "erpnext": "remainder_last_back_dated",
    "oca": "remainder_first",
    "scala_stripe_engine": "remainder_first",
    "tryton": "strict_close",
}


def run(
    case: Case, document: Mapping[str, Any], obligations: Sequence[Mapping[str, Any]], **facts: Any
) -> dict[str, Any]:
    """The result of a contract."""
    given = {"currency": currency_of(case), "obligations": list(obligations), **facts}
    return run_document("revenue", document, given)


def service(case: Case, source: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An obligation with the service dates of a case's input or line, whichever of their keys it uses."""
    made: dict[str, Any] = {"id": str(source.get("id", "line")), **more}
    start, end = source.get("service_start", source.get("start")), source.get("service_end", source.get("end"))
    exclusive = source.get("service_end_exclusive")
    if start is not None:
        made["start_at" if "T" in start else "start"] = start
    if end is not None:
        made["end_at" if "T" in end else "end"] = end
    if exclusive is not None:
        made["end_at" if "T" in exclusive else "end_exclusive"] = exclusive
    if "amount" in source:
        made["price"] = money(case, source["amount"])
    if source.get("months") is not None:
        made["months"] = int(source["months"])
    return made


def readings_of(usage: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Dates and quantities of usage: pairs, objects, or a table of months."""
    rows = usage.items() if isinstance(usage, Mapping) else usage
    pairs = [each if isinstance(each, Mapping) else {"date": each[0], "units": each[1]} for each in rows]
    return [(first_day(str(each.get("date") or each["period"])), each) for each in pairs]


def amount_of(value: Any) -> Decimal:
    """The number of a Money."""
    return Decimal(value.amount if hasattr(value, "amount") else value)


def by_period(result: Mapping[str, Any], obligations: Sequence[str] | None = None) -> dict[str, Decimal]:
    """Revenue by the period it is posted in."""
    found: dict[str, Decimal] = {}
    for row in result["schedule"]:
        if obligations is None or row["obligation"] in obligations:
            found[row["posted"]] = found.get(row["posted"], Decimal(0)) + amount_of(row["amount"])
    return dict(sorted(found.items()))


def schedule_rows(periods: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [{"period": name, "amount": amount} for name, amount in periods.items()]


def position(result: Mapping[str, Any], period: str) -> Mapping[str, Any]:
    """The balances at the end of a period; those of the last one before it if nothing happened since."""
    found = [row for row in result["positions"] if row["period"] <= period]
    if found:
        return found[-1]
    return dict.fromkeys(("deferred", "contract_asset", "recognized_to_date", "billed_to_date", "revenue"), Decimal(0))


def suffix_period(key: str, prefix: str) -> str | None:
    """``2026-02`` from ``deferred_end_2026_02``."""
    rest = key.removeprefix(prefix)
    return rest.replace("_", "-") if rest != key and len(rest) == 7 else None


def first_day(period: str) -> str:
    return period if len(period) == 10 else f"{period}-01"


def last_day(period: str) -> str:
    """The last day of a month written ``2026-01``."""
    if len(period) == 10:
        return period
    first = date.fromisoformat(f"{period}-01")
    return str((first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def named_figures(case: Case, result: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that a source names by their period: revenue_2026_07, deferred_end_2026_02, recognized_to_2026_12 …"""
    found: dict[str, Any] = {}
    revenue = by_period(result)
    for key in case.expected:
        if period := suffix_period(key, "revenue_"):
            found[key] = revenue.get(period, Decimal(0))
        elif period := suffix_period(key, "recognized_to_"):
            found[key] = sum((amount for name, amount in revenue.items() if name <= period), Decimal(0))
        elif period := suffix_period(key, "deferred_end_"):
            found[key] = amount_of(position(result, period)["deferred"])
        elif period := suffix_period(key, "contract_asset_end_"):
            found[key] = amount_of(position(result, period)["contract_asset"])
        elif period := suffix_period(key, "journal_"):
            found[key] = journal(result, period)
    return found


ACCOUNTS = {
    "billing_clearing": "BillingClearing",
    "contract_asset": "ContractAsset",
    "deferred_revenue": "DeferredRevenue",
    "revenue": "Revenue",
}


def journal(result: Mapping[str, Any], period: str) -> list[dict[str, Any]]:
    """The lines of a period's journal under the source's names of accounts."""
    lines = []
    for row in result["journal"]:
        if row["period"] == period:
            side = "debit" if row["debit"] is not None else "credit"
            lines.append({"account": ACCOUNTS[row["role"]], side: amount_of(row[side])})
    return lines
