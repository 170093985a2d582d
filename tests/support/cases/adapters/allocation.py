"""Cases of allocation: stand-alone prices, discounts, residuals, material rights, loyalty points."""

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
    last_day,
    method_of,
    money,
    named_figures,
    run,
    schedule_rows,
)
from cases.model import Adapter, Case, Forms


def _allocation(case: Case, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if case.input.get("unit") is not None:
        made["unit"] = Decimal(str(case.input["unit"]))
    return made | more or {"ties": "identifier"}


def _shares(result: Mapping[str, Any], field: str = "amount") -> dict[str, Decimal]:
    return {row["obligation"]: amount_of(row[field]) for row in result["allocation"]}


def _goods(case: Case, ssp: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Obligations that are nothing but a product and its stand-alone price."""
    return [{"id": name, "product": name, "ssp": money(case, price)} for name, price in ssp.items()]


def _promised(case: Case, obligations: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Obligations with a method and service dates of their own."""
    made = []
    began = min((str(given["start"]) for given in obligations.values() if given.get("start")), default="2026-01-01")
    for name, given in obligations.items():
        each: dict[str, Any] = {"id": name, "product": name, "ssp": money(case, given["ssp"])}
        if given.get("method"):
            each["method"] = method_of(given["method"])
        for source, target in (
            ("start", "start"),
            ("end", "end"),
            ("satisfied", "satisfied_on"),
            ("expires", "expires_on"),
        ):
            if given.get(source):
                each[target] = began if given[source] is True else first_day(str(given[source]))
        if given.get("expires") and not given.get("method"):
            each["method"] = "point_in_time"
        made.append(each)
    return made


def relative(case: Case) -> dict[str, Any]:
    given = case.input
    obligations = _promised(case, given["obligations"]) if "obligations" in given else _goods(case, given["ssp"])
    result = run(case, body(case, allocation=_allocation(case)), obligations, price=money(case, given["price"]))
    return {"allocation": _shares(result), **named_figures(case, result)}


def _discounts(case: Case) -> dict[str, Any]:
    observed = case.input.get("observable_discount")
    if not observed:
        return {}
    discounts = observed if isinstance(observed, list) else [observed]
    return {
        "discounts": [
            {"id": f"discount_{index}", "products": _products(case, each["products"]), "price": Decimal(each["price"])}
            for index, each in enumerate(discounts)
        ]
    }


def _products(case: Case, named: Any) -> list[str]:
    """Products by name, listed or in one text."""
    if isinstance(named, list):
        return [str(name) for name in named]
    return [name for name in case.input["ssp"] if name in str(named)]


def discount(case: Case) -> dict[str, Any]:
    given = case.input
    result = run(
        case,
        body(case, allocation=_allocation(case, **_discounts(case))),
        _goods(case, given["ssp"]),
        price=money(case, given["price"]),
    )
    return _groups(case, _shares(result))


def _groups(case: Case, shares: dict[str, Decimal]) -> dict[str, Any]:
    """Shares by product, and of groups such as B_and_C their sum."""
    found: dict[str, Any] = dict(shares)
    for name in case.expected.get("allocation", {}):
        parts = name.split("_and_")
        if len(parts) > 1:
            found[name] = sum((shares[part] for part in parts), Decimal(0))
    return {"allocation": found, "if_separate": shares}


def residual(case: Case) -> dict[str, Any]:
    given = case.input
    ssp = dict(given["ssp"])
    product, rule = "D", {}
    for key, value in given.items():
        if key.endswith("_price_range"):
            product = key.removesuffix("_price_range")
            low, high = re.findall(r"\d+(?:\.\d+)?", str(value))
            rule = {"low": Decimal(low), "high": Decimal(high)}
    ssp.pop(product, None)
    goods = [
        *_goods(case, {name: price for name, price in ssp.items() if price is not None}),
        {"id": product, "product": product},
    ]
    declared = {"residual": {"product": product, **rule, "outside": "report"}}
    document = body(case, allocation=_allocation(case, **_discounts(case), **declared))
    result = run(case, document, goods, price=money(case, given["price"]))
    left = result["residual"]
    return {**_groups(case, _shares(result)), "residual": left["amount"], "residual_allowed": left["allowed"]}


def variable(case: Case) -> dict[str, Any]:
    given = case.input
    if "base" in given:
        return _series(case)
    if "royalties_first_month" in given:
        result = run(
            case,
            body(case, allocation=_allocation(case)),
            _goods(case, given["ssp"]),
            price=money(case, given["fixed"]),
            consideration=[{"id": "royalty", "included": money(case, given["royalties_first_month"])}],
        )
        return {"fixed_allocation": _shares(result, "fixed"), "royalty_allocation": _shares(result, "variable")}
    return _royalty_to_one(case)


def _royalty_to_one(case: Case) -> dict[str, Any]:
    """A royalty that relates to one licence alone and is what that licence is worth."""
    given = case.input
    goods, royalties = [], []
    for name, terms in ((key, value) for key, value in given.items() if isinstance(value, Mapping) and "ssp" in value):
        goods.append(
            {
                "id": name,
                "ssp": money(case, terms["ssp"]),
                "price": money(case, terms.get("fixed", "0")),
                "excluded": "royalty_estimate" in terms,
            }
        )
        if "royalty_estimate" in terms:
            royalties.append(
                {"id": f"royalty_{name}", "included": money(case, terms["royalty_estimate"]), "obligations": [name]}
            )
    result = run(case, body(case, allocation=_allocation(case)), goods, consideration=royalties)
    fixed = _shares(result, "fixed")
    to = [row["obligation"] for row in result["allocation"] if amount_of(row["variable"])]
    found: dict[str, Any] = {f"{name}_fixed": amount for name, amount in fixed.items()} | fixed
    return found | {
        "royalty_to": to[0] if to else None,
        "fixed_allocation": fixed,
        "royalty_allocation": _shares(result, "variable"),
    }


def _series(case: Case) -> dict[str, Any]:
    """A bonus that relates to one month of a series."""
    given = case.input
    bonus = given["bonus"]
    line = {"id": "service", "price": money(case, given["base"]), "start": given["term"][0], "end": given["term"][1]}
    components = [
        {"id": "bonus", "included": money(case, bonus["amount"]), "obligations": ["service"], "period": bonus["period"]}
    ]
    changes = []
    increase = given.get("bonus_increase")
    if increase:
        total = Decimal(bonus["amount"]) + Decimal(increase["amount"])
        changes = [{"on": first_day(increase["period"]), "component": "bonus", "included": money(case, total)}]
    document = body(case, method_of(given.get("method"), "even_touched_months"))
    result = run(case, document, [line], consideration=components, changes=changes)
    return {"schedule": schedule_rows(by_period(result)), **named_figures(case, result)}


# ----------------------------------------------------------------------------- material rights


def material_right(case: Case) -> dict[str, Any]:
    given = case.input
    if "right_allocation" in given:
        return _renewal(case)
    if "expected_contracts" in given:
        return _look_through(case)
    if "obligations" in given:
        return _option_obligation(case)
    if "exercise" in given:
        return _exercised(case)
    return _voucher(case)


def _renewal(case: Case) -> dict[str, Any]:
    """What an exercised right carries, and the price of the renewal, over the same delivery."""
    given = case.input
    start, end = given["delivery"]
    lines = [
        {"id": name, "price": money(case, given[key]), "start": start, "end": end}
        for name, key in (("right", "right_allocation"), ("renewal", "renewal_price"))
    ]
    result = run(case, body(case, method_of(given.get("method"), "even_touched_months")), lines)

    def monthly(*names: str) -> Decimal:
        return next(iter(by_period(result, names).values()))

    return {
        "combined": result["price"]["total"],
        "monthly": monthly("right", "renewal"),
        "monthly_right": monthly("right"),
        "monthly_new": monthly("renewal"),
        **named_figures(case, result),
    }


def _exercised(case: Case) -> dict[str, Any]:
    """A right that is exercised: its price is earned as what it buys is delivered."""
    given = case.input
    delivery = given.get("delivery")
    exercise = given["exercise"]
    if delivery is None and isinstance(exercise, Mapping):
        dates = [exercise.get(name, exercise.get(f"delivery_{name}")) for name in ("start", "end")]
        delivery = exercise.get("delivery") or dates
    line: dict[str, Any] = {"id": "right", "price": money(case, given["price"])}
    method = method_of(given.get("method"), "even_touched_months")
    if isinstance(delivery, list) and len(delivery) > 1 and delivery[1] and method != "point_in_time":
        line |= {"start": delivery[0], "end": delivery[1]}
    else:
        method, line["satisfied_on"] = "point_in_time", delivery[0] if isinstance(delivery, list) else delivery
    result = run(case, body(case, method), [line], changes=_modification(case))
    return {
        **named_figures(case, result),
        "monthly": next((a for a in by_period(result).values() if a), Decimal(0)),
        "schedule": schedule_rows(by_period(result)),
    }


def _modification(case: Case) -> list[dict[str, Any]]:
    changed = case.input.get("modification")
    if not changed:
        return []
    return [{"on": changed["date"], "treatment": changed["treatment"], "price": money(case, changed["lifetime_price"])}]


def _look_through(case: Case) -> dict[str, Any]:
    """Expected renewals as if they were promised, shared by expected cost."""
    given = case.input
    costs = given["unit_cost"] if isinstance(given["unit_cost"], list) else [given["unit_cost"]]
    lines = []
    for index, (count, cost) in enumerate(zip(given["expected_contracts"], costs, strict=True)):
        year = 2026 + index
        lines.append(
            {
                "id": f"year_{index + 1}",
                "quantity": count,
                "ssp": money(case, cost),
                "unit_price": money(case, given["annual_price"]),
                "start": f"{year}-01-01",
                "end": f"{year}-12-31",
            }
        )
    billing = [{"on": f"{2026 + index}-01-01", "obligation": f"year_{index + 1}"} for index in range(len(lines))]
    result = run(case, body(case, "by_day", allocation=_allocation(case)), lines, billing=billing)
    ends = {row["period"]: amount_of(row["deferred"]) for row in result["positions"]}
    shares = _shares(result)
    first = amount_of(result["positions"][0]["billed_to_date"]) - shares["year_1"]
    return {
        "expected_consideration": result["price"]["total"],
        "revenue": [shares[line["id"]] for line in lines],
        "allocation": shares,
        "contract_liability_after_y1_inception": first,
        "contract_liability_end_y1": ends["2026-12"],
        "contract_liability_end_y2": ends.get("2027-12"),
    }


def _option_obligation(case: Case) -> dict[str, Any]:
    given = case.input
    result = run(
        case,
        body(case, "even_touched_months", allocation=_allocation(case)),
        _promised(case, given["obligations"]),
        price=money(case, given["price"]),
        changes=_modification(case),
    )
    return {"allocation": _shares(result), **named_figures(case, result)}


def _percent(value: Any) -> str:
    """A percentage, whether the source writes 40 or 0.40."""
    number = Decimal(str(value))
    return str(number * 100 if number <= 1 else number)


def _voucher(case: Case) -> dict[str, Any]:
    """An option to buy for less than others would pay."""
    given = case.input
    terms = given.get("option", given)
    option: dict[str, Any]
    if "normal_price" in terms:
        option = {
            "normal_price": money(case, terms["normal_price"]),
            "likelihood": terms.get("likelihood", "1"),
            "option_price": money(case, terms["option_price"]),
        }
        others = Decimal(terms.get("discount_to_others", "0"))
        if others <= 1:
            option["discount_to_others_percent"] = _percent(others)
        else:
            option["discount_to_others"] = money(case, others)
    else:
        option = {
            "normal_price": money(case, given["expected_purchase"]),
            "likelihood": given["likelihood"],
            "discount_percent": _percent(given["voucher_discount"]),
            "discount_to_others_percent": _percent(given["general_discount"]),
        }
    ssp = given.get("ssp") or {}
    goods = _goods(case, ssp) if ssp else [{"id": "product", "ssp": money(case, given["price"])}]
    price = given.get("price") or next(iter(ssp.values()))
    result = run(
        case,
        body(case, allocation=_allocation(case)),
        [*goods, {"id": "option", "option": option}],
        price=money(case, price),
    )
    shares = _shares(result)
    named = {**shares, "product": next(iter(shares.values()))}
    return {
        "allocation": named,
        "option_ssp": {row["obligation"]: row["ssp"] for row in result["allocation"]}["option"],
    }


# ----------------------------------------------------------------------------- loyalty


def loyalty(case: Case) -> dict[str, Any]:
    """Points earn as they are redeemed; a new estimate changes the whole that they are measured by."""
    given = case.input
    goods = given.get("product_sales_ssp", given.get("ssp_goods"))
    points = given.get("points", given.get("points_issued"))
    price = given.get("consideration", goods)
    each = given.get("point_ssp_after_likelihood", given.get("point_ssp"))
    line: dict[str, Any] = {"id": "points", "method": "proportional", "readings": _redemptions(given)}
    if given.get("points_ssp_total") is not None:
        line["ssp"] = money(case, given["points_ssp_total"])
    else:
        line |= {"ssp": money(case, each), "quantity": points}
        rates = _expected(given)
        if given.get("point_ssp") is not None and rates and Decimal(str(rates[0])) <= 1:
            line["likelihood"] = str(rates[0])
    sold = {"id": "products", "method": "point_in_time", "satisfied_on": "2026-01-01", "ssp": money(case, goods)}
    for reading in line["readings"]:
        if Decimal(str(reading["total"])) <= 1:
            reading["total"] = str(Decimal(str(reading["total"])) * Decimal(points))
    policy = {"scale": 0} if str(given.get("unit")) == "1" else {}
    document = body(case, "by_day", allocation=_allocation(case), policy=policy)
    result = run(case, document, [sold, line], price=money(case, price))
    shares = _shares(result)
    years: dict[str, Decimal] = {}
    for name, amount in by_period(result, ["points"]).items():
        year = f"year{int(name[:4]) - 2025}"
        years[year] = years.get(year, Decimal(0)) + amount
    revenue = list(years.values())
    return {
        "allocation": {**shares, "goods": shares["products"]},
        **years,
        "points_revenue": Forms((revenue, sum(revenue, Decimal(0)))),
    }


def _expected(given: Mapping[str, Any]) -> list[Any]:
    rates = given.get("expected_rates")
    if isinstance(rates, Mapping):
        return list(rates.values())
    if rates is not None:
        return list(rates) if isinstance(rates, list) else [rates]
    found = [given.get(key) for key in ("expected_redeemed_y1", "expected_rate_y1", "expected_redeemed_y2")]
    return [each for each in found if each is not None]


def _redemptions(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Redeemed so far and expected altogether, by the end of each year."""
    if "redeemed_y1" in given:
        reached = [given["redeemed_y1"], given.get("redeemed_cumulative_y2")]
    else:
        redeemed = given["redeemed"]
        redeemed = list(redeemed.values()) if isinstance(redeemed, Mapping) else redeemed
        reached = redeemed if isinstance(redeemed, list) else [redeemed]
        figures = [Decimal(str(each)) for each in reached]
        if figures != sorted(figures):
            return _increments(given, reached)
    totals = _expected(given)
    return [
        {"on": last_day(f"{2026 + index}-12"), "reached": amount, "total": totals[min(index, len(totals) - 1)]}
        for index, amount in enumerate(reached)
        if amount is not None
    ]


def _increments(given: Mapping[str, Any], redeemed: list[Any]) -> list[dict[str, Any]]:
    """Redeemed year by year, where the figures are not cumulative."""
    totals = _expected(given)
    return [
        {"on": last_day(f"{2026 + index}-12"), "quantity": amount, "total": totals[min(index, len(totals) - 1)]}
        for index, amount in enumerate(redeemed)
    ]


ADAPTERS: dict[str, Adapter] = {
    "allocation.relative_ssp": relative,
    "allocation.discount": discount,
    "allocation.residual": residual,
    "allocation.variable": variable,
    "allocation.material_right": material_right,
    "allocation.loyalty": loyalty,
}
