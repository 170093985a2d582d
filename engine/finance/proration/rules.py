"""The rules of one document with every default filled in, and what all its calculations need."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from engine.base.money import EXACT, Money, RoundingMode
from engine.base.record import frozen
from engine.finance.calendar import zone_of
from engine.finance.compiling import Computed, computed
from engine.finance.exact import Number, rounded, scale_for
from engine.finance.facts import type_of
from engine.finance.problem import Where
from engine.finance.proration.facts import Change, ChargeType
from engine.finance.proration.measure import Measure
from engine.schema.types import BOOLEAN
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.proration import (
    AnchorRule,
    ChangeKind,
    ChargeRule,
    CreditRule,
    DiscountRule,
    NominalDays,
    Proration,
    ProrationRounding,
    Scope,
    ScopeRule,
    TimeFraction,
    Timing,
    TimingRule,
)
from engine.spec.shape import Map

E = TypeVar("E", bound=StrEnum)


@frozen
class Rules:
    """One document, ready to be applied."""

    document: Proration
    where: Where
    measure: Measure
    time: TimeFraction
    timing: TimingRule
    timing_cases: tuple[tuple[Computed, Timing], ...]
    credit: CreditRule
    charge: ChargeRule
    discount: DiscountRule
    anchor: AnchorRule
    scopes: dict[ChargeType, Scope]
    rounding: ProrationRounding

    def factor(self, exact: Fraction) -> Fraction:
        """The factor that is used: exact, or rounded where the document says so."""
        rule = self.rounding.factor
        return exact if rule is None or rule.scale is None else Fraction(rounded(exact, rule.scale, rule.mode))

    def amount(self, exact: Number, currency: str) -> Decimal:
        """An amount, rounded by the document; half away from zero, so that a credit mirrors its charge."""
        rule = self.rounding.amount
        mode = RoundingMode.HALF_UP if rule is None else rule.mode
        value = rounded(abs(Fraction(exact)), scale_for(currency, None if rule is None else rule.scale), mode)
        return -value if exact < 0 and value else value


def rules_of(document: Proration) -> Rules:
    """The rules of a document without findings."""
    span = document.span
    time = document.time or TimeFraction(span=span)
    anchor = document.anchor or AnchorRule(span=span)
    nominal = time.nominal_days or NominalDays(span=span)
    scope = document.scope or ScopeRule(span=span)
    where = Where(f"proration {document.id} {document.version}")
    rounding = document.rounding or ProrationRounding(span=span)
    return Rules(
        document,
        where,
        Measure(where, time, anchor, nominal, zone_of(time.zone), rounding.broken),
        time,
        document.timing or TimingRule(span=span),
        timing_cases(document.timing, Diagnostics()),
        document.credit or CreditRule(span=span),
        document.charge or ChargeRule(span=span),
        document.discount or DiscountRule(span=span),
        anchor,
        {each: getattr(scope, each.value) for each in ChargeType},
        rounding,
    )


def timing_cases(rule: TimingRule | None, diagnostics: Diagnostics) -> tuple[tuple[Computed, Timing], ...]:
    """The conditions of a rule, ready to be asked about ``change``; findings go to ``diagnostics``."""
    scope = {"change": type_of(Change)}
    cases = () if rule is None else rule.cases
    return tuple((computed(each.when, scope, diagnostics, BOOLEAN)[0], each.timing) for each in cases)


def by_kind(kind: ChangeKind, default: E, others: Map[E]) -> E:
    """The rule for a kind of change."""
    return others.get(kind.value) or default


def add(amounts: list[Money], currency: str) -> Money:
    """The sum of amounts; zero of the currency for none."""
    value = Decimal(0)
    for each in amounts:
        value = EXACT.add(value, each.amount)
    return Money(value, currency)
