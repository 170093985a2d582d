"""What a revenue document is once compiled: rules, switches, periods, and the digits of one contract's currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.base.money import EXACT, Money
from engine.base.record import frozen
from engine.finance.problem import Where, refused
from engine.finance.revenue.curve import Options
from engine.finance.revenue.periods import Period, Periods
from engine.finance.revenue.profiles import Choices
from engine.spec.documents.revenue import Revenue
from engine.spec.documents.revenue_methods import Recognition
from engine.spec.documents.revenue_price import Treatment


@frozen
class Rule:
    """A recognition rule with its condition compiled; None is always true."""

    declared: Recognition
    applies: Callable[[Any], bool] | None


@frozen
class TreatmentRule:
    """A rule for modifications with its condition compiled; None is always true."""

    id: str
    treatment: Treatment
    applies: Callable[[Any], bool] | None


@dataclass(frozen=True)
class Setting:
    """A document for contracts of one currency."""

    document: Revenue
    choices: Choices
    rules: tuple[Rule, ...]
    treatments: tuple[TreatmentRule, ...]
    periods: Periods
    zone: tzinfo
    currency: str
    scale: int

    @cached_property
    def where(self) -> Where:
        return Where(f"revenue {self.document.id} {self.document.version}")

    @cached_property
    def options(self) -> Options:
        return Options(self.scale, self.choices.rounding, self.periods)

    @cached_property
    def unit(self) -> Decimal:
        """The smallest unit of amounts."""
        return Decimal(1).scaleb(-self.scale, EXACT)

    @cached_property
    def zero(self) -> Decimal:
        return Decimal(0).scaleb(-self.scale, EXACT)

    def period_of(self, day: date) -> Period:
        """The accounting period of a day. Raises Failure if the document's calendar does not reach it."""
        try:
            return self.periods.of(day)
        except ValueError as wrong:
            raise refused(self.where.at(rule="calendar"), str(wrong), "list more periods") from wrong

    def period_named(self, name: str, record: str) -> Period:
        """The accounting period of a name that ``record`` gives. Raises Failure if there is none."""
        try:
            return self.periods.named(name)
        except ValueError as wrong:
            raise refused(
                self.where.at(rule="calendar", record=record), f"{name} is no accounting period: {wrong}", "correct it"
            ) from wrong

    def periods_between(self, first: date, last: date) -> tuple[Period, ...]:
        """The periods from that of one day to that of another. Raises Failure if the calendar does not reach them."""
        self.period_of(first)
        self.period_of(last)
        return self.periods.touching(first.toordinal(), last.toordinal() + 1)

    def money(self, amount: Decimal) -> Money:
        return Money(amount, self.currency)
