"""The bridge: from recurring revenue by month to recognised revenue, billings and cash, every difference named."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from engine.base.money import Money
from engine.base.record import frozen
from engine.finance.calendar import Span, calendar_months
from engine.finance.exact import ZERO
from engine.finance.metrics.facts import Books, Bridge, BridgeStep, MetricsFacts, Stage
from engine.finance.metrics.levels import Levels, changes
from engine.finance.metrics.rules import Rules
from engine.spec.documents.metrics import Counted

UNEXPLAINED = "unexplained"


@frozen
class Named:
    """A difference and its exact amount."""

    stage: Stage
    name: str
    amount: Fraction


def bridge(rules: Rules, facts: MetricsFacts, books: Books, span: Span, billed_usage: Fraction) -> Bridge:
    """Every step, and in each stage what stays unexplained."""
    month_ends, weighted = _by_month(Levels(rules, facts), span)
    really = _by_month(Levels(rules, facts, every_discount=True), span)[1]
    found = [
        Named(Stage.RECOGNISED, "recurring revenue at month ends", month_ends),
        Named(Stage.RECOGNISED, "changes inside months", weighted - month_ends),
        Named(Stage.RECOGNISED, "discounts that recurring revenue does not count", really - weighted),
    ]
    if rules.mrr.usage is Counted.EXCLUDED:
        found.append(Named(Stage.RECOGNISED, "usage", billed_usage))
    found += _named(books, Stage.RECOGNISED)
    steps, open_ = _stage(rules, facts.currency, Stage.RECOGNISED, found, ZERO, books.recognised)
    gaps = [open_]
    running = Fraction(books.recognised.amount)
    if books.billed is not None:
        found = [
            Named(Stage.BILLED, "change of deferred revenue", _value(books.deferred_change)),
            Named(Stage.BILLED, "change of unbilled revenue", -_value(books.unbilled_change)),
            Named(Stage.BILLED, "tax", _value(books.tax)),
            *_named(books, Stage.BILLED),
        ]
        more, open_ = _stage(rules, facts.currency, Stage.BILLED, found, running, books.billed)
        steps, gaps, running = steps + more, [*gaps, open_], Fraction(books.billed.amount)
    if books.cash is not None:
        found = [Named(Stage.CASH, "change of receivables", -_value(books.receivable_change))]
        found += _named(books, Stage.CASH)
        more, open_ = _stage(rules, facts.currency, Stage.CASH, found, running, books.cash)
        steps, gaps = steps + more, [*gaps, open_]
    total = Money.of(0, facts.currency)
    for gap in gaps:
        total = total + abs(gap)
    ties = all(abs(gap.amount) <= rules.bridge.tolerance for gap in gaps)
    return Bridge(steps=tuple(steps), unexplained=total, ties=ties)


def _named(books: Books, stage: Stage) -> list[Named]:
    return [Named(stage, each.name, Fraction(each.amount.amount)) for each in books.differences if each.stage is stage]


def _value(amount: Money | None) -> Fraction:
    return ZERO if amount is None else Fraction(amount.amount)


def _stage(
    rules: Rules, currency: str, stage: Stage, found: Sequence[Named], before: Fraction, target: Money
) -> tuple[list[BridgeStep], Money]:
    """The steps of a stage that amount to something, and the one that closes it."""
    shown = rules.running([before, *(each.amount for each in found)], currency)
    running = shown[0]
    steps = []
    for each, amount in zip(found, shown[1:], strict=True):
        running = running + amount
        if each.amount:
            steps.append(BridgeStep(stage=stage, name=each.name, amount=amount, running=running))
    gap = target - running
    steps.append(BridgeStep(stage=stage, name=UNEXPLAINED, amount=gap, running=target))
    return steps, gap


def _by_month(levels: Levels, span: Span) -> tuple[Fraction, Fraction]:
    """Recurring revenue at the end of each month, added up; and weighted by the days on which it was so."""
    ends, weighted = ZERO, ZERO
    versions = [levels.counted(each) for each in levels.facts.subscriptions]
    days = changes(versions)
    for month in calendar_months(span):
        inside = month.overlap(span)
        full = Fraction(inside.days, month.days)
        ends += levels.at(versions, inside.last, inside.last) * full
        cuts = [inside.start, *(day for day in days if inside.start < day < inside.end), inside.end]
        for start, end in pairwise(cuts):
            weighted += levels.at(versions, start, start) * Fraction((end - start).days, month.days)
    return ends, weighted
