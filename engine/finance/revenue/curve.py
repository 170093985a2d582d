"""The date-driven ways of earning revenue: from a method, a service span and its options to a curve.

The methods are declared in engine/spec/documents/revenue_methods.py; each gives every day of the
span a weight, and nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import lcm

from engine.finance.calendar import Span, add_months, days_30_360, month_of
from engine.finance.revenue.periods import MONTHS, Period, Periods
from engine.finance.revenue.points import Curve, PeriodAmount, from_points, from_weights
from engine.spec.documents.revenue import RoundingStyle
from engine.spec.documents.revenue_methods import Method

__all__ = ["Curve", "Method", "PeriodAmount", "Options", "RoundingStyle", "curve", "instant_curve", "step_curve"]

#: A multiple of the length of every month, so that shares of months are whole numbers.
MONTH_PARTS = lcm(28, 29, 30, 31)


@dataclass(frozen=True, slots=True)
class Options:
    """What the methods may need besides the span.

    ``months`` is the number of service months where the contract names it. ``cutover_day`` is the last day of a month
    on which a start still counts as half (``half_month``): a start after it counts 0 and one on the 1st counts 1,
    mirrored at the end; left out, every broken month counts half. ``percentages`` are the shares of successive
    periods (``percent_table``).
    """

    scale: int = 2
    style: RoundingStyle = RoundingStyle.CUMULATIVE
    periods: Periods = MONTHS
    months: int | None = None
    cutover_day: int | None = None
    percentages: tuple[Decimal, ...] = ()


@lru_cache(maxsize=65536)
def curve(method: Method, span: Span, options: Options = Options()) -> Curve:
    """The curve of a method over a span of days. Raises ValueError, in words, for a span or option that does not fit.

    Curves are remembered, because contracts share their service dates.
    """
    made = _METHODS.get(method)
    if made is None:
        raise ValueError(f"{method} needs more than dates")
    if method is not Method.POINT_IN_TIME and not span.days:
        raise ValueError(f"the service ends before {span.end}, but starts on {span.start}")
    return made(span, options)


def _made(segments: Sequence[tuple[int, int, int]], options: Options) -> Curve:
    return from_weights(segments, scale=options.scale, style=options.style, periods=options.periods)


def _clipped(span: Span, options: Options) -> list[tuple[int, int, int, int]]:
    """The periods that a span touches: first and after of the serviced days, and of the whole period."""
    first, after = span.start.toordinal(), span.end.toordinal()
    return [
        (max(first, each.first), min(after, each.after), each.first, each.after)
        for each in options.periods.touching(first, after)
    ]


# ----------------------------------------------------------------------------- the methods


def _by_day(span: Span, options: Options) -> Curve:
    first, after = span.start.toordinal(), span.end.toordinal()
    return Curve((first, after), (0, after - first), after - first, options.scale, options.style, options.periods)


def _counted(span: Span, options: Options, place: Callable[[int, int], range]) -> Curve:
    """So many periods count 1 each; ``place`` tells which, from the number counted and the number touched."""
    touched = _clipped(span, options)
    count = options.months or _service_months(span)
    chosen = place(count, len(touched))
    if count > len(touched):
        raise ValueError(f"{count} months do not fit into the {len(touched)} periods from {span.start} to {span.last}")
    return _made([(a, b, int(index in chosen)) for index, (a, b, _, _) in enumerate(touched)], options)


def _service_months(span: Span) -> int:
    """Months from the start's day on, a broken last one counted whole."""
    count = 1
    while add_months(span.start, count, span.start.day) < span.end:
        count += 1
    return count


def _even_months(span: Span, options: Options) -> Curve:
    return _counted(span, options, lambda count, _touched: range(count))


def _back_load(span: Span, options: Options) -> Curve:
    return _counted(span, options, lambda count, touched: range(touched - count, touched))


def _even_touched(span: Span, options: Options) -> Curve:
    return _made([(a, b, 1) for a, b, _, _ in _clipped(span, options)], options)


def _even_drop_last(span: Span, options: Options) -> Curve:
    """The period of the moment at which the service ends gets nothing, unless the service also starts in it."""
    touched = _clipped(span, options)
    ends_inside = touched[-1][1] < touched[-1][3] and len(touched) > 1
    last = len(touched) - 1
    return _made(
        [(a, b, int(not (ends_inside and index == last))) for index, (a, b, _, _) in enumerate(touched)], options
    )


def _prorated(span: Span, options: Options) -> Curve:
    touched = _clipped(span, options)
    parts = lcm(*(after - first for _, _, first, after in touched))
    return _made([(a, b, (b - a) * (parts // (after - first))) for a, b, first, after in touched], options)


def _partial_by_day(span: Span, options: Options) -> Curve:
    touched = _clipped(span, options)
    full = sum(1 for a, b, first, after in touched if a == first and b == after)
    if not full:
        return _by_day(span, options)
    broken = sum(b - a for a, b, first, after in touched if a != first or b != after)
    shared = span.days - broken
    return _made(
        [(a, b, shared if a == first and b == after else (b - a) * full) for a, b, first, after in touched], options
    )


def _anniversary_months(span: Span, options: Options) -> Curve:
    """Every full period counts 1, a broken first one its share of days, and the last what the first left."""
    touched = _clipped(span, options)
    a, b, first, after = touched[0]
    if a == first or len(touched) == 1:
        return _even_touched(span, options)
    parts, begun = after - first, b - a
    last = len(touched) - 1
    segments = [(a, b, begun if index == 0 else parts) for index, (a, b, _, _) in enumerate(touched)]
    segments[last] = (*segments[last][:2], parts - begun)
    return _made(segments, options)


def _half_month(span: Span, options: Options) -> Curve:
    """A broken first or last month counts half; with a cut-over day, one that begins on or before it counts whole and a
    later one not at all, and one that ends on or before it not at all and a later one whole."""
    touched = _clipped(span, options)
    segments = []
    for a, b, first, after in touched:
        halves = 2
        if options.cutover_day is None:
            halves -= int(a > first) + int(b < after)
        else:
            begins_late = a - first + 1 > options.cutover_day
            ends_early = b < after and b - first <= options.cutover_day
            halves = 0 if begins_late or ends_early else 2
        segments.append((a, b, max(halves, 0)))
    if not any(weight for _, _, weight in segments):
        return _by_day(span, options)
    return _made(segments, options)


def _months_to_tenth(span: Span, options: Options) -> Curve:
    """The number of months is rounded to a tenth, each broken month too; the last month takes the rest."""
    touched = _clipped(span, options)
    reach = touched[-1][3] - 1 - touched[0][2]
    covered = span.last.toordinal() - span.start.toordinal()
    tenths = _tenths(Fraction(len(touched) * covered, reach)) if reach else 10
    given, segments = 0, []
    for index, (a, b, first, after) in enumerate(touched):
        share = min(_tenths(Fraction(b - 1 - a, after - 1 - first)), tenths - given)
        if index == len(touched) - 1 or tenths <= 0:
            share = max(tenths - given, 0)
        given += share
        segments.append((a, b, share))
    if given <= 0:
        return _by_day(span, options)
    return _made(segments, options)


def _tenths(value: Fraction) -> int:
    scaled = value * 10
    return int(scaled + Fraction(1, 2))


def _thirty_360(span: Span, options: Options) -> Curve:
    """Points on every day on which the count of 30-day months leaves that of the calendar."""
    days = {span.start, span.end}
    month = month_of(span.start)
    while month.start < span.end:
        ends = (month.start + timedelta(days=offset) for offset in (*range(27, month.days), 0))
        days.update(day for day in ends if span.start < day < span.end)
        month = month_of(month.end)
    whole = days_30_360(span)
    if whole <= 0:
        return _by_day(span, options)
    ordered = sorted(days)
    weights = tuple(days_30_360(Span(span.start, day)) for day in ordered)
    return Curve(
        tuple(day.toordinal() for day in ordered), weights, whole, options.scale, options.style, options.periods
    )


def _percent_table(span: Span, options: Options) -> Curve:
    touched = _clipped(span, options)
    if len(options.percentages) != len(touched):
        raise ValueError(
            f"{len(options.percentages)} percentages were given for the {len(touched)} periods from {span.start} to "
            f"{span.last}"
        )
    if sum(options.percentages) != 100:
        raise ValueError(f"the percentages add up to {sum(options.percentages)}, not to 100")
    points: list[tuple[int, Fraction]] = [(touched[0][0], Fraction(0))]
    reached = Fraction(0)
    for percent, (_, b, _, _) in zip(options.percentages, touched, strict=True):
        reached += Fraction(percent) / 100
        points.append((b, reached))
    return from_points(points, scale=options.scale, style=options.style, periods=options.periods)


def _point_in_time(span: Span, options: Options) -> Curve:
    first = span.start.toordinal()
    return Curve((first, first + 1), (0, 1), 1, options.scale, options.style, options.periods)


_METHODS: dict[Method, Callable[[Span, Options], Curve]] = {
    Method.BY_DAY: _by_day,
    Method.EVEN_MONTHS: _even_months,
    Method.EVEN_TOUCHED_MONTHS: _even_touched,
    Method.EVEN_MONTHS_DROP_LAST: _even_drop_last,
    Method.PRORATED_CALENDAR_MONTHS: _prorated,
    Method.PARTIAL_BY_DAY_FULL_EVEN: _partial_by_day,
    Method.ANNIVERSARY_MONTHS: _anniversary_months,
    Method.HALF_MONTH: _half_month,
    Method.MONTHS_TO_TENTH: _months_to_tenth,
    Method.FRONT_LOAD: _even_months,
    Method.BACK_LOAD: _back_load,
    Method.THIRTY_360: _thirty_360,
    Method.PERCENT_TABLE: _percent_table,
    Method.POINT_IN_TIME: _point_in_time,
}


# ----------------------------------------------------------------------------- moments and measures


def instant_curve(start: datetime, end: datetime, zone: tzinfo, options: Options = Options()) -> Curve:
    """Earned by the second from one moment to another; days begin at midnight in ``zone``. Raises ValueError."""
    if end <= start:
        raise ValueError(f"the service ends at {end}, not after it starts at {start}")
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    total = _elapsed(start, end)
    points: list[tuple[int, Fraction | int]] = [(first.toordinal(), 0)]
    for ordinal in range(first.toordinal() + 1, last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        points.append((ordinal, _elapsed(start, midnight) / total))
    if _elapsed(start, end) != total * points[-1][1]:
        points.append((last.toordinal() + 1, 1))
    return from_points(points, scale=options.scale, style=options.style, periods=options.periods)


def instant_ends_curve(start: datetime, end: datetime, zone: tzinfo, options: Options = Options()) -> Curve:
    """Broken first and last periods by the second; full ones share the rest equally. Raises ValueError."""
    exact = instant_curve(start, end, zone, options)
    opening, closing = start.astimezone(zone), end.astimezone(zone)
    first = opening.date().toordinal() + int(opening.time() != time())
    after = closing.date().toordinal()
    touched = options.periods.touching(exact.days[0], exact.days[-1])
    full = [each for each in touched if each.first >= first and each.after <= after]
    if not full:
        return exact

    def share(each: Period) -> Fraction:
        return exact.share_before(each.end) - exact.share_before(each.start)

    rest = 1 - sum((share(each) for each in touched if each not in full), Fraction(0))
    points: list[tuple[int, Fraction | int]] = [(exact.days[0], 0)]
    reached = Fraction(0)
    for each in touched:
        reached += rest / len(full) if each in full else share(each)
        points.append((min(each.after, exact.days[-1]), reached))
    return from_points(points, scale=options.scale, style=options.style, periods=options.periods)


def _elapsed(start: datetime, end: datetime) -> Fraction:
    """Microseconds that pass between two moments, whatever their zones and changes of clock."""
    return Fraction((end.astimezone(UTC) - start.astimezone(UTC)) // timedelta(microseconds=1))


def step_curve(steps: Sequence[tuple[date, Fraction | int]], options: Options = Options()) -> Curve:
    """Earned in steps: the share reached by the end of each of these days, in the order of time. It may fall.

    Raises ValueError for no steps or days out of order.
    """
    if not steps:
        raise ValueError("there is nothing that shows progress")
    if any(left >= right for (left, _), (right, _) in pairwise(steps)):
        raise ValueError("steps of progress must follow each other in time, one a day")
    points: list[tuple[int, Fraction | int]] = []
    reached: Fraction | int = 0
    for day, share in steps:
        ordinal = day.toordinal()
        if not points or points[-1][0] != ordinal:
            points.append((ordinal, reached))
        points.append((ordinal + 1, share))
        reached = share
    return from_points(points, scale=options.scale, style=options.style, periods=options.periods)
