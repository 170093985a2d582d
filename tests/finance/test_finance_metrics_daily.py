"""Movements of recurring revenue against a count of single days in fractions: yearly plans, trials, pauses, currencies.

Customers leave and come back within the month, on its first and last day and with several subscriptions at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine import api

HEAD = 'spec: metrics/v1\nid: counted\nversion: "1.0.0"\nowner: finance\nsummary: Movements of recurring revenue.\n'
METRICS = api.prepare("counted.metrics.yaml", HEAD.encode())
DAY, START = timedelta(days=1), date(2026, 2, 1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
COUNTS = ("active", "past_due")
#: From which day on a euro is how many dollars.
EUROS = ((date(2025, 1, 1), "1.1"), (START + timedelta(days=10), "1.2"))
CENTS = Fraction(1, 50)  # each figure is rounded for itself


@st.composite
def versions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to three customers with up to two subscriptions, each with up to three versions one after the other."""
    found = []
    for customer in range(draw(st.integers(1, 3))):
        for number in range(draw(st.integers(1, 2))):
            day = START + timedelta(days=draw(st.sampled_from([-60, -1, 0, 1, 10, 27, 28])))
            for _ in range(draw(st.integers(1, 3))):
                end = draw(st.none() | st.sampled_from([1, 5, 14, 30, 200]).map(lambda days, d=day: d + days * DAY))
                item = {
                    "price": {"amount": draw(st.sampled_from(["30", "100.00", "1200"])),
                              "currency": draw(st.sampled_from(["USD", "USD", "EUR"]))},
                    "every": {"unit": draw(st.sampled_from(sorted(MONTHS)))},
                    "quantity": draw(st.sampled_from(["0", "1", "3"])),
                    "discounts": draw(st.sampled_from([[], [{"duration": "forever", "percent": "50"}]])),
                }  # fmt: skip
                found.append({
                    "subscription": f"s{customer}{number}", "customer": f"c{customer}", "start": day, "end": end,
                    "status": draw(st.sampled_from(["active", "active", "past_due", "trialing", "paused"])),
                    "items": [item],
                })  # fmt: skip
                if end is None:
                    break
                day = end + timedelta(days=draw(st.sampled_from([0, 0, 1, 20])))
    return found


def monthly(version: dict[str, Any], at: date) -> Fraction:
    """What a version comes to a month, at the rate of a day."""
    (item,) = version["items"]
    rate = "1" if item["price"]["currency"] == "USD" else [rate for since, rate in EUROS if since <= at][-1]
    off = Fraction(1, 2) if item["discounts"] else Fraction(1)
    return (
        Fraction(item["price"]["amount"]) * Fraction(item["quantity"]) * Fraction(rate) * off
        / MONTHS[item["every"]["unit"]]
    )  # fmt: skip


def counted(
    level: Callable[[str, date, date], Fraction], customers: list[str], end: date
) -> tuple[dict[str, Fraction], int]:
    """The movements of every customer, day by day, and how many there are."""
    sums = dict.fromkeys(("new", "reactivation", "expansion", "contraction", "churn"), Fraction(0))
    number = 0
    for customer in customers:
        paid = any(level(customer, START - days * DAY, START) for days in range(1, 300))
        day = START
        while day < end:
            before, after = level(customer, day - DAY, day), level(customer, day, day)
            if before != after:
                number += 1
                gained = "expansion" if before else "reactivation" if paid else "new"
                lost = "contraction" if after else "churn"
                sums[gained if after > before else lost] += abs(after - before)
            paid = paid or after > 0
            day += DAY
    return sums, number


@given(versions(), st.sampled_from([1, 28, 59, 120]))
def test_movements_are_those_counted_day_by_day(found: list[dict[str, Any]], length: int) -> None:
    end = START + timedelta(days=length)

    def level(customer: str, day: date, rate_of: date) -> Fraction:
        return sum(
            (monthly(each, rate_of) for each in found
             if each["customer"] == customer and each["status"] in COUNTS and each["start"] <= day
             and (each["end"] is None or day < each["end"])),
            Fraction(0),
        )  # fmt: skip

    facts = {
        "currency": "USD", "start": str(START), "end": str(end),
        "rates": [{"currency": "EUR", "start": str(since), "rate": rate} for since, rate in EUROS],
        "subscriptions": [
            {**each, "start": str(each["start"]), "end": None if each["end"] is None else str(each["end"])}
            for each in found
        ],
    }  # fmt: skip
    result = METRICS.calculate(facts)
    customers = sorted({each["customer"] for each in found})
    sums, number = counted(level, customers, end)
    sums["start"] = sum((level(each, START - DAY, START - DAY) for each in customers), Fraction(0))
    sums["end"] = sum((level(each, end - DAY, end - DAY) for each in customers), Fraction(0))
    shown = {name: Fraction(result["rollforward"][name].amount) for name in sums}
    assert {name: (shown[name], sums[name]) for name in sums if abs(shown[name] - sums[name]) > CENTS} == {}
    assert len(result["movements"]) == number
    assert abs(Fraction(result["mrr"].amount) - sums["end"]) <= CENTS
