"""Generated charges of every composition, against a count on paper, grain by grain, in fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
import yaml
from cases.model import _Writer
from price_by_hand import bounded, charged, early_bills, prorated_slices, window_cost

from engine.base.errors import UserError
from engine.base.money import minor_units
from engine.finance.prepared import Prepared, prepare

CURRENCIES = ("EUR", "JPY", "KWD")
MODES = ("half_up", "half_even", "half_down", "up", "down", "ceiling", "floor")
CHARGES = 40


def _document(currency: str, charges: list[dict[str, Any]], **more: Any) -> Prepared:
    body = {
        "spec": "pricing/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated.",
        "currency": currency, "charges": charges, **more,
    }  # fmt: skip
    return prepare(yaml.dump(body, Dumper=_Writer, sort_keys=False).encode(), "by_hand.pricing.yaml")


def _price(random: Random) -> Decimal:
    return Decimal(random.randrange(0, 4000)).scaleb(-random.choice((0, 2, 3, 5)))


def _package(random: Random) -> dict[str, Any]:
    size = random.choice((1, 3, 10, Decimal("2.5")))
    return {"size": size, "price": _price(random), "rounding": random.choice(("up", "down"))}


def _tier(random: Random, mode: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mode == "step":
        found["flat_fee"] = Decimal(random.randrange(0, 50))
    elif random.random() < 0.3:
        found["package"] = _package(random)
    elif random.random() < 0.9:
        found["unit_price"] = _price(random)
    if random.random() < 0.4:
        found["flat_fee"] = Decimal(random.randrange(0, 50))
    if mode != "step" and random.random() < 0.2:
        found["maximum"] = Decimal(random.randrange(0, 60))
    return found


def _form(random: Random) -> dict[str, Any]:
    kind = random.choice(("unit_price", "package", "tiers", "tiers", "tiers"))
    if kind == "unit_price":
        return {"unit_price": _price(random)}
    if kind == "package":
        return {"package": _package(random)}
    mode = random.choice(("slice", "slice", "whole", "step"))
    ends: list[Decimal] = sorted({Decimal(random.randrange(1, 100)) / 4 for _ in range(random.randrange(1, 4))})
    bounded_last = random.random() < 0.4
    tiers = [{"up_to": end, **_tier(random, mode)} for end in (ends if bounded_last else ends[:-1])]
    if not bounded_last:
        tiers.append(_tier(random, mode))
    found = {"mode": mode, "at_zero": random.choice(("nothing", "first_tier")), "tiers": tiers}
    if bounded_last and random.random() < 0.5:
        return {"tiers": {**found, "overage_unit_price": _price(random)}}
    return {"tiers": {**found, "beyond": "last_tier"}}


def _charge(random: Random, place: int, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"c{place}", "meters": [f"m{place}"], "price": _form(random)}
    found["accumulate"] = random.choice(("bill", "period", "contract"))
    quantity: dict[str, Any] = {"negative": random.choice(("zero", "credit"))}
    if random.random() < 0.4:
        quantity["convert"] = random.choice(({"multiply_by": 3}, {"divide_by": 2}, {"multiply_by": Decimal("0.25")}))
    if random.random() < 0.4:
        quantity["rounding"] = {"scale": random.choice((0, 0, -1)), "mode": random.choice(MODES)}
    found["quantity"] = quantity
    if random.random() < 0.4:
        found["included"] = {"units": Decimal(random.randrange(0, 60)) / 4, "prorated": random.random() < 0.3}
    if random.random() < 0.3:
        found["discount_percent"] = Decimal(random.randrange(0, 201)) / 2
    if random.random() < 0.3:
        found["prorated"] = True
    found["rounding"] = {"scale": random.choice((minor_units(currency), 6)), "mode": random.choice(MODES)}
    return found


def _quantity(random: Random) -> Fraction:
    """Often nothing, often on a bound, sometimes taken back."""
    return Fraction(random.choice((0, random.randrange(0, 120), random.randrange(0, 120), random.randrange(-40, 0))), 4)


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("seed", range(6))
def test_a_charge_costs_what_it_costs_on_paper(seed: int, currency: str) -> None:
    random = Random(f"{seed} {currency}")
    charges = [_charge(random, place, currency) for place in range(CHARGES)]
    unit = {} if seed % 2 else {"pricing_unit": {"name": "credits", "rate": Decimal("0.0125")}}
    rate = Fraction(unit["pricing_unit"]["rate"]) if unit else Fraction(1)
    document = _document(currency, charges, **unit)
    for _ in range(2):
        share = random.choice((Fraction(1), Fraction(1, 2), Fraction(3, 4), Fraction(1, 4)))
        days = {"billed": str(int(share * 28)), "in_period": "28"}
        usage, billed, expected = [], [], {}
        for place, charge in enumerate(charges):
            now, before = _quantity(random), Fraction(0)
            usage.append({"meter": f"m{place}", "quantity": str(Decimal(now.numerator) / now.denominator)})
            if charge["accumulate"] != "bill":
                before = _quantity(random)
                billed.append(
                    {
                        "charge": charge["id"],
                        "over": charge["accumulate"],
                        "quantity": str(Decimal(before.numerator) / before.denominator),
                    }
                )
            earlier = charged(charge, before, share, rate) if before else Fraction(0)
            expected[charge["id"]] = charged(charge, before + now, share, rate) - earlier
        result = document.calculate({"usage": usage, "billed": billed, "days": days})
        found = {line["charge"]: Fraction(line["amount"].amount) for line in result["lines"]}
        wrong = {name: (found[name], amount) for name, amount in expected.items() if found[name] != amount}
        assert not wrong, {name: (charges[int(name[1:])], wrong[name]) for name in wrong}
        assert Fraction(result["total"].amount) == sum(expected.values())


def _cents(random: Random, low: int, high: int) -> Decimal:
    return Decimal(random.randrange(low, high)).scaleb(-2)


def _money(amount: Decimal) -> dict[str, str]:
    return {"amount": str(amount), "currency": "EUR"}


@pytest.mark.parametrize("seed", range(40))
def test_minimums_and_maximums_are_kept_cent_by_cent(seed: int) -> None:
    random = Random(f"bounds {seed}")
    names = [f"line_{place}" for place in range(random.randrange(1, 5))]
    kinds = random.choice((["maximum"], ["minimum"], ["maximum", "minimum"], ["minimum", "maximum"]))
    low, high = sorted((_cents(random, 0, 4000), _cents(random, 0, 6000)))
    limits = {"minimum": low, "maximum": high}
    share = random.choice((Fraction(1), Fraction(1, 2), Fraction(1, 4)))
    bounds = [
        {"id": kind, "charges": names, kind: {"amount": limits[kind] * 4, "prorated": True}} for kind in kinds
    ]  # fmt: skip
    charges = [{"id": name, "meters": [name], "price": {"carried": {}}} for name in names]
    document = _document("EUR", charges, bounds=bounds)
    for _ in range(4):
        lines = [_cents(random, -500, 3000) for _ in names]
        before = random.choice((Decimal(0), _cents(random, 0, 5000)))
        result = document.calculate(
            {
                "usage": [{"meter": name, "amount": _money(line)} for name, line in zip(names, lines, strict=True)],
                "billed": [{"charge": names[0], "amount": _money(before)}],
                "days": {"billed": str(int(share * 28)), "in_period": "28"},
            }
        )
        prorated = [(kind, Fraction(limits[kind]) * 4 * share) for kind in kinds]
        net, added = bounded([Fraction(line) for line in lines], prorated, Fraction(before))
        found = [Fraction(line["amount"].amount) for line in result["lines"] if line["kind"] == "charge"]
        assert found == net
        assert Fraction(result["total"].amount) == sum(net) + added


@pytest.mark.parametrize("seed", range(40))
def test_bills_at_thresholds_are_those_on_paper(seed: int) -> None:
    """Two thresholds at once make one bill; a maximum ends them; the last bill credits them and nothing is lost."""
    random = Random(f"thresholds {seed}")
    amounts = sorted({_cents(random, 100, 6000) for _ in range(random.randrange(1, 4))})
    every = random.choice((None, _cents(random, 100, 3000)))
    most = random.choice((None, _cents(random, 100, 9000)))
    price = _cents(random, 1, 300)
    thresholds: dict[str, Any] = {"amounts": amounts}
    if every is not None:
        thresholds["repeat_every"] = every
    charges: list[dict[str, Any]] = [{"id": "units", "meters": ["units"], "price": {"unit_price": price}}]
    charges.append({"id": "plan", "price": {"flat": Decimal(31)}})
    if random.random() < 0.5:  # what is left unused at the end is no reason to bill less before it
        charges[0]["included"] = {"units": 0, "unused": {"unit_price": 1}}
    bounds = [] if most is None else [{"id": "most", "charges": ["units"], "maximum": {"amount": most}}]
    document = _document("EUR", charges, thresholds=thresholds, bounds=bounds)
    quantities = [random.randrange(0, 40) for _ in range(random.randrange(0, 6))]
    progress = document.calculate({"usage": [{"meter": "units", "quantity": str(each)} for each in quantities]})[
        "progress"
    ]
    costs = [quantity * Fraction(price) for quantity in quantities]
    bills = early_bills(
        costs, [Fraction(each) for each in amounts], None if every is None else Fraction(every),
        None if most is None else Fraction(most),
    )  # fmt: skip
    fees = 31 + (sum(costs) if most is None else min(sum(costs), Fraction(most)))
    assert [Fraction(each["amount"].amount) for each in progress["bills"]] == bills
    assert Fraction(progress["credit"].amount) == sum(bills)
    assert Fraction(progress["fees"].amount) == fees
    assert Fraction(progress["due"].amount) == fees - sum(bills)


@pytest.mark.parametrize("seed", range(40))
def test_commitments_of_windows_cost_what_they_cost_on_paper(seed: int) -> None:
    random = Random(f"windows {seed}")
    price, discount = _cents(random, 1, 500), random.choice((None, Decimal(10), Decimal(50)))
    promise = random.choice((None, {"amount": _cents(random, 0, 3000)}, {"quantity": Decimal(random.randrange(0, 20))}))
    factor, true_up = random.choice((Decimal(1), Decimal("1.5"), Decimal(2), Decimal("0.5"))), random.random() < 0.5
    charge: dict[str, Any] = {"id": "units", "meters": ["units"], "scope": "each", "price": {"unit_price": price}}
    charge["rounding"] = {"scale": 6}
    if discount is not None:
        charge["discount_percent"] = discount
    if promise is not None:
        charge["commitments"] = [{"id": "promise", "overage_factor": factor, "true_up": true_up, **promise}]
    document = _document("EUR", [charge])
    quantities = [Fraction(random.randrange(0, 100), 4) for _ in range(6)]
    usage = [{"meter": "units", "quantity": str(float(each))} for each in quantities]
    result = document.calculate({"usage": usage})
    unit = Fraction(price) * (1 - Fraction(discount or 0) / 100)
    promised = None
    if promise is not None:
        promised = Fraction(promise["amount"]) if "amount" in promise else Fraction(promise["quantity"]) * unit
    expected = [window_cost(each * unit, promised, Fraction(factor), true_up) for each in quantities]
    assert [Fraction(line["amount"].amount) for line in result["lines"]] == expected


@pytest.mark.parametrize(
    ("least", "most", "prorated", "refused"),
    [("50", "49.99", False, True), ("50", "50", False, False), ("50", "49", True, False)],
)
def test_a_minimum_above_the_maximum_is_refused(least: str, most: str, prorated: bool, refused: bool) -> None:
    bounds = [
        {"id": "least", "minimum": {"amount": Decimal(least), "prorated": prorated}},
        {"id": "most", "maximum": {"amount": Decimal(most)}},
    ]
    charges = [{"id": "units", "meters": ["units"], "price": {"unit_price": 1}}]
    if refused:
        with pytest.raises(UserError) as caught:
            _document("EUR", charges, bounds=bounds)
        assert "minimum 50 of `least` is above the maximum 49.99 of `most`" in str(caught.value.diagnostics)
    else:
        assert _document("EUR", charges, bounds=bounds)


@pytest.mark.parametrize("seed", range(20))
def test_lines_in_a_unit_of_ones_own_add_up(seed: int) -> None:
    """Three credits are a cent: what bounds take off a line, and the line before them, add up to the line."""
    random = Random(f"units {seed}")
    unit = {"name": "credits", "rate": Decimal("0.00333")}
    bounds = [
        {"id": "most", "over": "bill", "maximum": {"amount": _cents(random, 100, 3000)}},
        {"id": "promise", "over": "contract", "commitment": {"amount": _cents(random, 0, 900), "overage_factor": 2}},
    ]
    charges = [
        {"id": name, "meters": [name], "accumulate": "contract", "price": {"unit_price": _cents(random, 1, 200)}}
        for name in ("a", "b")
    ]
    document = _document("EUR", charges, pricing_unit=unit, bounds=bounds)
    billed = [{"charge": name, "over": "contract", "quantity": str(random.randrange(0, 90))} for name in ("a", "b")]
    usage = [{"meter": name, "quantity": str(random.randrange(0, 900))} for name in ("a", "b")]
    result = document.calculate({"usage": usage, "billed": billed})
    for line in result["lines"]:
        changes = sum(each["amount"].amount for each in line["adjustments"])
        assert line["base_amount"].amount + changes == line["amount"].amount
    assert result["total"].amount == sum(line["amount"].amount for line in result["lines"])


@pytest.mark.parametrize("seed", range(20))
def test_units_that_come_and_go_are_paid_for_place_by_place(seed: int) -> None:
    random = Random(f"prorated {seed}")
    ends = sorted(random.sample(range(1, 30), random.randrange(0, 3)))
    tiers: list[dict[str, Any]] = [{"up_to": end} for end in ends]
    tiers.append({})
    for tier in tiers:
        tier |= {"unit_price": _cents(random, 0, 900), "flat_fee": _cents(random, 0, 900)}
    price = {"tiers": {"mode": "slice", "tiers": tiers}}
    charge = {"id": "units", "meters": ["units"], "quantity": {"prorated": True}, "price": price}
    document = _document("EUR", [{**charge, "rounding": {"scale": 8}}])
    for _ in range(5):
        events = [(random.randrange(-12, 20), Fraction(random.randrange(0, 33), 32)) for _ in range(6)]
        usage = [
            {"meter": "units", "quantity": str(units), "prorated_quantity": str(float(units * part))}
            for units, part in events
        ]
        total = Fraction(document.calculate({"usage": usage})["total"].amount)
        assert total == prorated_slices(tiers, events), (tiers, events)
