"""Aggregations once more, as a doorman keeps a list: hour by hour and day by day, apart from the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a full hour: a change of a level by ``value``, or somebody who comes (or ``goes``)."""

    at: datetime
    id: str
    value: int = 0
    who: str = ""
    goes: bool = False


def _in_order(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda each: (each.at, each.id))


def days_of(start: datetime, end: datetime, zone: str) -> list[date]:
    """The local days that the hours of a period lie in."""
    found: list[date] = []
    moment = start
    while moment < end:
        day = moment.astimezone(ZoneInfo(zone)).date()
        if not found or found[-1] != day:
            found.append(day)
        moment += HOUR
    return found


def weighted_sum(events: Sequence[Event], level: int, start: datetime, end: datetime) -> Fraction:
    """The level, written down every hour, and its mean."""
    moment, hours, found = start, 0, 0
    while moment < end:
        level += sum(each.value for each in events if each.at == moment)
        found, hours, moment = found + level, hours + 1, moment + HOUR
    return Fraction(found, hours)


def prorated_sum(events: Sequence[Event], level: int, start: datetime, end: datetime, zone: str) -> Fraction:
    """Every change counts on its own day and on each day after it."""
    days = days_of(start, end, zone)
    found = level * len(days)
    for each in events:
        own = each.at.astimezone(ZoneInfo(zone)).date()
        found += each.value * sum(day >= own for day in days)
    return Fraction(found, len(days))


def unique_count(events: Sequence[Event], present: Sequence[str]) -> int:
    """Who is on the list when the period is over."""
    inside = set(present)
    for each in _in_order(events):
        (inside.discard if each.goes else inside.add)(each.who)
    return len(inside)


def prorated_unique(
    events: Sequence[Event], present: Sequence[str], start: datetime, end: datetime, zone: str
) -> Fraction:
    """Everybody once for every day on which they were inside, if only for a moment."""
    days, seen, inside = days_of(start, end, zone), 0, set(present)
    for day in days:
        today = set(inside)
        for each in _in_order([each for each in events if each.at.astimezone(ZoneInfo(zone)).date() == day]):
            (inside.discard if each.goes else inside.add)(each.who)
            today |= inside
        seen += len(today)
    return Fraction(seen, len(days))


def percentage(
    amounts: Sequence[int], rate: Fraction, fee: int, free_count: int | None, free_amount: int | None, *, both: bool
) -> Fraction:
    """A percentage and a fee of payments in cents, some of them free, paid cent by cent.

    ``both``: a payment is free as long as free payments or a free amount are left. Else whichever ends first ends both.
    """
    found = Fraction(0)
    if both:
        count, left = free_count or 0, free_amount or 0
        for amount in amounts:
            if count > 0 or left > 0:
                if left > 0 and amount > left:  # crosses the free amount
                    found += (amount - left) * rate + fee
                    count = left = 0
                else:
                    count, left = count - 1, max(0, left - amount)
            else:
                found += amount * rate + fee
        return found
    ends = [] if free_amount is None else [free_amount]
    if free_count is not None:
        ends.append(sum(amounts[:free_count]))
    end = min(ends, default=0)
    running = 0
    for index, amount in enumerate(amounts):
        for _ in range(amount):
            running += 1
            if running > end:
                found += rate
        free_here = bool(ends) and (free_count is None or index < free_count)
        if not (free_here and (free_amount is None or running < free_amount)):
            found += fee
    return found
