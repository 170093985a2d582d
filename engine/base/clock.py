"""Time as a value that is passed in. The only module that reads the machine's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

MICROSECOND = 1
SECOND = 1_000_000


class Clock(Protocol):
    """Where code gets the time from."""

    def now(self) -> int:
        """Wall time: integer microseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward; for measuring spans, never stored."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def now(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()


class FixedClock:
    """A clock that stands still until told to move: for tests, previews and replays."""

    __slots__ = ("_monotonic", "_now")

    def __init__(self, now: int | datetime | str) -> None:
        self._now = as_microseconds(now)
        self._monotonic = 0.0

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by ``seconds``."""
        self._now += round(seconds * SECOND)
        self._monotonic += seconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def as_microseconds(moment: int | datetime | str) -> int:
    """Microseconds UTC from microseconds, an aware datetime or RFC 3339 text."""
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def as_datetime(microseconds: int) -> datetime:
    """The aware UTC datetime of a stored time."""
    return _EPOCH + timedelta(0, 0, microseconds)


def as_text(microseconds: int) -> str:
    """RFC 3339 text with a ``Z``; microseconds only when there are any."""
    return as_datetime(microseconds).isoformat().replace("+00:00", "Z")


def duration_text(length: timedelta) -> str:
    """ISO 8601 text of a fixed length of time: days, hours, minutes, seconds; ``PT0S`` is none."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{length.microseconds:06d}".rstrip("0") if length.microseconds else ""
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    days = f"{length.days}D" if length.days else ""
    return f"{sign}P{days}" + (f"T{clock}" if clock else "" if days else "T0S")
