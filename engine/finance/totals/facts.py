"""What totals are told, and what they answer."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.base.money import Money
from engine.finance.facts import fact, facts


class CreditTime(StrEnum):
    """Whether a credit lowers what tax is taken of."""

    BEFORE_TAX = "before_tax"
    AFTER_TAX = "after_tax"


@facts
class Discount:
    """One discount: either a percentage or an amount."""

    id: str = fact("Its id, for example a coupon's code.")
    percent: Decimal | None = fact("So many per cent off.", default=None)
    amount: Money | None = fact("So much off.", default=None)
    already_consumed: Money | None = fact("What earlier documents used of it.", default=None)
    maximum: Money | None = fact("The most it may give in all.", default=None)
    kinds: tuple[str, ...] = fact("Only lines of these kinds; all if left out.", default=())


@facts
class Tax:
    """One rate of tax."""

    code: str = fact("The code of the rate.")
    percent: Decimal = fact("Its per cent.")


@facts
class Line:
    """One priced line."""

    id: str = fact("Its id.")
    amount: Money = fact("Its amount before discounts and tax (with tax inside, where prices are inclusive).")
    kind: str = fact("Its kind, such as `usage` or `subscription`.", default="")
    discounts: tuple[Discount, ...] = fact("Its own discounts.", default=())
    taxes: tuple[Tax, ...] | None = fact("Its rates of tax; those of the document if left out.", default=None)


@facts
class Credit:
    """Prepaid credit that may pay lines."""

    id: str = fact("Its id.")
    amount: Money = fact("What is left of it.")
    applies: CreditTime = fact("Before or after tax.", default=CreditTime.AFTER_TAX)
    kinds: tuple[str, ...] = fact("Only lines of these kinds; all if left out.", default=())


@facts
class Weight:
    """One party to an allocation."""

    key: str = fact("Who or what gets a share.")
    weight: Decimal = fact("Its weight, zero or above.")


@facts
class Spread:
    """An amount to be spread over weights, besides the lines: either an amount or a percentage of the weights."""

    id: str = fact("Its id.")
    amount: Money | None = fact("What is spread.", default=None)
    percent: Decimal | None = fact("So many per cent of the sum of weights.", default=None)
    weights: tuple[Weight, ...] = fact("Over what.")


@facts
class TotalsFacts:
    """The lines of one document and what is to be taken off or added."""

    currency: str = fact("The document's currency.")
    lines: tuple[Line, ...] = fact("Its lines, in their order.", default=())
    discounts: tuple[Discount, ...] = fact("Discounts of the whole document.", default=())
    credits: tuple[Credit, ...] = fact("Prepaid credits, in the order they are used.", default=())
    taxes: tuple[Tax, ...] = fact("Rates for lines that name none.", default=())
    billed_before: Money | None = fact("What the same period was billed before; counts for `maximum`.", default=None)
    spreads: tuple[Spread, ...] = fact("Amounts to be spread by the document's `allocation`.", default=())


@facts
class LineTax:
    """Tax of one rate, of a line or of the document."""

    code: str = fact("The code of the rate.")
    percent: Decimal = fact("Its per cent.")
    base: Money = fact("What it was taken of.")
    tax: Money = fact("The tax.")


@facts
class LineTotal:
    """One line after every stage."""

    id: str = fact("Its id.")
    kind: str = fact("Its kind; `true_up` and `rounding` for lines that were added.")
    amount: Money = fact("What it came with.")
    discount: Money = fact("Its own discounts.")
    maximum_discount: Money = fact("What exceeded the maximum.")
    document_discount: Money = fact("Its share of the document's discounts.")
    credits_before_tax: Money = fact("Credits that lower what tax is taken of.")
    net: Money = fact("After these, without tax.")
    tax: Money = fact("Its tax.")
    taxes: tuple[LineTax, ...] = fact("Its tax by rate.")
    gross: Money = fact("With tax.")
    credits_after_tax: Money = fact("Credits after tax.")
    credits: Money = fact("All credits.")
    due: Money = fact("What is left to pay.")
    explanation: str = fact("How it came about, in words.")


@facts
class Used:
    """What became of a discount or a credit."""

    id: str = fact("Its id.")
    used: Money = fact("What this document used of it.")
    left: Money | None = fact("What may be used later; nothing for a percentage without a maximum.")


@facts
class Share:
    """One share of an allocation."""

    key: str = fact("Who or what gets it.")
    amount: Money = fact("The share.")
    exact: Decimal = fact("The share before rounding.")


@facts
class SpreadResult:
    """An amount spread over weights."""

    id: str = fact("Its id.")
    amount: Money = fact("What was spread: the amount, a percentage of the sum, or what the cap left.")
    shares: tuple[Share, ...] = fact("In the order of weights.")
    drift: Money = fact("The shares' sum less the amount; zero but for independent rounding.")


@facts
class TotalsResult:
    """The document's figures."""

    currency: str = fact("The currency.")
    subtotal: Money = fact("The lines as they came, and a true-up.")
    line_discount: Money = fact("Discounts of lines.")
    maximum_discount: Money = fact("What exceeded the maximum.")
    document_discount: Money = fact("Discounts of the document.")
    discount: Money = fact("All of these.")
    true_up: Money = fact("What lacked to the minimum.")
    credits_before_tax: Money = fact("Credits before tax.")
    net: Money = fact("Without tax.")
    tax: Money = fact("Tax.")
    gross: Money = fact("Net and tax.")
    credits_after_tax: Money = fact("Credits after tax.")
    credits: Money = fact("All credits used.")
    total: Money = fact("Gross less credits after tax.")
    cash_rounding: Money = fact("What cash rounding added or took off.")
    payable: Money = fact("What is to be paid.")
    rounding_difference: Money = fact("Gross less the gross of all lines.")
    lines: tuple[LineTotal, ...] = fact("The lines.")
    taxes: tuple[LineTax, ...] = fact("Tax by rate.")
    discounts: tuple[Used, ...] = fact("What became of each discount.")
    credits_used: tuple[Used, ...] = fact("What became of each credit.")
    spreads: tuple[SpreadResult, ...] = fact("The amounts that were spread.")
