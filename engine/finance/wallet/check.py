"""What is certainly wrong with a wallet document alone."""

from __future__ import annotations

from engine.finance.wallet import codes as codes
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.wallet import BurnKey, Overage, Wallet


def check(document: Wallet, diagnostics: Diagnostics) -> None:
    """Report prices without billing, limits that exclude each other, rates and orders that cannot be meant."""
    overage = document.overage
    if overage is not None:
        if overage.unit_price is not None and overage.treatment is not Overage.BILLED:
            message = f"`unit_price` has no effect with `treatment: {overage.treatment}`"
            diagnostics.error("FIN090", message, overage.span, "bill the overage, or take the price away")
        elif (overage.unit_price is None) is not (overage.currency is None):
            diagnostics.error("FIN090", "a price and its currency belong together", overage.span, "give both")
        if overage.unit_price is not None and overage.unit_price < 0:
            diagnostics.error("FIN090", "`unit_price` is below zero", overage.span, "give a price of zero or above")
    _check_rollover(document, diagnostics)
    seen: set[str] = set()
    for rate in document.rates:
        if rate.kind in seen:
            diagnostics.error("FIN092", f"`{rate.kind}` has two rates", rate.span, "keep one")
        if rate.credits <= 0:
            diagnostics.error("FIN092", f"the rate of `{rate.kind}` is not above zero", rate.span, "give its credits")
        seen.add(rate.kind)
    order = document.order
    for at, key in enumerate(order):
        if key in order[:at]:
            diagnostics.error("FIN093", f"`{key}` stands twice in `order`", document.span, "write it once")
        elif any(earlier in (BurnKey.ID, BurnKey.AS_GIVEN) for earlier in order[:at]):
            diagnostics.error("FIN093", f"`{key}` never decides", document.span, "put it before `id` and `as_given`")


def _check_rollover(document: Wallet, diagnostics: Diagnostics) -> None:
    rollover = document.rollover
    if rollover is None:
        return
    if rollover.minimum < 0 or (rollover.maximum is not None and rollover.maximum < rollover.minimum):
        diagnostics.error("FIN091", "the limits exclude each other", rollover.span, "0 <= minimum <= maximum")
    if rollover.times_max is not None and rollover.times_max < 1:
        diagnostics.error("FIN091", "`times_max` is below one", rollover.span, "leave `rollover` out to carry nothing")
