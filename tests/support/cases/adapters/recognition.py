"""Cases of recognition over time: one document for each, with the lines of the case as obligations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from cases.adapters.contracts import (
    amount_of,
    body,
    by_period,
    first_day,
    last_day,
    method_of,
    money,
    named_figures,
    position,
    rounding_of,
    run,
    schedule_rows,
    service,
)
from cases.model import Adapter, Case, Forms, run_document


def _billed_first(case: Case, lines: list[dict[str, Any]], on: str) -> list[dict[str, Any]]:
    """Everything billed on a day."""
    return [{"on": on, "amount": line["price"]} for line in lines]


def _answers(case: Case, result: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that cases of recognition ask for."""
    periods = by_period(result)
    found: dict[str, Any] = {"schedule": schedule_rows(periods), **named_figures(case, result)}
    wanted = case.input.get("as_of_periods")
    if wanted:
        found["schedule"] = [{"period": name, "amount": periods.get(name, Decimal(0))} for name in wanted]
    positions = result["positions"]
    if positions:
        changes, before = {}, Decimal(0)
        for row in positions:
            deferred = amount_of(row["deferred"]) - amount_of(row["contract_asset"])
            changes[row["period"]] = deferred - before
            before = deferred
        found["deferred_change"] = changes
        found["deferred_end"] = {row["period"]: amount_of(row["deferred"]) for row in positions}
        found["deferred_final"] = amount_of(positions[-1]["deferred"])
    rows = [row for row in result["schedule"] if amount_of(row["amount"])]
    found["entries"] = len(rows)
    if rows:
        year = rows[0]["period"][:4]
        first_year = [row for row in rows if row["period"] <= f"{year}-12"]
        found["entries_after_first_year"] = len(first_year)
        if positions:
            found["deferred_after_first_year"] = amount_of(position(result, f"{year}-12")["deferred"])
    found["amounts"] = [amount_of(row["amount"]) for row in result["schedule"]]
    return found


def _line(case: Case) -> dict[str, Any]:
    return service(case, case.input)


def by_day(case: Case) -> dict[str, Any]:
    given = case.input
    method = method_of(given.get("method"))
    line = _line(case)
    if "start_at" in line and method == "partial_by_day_full_even":
        method = "partial_by_instant_full_even"
    policy = {}
    if "day_end_excluded" in str(given.get("method")) or "end_excluded" in str(given.get("method")):
        policy["end_day"] = "not_counted"
    if line.get("end") is None and line.get("end_exclusive") is None and given.get("days") is not None:
        line["end_exclusive"] = str(
            date.fromordinal(date.fromisoformat(line["start"]).toordinal() + int(given["days"]))
        )
    start = (line.get("start") or line.get("start_at", ""))[:10]
    result = run(case, body(case, method, policy=policy), [line], billing=_billed_first(case, [line], start))
    return _answers(case, result)


def mixed(case: Case) -> dict[str, Any]:
    given = case.input
    method = method_of(given.get("method"))
    lines, billing = [], []
    if "invoices" in given:
        for index, invoice in enumerate(given["invoices"]):
            day, last = first_day(invoice["date"]), last_day(invoice["date"])
            if invoice.get("service_fee"):
                lines.append(
                    {
                        "id": f"service_{index}",
                        "kind": "service",
                        "price": money(case, invoice["service_fee"]),
                        "start": day,
                        "end": last,
                    }
                )
            if invoice.get("setup_fee"):
                lines.append(
                    {
                        "id": f"setup_{index}",
                        "kind": "setup",
                        "price": money(case, invoice["setup_fee"]),
                        "satisfied_on": day,
                        "start": day,
                        "end": last,
                    }
                )
            billing += [{"on": day, "amount": line["price"]} for line in lines if line["id"].endswith(f"_{index}")]
    else:
        for index, source in enumerate(given["lines"]):
            lines.append(service(case, source, id=f"line_{index}", booked_on=given["finalized"]))
        billing = _billed_first(case, lines, given["finalized"])
    document = body(case, method)
    setup = given.get("setup_fee_method")
    if setup:
        document["obligations"].insert(
            0, {"id": "setup", "when": "=line.kind == 'setup'", "method": method_of(setup, "point_in_time")}
        )
    return _answers(case, run(case, document, lines, billing=billing))


def catch_up(case: Case) -> dict[str, Any]:
    given = case.input
    line = _line(case) | {"booked_on": given["booked_date"]}
    policy = {"before_booking": "catch_up" if given.get("catch_up", True) else "back_date"}
    document = body(case, method_of(given.get("method")), policy=policy)
    billing = [{"on": given["booked_date"], "amount": line["price"]}]
    return _answers(case, run(case, document, [line], billing=billing)) | _balance_changes(case)


def _balance_changes(case: Case) -> dict[str, Any]:
    """Movements of accounts by period, from the journal's own adapter where the case asks for them."""
    if "balance_changes" not in case.expected:
        return {}
    from importlib import import_module

    return dict(import_module("cases.adapters.subledger").catch_up_balance_changes(case))


def by_month(case: Case) -> dict[str, Any]:
    given = case.input
    distribution = given.get("distribution")
    method = method_of(distribution or given.get("method"), "even_months")
    if distribution and given.get("months") and any(word in distribution for word in ("prorat", "partial", "proport")):
        method = "anniversary_months"  # broken months by their days, together one month
    invoiced = given.get("invoice_date")
    if "lines" not in given:
        line = _line(case)
        if "start_at" in line and method == "partial_by_day_full_even":
            method = "partial_by_instant_full_even"
        if invoiced:
            line["booked_on"] = invoiced
        start = (invoiced or line.get("start") or line.get("start_at", ""))[:10]
        result = run(case, body(case, method), [line], billing=[{"on": start, "amount": line["price"]}])
        return _answers(case, result)
    lines = [service(case, each) | ({"booked_on": invoiced} if invoiced else {}) for each in given["lines"]]
    billing = _billed_first(case, lines, invoiced or lines[0]["start"])
    result = run(case, body(case, method), lines, billing=billing)
    found = _answers(case, result)
    booked = (invoiced or "")[:7]
    deferred: dict[str, Decimal] = {}
    for row in result["schedule"]:
        if row["posted"] > booked:
            deferred[row["obligation"]] = deferred.get(row["obligation"], Decimal(0)) + amount_of(row["amount"])
    found["deferred_lines"] = deferred
    found["deferred_on_invoice"] = sum(deferred.values(), Decimal(0))
    found["released"] = {name: amount for name, amount in by_period(result).items() if name > booked}
    return found


def half_month(case: Case) -> dict[str, Any]:
    given = case.input
    line = _line(case)
    count, word = given.get("periods"), str(given.get("method") or "")
    if count is not None and not any(each in word for each in ("half", "mid")) and (word or case.profile == "oca"):
        return periods(case)  # the first month by its days, the last one the rest
    method = method_of(word, "half_month")
    if line.get("end") is None and count is not None:
        line["end_exclusive"] = _months_on(line["start"], int(count))
    return _answers(case, run(case, body(case, method), [line]))


def _months_on(start: str, months: int) -> str:
    from engine.finance.calendar import add_months

    return str(add_months(date.fromisoformat(start), months))


def periods(case: Case) -> dict[str, Any]:
    """Amounts spread over a number of periods of a type, or over service dates."""
    given = case.input
    count, unit = given.get("periods"), str(given.get("period_type", "month"))
    line = _line(case)
    if count is None:
        result = run(case, body(case, method_of(given.get("method"))), [line])
        return _spread(case, _answers(case, result))
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit.rstrip("s"), 1)
    start = line.get("start") or "2026-01-01"
    line |= {"start": start, "end_exclusive": _months_on(start, int(count) * months), "months": None}
    line = {key: value for key, value in line.items() if value is not None}
    word = str(given.get("method") or "")
    document = body(case, "by_day" if re.search(r"(by|exact|daily|actual)_?days?", word) else "anniversary_months")
    if months > 1:
        line["months"] = int(count)
        first = date.fromisoformat(start).replace(day=1)
        listed = [_months_on(str(first), index * months) for index in range(int(count) + 2)]
        document["calendar"] = {
            "listed": {
                "periods": [{"name": day[:7], "start": date.fromisoformat(day)} for day in listed[:-1]],
                "end": date.fromisoformat(listed[-1]),
            }
        }
    return _spread(case, _answers(case, run(case, document, [line])))


def _spread(case: Case, found: dict[str, Any]) -> dict[str, Any]:
    amounts = [amount_of(each) for each in found["amounts"]]
    found["amounts"] = [each for each in amounts if each] if len(amounts) > 1 else amounts
    named = {row["period"]: row["amount"] for row in found["schedule"]}
    found["asserted_by_source"] = {**named, "total": sum(amounts, Decimal(0))}
    if len(amounts) > 2:
        found["first_plus_last"] = amounts[0] + amounts[-1]
        found["middle"] = Forms((amounts[1:-1], amounts[1]))
    return found


def point_in_time(case: Case) -> dict[str, Any]:
    given = case.input
    lines = []
    if "invoices" in given:
        for index, invoice in enumerate(given["invoices"]):
            lines.append(service(case, invoice, id=f"line_{index}", satisfied_on=first_day(invoice["month"])))
    elif "months" in given and not given.get("posting_date"):
        months = given["months"]
        names = months if isinstance(months, list) else []
        lines = [
            {"id": f"line_{name}", "price": money(case, given["amount"]), "satisfied_on": first_day(name)}
            for name in names
        ]
    if not lines:
        lines = [
            service(
                case,
                {key: value for key, value in given.items() if key != "months"},
                satisfied_on=given.get("posting_date"),
            )
        ]
    return _answers(case, run(case, body(case, "point_in_time"), lines))


def milestone(case: Case) -> dict[str, Any]:
    return _steps(case, "milestone", _percents(case.input["milestones"]))


_WORDS = ("percent", "cumulative_percent", "percentage", "cumulative", "cumulative_percentage", "progress", "share")


def _percents(steps: Any) -> list[dict[str, Any]]:
    """Cumulative percentages by date or month: pairs, objects or a table of months; shares of one are times 100."""
    rows = steps.items() if isinstance(steps, Mapping) else steps
    found: list[tuple[str, Decimal]] = []
    for each in rows:
        if isinstance(each, Mapping):
            value = next(each[name] for name in _WORDS if each.get(name) is not None)
            found.append((str(each.get("date") or each.get("period") or each.get("month")), Decimal(str(value))))
        else:
            found.append((str(each[0]), Decimal(str(each[1]))))
    factor = 100 if max(value for _, value in found) <= 1 else 1
    return [{"on": last_day(on), "percent": str(value * factor)} for on, value in found]


def _steps(case: Case, method: str, readings: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    given = case.input
    line = {"id": "line", "price": money(case, given["amount"]), "readings": readings, **more}
    billing = [{"on": each["date"], "amount": money(case, each["amount"])} for each in given.get("billing") or []]
    return _answers(case, run(case, body(case, method), [line], billing=billing))


def progress(case: Case) -> dict[str, Any]:
    given = case.input
    if "progress" in given and "expected_cost_total" not in given:
        readings = _percents(given["progress"])
        return _steps(case, "proportional", readings)
    return _cost_to_cost(case)


def _cost_to_cost(case: Case) -> dict[str, Any]:
    """Cost to cost, with material that is delivered and not installed recognised at its cost."""
    given = case.input
    material = given.get("uninstalled_material_cost", "0")
    delivered = given.get("material_delivered", True)
    lines: list[dict[str, Any]] = [
        {
            "id": "work",
            "readings": [{"on": "2026-01-31", "reached": given["other_cost_to_date"]}],
            "total": given["expected_cost_total"],
            "outside_measure": material,
            "ssp": money(case, "1"),
        },
        {
            "id": "material",
            "method": "point_in_time",
            "price": money(case, material),
            "excluded": True,
            "cost": money(case, material),
        },
    ]
    if delivered:
        lines[1]["satisfied_on"] = "2026-01-31"
    price = money(case, given["transaction_price"])
    result = run(case, body(case, "proportional", allocation={"ties": "order"}), lines, price=price)
    work, other = _recognised(result, "work"), result["costs"][0]
    revenue = work + amount_of(other["revenue"])
    spent = amount_of(given["other_cost_to_date"]) + amount_of(other["cost_of_sales"])
    return {
        **_answers(case, result),
        "progress": result["progress"][-1]["progress"],
        "revenue": revenue,
        "cost_of_sales": spent,
        "profit": revenue - spent,
    }


def _recognised(result: Mapping[str, Any], obligation: str) -> Decimal:
    return sum(by_period(result, [obligation]).values(), Decimal(0))


def over_time(case: Case) -> dict[str, Any]:
    given = case.input
    months = int(given["months"])
    lines = []
    for index in range(months):
        start = _months_on("2026-01-01", index)
        lines.append(
            {
                "id": f"month_{index + 1:02d}",
                "price": money(case, given["monthly_fee"]),
                "start": start,
                "end_exclusive": _months_on("2026-01-01", index + 1),
            }
        )
    result = run(case, body(case, "even_months"), lines)
    revenue = by_period(result)
    year = sum((amount for name, amount in revenue.items() if name <= "2026-12"), Decimal(0))
    return {"monthly_revenue": next(iter(revenue.values())), "annual_revenue": year, "schedule": schedule_rows(revenue)}


def cancellation(case: Case) -> dict[str, Any]:
    """A cancellation without a credit changes nothing; one with a refund ends the service on that day."""
    given = case.input
    line = _line(case)
    facts: dict[str, Any] = {"billing": [{"on": line["start"], "amount": line["price"]}]}
    refund = given.get("refund")
    if isinstance(refund, Mapping):
        refund = refund.get("amount")
    whole = isinstance(refund, str) and refund in ("full", "unused", "prorated")
    if refund is True or whole:
        facts["changes"] = [{"on": given["cancelled_on"], "removed": ["line"], "treatment": "prospective"}]
    elif isinstance(refund, str) and refund != "none" and Decimal(refund):
        back = money(case, -Decimal(refund))
        facts["changes"] = [
            {
                "on": given["cancelled_on"],
                "removed": ["line"],
                "treatment": "prospective",
                "added_price": back,
                "release": True,
            }
        ]
        facts["billing"].append({"on": given["cancelled_on"], "amount": back})
    return _answers(case, run(case, body(case, method_of(given.get("method"))), [line], **facts))


def recompute(case: Case) -> dict[str, Any]:
    """Lines that were posted stay, whether their amounts are given or only how many of the schedule they are; the rest
    of the amount is spread over the periods that remain."""
    given = case.input
    start, count = given.get("start") or "2026-01-01", int(given["periods"])
    line = {
        "id": "line",
        "price": money(case, given["amount"]),
        "start": start,
        "end_exclusive": _months_on(start, count),
    }
    document = body(case, "anniversary_months", policy={"posted_difference": "last_period", **_style(case)})
    months = [_months_on(str(date.fromisoformat(start).replace(day=1)), index)[:7] for index in range(count + 1)]
    posted = given["posted_lines"]
    if isinstance(posted, list):
        amounts = [each["amount"] if isinstance(each, Mapping) else each for each in posted]
    else:
        amounts = [amount_of(row["amount"]) for row in run(case, document, [line])["schedule"]][: int(posted)]
    facts = [
        {"obligation": "line", "period": month, "amount": money(case, amount)}
        for month, amount in zip(months, amounts, strict=False)
    ]
    result = run(case, document, [line], posted=facts)
    unposted = [row["amount"] for row in result["schedule"] if row["period"] not in months[: len(amounts)]]
    return {
        "amounts": [row["amount"] for row in result["schedule"]],
        "unspread": sum((amount_of(amount) for amount in unposted), Decimal(0)),
    }


def _style(case: Case) -> dict[str, str]:
    style = rounding_of(case.input.get("rounding"))
    return {"rounding": style} if style else {}


def push(case: Case) -> dict[str, Any]:
    """Runs of a deferred-revenue process while books are frozen."""
    given = case.input
    line = _line(case)
    frozen = date.fromisoformat(given["books_frozen_to"])
    document = body(case, method_of(given.get("method"), "even_months"))
    result = run_document(
        "revenue",
        document,
        {
            "currency": line["price"]["currency"],
            "obligations": [line],
            "open_from": str(date.fromordinal(frozen.toordinal() + 1)),
            "as_of": given["run_for"][1],
        },
    )
    return {
        "postings": [
            {"for": row["period"], "posted": str(row["posted_on"]), "amount": row["amount"]}
            for row in result["postings"]
            if amount_of(row["amount"]) and row["period"] >= given["run_for"][0][:7]
        ]
    }


ADAPTERS: dict[str, Adapter] = {
    "recognition.day": by_day,
    "recognition.mixed": mixed,
    "recognition.catch_up": catch_up,
    "recognition.month": by_month,
    "recognition.half_month": half_month,
    "recognition.point_in_time": point_in_time,
    "recognition.milestone": milestone,
    "recognition.progress": progress,
    "recognition.over_time": over_time,
    "recognition.cancellation": cancellation,
    "recognition.recompute": recompute,
    "rounding.schedule": periods,
    "period_close.push": push,
}
