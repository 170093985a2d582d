"""Items in a foreign currency: what they are booked at, carried at, and what closes and payments make of them.

Receivables and payables are monetary: they follow the closing rate, the difference is unrealised until they are paid
(IAS 21.23, ASC 830-20-35). A payment realises the difference between its rate and the booking rate on what it pays and
takes back the unrealised part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from engine.base.money import Money
from engine.finance.exact import rounded, scale_for
from engine.finance.problem import Where, refused
from engine.finance.settlement.facts import (
    CrossReceipt,
    ForeignItem,
    Remeasured,
    Remeasurement,
    Side,
    ThirdCurrency,
)
from engine.spec.documents.settlement import Exchange, RateForm, Revaluation


class Converter:
    """Converts into the functional currency as a document declares."""

    __slots__ = ("_functional", "_policy", "_where")

    def __init__(self, policy: Exchange, functional: str, where: Where) -> None:
        self._policy = policy
        self._functional = functional
        self._where = where

    def zero(self) -> Money:
        return Money.of(0, self._functional)

    def convert(self, amount: Decimal, rate: Decimal, where: Where | None = None) -> Money:
        """An amount at a rate, rounded once. Raises Failure for a rate that is not above zero."""
        if rate <= 0:
            raise refused(where or self._where, f"the rate {rate} is not above zero", "give the rate of the day")
        exact = Fraction(amount) * Fraction(rate)
        if self._policy.rates is RateForm.FOREIGN_PER_FUNCTIONAL:
            exact = Fraction(amount) / Fraction(rate)
        return self.rounded(exact)

    def rounded(self, exact: Fraction) -> Money:
        rounding = self._policy.rounding
        scale = scale_for(self._functional, None if rounding is None else rounding.scale)
        mode = "half_up" if rounding is None else rounding.mode
        return Money(rounded(exact, scale, mode), self._functional)


def booked(converter: Converter, item: ForeignItem) -> Money:
    """The item in the functional currency, at its booking rate."""
    return converter.convert(item.amount.amount, item.rate)


def remeasure(policy: Exchange, converter: Converter, item: ForeignItem, where: Where) -> Iterator[Remeasurement]:
    """The item after each close and payment. Gains are above zero, on a payable as on a receivable."""
    sign = 1 if item.side is Side.RECEIVABLE else -1
    open_ = item.amount
    at_booking = booked(converter, item)
    unrealized = converter.zero()
    for number, happened in enumerate(item.happened, 1):
        at = where.at(record=f"item {item.id or number}")
        if happened.paid is None:
            carrying = converter.convert(open_.amount, happened.rate, at)
            standing = _signed(carrying - at_booking, sign)
            reverse = policy.revaluation is Revaluation.REVERSE
            yield _row(
                item, happened, open_, carrying, converter.zero(), converter.zero(), standing,
                standing if reverse else standing - unrealized, unrealized if reverse else converter.zero(),
            )  # fmt: skip
            unrealized = standing
            continue
        _check_payment(happened, open_, at)
        paid = happened.paid
        whole = paid == open_
        value = converter.convert(paid.amount, happened.rate, at)
        share = at_booking if whole else converter.convert(paid.amount, item.rate, at)
        taken_back = unrealized if whole else _part(converter, unrealized, paid, open_)
        open_, at_booking = open_ - paid, at_booking - share
        unrealized = unrealized - taken_back
        carrying = at_booking + _signed(unrealized, sign)
        realized = _signed(value - share, sign)
        yield _row(item, happened, open_, carrying, value, realized, unrealized, converter.zero(), taken_back)


def _part(converter: Converter, amount: Money, paid: Money, open_: Money) -> Money:
    return converter.rounded(Fraction(amount.amount) * Fraction(paid.amount) / Fraction(open_.amount))


def _check_payment(happened: Remeasured, open_: Money, where: Where) -> None:
    assert happened.paid is not None
    if happened.paid.currency != open_.currency:
        message = f"it is paid in {happened.paid.currency}, and open in {open_.currency}"
        raise refused(where, message, "settle it as a receipt in a third currency, with the day's rates")
    if happened.paid > open_:
        raise refused(where, f"{happened.paid} is paid, and {open_} is open", "apply the rest to another document")


def _signed(difference: Money, sign: int) -> Money:
    return difference if sign > 0 else -difference


def _row(
    item: ForeignItem, happened: Remeasured, open_: Money, carrying: Money, settled: Money, realized: Money,
    unrealized: Money, posted: Money, taken_back: Money,
) -> Remeasurement:  # fmt: skip
    return Remeasurement(
        id=item.id,
        what="close" if happened.paid is None else "payment",
        rate=happened.rate,
        open=open_,
        carrying=carrying,
        settled=settled,
        realized=realized,
        unrealized=unrealized,
        posted=posted,
        reversed=taken_back,
    )


def cross_receipt(converter: Converter, receipt: ThirdCurrency) -> CrossReceipt:
    """A receipt in a third currency: the document currency's change since booking, and the receipt's own difference.

    The rates of these facts are always functional (or document) currency per unit of the other.
    """
    received = Fraction(receipt.received.amount)
    scale = scale_for(receipt.document_currency, None)
    applied = Money(rounded(received * Fraction(receipt.cross_rate), scale), receipt.document_currency)
    applied_value = converter.rounded(Fraction(applied.amount) * Fraction(receipt.document_rate))
    booked_value = converter.rounded(Fraction(applied.amount) * Fraction(receipt.booking_rate))
    received_value = converter.rounded(received * Fraction(receipt.receipt_rate))
    return CrossReceipt(
        id=receipt.id,
        applied=applied,
        applied_value=applied_value,
        received_value=received_value,
        standard_difference=applied_value - booked_value,
        alternate_difference=received_value - applied_value,
    )
