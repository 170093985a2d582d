"""The aggregations: what each keeps while records come, and the exact quantity at the end.

Definitions: finance/pricing.md A2. Every one keeps a state whose size does not depend on the number of records, except
unique counts, which keep what they count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engine.base.money import EXACT
from engine.finance.meter.facts import CarriedOver
from engine.spec.documents.meter import Aggregation

_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


class State(Protocol):
    """What is known of the records of one group so far."""

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:
        """Take one record: its value (a Decimal; for unique counts a text), time and id, and whether it removes."""
        ...

    def quantity(self) -> Fraction | Decimal | None:
        """The exact quantity; None where nothing can be said."""
        ...


class Bounds:
    """The period, and the zone in which its days are counted."""

    __slots__ = ("end", "start", "zone")

    def __init__(self, start: datetime | None, end: datetime | None, zone: str) -> None:
        self.start = start
        self.end = end
        self.zone = ZoneInfo(zone)

    def days(self) -> int:
        """How many days of the zone the period touches."""
        assert self.start is not None
        assert self.end is not None
        return (self.day(self.end - _MICROSECOND) - self.day(self.start)).days + 1

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


class Count:
    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        self.number += 1

    def quantity(self) -> Decimal:
        return Decimal(self.number)


class Sum:
    __slots__ = ("total",)

    def __init__(self, start: Decimal) -> None:
        self.total = start

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        self.total = EXACT.add(self.total, value)

    def quantity(self) -> Decimal:
        return self.total


class Highest:
    __slots__ = ("best",)

    def __init__(self) -> None:
        self.best: Decimal | None = None

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        if self.best is None or value > self.best:
            self.best = value

    def quantity(self) -> Decimal | None:
        return self.best


class Lowest(Highest):
    __slots__ = ()

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        if self.best is None or value < self.best:
            self.best = value


class Average:
    __slots__ = ("number", "total")

    def __init__(self) -> None:
        self.number = 0
        self.total = Decimal(0)

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        self.number += 1
        self.total = EXACT.add(self.total, value)

    def quantity(self) -> Fraction | None:
        return Fraction(self.total) / self.number if self.number else None


class Latest:
    """The value with the greatest time; of one moment that with the greatest id, whatever came in first."""

    __slots__ = ("best", "value")

    def __init__(self) -> None:
        self.best: tuple[datetime, str] | None = None
        self.value: Decimal | None = None

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        assert time is not None
        if self.best is None or (time, id) > self.best:
            self.best, self.value = (time, id), value

    def quantity(self) -> Decimal | None:
        return self.value


class WeightedSum:
    """Every change of the level counts for the share of the period that is left when it happens."""

    __slots__ = ("area", "bounds", "start")

    def __init__(self, start: Decimal, bounds: Bounds) -> None:
        self.start = start
        self.bounds = bounds
        self.area = Fraction(0)  # in values times microseconds

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        assert time is not None
        assert self.bounds.end is not None
        self.area += Fraction(value) * ((self.bounds.end - time) // _MICROSECOND)

    def quantity(self) -> Fraction:
        assert self.bounds.start is not None
        assert self.bounds.end is not None
        return Fraction(self.start) + self.area / ((self.bounds.end - self.bounds.start) // _MICROSECOND)


class ProratedSum:
    """Every change counts for the days that are left of the period, its own day included."""

    __slots__ = ("bounds", "days", "start")

    def __init__(self, start: Decimal, bounds: Bounds) -> None:
        self.start = start
        self.bounds = bounds
        self.days = Fraction(0)

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        assert time is not None
        assert self.bounds.end is not None
        last = self.bounds.day(self.bounds.end - _MICROSECOND)
        self.days += Fraction(value) * ((last - self.bounds.day(time)).days + 1)

    def quantity(self) -> Fraction:
        return Fraction(self.start) + self.days / self.bounds.days()


class Unique:
    """What is present at the end: added last, not removed last. Adding what is present changes nothing."""

    __slots__ = ("last",)

    def __init__(self, present: Iterable[str]) -> None:
        self.last: dict[str, tuple[datetime, str, bool]] = {
            each: (datetime.min.replace(tzinfo=UTC), "", True) for each in present
        }

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:
        at = (time or datetime.min.replace(tzinfo=UTC), id, not removes)
        known = self.last.get(value)
        if known is None or at[:2] >= known[:2]:
            self.last[value] = at

    def quantity(self) -> Decimal:
        return Decimal(sum(present for _, _, present in self.last.values()))


class ProratedUnique:
    """Every one counts for the days on which it was present; any part of a day is a day, and counts once."""

    __slots__ = ("bounds", "changes", "present")

    def __init__(self, present: Iterable[str], bounds: Bounds) -> None:
        self.bounds = bounds
        self.present = frozenset(present)
        self.changes: dict[str, list[tuple[datetime, str, bool]]] = {}

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:
        assert time is not None
        self.changes.setdefault(value, []).append((time, id, not removes))

    def quantity(self) -> Fraction:
        days = sum(self._days(each) for each in self.present | set(self.changes))
        return Fraction(days, self.bounds.days())

    def _days(self, one: str) -> int:
        assert self.bounds.start is not None
        assert self.bounds.end is not None
        last = self.bounds.day(self.bounds.end - _MICROSECOND)
        since = self.bounds.day(self.bounds.start) if one in self.present else None
        total, counted_to = 0, None
        for time, _, adds in sorted(self.changes.get(one, ())):
            day = self.bounds.day(time)
            if adds and since is None:
                since = day
            elif not adds and since is not None:
                total += self._stretch(since, day, counted_to)
                counted_to, since = day, None
        return total if since is None else total + self._stretch(since, last, counted_to)

    @staticmethod
    def _stretch(since: date, to: date, counted_to: date | None) -> int:
        first = since if counted_to is None or since > counted_to else counted_to + timedelta(days=1)
        return max(0, (to - first).days + 1)


def new_state(kind: Aggregation, carried: CarriedOver | None, bounds: Bounds) -> State:
    """An empty state, or one that begins with what was there when the period began."""
    level = Decimal(0) if carried is None else carried.level
    present = () if carried is None else carried.present
    match kind:
        case Aggregation.COUNT:
            return Count()
        case Aggregation.SUM:
            return Sum(level)
        case Aggregation.MAX:
            return Highest()
        case Aggregation.MIN:
            return Lowest()
        case Aggregation.AVERAGE:
            return Average()
        case Aggregation.LATEST:
            return Latest()
        case Aggregation.WEIGHTED_SUM:
            return WeightedSum(level, bounds)
        case Aggregation.PRORATED_SUM:
            return ProratedSum(level, bounds)
        case Aggregation.UNIQUE_COUNT:
            return Unique(present)
        case Aggregation.PRORATED_UNIQUE_COUNT:
            return ProratedUnique(present, bounds)


#: Aggregations that read when a record happened, and cannot do without a period.
TIMED = frozenset({Aggregation.WEIGHTED_SUM, Aggregation.PRORATED_SUM, Aggregation.PRORATED_UNIQUE_COUNT})
#: Those that count things and not amounts.
UNIQUE = frozenset({Aggregation.UNIQUE_COUNT, Aggregation.PRORATED_UNIQUE_COUNT})
