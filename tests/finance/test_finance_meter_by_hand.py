"""Generated usage records, against a doorman's list: days of 23 and 25 hours, comings and goings, levels held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from meter_by_hand import Event, percentage, prorated_sum, prorated_unique, unique_count, weighted_sum

from engine.finance.prepared import Prepared, prepare

HOUR = timedelta(hours=1)
#: A month with a day of 23 hours, one of 25, and February of a leap year.
MONTHS = ((2024, 3), (2024, 10), (2024, 11), (2024, 2))


def _document(kind: str, body: dict[str, Any]) -> Prepared:
    head = {"spec": f"{kind}/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated."}
    return prepare(yaml.safe_dump({**head, **body}, sort_keys=False).encode(), f"by_hand.{kind}.yaml")


def _month(random: Random, zone: str) -> tuple[datetime, datetime]:
    year, month = random.choice(MONTHS)
    first = datetime(year, month, 1, tzinfo=ZoneInfo(zone))
    return first.astimezone(UTC), first.replace(month=month + 1).astimezone(UTC)


def _events(random: Random, start: datetime, end: datetime) -> list[Event]:
    hours = int((end - start) / HOUR)
    picked = [random.choice((0, hours - 1, random.randrange(hours))) for _ in range(random.randrange(0, 12))]
    picked += [hour for hour in picked[:2] for _ in range(2)]  # several in one hour
    return [
        Event(
            start + hour * HOUR, f"{place:03d}", random.randrange(-5, 9), random.choice("abcd"), random.random() < 0.5
        )
        for place, hour in enumerate(picked)
    ]


def _quantity(body: dict[str, Any], events: Sequence[Event], facts: dict[str, Any], unique: bool) -> Fraction:
    records = [
        {
            "id": each.id, "time": each.at.isoformat(), "value": each.who if unique else str(each.value),
            "op": "remove" if each.goes else "add",
        }
        for each in events
    ]  # fmt: skip
    result = _document("meter", {"unit": "unit", **body}).calculate({"records": records, **facts})
    return Fraction(result["usage"][0]["quantity"])


def _close(found: Fraction, expected: Fraction) -> bool:
    """A quantity that no document rounds has 34 digits."""
    return abs(found - expected) < Fraction(1, 10**25)


@pytest.mark.parametrize("seed", range(40))
def test_levels_and_lists_are_the_doormans(seed: int) -> None:
    random = Random(f"meter {seed}")
    zone = random.choice(("UTC", "Europe/Berlin", "America/New_York"))
    start, end = _month(random, zone)
    events = _events(random, start, end)
    carried = random.random() < 0.5
    level, present = (random.randrange(0, 20), random.sample("abcd", 2)) if carried else (0, [])
    facts: dict[str, Any] = {"period": {"from": start.isoformat(), "to": end.isoformat()}}
    if carried:
        facts["carried_over"] = [{"level": str(level), "present": present}]
    shared = {"zone": zone, "carried_over": carried}
    people = {**shared, "fields": {"operation": "op"}}
    found = _quantity({"aggregate": "weighted_sum", **shared}, events, facts, unique=False)
    assert _close(found, weighted_sum(events, level, start, end))
    found = _quantity({"aggregate": "prorated_sum", **shared}, events, facts, unique=False)
    assert _close(found, prorated_sum(events, level, start, end, zone))
    found = _quantity({"aggregate": "unique_count", **people}, events, facts, unique=True)
    assert found == unique_count(events, present)
    found = _quantity({"aggregate": "prorated_unique_count", **people}, events, facts, unique=True)
    assert _close(found, prorated_unique(events, present, start, end, zone))


@pytest.mark.parametrize("seed", range(40))
def test_payments_cost_what_they_cost_cent_by_cent(seed: int) -> None:
    random = Random(f"percentage {seed}")
    both = random.random() < 0.5
    rate, fee = random.randrange(0, 500), random.choice((0, 0, random.randrange(1, 60)))
    count, amount = random.choice((None, 0, 1, 3, 9)), random.choice((None, 0, random.randrange(1, 3000)))
    price: dict[str, Any] = {"rate_percent": rate / 100, "fixed_fee": fee / 100, "allowance": "all" if both else "any"}
    if count is not None:
        price["free_transactions"] = count
    if amount is not None:
        price["free_amount"] = amount / 100
    charge = {"id": "units", "meters": ["units"], "price": {"percentage": price}, "rounding": {"scale": 8}}
    document = _document("pricing", {"currency": "EUR", "charges": [charge]})
    for _ in range(4):
        amounts = [random.choice((random.randrange(1, 1500), amount or 7)) for _ in range(random.randrange(0, 8))]
        paid = [{"amount": {"amount": f"{each / 100:.2f}", "currency": "EUR"}} for each in amounts]
        entry = {"meter": "units", "quantity": str(len(amounts)), "transactions": paid}
        result = document.calculate({"usage": [entry] if paid else []})
        expected = percentage(amounts, Fraction(rate, 10_000), fee, count, amount, both=both) / 100
        assert Fraction(result["total"].amount) == expected, (price, amounts)
