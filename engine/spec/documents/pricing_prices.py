"""How a charge is priced: one of the rates, or a choice between prices by dimension, date, time or rule."""

from __future__ import annotations

import datetime
from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.finance import Rounding
from engine.spec.documents.pricing_tiers import Capacity, Package, Percentage, Tiers
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Expression, Name


class RowMatching(StrEnum):
    FIRST = "first"
    MOST_SPECIFIC = "most_specific"
    PRIORITY = "priority"


class PhaseDate(StrEnum):
    #: The first day of the billed period.
    PERIOD = "period"
    #: The day of the usage itself.
    USAGE = "usage"
    #: The first day of the contract: who signed keeps that day's price.
    CONTRACT = "contract"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class WithoutQuantity(StrEnum):
    CHARGE = "charge"
    NOTHING = "nothing"


class CompositeBase(StrEnum):
    #: After the bounds that concern those charges.
    NET = "net"
    #: Before any bound.
    GROSS = "gross"


@shape
class Carried:
    """The amount that usage carries itself: passed on, or marked up. With a pricing unit, it is in that unit."""

    multiplier: Decimal = declare(
        "What the amount is multiplied by: 1 passes it on, 1.2 adds a fifth.", default=Decimal(1)
    )
    without_quantity: WithoutQuantity = declare(
        "An amount that comes with a quantity of zero: charged, or not.", default=WithoutQuantity.CHARGE
    )
    span: Span


@shape
class Composite:
    """A percentage of other charges of this document."""

    rate_percent: Decimal = declare("Percentage of their amounts.")
    charges: tuple[Name, ...] = declare("The charges it is a percentage of.")
    bounds: tuple[Name, ...] = declare("Bounds whose true-up counts too.", default=())
    base: CompositeBase = declare(
        "Their amounts after the bounds that concern them (`net`), or before any (`gross`).", default=CompositeBase.NET
    )
    span: Span


@shape
class Formula:
    """An amount computed for each record of usage, before summing."""

    amount: Expression = declare(
        "The amount of one record, from `quantity`, `amount`, `dimensions` and `attributes` (`attributes.weight`). A "
        "division is rounded where the formula says so: `round(x, 6, 'half_up')`.",
        example="=quantity * attributes.weight * `0.02`",
    )
    span: Span


@shape
class SegmentPrice:
    """A price instead of the list price."""

    when: Map[tuple[str, ...]] = declare('Values of dimensions it is for; `["*"]` is any value.')
    unit_price: Decimal = declare("Price of a unit.")
    span: Span


@shape
class PriceFactor:
    """A factor on the price."""

    when: Map[tuple[str, ...]] = declare('Values of dimensions it is for; `["*"]` is any value.')
    factor: Decimal = declare("What the unit price is multiplied by.")
    span: Span


@shape
class Decision:
    """A unit price by decision table: list price, replaced for a segment, adjusted by factors, kept in bounds."""

    list_price: Decimal = declare("The unit price where no segment has another.")
    segments: tuple[SegmentPrice, ...] = declare("The first that fits replaces the list price.", default=())
    factors: tuple[PriceFactor, ...] = declare("All that fit, multiplied.", default=())
    minimum: Decimal | None = declare("The lowest unit price.", default=None)
    maximum: Decimal | None = declare("The highest unit price.", default=None)
    rounding: Rounding | None = declare(
        "Rounds the unit price before it is multiplied; not rounded if left out.", default=None
    )
    span: Span


@shape
class Row:
    """One row of a price table."""

    when: Map[tuple[str, ...]] = declare(
        'The values of each dimension that it is for; `["*"]` is any value, but one must be there.'
    )
    priority: int = declare("Higher goes first, where rows are matched by priority.", default=0)
    price: Price = declare("The price.")
    span: Span


@shape
class Table:
    """A price by dimensions of the usage."""

    matching: RowMatching = declare(
        "Which row counts if several fit: the `first` one, the one with most values given (`most_specific`, then the "
        "first), or the one with the highest `priority` (then the first).",
        default=RowMatching.FIRST,
    )
    rows: tuple[Row, ...] = declare("The rows.")
    otherwise: Price | None = declare(
        "The price of usage that no row fits; without it such usage is a business exception.", default=None
    )
    span: Span


@shape
class Phase:
    """A price from a date, or from a month of the contract, on."""

    RULES = (ExactlyOne(("from", "from_month")),)

    from_: datetime.date | None = declare("First day it applies. Written as the key `from`.", default=None)
    from_month: int | None = declare("Months of the contract that come before it; 0 is its beginning.", default=None)
    price: Price = declare("The price.")
    span: Span


@shape
class Phases:
    """A price that changes with time: ramps, and versions of a price list."""

    by: PhaseDate = declare(
        "Which day selects the phase: the first of the `period` that the charge is for, that of the `usage` (in the "
        "zone of its time), or the first of the `contract` (who signed keeps the price).",
        default=PhaseDate.PERIOD,
    )
    phases: tuple[Phase, ...] = declare("The phases, earliest first.")
    span: Span


@shape
class TimeWindow:
    """Hours of days of the week."""

    id: str = declare("Its name.", pattern=r"[a-z][a-z0-9_]*")
    days: tuple[Weekday, ...] = declare("The days of the week; all if left out.", default=())
    from_: str = declare("First minute, `08:00`. Written as the key `from`.", pattern=r"([01]\d|2[0-3]):[0-5]\d")
    to: str = declare("The minute it ends, `20:00`; `24:00` is midnight.", pattern=r"([01]\d|2[0-3]):[0-5]\d|24:00")
    price: Price = declare("The price.")
    span: Span


@shape
class Times:
    """A price by the time of day at which the usage happened."""

    zone: str = declare("The time zone of the hours.", example="Europe/Berlin")
    windows: tuple[TimeWindow, ...] = declare("The first that fits counts.")
    otherwise: Price = declare("The price of all other hours.")
    span: Span


@shape
class Price:
    """How a quantity becomes an amount: exactly one of these."""

    RULES = (
        ExactlyOne(
            (
                "flat",
                "unit_price",
                "package",
                "tiers",
                "capacity",
                "percentage",
                "carried",
                "composite",
                "formula",
                "decision",
                "table",
                "phases",
                "times",
            )
        ),
    )

    flat: Decimal | None = declare("One fixed amount, whatever the quantity.", default=None)
    unit_price: Decimal | None = declare("Price of a unit.", default=None)
    package: Package | None = declare("Price of packages of units.", default=None)
    tiers: Tiers | None = declare("Prices by how much there is: graduated, volume, stairstep.", default=None)
    capacity: Capacity | None = declare("One price by the tier that allows all of several meters.", default=None)
    percentage: Percentage | None = declare("A percentage of transactions.", default=None)
    carried: Carried | None = declare("The amount that usage carries.", default=None)
    composite: Composite | None = declare("A percentage of other charges.", default=None)
    formula: Formula | None = declare("An amount computed per record.", default=None)
    decision: Decision | None = declare("A unit price by decision table.", default=None)
    table: Table | None = declare("A price by dimensions.", default=None)
    phases: Phases | None = declare("A price that changes with time.", default=None)
    times: Times | None = declare("A price by time of day.", default=None)
    span: Span
