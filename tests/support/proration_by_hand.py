"""Proration once more, as on a wall calendar: every local day is crossed off, apart from the engine."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from price_by_hand import cut


def local_day(moment: datetime, zone: str) -> date:
    """The day on the wall when a moment happens."""
    return moment.astimezone(ZoneInfo(zone)).date()


def crossed(begin: date, end: date) -> int:
    """Days from one day up to, not including, another, counted one by one."""
    found, day = 0, begin
    while day < end:
        found, day = found + 1, day + timedelta(days=1)
    return found


def commercial(begin: date, end: date) -> int:
    """The same in months of 30 days, where the last day of a month is its 30th and a 31st day is none."""
    found, day = 0, begin
    while day < end:
        tomorrow = day + timedelta(days=1)
        if tomorrow.month != day.month:  # from the last day, as the 30th, to the 1st
            found += 1
        elif (tomorrow + timedelta(days=1)).month != tomorrow.month:  # to the last day, as the 30th
            found += 30 - day.day
        else:
            found += 1
        day = tomorrow
    return found


def part(count: str, zone: str, owner: str, side: str, at: datetime, period: tuple[datetime, datetime]) -> Fraction:
    """The share of the period that is credited (``old``) or charged (``new``) for a change at a moment."""
    start, end = period
    if count == "second":
        return Fraction(int((end - at).total_seconds()), int((end - start).total_seconds()))
    measure = commercial if count == "thirty_360" else crossed
    days = local_day(start, zone), local_day(at, zone), local_day(end, zone)
    belongs_to_old = owner in (("old", "both") if side == "old" else ("old", "neither"))
    first = days[1] + timedelta(days=1) if belongs_to_old else days[1]
    return Fraction(measure(first, days[2]), measure(days[0], days[2]))


def amount(
    multiply: str, price: Fraction, quantity: int, factor: Fraction, scale: int, discount: Fraction = Fraction(0)
) -> Fraction:
    """What a line costs for a share of its period, rounded half up: the unit price first, or the line."""
    if multiply == "unit_price":
        return cut(price * factor, scale, "half_up") * quantity
    return cut(max(Fraction(0), price * quantity - discount) * factor, scale, "half_up")
