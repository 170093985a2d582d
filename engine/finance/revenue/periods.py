"""Accounting periods: calendar months, weeks grouped 4-4-5, or periods that a document lists."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, Protocol

from engine.base.record import frozen
from engine.finance.calendar import Span, month_from, month_name, month_of

WEEK = timedelta(days=7)


class Period(NamedTuple):
    """One accounting period, ``[start, end)``; ``first`` and ``after`` say the same as ordinals, which are cheaper."""

    name: str
    start: date
    end: date
    first: int
    after: int
    last: date


class Periods(Protocol):
    """A calendar of periods without gaps."""

    def of(self, day: date) -> Period:
        """The period that a day falls in. Raises ValueError if the calendar does not reach it."""

    def named(self, name: str) -> Period:
        """The period of a name. Raises ValueError."""

    def touching(self, first: int, after: int) -> tuple[Period, ...]:
        """The periods that hold a day of ``[first, after)``, given as ordinals; at least the one of ``first``."""


def period(name: str, span: Span) -> Period:
    return Period(name, span.start, span.end, span.start.toordinal(), span.end.toordinal(), span.last)


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> Period:
    span = month_of(date(year, month, 1))
    return period(month_name(span.start), span)


@lru_cache(maxsize=65536)
def _months(first: int, after: int) -> tuple[Period, ...]:
    start, last = date.fromordinal(first), date.fromordinal(max(first, after - 1))
    return tuple(
        _month(index // 12, index % 12 + 1)
        for index in range(start.year * 12 + start.month - 1, last.year * 12 + last.month)
    )


@frozen
class CalendarMonths:
    """Calendar months, named ``2026-01``."""

    def of(self, day: date) -> Period:
        return _month(day.year, day.month)

    def named(self, name: str) -> Period:
        return period(name, month_from(name))

    def touching(self, first: int, after: int) -> tuple[Period, ...]:
        return _months(first, after)


MONTHS = CalendarMonths()


@frozen
class ListedPeriods:
    """Periods in the order of time, each starting where the one before ends."""

    periods: tuple[Period, ...]

    def of(self, day: date) -> Period:
        index = bisect_right(self.periods, day.toordinal(), key=lambda each: each.first) - 1
        if index < 0 or day.toordinal() >= self.periods[index].after:
            raise ValueError(f"{day} lies outside the listed periods ({self._reach})")
        return self.periods[index]

    def named(self, name: str) -> Period:
        for each in self.periods:
            if each.name == name:
                return each
        raise ValueError(f"there is no period {name} ({self._reach})")

    def touching(self, first: int, after: int) -> tuple[Period, ...]:
        begin, end = self.of(date.fromordinal(first)), self.of(date.fromordinal(max(first, after - 1)))
        return self.periods[self.periods.index(begin) : self.periods.index(end) + 1]

    @property
    def _reach(self) -> str:
        return f"{self.periods[0].name} to {self.periods[-1].name}" if self.periods else "none are listed"


def listed(entries: Iterable[tuple[str, date]], end: date) -> ListedPeriods:
    """Periods by name and first day; the last one ends before ``end``. Raises ValueError if they are not in order."""
    named = list(entries)
    starts = [start for _, start in named] + [end]
    if any(left >= right for left, right in pairwise(starts)):
        raise ValueError("periods must be listed in the order of time")
    return ListedPeriods(
        tuple(period(name, Span(start, starts[index + 1])) for index, (name, start) in enumerate(named))
    )


def weeks_445(start: date, years: int, long_years: frozenset[int] = frozenset()) -> ListedPeriods:
    """Years of 52 weeks in quarters of 4, 4 and 5 weeks, from ``start``; years counted 0, 1, 2 … in ``long_years``
    have 53, the last period taking the extra one. Periods are named by the year of their first day: ``2026-P01``."""
    entries: list[tuple[str, date]] = []
    day = start
    for year in range(years):
        name = (day + timedelta(days=182)).year
        for index in range(12):
            entries.append((f"{name:04d}-P{index + 1:02d}", day))
            extra = 1 if index == 11 and year in long_years else 0
            day += WEEK * ((5 if index % 3 == 2 else 4) + extra)
    return listed(entries, day)
