"""The rules of one document with every default filled in, and how figures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT, Money, RoundingMode
from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ZERO, Number, rounded, scale_for
from engine.finance.problem import Where
from engine.spec.documents.finance import Rounding
from engine.spec.documents.metrics import (
    BridgeRule,
    DiscountsInMrr,
    LtvRule,
    Metrics,
    MetricsRounding,
    MovementRule,
    MrrRule,
    RetentionRule,
    StatusesInMrr,
)

PERCENT_SCALE = 2


@frozen
class Rules:
    """One document, ready to be applied."""

    document: Metrics
    where: Where
    mrr: MrrRule
    discounts: DiscountsInMrr
    statuses: StatusesInMrr
    movements: MovementRule
    retention: RetentionRule
    ltv: LtvRule
    bridge: BridgeRule
    amount_rounding: Rounding | None
    percent_rounding: Rounding | None

    def money(self, exact: Number, currency: str) -> Money:
        """An amount as it is shown."""
        rule = self.amount_rounding
        mode = RoundingMode.HALF_UP if rule is None else rule.mode
        return Money(rounded(exact, scale_for(currency, None if rule is None else rule.scale), mode), currency)

    def running(self, amounts: Sequence[Number], currency: str) -> list[Money]:
        """Amounts as they are shown one after the other: each is what the rounded running total grows by, so that
        they add up to their rounded sum."""
        found, total, shown = [], ZERO, self.money(ZERO, currency)
        for amount in amounts:
            total += Fraction(amount)
            now = self.money(total, currency)
            found.append(now - shown)
            shown = now
        return found

    def percent(self, part: Number, whole: Number) -> Decimal | None:
        """A percentage as it is shown; None of nothing."""
        if not whole:
            return None
        rule = self.percent_rounding
        scale = PERCENT_SCALE if rule is None or rule.scale is None else rule.scale
        return rounded(
            Fraction(part) / Fraction(whole) * HUNDRED, scale, RoundingMode.HALF_UP if rule is None else rule.mode
        )


def rules_of(document: Metrics) -> Rules:
    """The rules of a document without findings."""
    span = document.span
    mrr = document.mrr or MrrRule(span=span)
    shown = document.rounding or MetricsRounding(span=span)
    return Rules(
        document,
        Where(f"metrics {document.id} {document.version}"),
        mrr,
        mrr.discounts or DiscountsInMrr(span=span),
        mrr.statuses or StatusesInMrr(span=span),
        document.movements or MovementRule(span=span),
        document.retention or RetentionRule(span=span),
        document.ltv or LtvRule(span=span),
        document.bridge or BridgeRule(span=span),
        shown.amount,
        shown.percent,
    )


def complement(percent: Decimal) -> Decimal:
    """What is left of a hundred."""
    return EXACT.subtract(Decimal(100), percent)
