"""What a contract is worth and how that is shared: allocation, variable amounts, financing, modifications."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import declare, shape
from engine.spec.values import Expression


class Ties(StrEnum):
    """Who gets a smallest unit that two claim equally."""

    IDENTIFIER = "identifier"
    ORDER = "order"


class Zone(StrEnum):
    """Which price stands for the stand-alone price, where that is a range."""

    PRICE = "price"
    LOW = "low"
    MIDPOINT = "midpoint"
    HIGH = "high"


class Outside(StrEnum):
    """What to do with a residual outside its plausible range."""

    REFUSE = "refuse"
    REPORT = "report"


class Estimate(StrEnum):
    """How a variable amount is estimated from its outcomes."""

    STATED = "stated"
    EXPECTED_VALUE = "expected_value"
    MOST_LIKELY = "most_likely"


class Treatment(StrEnum):
    """How a contract modification is accounted for."""

    SEPARATE_CONTRACT = "separate_contract"
    PROSPECTIVE = "prospective"
    CATCH_UP = "catch_up"


class Compounding(StrEnum):
    """How often interest is added."""

    YEARLY = "yearly"
    MONTHLY = "monthly"


@shape
class SubsetDiscount:
    """Products that are regularly sold together for less: the discount is theirs alone."""

    id: str = declare("Name of the discount.", pattern=NAME)
    products: tuple[str, ...] = declare("The products, at least two.")
    price: Decimal = declare("What they are regularly sold for together, in the contract's currency.")
    span: Span


@shape
class Residual:
    """A product whose price varies so much that it gets what the others leave."""

    product: str = declare("The product.")
    low: Decimal | None = declare("The least that is plausible; the obligation's own range if left out.", default=None)
    high: Decimal | None = declare("The most that is plausible; the obligation's own range if left out.", default=None)
    outside: Outside = declare(
        "Outside that range: `refuse` stops with an exception, `report` gives the figure and allocates nothing.",
        default=Outside.REFUSE,
    )
    span: Span


@shape
class SspRange:
    """Which figure is used where the stand-alone price is a range and the stated price lies in one of three zones."""

    below: Zone = declare("The stated price lies below the range.", default=Zone.LOW)
    inside: Zone = declare("It lies inside.", default=Zone.PRICE)
    above: Zone = declare("It lies above.", default=Zone.HIGH)
    span: Span


class Statistic(StrEnum):
    """Which figure stands for many prices."""

    MEDIAN = "median"
    AVERAGE = "average"
    WEIGHTED_AVERAGE = "weighted_average"


@shape
class Observed:
    """A stand-alone price from the prices at which a unit was sold alone. They must lie close enough together."""

    statistic: Statistic = declare(
        "`median`: half of the sales cost less; `average`: of the sales; `weighted_average`: of the units sold.",
        default=Statistic.MEDIAN,
    )
    band_percent: Decimal | None = declare(
        "How far from it a sale may lie and still count as close, in percent of it. Left out: nothing is asked.",
        default=None,
    )
    at_least_percent: Decimal = declare(
        "With a band: the share of the sales that must lie in it, in percent.", default=Decimal(80)
    )
    span: Span


@shape
class Allocation:
    """The price is shared in proportion to stand-alone prices, by largest remainder, after its exceptions."""

    unit: Decimal | None = declare(
        "Shares are whole multiples of this; the currency's smallest unit if left out.", default=None
    )
    ties: Ties = declare("Who gets a unit that two claim equally.", default=Ties.IDENTIFIER)
    ssp_range: SspRange | None = declare("For stand-alone prices given as a range.", default=None)
    observed: Observed | None = declare("For stand-alone prices that come from sales.", default=None)
    discounts: tuple[SubsetDiscount, ...] = declare("Discounts that belong to some products only.", default=())
    residual: Residual | None = declare("The product that gets the rest.", default=None)
    span: Span


@shape
class Variable:
    """How variable amounts enter the price."""

    estimate: Estimate = declare(
        "`stated`: the amount that the contract's facts include; `expected_value`: outcomes weighted by probability; "
        "`most_likely`: the likeliest outcome.",
        default=Estimate.STATED,
    )
    constrained: bool = declare(
        "No more is included than the amount that is highly probable not to be reversed, where the facts give one.",
        default=True,
    )
    span: Span


@shape
class Financing:
    """Interest inside a price that is paid long before or after the service."""

    compounding: Compounding = declare("How often interest is added.", default=Compounding.YEARLY)
    skip_within_months: int = declare("Up to this many months there is no financing.", default=12)
    span: Span


@shape
class ModificationRule:
    """Which treatment a change of a contract gets. The first rule that fits is used."""

    id: str = declare("Name of the rule.", pattern=NAME)
    when: Expression | None = declare(
        "`change` is the change. Always true if left out.", default=None, example="=change.distinct && change.at_ssp"
    )
    treatment: Treatment = declare("How it is accounted for.")
    span: Span
