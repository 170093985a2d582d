"""The calculation of ``settlement`` documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.finance.calculation import Calculation
from engine.finance.problem import Where, refused
from engine.finance.settlement import codes as codes
from engine.finance.settlement.application import apply_receipt
from engine.finance.settlement.exchange import Converter, booked, cross_receipt, remeasure
from engine.finance.settlement.facts import Booked, SettlementFacts, SettlementResult
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.settlement import Exchange, Settlement


def check(document: Settlement, diagnostics: Diagnostics) -> None:
    """Report what is certainly wrong with a document alone."""
    application = document.application
    if application is None and document.exchange is None:
        help = "add `application` for receipts, `exchange` for foreign currencies, or both"
        diagnostics.error("FIN180", "the document says nothing about settlement", document.span, help)
    if application is None:
        return
    if not application.rules:
        help = "name at least one, such as `oldest_first`"
        diagnostics.error("FIN181", "no rule would ever match a receipt", application.span, help)
    for rule in dict.fromkeys(application.rules):
        if application.rules.count(rule) > 1:
            diagnostics.error("FIN181", f"`{rule}` is named twice", application.span, "name each rule once")
    for name in ("grace_days", "small_difference"):
        if getattr(application, name) < 0:
            diagnostics.error("FIN182", f"`{name}` is below zero", application.span, "use zero or more")


def prepare(document: Settlement) -> Callable[[SettlementFacts], SettlementResult]:
    """The document as a function of receipts and items."""
    where = Where(f"settlement {document.id} {document.version}")

    def settle(facts: SettlementFacts) -> SettlementResult:
        result = SettlementResult(rule="")
        if facts.receipt is not None:
            if document.application is None:
                raise refused(where, "it does not say how receipts are applied", "add `application` to the document")
            result = apply_receipt(document.application, facts.receipt, facts.documents, where)
        if facts.items or facts.third_currency:
            if document.exchange is None:
                raise refused(
                    where, "it does not say how foreign currencies are carried", "add `exchange` to the document"
                )
            result = _exchange(document.exchange, facts, result, where)
        return result

    return settle


def _exchange(policy: Exchange, facts: SettlementFacts, result: SettlementResult, where: Where) -> SettlementResult:
    if not facts.functional:
        raise refused(where, "the entity's own currency is not given", "give `functional`")
    converter = Converter(policy, facts.functional, where)
    rows = []
    unrealized = converter.zero()
    for item in facts.items:
        if item.amount.currency == facts.functional:
            at = where.at(record=f"item {item.id}")
            raise refused(at, f"it is in {facts.functional}, the entity's own currency", "leave it out")
        own = list(remeasure(policy, converter, item, where))
        rows += own
        unrealized = unrealized + (own[-1].unrealized if own else converter.zero())
    receipts = tuple(cross_receipt(converter, each) for each in facts.third_currency)
    realized = sum((row.realized for row in rows), converter.zero())
    for receipt in receipts:
        realized = realized + receipt.standard_difference + receipt.alternate_difference
    return replace(
        result,
        booked=tuple(Booked(id=item.id, booked=booked(converter, item)) for item in facts.items),
        remeasurements=tuple(rows),
        realized=realized,
        unrealized=unrealized,
        receipts=receipts,
    )


CALCULATION: Calculation[Settlement, SettlementFacts, SettlementResult] = Calculation(
    "settlement", "settle", SettlementFacts, SettlementResult, check, prepare
)
