"""How lines become a document: discounts, allocation, bounds, taxes, credits, rounding."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.base.money import RoundingMode
from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import declare, shape


class Stage(StrEnum):
    """One step from lines to a document."""

    LINE_DISCOUNTS = "line_discounts"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    DOCUMENT_DISCOUNTS = "document_discounts"
    CREDITS_BEFORE_TAX = "credits_before_tax"
    TAXES = "taxes"
    CREDITS_AFTER_TAX = "credits_after_tax"


#: The order in which the field's systems agree most; pricing documents rate the lines before it.
REFERENCE_ORDER = tuple(Stage)


class Method(StrEnum):
    """How an amount is spread over lines."""

    LARGEST_REMAINDER = "largest_remainder"
    UNITS_IN_ORDER = "units_in_order"
    LAST_TAKES_REST = "last_takes_rest"
    FIRST_TAKES_REST = "first_takes_rest"
    FILL_IN_ORDER = "fill_in_order"
    INDEPENDENT_ROUNDING = "independent_rounding"
    UNROUNDED = "unrounded"


class LineOrder(StrEnum):
    """In which order lines are walked."""

    AS_GIVEN = "as_given"
    SMALLEST_FIRST = "smallest_first"
    LARGEST_FIRST = "largest_first"
    BY_KEY = "by_key"


class Stacking(StrEnum):
    """In which order several discounts apply."""

    AS_GIVEN = "as_given"
    PERCENTAGES_FIRST = "percentages_first"
    AMOUNTS_FIRST = "amounts_first"


class Percentages(StrEnum):
    """Of what a percentage after another discount is taken."""

    COMPOUND = "compound"
    ADD_UP = "add_up"


class Rounded(StrEnum):
    """Whether single figures are rounded, or only the document's totals."""

    EACH = "each"
    NEVER = "never"


class PercentOf(StrEnum):
    """What a percentage off the document is taken of."""

    TOTAL = "total"
    LINES = "lines"


class Prices(StrEnum):
    """Whether amounts of lines hold their tax."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


class TaxRounding(StrEnum):
    """At which point tax is rounded."""

    LINE_AND_RATE = "line_and_rate"
    LINE = "line"
    DOCUMENT_AND_RATE = "document_and_rate"
    DOCUMENT = "document"


class LineTaxes(StrEnum):
    """What a line shows of a tax that is rounded for the whole document."""

    ALLOCATED = "allocated"
    ROUNDED = "rounded"


@shape
class Allocation:
    """How an amount is spread over lines in proportion to their weights. Lines of weight zero get nothing."""

    method: Method = declare(
        "`largest_remainder`: cut to units, what is left over goes to the largest remainders. `units_in_order`: cut, "
        "left-over units go one by one to the first lines. `last_takes_rest`: each share is rounded, the last line "
        "takes what is left. `first_takes_rest`: cut, the first line takes all that is left. `fill_in_order`: not in "
        "proportion, each line takes up to its whole weight, one after the other. `independent_rounding`: "
        "each share on its own, the sum may drift (shown). `unrounded`: exact shares.",
        default=Method.LARGEST_REMAINDER,
    )
    order: LineOrder = declare(
        "The order of lines: decides equal remainders, and who is first and last.", default=LineOrder.AS_GIVEN
    )
    cap_at_total_weight: bool = declare("An amount above the sum of weights is cut down to it.", default=False)
    scale: int | None = declare("Digits of the shares, where they differ from those of `rounding`.", default=None)
    span: Span


@shape
class LineDiscounts:
    """How the discounts of a line are taken."""

    stacking: Stacking = declare("In which order they apply.", default=Stacking.PERCENTAGES_FIRST)
    percentages: Percentages = declare(
        "`compound`: of what earlier discounts left. `add_up`: of the line's amount.", default=Percentages.COMPOUND
    )
    rounded: Rounded = declare("Whether each discount is rounded when it is taken.", default=Rounded.EACH)
    span: Span


@shape
class DocumentDiscounts:
    """How discounts of the whole document are taken and spread over its lines; lines of zero or below take no part."""

    stacking: Stacking = declare("In which order they apply.", default=Stacking.PERCENTAGES_FIRST)
    percentages: Percentages = declare(
        "`compound`: of what earlier discounts left. `add_up`: of the total before them.", default=Percentages.COMPOUND
    )
    percent_of: PercentOf = declare(
        "`total`: of the sum of the lines, then spread. `lines`: of each line on its own, the sum may differ by units.",
        default=PercentOf.TOTAL,
    )
    targeted_first: bool = declare("Discounts for some kinds of lines before those for all.", default=True)
    allocation: Allocation | None = declare(
        "How they are spread over the lines; as `allocation` of the document if left out.", default=None
    )
    span: Span


@shape
class Bound:
    """A largest or least amount of lines, before discounts of the document."""

    amount: Decimal = declare("In the document's currency.")
    kinds: tuple[str, ...] = declare("Only lines of these kinds count; all if left out.", default=())
    span: Span


@shape
class Credits:
    """What prepaid credits may pay."""

    kinds: tuple[str, ...] = declare("Only lines of these kinds; all if left out.", default=())
    span: Span


@shape
class Taxes:
    """How tax is taken of lines."""

    prices: Prices = declare(
        "`inclusive`: tax is gross - gross/(1 + rate), taken out of the line.", default=Prices.EXCLUSIVE
    )
    rounding: TaxRounding = declare(
        "`line_and_rate`: each rate of each line. `line`: the sum of a line's rates. `document_and_rate`: each rate "
        "over all lines. `document`: once.",
        default=TaxRounding.LINE,
    )
    line_taxes: LineTaxes = declare(
        "With rounding at the document, what lines show: `allocated` adds up to the document's tax, `rounded` is each "
        "line's own (the difference is shown).",
        default=LineTaxes.ALLOCATED,
    )
    required: bool = declare(
        "A line without any rate is refused; it has no tax otherwise. Where none is due, a rate of zero says so.",
        default=False,
    )
    compound: bool = declare("Each further rate is taken of the net and the taxes before it.", default=False)
    span: Span


@shape
class CashRounding:
    """Rounding of what is to be paid, where the smallest coin is above the currency's smallest unit."""

    increment: Decimal = declare("The smallest coin.", example="0.05")
    mode: RoundingMode = declare("Direction and ties.", default=RoundingMode.HALF_UP)
    span: Span


@shape
class Totals:
    """Totals (`*.totals.yaml`): lines, discounts, credits and tax rates in; net, tax, gross and payable out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    rounding: Rounding | None = declare(
        "Digits and direction of every rounding below; the currency's digits, half up, if left out.", default=None
    )
    lines: Rounded = declare(
        "`each`: amounts of lines are rounded as they come. `never`: exact, the totals are rounded.",
        default=Rounded.EACH,
    )
    order: tuple[Stage, ...] = declare(
        "The order of operations: discounts of lines, what exceeds the maximum, what lacks to the minimum, discounts "
        "of the document, credits before tax, taxes, credits after tax. Stages that are left out do not happen; facts "
        "for them are refused.",
        default=REFERENCE_ORDER,
    )
    allocation: Allocation | None = declare(
        "How amounts are spread over lines; largest remainder in the order of lines if left out.", default=None
    )
    line_discounts: LineDiscounts | None = declare("Discounts of lines; defaults if left out.", default=None)
    document_discounts: DocumentDiscounts | None = declare("Discounts of the document.", default=None)
    maximum: Bound | None = declare(
        "No more than this is charged; what exceeds it is a discount, line by line in their order.", default=None
    )
    minimum: Bound | None = declare("What lacks to this amount becomes a line of kind `true_up`.", default=None)
    credits: Credits | None = declare("What prepaid credits may pay; anything if left out.", default=None)
    taxes: Taxes | None = declare("How tax is taken; defaults if left out.", default=None)
    cash_rounding: CashRounding | None = declare("A last step on what is to be paid.", default=None)
    difference_line: bool = declare(
        "A difference of rounding between the lines and the total becomes a line of kind `rounding`.", default=False
    )
    span: Span
