"""Cases of contract balances, cut-off, and usage that is drawn down or invoiced as delivered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cases.adapters.contracts import (
    amount_of,
    body,
    by_period,
    journal,
    last_day,
    method_of,
    money,
    named_figures,
    position,
    readings_of,
    run,
    schedule_rows,
    service,
)
from cases.model import Adapter, Case


def _contract(case: Case, source: Mapping[str, Any], period: str | None) -> dict[str, Any]:
    line = {
        "id": "service",
        "price": money(case, source["price"]),
        "start": source["term"][0],
        "end": source["term"][1],
    }
    billing = [{"on": each["date"], "amount": money(case, each["amount"])} for each in source.get("billing") or []]
    document = body(case, method_of(source.get("method"), "even_touched_months"), policy={"posting": "net"})
    facts: dict[str, Any] = {"billing": billing}
    if period is not None:
        facts["as_of"] = last_day(period)
    return run(case, document, [line], **facts)


def net_position(case: Case) -> dict[str, Any]:
    """Positions are one number per contract; over contracts they are added up, never netted."""
    given = case.input
    period = given.get("period")
    sources = given.get("contracts") or [given]
    results = [_contract(case, source, period) for source in sources]
    at = period or results[0]["positions"][-1]["period"]
    positions = [position(result, at) for result in results]

    def total(name: str) -> Decimal:
        return sum((amount_of(each[name]) for each in positions), Decimal(0))

    found: dict[str, Any] = named_figures(case, results[0])
    return found | {
        "revenue": total("revenue"),
        "deferred_revenue": total("deferred"),
        "contract_asset": total("contract_asset"),
        "remaining": total("remaining"),
        "transaction_price": sum((amount_of(result["price"]["total"]) for result in results), Decimal(0)),
        "journal": [line for result in results for line in journal(result, at)],
    }


# ----------------------------------------------------------------------------- cut-off


def prepaid(case: Case) -> dict[str, Any]:
    """What was billed and not yet earned at each cut-off date."""
    given = case.input
    line = service(case, given)
    cutoffs = given["cutoffs"]
    calendar = _until(cutoffs, line["start"], line["end"])
    result = run(
        case,
        body(case, method_of(given.get("method")), calendar=calendar),
        [line],
        billing=[{"on": min(line["start"], *cutoffs), "amount": line["price"]}],
    )
    ends = {row["period"]: row for row in result["positions"]}
    return {"deferred": {day: amount_of(ends[f"to {day}"]["deferred"]) for day in cutoffs}}


def _until(cutoffs: list[str], *others: str) -> dict[str, Any]:
    """Accounting periods that end with the cut-off dates."""
    from datetime import date, timedelta

    days = sorted({date.fromisoformat(day) for day in cutoffs})
    first = min(date.fromisoformat(day) for day in (*others, *cutoffs))
    last = max(date.fromisoformat(day) for day in (*others, *cutoffs)) + timedelta(days=2)
    starts = [first, *(day + timedelta(days=1) for day in days)]
    names = [*(f"to {day}" for day in days), "after"]
    if starts[0] >= starts[1]:
        starts[0] = starts[1] - timedelta(days=1)
    return {
        "listed": {
            "periods": [{"name": name, "start": start} for name, start in zip(names, starts, strict=True)],
            "end": last,
        }
    }


def accrual(case: Case) -> dict[str, Any]:
    """What was earned and not billed at the cut-off date, line by line; a line that is over by then is full."""
    given = case.input
    cutoff = given["cutoff"]
    lines = [service(case, each, id=f"line_{index}") for index, each in enumerate(given["lines"])]
    calendar = _until([cutoff], *(line["start"] for line in lines), *(line["end"] for line in lines))
    result = run(case, body(case, method_of(given.get("method")), calendar=calendar), lines, as_of=cutoff, billing=[])
    accrued: dict[str, Any] = {"all": amount_of(result["positions"][-1]["contract_asset"])}
    for line in lines:
        earned = sum(
            (amount_of(row["amount"]) for row in result["postings"] if row["obligation"] == line["id"]), Decimal(0)
        )
        accrued["full" if line["end"] <= cutoff else "partial"] = earned
    return {"accrued": accrued}


# ----------------------------------------------------------------------------- usage


def prepaid_units(case: Case) -> dict[str, Any]:
    given = case.input
    readings = [{"on": day, "quantity": each["units"]} for day, each in readings_of(given["usage"])]
    line = {"id": "units", "price": money(case, given["amount"]), "total": given["total_units"], "readings": readings}
    billing = [{"on": each["date"], "amount": money(case, each["amount"])} for each in given.get("billing") or []]
    result = run(case, body(case, "units"), [line], billing=billing)
    return {
        "schedule": schedule_rows(by_period(result)),
        "warning": next(iter(result["warnings"]), None),
        **named_figures(case, result),
    }


def right_to_invoice(case: Case) -> dict[str, Any]:
    given = case.input
    readings = [
        {"on": day, "quantity": each["units"], "rate": each.get("rate") or given["unit_rate"]}
        for day, each in readings_of(given["usage"])
    ]
    billing = [{"on": each["date"], "amount": money(case, each["amount"])} for each in given.get("billing") or []]
    result = run(case, body(case, "usage_as_invoiced"), [{"id": "usage", "readings": readings}], billing=billing)
    ends = {row["period"]: amount_of(row["deferred"]) for row in result["positions"]}
    return {"schedule": schedule_rows(by_period(result)), "deferred_end": ends, **named_figures(case, result)}


# ----------------------------------------------------------------------------- balances of the standards


def contract_balance(case: Case) -> dict[str, Any]:
    given = case.input
    if "allocation" in given:
        return _conditional(case)
    if "invoiced_unit" in given:
        return _refund_liability(case)
    return _advance(case)


NAMES = {
    "cash": "Cash",
    "receivable": "Receivable",
    "deferred_revenue": "ContractLiability",
    "contract_asset": "ContractAsset",
    "revenue": "Revenue",
    "refund_liability": "RefundLiability",
}


def _lines(rows: list[Mapping[str, Any]], on: str | None = None) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        if on is None or str(row["on"]) == on:
            side = "debit" if row["debit"] is not None else "credit"
            found.append({"account": NAMES[row["role"]], side: amount_of(row[side]), "date": str(row["on"])})
    return found


def _advance(case: Case) -> dict[str, Any]:
    """A payment in advance: what is due without condition is a receivable before it is paid."""
    given = case.input
    line = {
        "id": "product",
        "price": money(case, given["price"]),
        "method": "point_in_time",
        "satisfied_on": given["transfer"],
    }
    result = run(
        case,
        body(case),
        [line],
        claims=[
            {
                "due": given.get("due") or given["paid"],
                "cancellable": bool(given.get("cancellable")),
                "paid": given.get("paid"),
                "amount": money(case, given["price"]),
            },
        ],
    )
    return {"journal": _lines(result["entries"])}


def _conditional(case: Case) -> dict[str, Any]:
    """Payment for the first product waits for the second: until then it is a contract asset."""
    given = case.input
    days = dict(zip(given["allocation"], ("2026-01-31", "2026-02-28"), strict=False))
    lines = [
        {"id": name, "price": money(case, amount), "method": "point_in_time", "satisfied_on": days[name]}
        for name, amount in given["allocation"].items()
    ]
    last = max(days.values())
    result = run(case, body(case), lines, claims=[{"due": last, "amount": money(case, given["price"])}])
    return {f"on_{name}": _lines(result["entries"], day) for name, day in days.items()}


def _refund_liability(case: Case) -> dict[str, Any]:
    """Invoiced at a higher price than is expected to stay."""
    given = case.input
    reading = {
        "on": "2026-01-31",
        "quantity": given.get("units", "1"),
        "rate": given["expected_unit"],
        "invoiced_rate": given["invoiced_unit"],
    }
    result = run(
        case,
        body(case, "usage_as_invoiced", rule={"rate": "latest"}),
        [{"id": "goods", "readings": [reading]}],
        claims=[{"due": "2026-01-31", "obligation": "goods"}],
    )
    return {"journal": sorted(_lines(result["entries"]), key=lambda row: row["account"] == "RefundLiability")}


ADAPTERS: dict[str, Adapter] = {
    "journal.net_position": net_position,
    "contract_balance": contract_balance,
    "cutoff.prepaid": prepaid,
    "cutoff.accrual": accrual,
    "usage.prepaid_units": prepaid_units,
    "usage.right_to_invoice": right_to_invoice,
}
