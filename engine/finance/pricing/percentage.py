"""A percentage of transactions: fixed fees, free transactions and amounts, bounds of each transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import accumulate

from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ZERO
from engine.finance.pricing.measure import Measure, Piece, Rate
from engine.finance.pricing.words import number
from engine.finance.problem import refused
from engine.spec.documents.pricing import Negative
from engine.spec.documents.pricing_tiers import Allowance, Percentage

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@frozen
class _Rated:
    """One transaction: what is charged of it, and whether its fee is due."""

    value: Fraction
    base: Fraction
    with_fee: bool


def percentage_rate(percentage: Percentage, negative: Negative) -> Rate:
    """The function of a percentage. Where nothing is said of single transactions, a total amount is enough."""
    single = (
        percentage.fixed_fee != 0
        or percentage.free_transactions is not None
        or percentage.minimum is not None
        or percentage.maximum is not None
    )
    allot = _any if percentage.allowance is Allowance.ANY else _all

    def rate(measure: Measure) -> list[Piece]:
        values = _values(measure, single, negative)
        rated = list(allot(values, percentage))
        base = sum((each.base for each in rated), ZERO)
        fees = sum(each.with_fee for each in rated)
        bounded = [_charged(each, percentage) for each in rated]
        told = f"{number(percentage.rate_percent)}% of {number(base)}"
        if percentage.fixed_fee:
            told += f" and {number(percentage.fixed_fee)} for each of {fees} transactions"
        if base != sum(values, ZERO):
            told += f"; {number(sum(values, ZERO) - base)} are free"
        return [
            Piece(
                sum(values, ZERO),
                sum(bounded, ZERO),
                rate_percent=percentage.rate_percent,
                base=base,
                transactions=fees,
                flat_fee=percentage.fixed_fee or None,
                explanation=told,
            )
        ]

    return rate


def _values(measure: Measure, single: bool, negative: Negative) -> list[Fraction]:
    """The amounts in the order of time, then id."""
    values: list[Fraction] = []
    for entry in measure.entries:
        if entry.transactions:
            ordered = sorted(entry.transactions, key=lambda each: (each.at or _EARLIEST, each.id if each.at else ""))
            values += [Fraction(each.amount.amount) for each in ordered]
        elif entry.amount is not None and single and entry.amount != 0:
            raise refused(
                measure.place(entry), "this price needs the transactions one by one, but only their total is given",
                "give `transactions` with the usage",
            )  # fmt: skip
        elif entry.amount is not None:
            values.append(entry.amount)
    if any(value < 0 for value in values):
        if negative is Negative.REFUSE:
            raise refused(
                measure.where, "a transaction is below zero",
                "say in the charge's `quantity` what a negative one means: `negative: zero` or `negative: credit`",
            )  # fmt: skip
        if negative is Negative.ZERO:
            values = [max(ZERO, value) for value in values]
    return values


def _any(values: Sequence[Fraction], percentage: Percentage) -> Iterator[_Rated]:
    """The allowance that ends first: free up to the total at the last free transaction, and up to the free amount."""
    totals = list(accumulate(values))
    limits = []
    if percentage.free_amount is not None:
        limits.append(Fraction(percentage.free_amount))
    if percentage.free_transactions is not None:
        reached = min(percentage.free_transactions, len(totals))
        limits.append(totals[reached - 1] if reached else ZERO)
    limit = min(limits, default=ZERO)
    before = ZERO
    for index, (value, after) in enumerate(zip(values, totals, strict=True)):
        free = min(after, limit) - min(before, limit)
        free_fee = bool(limits)
        if percentage.free_transactions is not None:
            free_fee = free_fee and index < percentage.free_transactions
        if percentage.free_amount is not None:
            free_fee = free_fee and after < Fraction(percentage.free_amount)
        yield _Rated(value, value - free, not free_fee)
        before = after


def _all(values: Sequence[Fraction], percentage: Percentage) -> Iterator[_Rated]:
    """Free as long as either allowance is left; who crosses the free amount pays for the part above, and ends both."""
    count = percentage.free_transactions or 0
    amount = Fraction(percentage.free_amount or 0)
    for value in values:
        if count <= 0 and amount <= 0:
            yield _Rated(value, value, True)
        elif 0 < amount < value:
            yield _Rated(value, value - amount, True)
            count, amount = 0, ZERO
        else:
            yield _Rated(value, ZERO, False)
            count, amount = count - 1, max(ZERO, amount - value)


def _charged(each: _Rated, percentage: Percentage) -> Fraction:
    """The percentage and the fee, kept in bounds. A refund gives its percentage back and keeps the fee."""
    amount = each.base * Fraction(percentage.rate_percent) / HUNDRED
    if each.value < 0:
        return amount
    if each.with_fee:
        amount += Fraction(percentage.fixed_fee)
    elif each.base == 0:
        return ZERO
    if percentage.minimum is not None:
        amount = max(amount, Fraction(percentage.minimum))
    if percentage.maximum is not None:
        amount = min(amount, Fraction(percentage.maximum))
    return amount
