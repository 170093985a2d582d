"""Movements: how the recurring revenue of each customer changed, day by day, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.calendar import DAY
from engine.finance.exact import ZERO
from engine.finance.metrics.facts import Movement, MovementType, Version
from engine.finance.metrics.levels import Counted, Levels, changes
from engine.finance.metrics.rules import Rules
from engine.finance.problem import refused
from engine.spec.documents.metrics import Counted as Switch
from engine.spec.documents.metrics import Per, ShortLived

#: No subscription is older; earlier dates stand for a day that is not known.
FIRST_YEAR = 1900
LOSSES = (MovementType.CONTRACTION, MovementType.CHURN)


@frozen
class Step:
    """An exact movement, in the reporting currency at the rates of its day."""

    on: date
    key: str
    type: MovementType
    before: Fraction
    after: Fraction
    explanation: str

    @property
    def amount(self) -> Fraction:
        return self.after - self.before

    def shown(self, rules: Rules, currency: str) -> Movement:
        before, after = rules.money(self.before, currency), rules.money(self.after, currency)
        return Movement(
            on=self.on, key=self.key, type=self.type, amount=after - before, before=before, after=after,
            explanation=self.explanation,
        )  # fmt: skip


def grouped(levels: Levels, versions: Sequence[Version]) -> dict[str, list[Counted]]:
    """Versions by what moves: the customer or the subscription. Refuses versions of one subscription that overlap."""
    rules = levels.rules
    by_subscription: dict[str, list[Version]] = defaultdict(list)
    groups: dict[str, list[Counted]] = defaultdict(list)
    for version in sorted(versions, key=lambda each: (each.start, each.subscription)):
        earlier = by_subscription[version.subscription]
        where = rules.where.at(record=f"subscription {version.subscription}")
        if version.start.year < FIRST_YEAR:
            raise refused(where, f"a version begins on {version.start}", "give the day on which it really began")
        if version.end is not None and version.end <= version.start:
            raise refused(where, f"a version from {version.start} ends on {version.end}", "correct its dates")
        if earlier and (earlier[-1].end is None or earlier[-1].end > version.start):
            raise refused(
                where,
                f"a version begins on {version.start} while the one from {earlier[-1].start} is still open",
                "end each version on the day on which the next one begins",
            )
        earlier.append(version)
        per_customer = rules.movements.per is Per.CUSTOMER
        groups[version.customer if per_customer else version.subscription].append(levels.counted(version))
    return dict(sorted(groups.items()))


def steps(levels: Levels, key: str, versions: Sequence[Counted]) -> list[Step]:
    """Every movement of one customer or subscription, over all time."""
    found: list[Step] = []
    left: date | None = None
    paid = False
    for day in changes(versions):
        before = levels.at(versions, day - DAY, day)
        after = levels.at(versions, day, day)
        if before != after:
            type_, why = _type(levels.rules, day, before, after, left if paid else None)
            found.append(Step(day, key, type_, before, after, why))
            paid = True
            left = day if not after else None
    return found


def _type(rules: Rules, day: date, before: Fraction, after: Fraction, left: date | None) -> tuple[MovementType, str]:
    if before <= 0 < after:
        if left is None:
            return MovementType.NEW, "nothing was paid before"
        if rules.movements.reactivation is not Switch.INCLUDED:
            return MovementType.NEW, f"left on {left}; coming back counts as new"
        limit, gone = rules.movements.reactivation_days, (day - left).days
        if limit is not None and gone > limit:
            return MovementType.NEW, f"left on {left}, {gone} days ago; after {limit} days coming back counts as new"
        return MovementType.REACTIVATION, f"paid before and left on {left}"
    if after <= 0 < before:
        return MovementType.CHURN, "nothing is left that counts"
    if after > before:
        return MovementType.EXPANSION, "pays more than before"
    return MovementType.CONTRACTION, "pays less than before"


def within(rules: Rules, found: Sequence[Step], start: date, end: date) -> list[Step]:
    """The movements of one customer inside the time measured; none of a short-lived one where those are ignored."""
    inside = [step for step in found if start <= step.on < end]
    if rules.movements.short_lived is ShortLived.IGNORED and inside:
        came = inside[0].type is MovementType.NEW
        if came and inside[0].before == ZERO and inside[-1].after == ZERO:
            return []
    return inside
