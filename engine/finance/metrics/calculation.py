"""Metrics: subscriptions over time in; roll-forward, movements, ratios, cohorts and the bridge to the books out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT, Money
from engine.base.record import frozen
from engine.finance.calculation import Calculation
from engine.finance.calendar import DAY, Span
from engine.finance.exact import ZERO
from engine.finance.metrics import codes as codes
from engine.finance.metrics.bridge import bridge
from engine.finance.metrics.check import check
from engine.finance.metrics.cohorts import cohorts
from engine.finance.metrics.facts import (
    Logos,
    MetricsFacts,
    MetricsResult,
    MovementType,
    RollForward,
    Totals,
)
from engine.finance.metrics.levels import Counted, Levels, changes
from engine.finance.metrics.movements import LOSSES, Step, grouped, steps, within
from engine.finance.metrics.ratios import Basis, Sums, ratios
from engine.finance.metrics.rules import Rules, rules_of
from engine.finance.problem import refused
from engine.spec.documents.metrics import ArrScope, Metrics

MONTHS_A_YEAR = 12
YEARS_MAX = 100


@frozen
class History:
    """Everything that subscriptions did, and what of it lies inside the time measured."""

    levels: Levels
    groups: Mapping[str, Sequence[Counted]]
    steps: Mapping[str, Sequence[Step]]
    inside: Sequence[Step]
    ignored: frozenset[str]
    span: Span

    @property
    def versions(self) -> list[Counted]:
        """All of them."""
        return [version for group in self.groups.values() for version in group]


def prepare(document: Metrics) -> Callable[[MetricsFacts], MetricsResult]:
    """The function of a document without findings."""
    rules = rules_of(document)
    return lambda facts: _measure(rules, facts)


def _measure(rules: Rules, facts: MetricsFacts) -> MetricsResult:
    _check_currencies(rules, facts)
    history = _history(rules, facts)
    basis = _counted_elsewhere(facts) if history is None else _counted(history)
    usage_quantity, usage_amount = _usage(facts)
    result = MetricsResult(
        ratios=ratios(rules, basis, facts.currency),
        logos=basis.logos,
        usage_quantity=usage_quantity,
        usage_revenue=rules.money(usage_amount, facts.currency) if facts.usage else None,
    )
    result = _shown(rules, facts, basis, result)
    if history is None:
        return result
    books = facts.books
    return replace(
        _with_history(rules, facts, history, result),
        bridge=None if books is None else bridge(rules, facts, books, history.span, usage_amount),
    )


def _counted(history: History) -> Basis:
    sums = _sums(history)
    counts = history.levels.facts.counts
    return Basis(sums, _by_day(history), sums.end, counts, _logos(history), _cohort(history))


def _counted_elsewhere(facts: MetricsFacts) -> Basis:
    days = [_read(each) for each in facts.totals]
    sums = _added(days)
    return Basis(sums, days, _closing(facts, sums), facts.counts, None, None)


def _history(rules: Rules, facts: MetricsFacts) -> History | None:
    if not facts.subscriptions:
        if facts.books is not None:
            raise refused(rules.where, "the bridge begins with subscriptions, and none are given",
                          "give `subscriptions`, or leave `books` out")  # fmt: skip
        if not _is_empty_period(facts):
            return None
    if facts.start is None or facts.end is None or facts.end <= facts.start:
        raise refused(rules.where, "the time measured has no start and end", "give `start` and a later `end`")
    if facts.end.year - facts.start.year > YEARS_MAX:
        raise refused(rules.where, f"the time measured, from {facts.start} to {facts.end}, is longer than a century",
                      "give the days that are really measured")  # fmt: skip
    if facts.totals:
        raise refused(rules.where, "both subscriptions and totals counted elsewhere are given", "give one of the two")
    levels = Levels(rules, facts)
    groups = grouped(levels, facts.subscriptions)
    all_steps = {key: steps(levels, key, versions) for key, versions in groups.items()}
    inside: list[Step] = []
    ignored = set()
    for key, found in all_steps.items():
        kept = within(rules, found, facts.start, facts.end)
        inside += kept
        if not kept and any(facts.start <= step.on < facts.end for step in found):
            ignored.add(key)
    inside.sort(key=lambda step: (step.on, step.key))
    return History(levels, groups, all_steps, inside, frozenset(ignored), Span(facts.start, facts.end))


def _is_empty_period(facts: MetricsFacts) -> bool:
    """A time in which nobody subscribed to anything is measured like any other, and comes to zero."""
    elsewhere = facts.totals or facts.counts is not None or facts.mrr is not None
    return facts.start is not None and facts.end is not None and not elsewhere


def _check_currencies(rules: Rules, facts: MetricsFacts) -> None:
    given: list[tuple[str, Money | None]] = [("mrr", facts.mrr)]
    for each in facts.totals:
        given += [("totals", getattr(each, field.name)) for field in fields(each)]
    given += [("usage", each.unit_price) for each in facts.usage]
    for name, amount in given:
        if amount is not None and amount.currency != facts.currency:
            raise refused(rules.where.at(record=name), f"{amount} is not in {facts.currency}, the reporting currency",
                          "convert it before it is counted")  # fmt: skip


# ----------------------------------------------------------------------------- sums


def _sums(history: History) -> Sums:
    """The roll-forward: opening and closing at their own rates, movements at those of their days."""
    levels, span = history.levels, history.span
    versions = history.versions
    before = span.start - DAY
    opening = levels.at(versions, before, before)
    sums = _classed(opening, history.inside)
    closing = levels.at(versions, span.last, span.last)
    return replace(sums, fx=closing - sums.end)


def _classed(start: Fraction, found: Iterable[Step]) -> Sums:
    by_type: dict[MovementType, Fraction] = defaultdict(lambda: ZERO)
    for step in found:
        by_type[step.type] += -step.amount if step.type in LOSSES else step.amount
    return Sums(
        start,
        by_type[MovementType.NEW],
        by_type[MovementType.REACTIVATION],
        by_type[MovementType.EXPANSION],
        by_type[MovementType.CONTRACTION],
        by_type[MovementType.CHURN],
    )


def _by_day(history: History) -> list[Sums]:
    """One roll-forward for each day on which something moved."""
    before = history.span.start - DAY
    running = history.levels.at(history.versions, before, before)
    by_day: dict[date, list[Step]] = defaultdict(list)
    for step in history.inside:
        by_day[step.on].append(step)
    found = []
    for day in sorted(by_day):
        sums = _classed(running, by_day[day])
        found.append(sums)
        running = sums.end
    return found


def _read(totals: Totals) -> Sums:
    def value(amount: Money | None) -> Fraction:
        return ZERO if amount is None else Fraction(amount.amount)

    found = Sums(
        value(totals.start), value(totals.new), value(totals.reactivation), value(totals.expansion),
        value(totals.contraction), value(totals.churn), value(totals.fx),
    )  # fmt: skip
    if totals.end is None:
        return found
    rest = value(totals.end) - found.end
    if rest >= 0:
        return replace(found, expansion=found.expansion + rest)
    return replace(found, contraction=found.contraction - rest)


def _added(found: Sequence[Sums]) -> Sums | None:
    """Successive roll-forwards as one."""
    if not found:
        return None
    rest = {field.name: sum((getattr(each, field.name) for each in found), ZERO) for field in fields(Sums)}
    return Sums(**{**rest, "start": found[0].start})


def _closing(facts: MetricsFacts, sums: Sums | None) -> Fraction | None:
    if facts.mrr is not None:
        return Fraction(facts.mrr.amount)
    return None if sums is None else sums.end


def _logos(history: History) -> Logos:
    """Customers who pay, counted one by one."""
    versions, levels, span = history.groups, history.levels, history.span
    before = span.start - DAY
    opening = sum(1 for each in versions.values() if levels.at(each, before, before) > 0)
    closing = sum(1 for each in versions.values() if levels.at(each, span.last, span.last) > 0)

    def count(type_: MovementType) -> Decimal:
        return Decimal(sum(1 for step in history.inside if step.type is type_))

    return Logos(
        opening=Decimal(opening), new=count(MovementType.NEW), reactivated=count(MovementType.REACTIVATION),
        churned=count(MovementType.CHURN), closing=Decimal(closing),
    )  # fmt: skip


def _cohort(history: History) -> tuple[Fraction, Fraction] | None:
    """What the customers of the opening pay at the closing, and paid then."""
    now, then = ZERO, ZERO
    before, last = history.span.start - DAY, history.span.last
    for versions in history.groups.values():
        level = history.levels.at(versions, before, before)
        if level > 0:
            then += level
            now += history.levels.at(versions, last, last)
    return (now, then) if then else None


def _usage(facts: MetricsFacts) -> tuple[Decimal, Fraction]:
    quantity, amount = Decimal(0), ZERO
    for each in facts.usage:
        quantity = EXACT.add(quantity, each.quantity)
        amount += Fraction(each.quantity) * Fraction(each.unit_price.amount)
    return quantity, amount


# ----------------------------------------------------------------------------- what is shown


def _shown(rules: Rules, facts: MetricsFacts, basis: Basis, result: MetricsResult) -> MetricsResult:
    """The result with roll-forward, MRR and ARR, where they are known."""
    if basis.closing is None:
        return result
    return replace(
        result,
        rollforward=None if basis.sums is None else _rollforward(rules, basis.sums, facts.currency),
        mrr=rules.money(basis.closing, facts.currency),
        arr=rules.money(basis.closing * MONTHS_A_YEAR, facts.currency),
    )


def _rollforward(rules: Rules, sums: Sums, currency: str) -> RollForward:
    signed = [sums.start, sums.new, sums.reactivation, sums.expansion, -sums.contraction, -sums.churn, sums.fx]
    start, new, back, more, less, lost, fx = rules.running(signed, currency)
    end = rules.money(sums.end, currency)
    return RollForward(start=start, new=new, reactivation=back, expansion=more, contraction=-less, churn=-lost, fx=fx,
                       end=end, net=end - start)  # fmt: skip


def _with_history(rules: Rules, facts: MetricsFacts, history: History, result: MetricsResult) -> MetricsResult:
    """Movements, planned changes, committed figures and cohorts."""
    currency, last = facts.currency, history.span.last
    planned = sorted(
        (step for found in history.steps.values() for step in found if step.on >= history.span.end),
        key=lambda step: (step.on, step.key),
    )
    versions = history.versions
    final = max(changes(versions), default=last)
    committed = [each for each in versions if (each.version.committed_months or 0) >= MONTHS_A_YEAR]
    for_year = committed if rules.document.arr is ArrScope.COMMITTED_YEAR else versions
    kept = {key: found for key, found in history.steps.items() if key not in history.ignored}
    return replace(
        result,
        arr=rules.money(history.levels.at(for_year, last, last) * MONTHS_A_YEAR, currency),
        cmrr=rules.money(history.levels.at(versions, max(final, last), last), currency),
        movements=tuple(step.shown(rules, currency) for step in history.inside),
        planned=tuple(step.shown(rules, currency) for step in planned),
        cohorts=tuple(cohorts(rules, kept, history.span, currency)),
    )


CALCULATION: Calculation[Metrics, MetricsFacts, MetricsResult] = Calculation(
    "metrics", "metrics", MetricsFacts, MetricsResult, check, prepare
)
