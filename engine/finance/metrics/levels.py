"""Recurring revenue on a day: of a line, a version of a subscription, a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.calendar import add_months
from engine.finance.exact import HUNDRED, ONE, ZERO
from engine.finance.metrics.facts import Discount, Duration, Item, ItemType, MetricsFacts, Version
from engine.finance.metrics.rules import Rules
from engine.finance.problem import Where, refused
from engine.finance.proration.facts import Every, Unit
from engine.spec.documents.metrics import ChurnDate, Day, Exchange, Week
from engine.spec.documents.metrics import Counted as Switch

MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
IN = Switch.INCLUDED


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


@frozen
class Running:
    """A discount and the days on which it runs."""

    discount: Discount
    start: date
    end: date | None

    def on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@frozen
class Counted:
    """A version of a subscription as the document counts it.

    ``fixed`` is its recurring revenue by currency where no discount comes or goes; ``moving`` are the lines that have
    discounts which do.
    """

    version: Version
    start: date
    end: date | None
    counts: bool
    fixed: tuple[tuple[str, Fraction], ...]
    moving: tuple[Moving, ...]

    def on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.counts and self.start <= day and (self.end is None or day < self.end)

    def values(self, day: date) -> list[tuple[str, Fraction]]:
        """Recurring revenue by currency on a day on which it counts."""
        return [*self.fixed, *((each.currency, each.on(day)) for each in self.moving)]

    def changes(self) -> Iterable[date]:
        """The days on which it may change."""
        yield self.start
        if self.end is not None:
            yield self.end
        for each in self.moving:
            for running in each.discounts:
                yield running.start
                if running.end is not None:
                    yield running.end


@frozen
class Moving:
    """A line whose discounts come and go: its price for a month without and with those that run."""

    currency: str
    gross: Fraction
    a_month: Fraction
    discounts: tuple[Running, ...]

    def on(self, day: date) -> Fraction:
        return net(self.gross, [each.discount for each in self.discounts if each.on(day)]) * self.a_month


def net(gross: Fraction, discounts: Sequence[Discount]) -> Fraction:
    """A price less discounts: percentages first, then amounts, and never below nothing."""
    found = gross
    for each in discounts:
        found -= found * Fraction(each.percent) / HUNDRED
    for each in discounts:
        if each.amount is not None:
            found -= Fraction(each.amount.amount)
    return max(found, ZERO) if gross >= 0 else found


@frozen
class Levels:
    """Recurring revenue of versions of subscriptions, by one document and its exchange rates.

    ``every_discount`` counts all discounts while they run, whatever the document says: what is really charged.
    """

    rules: Rules
    facts: MetricsFacts
    every_discount: bool = False

    def counted(self, version: Version) -> Counted:
        """A version as this document counts it. Refuses what it cannot count."""
        where = self.rules.where.at(record=f"subscription {version.subscription}")
        fixed: dict[str, Fraction] = {}
        moving = []
        for item in version.items:
            if not self._takes_part(item):
                continue
            currency, gross = item.price.currency, Fraction(item.price.amount) * Fraction(item.quantity)
            share = a_month(self.rules, item.every, where)
            discounts = self._running(version, item, where)
            if all(each.start <= version.start and each.end is None for each in discounts):
                value = net(gross, [each.discount for each in discounts]) * share
                fixed[currency] = fixed.get(currency, ZERO) + value
            else:
                moving.append(Moving(currency, gross, share, tuple(discounts)))
        counts = getattr(self.rules.statuses, version.status.value) is IN
        return Counted(version, version.start, self._end(version), counts, tuple(fixed.items()), tuple(moving))

    def _takes_part(self, item: Item) -> bool:
        mrr = self.rules.mrr
        if item.type is ItemType.ADDON:
            return mrr.addons is IN
        if item.type is ItemType.USAGE:
            return mrr.usage is IN
        return item.type is not ItemType.ONE_TIME

    def _end(self, version: Version) -> date | None:
        """The first day on which a version counts no longer, by the rule for cancellations."""
        if version.cancelled is None:
            return version.end
        if self.rules.movements.churn_date is ChurnDate.CANCELLED or version.paid_to is None:
            found = version.cancelled
        else:
            found = version.paid_to
        return found if version.end is None else min(found, version.end)

    def _running(self, version: Version, item: Item, where: Where) -> list[Running]:
        """The discounts on a line that count, with their days."""
        rule = self.rules.discounts
        counted = {Duration.FOREVER: rule.forever, Duration.REPEATING: rule.repeating, Duration.ONCE: rule.once}
        found = []
        for each in item.discounts:
            if each.amount is not None and each.amount.currency != item.price.currency:
                told = f"a discount is in {each.amount.currency} and its price in {item.price.currency}"
                raise refused(where, told, "give both in one currency")
            if counted[each.duration] is IN or self.every_discount:
                start = each.start or version.start
                found.append(Running(each, start, _discount_end(item, each, start, where)))
        return found

    def at(self, versions: Iterable[Counted], day: date, rates_of: date) -> Fraction:
        """Recurring revenue of versions on a day, in the reporting currency at the rates of a day."""
        total = ZERO
        for version in versions:
            if version.on(day):
                for currency, value in version.values(day):
                    if value:
                        ours = value if currency == self.facts.currency else value * self.rate(currency, rates_of)
                        total = total + ours if total else ours
        return total

    def rate(self, currency: str, day: date) -> Fraction:
        """The exchange rate of a currency on a day; of the opening where rates are held constant."""
        if currency == self.facts.currency:
            return ONE
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


def _discount_end(item: Item, discount: Discount, start: date, where: Where) -> date | None:
    if discount.duration is Duration.FOREVER:
        return None
    if discount.duration is Duration.REPEATING:
        if discount.months is None:
            raise refused(where, "a repeating discount does not say how many months it runs", "give its `months`")
        return add_months(start, discount.months)
    if item.every.unit in MONTHS:
        return add_months(start, MONTHS[item.every.unit] * item.every.count)
    return start + timedelta(days=item.every.count * (7 if item.every.unit is Unit.WEEK else 1))


def changes(versions: Iterable[Counted]) -> list[date]:
    """Every day on which the recurring revenue of versions may change."""
    return sorted({day for version in versions for day in version.changes()})
