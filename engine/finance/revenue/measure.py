"""From an obligation and its rule to its curve: service dates, gates, and what happened so far."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.calendar import DAY, Span, add_months, whole_months
from engine.finance.exact import decimal_of, rounded
from engine.finance.problem import refused
from engine.finance.revenue.curve import Curve, Options, curve, instant_curve, instant_ends_curve, step_curve
from engine.finance.revenue.facts import Obligation, Reading
from engine.finance.revenue.rated import rated_curve
from engine.finance.revenue.results import Measured, RebateLiability
from engine.finance.revenue.setting import Setting
from engine.spec.documents.revenue import Counted, Overuse
from engine.spec.documents.revenue_methods import Lapse, LateGate, Method, Recognition

RATED = frozenset({Method.USAGE_AS_INVOICED, Method.USAGE_ESTIMATE, Method.MANUAL})
STEPPED = frozenset({Method.PROPORTIONAL, Method.MILESTONE, Method.UNITS, Method.DRAWDOWN})


@frozen
class Measure:
    """How an obligation is earned. Without a curve nothing is, so far. ``own_amount`` is what rated usage comes to,
    for an obligation that has no share of the price; its curve then counts in smallest units."""

    curve: Curve | None
    method: Method
    forecast: bool = False
    own_amount: Decimal | None = None
    progress: tuple[Measured, ...] = ()
    rebates: tuple[RebateLiability, ...] = ()
    warnings: tuple[str, ...] = ()


def rule_of(setting: Setting, obligation: Obligation) -> Recognition:
    """The first rule that fits. Raises Failure if none does."""
    line: object = None
    for rule in setting.rules:
        if rule.applies is None:
            return rule.declared
        if line is None:
            from engine.finance.facts import shown

            line = shown(obligation)
        if rule.applies({"line": line}):
            return rule.declared
    raise refused(
        setting.where.at(rule="obligations", record=f"obligation {obligation.id}"),
        "no rule says how it is recognised",
        "add a rule for it, or one without `when` at the end",
    )


def earns_what_it_is_rated_at(obligation: Obligation, rule: Recognition) -> bool:
    """Whether its readings say what it earns, so that it takes no share of a price."""
    method = obligation.method or rule.method
    released = any(reading.percent is not None for reading in obligation.readings)
    return method in RATED and not (method is Method.MANUAL and released)


def measure_of(setting: Setting, obligation: Obligation, rule: Recognition, payable: Fraction) -> Measure:
    """How the obligation is earned. ``payable`` is the share of rated usage that goes back to the customer."""
    place = setting.where.at(rule=f"rule {rule.id}", record=f"obligation {obligation.id}")
    method = obligation.method or rule.method
    try:
        if earns_what_it_is_rated_at(obligation, rule):
            return _gated(obligation, rule, _rated(setting, obligation, rule, method, payable))
        if method in STEPPED or method is Method.MANUAL:
            return _gated(obligation, rule, _stepped(setting, obligation, rule, method))
        return _dated(setting, obligation, rule, method)
    except ValueError as wrong:
        raise refused(place, str(wrong), "correct the facts of the obligation or its rule") from wrong


# ----------------------------------------------------------------------------- by dates


def service_span(setting: Setting, obligation: Obligation) -> Span | None:
    """The days of service as the document counts them; None without both ends. Raises ValueError."""
    start, end = obligation.start, obligation.end_exclusive
    if obligation.start_at is not None:
        start = obligation.start_at.astimezone(setting.zone).date()
    if obligation.end_at is not None:
        end = obligation.end_at.astimezone(setting.zone).date()
    if obligation.end is not None:
        if end is not None:
            raise ValueError("it has both a last day of service and a first day after it")
        end = obligation.end + DAY if setting.choices.end_day is Counted.COUNTED else obligation.end
    if end is None and start is not None and obligation.months is not None:
        end = add_months(start, obligation.months, start.day)
    if start is None or end is None:
        return None
    if setting.choices.start_day is Counted.NOT_COUNTED:
        start += DAY
    return Span(start, end)


def _dated(setting: Setting, obligation: Obligation, rule: Recognition, method: Method) -> Measure:
    span = service_span(setting, obligation)
    if method is Method.POINT_IN_TIME or span is None:
        _check_half_dated(obligation, method)
        return _gated(obligation, rule, _at_once(setting, obligation, method))
    options = _options(setting, obligation, rule)
    gate, opened, forecast = rule.gate, obligation.released_on, False
    if gate is not None and opened is None:
        if not gate.forecast or obligation.expected_on is None:
            return Measure(None, method)
        opened, forecast = obligation.expected_on, True
    late = gate is not None and opened is not None and opened > span.start
    if not late or gate is None or opened is None:
        return Measure(_curve(setting, obligation, method, span, options), method, forecast)
    if gate.late is LateGate.SLIDE:
        shift = opened - span.start
        moved = replace(
            obligation, start_at=_moved(obligation.start_at, shift), end_at=_moved(obligation.end_at, shift)
        )
        return Measure(_curve(setting, moved, method, _slid(span, opened), options), method, forecast)
    if gate.late is LateGate.CONDENSE and opened < span.end:
        return Measure(
            _curve(setting, replace(obligation, start_at=None), method, Span(opened, span.end), options),
            method,
            forecast,
        )
    return Measure(_curve(setting, obligation, method, span, options).held_until(opened), method, forecast)


def _check_half_dated(obligation: Obligation, method: Method) -> None:
    """A service of which only one end is known would be earned in one day; nobody means that."""
    if method is Method.POINT_IN_TIME or obligation.satisfied_on is not None or obligation.expires_on is not None:
        return
    start = obligation.start or obligation.start_at
    end = obligation.end or obligation.end_exclusive or obligation.end_at
    if start is not None:
        raise ValueError(
            f"it starts on {start} and nothing says when it ends; give `end` or `months`, or no dates at all for what "
            "is earned at once"
        )
    if end is not None:
        raise ValueError(f"it ends on {end} and nothing says when it starts; give `start`")


def _slid(span: Span, start: date) -> Span:
    """The same service from another day on: as many months where it is whole months, else as many days."""
    months, end = whole_months(span)
    if months and end == span.end:
        return Span(start, add_months(start, months, start.day))
    return Span(start, span.end + (start - span.start))


def _moved(moment: datetime | None, shift: timedelta) -> datetime | None:
    return None if moment is None else moment + shift


def _options(setting: Setting, obligation: Obligation, rule: Recognition) -> Options:
    if obligation.months is None and rule.cutover_day is None and not rule.percentages:
        return setting.options
    return replace(
        setting.options, months=obligation.months, cutover_day=rule.cutover_day, percentages=rule.percentages
    )


def _curve(setting: Setting, obligation: Obligation, method: Method, span: Span, options: Options) -> Curve:
    if method not in (Method.BY_INSTANT, Method.PARTIAL_BY_INSTANT_FULL_EVEN):
        return curve(method, span, options)
    start = obligation.start_at or datetime.combine(span.start, time(), setting.zone)
    end = obligation.end_at or datetime.combine(span.end, time(), setting.zone)
    made = instant_curve if method is Method.BY_INSTANT else instant_ends_curve
    return made(start, end, setting.zone, options)


def _at_once(setting: Setting, obligation: Obligation, method: Method) -> Measure:
    """Recognised on the day of satisfaction or expiry. A line without service dates is satisfied when it is booked,
    unless a rule says that it waits for a fact."""
    day = obligation.satisfied_on or obligation.expires_on
    if day is None and method is not Method.POINT_IN_TIME:
        day = obligation.booked_on
    if day is None:
        return Measure(None, Method.POINT_IN_TIME, warnings=(f"{obligation.id} is not yet satisfied",))
    return Measure(curve(Method.POINT_IN_TIME, Span(day, day + DAY), setting.options), Method.POINT_IN_TIME)


# ----------------------------------------------------------------------------- by what happened


def _gated(obligation: Obligation, rule: Recognition, measure: Measure) -> Measure:
    if rule.gate is None or measure.curve is None:
        return measure
    if obligation.released_on is None:
        return replace(measure, curve=None)
    return replace(measure, curve=measure.curve.held_until(obligation.released_on))


def _rated(setting: Setting, obligation: Obligation, rule: Recognition, method: Method, payable: Fraction) -> Measure:
    rated = rated_curve(setting, obligation, rule, method, payable)
    return Measure(rated.curve, method, own_amount=rated.amount, rebates=rated.rebates)


def _stepped(setting: Setting, obligation: Obligation, rule: Recognition, method: Method) -> Measure:
    steps: list[tuple[date, Fraction | int]] = []
    progress: list[Measured] = []
    warnings: list[str] = []
    done, total = Fraction(0), _whole(obligation, method)
    for reading in obligation.readings:
        total = _less(obligation, reading.total) if reading.total is not None else total
        exact, done = _share(reading, done, total)
        if exact > 1 and method is not Method.MILESTONE:
            if setting.choices.overuse is Overuse.REFUSE:
                raise ValueError(f"usage exceeds total units on {reading.on}")
            warnings.append("usage exceeds total units")
            exact = Fraction(1)
        if exact < 0 or exact > 1:
            raise ValueError(f"on {reading.on} progress is {decimal_of(exact * 100)} percent, outside 0 to 100")
        used = exact if rule.measure_scale is None else Fraction(rounded(exact, rule.measure_scale))
        if steps and steps[-1][0] == reading.on:
            steps.pop()
        steps.append((reading.on, used))
        progress.append(
            Measured(obligation=obligation.id, on=reading.on, progress=decimal_of(used), exact=decimal_of(exact))
        )
    if rule.lapsed is Lapse.REVENUE and obligation.expires_on is not None and (not steps or steps[-1][1] < 1):
        if steps and steps[-1][0] >= obligation.expires_on:
            raise ValueError(f"something was used on {steps[-1][0]}, after it lapsed on {obligation.expires_on}")
        steps.append((obligation.expires_on, Fraction(1)))
    made = step_curve(steps, setting.options) if steps else None
    return Measure(made, method, progress=tuple(progress), warnings=tuple(dict.fromkeys(warnings)))


def _whole(obligation: Obligation, method: Method) -> Fraction | None:
    if obligation.total is not None:
        return _less(obligation, obligation.total)
    if method in (Method.UNITS, Method.DRAWDOWN):
        return _less(obligation, obligation.quantity)
    return None


def _less(obligation: Obligation, total: Decimal) -> Fraction:
    """The whole of a measure, without what is expected never to be called for and what does not show progress."""
    return Fraction(total) - Fraction(obligation.expected_breakage) - Fraction(obligation.outside_measure)


def _share(reading: Reading, done: Fraction, total: Fraction | None) -> tuple[Fraction, Fraction]:
    """The share that is done by a reading, and the measure so far."""
    if reading.percent is not None:
        return Fraction(reading.percent) / 100, done
    if reading.reached is not None:
        done = Fraction(reading.reached)
    elif reading.quantity is not None:
        done += Fraction(reading.quantity)
    else:
        raise ValueError(f"the reading of {reading.on} says neither a quantity nor what is reached nor a percentage")
    if total is None:
        raise ValueError("the whole of its measure is not known (`total`)")
    if total <= 0:
        raise ValueError(f"the whole of its measure is {decimal_of(total)}")
    return done / total, done
