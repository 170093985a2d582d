"""How recurring revenue and its movements are counted."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import declare, shape


class Week(StrEnum):
    """How many weeks a month has."""

    FIFTY_TWO_A_YEAR = "fifty_two_a_year"
    FOUR = "four"


class Day(StrEnum):
    """How many days a month has."""

    YEAR_OF_365 = "year_of_365"
    MONTH_OF_30 = "month_of_30"


class Counted(StrEnum):
    """Whether something is counted."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class Per(StrEnum):
    """Whose recurring revenue moves."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"


class ChurnDate(StrEnum):
    """When a cancelled subscription stops counting."""

    CANCELLED = "cancelled"
    PERIOD_END = "period_end"


class ShortLived(StrEnum):
    """What happens to customers that come and go within the time measured."""

    SHOWN = "shown"
    IGNORED = "ignored"


class Exchange(StrEnum):
    """How changes of exchange rates show."""

    LINE = "line"
    CONSTANT = "constant"


class ChurnFormula(StrEnum):
    """Over which time losses are compared with the opening."""

    PERIOD = "period"
    DAILY = "daily"


class LogoBase(StrEnum):
    """What lost customers are compared with."""

    OPENING = "opening"
    OPENING_AND_NEW = "opening_and_new"


class LtvChurn(StrEnum):
    """Which churn a lifetime is worked out from."""

    LOGO = "logo"
    REVENUE = "revenue"


class ArrScope(StrEnum):
    """Which contracts count towards annual recurring revenue."""

    ALL = "all"
    COMMITTED_YEAR = "committed_year"


@shape
class DiscountsInMrr:
    """Which discounts lower recurring revenue. Percentages and amounts off alike."""

    forever: Counted = declare("Discounts without end.", default=Counted.INCLUDED)
    repeating: Counted = declare("Discounts for some months, while they run.", default=Counted.EXCLUDED)
    once: Counted = declare("Discounts on one period, while it runs.", default=Counted.EXCLUDED)
    span: Span


@shape
class StatusesInMrr:
    """Subscriptions in which state count."""

    active: Counted = declare("Paid or payable in time.", default=Counted.INCLUDED)
    trialing: Counted = declare("In a trial.", default=Counted.EXCLUDED)
    past_due: Counted = declare("Payment is late and still tried.", default=Counted.INCLUDED)
    unpaid: Counted = declare("Payment was given up.", default=Counted.EXCLUDED)
    paused: Counted = declare("On hold.", default=Counted.EXCLUDED)
    span: Span


@shape
class MrrRule:
    """Monthly recurring revenue of a subscription: price times quantity, less discounts, brought to a month. Tax and
    one-time fees never count."""

    week: Week = declare("A weekly price counts 52/12 times a month, or four times.", default=Week.FIFTY_TWO_A_YEAR)
    day: Day = declare("A daily price counts 365/12 times a month, or 30 times.", default=Day.YEAR_OF_365)
    addons: Counted = declare("Recurring add-ons.", default=Counted.INCLUDED)
    usage: Counted = declare("Usage, at its amount of the period.", default=Counted.EXCLUDED)
    discounts: DiscountsInMrr | None = declare("Which discounts lower it; those without end if left out.", default=None)
    statuses: StatusesInMrr | None = declare("Which states count; active and past due if left out.", default=None)
    span: Span


@shape
class MovementRule:
    """What counts as a movement and when."""

    per: Per = declare(
        "A second subscription of a `customer` is expansion and losing one of two contraction; or every "
        "`subscription` is new and churns by itself.",
        default=Per.CUSTOMER,
    )
    churn_date: ChurnDate = declare(
        "A cancelled subscription counts until it was `cancelled`, or to the end of the period paid for.",
        default=ChurnDate.PERIOD_END,
    )
    short_lived: ShortLived = declare(
        "Customers new and churned within the time measured show in both, or in neither.", default=ShortLived.SHOWN
    )
    reactivation: Counted = declare(
        "`included`: coming back after paying before is a movement of its own; `excluded`: it counts as new.",
        default=Counted.INCLUDED,
    )
    reactivation_days: int | None = declare(
        "Coming back later than this many days after leaving counts as new.", default=None
    )
    exchange: Exchange = declare(
        "Movements at the rates of their days and a `line` for what changing rates did; or one `constant` rate, that "
        "of the opening, and no such line.",
        default=Exchange.LINE,
    )
    span: Span


@shape
class RetentionRule:
    """Retention and churn of revenue and customers."""

    reactivation: Counted = declare("Whether reactivation offsets losses in net churn and NRR.",
                                    default=Counted.INCLUDED)  # fmt: skip
    formula: ChurnFormula = declare(
        "Losses over the opening of the whole `period`, or the sum of each day's losses over its opening.",
        default=ChurnFormula.PERIOD,
    )
    logo_base: LogoBase = declare("Lost customers over those at the opening, or also over new ones.",
                                  default=LogoBase.OPENING)  # fmt: skip
    span: Span


@shape
class LtvRule:
    """Customer lifetime value: average revenue times margin over churn."""

    churn: LtvChurn = declare("The churn of customers or of revenue.", default=LtvChurn.LOGO)
    margin_percent: Decimal = declare("The margin that is counted.", default=Decimal(100))
    churn_rounding: Rounding | None = declare(
        "The churn, as a fraction, is rounded before it divides; exact if left out.", default=None
    )
    span: Span


@shape
class BridgeRule:
    """From recurring revenue to recognised revenue, billings and cash."""

    tolerance: Decimal = declare("What may stay unexplained in each stage.", default=Decimal(0))
    span: Span


@shape
class MetricsRounding:
    """How figures are shown. Amounts are rounded as running totals, so that what is shown always adds up."""

    amount: Rounding | None = declare("Amounts; the currency's digits, half up, if left out.", default=None)
    percent: Rounding | None = declare("Percentages; two digits, half up, if left out.", default=None)
    span: Span


@shape
class Metrics:
    """Metrics (`*.metrics.yaml`): subscriptions and the books in; recurring revenue, movements and retention out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    mrr: MrrRule | None = declare("What monthly recurring revenue is; the defaults if left out.", default=None)
    arr: ArrScope = declare("Twelve months of all MRR, or of contracts that commit to a year or more.",
                            default=ArrScope.ALL)  # fmt: skip
    movements: MovementRule | None = declare("What moves and when; the defaults if left out.", default=None)
    retention: RetentionRule | None = declare("Retention and churn; the defaults if left out.", default=None)
    ltv: LtvRule | None = declare("Lifetime value; the defaults if left out.", default=None)
    bridge: BridgeRule | None = declare("The bridge to accounting; no tolerance if left out.", default=None)
    rounding: MetricsRounding | None = declare("How figures are shown.", default=None)
    span: Span
