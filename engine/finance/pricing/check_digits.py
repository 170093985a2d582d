"""Fixed amounts of a pricing document that nobody can ever be charged: they have more digits than bills have."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.base.money import RoundingMode, decimal_text
from engine.finance.exact import rounded, scale_for
from engine.finance.pricing.check_prices import leaves
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.documents.finance import Rounding
from engine.spec.documents.pricing import Charge, Pricing
from engine.spec.documents.pricing_bounds import Counted, Maximum, Minimum
from engine.spec.documents.pricing_tiers import TierMode


def check_digits(document: Pricing, diagnostics: Diagnostics) -> None:
    """Report fixed amounts that are rounded on every bill. The document's currency is known, or its scale declared."""
    for charge in document.charges:
        rounding = charge.rounding or document.rounding
        for amount, span in _fixed(charge):
            _check(amount, rounding, document.currency, span, diagnostics)
    for bound in document.bounds:
        for limit in (bound.minimum, bound.maximum):
            if limit is not None and not limit.prorated and _counts_rounded(limit):
                _check(limit.amount, document.rounding, document.currency, limit.span, diagnostics)


def _counts_rounded(limit: Minimum | Maximum) -> bool:
    """Whether what is charged up to the limit is the limit less rounded amounts."""
    return isinstance(limit, Maximum) or limit.counted is Counted.ROUNDED


def _fixed(charge: Charge) -> Iterator[tuple[Decimal, Span]]:
    """Amounts that are charged as they stand: nothing is counted, cut or taken off."""
    if charge.prorated or charge.discount_percent:
        return
    for leaf in leaves(charge.price):
        if leaf.flat is not None:
            yield leaf.flat, leaf.span
        if leaf.tiers is not None and leaf.tiers.mode is TierMode.STEP:
            yield from ((tier.flat_fee, tier.span) for tier in leaf.tiers.tiers)


def _check(amount: Decimal, rounding: Rounding | None, currency: str, span: Span, diagnostics: Diagnostics) -> None:
    scale = scale_for(currency, None if rounding is None else rounding.scale)
    shown = rounded(amount, scale, RoundingMode.HALF_UP if rounding is None else rounding.mode)
    if shown != amount:
        where = "the document's rounding" if rounding is not None and rounding.scale is not None else currency
        message = f"{decimal_text(amount)} has more digits than {where} has, so {decimal_text(shown)} is charged"
        diagnostics.warning("FIN036", message, span, "write the amount that is meant, or correct the currency")
