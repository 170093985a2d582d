"""Cohorts: customers by the month in which they first paid, and what is left of them month by month."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from engine.finance.calendar import Span, add_months, month_name, month_of
from engine.finance.exact import ZERO
from engine.finance.metrics.facts import CohortMonth
from engine.finance.metrics.movements import Step
from engine.finance.metrics.rules import Rules


def cohorts(rules: Rules, histories: Mapping[str, Sequence[Step]], span: Span, currency: str) -> list[CohortMonth]:
    """Each cohort that began inside the time measured, at the end of every whole month of it since then."""
    members: dict[date, list[Sequence[Step]]] = defaultdict(list)
    for history in histories.values():
        if history and history[0].on in span:
            members[month_of(history[0].on).start].append(history)
    found = []
    for start in sorted(members):
        base = ZERO
        for count in range(_months(start, span.end)):
            last = month_of(add_months(start, count)).last
            levels = [_level(history, last) for history in members[start]]
            total = sum(levels, ZERO)
            base = base or total
            percent = rules.percent(total, base)
            if percent is not None:
                found.append(
                    CohortMonth(cohort=month_name(start), month=count, customers=sum(1 for each in levels if each),
                                mrr=rules.money(total, currency), retention_percent=percent)
                )  # fmt: skip
    return found


def _months(start: date, end: date) -> int:
    """How many months from the one that starts here end by a date."""
    return max(0, (end.year - start.year) * 12 + end.month - start.month)


def _level(history: Sequence[Step], day: date) -> Fraction:
    """What one customer pays on a day."""
    index = bisect_right([step.on for step in history], day)
    return history[index - 1].after if index else ZERO
