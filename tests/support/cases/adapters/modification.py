"""Cases of contract modifications, terminations and corrections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cases.adapters.contracts import (
    amount_of,
    body,
    by_period,
    first_day,
    method_of,
    money,
    named_figures,
    run,
    schedule_rows,
)
from cases.model import Adapter, Case

#: What vendors call a cumulative catch-up.
CALLED = {"zuora": {"catch_up": "retrospective"}}
DAY = "2026-07-01"


def _treatment(case: Case, name: str) -> str:
    return CALLED.get(case.profile or "", {}).get(name, name)


def _allocation(result: Mapping[str, Any]) -> dict[str, Decimal]:
    return {row["obligation"]: amount_of(row["amount"]) for row in result["allocation"]}


# ----------------------------------------------------------------------------- by units


def _units(case: Case, added: Mapping[str, Any] | None, change: Mapping[str, Any]) -> dict[str, Any]:
    """Identical goods or years, some delivered, with a change of what remains."""
    given = case.input
    original = given["original"]
    line = {
        "id": "original",
        "quantity": original["units"],
        "unit_price": money(case, original["unit_price"]),
        "ssp": money(case, given.get("ssp_original") or original["unit_price"]),
        "readings": [{"on": "2026-06-30", "quantity": given.get("transferred_before", "0")}],
    }
    facts: dict[str, Any] = {"on": DAY, **change}
    if added is not None:
        facts["added"] = [
            {
                "id": "added",
                "quantity": added["units"],
                "unit_price": money(case, added["unit_price"]),
                "ssp": money(case, added.get("ssp") or original["unit_price"]),
            }
        ]
    return run(case, body(case, "units", allocation={"ties": "order"}), [line], changes=[facts])


def _flags(added: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _yes(added.get(name, default)) for name, default in (("distinct", True), ("at_ssp", False))}


def _yes(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "1")


def separate(case: Case) -> dict[str, Any]:
    given = case.input
    result = _units(case, given["added"], _flags(given["added"]))
    change = result["changes"][0]
    each = {row["obligation"]: row["unit_revenue"] for row in change["obligations"]}
    shares = _allocation(result)
    return {
        "treatment": _treatment(case, change["treatment"]),
        "original_unit_revenue": each["original"],
        "added_unit_revenue": each.get("added"),
        "original_revenue": shares["original"],
        "added_revenue": shares.get("added"),
        "total_revenue": result["price"]["total"],
    }


def prospective(case: Case) -> dict[str, Any]:
    given = case.input
    if "original" in given:
        return _blended(case)
    if "annual_fee" in given:
        return _years(case)
    return _dated(case)


def _blended(case: Case) -> dict[str, Any]:
    given = case.input
    change: dict[str, Any] = _flags(given["added"])
    credit = given.get("credit_for_past_defects")
    if credit:
        amount = Decimal(credit["per_unit"]) * Decimal(credit["units"])
        change["credit_for_past_defects"] = money(case, amount)
    return _remaining(case, _units(case, given["added"], change))


def _remaining(case: Case, result: Mapping[str, Any]) -> dict[str, Any]:
    change = result["changes"][0]
    rows = [row for row in change["obligations"] if row["remaining_units"]]
    units = sum((row["remaining_units"] for row in rows), Decimal(0))
    return {
        "treatment": _treatment(case, change["treatment"]),
        "remaining_consideration": change["pool"],
        "remaining_units": units,
        "remaining_years": units,
        "blended_unit_revenue": change["unit_revenue"],
        "annual_revenue": change["unit_revenue"],
        "immediate_revenue_reduction": change["reduction"],
        "catch_up": change["catch_up"],
    }


def _years(case: Case) -> dict[str, Any]:
    """A service of some years, repriced and extended after part of them."""
    given = case.input
    years, done = given["years"], given["modified_after_years"]
    line = {
        "id": "service",
        "quantity": years,
        "unit_price": money(case, given["annual_fee"]),
        "ssp": money(case, given["annual_fee"]),
        "readings": [{"on": "2026-06-30", "quantity": done}],
    }
    change: dict[str, Any] = {
        "on": DAY,
        "distinct": True,
        "at_ssp": False,
        "added_price": money(case, given["extension_fee"]),
    }
    repriced = given.get("year3_fee")
    if repriced is not None:
        change["repriced"] = {"service": money(case, repriced)}
    change["added"] = [
        {"id": "extension", "quantity": given["extension_years"], "ssp": money(case, given["annual_fee"])}
    ]
    result = run(case, body(case, "units", allocation={"ties": "order"}), [line], changes=[change])
    return _remaining(case, result)


# ----------------------------------------------------------------------------- by dates


def _service(case: Case) -> dict[str, Any]:
    given = case.input
    return {
        "id": "service",
        "price": money(case, given["price"]),
        "start": given["term"][0],
        "end": given["term"][1],
        **({"ssp": money(case, given["ssp_original"])} if "ssp_original" in given else {}),
    }


def _change(case: Case) -> dict[str, Any]:
    """A change of a dated service, from any of the forms that sources use."""
    given = case.input
    if "amendment" in given:
        amendment = given["amendment"]
        made: dict[str, Any] = {"on": first_day(amendment["period"]), "price": money(case, amendment["new_price"])}
        words = str(given.get("pob", "")).lower()
        made["distinct"] = "distinct" in words and re.search(r"no[nt][ _-]?distinct", words) is None
        return made
    source = given["modification"]
    made = {"on": source["date"], "treatment": source["treatment"]}
    if source.get("lifetime_price") is not None:
        made["price"] = money(case, source["lifetime_price"])
    if source.get("added"):
        added = source["added"]
        made["added"] = [
            {"id": "added", "ssp": money(case, added["ssp"]), "start": added["start"], "end": added["end"]}
        ]
    if source.get("obligations_remaining") == []:
        made["removed"] = ["service"]
    return made


def _dated(case: Case) -> dict[str, Any]:
    given = case.input
    line, change = _service(case), _change(case)
    sections: dict[str, Any] = {}
    if "added" in change:
        line.setdefault("ssp", line["price"])
        sections["allocation"] = {"ties": "identifier"}
    result = run(
        case, body(case, method_of(given.get("method"), "even_touched_months"), **sections), [line], changes=[change]
    )
    told = result["changes"][0]
    periods = by_period(result)
    before = sum((amount_of(row["recognized"]) for row in told["obligations"]), Decimal(0))
    after = sum((amount_of(row["remaining"]) for row in told["obligations"]), Decimal(0))
    return {
        "treatment": _treatment(case, told["treatment"]),
        "catch_up": told["catch_up"],
        "schedule": schedule_rows(periods),
        "allocation": _allocation(result),
        "revenue_before": before,
        "revenue_after": after,
        "remaining_consideration": told["pool"],
        "recognized": result["recognized"],
        "remaining": result["remaining"],
        "transaction_price_after": told["price"],
        "cumulative_revenue": before + amount_of(told["catch_up"]),
        **named_figures(case, result),
    }


def catch_up(case: Case) -> dict[str, Any]:
    if "expected_cost" not in case.input:
        return _dated(case)
    return _construction(case)


def _construction(case: Case) -> dict[str, Any]:
    """Cost to cost, with a change of price and cost and a bonus that is now included."""
    given = case.input
    before, after = given["expected_cost"], given.get("expected_cost_after")
    if after is None:
        after = str(Decimal(before) + Decimal(given.get("cost_increase", "0")))
    cost = given["cost_to_date"]
    rounding = given.get("progress_rounding")
    rule = {"measure_scale": -Decimal(rounding).as_tuple().exponent} if rounding else {}  # type: ignore[operator]
    line = {
        "id": "works",
        "price": money(case, given["price"]),
        "total": before,
        "readings": [{"on": "2026-06-30", "reached": cost}, {"on": DAY, "reached": cost, "total": after}],
    }
    added = [given.get("price_increase"), given.get("bonus_now_included")]
    change = {"on": DAY, "distinct": False, "id": "change"}
    changes = [
        {**change, "id": f"change_{index}", "added_price": money(case, amount)}
        for index, amount in enumerate(added)
        if amount is not None
    ]
    if not changes and given.get("transaction_price_after") is not None:
        changes = [{**change, "price": money(case, given["transaction_price_after"])}]
    result = run(case, body(case, "proportional", rule=rule), [line], changes=changes)
    readings = [row["progress"] for row in result["progress"]]
    return {
        "treatment": _treatment(case, result["changes"][0]["treatment"] if changes else "catch_up"),
        "progress_before": readings[0],
        "progress_after": readings[-1],
        "transaction_price_after": result["price"]["total"],
        "cumulative_revenue": result["recognized"],
        "catch_up": by_period(result)["2026-07"],
    }


def termination(case: Case) -> dict[str, Any]:
    return _dated(case)


def variable_after(case: Case) -> dict[str, Any]:
    """A variable amount estimated anew after a prospective modification."""
    given = case.input
    initial, changed = given["initial"], given["modification"]
    named = initial["obligations"]
    named = named if isinstance(named, Mapping) else dict.fromkeys(named, "1")
    lines: list[dict[str, Any]] = []
    for name, terms in named.items():
        ssp = terms.get("ssp", "1") if isinstance(terms, Mapping) else terms
        lines.append({"id": name, "method": "point_in_time", "ssp": money(case, ssp)})
        if name == "X" and given.get("X_transferred", True):
            lines[-1]["satisfied_on"] = "2026-03-01"
    weights = changed.get("ssp_weights", {})
    added = changed["added"]
    name = added if isinstance(added, str) else added.get("id", "Z")
    component = {"id": "variable", "included": money(case, initial["variable_included"])}
    modification = {
        "id": "modification",
        "on": "2026-06-01",
        "distinct": True,
        "treatment": "prospective",
        "added_price": money(case, changed["added_price"]),
        "added": [{"id": name, "method": "point_in_time", "ssp": money(case, weights.get(name, "1"))}],
        "ssp": {key: money(case, weight) for key, weight in weights.items()},
    }
    later = {
        "id": "later",
        "on": "2026-09-01",
        "component": "variable",
        "included": money(case, given["later_variable_included"]),
    }
    document = body(case, "by_day", allocation={"ties": "order"})
    facts = {"price": money(case, initial["fixed"]), "consideration": [component]}
    first = run(case, document, lines, **facts)
    middle = run(case, document, lines, **facts, changes=[modification])
    last = run(case, document, lines, **facts, changes=[modification, later])
    told = last["changes"][1]
    caught = {row["obligation"]: row["catch_up"] for row in told["obligations"]}
    return {
        "initial_allocation": _allocation(first),
        "after_modification": _allocation(middle),
        "variable_change": told["pool"],
        "catch_up_X": caught["X"],
        "final_allocation": _allocation(last),
    }


def adjustment(case: Case) -> dict[str, Any]:
    given = case.input
    source = given["adjustment"]
    change = {"on": source["date"], "amount": money(case, source["amount"]), "obligation": "service"}
    result = run(
        case,
        body(case, method_of(given.get("method"), "even_touched_months")),
        [_service(case)],
        changes=[change],
        billing=[],
    )
    from cases.adapters.contracts import position

    remaining = position(result, source["date"][:7])["remaining"]
    return {"remaining": remaining, **named_figures(case, result)}


ADAPTERS: dict[str, Adapter] = {
    "modification.separate_contract": separate,
    "modification.prospective": prospective,
    "modification.catch_up": catch_up,
    "modification.termination": termination,
    "modification.variable_after": variable_after,
    "adjustment": adjustment,
}
