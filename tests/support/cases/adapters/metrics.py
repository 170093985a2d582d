"""Recurring revenue, its movements, ratios and retention, by the profile that a case names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from cases.model import Adapter, Case, run_document

PROFILES = Path(__file__).parents[4] / "mappings" / "metrics"
NAMED = ("stripe_metrics", "chartmogul", "profitwell")
HEAD = ("spec", "id", "version", "owner", "summary", "effective")
FIRST = date(2026, 1, 1)
LAST = date(2027, 1, 1)


def _profile(case: Case, **changes: Any) -> dict[str, Any]:
    """The shipped document of a profile without its head."""
    file = PROFILES / f"{case.profile}.metrics.yaml"
    if not file.is_file():
        file = PROFILES / "neutral.metrics.yaml"
    body = yaml.safe_load(file.read_text("utf-8"))
    return {key: value for key, value in body.items() if key not in HEAD} | changes


def _currency(case: Case) -> str:
    return case.currency if case.currency and re.fullmatch("[A-Z]{3}", case.currency) else "USD"


def _money(case: Case, amount: Any) -> dict[str, Any]:
    return {"amount": str(amount), "currency": _currency(case)}


def _every(interval: Any) -> dict[str, Any]:
    """``month``, ``yearly``, ``3 months``: an interval in the words of a source."""
    words = str(interval or "month").lower().replace("_", " ").replace("-", " ")
    count = re.search(r"\d+", words)
    named = {"semi": ("month", 6), "half": ("month", 6), "quarter": ("quarter", 1), "annual": ("year", 1),
             "biweek": ("week", 2), "week": ("week", 1), "daily": ("day", 1), "day": ("day", 1),
             "month": ("month", 1), "year": ("year", 1)}  # fmt: skip
    unit, size = next(value for word, value in named.items() if word in words)
    return {"unit": unit, "count": int(count[0]) if count else size}


def _version(name: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"subscription": name, "customer": name, "start": str(FIRST), "items": items} | more


def _measure(case: Case, facts: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    body = _profile(case, **changes)
    if "rounding" not in changes:  # the source rounds what it shows
        body["rounding"] = {**(body.get("rounding") or {}), "percent": {"scale": 30}}
    return run_document("metrics", body, {"currency": _currency(case), **facts})


def _at(day: date) -> dict[str, str]:
    """The time measured, ending just after a day."""
    return {"start": str(FIRST), "end": str(day + timedelta(days=1))}


def mrr(case: Case) -> Mapping[str, Any]:
    """Monthly recurring revenue of subscriptions, of a plan with an add-on, and of discounts by their duration."""
    given = case.input
    if "durations" in given:
        found = {each: _plan(case, duration=each)["mrr"] for each in given["durations"]}
        return {"mrr": found}
    if "discount_months" in given:
        # A source that tells during from after counts a discount while it runs, unless its profile says otherwise.
        after = FIRST + timedelta(days=32 * int(given["discount_months"]))
        during = _plan(case, duration="repeating")["mrr"]
        return {"mrr": during, "mrr_during": during, "mrr_after": _plan(case, duration="repeating", day=after)["mrr"]}
    return {"mrr": _plan(case)["mrr"]}


def _plan(case: Case, *, duration: str = "forever", day: date = FIRST) -> dict[str, Any]:
    """The measure of what a case subscribes to, on a day."""
    given = case.input
    items = []
    if "price" in given or "plan" in given:
        price = given["price"] if "price" in given else given["plan"]
        items.append(_item(case, price, given.get("interval"), discounts=_discounts(case, duration)))
    if "addon" in given:
        items.append(_item(case, given["addon"], given.get("interval"), type="addon"))
    versions = [_version("plan", items)] if items else []
    for index, each in enumerate(given.get("subscriptions") or ()):
        quantity = str(each.get("count", "1"))
        versions.append(_version(f"s{index}", [_item(case, each["price"], each.get("interval"), quantity=quantity)]))
    changes = {}
    if "discount_months" in given and case.profile not in NAMED:
        changes["mrr"] = {"discounts": {"repeating": "included"}}
    return _measure(case, {**_at(day), "subscriptions": versions}, **changes)


def _item(case: Case, price: Any, interval: Any, **more: Any) -> dict[str, Any]:
    if isinstance(price, Mapping):
        interval = price.get("interval", interval)
        more.setdefault("quantity", str(price.get("quantity", price.get("count", "1"))))
        price = price["price"] if "price" in price else price["amount"]
    return {"price": _money(case, price), "every": _every(interval), **more}


def _discounts(case: Case, duration: str) -> list[dict[str, Any]]:
    given = case.input
    found: dict[str, Any] = {"duration": duration}
    percent = given.get("coupon_percent", given.get("discount_percent"))
    if percent is not None:
        found["percent"] = str(percent)
    elif "discount" in given:
        found["amount"] = _money(case, given["discount"])
    else:
        return []
    if duration == "repeating":
        found["months"] = int(given.get("discount_months", 3))
    return [found]


TOTALS = ("new", "reactivation", "expansion", "contraction", "churn")


def _size(value: Any) -> str:
    """Losses are positive amounts of a roll-forward; some sources write them with a sign."""
    return str(value).lstrip("-")


def _totals(case: Case) -> dict[str, Any]:
    given = dict(case.input)
    if "new_business" in given:
        given.setdefault("new", given["new_business"])
    if "churn_and_contraction" in given:
        given.setdefault("churn", given["churn_and_contraction"])
    opening = given.get("start", given.get("start_of_day", "0"))
    found = {"start": _money(case, opening)}
    found |= {key: _money(case, _size(given[key])) for key in TOTALS if isinstance(given.get(key), str)}
    if "end_of_day" in given:
        found["end"] = _money(case, given["end_of_day"])
    if "fx" in given:
        found["fx"] = _money(case, given["fx"])
    return found


def mrr_movement(case: Case) -> Mapping[str, Any]:
    """A roll-forward from its totals, or the movements that events of subscriptions make."""
    if "events" not in case.input:
        result = _measure(case, {"totals": [_totals(case)]})["rollforward"]
        return {"end": result["end"], "net": result["net"]}
    days = {str(FIRST + timedelta(days=index)): each["n"] for index, each in enumerate(case.input["events"])}
    versions = _versions(case)
    result = _measure(case, {"start": str(FIRST), "end": str(LAST), "subscriptions": versions})
    named = {"new": "new_business"} if case.profile == "chartmogul" else {}
    movements = [
        {"n": days[str(each["on"])], "type": named.get(each["type"], each["type"]), "amount": each["amount"]}
        for each in result["movements"]
    ]
    return {"movements": movements, "end": result["rollforward"]["end"], "net": result["rollforward"]["net"]}


def _versions(case: Case) -> list[dict[str, Any]]:
    """Versions of subscriptions from events in order, one day each."""
    found: list[dict[str, Any]] = []
    open_: dict[str, dict[str, Any]] = {}
    for index, event in enumerate(case.input["events"]):
        day, word = str(FIRST + timedelta(days=index)), str(event.get("event", "")).lower()
        plan = str(event.get("plan") or next(iter(open_), ""))
        if "trial" in word:
            continue  # nothing is paid yet
        ends = any(each in word for each in ("cancel", "churn", "end", "expire", "remove"))
        changes = any(each in word for each in ("change", "upgrade", "downgrade", "switch", "increase", "decrease",
                                             "update", "quantity", "convert", "reduce", "swap", "move"))  # fmt: skip
        before = open_.get(plan) or (next(iter(open_.values()), None) if changes else None)
        closing = ([before] if event.get("plan") else list(open_.values())) if ends else [before] if changes else []
        for each in closing:
            if each is not None:
                each["end"] = day
                open_ = {key: value for key, value in open_.items() if value is not each}
        if not ends:
            interval = event.get("interval") or (before or {}).get("interval")
            price = case.input["prices"][plan][interval]
            item = _item(case, price, interval, quantity=str(event.get("qty", "1")))
            name = f"{plan}-{index}"
            version = _version(name, [item], customer="customer", start=day)
            found.append(version)
            open_[plan if plan not in open_ else name] = version
    return found


def ratio(case: Case) -> Mapping[str, Any]:
    """Averages, churn of customers, lifetime value and conversion of trials."""
    given = case.input
    counts = {key: str(given[key]) for key in ("opening", "new", "churned", "active", "trials_ended", "converted")
              if key in given}  # fmt: skip
    facts: dict[str, Any] = {}
    if "arpu" in given and "mrr" not in given:
        facts["mrr"] = _money(case, given["arpu"])
        counts["active"] = "1"
    elif "mrr" in given:
        facts["mrr"] = _money(case, given["mrr"])
    changes: dict[str, Any] = {}
    body = _profile(case)
    if "churn" in given and "churned" not in given:
        counts |= {"opening": "1", "new": "0", "churned": str(given["churn"])}
    if "churned" in counts and "active" in counts:
        counts.setdefault("opening", counts["active"])
    if "new" in given:
        changes["retention"] = {**(body.get("retention") or {}), "logo_base": "opening_and_new"}
    if "churn_rounding" in given:
        rounding = _scale(str(given["churn_rounding"]))
        changes["ltv"] = {**(body.get("ltv") or {}), "churn_rounding": rounding}
        changes["rounding"] = {"percent": {"scale": max(0, rounding["scale"] - 2)}}
    result = _measure(case, {**facts, "counts": counts}, **changes)["ratios"]
    return {
        "arpu": result["arpa"], "churn": result["ltv_churn"], "churn_pct": result["logo_churn_percent"],
        "ltv": result["ltv"], "conversion_pct": result["conversion_percent"],
    }  # fmt: skip


def _scale(text: str) -> dict[str, Any]:
    """A rounding in the words of a source: a step such as 0.001, or digits, of a percentage where it says so."""
    number = re.search(r"\d+(?:\.(\d+))?", text)
    if number is None:
        return {"scale": 2}
    scale = len(number[1]) if number[1] else int(number[0])
    return {"scale": scale + (2 if "percent" in text or "%" in text else 0)}


def retention(case: Case) -> Mapping[str, Any]:
    """Churn and retention from totals, or from a cohort of subscriptions."""
    given = case.input
    if "cohort" in given and "price" in given:
        return _cohort(case)
    if "cancelled" in given or "downgrade" in given:
        return _lost(case)
    counts: dict[str, Any] = {}
    if "cohort" in given and isinstance(given.get("months"), list) and "churned" not in given:
        counts["retained"] = [str(given["cohort"]), *(str(each) for each in given["months"])]
    elif "churned" in given:
        counts |= {"opening": str(given.get("cohort", given.get("start"))), "churned": str(given["churned"])}
    formula = {"formula": "daily"} if "start_of_day" in given else {}
    body = _profile(case)
    changes = {"retention": {**(body.get("retention") or {}), **formula}}
    result = _measure(case, {"totals": [_totals(case)], "counts": counts}, **changes)
    return _retained(result)


def _retained(result: Mapping[str, Any]) -> dict[str, Any]:
    ratios, roll = result["ratios"], result["rollforward"]
    kept = ratios["retained_percent"]
    return {
        "gross_churn_pct": ratios["gross_churn_percent"], "grr_pct": ratios["grr_percent"],
        "net_churn_pct": ratios["net_churn_percent"], "nrr_pct": ratios["nrr_percent"],
        "revenue_retention_pct": ratios["nrr_percent"],
        "retention_pct": list(kept[1:]) if kept else ratios["logo_retention_percent"],
        "start_mrr": roll["start"], "churn": roll["churn"], "expansion": roll["expansion"],
        "churned_revenue": roll["churn"] + roll["contraction"],
    }  # fmt: skip


def _cohort(case: Case) -> dict[str, Any]:
    """Equal customers of whom some leave and some pay another price."""
    given = case.input
    size, lost = int(given["cohort"]), int(given.get("churned", 0))
    upgraded = int(given.get("upgraded", 0))
    before, day = FIRST - timedelta(days=31), str(FIRST + timedelta(days=14))
    item = _item(case, given["price"], given.get("interval"))
    better = _item(case, given.get("upgrade_price", given["price"]), given.get("interval"))
    versions = []
    for index in range(size):
        changes = index < lost + upgraded
        first = {"customer": f"c{index}", "start": str(before), **({"end": day} if changes else {})}
        versions.append(_version(f"s{index}", [item], **first))
        if lost <= index < lost + upgraded:
            versions.append(_version(f"s{index}", [better], customer=f"c{index}", start=day))
    return _retained(_measure(case, {"start": str(FIRST), "end": "2026-02-01", "subscriptions": versions}))


def _lost(case: Case) -> dict[str, Any]:
    """A subscription that is cancelled and one that is downgraded."""
    given = case.input
    before, day = FIRST - timedelta(days=400), str(FIRST + timedelta(days=14))
    versions = []
    if "cancelled" in given:
        item = _item(case, given["cancelled"], None)
        versions.append(_version("cancelled", [item], start=str(before), end=day))
    if "downgrade" in given:
        change = given["downgrade"]
        for start, end, price in ((str(before), day, change["from"]), (day, None, change["to"])):
            item = _item(case, price, change.get("interval"))
            versions.append(_version("downgraded", [item], start=start, **({"end": end} if end else {})))
    return _retained(_measure(case, {"start": str(FIRST), "end": "2026-02-01", "subscriptions": versions}))


def _sized(event: Any) -> list[Any]:
    """The size of an event that is an object, under the name that its source uses."""
    names = ("quantity", "value", "units", "amount", "count")
    return [event[name] for name in names if name in event] if isinstance(event, Mapping) else []


def usage(case: Case) -> Mapping[str, Any]:
    """The sum of events and what a quantity costs."""
    given = case.input
    events = given.get("events", [])
    if not isinstance(events, list):
        events = [events]
    quantities = [str(next(iter(_sized(each)), each)) for each in events]
    price = given.get("unit_price", "0")
    found = {}
    if quantities:
        records = [{"quantity": each, "unit_price": _money(case, price)} for each in quantities]
        result = _measure(case, {"usage": records})
        found = {"aggregate_sum": result["usage_quantity"], "usage_revenue": result["usage_revenue"]}
    if "quantity" in given:
        record = {"quantity": str(given["quantity"]), "unit_price": _money(case, price)}
        found["usage_revenue"] = _measure(case, {"usage": [record]})["usage_revenue"]
    return found


ADAPTERS: dict[str, Adapter] = {
    "metrics.mrr": mrr,
    "metrics.mrr_movement": mrr_movement,
    "metrics.ratio": ratio,
    "metrics.retention": retention,
    "metrics.usage": usage,
}
