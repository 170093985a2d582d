"""What a settlement is told, and what it answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.base.money import Money
from engine.finance.facts import fact, facts


@facts
class Parts:
    """What is open of a document, by part. Any may be negative."""

    line: Money | None = fact("Goods and services, without tax.", default=None)
    tax: Money | None = fact("Tax.", default=None)
    freight: Money | None = fact("Freight.", default=None)
    charges: Money | None = fact("Late charges.", default=None)


@facts
class OpenDocument:
    """A document that is not fully paid."""

    id: str = fact("Its id.")
    open: Money = fact("What is open.")
    due: date | None = fact("When it is due; with it, it may be past due.", default=None)
    discount: Money | None = fact("Cash discount if it is paid in time.", default=None)
    discount_date: date | None = fact("The last day of the discount.", default=None)
    group: str = fact("Its payment terms, or whatever groups it.", default="")
    parts: Parts | None = fact("What is open, by part.", default=None)


@facts
class Receipt:
    """Money that came in."""

    amount: Money = fact("How much.")
    date: date = fact("When.")
    id: str = fact("Its id.", default="")


class Side(StrEnum):
    RECEIVABLE = "receivable"
    PAYABLE = "payable"


@facts
class Remeasured:
    """Something that happens to an item in a foreign currency: a close at a rate, or a payment at one."""

    rate: Decimal = fact("The rate on that day.")
    paid: Money | None = fact("With a payment: how much of the item, in its currency. Left out: a close.", default=None)
    date: date | None = fact("When.", default=None)


@facts
class ForeignItem:
    """A receivable or payable in a foreign currency, and what happened to it, in order."""

    id: str = fact("Its id.", default="")
    amount: Money = fact("In its own currency.")
    rate: Decimal = fact("The rate at which it was booked.")
    side: Side = fact("Whether it is owed to us or by us.", default=Side.RECEIVABLE)
    happened: tuple[Remeasured, ...] = fact("Closes and payments, in order.", default=())


@facts
class ThirdCurrency:
    """A receipt in a currency that is neither the document's nor the entity's own."""

    id: str = fact("Its id.", default="")
    received: Money = fact("What came in.")
    document_currency: str = fact("The currency of the document that it pays.")
    booking_rate: Decimal = fact("Functional currency per unit of the document's, when the document was booked.")
    cross_rate: Decimal = fact("The document's currency per unit of the receipt's, on the receipt's day.")
    document_rate: Decimal = fact("Functional currency per unit of the document's, on the receipt's day.")
    receipt_rate: Decimal = fact("Functional currency per unit of the receipt's, on that day.")


@facts
class SettlementFacts:
    """What is to be applied or remeasured."""

    receipt: Receipt | None = fact("The receipt to apply.", default=None)
    documents: tuple[OpenDocument, ...] = fact("The customer's open documents.", default=())
    functional: str = fact("The entity's own currency.", default="")
    items: tuple[ForeignItem, ...] = fact("Items in foreign currencies.", default=())
    third_currency: tuple[ThirdCurrency, ...] = fact("Receipts in a third currency.", default=())


@facts
class Applied:
    """What a document got of a receipt."""

    id: str = fact("The document's id.")
    applied: Money = fact("Of the receipt.")
    discount: Money = fact("Cash discount taken.")
    written_off: Money = fact("Small difference that closed it.")
    remaining: Money = fact("What is still open.")
    parts: Parts = fact("Of the receipt, by part; only where the document's parts are known.")
    remaining_parts: Parts = fact("What is still open, by part.")


@facts
class Remeasurement:
    """An item after something happened to it; differences are gains above zero, losses below."""

    id: str = fact("The item's id.")
    what: str = fact("`close` or `payment`.")
    rate: Decimal = fact("The rate.")
    open: Money = fact("Still open, in the item's currency.")
    carrying: Money = fact("What it is carried at afterwards, in the functional currency.")
    settled: Money = fact("With a payment: its value at the payment's rate; else zero.")
    realized: Money = fact("Realised by the payment, against the booking rate; zero at a close.")
    unrealized: Money = fact("Unrealised since booking, on what is still open.")
    posted: Money = fact("What is booked as unrealised now: the whole (`reverse`) or the change (`delta`).")
    reversed: Money = fact("What is taken back of earlier unrealised differences.")


@facts
class CrossReceipt:
    """A receipt in a third currency, with its two differences; gains above zero."""

    id: str = fact("Its id.")
    applied: Money = fact("To the document, in the document's currency.")
    applied_value: Money = fact("That, in the functional currency, at the document currency's rate of the day.")
    received_value: Money = fact("The receipt in the functional currency, at its own rate.")
    standard_difference: Money = fact("The document currency's change since booking.")
    alternate_difference: Money = fact("The receipt's own value against what was applied.")


@facts
class Booked:
    """An item as it was booked."""

    id: str = fact("The item's id.")
    booked: Money = fact("In the functional currency.")


@facts
class SettlementResult:
    """What was applied, and what became of foreign items."""

    rule: str = fact("The rule that matched; empty if none did.")
    account_balance: Money | None = fact("What the customer owed before, less discounts that count.", default=None)
    applications: tuple[Applied, ...] = fact("By document, in the order of application.", default=())
    discount: Money | None = fact("Discounts taken in all.", default=None)
    unapplied: Money | None = fact("Left over and waiting for a decision.", default=None)
    on_account: Money | None = fact("Left over and the customer's.", default=None)
    booked: tuple[Booked, ...] = fact("Foreign items as they were booked.", default=())
    remeasurements: tuple[Remeasurement, ...] = fact("Foreign items after each close and payment.", default=())
    realized: Money | None = fact("Realised differences in all.", default=None)
    unrealized: Money | None = fact("Unrealised differences that stand at the end.", default=None)
    receipts: tuple[CrossReceipt, ...] = fact("Receipts in a third currency.", default=())
