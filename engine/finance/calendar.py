"""Dates of periods: half-open spans, months, anchors that remember their day, day counts, moments in zones.

A span is half open, ``[start, end)``; documents of vendors that name the last day are turned into it at the edge
(:func:`closed`). Sources: the day-count conventions as finance/pricing.md 7.2 and revenue.md 2 restate them.
"""

from __future__ import annotations

import calendar as _calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days from ``start`` up to, not including, ``end``."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return max(0, (self.end - self.start).days)

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.end - DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlap(self, other: Span) -> Span:
        """The days in both; empty (``days`` is 0) if there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, max(start, end))


def closed(start: date, last: date) -> Span:
    """The span of days ``start`` to ``last``, both inside."""
    return Span(start, last + DAY)


def days_in_month(year: int, month: int) -> int:
    return _calendar.monthrange(year, month)[1]


def month_of(day: date) -> Span:
    """The calendar month of a day."""
    first = day.replace(day=1)
    return Span(first, first + timedelta(days=days_in_month(first.year, first.month)))


def month_name(day: date) -> str:
    """``2026-01``: how a month is written."""
    return f"{day.year:04d}-{day.month:02d}"


def month_from(name: str) -> Span:
    """The month written ``2026-01``. Raises ValueError."""
    return month_of(date.fromisoformat(f"{name}-01"))


def add_months(day: date, months: int, anchor_day: int | None = None) -> date:
    """``months`` later, on ``anchor_day`` (that of ``day`` if left out), or the month's last day if it has no such day.

    Keep the anchor's own day over a series: 31 January, 28 February, 31 March.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    wanted = anchor_day or day.day
    return date(year, month + 1, min(wanted, days_in_month(year, month + 1)))


def anniversaries(anchor: date, every_months: int = 1) -> Iterator[date]:
    """The anchor and its returns every so many months, for ever, clamped to month ends without losing the day."""
    count = 0
    while True:
        yield add_months(anchor, count * every_months, anchor.day)
        count += 1


def calendar_months(span: Span) -> Iterator[Span]:
    """The calendar months that a span touches, whole."""
    current = month_of(span.start)
    while current.start < span.end:
        yield current
        current = month_of(current.end)


def whole_months(span: Span) -> tuple[int, date]:
    """How many whole months fit, counted from the start's day, and the date at which they end."""
    count = 0
    while add_months(span.start, count + 1, span.start.day) <= span.end:
        count += 1
    return count, add_months(span.start, count, span.start.day)


def days_30_360(span: Span, *, month_end_is_30: bool = True) -> int:
    """Days of a span when every month has 30 (30E/360). The last day of February counts as day 30 where
    ``month_end_is_30``."""

    def position(day: date) -> int:
        in_month = day.day
        if month_end_is_30 and in_month == days_in_month(day.year, day.month):
            in_month = 30
        return day.year * 360 + day.month * 30 + min(in_month, 30)

    return position(span.end) - position(span.start)


# ----------------------------------------------------------------------------- moments and recurring periods

#: A point in time: a day, or a moment with its zone.
Point: TypeAlias = date | datetime


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name such as ``Europe/Berlin``. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def day_of(point: Point, zone: ZoneInfo) -> date:
    """The local day that a point falls on."""
    return point.astimezone(zone).date() if isinstance(point, datetime) else point


def moment_of(point: Point, zone: ZoneInfo) -> datetime:
    """The moment of a point in UTC; a day begins at its local midnight."""
    if isinstance(point, datetime):
        return point.astimezone(UTC)
    return datetime(point.year, point.month, point.day, tzinfo=zone).astimezone(UTC)


def days_fixed_month(span: Span, month_days: int) -> int:
    """Days of a span where crossing a month end counts as if every month had ``month_days``: 23 May to 15 June is
    7 + 15 of a month of 30."""
    months = (span.end.year - span.start.year) * 12 + span.end.month - span.start.month
    return months * month_days + span.end.day - span.start.day


def next_boundary(day: date, every_months: int, anchor_day: int) -> date:
    """The first calendar boundary after a day: periods of so many months counted from January, each beginning on
    ``anchor_day``, clamped to month ends."""
    first = date(day.year, 1, 1)
    count = -1
    while True:
        found = add_months(first, count * every_months, anchor_day)
        if found > day:
            return found
        count += 1
