"""Bills over a period, of every price that counts over bills: together they cost what one bill of it all costs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import yaml
from cases.model import _Writer

from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "pricing/v1", "id": "bills", "version": "1.0.0", "owner": "finance", "summary": "Generated."}


def _document(charge: dict[str, Any], **more: Any) -> Prepared:
    body = {**HEAD, "currency": "EUR", "charges": [charge], **more}
    return prepare(yaml.dump(body, Dumper=_Writer, sort_keys=False).encode(), "bills.pricing.yaml")


def _cents(random: Random, high: int) -> Decimal:
    return Decimal(random.randrange(0, high)).scaleb(-2)


def _euros(amount: Decimal) -> dict[str, str]:
    return {"amount": str(amount), "currency": "EUR"}


def _by_region(random: Random) -> dict[str, Any]:
    """Prices by region, free units that all regions share."""
    rows = [{"when": {"region": [region]}, "price": {"unit_price": _cents(random, 300)}} for region in ("eu", "us")]
    price: dict[str, Any] = {"table": {"rows": rows, "otherwise": {"package": {"size": 3, "price": 1}}}}
    charge = {"price": price, "included": {"units": random.randrange(0, 20)}}
    return charge if random.random() < 0.5 else {**charge, "group_by": ["region"]}


def _units(random: Random, place: int) -> dict[str, Any]:
    region = random.choice(("eu", "us", "asia"))
    return {"meter": "units", "quantity": str(random.randrange(0, 12)), "dimensions": {"region": region},
            "references": [str(place)]}  # fmt: skip


def _percentage(random: Random) -> dict[str, Any]:
    form: dict[str, Any] = {"rate_percent": _cents(random, 400), "fixed_fee": _cents(random, 40)}
    if random.random() < 0.7:
        form["free_transactions"] = random.randrange(0, 6)
    if random.random() < 0.7:
        form["free_amount"] = _cents(random, 9000)
    if random.random() < 0.5:
        form["maximum"] = _cents(random, 200)
    form["allowance"] = random.choice(("any", "all"))
    return {"price": {"percentage": form}}


def _payments(random: Random, place: int) -> dict[str, Any]:
    paid = [{"id": f"{place:02d}{at}", "amount": _euros(_cents(random, 5000))} for at in range(random.randrange(1, 4))]
    return {"meter": "units", "quantity": str(len(paid)), "transactions": paid}


def _amounts(random: Random) -> dict[str, Any]:
    tiers = [{"up_to": 50, "rate_percent": _cents(random, 900), "flat_fee": 2}, {"rate_percent": _cents(random, 900)}]
    if random.random() < 0.3:
        return {"price": {"carried": {"multiplier": Decimal("1.337")}}}
    return {"price": {"tiers": {"mode": random.choice(("slice", "whole")), "over": "amount", "tiers": tiers}}}


def _amount(random: Random, _place: int) -> dict[str, Any]:
    return {"meter": "units", "amount": _euros(_cents(random, 4000))}


def _capacity(random: Random) -> dict[str, Any]:
    tiers = [{"limits": {"units": limit}, "price": _cents(random, 5000)} for limit in (4, 8, 12)]
    return {"price": {"capacity": {"tiers": tiers}}}


def _peak(random: Random) -> dict[str, Any]:
    return {"price": {"unit_price": _cents(random, 300)}, "quantity": {"combine": random.choice(("max", "last"))}}


KINDS = {
    "by_region": (_by_region, _units), "percentage": (_percentage, _payments), "amounts": (_amounts, _amount),
    "capacity": (_capacity, _units), "peak": (_peak, _units),
}  # fmt: skip


def _billed(entries: Sequence[dict[str, Any]], charged: Decimal) -> list[dict[str, Any]]:
    """What bills before had, and what they charged, which counts where it was for no usage at all."""
    found: list[dict[str, Any]] = [{"charge": "units", "over": "contract", "quantity": "0", "amount": _euros(charged)}]
    for entry in entries:
        row: dict[str, Any] = {"charge": "units", "over": "contract"}
        for theirs, ours in (
            ("quantity", "quantity"), ("amount", "carried_amount"), ("transactions", "transactions"),
            ("dimensions", "dimensions"),
        ):  # fmt: skip
            if theirs in entry:
                row[ours] = entry[theirs]
        found.append(row)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_several_bills_cost_what_one_costs(kind: str, seed: int) -> None:
    random = Random(f"{kind} {seed}")
    form, usage = KINDS[kind]
    charge = {"id": "units", "meters": ["units"], "accumulate": "contract", **form(random)}
    unit = {} if seed % 3 else {"pricing_unit": {"name": "credits", "rate": Decimal("0.333")}}
    document = _document(charge, **unit)
    for _ in range(4):
        entries = [usage(random, place) for place in range(random.randrange(1, 7))]
        cuts = sorted(random.randrange(0, len(entries) + 1) for _ in range(2))
        bills = [entries[: cuts[0]], entries[cuts[0] : cuts[1]], entries[cuts[1] :]]
        before: list[dict[str, Any]] = []
        found = Decimal(0)
        for bill in bills:
            found += document.calculate({"usage": bill, "billed": _billed(before, found)})["total"].amount
            before += bill
        whole = document.calculate({"usage": entries, "billed": _billed([], Decimal(0))})["total"].amount
        assert found == whole, (charge, bills)
