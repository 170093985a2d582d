"""One obligation's revenue over its life: stages, each of which says what is recognised before any later day."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT
from engine.base.record import frozen, mutable
from engine.finance.calendar import DAY
from engine.finance.revenue.curve import Curve
from engine.finance.revenue.facts import Obligation
from engine.finance.revenue.measure import Measure
from engine.spec.documents.revenue_methods import Recognition


@frozen
class Stage:
    """From the day ``on`` (which its jump falls on) until the next stage: ``base`` and the part of ``amount`` that the
    curve has earned. ``unit`` replaces the amount for a curve that counts in smallest units."""

    on: date | None
    base: Decimal
    amount: Decimal
    curve: Curve | None
    unit: Decimal | None = None

    def before(self, day: date) -> Decimal:
        """What is recognised strictly before a day, if this stage applies by then."""
        if self.curve is None:
            return self.base
        amount = self.amount if self.unit is None else self.unit
        return EXACT.add(self.base, self.curve.recognized_before(amount, day))

    @property
    def reaches(self) -> Decimal:
        """What is recognised in the end, as far as it is known."""
        return self.base if self.curve is None else self.before(max(self.curve.end, self.on or self.curve.end))


@mutable
class Layer:
    """A part of an obligation's revenue with a course of its own: its share of the pooled price, or of a variable
    amount that relates to it alone."""

    stages: list[Stage]
    component: str = ""

    def before(self, day: date) -> Decimal:
        """What is recognised strictly before a day. The jump of a stage counts on its day."""
        chosen = self.stages[0]
        for stage in self.stages[1:]:
            if stage.on is not None and stage.on < day:
                chosen = stage
        return chosen.before(day)

    def before_stage(self, day: date) -> Decimal:
        """The same as :meth:`before`, as the newest stage would have it."""
        return self.stages[-1].before(day)

    @property
    def now(self) -> Stage:
        return self.stages[-1]

    @property
    def lifetime(self) -> Decimal:
        """Allocated over its life: what is recognised before the newest stage, and that stage's amount."""
        return EXACT.add(self.now.base, self.now.amount)

    def span(self) -> tuple[date, date] | None:
        """From the first day on which something can be earned up to the first on which nothing can any more."""
        starts: list[date] = []
        ends: list[date] = []
        for stage in self.stages:
            if stage.on is not None:
                starts.append(stage.on)
                ends.append(stage.on + DAY)
            if stage.curve is not None:
                starts.append(stage.curve.first_day)
                ends.append(stage.curve.end)
        return (min(starts), max(ends)) if starts else None


@mutable
class Track:
    """An obligation under way. ``weight`` is its stand-alone price at inception, ``group`` tells the obligations of a
    separate contract apart, ``pooled_on`` is the day on which a prospective change pooled what was left of it,
    ``at_inception`` whether estimates made at inception share in it."""

    obligation: Obligation
    rule: Recognition
    measure: Measure
    main: Layer
    weight: Fraction = Fraction(0)
    group: int = 0
    fixed: Decimal = Decimal(0)
    variable: Decimal = Decimal(0)
    reason: str = ""
    own: list[Layer] = field(default_factory=list)
    retired: bool = False
    pooled_on: date | None = None
    at_inception: bool = True

    @property
    def id(self) -> str:
        return self.obligation.id

    @property
    def layers(self) -> list[Layer]:
        return [self.main, *self.own]

    def before(self, day: date) -> Decimal:
        """Recognised strictly before a day."""
        if not self.own:
            return self.main.before(day)
        return sum((layer.before(day) for layer in self.layers), Decimal(0))

    @property
    def lifetime(self) -> Decimal:
        return sum((layer.lifetime for layer in self.layers), Decimal(0))

    def share_before(self, day: date) -> Fraction:
        """The share of the obligation that is satisfied strictly before a day."""
        curve = self.measure.curve
        if curve is None:
            return Fraction(0)
        return min(max(curve.share_before(day), Fraction(0)), Fraction(1))

    def is_rated(self) -> bool:
        return self.measure.own_amount is not None
