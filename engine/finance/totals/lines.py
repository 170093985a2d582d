"""The lines of a document on their way through the stages."""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from functools import cache

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen, mutable
from engine.finance.exact import ZERO, decimal_of, rounded
from engine.finance.totals.facts import Discount, Tax
from engine.finance.totals.taxes import Taken


@cache
def _nothing(currency: str, scale: int) -> Money:
    return Money(rounded(ZERO, scale), currency)


@frozen
class Digits:
    """Where figures end: the currency, its digits, the direction of rounding."""

    currency: str
    scale: int
    mode: RoundingMode

    def fit(self, value: Fraction) -> Fraction:
        """``value`` rounded."""
        return Fraction(rounded(value, self.scale, self.mode))

    def money(self, value: Fraction) -> Money:
        """Money with the digits of the currency, or with more where the value has more."""
        if not value:
            return _nothing(self.currency, self.scale)
        shown = rounded(value, self.scale, self.mode)
        return Money(shown if Fraction(shown) == value else decimal_of(value), self.currency)


@mutable
class OpenLine:
    """One line while the stages change it. Amounts are exact."""

    id: str
    kind: str
    amount: Fraction
    discounts: tuple[Discount, ...]
    rates: tuple[Tax, ...]
    discount: Fraction = ZERO
    over_maximum: Fraction = ZERO
    document_discount: Fraction = ZERO
    credits_before: Fraction = ZERO
    credits_after: Fraction = ZERO
    net: Fraction = ZERO
    tax: Fraction = ZERO
    taxes: tuple[Taken, ...] = ()
    told: list[str] = field(default_factory=list)
    #: What is left before tax; every stage that takes something off lowers it.
    left: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.amount

    @property
    def gross(self) -> Fraction:
        return self.net + self.tax

    def is_of(self, kinds: tuple[str, ...]) -> bool:
        """Whether a restriction to kinds lets it in; no kinds restrict nothing."""
        return not kinds or self.kind in kinds
