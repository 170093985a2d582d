"""The moment at which a day begins is the first one whose date it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.expr.functions_date import date_of, day_start

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Auckland",
    "Asia/Kolkata",
]


@given(st.dates(date(1990, 1, 1), date(2035, 12, 31)), st.sampled_from(ZONES))
def test_it_is_the_first_moment_of_the_day(day: date, zone: str) -> None:
    begins = day_start(day, zone)
    assert begins.tzinfo is UTC
    assert date_of(begins, zone) == day
    assert date_of(begins - timedelta(seconds=1), zone) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        (date(2026, 3, 29), "Europe/Berlin", "2026-03-28T23:00:00+00:00"),
        (date(2026, 3, 30), "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),  # the day began at one o'clock
    ],
)
def test_where_clocks_are_changed(day: date, zone: str, begins: str) -> None:
    assert day_start(day, zone) == datetime.fromisoformat(begins)
    assert day_start(day, zone).astimezone(ZoneInfo(zone)).date() == day


def test_a_zone_that_is_none_is_said() -> None:
    with pytest.raises(Failure, match="no such time zone"):
        day_start(date(2026, 1, 1), "Europe/Frankfurt")
