"""Maintenance windows: when a system is left alone, worked out from wall-clock times in its own time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.base.clock import as_datetime, as_microseconds
from engine.base.record import frozen
from engine.base.zones import zones
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.connection import Maintenance, Weekday

_WEEKDAYS = {day: number for number, day in enumerate(Weekday)}
_DAY = timedelta(days=1)
_MIDNIGHT = "24:00"


@frozen
class Window:
    """One declared window. ``weekdays`` (0 is Monday) and ``dates`` name the days on which it begins; with neither
    it is every day. A clock put forward or back makes it no shorter."""

    weekdays: frozenset[int]
    dates: frozenset[date]
    start: time
    end: time
    zone: str
    reason: str

    def closed_until(self, now: int) -> int | None:
        """When the window that is open at ``now`` ends, in microseconds; None if there is none."""
        ends = [end for begin, end in self.between(now, now + 1) if begin <= now < end]
        return max(ends, default=None)

    def between(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """The windows that touch ``[since, until)``, as (begin, end) in microseconds, in order."""
        zone = ZoneInfo(self.zone)
        day = as_datetime(since).astimezone(zone).date() - _DAY  # one that began yesterday may still be open
        last = as_datetime(until).astimezone(zone).date()
        while day <= last:
            if self._begins_on(day):
                begin, end = self._on(day, zone)
                if begin < until and end > since:
                    yield begin, end
            day += _DAY

    def _begins_on(self, day: date) -> bool:
        if self.dates:
            return day in self.dates
        return not self.weekdays or day.weekday() in self.weekdays

    def _on(self, day: date, zone: ZoneInfo) -> tuple[int, int]:
        ends_on = day if self.end > self.start else day + _DAY
        return min(_readings(day, self.start, zone)), max(_readings(ends_on, self.end, zone))


def _readings(day: date, at: time, zone: ZoneInfo) -> tuple[int, int]:
    """The two moments that a wall-clock time may mean where the clock is put forward or back; else twice the same."""
    local = datetime.combine(day, at, zone)
    first, second = (as_microseconds(local.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
    return first, second


def compile_window(declared: Maintenance, diagnostics: Diagnostics) -> Window:
    """The window that is declared; what cannot be one is reported."""

    def wrong(message: str, advice: str) -> None:
        diagnostics.error("CONN106", message, declared.span, advice)

    zone = declared.zone
    if zone not in zones():
        wrong(f"there is no time zone `{zone}`", "use an IANA name such as `Europe/Berlin`")
        zone = "UTC"
    if declared.days and declared.dates:
        wrong("a window has weekdays or dates, not both", "write two windows")
    if declared.from_ == declared.to:
        wrong("the window ends when it begins", 'a whole day is from: "00:00" to: "24:00"')
    end = time() if declared.to == _MIDNIGHT else time.fromisoformat(declared.to)
    return Window(
        frozenset(_WEEKDAYS[day] for day in declared.days), frozenset(declared.dates),
        time.fromisoformat(declared.from_), end, zone, declared.reason,
    )  # fmt: skip
