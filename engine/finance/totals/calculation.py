"""From lines to a document, in the declared order of operations (finance/pricing.md 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.finance.calculation import Calculation
from engine.finance.exact import HUNDRED, decimal_of, rounded, scale_for, total
from engine.finance.problem import Where, refused
from engine.finance.totals import stages
from engine.finance.totals.check import check
from engine.finance.totals.discounts import checked
from engine.finance.totals.facts import (
    CreditTime,
    LineTax,
    LineTotal,
    Share,
    Spread,
    SpreadResult,
    TotalsFacts,
    TotalsResult,
)
from engine.finance.totals.lines import Digits, OpenLine
from engine.finance.totals.stages import Open
from engine.finance.totals.taxes import Taken
from engine.spec.documents.totals import (
    Allocation,
    Bound,
    DocumentDiscounts,
    LineDiscounts,
    Method,
    Prices,
    Rounded,
    Stage,
    Taxes,
    Totals,
)


def prepare(document: Totals) -> Callable[[TotalsFacts], TotalsResult]:
    """The function from lines to the document's figures."""
    where = Where(f"totals {document.id} {document.version}")
    span = document.span
    allocation = document.allocation or Allocation(span=span)
    taxes = document.taxes or Taxes(span=span)
    line_settings = document.line_discounts or LineDiscounts(span=span)
    document_settings = document.document_discounts or DocumentDiscounts(span=span)

    def run(facts: TotalsFacts) -> TotalsResult:
        _check_facts(document, facts, where)
        open_ = _open(document, facts, where, allocation, taxes)
        for stage in document.order:
            if stage is Stage.LINE_DISCOUNTS:
                stages.line_discounts(open_, line_settings)
            elif stage is Stage.MAXIMUM and document.maximum is not None:
                stages.maximum(open_, *_bound(document.maximum))
            elif stage is Stage.MINIMUM and document.minimum is not None:
                stages.minimum(open_, *_bound(document.minimum))
            elif stage is Stage.DOCUMENT_DISCOUNTS:
                stages.document_discounts(open_, document_settings)
            elif stage is Stage.CREDITS_BEFORE_TAX:
                stages.credits_before_tax(open_)
        if Stage.TAXES in document.order:
            stages.take_taxes(open_)
        else:
            for line in open_.lines:
                line.net = line.left
        gross = _gross(open_)
        if Stage.CREDITS_AFTER_TAX in document.order:
            stages.credits_after_tax(open_, gross)
        return _result(open_, gross)

    return run


def _bound(bound: Bound) -> tuple[Fraction, tuple[str, ...]]:
    return Fraction(bound.amount), bound.kinds


def _open(document: Totals, facts: TotalsFacts, where: Where, allocation: Allocation, taxes: Taxes) -> Open:
    rounding = document.rounding
    scale = scale_for(facts.currency, None if rounding is None else rounding.scale)
    digits = Digits(facts.currency, scale, RoundingMode.HALF_UP if rounding is None else rounding.mode)
    lines = []
    for line in facts.lines:
        exact = Fraction(line.amount.amount)
        amount = digits.fit(exact) if document.lines is Rounded.EACH else exact
        rates = facts.taxes if line.taxes is None else line.taxes
        told = [] if amount == exact else [f"{line.amount} rounded to {digits.money(amount)}"]
        lines.append(OpenLine(line.id, line.kind, amount, line.discounts, rates, told=told))
    return Open(document, facts, digits, where, allocation, taxes, lines)


# ----------------------------------------------------------------------------- facts


def _check_facts(document: Totals, facts: TotalsFacts, where: Where) -> None:
    for record, amount in _amounts(facts):
        if amount.currency != facts.currency:
            at = where.at(record=record)
            raise refused(at, f"{amount} is not in {facts.currency}", "convert it, or make two documents")
    seen: set[str] = set()
    for line in facts.lines:
        if line.id in seen:
            raise refused(where.at(record=f"line {line.id}"), "two lines have the same id", "give each its own")
        seen.add(line.id)
        checked(line.discounts, where.at(record=f"line {line.id}"))
    checked(facts.discounts, where)
    for tax in [*facts.taxes, *(tax for line in facts.lines for tax in line.taxes or ())]:
        if tax.percent < 0:
            raise refused(where.at(record=f"tax {tax.code}"), "a rate is below zero", "give zero or above")
    for credit in facts.credits:
        if credit.amount.amount < 0:
            raise refused(where.at(record=f"credit {credit.id}"), "a credit is below zero", "leave it out")
    order = document.order
    unused = (
        (Stage.LINE_DISCOUNTS, any(line.discounts for line in facts.lines)),
        (Stage.DOCUMENT_DISCOUNTS, bool(facts.discounts)),
        (Stage.TAXES, any(line.taxes for line in facts.lines) or bool(facts.taxes)),
        (Stage.CREDITS_BEFORE_TAX, _any_credit(facts, CreditTime.BEFORE_TAX)),
        (Stage.CREDITS_AFTER_TAX, _any_credit(facts, CreditTime.AFTER_TAX)),
    )
    for stage, given in unused:
        if given and stage not in order:
            raise refused(where, f"facts for `{stage}` are given, which is not a stage of it", "add it to `order`")


def _any_credit(facts: TotalsFacts, time: CreditTime) -> bool:
    return any(credit.applies is time for credit in facts.credits)


def _amounts(facts: TotalsFacts) -> Iterator[tuple[str, Money]]:
    for line in facts.lines:
        yield f"line {line.id}", line.amount
    discounts = [each for line in facts.lines for each in line.discounts] + list(facts.discounts)
    for discount in discounts:
        for amount in (discount.amount, discount.already_consumed, discount.maximum):
            if amount is not None:
                yield f"discount {discount.id}", amount
    for credit in facts.credits:
        yield f"credit {credit.id}", credit.amount
    for spread in facts.spreads:
        if spread.amount is not None:
            yield f"spread {spread.id}", spread.amount
    if facts.billed_before is not None:
        yield "billed_before", facts.billed_before


# ----------------------------------------------------------------------------- result


def _gross(open_: Open) -> Fraction:
    fit = open_.digits.fit
    left = fit(total(line.left for line in open_.lines))
    return left if open_.taxes.prices is Prices.INCLUSIVE else left + open_.tax


def _result(open_: Open, gross: Fraction) -> TotalsResult:
    digits, lines = open_.digits, open_.lines
    fit = digits.fit
    before = fit(total(line.credits_before for line in lines))
    after = fit(total(line.credits_after for line in lines) + open_.beyond_lines)
    own = fit(total(line.discount for line in lines))
    over = fit(total(line.over_maximum for line in lines))
    shared = fit(total(line.document_discount for line in lines))
    due = gross - after
    payable = _cash(open_, due)
    shown = [_line(open_, line) for line in lines]
    difference = gross - total(line.gross for line in lines)
    if open_.document.difference_line and difference:
        rounding = OpenLine(
            "rounding", "rounding", difference, (), (), net=difference, credits_after=open_.beyond_lines
        )
        rounding.told.append("difference of rounding between the lines and the total")
        shown.append(_line(open_, rounding))
    money = digits.money
    return TotalsResult(
        currency=digits.currency, subtotal=money(fit(total(line.amount for line in lines))),
        line_discount=money(own), maximum_discount=money(over), document_discount=money(shared),
        discount=money(own + over + shared), true_up=money(open_.true_up), credits_before_tax=money(before),
        net=money(gross - open_.tax), tax=money(open_.tax), gross=money(gross), credits_after_tax=money(after),
        credits=money(before + after), total=money(due), cash_rounding=money(payable - due), payable=money(payable),
        rounding_difference=money(difference), lines=tuple(shown), taxes=_taxes(open_, open_.rates),
        discounts=tuple(open_.discounts_used), credits_used=tuple(open_.credits_used),
        spreads=tuple(_spread(open_, spread) for spread in open_.facts.spreads),
    )  # fmt: skip


def _line(open_: Open, line: OpenLine) -> LineTotal:
    money = open_.digits.money
    due = line.gross - line.credits_after
    return LineTotal(
        id=line.id, kind=line.kind, amount=money(line.amount), discount=money(line.discount),
        maximum_discount=money(line.over_maximum), document_discount=money(line.document_discount),
        credits_before_tax=money(line.credits_before), net=money(line.net), tax=money(line.tax),
        taxes=_taxes(open_, line.taxes), gross=money(line.gross), credits_after_tax=money(line.credits_after),
        credits=money(line.credits_before + line.credits_after), due=money(due), explanation="; ".join(line.told),
    )  # fmt: skip


def _taxes(open_: Open, taken: tuple[Taken, ...]) -> tuple[LineTax, ...]:
    money = open_.digits.money
    return tuple(
        LineTax(code=each.rate.code, percent=each.rate.percent, base=money(open_.digits.fit(each.base)),
                tax=money(each.tax))
        for each in taken
    )  # fmt: skip


def _cash(open_: Open, due: Fraction) -> Fraction:
    cash = open_.document.cash_rounding
    if cash is None:
        return due
    increment = Fraction(cash.increment)
    return Fraction(rounded(due / increment, 0, cash.mode)) * increment


def _spread(open_: Open, spread: Spread) -> SpreadResult:
    where = open_.where.at(record=f"spread {spread.id}")
    if (spread.percent is None) is (spread.amount is None):
        raise refused(where, "a spread is either an amount or a percentage", "give exactly one of them")
    weights = [Fraction(each.weight) for each in spread.weights]
    keys = [each.key for each in spread.weights]
    whole = total(weights)
    allocation, digits = open_.allocation, open_.digits
    if spread.amount is not None:
        amount = Fraction(spread.amount.amount)
        if allocation.cap_at_total_weight:
            amount = min(amount, whole)
        parts, exact = stages.spread_over(allocation, amount, weights, keys, digits, where)
    else:
        each_of = Fraction(spread.percent or 0) / HUNDRED
        amount = digits.fit(whole * each_of)
        if allocation.method in (Method.INDEPENDENT_ROUNDING, Method.UNROUNDED):
            parts, exact = stages.spread_over(allocation, whole * each_of, weights, keys, digits, where)
        else:
            parts, exact = stages.spread_over(allocation, amount, weights, keys, digits, where)
    taken = tuple(
        Share(key=key, amount=digits.money(part), exact=decimal_of(each))
        for key, part, each in zip(keys, parts, exact, strict=True)
    )
    return SpreadResult(
        id=spread.id, amount=digits.money(amount), shares=taken, drift=digits.money(total(parts) - amount)
    )


CALCULATION = Calculation("totals", "total", TotalsFacts, TotalsResult, check, prepare)
