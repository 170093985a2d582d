"""Recurring revenue on a day: of a line, a version of a subscription, a customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.finance.calendar import add_months
from engine.finance.exact import HUNDRED, ZERO
from engine.finance.metrics.facts import Discount, Duration, Item, ItemType, MetricsFacts, Version
from engine.finance.metrics.rules import Rules
from engine.finance.problem import Where, refused
from engine.finance.proration.facts import Every, Unit
from engine.spec.documents.metrics import ChurnDate, Counted, Day, Exchange, Week

MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
IN = Counted.INCLUDED


def a_month(rules: Rules, every: Every, where: Where) -> Fraction:
    """How many of an interval fall into a month."""
    if every.count <= 0:
        raise refused(
            where, f"its billing interval is {every.count} {every.unit.value}s", "give an interval of one or more"
        )
    if every.unit in MONTHS:
        return Fraction(1, MONTHS[every.unit] * every.count)
    if every.unit is Unit.WEEK:
        weeks = Fraction(52, 12) if rules.mrr.week is Week.FIFTY_TWO_A_YEAR else Fraction(4)
        return weeks / every.count
    days = Fraction(365, 12) if rules.mrr.day is Day.YEAR_OF_365 else Fraction(30)
    return days / every.count


@dataclass(frozen=True, slots=True)
class Running:
    """A discount and the days on which it runs."""

    discount: Discount
    start: date
    end: date | None

    def on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Levels:
    """Recurring revenue of versions of subscriptions, by one document and its exchange rates.

    ``every_discount`` counts all discounts while they run, whatever the document says: what is really charged.
    """

    rules: Rules
    facts: MetricsFacts
    every_discount: bool = False

    def end_of(self, version: Version) -> date | None:
        """The first day on which a version counts no longer, by the rule for cancellations."""
        if version.cancelled is None:
            return version.end
        if self.rules.movements.churn_date is ChurnDate.CANCELLED or version.paid_to is None:
            found = version.cancelled
        else:
            found = version.paid_to
        return found if version.end is None else min(found, version.end)

    def running(self, version: Version, item: Item) -> list[Running]:
        """The discounts on a line that count, with their days."""
        rule = self.rules.discounts
        counted = {Duration.FOREVER: rule.forever, Duration.REPEATING: rule.repeating, Duration.ONCE: rule.once}
        found = []
        for each in item.discounts:
            if counted[each.duration] is IN or self.every_discount:
                start = each.start or version.start
                found.append(Running(each, start, self._discount_end(version, item, each, start)))
        return found

    def _discount_end(self, version: Version, item: Item, discount: Discount, start: date) -> date | None:
        where = self.rules.where.at(record=f"subscription {version.subscription}")
        if discount.duration is Duration.FOREVER:
            return None
        if discount.duration is Duration.REPEATING:
            if discount.months is None:
                raise refused(where, "a repeating discount does not say how many months it runs", "give its `months`")
            return add_months(start, discount.months)
        if item.every.unit in MONTHS:
            return add_months(start, MONTHS[item.every.unit] * item.every.count)
        return date.fromordinal(start.toordinal() + item.every.count * (7 if item.every.unit is Unit.WEEK else 1))

    def line(self, version: Version, item: Item, day: date) -> Fraction:
        """A line's recurring revenue on a day in its own currency."""
        mrr = self.rules.mrr
        if item.type is ItemType.ONE_TIME or (item.type is ItemType.ADDON and mrr.addons is not IN):
            return ZERO
        if item.type is ItemType.USAGE and mrr.usage is not IN:
            return ZERO
        gross = Fraction(item.price.amount) * Fraction(item.quantity)
        net = gross
        for each in self.running(version, item):
            if each.on(day):
                net -= net * Fraction(each.discount.percent) / HUNDRED
        for each in self.running(version, item):
            if each.on(day) and each.discount.amount is not None:
                self._same(version, each.discount.amount.currency, item.price.currency)
                net -= Fraction(each.discount.amount.amount)
        if gross >= 0:
            net = max(net, ZERO)
        return net * a_month(self.rules, item.every, self.rules.where.at(record=f"subscription {version.subscription}"))

    def _same(self, version: Version, left: str, right: str) -> None:
        if left != right:
            raise refused(
                self.rules.where.at(record=f"subscription {version.subscription}"),
                f"a discount is in {left} and its price in {right}",
                "give both in one currency",
            )

    def counts(self, version: Version, day: date) -> bool:
        """Whether a version counts on a day."""
        end = self.end_of(version)
        return (
            version.start <= day
            and (end is None or day < end)
            and getattr(self.rules.statuses, version.status.value) is IN
        )

    def at(self, versions: Iterable[Version], day: date, rates_of: date) -> Fraction:
        """Recurring revenue of versions on a day, in the reporting currency at the rates of a day."""
        total = ZERO
        for version in versions:
            if self.counts(version, day):
                for item in version.items:
                    value = self.line(version, item, day)
                    if value:
                        total += value * self.rate(item.price.currency, rates_of)
        return total

    def rate(self, currency: str, day: date) -> Fraction:
        """The exchange rate of a currency on a day; of the opening where rates are held constant."""
        if currency == self.facts.currency:
            return Fraction(1)
        if self.rules.movements.exchange is Exchange.CONSTANT and self.facts.start is not None:
            day = self.facts.start
        found = None
        for each in self.facts.rates:
            if each.currency == currency and each.start <= day and (found is None or each.start >= found.start):
                found = each
        if found is None:
            raise refused(
                self.rules.where,
                f"there is no rate from {currency} to {self.facts.currency} for {day}",
                f"give a rate for {currency} that holds on {day}",
            )
        return Fraction(found.rate)

    def changes(self, versions: Iterable[Version]) -> list[date]:
        """Every day on which the recurring revenue of versions may change."""
        found: set[date] = set()
        for version in versions:
            end = self.end_of(version)
            found.add(version.start)
            if end is not None:
                found.add(end)
            for item in version.items:
                for each in self.running(version, item):
                    found.add(each.start)
                    if each.end is not None:
                        found.add(each.end)
        return sorted(found)
