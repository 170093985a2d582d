"""What rating is told: usage by meter, earlier bills, the period; and what it answers: charges with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engine.base.money import Money
from engine.finance.facts import fact, facts
from engine.spec.documents.pricing_bounds import Accumulate


class Bill(StrEnum):
    ALL = "all"
    IN_ADVANCE = "in_advance"
    IN_ARREARS = "in_arrears"


@facts
class Transaction:
    """One payment or other amount."""

    amount: Money = fact("Its amount; negative for a refund.")
    id: str = fact("Its id; orders transactions of one moment.", default="")
    at: datetime | None = fact("When it happened. Transactions are rated in this order, then by id.", default=None)


@facts
class Usage:
    """An aggregated quantity of one meter, perhaps of one window, one set of dimensions, or one record."""

    meter: str = fact("The meter.")
    quantity: Decimal | None = fact("How much, in the meter's unit.", default=None)
    prorated_quantity: Decimal | None = fact(
        "How much of it counts for the price, where it was there in part.", default=None
    )
    selection_quantity: Decimal | None = fact("The quantity that selects the tier, if it is another one.", default=None)
    display_quantity: Decimal | None = fact(
        "The quantity shown; the effective unit price is for one of it.", default=None
    )
    amount: Money | None = fact("The amount that the usage carries.", default=None)
    transactions: tuple[Transaction, ...] = fact("The amounts one by one.", default=())
    dimensions: Mapping[str, str] | None = fact("Values of its dimensions.", default=None)
    attributes: Mapping[str, Any] | None = fact("What formulas read.", default=None)
    at: datetime | None = fact("When it happened, or its window began.", default=None)
    references: tuple[str, ...] = fact("The records it comes from; carried to the lines.", default=())


@facts
class Billed:
    """What was billed before for a charge."""

    charge: str = fact("The charge; a bound's id for its true-up.")
    over: Accumulate = fact("Whether this is of the `period` or of the whole `contract`.", default=Accumulate.PERIOD)
    meter: str | None = fact("The meter of the quantity; the charge's first one if left out.", default=None)
    quantity: Decimal | None = fact("The quantity, in the meter's unit.", default=None)
    amount: Money | None = fact("The amount, after bounds.", default=None)
    base_amount: Money | None = fact("The amount before commitments; as `amount` if left out.", default=None)
    carried_amount: Money | None = fact("The amount that the usage carried.", default=None)
    transactions: tuple[Transaction, ...] = fact("Its transactions one by one.", default=())
    dimensions: Mapping[str, str] | None = fact("Values of its dimensions.", default=None)
    at: datetime | None = fact("When that usage happened.", default=None)


@facts
class Earlier:
    """Quantities of whole earlier periods."""

    charge: str = fact("The charge.")
    quantities: tuple[Decimal, ...] = fact("The priced quantity of each earlier period, oldest first.")


@facts
class Days:
    """The part of the period that is billed."""

    billed: Decimal = fact("Days that are billed.")
    in_period: Decimal = fact("Days of the whole period.")


@facts
class Period:
    """The days from `from` up to, not including, `to`."""

    from_: date = fact("First day.")
    to: date = fact("The day after the last.")


@facts
class RatingFacts:
    """What rating is told."""

    usage: tuple[Usage, ...] = fact("Quantities by meter, in the order in which they happened.", default=())
    currency: str | None = fact("The currency that is asked for; it must be the document's.", default=None)
    period: Period | None = fact("The billed period.", default=None)
    next_period: Period | None = fact(
        "The period after it. Charges in advance are for it then, and for the billed period if it is left out.",
        default=None,
    )
    contract_start: date | None = fact("First day of the contract.", default=None)
    days: Days | None = fact("The part of the billed period that counts; all of it if left out.", default=None)
    billed: tuple[Billed, ...] = fact("What was billed before.", default=())
    earlier: tuple[Earlier, ...] = fact("Quantities of earlier periods, for rollover and smoothing.", default=())
    billed_early: Money | None = fact("What bills at thresholds have billed of this period.", default=None)
    bill: Bill = fact("Which charges this bill has.", default=Bill.ALL)
    closing: bool = fact(
        "Whether this is the last bill of what minimums and commitments run over: true-ups are charged, except on a "
        "bill in advance.",
        default=True,
    )


@facts
class Part:
    """A part of a line: a tier, a package, a transaction, a record."""

    quantity: Decimal = fact("Units, or the amount that a percentage applies to.")
    amount: Decimal = fact("What it costs, before rounding.")
    tier: int | None = fact("Which tier, from 1.", default=None)
    from_: Decimal | None = fact("Where the tier begins.", default=None)
    to: Decimal | None = fact("Where it ends; open if left out.", default=None)
    unit_price: Decimal | None = fact("Price of a unit or of a package.", default=None)
    packages: Decimal | None = fact("Packages counted.", default=None)
    rate_percent: Decimal | None = fact("Percentage.", default=None)
    flat_fee: Decimal | None = fact("Fixed part of the amount.", default=None)
    explanation: str = fact("In words.", default="")


@facts
class Adjustment:
    """What a bound changed on a line."""

    bound: str = fact("The bound.")
    amount: Money = fact("Negative: a discount.")
    explanation: str = fact("In words.")


@facts
class Line:
    """One line of a bill."""

    charge: str = fact("The charge, or the bound that asks for it.")
    kind: str = fact("`charge`, `true_up` or `unused`.")
    summary: str = fact("What it is.")
    meters: tuple[str, ...] = fact("The meters.", default=())
    dimensions: Mapping[str, str] | None = fact("Values of dimensions that all of its usage has.", default=None)
    path: str = fact("The row, phase or time window that gave the price.", default="")
    quantity: Decimal = fact("The metered quantity of this bill.")
    billable_quantity: Decimal = fact("The priced quantity, after conversion, rounding and included units.")
    included_quantity: Decimal = fact("Units that were included.", default=Decimal(0))
    base: Decimal | None = fact("The amount that a percentage applies to, free amounts taken off.", default=None)
    transactions: int | None = fact("Transactions that were not free.", default=None)
    packages: Decimal | None = fact("Packages counted.", default=None)
    parts: tuple[Part, ...] = fact("The tiers and blocks that it fell into.", default=())
    prior_amount: Decimal | None = fact(
        "What the quantity billed before costs; the line is the difference.", default=None
    )
    exact: Decimal = fact("The amount before rounding and bounds.")
    base_amount: Money = fact("The amount before bounds.")
    adjustments: tuple[Adjustment, ...] = fact("What bounds changed.", default=())
    amount: Money = fact("The amount.")
    units: Decimal | None = fact("The amount in the document's own pricing unit.", default=None)
    effective_unit_price: Decimal = fact("The amount per unit of quantity; 0 for a quantity of 0.")
    unit_price_on_paid: Decimal = fact("The amount per priced unit; 0 for none.")
    committed: Decimal | None = fact("With a commitment per window: what it covered.", default=None)
    overage: Decimal | None = fact("With a commitment per window: what was charged above it.", default=None)
    shortfall: Decimal | None = fact("With a commitment per window: what was charged for less.", default=None)
    timing: str = fact("`in_advance` or `in_arrears`.")
    service: Period | None = fact("The period it is for.", default=None)
    references: tuple[str, ...] = fact("The records it comes from.", default=())
    explanation: str = fact("In words.")


@facts
class BoundResult:
    """What a bound did."""

    bound: str = fact("The bound.")
    dimensions: Mapping[str, str] | None = fact("Of a bound by dimensions: the values that it is for.", default=None)
    limit: Decimal = fact("Its amount, after proration.")
    counted: Decimal = fact("What counted towards it on this bill.")
    before: Decimal = fact("What counted on earlier bills.")
    exact: Decimal = fact("The true-up, discount or overage before rounding.")
    amount: Money = fact("The true-up (positive), discount (negative) or surcharge that it made.")
    units: Decimal | None = fact("The same in the document's own pricing unit.", default=None)
    within: Money | None = fact("Of a commitment: what it covered.", default=None)
    within_by_line: tuple[Money, ...] = fact("The same for each line that counted.", default=())
    overage: Money | None = fact("Of a commitment: what was charged for the rest, with its factor.", default=None)
    explanation: str = fact("In words.")


@facts
class EarlyBill:
    """A bill made at a threshold."""

    threshold: Money = fact("The highest threshold that was reached.")
    reached: Money = fact("The total at that point.")
    amount: Money = fact("What this bill charges: the total, less what was billed early before.")
    usage: int = fact("The position of the usage that reached it, from 1.")


@facts
class Progress:
    """Bills at thresholds, and what is left for the last bill."""

    bills: tuple[EarlyBill, ...] = fact("Bills that are due at thresholds.")
    fees: Money = fact("All charges of the period.")
    credit: Money = fact("What was billed early.")
    due: Money = fact("What the last bill charges.")


@facts
class Charges:
    """What rating answers."""

    currency: str = fact("The currency of all amounts.")
    lines: tuple[Line, ...] = fact("The lines, charges first, then true-ups.")
    bounds: tuple[BoundResult, ...] = fact("What each bound did.", default=())
    subtotal: Money = fact("The sum of the charges before bounds.")
    total: Money = fact("The sum of all lines.")
    progress: Progress | None = fact("With thresholds.", default=None)
    unpriced: tuple[str, ...] = fact("Usage that no charge prices, where the document allows it.", default=())
    explanation: str = fact("In words.")
