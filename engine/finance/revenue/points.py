"""How an amount is earned over days: a curve of whole-number points, and the schedule it gives in periods.

A curve holds points ``(day, cumulative weight)``: what is earned strictly before that day. Between two points it
is straight. All arithmetic up to the result is in integers, of weights and of minor units, so that a hundred
thousand schedules cost seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from engine.base.money import EXACT
from engine.base.record import frozen
from engine.finance.revenue.periods import MONTHS, Period, Periods
from engine.spec.documents.revenue import RoundingStyle


class PeriodAmount(NamedTuple):
    """What is earned in one period, ``[start, end)``."""

    period: str
    start: date
    end: date
    amount: Decimal


def rounded_share(units: int, part: int, whole: int) -> int:
    """``units * part / whole`` to the nearest whole number, halves away from zero."""
    product = units * part
    if whole < 0:
        product, whole = -product, -whole
    if product >= 0:
        return (2 * product + whole) // (2 * whole)
    return -((-2 * product + whole) // (2 * whole))


@frozen
class Curve:
    """The way from nothing to all of an amount. Made by :mod:`engine.finance.revenue.curve`.

    ``days`` are ordinals in rising order, ``weights`` the cumulative weight before each, ``whole`` the weight that
    stands for the full amount. A measure that goes down gives weights that fall. ``scale`` is the number of digits
    of amounts, ``style`` how their fractions are treated.
    """

    days: tuple[int, ...]
    weights: tuple[int, ...]
    whole: int
    scale: int = 2
    style: RoundingStyle = RoundingStyle.CUMULATIVE
    periods: Periods = MONTHS

    # ------------------------------------------------------------------- shares

    def _at(self, ordinal: int) -> tuple[int, int]:
        """The share before a day, as numerator and denominator."""
        days = self.days
        index = bisect_right(days, ordinal) - 1
        if index < 0:
            return 0, self.whole
        weight = self.weights[index]
        if index == len(days) - 1 or days[index] == ordinal:
            return weight, self.whole
        width = days[index + 1] - days[index]
        rise = self.weights[index + 1] - weight
        return weight * width + rise * (ordinal - days[index]), self.whole * width

    def share_before(self, day: date) -> Fraction:
        """The share of the amount that is earned strictly before ``day``."""
        return Fraction(*self._at(day.toordinal()))

    def after(self, day: date) -> Curve:
        """The curve of what is still to be earned from ``day`` on, as a whole of its own.

        Of a measure without further readings nothing is earned yet. Raises ValueError if nothing is left by then.
        """
        ordinal = day.toordinal()
        if ordinal <= self.days[0]:
            return self
        part, whole = self._at(ordinal)
        factor = whole // self.whole
        rest = [(each, weight * factor) for each, weight in zip(self.days, self.weights, strict=True) if each > ordinal]
        if part == whole:
            raise ValueError(f"nothing is left to be earned from {day} on")
        return Curve(
            (ordinal, *(each for each, _ in rest)),
            (0, *(weight - part for _, weight in rest)),
            whole - part, self.scale, self.style, self.periods,
        )  # fmt: skip

    def held_until(self, day: date) -> Curve:
        """The same curve, but nothing before ``day``; what would have been earned is earned on that day."""
        ordinal = day.toordinal()
        if ordinal <= self.days[0]:
            return self
        part, whole = self._at(ordinal + 1)
        factor = whole // self.whole
        rest = [
            (each, weight * factor) for each, weight in zip(self.days, self.weights, strict=True) if each > ordinal + 1
        ]
        return Curve(
            (ordinal, ordinal + 1, *(each for each, _ in rest)),
            (0, part, *(weight for _, weight in rest)),
            whole, self.scale, self.style, self.periods,
        )  # fmt: skip

    def within(self, first: date, after: date) -> Curve:
        """The part of the curve between two days, as a whole of its own. Raises ValueError if that is nothing."""
        begin, end = max(first.toordinal(), self.days[0]), min(after.toordinal(), self.days[-1])
        if begin >= end:
            raise ValueError(f"nothing is earned between {first} and {after}")
        days = (begin, *(day for day in self.days if begin < day < end), end)
        shares = [Fraction(*self._at(day)) for day in days]
        rise = shares[-1] - shares[0]
        if not rise:
            raise ValueError(f"nothing is earned between {first} and {after}")
        points = [(day, (share - shares[0]) / rise) for day, share in zip(days, shares, strict=True)]
        return from_points(points, scale=self.scale, style=self.style, periods=self.periods)

    @property
    def first_day(self) -> date:
        """The first day on which something can be earned."""
        return date.fromordinal(self.days[0])

    @property
    def end(self) -> date:
        """The first day on which nothing more can be earned."""
        return date.fromordinal(self.days[-1])

    # ------------------------------------------------------------------- amounts

    def _units(self, amount: Decimal) -> int:
        scaled = amount.scaleb(self.scale, context=EXACT)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"{amount} has more than {self.scale} digits after the point")
        return units

    def _amount(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.scale, context=EXACT)

    def recognized_before(self, amount: Decimal, day: date) -> Decimal:
        """What of ``amount`` is earned strictly before ``day``, rounded as the schedule rounds.

        In the cumulative style that is the rounded share. In the others it is the sum of the periods that end by
        then, and of the period under way its rounded part. Raises ValueError if ``amount`` has too many digits.
        """
        ordinal = day.toordinal()
        if self.style is RoundingStyle.CUMULATIVE:
            part, whole = self._at(ordinal)
            return self._amount(rounded_share(self._units(amount), part, whole))
        earned = 0
        for period, units in self._split(self._units(amount)):
            if period.after <= ordinal:
                earned += units
            elif period.first < ordinal:
                before, at, after = (Fraction(*self._at(each)) for each in (period.first, ordinal, period.after))
                part_of = (at - before) / (after - before) if after != before else Fraction(0)
                earned += rounded_share(units, part_of.numerator, part_of.denominator)
        return self._amount(earned)

    def schedule(self, amount: Decimal) -> tuple[PeriodAmount, ...]:
        """What of ``amount`` is earned in each period that the service touches; it adds up to what the curve
        reaches. Raises ValueError if ``amount`` has too many digits."""
        return tuple(
            PeriodAmount(period.name, period.start, period.end, earned) for period, earned in self.rows(amount)
        )

    def rows(self, amount: Decimal) -> list[tuple[Period, Decimal]]:
        """The same as :meth:`schedule`, with the periods themselves."""
        scale, exact, number = -self.scale, EXACT, Decimal
        return [(period, number(units).scaleb(scale, exact)) for period, units in self._split(self._units(amount))]

    def _split(self, units: int) -> Sequence[tuple[Period, int]]:
        touched = self.periods.touching(self.days[0], self.days[-1])
        if self.style is RoundingStyle.CUMULATIVE:
            return self._cumulative(units, touched)
        return self._remainder(units, touched)

    def _cumulative(self, units: int, touched: tuple[Period, ...]) -> Sequence[tuple[Period, int]]:
        """Differences of the rounded cumulative amount. Two points, the common case, need no search."""
        rows = []
        before = 0
        days, weights, whole = self.days, self.weights, self.whole
        if len(days) == 2 and units >= 0 <= weights[1] and not weights[0]:
            first, end = days
            factor, halves = 2 * units * weights[1], whole * (end - first)
            for period in touched:
                day = period.after
                reached = (factor * ((day if day < end else end) - first) + halves) // (2 * halves)
                rows.append((period, reached - before))
                before = reached
            return rows
        for period in touched:
            part, parts = self._at(period.after)
            reached = rounded_share(units, part, parts)
            rows.append((period, reached - before))
            before = reached
        return rows

    def _remainder(self, units: int, touched: tuple[Period, ...]) -> Sequence[tuple[Period, int]]:
        steps: list[Fraction] = []
        before = Fraction(*self._at(self.days[0]))
        for period in touched:
            at = Fraction(*self._at(period.after))
            steps.append(at - before)
            before = at
        earned = [rounded_share(units, step.numerator, step.denominator) for step in steps]
        target = rounded_share(units, self.weights[-1], self.whole)
        place = self._remainder_place(touched, steps, earned, units)
        earned[place] = target - (sum(earned) - earned[place])
        return list(zip(touched, earned, strict=True))

    def _remainder_place(
        self, touched: tuple[Period, ...], steps: list[Fraction], earned: list[int], units: int
    ) -> int:
        """Which period takes what is left over; in the floor style the full ones are cut down on the way."""
        bearing = [index for index, step in enumerate(steps) if step] or [0]
        if self.style is RoundingStyle.REMAINDER_FIRST:
            return bearing[0]
        if self.style is RoundingStyle.REMAINDER_LAST:
            return bearing[-1]
        first, end = self.days[0], self.days[-1]
        full = [index for index in bearing if touched[index].first >= first and touched[index].after <= end]
        for index in full:
            exact = units * steps[index]
            earned[index] = int(exact)  # toward zero, so that a credit mirrors its charge
        return full[-1] if full else bearing[-1]


def from_points(
    points: Iterable[tuple[int, Fraction | int]],
    *,
    scale: int = 2,
    style: RoundingStyle = RoundingStyle.CUMULATIVE,
    periods: Periods = MONTHS,
) -> Curve:
    """A curve from days (ordinals, rising) and the exact share of the whole earned before each."""
    given = list(points)
    if not given:
        raise ValueError("a curve needs a point")
    whole = lcm(*(Fraction(share).denominator for _, share in given))
    weights = tuple(int(Fraction(share) * whole) for _, share in given)
    return Curve(tuple(day for day, _ in given), weights, whole, scale, style, periods)


def from_weights(
    segments: Iterable[tuple[int, int, int]],
    *,
    scale: int = 2,
    style: RoundingStyle = RoundingStyle.CUMULATIVE,
    periods: Periods = MONTHS,
) -> Curve:
    """A curve from adjoining stretches of days ``(first, after, weight)``, each earned evenly over its days.

    Raises ValueError if the weights add up to nothing.
    """
    days: list[int] = []
    weights: list[int] = []
    total = 0
    for first, after, weight in segments:
        if not days:
            days.append(first)
            weights.append(0)
        elif first != days[-1]:
            days.append(first)
            weights.append(total)
        total += weight
        days.append(after)
        weights.append(total)
    if total == 0:
        raise ValueError("the weights add up to zero")
    return Curve(tuple(days), tuple(weights), total, scale, style, periods)
