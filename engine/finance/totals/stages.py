"""The stages between lines and their document, each one function of the open lines."""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.base.record import mutable
from engine.finance.exact import ZERO, decimal_of, rounded, total
from engine.finance.problem import Where, refused
from engine.finance.totals.allocation import ordered, shares
from engine.finance.totals.discounts import Stack, available, in_order, take, value
from engine.finance.totals.facts import Credit, CreditTime, Discount, TotalsFacts, Used
from engine.finance.totals.lines import Digits, OpenLine
from engine.finance.totals.taxes import Taken, tax_lines
from engine.spec.documents.totals import (
    Allocation,
    DocumentDiscounts,
    LineDiscounts,
    PercentOf,
    Prices,
    Rounded,
    Taxes,
    Totals,
)


@mutable
class Open:
    """A document on its way through the stages."""

    document: Totals
    facts: TotalsFacts
    digits: Digits
    where: Where
    allocation: Allocation
    taxes: Taxes
    lines: list[OpenLine]
    rates: tuple[Taken, ...] = ()
    tax: Fraction = ZERO
    true_up: Fraction = ZERO
    beyond_lines: Fraction = ZERO
    discounts_used: list[Used] = field(default_factory=list)
    credits_used: list[Used] = field(default_factory=list)

    def used(self, discount: Discount, amount: Fraction) -> None:
        limit = available(discount)
        # Shares that are rounded on their own may add up to a unit more than the discount had.
        left = None if limit is None else self.digits.money(max(ZERO, limit - amount))
        self.discounts_used.append(Used(id=discount.id, used=self.digits.money(amount), left=left))


def line_discounts(open_: Open, settings: LineDiscounts) -> None:
    """Each line's own discounts."""
    stack = Stack(settings.stacking, settings.percentages, settings.rounded, open_.digits.scale, open_.digits.mode)
    for line in open_.lines:
        for discount, amount in take(line.discounts, line.left, stack):
            line.discount += amount
            line.left -= amount
            open_.used(discount, amount)
            line.told.append(f"{_told(discount)}: {open_.digits.money(amount)}")


def _told(discount: Discount) -> str:
    if discount.percent is not None:
        return f"discount {discount.id} of {discount.percent}%"
    return f"discount {discount.id} of {discount.amount}"


def document_discounts(open_: Open, settings: DocumentDiscounts) -> None:
    """Discounts of the document, one after the other, each spread over what is left of the lines."""
    digits = open_.digits
    stack = Stack(settings.stacking, settings.percentages, Rounded.EACH, digits.scale, digits.mode)
    discounts = in_order(open_.facts.discounts, settings.stacking)
    if settings.targeted_first:
        discounts.sort(key=lambda each: not each.kinds)
    before = [line.left for line in open_.lines]
    for discount in discounts:
        at = [i for i, line in enumerate(open_.lines) if line.is_of(discount.kinds) and line.left > 0]
        lines = [open_.lines[i] for i in at]
        if settings.percent_of is PercentOf.LINES and discount.percent is not None:
            parts: list[Fraction] = []
            for i in at:
                parts.append(value(discount, open_.lines[i].left, before[i], stack, total(parts)))
        else:
            left = total(line.left for line in lines)
            amount = value(discount, left, total(before[i] for i in at), stack)
            if amount == left:
                parts = [line.left for line in lines]
            else:
                spread = settings.allocation or open_.allocation
                where = open_.where.at(rule=f"discount {discount.id}")
                parts = spread_over(spread, amount, [line.left for line in lines], [line.id for line in lines],
                                    digits, where)[0]  # fmt: skip
                parts = _within(parts, [line.left for line in lines])
        for line, part in zip(lines, parts, strict=True):
            line.document_discount += part
            line.left -= part
            if part:
                line.told.append(f"share of {_told(discount)}: {digits.money(part)}")
        open_.used(discount, total(parts))


def _within(parts: list[Fraction], lefts: list[Fraction]) -> list[Fraction]:
    """No share below zero or above its line: what a line cannot take goes to the first lines that can."""
    fit = [max(ZERO, min(part, left)) for part, left in zip(parts, lefts, strict=True)]
    over = total(parts) - total(fit)
    for at, left in enumerate(lefts):
        moved = min(over, left - fit[at]) if over > 0 else max(over, -fit[at])
        fit[at] += moved
        over -= moved
    return fit


def spread_over(
    allocation: Allocation,
    amount: Fraction,
    weights: list[Fraction],
    keys: list[str],
    digits: Digits,
    where: Where,
) -> tuple[list[Fraction], list[Fraction]]:
    """The shares of an amount as an allocation says, and what they were before rounding."""
    scale = digits.scale if allocation.scale is None else allocation.scale
    return shares(
        amount, weights, allocation.method,
        scale=scale, positions=ordered(keys, weights, allocation.order), mode=digits.mode,
        keep=allocation.scale, where=where,
    )  # fmt: skip


def maximum(open_: Open, amount: Fraction, kinds: tuple[str, ...]) -> None:
    """What exceeds the maximum is taken off, line by line in their order."""
    billed = _fraction(open_.facts.billed_before)
    for line in open_.lines:
        if line.is_of(kinds):
            left = line.left
            line.over_maximum = max(ZERO, min(left, billed + left - amount))
            line.left = left - line.over_maximum
            billed += line.left
            if line.over_maximum:
                line.told.append(f"above the maximum of {decimal_of(amount)}: {open_.digits.money(line.over_maximum)}")


def minimum(open_: Open, amount: Fraction, kinds: tuple[str, ...]) -> None:
    """A line for what lacks to the minimum."""
    billed = total(line.left for line in open_.lines if line.is_of(kinds))
    lacking = open_.digits.fit(amount - billed)
    if lacking > 0:
        open_.true_up = lacking
        told = f"true-up to the minimum of {decimal_of(amount)}"
        rates = open_.facts.taxes
        open_.lines.append(OpenLine("true_up", "true_up", lacking, (), rates, told=[told]))


def credits_before_tax(open_: Open) -> None:
    """Credits that lower what tax is taken of, over the lines in their order."""
    for credit in _credits(open_, CreditTime.BEFORE_TAX):
        left = rest = Fraction(credit.amount.amount)
        for line in _payable(open_, credit):
            paid = _paid(open_, rest, line.left)
            line.credits_before += paid
            line.left -= paid
            rest -= paid
            _tell(open_, line, credit, paid)
        _credit_used(open_, credit, left - rest, rest)


def take_taxes(open_: Open) -> None:
    """Tax of every line. Raises Failure(policy) for a line without a rate where one is required."""
    for line in open_.lines:
        if open_.taxes.required and not line.rates:
            where = open_.where.at(record=f"line {line.id}")
            raise refused(where, "it has no rate of tax", "give its rates, one of zero where no tax is due")
    taxed = tax_lines(
        [line.left for line in open_.lines], [line.rates for line in open_.lines], open_.taxes,
        scale=open_.digits.scale, mode=open_.digits.mode,
    )  # fmt: skip
    inclusive = open_.taxes.prices is Prices.INCLUSIVE
    for line, taxes, tax in zip(open_.lines, taxed.lines, taxed.line_taxes, strict=True):
        line.taxes, line.tax = taxes, tax
        line.net = line.left - tax if inclusive else line.left
    open_.rates, open_.tax = taxed.rates, taxed.tax


def credits_after_tax(open_: Open, gross: Fraction) -> None:
    """Credits over the lines with their tax; one for all lines also pays a difference of rounding."""
    beyond = gross - total(line.gross for line in open_.lines)
    for credit in _credits(open_, CreditTime.AFTER_TAX):
        left = rest = Fraction(credit.amount.amount)
        for line in _payable(open_, credit):
            paid = _paid(open_, rest, line.gross - line.credits_after)
            line.credits_after += paid
            rest -= paid
            _tell(open_, line, credit, paid)
        if not credit.kinds and (open_.document.credits is None or not open_.document.credits.kinds):
            paid = _paid(open_, rest, beyond - open_.beyond_lines)
            open_.beyond_lines += paid
            rest -= paid
        _credit_used(open_, credit, left - rest, rest)


def _credits(open_: Open, time: CreditTime) -> list[Credit]:
    return [credit for credit in open_.facts.credits if credit.applies is time]


def _payable(open_: Open, credit: Credit) -> list[OpenLine]:
    kinds = open_.document.credits.kinds if open_.document.credits is not None else ()
    return [line for line in open_.lines if line.is_of(kinds) and line.is_of(credit.kinds)]


def _paid(open_: Open, credit: Fraction, owed: Fraction) -> Fraction:
    """Whole units only: what is below one stays in the credit."""
    paid = max(ZERO, min(credit, owed))
    return paid if paid == owed else Fraction(rounded(paid, open_.digits.scale, RoundingMode.DOWN))


def _tell(open_: Open, line: OpenLine, credit: Credit, paid: Fraction) -> None:
    if paid:
        line.told.append(f"credit {credit.id}: {open_.digits.money(paid)}")


def _credit_used(open_: Open, credit: Credit, used: Fraction, rest: Fraction) -> None:
    money = open_.digits.money
    open_.credits_used.append(Used(id=credit.id, used=money(used), left=money(rest)))


def _fraction(amount: Money | None) -> Fraction:
    return ZERO if amount is None else Fraction(amount.amount)
