"""Prices that depend on how much there is: tiers, packages, capacity, percentages."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.shape import Map, declare, shape


class TierMode(StrEnum):
    #: Each slice at its own price (graduated).
    SLICE = "slice"
    #: All of it at the price of the tier it reaches (volume).
    WHOLE = "whole"
    #: The flat fee of the tier it reaches is the whole price (stairstep).
    STEP = "step"


class TierBase(StrEnum):
    QUANTITY = "quantity"
    AMOUNT = "amount"


class AtZero(StrEnum):
    NOTHING = "nothing"
    FIRST_TIER = "first_tier"


class BeyondTiers(StrEnum):
    REFUSE = "refuse"
    LAST_TIER = "last_tier"


class Started(StrEnum):
    #: A started package is a whole one.
    UP = "up"
    #: Only completed packages count.
    DOWN = "down"


class Allowance(StrEnum):
    #: Free units end with whichever allowance ends first.
    ANY = "any"
    #: A transaction is free as long as either allowance is left.
    ALL = "all"


@shape
class Package:
    """Units sold in blocks of a size."""

    size: Decimal = declare("Units in one package.", example="100")
    price: Decimal = declare("Price of one package.", example="5.00")
    rounding: Started = declare(
        "Whether a started package counts (`up`) or only a completed one (`down`).", default=Started.UP
    )
    span: Span


@shape
class Tier:
    """One tier: at most one of `unit_price`, `package` and `rate_percent`, and perhaps a flat fee."""

    from_: Decimal | None = declare(
        "Where it begins, for readers; written as the key `from`. Checked to go on where the tier before ends: at its "
        "`up_to`, or one more (1 to 10, 11 to 20). A part of a unit between them belongs to the higher tier.",
        default=None,
    )
    up_to: Decimal | None = declare(
        "The last quantity (or amount) inside, counted from zero; left out in the last tier if it has no end.",
        default=None,
    )
    unit_price: Decimal | None = declare("Price of a unit.", default=None)
    package: Package | None = declare("Price of packages; a tier's packages are counted on their own.", default=None)
    rate_percent: Decimal | None = declare("Percentage of the amount.", default=None)
    flat_fee: Decimal = declare("Due once when the tier is entered.", default=Decimal(0))
    maximum: Decimal | None = declare("The most that this tier charges, its flat fee included.", default=None)
    span: Span


@shape
class Tiers:
    """Tiers over a quantity or an amount."""

    mode: TierMode = declare(
        "`slice`: each slice at its own tier's price (graduated). `whole`: everything at the price of the tier that it "
        "reaches (volume). `step`: the flat fee of the tier that it reaches (stairstep)."
    )
    over: TierBase = declare(
        "What the bounds count: units, or the amount that usage carries.", default=TierBase.QUANTITY
    )
    at_zero: AtZero = declare("What nothing costs: nothing, or the first tier's flat fee.", default=AtZero.NOTHING)
    beyond: BeyondTiers = declare(
        "What lies beyond a last tier with an end: refused for a person to decide, or in the last tier.",
        default=BeyondTiers.REFUSE,
    )
    overage_unit_price: Decimal | None = declare(
        "The price of each unit beyond a last tier with an end, on top of what its end costs; `beyond` says what "
        "happens if left out.",
        default=None,
    )
    tiers: tuple[Tier, ...] = declare("The tiers, lowest first.")
    span: Span


@shape
class CapacityTier:
    """One tier of a capacity: the most of every unit that it allows, and its price."""

    limits: Map[Decimal] = declare("The most of each meter; a meter that is not named has no limit.", default=Map())
    price: Decimal = declare("The whole price of this tier.")
    span: Span


@shape
class Capacity:
    """One price for several units: the first tier that allows all of them."""

    tiers: tuple[CapacityTier, ...] = declare("The tiers, smallest first.")
    beyond: BeyondTiers = declare(
        "More than the last tier allows: refused, or the last tier.", default=BeyondTiers.REFUSE
    )
    span: Span


@shape
class Percentage:
    """A share of the amounts that usage carries, with fees, allowances and bounds per transaction."""

    rate_percent: Decimal = declare("Percentage of the amount.", example="2.9")
    fixed_fee: Decimal = declare("Due for each transaction that is not free.", default=Decimal(0))
    free_transactions: int | None = declare("So many transactions are free.", default=None)
    free_amount: Decimal | None = declare("So much of the amount is free.", default=None)
    allowance: Allowance = declare(
        "With both: `any`: whichever ends first. `all`: as long as either is left; the transaction that crosses the "
        "free amount is charged for the part above, and ends both.",
        default=Allowance.ANY,
    )
    minimum: Decimal | None = declare("The least that a transaction costs, free ones aside.", default=None)
    maximum: Decimal | None = declare("The most that a transaction costs.", default=None)
    span: Span
