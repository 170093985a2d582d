"""What kind of change something is, when it takes effect, and which parts of which periods it touches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from engine.base.record import frozen
from engine.finance.calendar import DAY, Point
from engine.finance.facts import shown
from engine.finance.problem import Where, refused
from engine.finance.proration.facts import Change, Deferred, Every, Line, NextPeriod, ProrationFacts
from engine.finance.proration.measure import Share, Stretch, after
from engine.finance.proration.rules import Rules, by_kind
from engine.spec.documents.proration import (
    Anchor,
    ChangeKind,
    Count,
    Denominator,
    Long,
    Outside,
    Owner,
    Timing,
)


@frozen
class Situation:
    """A change and where it stands in time."""

    change: Change
    kind: ChangeKind
    where: Where
    at: Point
    end: Point | None
    periods: tuple[Stretch, ...]

    @property
    def current(self) -> Stretch | None:
        return self.periods[-1] if self.periods else None


@frozen
class Part:
    """A stretch to bill and the period it is a part of."""

    stretch: Stretch
    period: Stretch


def value_of(line: Line) -> Fraction:
    """What a line costs for a whole period, before discounts."""
    return Fraction(line.unit_price.amount) * Fraction(line.quantity)


def kind_of(change: Change) -> ChangeKind:
    """The kind given, or what the lines say."""
    if change.kind is not None:
        return change.kind
    if not change.old:
        return ChangeKind.START
    if not change.new:
        return ChangeKind.CANCEL
    intervals = [{line.every for line in lines if line.every} for lines in (change.old, change.new)]
    if all(intervals) and intervals[0].isdisjoint(intervals[1]):
        return ChangeKind.INTERVAL
    before = {(line.id, line.unit_price, line.type): line.quantity for line in change.old}
    now = {(line.id, line.unit_price, line.type): line.quantity for line in change.new}
    up = sum(map(value_of, change.new)) - sum(map(value_of, change.old))
    if before.keys() == now.keys() and before != now:
        return ChangeKind.INCREASE if up >= 0 else ChangeKind.DECREASE
    if up == 0:
        return ChangeKind.SWITCH
    return ChangeKind.UPGRADE if up > 0 else ChangeKind.DOWNGRADE


def situation(rules: Rules, facts: ProrationFacts, change: Change) -> Situation:
    """A change with its dates as this document counts them."""
    measure, where = rules.measure, rules.where.at(record=f"change {change.id}")
    given = [*facts.earlier_periods, *([facts.period] if facts.period else [])]
    periods = tuple(Stretch(measure.point(each.start), measure.end(each.end)) for each in given)
    for each in periods:
        if each.empty:
            raise refused(where, f"the period from {each.start} ends on {each.end}, before it starts",
                          "correct the period")  # fmt: skip
    for earlier, later in pairwise(periods):
        if earlier.end != later.start:
            raise refused(
                where,
                f"a billed period ends on {earlier.end} and the next one begins on {later.start}",
                "give the billed periods without gap or overlap, oldest first",
            )
    end = None if change.until is None else measure.end(change.until)
    return Situation(change, kind_of(change), where, measure.point(change.at), end, periods)


def deferral(rules: Rules, facts: ProrationFacts, found: Situation) -> Deferred | None:
    """When a change takes effect later than now: what to remember instead of billing. Refuses contradictions."""
    change, kind, where = found.change, found.kind, found.where
    timing, told = _timing(rules, change, kind)
    decided = None if change.decided is None else rules.measure.point(change.decided)
    if change.timing is Timing.IMMEDIATE and decided is not None and after(found.at, decided):
        raise refused(
            where,
            f"effective_date_conflict: the change is said to take effect at once, and its date {change.at} lies after "
            f"{change.decided}, when it was decided",
            "ask billing for the date that was agreed",
        )
    if timing is Timing.IMMEDIATE:
        future = found.current is not None and not after(found.current.end, found.at)
        if not future or kind is ChangeKind.EXTEND or rules.time.outside is not Outside.REFUSE:
            return None
        return Deferred(change=change.id, kind=kind, at=found.at,
                        explanation="it lies after the billed period, which is not touched")  # fmt: skip
    if timing is Timing.TERM_END:
        if facts.term_end is None:
            raise refused(where, "it takes effect at the term's end, which is not known", "give `term_end`")
        end = rules.measure.end(facts.term_end)
    else:
        end = _period_end(found)
    if not after(end, found.at):
        end = found.at
    return Deferred(change=change.id, kind=kind, at=end,
                    explanation=f"it takes effect at the {timing.value.replace('_', ' ')}: {told}")  # fmt: skip


def _timing(rules: Rules, change: Change, kind: ChangeKind) -> tuple[Timing, str]:
    """When a change takes effect, and who says so: the change, a case of the document, or the rule for its kind."""
    if change.timing is not None:
        return change.timing, "as the change itself says"
    if rules.timing_cases:
        scope = {"change": {**shown(change), "kind": kind.value}}
        for index, (holds, timing) in enumerate(rules.timing_cases):
            if holds(scope):
                return timing, f"case {index + 1} of the document's timing"
    timing = by_kind(kind, rules.timing.default, rules.timing.by_kind)
    return timing, f"{kind} changes wait for it by the document's rule"


def _period_end(found: Situation) -> Point:
    for period in found.periods:
        if after(period.end, found.at):
            return period.end
    if found.current is None:
        raise refused(found.where, "it takes effect at the period's end, which is not known", "give `period`")
    return found.at


def starts(rules: Rules, found: Situation) -> tuple[Point, Point]:
    """From where the old lines are credited and the new ones charged, by the owner of the day of the change."""
    owner = by_kind(found.kind, rules.time.change_day, rules.time.change_day_by_kind)
    if rules.time.count is Count.SECOND:
        return found.at, found.at
    credit = found.at + DAY if owner in (Owner.OLD, Owner.BOTH) else found.at
    charge = found.at + DAY if owner in (Owner.OLD, Owner.NEITHER) else found.at
    return credit, charge


def parts(rules: Rules, found: Situation, start: Point, *, end: Point | None = None) -> list[Part]:
    """The parts of the billed periods from a point on, to the change's end or the period's."""
    where = found.where
    last = end or found.end or (found.current.end if found.current else None)
    if last is None:
        raise refused(where, "neither its period nor its end is known", "give `period`, or `until` of the change")
    lenient = rules.time.outside is Outside.CLAMP
    if after(found.at, last) and not lenient:
        raise refused(where, f"it ends on {last}, before it starts on {found.at}", "correct `at` or `until`")
    stretch = Stretch(start, last if after(last, start) else start)
    if found.current is None or rules.time.long is Long.PERIODS:
        return [Part(stretch, found.current or stretch)]
    if rules.time.outside is Outside.EXTEND or found.kind is ChangeKind.EXTEND:
        return [Part(stretch, found.current)]
    first, current = found.periods[0], found.current
    if not lenient and (after(first.start, stretch.start) or after(stretch.end, current.end)):
        raise refused(
            where,
            f"the part from {stretch.start} to {stretch.end} reaches beyond the billed periods from {first.start} to "
            f"{current.end}",
            "give the earlier periods that it changes, or say in `time.outside` how such a part is billed",
        )
    inside = [Part(stretch.overlap(period), period) for period in found.periods]
    touched = [part for part in inside if not part.stretch.empty]
    return touched or [Part(Stretch(start, start), current)]


def share_of(rules: Rules, found: Situation, line: Line, part: Part, denominator: Denominator) -> Share:
    """The factor of a line for a part: stated, by whole periods, or one ratio."""
    measure, where = rules.measure, found.where.at(rule=f"line {line.id}")
    if found.change.share is not None:
        exact = Fraction(found.change.share)
        return Share(exact, Fraction(1), exact)
    if line.period_days is not None:
        return measure.share(part.stretch, measure.days(Fraction(line.period_days)), where)
    if rules.time.long is Long.PERIODS or found.current is None:
        return measure.by_periods(part.stretch, denominator, line.every, where)
    decided = found.change.decided
    fresh = part.stretch.start if decided is None else measure.point(decided)
    whole = measure.whole(denominator, part.period, line.every, fresh, where)
    return measure.share(part.stretch, whole, where)


def anchored(rules: Rules, found: Situation) -> Anchor:
    """What happens to the periods with this change."""
    return rules.anchor.on_interval if found.kind is ChangeKind.INTERVAL else rules.anchor.on_change


def plan_of(found: Situation, lines: tuple[Line, ...]) -> Every:
    """The plan's period of lines that start anew. Refuses if they do not say."""
    for line in lines:
        if line.every is not None:
            return line.every
    raise refused(found.where, "a new period begins, and the length of the plan's period is not known",
                  "give the new lines their `every`, such as one month")  # fmt: skip


def next_period(rules: Rules, found: Situation) -> NextPeriod | None:
    """The period in which a change leaves the subscription; None where it ends or nothing is known."""
    change, current = found.change, found.current
    if found.kind in (ChangeKind.CANCEL, ChangeKind.PAUSE):
        return None
    anchor = anchored(rules, found)
    if anchor is Anchor.KEEP or not change.new:
        if current is None:
            return None
        if found.kind is ChangeKind.EXTEND and found.end is not None:
            current = replace(current, end=found.end)
        if found.kind is ChangeKind.SHORTEN:
            current = replace(current, end=found.at)
        return NextPeriod(change=change.id, start=current.start, end=current.end)
    end = rules.measure.following(found.at, plan_of(found, change.new), anchor)
    return NextPeriod(change=change.id, start=found.at, end=end)
