"""What is certainly wrong with a totals document alone."""

from __future__ import annotations

from engine.finance.totals import codes as codes
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.totals import Allocation, LineOrder, LineTaxes, Method, Stage, TaxRounding, Totals

_AFTER_TAX = frozenset({Stage.CREDITS_AFTER_TAX})


def check(document: Totals, diagnostics: Diagnostics) -> None:
    """Report impossible orders, bounds that nothing can keep, and keys without effect."""
    _check_order(document, diagnostics)
    _check_bounds(document, diagnostics)
    for allocation in (
        document.allocation, None if document.document_discounts is None else document.document_discounts.allocation,
    ):  # fmt: skip
        if allocation is not None:
            _check_allocation(allocation, diagnostics)
    taxes = document.taxes
    by_line = (TaxRounding.LINE, TaxRounding.LINE_AND_RATE)
    if taxes is not None and taxes.line_taxes is LineTaxes.ROUNDED and taxes.rounding in by_line:
        message = f"`line_taxes` has no effect with `rounding: {taxes.rounding}`"
        diagnostics.error("FIN075", message, taxes.span, "it is for tax that is rounded at the document")


def _check_order(document: Totals, diagnostics: Diagnostics) -> None:
    order = document.order
    for stage in sorted({stage for stage in order if order.count(stage) > 1}):
        diagnostics.error("FIN070", f"`{stage}` stands twice in `order`", document.span, "write it once")
    if Stage.TAXES in order:
        taxes = order.index(Stage.TAXES)
        for at, stage in enumerate(order):
            if at > taxes and stage not in _AFTER_TAX and stage is not Stage.TAXES:
                help = "only `credits_after_tax` may follow"
                diagnostics.error("FIN071", f"`{stage}` stands after `taxes`", document.span, help)
                break  # what else follows is in its place once `taxes` is moved
            if at < taxes and stage in _AFTER_TAX:
                diagnostics.error("FIN071", f"`{stage}` stands before `taxes`", document.span, "put it after")
    configured = (
        (Stage.LINE_DISCOUNTS, document.line_discounts), (Stage.MAXIMUM, document.maximum),
        (Stage.MINIMUM, document.minimum), (Stage.DOCUMENT_DISCOUNTS, document.document_discounts),
        (Stage.TAXES, document.taxes),
    )  # fmt: skip
    for stage, settings in configured:
        if settings is not None and stage not in order:
            diagnostics.error("FIN072", f"`{stage}` does not stand in `order`", settings.span, "add it there")


def _check_bounds(document: Totals, diagnostics: Diagnostics) -> None:
    for name, bound in (("maximum", document.maximum), ("minimum", document.minimum)):
        if bound is not None and bound.amount < 0:
            diagnostics.error("FIN073", f"`{name}` is below zero", bound.span, "give an amount of zero or above")
    most, least = document.maximum, document.minimum
    if most is not None and least is not None and most.kinds == least.kinds and most.amount < least.amount:
        diagnostics.error("FIN073", "the maximum is below the minimum", most.span, "raise one or lower the other")
    if document.cash_rounding is not None and document.cash_rounding.increment <= 0:
        diagnostics.error(
            "FIN074", "`increment` is not above zero", document.cash_rounding.span, "give the value of the least coin"
        )


def _check_allocation(allocation: Allocation, diagnostics: Diagnostics) -> None:
    free = (Method.UNROUNDED, Method.INDEPENDENT_ROUNDING)
    if allocation.method in free and allocation.order is not LineOrder.AS_GIVEN:
        diagnostics.error(
            "FIN075", f"`order` has no effect with `method: {allocation.method}`", allocation.span,
            "no share depends on its place",
        )  # fmt: skip
