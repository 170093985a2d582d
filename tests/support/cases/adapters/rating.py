"""Rating: cases of charge models as pricing documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cases.model import Adapter, Case, run_document
from engine.base.money import decimal_text

#: What a mode is called elsewhere, by what the name begins with once a leading ``round`` is taken off.
_MODES = {
    "half_even": "half_even", "half_to_even": "half_even", "bank": "half_even", "half_down": "half_down",
    "half": "half_up", "nearest": "half_up", "ceil": "ceiling", "up": "up", "away": "up", "floor": "floor",
    "down": "down", "cut": "down", "trunc": "down", "toward": "down", "zero": "down",
}  # fmt: skip
#: Enough digits that a case which names no rounding sees none.
UNROUNDED = {"scale": 20, "mode": "half_up"}


def number(value: Any) -> Decimal:
    return Decimal(str(value))


def plain(value: Any) -> str:
    """Digits without an exponent."""
    return decimal_text(number(value))


def truth(value: Any) -> bool:
    return str(value).lower() == "true"


def currency_of(case: Case) -> str:
    return case.currency if case.currency and re.fullmatch("[A-Z]{3}", case.currency) else "USD"


def money(case: Case, amount: Any) -> dict[str, str]:
    return {"amount": plain(amount), "currency": currency_of(case)}


def rounding(case: Case, name: str = "rounding") -> dict[str, Any]:
    """The rounding that a case names, or none to speak of."""
    given = case.params.get(name)
    return UNROUNDED if given is None else point(given)


def point(given: Mapping[str, Any]) -> dict[str, Any]:
    """A point of rounding; half up where the case leaves the mode open."""
    return {"scale": int(given["scale"]), "mode": mode(str(given.get("mode", "half_up")))}


def _negative(name: str) -> str:
    """What a case says about quantities below zero."""
    if any(word in name.lower() for word in ("zero", "clamp", "ignore", "floor", "0")):
        return "zero"
    return "refuse" if any(word in name for word in ("refuse", "reject", "error", "forbid")) else "credit"


def mode(name: str) -> str:
    words = name.lower().replace("-", "_").replace(" ", "_").removeprefix("round").strip("_") or "half_up"
    return next(ours for theirs, ours in _MODES.items() if words.startswith(theirs))


def rate(
    case: Case,
    charges: Sequence[Mapping[str, Any]],
    usage: Sequence[Mapping[str, Any]] = (),
    *,
    document: Mapping[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Run a pricing document with these charges."""
    body = {"currency": currency_of(case), "rounding": rounding(case), "charges": list(charges), **(document or {})}
    return run_document("pricing", body, {"usage": list(usage), **facts})


def tier(given: Mapping[str, Any]) -> dict[str, Any]:
    """A case's tier as a document has it."""
    found: dict[str, Any] = {}
    if given.get("up_to") is not None:
        found["up_to"] = number(given["up_to"])
    price = given.get("unit_price")
    if given.get("block_size") is not None:
        found["package"] = {"size": number(given["block_size"]), "price": number(price or 0)}
    elif price is not None:
        found["unit_price"] = number(price)
    if given.get("rate_percent") is not None:
        found["rate_percent"] = number(given["rate_percent"])
    for theirs, ours in (("flat_fee", "flat_fee"), ("amount_cap", "maximum")):
        if given.get(theirs) is not None:
            found[ours] = number(given[theirs])
    return found


def tiers(
    given: Sequence[Mapping[str, Any]], mode: str, *, at_zero: bool = False, over: str = "quantity"
) -> dict[str, Any]:
    zero = "first_tier" if at_zero else "nothing"
    return {
        "tiers": {
            "mode": mode, "over": over, "at_zero": zero, "beyond": "last_tier", "tiers": [tier(each) for each in given]
        }
    }  # fmt: skip


def usage(quantity: Any, meter: str = "units", **more: Any) -> dict[str, Any]:
    return {"meter": meter, "quantity": plain(quantity), **more}


def charge(price: Mapping[str, Any], name: str = "units", **more: Any) -> dict[str, Any]:
    return {"id": name.lower(), "meters": [name.lower()], "price": price, **more}


def before(quantity: Any, name: str = "units", **more: Any) -> dict[str, Any]:
    return {"charge": name, "over": "period", "quantity": plain(quantity), **more}


def line_of(result: Mapping[str, Any], name: str = "units") -> Mapping[str, Any]:
    return next(line for line in result["lines"] if line["charge"] == name)


def _single(
    case: Case, price: Mapping[str, Any], *, key: str = "quantity", more: Mapping[str, Any] | None = None, **extra: Any
) -> dict[str, Any]:
    """One charge, one quantity, perhaps with what was billed before."""
    prior = case.input.get("already_billed_quantity")
    facts: dict[str, Any] = {}
    options = {"quantity": {"negative": "zero"}, **(more or {})}
    if prior is not None and number(prior) != 0:
        options["accumulate"] = "period"
        facts["billed"] = [before(prior)]
    result = rate(case, [charge(price, **options)], [usage(case.input[key], **extra)], **facts)
    return _answer(result)


def _answer(result: Mapping[str, Any]) -> dict[str, Any]:
    line = line_of(result)
    return {
        "amount": result["total"], "effective_unit_price": line["effective_unit_price"],
        "tier_amounts": [part["amount"] for part in line["parts"]], "packages": line["packages"] or 0,
        "effective_unit_price_on_paid_units": line["unit_price_on_paid"],
    }  # fmt: skip


def _phases(case: Case, price: Mapping[str, Any]) -> dict[str, Any]:
    """Bills one after another over growing quantities."""
    found: list[Any] = []
    prior = Decimal(0)
    for quantity in case.input["cumulative_quantities"]:
        amount = sum((each.amount for each in found), Decimal(0))
        billed = [before(prior, amount=money(case, amount))]
        result = rate(
            case, [charge(price, accumulate="period", quantity={"negative": "credit"})],
            [usage(number(quantity) - prior)], billed=billed,
        )  # fmt: skip
        found.append(result["total"])
        prior = number(quantity)
    return {"phase_amounts": found}


def _by_unit(case: Case, mode: str, *, at_zero: bool) -> dict[str, Any]:
    """One charge for each kind of unit."""
    given = case.params["tiers_by_unit"]
    charges = [charge(tiers(listed, mode, at_zero=at_zero), name) for name, listed in given.items()]
    quantities = case.input["quantities"]
    result = rate(case, charges, [usage(quantity, name.lower()) for name, quantity in quantities.items()])
    return {
        "amount": result["total"],
        "tier_amounts": [part["amount"] for line in result["lines"] for part in line["parts"]],
        "effective_unit_price": result["lines"][0]["effective_unit_price"],
    }


# ----------------------------------------------------------------------------- models


def per_unit(case: Case) -> dict[str, Any]:
    policy = _negative(case.params.get("negative_quantity") or "credit")
    more: dict[str, Any] = {}
    if case.input.get("display_quantity") is not None:
        more["display_quantity"] = str(case.input["display_quantity"])
    document: dict[str, Any] = {}
    if case.params.get("maximum_amount") is not None:
        document["bounds"] = [{"id": "cap", "maximum": {"amount": number(case.params["maximum_amount"])}}]
    charged = charge({"unit_price": number(case.params["unit_price"])}, quantity={"negative": policy})
    return _answer(rate(case, [charged], [usage(case.input["quantity"], **more)], document=document))


def graduated(case: Case) -> dict[str, Any]:
    at_zero = truth(case.params.get("charge_first_flat_fee_at_zero"))
    if "tiers_by_unit" in case.params:
        return _by_unit(case, "slice", at_zero=at_zero)
    price = tiers(case.params["tiers"], "slice", at_zero=at_zero)
    if case.params.get("base_fee") is None:
        return _single(case, price)
    base = {"id": "base", "price": {"flat": number(case.params["base_fee"])}}
    result = rate(case, [base, charge(price)], [usage(case.input["quantity"])])
    return _answer(result)


def graduated_cumulative(case: Case) -> dict[str, Any]:
    return _phases(case, tiers(case.params["tiers"], "slice"))


def volume(case: Case) -> dict[str, Any]:
    if "tiers_by_unit" in case.params:
        return _by_unit(case, "whole", at_zero=True)
    more: dict[str, Any] = {}
    selection = case.input.get("tier_selection_quantity")
    if selection is not None:
        more["selection_quantity"] = str(selection)
        if number(selection) - number(case.input["quantity"]) >= 1:  # full units, not the quantity rounded up
            more["display_quantity"] = str(selection)
    at_zero = number(case.input["quantity"]) >= 0
    return _single(case, tiers(case.params["tiers"], "whole", at_zero=at_zero), **more)


def volume_cumulative(case: Case) -> dict[str, Any]:
    return _phases(case, tiers(case.params["tiers"], "whole", at_zero=True))


def package(case: Case) -> dict[str, Any]:
    price = _package(case.params)
    free = case.params.get("free_units")
    return _single(case, price, more={} if free is None else {"included": {"units": number(free)}})


def _package(params: Mapping[str, Any]) -> dict[str, Any]:
    rounding = params.get("rounding_of_packages") or "up"
    return {
        "package": {
            "size": number(params["package_size"]), "price": number(params["package_price"]),
            "rounding": "down" if mode(rounding) in {"down", "floor"} else "up",
        }
    }  # fmt: skip


def package_cumulative(case: Case) -> dict[str, Any]:
    return _phases(case, _package(case.params))


def stairstep(case: Case) -> dict[str, Any]:
    given = case.params["tiers"]
    if "quantities" not in case.input:
        return _single(case, tiers(given, "step", at_zero=True))
    names = sorted({name.lower() for each in given for name in each.get("limits") or {}} | {
        name.lower() for name in case.input["quantities"]
    })  # fmt: skip
    listed = [
        {
            "limits": {name.lower(): number(limit) for name, limit in (each.get("limits") or {}).items()},
            "price": number(each["flat_fee"]),
        }
        for each in given
    ]
    charged = {"id": "capacity", "meters": names, "price": {"capacity": {"tiers": listed, "beyond": "last_tier"}}}
    quantities = [usage(quantity, name.lower()) for name, quantity in case.input["quantities"].items()]
    return {"amount": rate(case, [charged], quantities)["total"]}


def percentage(case: Case) -> dict[str, Any]:
    names = {
        "rate_percent": "rate_percent", "fixed_fee_per_transaction": "fixed_fee", "free_amount": "free_amount",
        "min_per_transaction": "minimum", "max_per_transaction": "maximum",
    }  # fmt: skip
    price: dict[str, Any] = {
        ours: number(case.params[theirs]) for theirs, ours in names.items() if case.params.get(theirs) is not None
    }
    if case.params.get("free_transactions") is not None:
        price["free_transactions"] = int(case.params["free_transactions"])
    bounded = "minimum" in price or "maximum" in price
    price["allowance"] = "all" if bounded else "any"
    price.setdefault("rate_percent", number(0))
    transactions = [{"amount": money(case, amount)} for amount in case.input["transactions"]]
    given = {"meter": "units", "quantity": str(len(transactions)), "transactions": transactions}
    charged = charge({"percentage": price}, quantity={"negative": "credit"})
    line = line_of(rate(case, [charged], [given]))
    return {"amount": line["amount"], "paid_amount_base": line["base"], "paid_transactions": line["transactions"]}


def graduated_percentage(case: Case) -> dict[str, Any]:
    at_zero = truth(case.params.get("charge_first_flat_fee_at_zero"))
    price = tiers(case.params["tiers"], "slice", at_zero=at_zero, over="amount")
    result = rate(case, [charge(price)], [{"meter": "units", "amount": money(case, case.input["base_amount"])}])
    return _answer(result)


def matrix(case: Case) -> dict[str, Any]:
    rows = [
        {
            "when": {name.lower(): _values(value) for name, value in each["when"].items()},
            "price": {"unit_price": number(each["unit_price"])},
        }
        for each in case.params["rates"]
        if each["when"]
    ]
    default = next((each["unit_price"] for each in case.params["rates"] if not each["when"]), 0)
    otherwise = {"unit_price": number(case.params.get("default_unit_price") or default)}
    table: dict[str, Any] = {"matching": "most_specific", "rows": rows, "otherwise": otherwise}
    document: dict[str, Any] = {}
    if case.params.get("conversion_rate") is not None:
        document["pricing_unit"] = {"name": "units", "rate": number(case.params["conversion_rate"])}
    facts: dict[str, Any] = {}
    prorated = case.params.get("minimum_proration_denominator") is not None
    if prorated:
        facts["days"] = {
            "billed": case.params["minimum_proration_numerator"],
            "in_period": case.params["minimum_proration_denominator"],
        }
    if case.params.get("minimum_amount") is not None:
        minimum = {"amount": number(case.params["minimum_amount"]), "prorated": prorated}
        document["bounds"] = [{"id": "true_up", "minimum": minimum}]
    given = [
        usage(
            each["quantity"],
            dimensions={name.lower(): str(value) for name, value in (each.get("dimensions") or {}).items()},
        )
        for each in case.input["usage"]
    ]
    result = rate(case, [charge({"table": table}, scope="each")], given, document=document, **facts)
    lines = [line for line in result["lines"] if line["kind"] == "charge"]
    true_up = result["bounds"][0]["amount"] if result["bounds"] else None
    amount = sum((line["amount"].amount for line in lines), Decimal(0))
    return {"amount": amount, "line_amounts": [line["amount"] for line in lines], "true_up": true_up}


def _values(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def dynamic(case: Case) -> dict[str, Any]:
    params, given = case.params, case.input
    price = {"carried": {"multiplier": number(params.get("multiplier", 1)), "without_quantity": "nothing"}}
    if "cumulative_bases" in given:
        return _dynamic_phases(case, price)
    document: dict[str, Any] = {"bounds": []}
    for name in ("minimum", "maximum"):
        if params.get(f"{name}_amount") is not None:
            document["bounds"].append({"id": name, name: {"amount": number(params[f"{name}_amount"])}})
    facts: dict[str, Any] = {}
    if given.get("already_billed_amount") is not None:
        facts["billed"] = [{"charge": "units", "amount": money(case, given["already_billed_amount"])}]
    entry: dict[str, Any] = {"meter": "units"}
    if given.get("quantity") is not None:
        entry["quantity"] = str(given["quantity"])
    if given.get("event_amounts") is not None:
        entry["transactions"] = [{"amount": money(case, amount)} for amount in given["event_amounts"]]
        if not given["event_amounts"]:
            entry["amount"] = money(case, 0)
    else:
        entry["amount"] = money(case, given["base"])
    result = rate(case, [charge(price)], [entry], document=document, **facts)
    line = line_of(result)
    discounts = [each["amount"].amount for each in line["adjustments"] if each["bound"] == "maximum"]
    return {
        "amount": result["total"], "amount_before_cap": line["base_amount"],
        "cap_discount": -sum(discounts, Decimal(0)), "effective_unit_price": line["effective_unit_price"],
    }  # fmt: skip


def _dynamic_phases(case: Case, price: Mapping[str, Any]) -> dict[str, Any]:
    found, prior = [], Decimal(0)
    for base in case.input["cumulative_bases"]:
        entry = {"meter": "units", "amount": money(case, number(base) - prior)}
        billed = [{"charge": "units", "carried_amount": money(case, prior)}]
        result = rate(case, [charge(price, accumulate="period")], [entry], billed=billed)
        found.append(result["total"])
        prior = number(base)
    return {"phase_amounts": found}


def included_overage(case: Case) -> dict[str, Any]:
    params, given = case.params, case.input
    included: dict[str, Any] = {"units": number(params["included_units"])}
    more: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    prior = given.get("prior_quantity")
    if prior is not None:
        more["accumulate"] = "period"
        facts["billed"] = [before(prior)]
    if given.get("usage_by_period") is not None:
        entries = [usage(quantity) for quantity in given["usage_by_period"]]
        included["per"] = more["scope"] = "each"
    else:
        entries = [usage(given["quantity"])]
    price = {"unit_price": number(params.get("overage_unit_price", 0))}
    charges = [charge(price, included=included, **more)]
    if params.get("base_fee") is not None:
        charges.insert(0, {"id": "base", "price": {"flat": number(params["base_fee"])}})
    result = rate(case, charges, entries, **facts)
    lines = [line for line in result["lines"] if line["charge"] == "units"]
    overage = sum((line["amount"].amount for line in lines), Decimal(0))
    return {
        "amount": overage if "total" in case.expected else result["total"], "total": result["total"],
        "overage_units": sum((line["billable_quantity"] for line in lines), Decimal(0)),
        "included_units_consumed": sum((line["included_quantity"] for line in lines), Decimal(0)),
    }  # fmt: skip


def unit_conversion(case: Case) -> dict[str, Any]:
    params = case.params
    key = "divide_by" if params.get("operation", "divide").startswith("div") else "multiply_by"
    quantity: dict[str, Any] = {"convert": {key: number(params.get("factor", 1))}}
    if params.get("rounding") not in {None, "none"}:
        given = params["rounding"]
        named = given if isinstance(given, str) else given["mode"]
        scale = 0 if isinstance(given, str) else int(given.get("scale", 0))
        quantity["rounding"] = {"scale": scale, "mode": mode(named)}
    price = tiers(params["tiers"], "slice") if "tiers" in params else {"unit_price": number(params["unit_price"])}
    more: dict[str, Any] = {"quantity": quantity}
    if params.get("usage_discount_after_conversion") is not None:
        more["included"] = {"units": number(params["usage_discount_after_conversion"])}
    document = {"rounding": UNROUNDED}
    result = rate(_without_rounding(case), [charge(price, **more)], [usage(case.input["quantity"])], document=document)
    line = line_of(result)
    return {"amount": result["total"], "billable_quantity": line["billable_quantity"]}


def _without_rounding(case: Case) -> Case:
    """The case without a key that means the rounding of quantities here."""
    params = {name: value for name, value in case.params.items() if name != "rounding"}
    return Case(
        case.family, case.id, case.group, case.name, params, case.input, case.expected, case.currency, case.profile,
        case.compare_scale, case.raw,
    )  # fmt: skip


def bucketed_price(case: Case) -> dict[str, Any]:
    params = case.params
    model = params.get("price_model", "per_unit")
    if "package_size" in params:
        price = _package(params)
    elif "tiers" in params:
        whole = "volume" in model
        price = tiers(params["tiers"], "whole" if whole else "slice", at_zero=whole)
    else:
        price = {"unit_price": number(params["unit_price"])}
    result = rate(case, [charge(price, scope="each")], [usage(value) for value in case.input["bucket_values"]])
    return {"amount": result["total"]}


def prorated_graduated(case: Case) -> dict[str, Any]:
    entries = [usage(each["units"], prorated_quantity=str(each["prorated_units"])) for each in case.input["events"]]
    charged = charge(
        tiers(case.params["tiers"], "slice", at_zero=True), quantity={"prorated": True, "negative": "credit"},
        unit_price_rounding={**rounding(case), "mode": "half_up"},
    )  # fmt: skip
    return _answer(rate(case, [charged], entries))


def quantity_rounding(case: Case) -> dict[str, Any]:
    function = str(case.params.get("function") or "none").lower()
    quantity: dict[str, Any] = {"negative": "credit"}
    if function != "none":
        quantity["rounding"] = {"scale": int(case.params.get("precision") or 0), "mode": mode(function)}
    charged = charge({"unit_price": 1}, quantity=quantity)
    result = rate(_without_rounding(case), [charged], [usage(case.input["value"])])
    return {"value": line_of(result)["billable_quantity"]}


def usage_overage(case: Case) -> dict[str, Any]:
    """A plan and an add-on in advance, overage in arrears: two bills of one document."""
    charges, entries = [], []
    for name, key in (("plan", "price"), ("addon", "price"), ("overage", "unit_price")):
        given = case.input.get(name)
        if given is not None:
            timing = "in_arrears" if name == "overage" else "in_advance"
            charges.append(charge({"unit_price": number(given[key])}, name, timing=timing))
            entries.append(usage(given["units"], name))
    advance = rate(case, charges, entries, bill="in_advance")
    arrears = rate(case, charges, entries, bill="in_arrears")
    return {"annual_invoice": advance["total"], "overage_invoice": arrears["total"]}


ADAPTERS: dict[str, Adapter] = {
    "per_unit": per_unit,
    "graduated": graduated,
    "graduated_cumulative": graduated_cumulative,
    "volume": volume,
    "volume_cumulative": volume_cumulative,
    "package": package,
    "package_cumulative": package_cumulative,
    "stairstep": stairstep,
    "percentage": percentage,
    "graduated_percentage": graduated_percentage,
    "matrix": matrix,
    "dynamic": dynamic,
    "included_overage": included_overage,
    "unit_conversion": unit_conversion,
    "bucketed_price": bucketed_price,
    "prorated_graduated": prorated_graduated,
    "quantity_rounding": quantity_rounding,
    "usage.overage": usage_overage,
}
