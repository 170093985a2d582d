"""What is charged for what: charges, their meters, prices, tiers, bounds and commitments."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.base.money import RoundingMode
from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.documents.pricing_bounds import Accumulate, Bound, Thresholds, WindowCommitment
from engine.spec.documents.pricing_prices import Price
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Expression, Name


class Combine(StrEnum):
    SUM = "sum"
    #: The highest of them (high-water mark).
    MAX = "max"
    #: The one that comes last.
    LAST = "last"


class Scope(StrEnum):
    #: All usage of the charge at one price is one quantity.
    TOGETHER = "together"
    #: Every piece of usage (a window, a record) is priced on its own; tiers start again.
    EACH = "each"


class EarlierBills(StrEnum):
    #: Their quantity at the price of now.
    AT_THIS_PRICE = "at_this_price"
    #: The amount that they really charged.
    AS_BILLED = "as_billed"


class Negative(StrEnum):
    REFUSE = "refuse"
    ZERO = "zero"
    CREDIT = "credit"


class Absent(StrEnum):
    ZERO = "zero"
    REFUSE = "refuse"


class Timing(StrEnum):
    IN_ADVANCE = "in_advance"
    IN_ARREARS = "in_arrears"


class Unpriced(StrEnum):
    REFUSE = "refuse"
    REPORT = "report"


class Overage(StrEnum):
    BILL = "bill"
    REFUSE = "refuse"


class RolloverOrder(StrEnum):
    CARRIED_FIRST = "carried_first"
    OWN_FIRST = "own_first"


class SmoothingBill(StrEnum):
    WHEN_IT_APPEARS = "when_it_appears"
    AT_END = "at_end"


@shape
class Conversion:
    """From the meter's unit to the priced unit: exactly one of these."""

    RULES = (ExactlyOne(("multiply_by", "divide_by")),)

    multiply_by: Decimal | None = declare("Priced units in one metered unit.", default=None)
    divide_by: Decimal | None = declare("Metered units in one priced unit.", default=None, example="1000")
    span: Span


@shape
class QuantityRounding:
    """To whole priced units, or to another scale."""

    scale: int = declare("Digits after the point; negative for tens and hundreds.", default=0)
    mode: RoundingMode = declare("Direction and ties.", default=RoundingMode.CEILING)
    span: Span


@shape
class Quantity:
    """From what a meter says to what is priced, in this order: combine or compute, check the sign, convert, round."""

    combine: Combine = declare(
        "Several quantities of one line: their sum, the highest, or the last.", default=Combine.SUM
    )
    compute: Expression | None = declare(
        "The quantity of a line, computed from those of the charge's meters, each added up, 0 for one without usage; "
        "nothing is computed where none has any. The combined quantity if left out.",
        default=None,
        example="=meters.storage * meters.hours",
    )
    negative: Negative = declare(
        "A quantity below zero is refused, counts as zero, or is credited at the price of the same quantity.",
        default=Negative.REFUSE,
    )
    convert: Conversion | None = declare("Conversion of units.", default=None)
    rounding: QuantityRounding | None = declare("Rounding of the converted quantity.", default=None)
    prorated: bool = declare(
        "Whether usage comes with `prorated_quantity`: tiers are chosen and filled by full quantities, prices apply to "
        "prorated ones, flat fees stay whole, and a total below zero costs nothing.",
        default=False,
    )
    span: Span


@shape
class Rollover:
    """Unused units go on to later periods; of those that went on, the oldest are used first."""

    periods: int = declare("For how many periods after their own.")
    maximum: Decimal | None = declare("The most that is carried in all.", default=None)
    order: RolloverOrder = declare(
        "Whether a period uses what went on to it first, or its own units first.", default=RolloverOrder.CARRIED_FIRST
    )
    span: Span


@shape
class Smoothing:
    """Included units of several periods are one allowance."""

    periods: int = declare("Periods of one window; the next window starts after it.")
    bill: SmoothingBill = declare("Overage is billed when it appears, or at the end of the window.")
    span: Span


@shape
class UnusedUnits:
    unit_price: Decimal = declare("What an unused unit is credited with.")
    span: Span


@shape
class Included:
    """Units that cost nothing: exactly one of `units` and `meter`."""

    RULES = (ExactlyOne(("units", "meter")),)

    units: Decimal | None = declare("How many, after conversion.", default=None)
    meter: Name | None = declare("The meter whose quantity says how many.", default=None)
    per: Scope = declare(
        "One allowance for all usage of the charge, or one for `each` piece of usage (use it or lose it).",
        default=Scope.TOGETHER,
    )
    prorated: bool = declare("Whether they shrink with the part of the period that is billed.", default=False)
    overage: Overage = declare("More than is included: priced, or refused.", default=Overage.BILL)
    rollover: Rollover | None = declare("Unused units go on.", default=None)
    smoothing: Smoothing | None = declare("One allowance over several periods.", default=None)
    unused: UnusedUnits | None = declare("A credit for what is left unused.", default=None)
    span: Span


@shape
class Charge:
    """One thing that is charged."""

    id: str = declare("Its name.", pattern=NAME)
    summary: str | None = declare("What it is, as it reads on a bill.", default=None)
    meters: tuple[Name, ...] = declare(
        "The meters it prices. None for a fixed amount, a percentage of other charges, or a minimum alone.", default=()
    )
    where: Map[tuple[str, ...]] = declare(
        'Only usage with one of these values of each dimension; `["*"]` is any value.', default=Map()
    )
    group_by: tuple[str, ...] = declare(
        "Dimensions whose values make lines of their own; tiers start again.", default=()
    )
    scope: Scope = declare("Usage of a line is priced `together`, or `each` piece on its own.", default=Scope.TOGETHER)
    accumulate: Accumulate = declare(
        "What tiers, packages and included units count over: this `bill`, the bills of a `period`, or the whole "
        "`contract`. For the last two, `billed` says what came before, and a bill is the difference.",
        default=Accumulate.BILL,
    )
    earlier_bills: EarlierBills = declare(
        "What is taken off for earlier bills: their quantity `at_this_price`, so that a new price is for new units "
        "only, or the amounts `as_billed`, so that a price that changes backwards is made good.",
        default=EarlierBills.AT_THIS_PRICE,
    )
    quantity: Quantity | None = declare(
        "How the meter's quantity becomes the priced one; as it is if left out.", default=None
    )
    no_usage: Absent = declare("Without any usage: a quantity of zero, or refused.", default=Absent.ZERO)
    included: Included | None = declare("Units that cost nothing.", default=None)
    price: Price = declare("How it is priced.")
    overage_price: Price | None = declare(
        "How units are priced that a `commitment` of `bounds` no longer covers, counted from zero on every bill; as "
        "`price` says, times the commitment's factor, if left out. Needs a `price` per unit, or slices of such prices.",
        default=None,
    )
    prorated: bool = declare("Whether its amount shrinks with the part of the period that is billed.", default=False)
    timing: Timing = declare("Billed for the period to come, or for the period past.", default=Timing.IN_ARREARS)
    discount_percent: Decimal | None = declare("A percentage off the price, before bounds.", default=None)
    commitments: tuple[WindowCommitment, ...] = declare(
        "Promised for each window or line; the first that fits a line counts.", default=()
    )
    rounding: Rounding | None = declare("How its lines are rounded; as the document says if left out.", default=None)
    round_parts: bool = declare("Whether each tier is rounded, and a line is their sum.", default=False)
    unit_price_rounding: Rounding | None = declare(
        "How the effective unit price is shown; with all its digits if left out.", default=None
    )
    span: Span


@shape
class PricingUnit:
    """A unit of one's own in which prices are written (credits, tokens)."""

    name: str = declare("What it is called.", example="credits")
    rate: Decimal = declare("What one unit costs in the currency.", example="0.05")
    span: Span


@shape
class Pricing:
    """A pricing (`*.pricing.yaml`): quantities in, charges out, line by line."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    currency: str = declare("The currency of all its amounts (ISO 4217).", pattern=r"[A-Z]{3}", example="EUR")
    pricing_unit: PricingUnit | None = declare(
        "Prices and bounds are in this unit; lines are converted at the end, and rounded once. In the currency if "
        "left out.",
        default=None,
    )
    rounding: Rounding | None = declare(
        "How lines are rounded: to the currency's digits, half up, if left out.", default=None
    )
    unpriced_usage: Unpriced = declare(
        "Usage that no charge prices is refused, or reported in the result.", default=Unpriced.REFUSE
    )
    charges: tuple[Charge, ...] = declare("What is charged, in the order of the bill.")
    bounds: tuple[Bound, ...] = declare(
        "Minimums, maximums and commitments, in the order they apply. A percentage of other charges waits for bounds "
        "on those, and bounds on it wait for it.",
        default=(),
    )
    thresholds: Thresholds | None = declare("Amounts that make a bill before the period ends.", default=None)
    span: Span
