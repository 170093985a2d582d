"""The part of a period: how stretches are counted and divided, as :class:`engine.spec.documents.proration.TimeFraction`
says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from engine.base.errors import Failure
from engine.base.record import frozen
from engine.finance.calendar import (
    DAY,
    Point,
    Span,
    add_months,
    day_of,
    days_30_360,
    days_fixed_month,
    moment_of,
    next_boundary,
)
from engine.finance.exact import ONE, ZERO, rounded
from engine.finance.problem import Where, refused
from engine.finance.proration.facts import Every, Unit
from engine.spec.documents.finance import Rounding
from engine.spec.documents.proration import (
    Anchor,
    AnchorRule,
    Count,
    Denominator,
    Interval,
    NominalDays,
    Partial,
    TimeFraction,
)

SECONDS_A_DAY = 86_400
MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


@frozen
class Stretch:
    """A stretch of time, half open: days where days are counted, moments where seconds are."""

    start: Point
    end: Point

    @property
    def empty(self) -> bool:
        return not after(self.end, self.start)

    def overlap(self, other: Stretch) -> Stretch:
        start = self.start if after(self.start, other.start) else other.start
        end = other.end if after(self.end, other.end) else self.end
        return Stretch(start, end if after(end, start) else start)


def after(left: Point, right: Point) -> bool:
    """Whether a point lies after another of the same kind."""
    return left > right


@frozen
class Share:
    """A part of a period: what was counted, what it was divided by, and the exact factor."""

    part: Fraction
    whole: Fraction
    factor: Fraction


@frozen
class Measure:
    """Counts and divides stretches as one document says."""

    where: Where
    rule: TimeFraction
    anchor: AnchorRule
    nominal: NominalDays
    zone: ZoneInfo
    broken: Rounding | None = None

    def point(self, value: date | datetime) -> Point:
        """A start as this measure counts: a local day, or a moment."""
        if self.rule.count is not Count.SECOND:
            return day_of(value, self.zone)
        try:
            return moment_of(value, self.zone)
        except OverflowError:
            raise self._beyond(value) from None

    def end(self, value: date | datetime) -> Point:
        """An end as this measure counts: the first point after it."""
        found = self.point(value)
        if self.rule.interval is not Interval.INCLUSIVE:
            return found
        try:
            return found + DAY
        except OverflowError:
            raise self._beyond(value) from None

    def _beyond(self, value: object) -> Failure:
        return refused(self.where, f"{value} lies at the end of the calendar", "give a real date, or leave it out")

    def length(self, stretch: Stretch) -> Fraction:
        """The counted length of a stretch; nothing if it is empty."""
        start, end = stretch.start, stretch.end
        if stretch.empty:
            return ZERO
        if isinstance(start, datetime) and isinstance(end, datetime):
            length = end - start
            return Fraction(length.days * SECONDS_A_DAY + length.seconds) + Fraction(length.microseconds, 1_000_000)
        span = Span(day_of(start, self.zone), day_of(end, self.zone))
        if self.rule.count is Count.FIXED_MONTH:
            return Fraction(days_fixed_month(span, self.rule.month_days))
        if self.rule.count is Count.THIRTY_360:
            if self.rule.interval is Interval.INCLUSIVE:
                return Fraction(days_30_360(Span(span.start, span.last)) + 1)
            return Fraction(days_30_360(span))
        return Fraction(span.days)

    def days(self, count: Fraction | int) -> Fraction:
        """A number of days in the unit that is counted."""
        return Fraction(count) * (SECONDS_A_DAY if self.rule.count is Count.SECOND else 1)

    # ------------------------------------------------------------------------- denominators

    def whole(
        self, denominator: Denominator, period: Stretch, every: Every | None, fresh_from: Point, where: Where
    ) -> Fraction:
        """What a part is divided by, in the counted unit."""
        if denominator is Denominator.PERIOD:
            return self.length(period)
        if denominator is Denominator.FRESH:
            return self.length(Stretch(fresh_from, self.advance(fresh_from, self._plan(every, where), 1)))
        plan = every or Every(unit=Unit.MONTH)
        if denominator is Denominator.FIXED:
            return self.days(self._fixed_days(plan))
        return self.days(self._nominal_days(plan))

    @staticmethod
    def _plan(every: Every | None, where: Where) -> Every:
        if every is None:
            raise refused(
                where, "the length of the plan's period is not known", "give the line its `every`, such as one month"
            )
        return every

    def _fixed_days(self, every: Every) -> int:
        if every.unit in DAYS:
            return DAYS[every.unit] * every.count
        return self.rule.month_days * MONTHS[every.unit] * every.count

    def _nominal_days(self, every: Every) -> int:
        if every.unit is Unit.DAY:
            return every.count
        if every.unit is Unit.WEEK:
            return self.nominal.week * every.count
        months = MONTHS[every.unit] * every.count
        table = {1: self.nominal.month, 3: self.nominal.quarter, 6: self.nominal.half_year, 12: self.nominal.year}
        return table.get(months) or (
            self.nominal.year * (months // 12) if months % 12 == 0 else self.nominal.month * months
        )

    def share(self, stretch: Stretch, whole: Fraction, where: Where) -> Share:
        """The part as one ratio; a part within the tolerance counts as a whole."""
        part = self.length(stretch)
        if whole <= 0:
            raise refused(where, "the period has no length", "check the start and the end of the period")
        tolerance = Fraction(self.rule.tolerance_percent) / 100
        if tolerance and part and abs(part / whole - 1) < tolerance:
            return Share(part, whole, ONE)
        return Share(part, whole, part / whole)

    # ------------------------------------------------------------------------- periods of a plan

    def advance(self, start: Point, every: Every, count: int) -> Point:
        """The start of the ``count``-th period after one that starts here; the day is remembered at month ends."""
        if every.count < 1:
            raise refused(self.where, f"a plan's period is {every.count} {every.unit.value}s", "give one or more")
        try:
            return self._advance(start, every, count)
        except (OverflowError, ValueError):
            raise self._beyond(f"period {count} from {start}") from None

    def _advance(self, start: Point, every: Every, count: int) -> Point:
        if every.unit in DAYS:
            return start + timedelta(days=DAYS[every.unit] * every.count * count)
        months = MONTHS[every.unit] * every.count * count
        if isinstance(start, datetime):
            local = start.astimezone(self.zone)
            day = add_months(local.date(), months)
            return moment_of(datetime.combine(day, local.timetz()), self.zone)
        return add_months(start, months)

    def following(self, start: Point, every: Every, anchor: Anchor) -> Point:
        """Where the period that starts here ends, by an anniversary or by the calendar."""
        if anchor is not Anchor.CALENDAR or every.unit in DAYS:
            return self.advance(start, every, 1)
        if every.count < 1:
            return self.advance(start, every, 1)
        try:
            found = next_boundary(day_of(start, self.zone), MONTHS[every.unit] * every.count, self.anchor.day)
        except ValueError:
            raise self._beyond(f"the period from {start}") from None
        return self.point(found)

    def starts(self, start: Point, every: Every) -> Iterator[Point]:
        """The starts of periods from a point on, for ever: the point, then anniversaries or calendar boundaries."""
        yield start
        first = self.following(start, every, self.anchor.periods)
        calendar = self.anchor.periods is Anchor.CALENDAR and every.unit not in DAYS
        count = 0
        while True:
            if calendar:
                yield first
                first = self.following(first, every, Anchor.CALENDAR)
            else:
                count += 1
                yield self.advance(start, every, count)

    def by_periods(self, stretch: Stretch, denominator: Denominator, every: Every | None, where: Where) -> Share:
        """Whole periods of the plan and the shares of broken ones, added up."""
        plan = self._plan(every, where)
        factor, part, whole = ZERO, self.length(stretch), ZERO
        starts = self.starts(self._first_start(stretch.start, plan), plan)
        begin = next(starts)
        while after(stretch.end, begin):
            end = next(starts)
            inside = stretch.overlap(Stretch(begin, end))
            period = Stretch(begin, end)
            if inside == period:
                factor += ONE
            else:
                divisor = self.whole(denominator, period, plan, begin, where)
                factor += self._rounded(self._broken(min(self.share(inside, divisor, where).factor, ONE)))
            whole += self.length(period)
            begin = end
        return Share(part, whole, factor)

    def _first_start(self, start: Point, every: Every) -> Point:
        """Where the plan's period begins that holds a point."""
        if self.anchor.periods is not Anchor.CALENDAR or every.unit in DAYS:
            return start
        boundary = self.following(start, every, Anchor.CALENDAR)
        months = -MONTHS[every.unit] * every.count
        return self.point(add_months(day_of(boundary, self.zone), months, self.anchor.day))

    def _rounded(self, share: Fraction) -> Fraction:
        """The share of one broken period: it is what a statement shows, so it is what is added up."""
        rule = self.broken
        return share if rule is None or rule.scale is None else Fraction(rounded(share, rule.scale, rule.mode))

    def _broken(self, factor: Fraction) -> Fraction:
        if self.rule.partial is Partial.PRORATED:
            return factor
        return Fraction(ceil(factor)) if self.rule.partial is Partial.FULL else ZERO
