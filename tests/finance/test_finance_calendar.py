"""Dates of periods: months that remember their day, day counts, calendar boundaries, days and moments in zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.finance.calendar import (
    Span,
    add_months,
    anniversaries,
    calendar_months,
    closed,
    day_of,
    days_30_360,
    days_fixed_month,
    moment_of,
    month_from,
    month_name,
    next_boundary,
    whole_months,
    zone_of,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def test_the_anchors_day_is_remembered_over_short_months() -> None:
    row = anniversaries(date(2024, 1, 31))
    assert [next(row) for _ in range(4)] == [
        date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        (date(2026, 1, 31), 1, None, date(2026, 2, 28)), (date(2026, 2, 28), 1, 31, date(2026, 3, 31)),
        (date(2026, 1, 15), -2, None, date(2025, 11, 15)), (date(2024, 2, 29), 12, None, date(2025, 2, 28)),
    ],
)  # fmt: skip
def test_months_later(day: date, months: int, anchor: int | None, expected: date) -> None:
    assert add_months(day, months, anchor) == expected


@pytest.mark.parametrize(
    ("day", "every", "anchor", "expected"),
    [
        (date(2026, 1, 10), 1, 1, date(2026, 2, 1)), (date(2026, 1, 1), 1, 1, date(2026, 2, 1)),
        (date(2026, 1, 10), 1, 15, date(2026, 1, 15)), (date(2026, 1, 31), 1, 31, date(2026, 2, 28)),
        (date(2026, 5, 20), 3, 1, date(2026, 7, 1)), (date(2026, 5, 20), 12, 1, date(2027, 1, 1)),
        (date(2026, 1, 3), 3, 15, date(2026, 1, 15)),
    ],
)  # fmt: skip
def test_the_next_calendar_boundary(day: date, every: int, anchor: int, expected: date) -> None:
    assert next_boundary(day, every, anchor) == expected


@given(DAYS, st.integers(1, 31))
def test_the_boundary_before_the_next_one_is_not_after_the_day(day: date, anchor: int) -> None:
    found = next_boundary(day, 1, anchor)
    assert add_months(found, -1, anchor) <= day < found


@given(DAYS, DAYS)
def test_months_of_thirty_days_differ_from_the_calendar_by_a_few(first: date, second: date) -> None:
    span = Span(min(first, second), max(first, second))
    months = (span.end.year - span.start.year) * 12 + span.end.month - span.start.month
    assert days_fixed_month(span, 30) == months * 30 + span.end.day - span.start.day
    assert abs(days_30_360(span, month_end_is_30=False) - days_fixed_month(span, 30)) <= 1
    count, end = whole_months(span)
    assert 0 <= (span.end - end).days < 31 and count <= months


def test_months_of_a_span() -> None:
    span = closed(date(2026, 1, 15), date(2026, 3, 1))
    assert [month_name(month.start) for month in calendar_months(span)] == ["2026-01", "2026-02", "2026-03"]
    assert span.last == date(2026, 3, 1) and month_from("2026-02").days == 28
    assert span.overlap(month_from("2026-05")).days == 0


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2024, 3, 10), 23),
        ("America/New_York", date(2024, 11, 3), 25),
        ("UTC", date(2024, 3, 10), 24),
    ],
)
def test_a_day_begins_at_its_local_midnight(zone: str, day: date, hours: int) -> None:
    place = zone_of(zone)
    assert moment_of(day + timedelta(days=1), place) - moment_of(day, place) == timedelta(hours=hours)
    assert day_of(moment_of(day, place), place) == day
    assert day_of(moment_of(day, place) - timedelta(seconds=1), place) == day - timedelta(days=1)


def test_moments_and_days_pass_through() -> None:
    place = zone_of("Asia/Tokyo")
    moment = datetime(2024, 7, 15, 16, 30, tzinfo=UTC)
    assert (day_of(moment, place), day_of(date(2024, 7, 15), place)) == (date(2024, 7, 16), date(2024, 7, 15))
    assert moment_of(moment, place) == moment


def test_an_unknown_zone_is_said() -> None:
    with pytest.raises(ValueError, match="there is no time zone 'Middle/Earth'"):
        zone_of("Middle/Earth")
