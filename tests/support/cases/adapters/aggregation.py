"""Aggregations of usage, by ``meter`` documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cases.adapters.rating import point
from cases.model import Case, run_document

#: Ours, by a word that the name of an aggregation elsewhere holds; the first that fits counts.
_TYPES = (
    ("weight", "weighted_sum"), ("uniq", "unique_count"), ("distinct", "unique_count"), ("last", "latest"),
    ("latest", "latest"), ("recent", "latest"), ("average", "average"), ("avg", "average"), ("mean", "average"),
    ("min", "min"), ("max", "max"), ("count", "count"), ("sum", "sum"), ("total", "sum"),
)  # fmt: skip
_START = "2026-01-01T00:00:00Z"


def _moment(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00Z"


def _month_of(events: Sequence[Mapping[str, Any]]) -> str:
    """Where a case gives no start: the first of the month in which its events begin."""
    moments = [str(each["at"]) for each in events if each.get("at")]
    return f"{min(moments)[:7]}-01" if moments else _START


def _later(start: str, days: int) -> str:
    moment = datetime.fromisoformat(start.replace("Z", "+00:00")) + timedelta(days=days)
    return moment.isoformat().replace("+00:00", "Z")


def _period(case: Case) -> dict[str, str] | None:
    given = case.input
    start = _moment(given.get("period_start") or _month_of(given.get("events", [])))
    if "period_days" in given:
        return {"from": start, "to": _later(start, int(given["period_days"]))}
    if "period_end" not in given:
        return None
    end = given["period_end"]
    if "T" not in end:
        return {"from": start, "to": _later(_moment(end), 1)}
    return {"from": start, "to": _rounded_up(end)}


def _rounded_up(end: str) -> str:
    """The moment after a last millisecond."""
    moment = datetime.fromisoformat(end.replace("Z", "+00:00"))
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    elif (moment.hour, moment.minute, moment.second) == (23, 59, 59):
        moment += timedelta(seconds=1)
    return moment.isoformat().replace("+00:00", "Z")


def _records(case: Case, period: Mapping[str, str] | None, unique: bool) -> list[dict[str, Any]]:
    records = []
    for number, event in enumerate(case.input.get("events", [])):
        if event.get("days_active") is not None and int(event["days_active"]) == 0:
            continue  # not a day of it: no record of the period
        at = event.get("at")
        if at is None and "days_active" in event and period is not None:
            # Active to the end of the period, for so many days.
            at = _later(period["to"], -int(event["days_active"]))
        record: dict[str, Any] = {"id": f"{number:06d}", "time": _moment(at or _START)}
        record["value"] = str(event.get("id", event.get("value", number))) if unique else str(event.get("value", "0"))
        if "op" in event:
            record["op"] = event["op"]
        records.append(record)
    return records


def aggregate(case: Case) -> Mapping[str, Any]:
    """One quantity of a handful of events, or of buckets."""
    given, params = case.input, case.params
    kind = _kind(case)
    if "buckets" in given:
        return _buckets(case, kind)
    unique = "unique" in kind
    period = _period(case)
    carried = str(params.get("recurring", "false")).lower() == "true" or bool(
        {"carried_over", "carried_over_ids", "initial_value"} & set(given)
    )
    body: dict[str, Any] = {"unit": str(params.get("unit", "unit")), "aggregate": kind}
    if unique:
        body["fields"] = {"operation": "op"}
    if carried and kind in ("sum", "weighted_sum", "prorated_sum", "unique_count", "prorated_unique_count"):
        body["carried_over"] = True
    if any(word in str(params.get("negative", "")).lower() for word in ("zero", "clamp", "0", "floor", "ignore")):
        body["negative"] = "zero"
    rounding = params.get("result_rounding")
    if rounding:
        body["rounding"] = point(rounding)
    facts: dict[str, Any] = {"records": _records(case, period, unique)}
    if period is not None:
        facts["period"] = period
        body["outside"] = "refuse"
    if body.get("carried_over"):
        level = str(given.get("initial_value", given.get("carried_over", "0")))
        present = [str(each) for each in given.get("carried_over_ids", [])]
        if unique and not present:  # a number of ids that the case does not name
            present = [f"earlier {number}" for number in range(int(level))]
        facts["carried_over"] = [{"level": level, "present": present}]
    return {"value": run_document("meter", body, facts)["usage"][0]["quantity"]}


def _kind(case: Case) -> str:
    """The aggregation that a case names, in our words."""
    name = str(case.params["type"]).lower().replace("-", "_").replace(" ", "_")
    found = next((ours for word, ours in _TYPES if word in name), name)
    return f"prorated_{found}" if "prorated" in name else found


def _buckets(case: Case, kind: str) -> Mapping[str, Any]:
    """The aggregate of each bucket, added up by a price of one per unit."""
    start = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    records = []
    given = case.input["buckets"]
    for hour, bucket in enumerate(given.values() if isinstance(given, Mapping) else given):
        values = (
            bucket
            if isinstance(bucket, list)
            else bucket.get("values", [])
            if isinstance(bucket, Mapping)
            else [bucket]
        )
        for number, value in enumerate(values):
            at = start + timedelta(hours=hour, seconds=number)
            records.append({"id": f"{hour}-{number}", "time": at.isoformat(), "value": str(value)})
    usage = run_document("meter", {"unit": "unit", "aggregate": kind, "window": "hour"}, {"records": records})["usage"]
    return {"value": sum((each["quantity"] for each in usage), usage[0]["quantity"] * 0) if usage else 0}


ADAPTERS = {"aggregation": aggregate}
