"""Schedules against a count of single days in fractions: methods, styles of rounding, changes of the price.

Terms begin on the last days of months, take a single day or cross leap days; prices are zero, a cent or credits;
changes come before the start, on one day, at the end and after it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from revenue_by_day import DAY, METHODS, NothingLeft, Promise, Repricing, by_style, daily_shares, estimated, recognised
from revenue_documents import BY_DAY, document, run, usd

from engine.base.errors import Failure

STYLES = ("cumulative", "remainder_last", "remainder_first", "floor_full_periods")
DOCUMENTS = {
    (method, style): document({
        "policy": {"rounding": style},
        "obligations": [{"id": "all", "method": method}],
        "allocation": {"ties": "identifier"},
    })
    for method in METHODS for style in STYLES
}  # fmt: skip

awkward = st.sampled_from([
    date(2023, 12, 31), date(2024, 1, 29), date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 29), date(2025, 2, 28),
    date(2025, 8, 31), date(2026, 3, 31),
])  # fmt: skip
starts = st.one_of(awkward, st.dates(date(2024, 1, 1), date(2026, 12, 31)))
lengths = st.one_of(st.sampled_from([1, 2, 28, 29, 30, 31, 59, 90, 181, 365, 366, 731]), st.integers(1, 500))
cents = st.one_of(
    st.sampled_from([0, 1, -1, 5, 7, 10_000, -10_000, 33_333]), st.integers(-1_000_000, 1_000_000)
).map(lambda units: Fraction(units, 100))  # fmt: skip


def money(amount: Fraction) -> dict[str, str]:
    return usd(Decimal(int(amount * 100)).scaleb(-2))


def by_obligation(result: dict[str, Any]) -> dict[tuple[str, str], Fraction]:
    return {
        (row["obligation"], row["period"]): Fraction(row["amount"].amount)
        for row in result["schedule"] if row["amount"].amount
    }  # fmt: skip


@given(st.sampled_from(sorted(METHODS)), st.sampled_from(STYLES), starts, lengths, cents)
def test_a_schedule_is_the_sum_of_its_days(method: str, style: str, start: date, length: int, amount: Fraction) -> None:
    after = start + timedelta(days=length)
    facts = {"currency": "USD", "obligations": [
        {"id": "line", "price": money(amount), "ssp": usd(1), "start": str(start), "end": str(after - DAY)},
    ]}  # fmt: skip
    expected = by_style(daily_shares(method, start, after), amount, style)
    assert by_obligation(DOCUMENTS[method, style].calculate(facts)) == {
        ("line", month): value for month, value in expected.items() if value
    }


@st.composite
def contracts(draw: st.DrawFn) -> tuple[str, list[tuple[date, date, int]], Fraction, list[Repricing]]:
    """One to three obligations at stand-alone prices, a price, and up to three changes of it."""
    start = draw(starts)
    terms = []
    for _ in range(draw(st.integers(1, 3))):
        begin = start + timedelta(days=draw(st.sampled_from([0, 0, 1, 15, 31])))
        terms.append((begin, begin + timedelta(days=draw(lengths)), draw(st.sampled_from([1, 3, 7, 100, 333]))))
    day, changes = start + timedelta(days=draw(st.sampled_from([-10, 0, 1, 14, 30, 45, 150]))), []
    catch_up = draw(st.booleans())
    for _ in range(draw(st.integers(0, 3))):
        changes.append(Repricing(day, catch_up, draw(cents)))
        step = draw(st.sampled_from([0, 0, 1, 31, 61]))
        day += timedelta(days=step)
        if step > 31:  # two treatments in one month are settled by policy, which is another test
            catch_up = draw(st.booleans())
    return draw(st.sampled_from(sorted(METHODS))), terms, draw(cents), changes


@given(contracts())
def test_changes_of_the_price_are_those_counted_by_day(
    contract: tuple[str, list[tuple[date, date, int]], Fraction, list[Repricing]],
) -> None:
    method, terms, price, changes = contract
    facts = {
        "currency": "USD", "price": money(price),
        "obligations": [
            {"id": f"o{index}", "ssp": usd(ssp), "start": str(start), "end": str(after - DAY)}
            for index, (start, after, ssp) in enumerate(terms)
        ],
        "changes": [
            {"id": f"c{index}", "on": str(each.on), "treatment": "catch_up" if each.catch_up else "prospective",
             "added_price": money(each.added)}
            for index, each in enumerate(changes)
        ],
    }  # fmt: skip
    promises = [
        Promise(f"o{index}", Fraction(ssp), daily_shares(method, start, after))
        for index, (start, after, ssp) in enumerate(terms)
    ]
    calculation = DOCUMENTS[method, "cumulative"]
    try:
        expected = recognised(promises, price, changes)
    except NothingLeft:
        with pytest.raises(Failure, match="nothing is left to earn"):
            calculation.calculate(facts)
        return
    assert by_obligation(calculation.calculate(facts)) == expected


@given(contracts(), cents)
def test_new_estimates_are_those_counted_by_day(
    contract: tuple[str, list[tuple[date, date, int]], Fraction, list[Repricing]], included: Fraction
) -> None:
    method, terms, price, changes = contract
    facts = {
        "currency": "USD", "price": money(price),
        "obligations": [
            {"id": f"o{index}", "ssp": usd(ssp), "start": str(start), "end": str(after - DAY)}
            for index, (start, after, ssp) in enumerate(terms)
        ],
        "consideration": [{"id": "bonus", "included": money(included)}],
        "changes": [
            {"id": f"c{index}", "on": str(each.on), "component": "bonus", "included": money(each.added)}
            for index, each in enumerate(changes)
        ],
    }  # fmt: skip
    promises = [
        Promise(f"o{index}", Fraction(ssp), daily_shares(method, start, after))
        for index, (start, after, ssp) in enumerate(terms)
    ]
    expected = estimated(promises, price, included, [(each.on, each.added) for each in changes])
    assert by_obligation(DOCUMENTS[method, "cumulative"].calculate(facts)) == expected


HALF_DATED = {"id": "line", "price": usd("1200.00")}


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"start": "2026-01-15"}, "starts on 2026-01-15 and nothing says when it ends; give `end` or `months`"),
        ({"start_at": "2026-01-15T12:00:00Z"}, "nothing says when it ends"),
        ({"end": "2026-12-31"}, "ends on 2026-12-31 and nothing says when it starts; give `start`"),
        ({"end_exclusive": "2027-01-01"}, "nothing says when it starts"),
    ],
)
def test_a_service_with_one_end_alone_is_not_earned_in_a_day(dates: dict[str, str], message: str) -> None:
    with pytest.raises(Failure) as refused:
        run(BY_DAY, {**HALF_DATED, **dates})
    assert "obligation line" in refused.value.message and message in refused.value.message


def test_months_say_when_a_service_ends() -> None:
    result = run(BY_DAY, {**HALF_DATED, "start": "2024-01-31", "months": 1})
    assert by_obligation(result) == {  # to 28 February, the day before the last of that month
        ("line", "2024-01"): Fraction("41.38"), ("line", "2024-02"): Fraction("1158.62"),
    }  # fmt: skip
    dated = run(BY_DAY, {**HALF_DATED, "start": "2026-03-15", "end": "2027-03-14"})
    counted = run(BY_DAY, {**HALF_DATED, "start": "2026-03-15", "months": 12})
    assert counted["schedule"] == dated["schedule"]


def test_what_is_earned_at_once_may_say_when_it_began() -> None:
    delivered = {"satisfied_on": "2026-02-03", "start": "2026-01-15"}
    assert by_obligation(run(BY_DAY, {**HALF_DATED, **delivered})) == {("line", "2026-02"): 1200}
    assert by_obligation(run(BY_DAY, {**HALF_DATED, "booked_on": "2026-05-01"})) == {("line", "2026-05"): 1200}
