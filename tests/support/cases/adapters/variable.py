"""Cases of variable consideration, returns, rebates and financing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cases.adapters.contracts import amount_of, body, by_period, method_of, money, named_figures, run, schedule_rows
from cases.model import Adapter, Case


def _sale(case: Case) -> dict[str, Any]:
    """Units sold at a price, delivered at once."""
    given = case.input
    return {
        "id": "goods",
        "quantity": given["units"],
        "unit_price": money(case, given["unit_price"]),
        "method": "point_in_time",
        "satisfied_on": "2026-01-01",
    }


def _given_up(case: Case, value: Any) -> dict[str, str]:
    """A concession as an amount of money below zero, from a share of the price or an amount."""
    number = Decimal(str(value))
    price = Decimal(case.input["unit_price"])
    if number <= 1:
        number *= price  # a share of the price
    if number <= price:
        number *= Decimal(case.input["units"])
    return money(case, -number)


def concession(case: Case) -> dict[str, Any]:
    given = case.input
    component: dict[str, Any] = {"id": "concession", "included": _given_up(case, given["expected_concession"])}
    if given.get("highly_probable_concession") is not None:
        component["highly_probable"] = _given_up(case, given["highly_probable_concession"])
    price = run(case, body(case), [_sale(case)], consideration=[component])["price"]
    return {"transaction_price": price["total"], "expected_value": price["estimated"]}


def penalty(case: Case) -> dict[str, Any]:
    given = case.input
    line = {"id": "works", "price": money(case, given["price"]), "method": "proportional"}
    component = {"id": "penalty", "at_risk": money(case, given["penalty"])}
    price = run(case, body(case), [line], consideration=[component])["price"]
    return {"fixed": price["fixed"], "variable": price["variable"]}


def payable(case: Case) -> dict[str, Any]:
    given = case.input
    line = {"id": "sales", "readings": [{"on": "2026-01-31", "amount": money(case, given["month1_invoiced"])}]}
    paid = {"amount": money(case, given["payment_to_customer"]), "expected_sales": money(case, given["expected_sales"])}
    result = run(case, body(case, "usage_as_invoiced"), [line], payable_to_customer=paid)
    return {"month1_revenue": by_period(result)["2026-01"]}


def returns(case: Case) -> dict[str, Any]:
    given = case.input
    kept, units = Decimal(str(given["expected_kept"])), Decimal(str(given["units"]))
    kept = kept * units if kept <= 1 < units else kept  # a share of what is sold
    sale: dict[str, Any] = {
        "units": given["units"],
        "unit_price": money(case, given["unit_price"]),
        "expected_kept": str(kept),
    }
    if given.get("unit_cost") is not None:
        sale["unit_cost"] = money(case, given["unit_cost"])
    return dict(run(case, body(case), [], returns=[sale])["returns"][0])


def rebate(case: Case) -> dict[str, Any]:
    """A discount for all units once a threshold is passed, recognised as soon as it is expected."""
    given = case.input
    readings = []
    for number, day in (("1", "2026-03-31"), ("2", "2026-06-30")):
        expected = given.get(f"q{number}_expect_threshold")
        if given.get(f"q{number}_units") is not None:
            readings.append(
                {
                    "on": day,
                    "quantity": given[f"q{number}_units"],
                    "rate": given["discounted_price"] if expected else given["list_price"],
                    "invoiced_rate": given["list_price"],
                }
            )
    line = {"id": "goods", "readings": readings}
    result = run(case, body(case, "usage_as_invoiced", rule={"rate": "latest"}), [line])
    periods = by_period(result)
    found: dict[str, Any] = {"q1_revenue": periods["2026-03"]}
    if "2026-06" in periods:
        found |= {"q2_revenue": periods["2026-06"], "q2_catch_up": result["rebates"][1]["catch_up"]}
    return found


def reassessment(case: Case) -> dict[str, Any]:
    """A variable amount estimated anew, of a service over time or of units."""
    given = case.input
    listed = given.get("reassess") or []
    estimates = listed if isinstance(listed, list) else [listed]
    if not estimates:
        estimates = [{"date": "2026-02-01", "included": given["included"]}]
    price = given.get("price", "0")
    line: dict[str, Any] = {"id": "service", "price": money(case, price)}
    method = method_of(given.get("method"), "even_touched_months")
    if given.get("term"):
        line |= {"start": given["term"][0], "end": given["term"][1]}
    if given.get("total_units") is not None:
        method = "units"
        line |= {
            "total": given["total_units"],
            "readings": [{"on": "2026-01-01", "quantity": given.get("used_before", "0")}],
        }
    component = {"id": "variable", "included": money(case, given.get("initial_included", "0"))}
    changes = [
        {
            "id": f"estimate_{index}",
            "on": each.get("date") or "2026-02-01",
            "component": "variable",
            "included": money(case, each["included"]),
        }
        for index, each in enumerate(estimates)
    ]
    result = run(case, body(case, method), [line], consideration=[component], changes=changes)
    periods = by_period(result)
    return {
        "catch_up": sum((amount_of(change["catch_up"]) for change in result["changes"]), Decimal(0)),
        "schedule": schedule_rows(periods),
        "total": sum(periods.values(), Decimal(0)),
        **named_figures(case, result),
    }


# ----------------------------------------------------------------------------- financing


def deferred(case: Case) -> dict[str, Any]:
    """Paid later: one payment at the end, or equal instalments."""
    given = case.input
    facts: dict[str, Any] = {"annual_rate": given["annual_rate"]}
    compounding = "yearly"
    if "price_in_24_months" in given:
        facts |= {"months": 24, "paid_later": money(case, given["price_in_24_months"])}
    elif "monthly_payment" in given:
        facts |= {"months": int(given["months"]), "instalment": money(case, given["monthly_payment"])}
        compounding = "monthly"
    else:
        facts |= {"months": int(given["months"]), "cash_price": money(case, given["cash_price"])}
        compounding = "monthly"
    if given.get("unit_cost") is not None:
        facts["unit_cost"] = money(case, given["unit_cost"])
    result = run(case, body(case, financing={"compounding": compounding}), [], financed=facts)["financing"]
    return {
        "revenue": result["price"],
        "transaction_price": result["price"],
        "interest_total": result["interest"],
        "monthly_payment": result["instalment"],
        "return_asset_until_lapse": result["return_asset"],
    }


def advance(case: Case) -> dict[str, Any]:
    given = case.input
    facts = {
        "annual_rate": given["annual_rate"],
        "months": int(Decimal(given["years"]) * 12),
        "paid_ahead": money(case, given["received"]),
    }

    def at(scale: int | None) -> dict[str, Any]:
        policy = {} if scale is None else {"scale": scale}
        document = body(case, financing={"compounding": "yearly"}, policy=policy)
        found: dict[str, Any] = run(case, document, [], financed=facts)["financing"]
        return found

    exact, whole = at(None), at(0)
    published = {"revenue": whole["price"], "interest": whole["interest"]}
    return {"revenue": exact["price"], "interest_total": exact["interest"], "rounded_as_published": published}


ADAPTERS: dict[str, Adapter] = {
    "variable.concession": concession,
    "variable.constraint": concession,
    "variable.penalty": penalty,
    "variable.payable_to_customer": payable,
    "variable.returns": returns,
    "variable.volume_rebate": rebate,
    "variable.reassessment": reassessment,
    "financing.deferred": deferred,
    "financing.advance": advance,
}
