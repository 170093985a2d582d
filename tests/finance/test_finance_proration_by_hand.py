"""Generated changes of subscriptions, against days crossed off a calendar: clocks, zones, month ends, change days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from price_by_hand import cut
from proration_by_hand import amount, commercial, part

from engine.base.money import minor_units
from engine.finance.calendar import add_months
from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "proration/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated."}
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
SECOND = timedelta(seconds=1)


def _document(**body: Any) -> Prepared:
    return prepare(yaml.safe_dump({**HEAD, **body}, sort_keys=False).encode(), "by_hand.proration.yaml")


def _period(random: Random, zone: str) -> tuple[datetime, datetime]:
    """A month from any day: of 28 to 31 days, over leap days and changes of the clock, clamped to month ends."""
    year, month, day = random.choice((2023, 2024)), random.randrange(1, 13), random.choice((1, 15, 28, 29, 30, 31))
    first = add_months(date(year, month, 1), 0, day)
    last = add_months(first, random.choice((1, 1, 1, 3, 12)), day)
    start, end = (datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
                  for each in (first, last))  # fmt: skip
    return start, end


def _moments(random: Random, period: tuple[datetime, datetime]) -> list[datetime]:
    """Changes in order: on the first and the last second, in between, and several on one day."""
    start, end = period
    whole = int((end - start).total_seconds())
    found = [random.choice((start, end - SECOND, start + random.randrange(whole) * SECOND)) for _ in range(3)]
    found.append(min(found[-1] + random.randrange(7200) * SECOND, end - SECOND))
    return sorted(found)


@pytest.mark.parametrize("seed", range(40))
def test_changes_cost_what_the_calendar_says(seed: int) -> None:
    random = Random(f"proration {seed}")
    zone, currency = random.choice(ZONES), random.choice(("USD", "JPY", "KWD"))
    count = random.choice(("day", "day", "second", "thirty_360"))
    owner = random.choice(("new", "old", "both", "neither"))
    multiply = random.choice(("line", "unit_price"))
    digits = random.choice((None, 2, 5, 9))
    mode = random.choice(("half_up", "down", "ceiling"))
    time = {"count": count, "zone": zone}
    if count != "second":  # an instant belongs to nobody
        time["change_day"] = owner
    rounding = {} if digits is None else {"factor": {"scale": digits, "mode": mode}}
    document = _document(time=time, multiply=multiply, rounding=rounding)
    scale = minor_units(currency)
    for _ in range(5):
        period = _period(random, zone)
        changes: list[dict[str, Any]] = []
        expected: list[Fraction] = []
        for moment in _moments(random, period):
            change: dict[str, Any] = {"id": str(len(changes)), "at": moment.isoformat()}
            for side in ("old", "new"):
                price, quantity = Fraction(random.randrange(0, 200_000), 100), random.randrange(0, 9)
                unit = {"amount": f"{float(price):.2f}", "currency": currency}
                change[side] = [{"id": side, "unit_price": unit, "quantity": quantity}]
                share = part(count, zone, owner, side, moment, period)
                factor = share if digits is None else cut(share, digits, mode)
                cost = amount(multiply, price, quantity, factor, scale)
                expected.append(-cost if side == "old" else cost)
            changes.append(change)
        facts = {"currency": currency, "changes": changes}
        result = document.calculate({**facts, "period": {"start": period[0].isoformat(), "end": period[1].isoformat()}})
        assert [Fraction(line["amount"].amount) for line in result["lines"]] == expected, (time, period, changes)
        assert Fraction(result["net"].amount) == sum(expected)


@pytest.mark.parametrize("seed", range(20))
def test_credits_never_exceed_what_was_paid(seed: int) -> None:
    """Several credits of one line in a period: together at most what was paid less what was given back before."""
    random = Random(f"cap {seed}")
    document = _document(credit={"cap": "paid"})
    for _ in range(5):
        price, paid, before = (random.randrange(0, 30_000) for _ in range(3))
        days = sorted(random.sample(range(31), 2))
        left = max(0, paid - before)
        changes, expected = [], []
        for day in days:
            line = {
                "id": "plan", "unit_price": _cents(price), "paid": _cents(paid), "credited": _cents(before),
            }  # fmt: skip
            at = date(2024, 3, 1) + timedelta(days=day)
            changes.append({"id": str(day), "at": str(at), "old": [line]})
            potential = int(cut(Fraction(price * (31 - day), 31), 0, "half_up"))
            given = min(potential, left)
            left -= given
            expected.append(-given)
        facts = {"currency": "USD", "period": {"start": "2024-03-01", "end": "2024-04-01"}, "changes": changes}
        result = document.calculate(facts)
        assert [int(line["amount"].amount * 100) for line in result["lines"]] == expected, changes


def _cents(cents: int) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": "USD"}


@pytest.mark.parametrize(
    ("begin", "end", "days"),
    [
        ((2021, 1, 27), (2021, 2, 1), 4),
        ((2021, 2, 27), (2021, 3, 1), 4),
        ((2021, 2, 1), (2021, 3, 1), 30),
        ((2020, 2, 1), (2020, 3, 1), 30),
        ((2024, 2, 28), (2024, 2, 29), 2),
    ],
)
def test_the_calendar_of_30_day_months_is_the_published_one(
    begin: tuple[int, int, int], end: tuple[int, int, int], days: int
) -> None:
    """Zuora's table of strict 30/360: 27 to 31 January and 27 to 28 February are four days each."""
    assert commercial(date(*begin), date(*end)) == days
