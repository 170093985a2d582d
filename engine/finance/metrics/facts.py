"""What metrics are told and what they answer. The length of a billing interval is that of proration facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.base.money import Money
from engine.finance.facts import fact, facts
from engine.finance.proration.facts import Every


class Status(StrEnum):
    """The state of a subscription."""

    ACTIVE = "active"
    TRIALING = "trialing"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"


class ItemType(StrEnum):
    """What a line of a subscription bills."""

    PLAN = "plan"
    ADDON = "addon"
    USAGE = "usage"
    ONE_TIME = "one_time"


class Duration(StrEnum):
    """How long a discount lasts."""

    FOREVER = "forever"
    REPEATING = "repeating"
    ONCE = "once"


class MovementType(StrEnum):
    """Why recurring revenue changed."""

    NEW = "new"
    REACTIVATION = "reactivation"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"


class Stage(StrEnum):
    """Where a difference of the bridge belongs."""

    RECOGNISED = "recognised"
    BILLED = "billed"
    CASH = "cash"


@facts
class Discount:
    """A discount on a line. A percentage is taken before an amount."""

    duration: Duration = fact("forever, repeating or once.")
    percent: Decimal = fact("The percentage off.", default=Decimal(0))
    amount: Money | None = fact("The amount off each interval.", default=None)
    start: date | None = fact("First day; that of the subscription's version if left out.", default=None)
    months: int | None = fact("How many months it runs; needed for repeating ones.", default=None)


@facts
class Item:
    """A line of a subscription."""

    price: Money = fact("Price of one unit for one interval, without tax.")
    every: Every = fact("The billing interval.")
    quantity: Decimal = fact("How many.", default=Decimal(1))
    type: ItemType = fact("plan, addon, usage or one_time.", default=ItemType.PLAN)
    discounts: tuple[Discount, ...] = fact("Discounts on it.", default=())


@facts
class Version:
    """A subscription as it was from one day until it changed."""

    subscription: str = fact("The subscription.")
    customer: str = fact("The customer.")
    start: date = fact("First day on which it was so.")
    end: date | None = fact("First day on which it was so no longer; open if left out.", default=None)
    status: Status = fact("Its state.", default=Status.ACTIVE)
    items: tuple[Item, ...] = fact("Its lines.")
    cancelled: date | None = fact("The day on which it was cancelled for good.", default=None)
    paid_to: date | None = fact("First day after the period that was paid, where cancelled.", default=None)
    committed_months: int | None = fact("The months the contract commits to.", default=None)


@facts
class Rate:
    """An exchange rate from a day on."""

    currency: str = fact("The currency that is converted.")
    start: date = fact("First day on which it holds.")
    rate: Decimal = fact("How much of the reporting currency one unit is.")


@facts
class Totals:
    """A roll-forward that was counted elsewhere: of the whole time, or of one day where churn is daily."""

    start: Money = fact("Recurring revenue at the opening.")
    new: Money | None = fact("From new customers.", default=None)
    reactivation: Money | None = fact("From customers who came back.", default=None)
    expansion: Money | None = fact("More from the same customers.", default=None)
    contraction: Money | None = fact("Less from the same customers, as a positive amount.", default=None)
    churn: Money | None = fact("From customers who left, as a positive amount.", default=None)
    fx: Money | None = fact("What changing rates did, signed.", default=None)
    end: Money | None = fact(
        "Recurring revenue at the closing. A difference to it that no other figure explains counts as expansion or "
        "contraction.",
        default=None,
    )


@facts
class Counts:
    """Customers and trials that were counted elsewhere."""

    opening: Decimal | None = fact("Customers at the opening.", default=None)
    new: Decimal | None = fact("New customers.", default=None)
    churned: Decimal | None = fact("Customers who left.", default=None)
    active: Decimal | None = fact("Customers at the closing.", default=None)
    trials_ended: Decimal | None = fact("Trials that ended.", default=None)
    converted: Decimal | None = fact("Of those, the ones that became paid.", default=None)
    retained: tuple[Decimal, ...] = fact("Customers of one cohort at the end of each period.", default=())


@facts
class Usage:
    """Billed usage."""

    quantity: Decimal = fact("How much.")
    unit_price: Money = fact("Price of one unit.")
    on: date | None = fact("When; needed where it counts towards a month's recurring revenue.", default=None)
    customer: str | None = fact("Whose.", default=None)


@facts
class NamedDifference:
    """A difference between recurring revenue and the books that has a name."""

    name: str = fact("What it is, such as credits or refunds.")
    stage: Stage = fact("Towards recognised revenue, billings or cash.")
    amount: Money = fact("The signed amount.")


@facts
class Books:
    """The figures of accounting for the same time."""

    recognised: Money = fact("Recognised recurring and other revenue.")
    billed: Money | None = fact("Invoiced less credited, with tax.", default=None)
    cash: Money | None = fact("Received less refunded.", default=None)
    deferred_change: Money | None = fact("Closing less opening deferred revenue.", default=None)
    unbilled_change: Money | None = fact("Closing less opening unbilled revenue.", default=None)
    receivable_change: Money | None = fact("Closing less opening receivables.", default=None)
    tax: Money | None = fact("Tax invoiced.", default=None)
    differences: tuple[NamedDifference, ...] = fact("Further differences by name.", default=())


@facts
class MetricsFacts:
    """Subscriptions over time, or what was counted of them elsewhere."""

    currency: str = fact("The reporting currency.")
    start: date | None = fact("First day measured; the opening is counted just before it.", default=None)
    end: date | None = fact("First day no longer measured.", default=None)
    subscriptions: tuple[Version, ...] = fact("Every version of every subscription, signed future ones too.",
                                              default=())  # fmt: skip
    rates: tuple[Rate, ...] = fact("Exchange rates to the reporting currency.", default=())
    totals: tuple[Totals, ...] = fact("Roll-forwards counted elsewhere, in place of subscriptions.", default=())
    counts: Counts | None = fact("Customers and trials counted elsewhere.", default=None)
    mrr: Money | None = fact("Closing recurring revenue counted elsewhere.", default=None)
    usage: tuple[Usage, ...] = fact("Billed usage.", default=())
    books: Books | None = fact("The books, for the bridge.", default=None)


@facts
class Movement:
    """One change of the recurring revenue of a customer or subscription."""

    on: date = fact("The day.")
    key: str = fact("The customer or the subscription.")
    type: MovementType = fact("new, reactivation, expansion, contraction or churn.")
    amount: Money = fact("The signed change.")
    before: Money = fact("Recurring revenue before it.")
    after: Money = fact("Recurring revenue after it.")
    explanation: str = fact("Why it is of this type.")


@facts
class RollForward:
    """Opening to closing. Contraction and churn are positive amounts that are taken off."""

    start: Money = fact("Opening.")
    new: Money = fact("From new customers.")
    reactivation: Money = fact("From customers who came back.")
    expansion: Money = fact("More from the same customers.")
    contraction: Money = fact("Less from the same customers.")
    churn: Money = fact("From customers who left.")
    fx: Money = fact("What changing rates did, signed.")
    end: Money = fact("Closing: the sum.")
    net: Money = fact("Closing less opening.")


@facts
class Logos:
    """Customers."""

    opening: Decimal = fact("At the opening.")
    new: Decimal = fact("New ones.")
    reactivated: Decimal = fact("Those who came back.")
    churned: Decimal = fact("Those who left.")
    closing: Decimal = fact("At the closing.")


@facts
class Ratios:
    """Percentages and averages; null where there is nothing to divide by."""

    gross_churn_percent: Decimal | None = fact("Churn and contraction over the opening.", default=None)
    grr_percent: Decimal | None = fact("Gross revenue retention, never above 100.", default=None)
    net_churn_percent: Decimal | None = fact("Gross churn less expansion.", default=None)
    nrr_percent: Decimal | None = fact("Net revenue retention.", default=None)
    cohort_nrr_percent: Decimal | None = fact("What the opening's customers pay now over what they paid then.",
                                              default=None)  # fmt: skip
    logo_churn: Decimal | None = fact("Lost customers as a fraction.", default=None)
    logo_churn_percent: Decimal | None = fact("Lost customers as a percentage.", default=None)
    logo_retention_percent: Decimal | None = fact("Kept customers as a percentage.", default=None)
    arpa: Money | None = fact("Closing recurring revenue over closing customers.", default=None)
    ltv: Money | None = fact("Lifetime value of a customer.", default=None)
    ltv_churn: Decimal | None = fact("The churn that it was worked out from, as a fraction.", default=None)
    quick_ratio: Decimal | None = fact("Gains over losses.", default=None)
    conversion_percent: Decimal | None = fact("Trials that became paid.", default=None)
    retained_percent: tuple[Decimal, ...] = fact("Of one cohort's first count, what is left at each later one.",
                                                 default=())  # fmt: skip


@facts
class CohortMonth:
    """A cohort of customers in one month."""

    cohort: str = fact("The month in which they first paid, such as 2026-01.")
    month: int = fact("Months since then.")
    customers: int = fact("How many of them pay.")
    mrr: Money = fact("What they pay.")
    retention_percent: Decimal = fact("That over what they paid in their first month.")


@facts
class BridgeStep:
    """A step of the bridge."""

    stage: Stage = fact("Towards recognised revenue, billings or cash.")
    name: str = fact("What the difference is.")
    amount: Money = fact("The signed amount.")
    running: Money = fact("The sum so far.")


@facts
class Bridge:
    """From recurring revenue to recognised revenue, billings and cash, every difference named."""

    steps: tuple[BridgeStep, ...] = fact("In order.")
    unexplained: Money = fact("The sum of the sizes of what has no name.")
    ties: bool = fact("Whether no stage leaves more unexplained than the tolerance.")


@facts
class MetricsResult:
    """All figures for the time measured."""

    rollforward: RollForward | None = fact("Opening to closing.", default=None)
    mrr: Money | None = fact("Closing monthly recurring revenue.", default=None)
    arr: Money | None = fact("Annual recurring revenue.", default=None)
    cmrr: Money | None = fact("Closing MRR with every signed future change.", default=None)
    movements: tuple[Movement, ...] = fact("Within the time measured, by day.", default=())
    planned: tuple[Movement, ...] = fact("Signed changes after it.", default=())
    logos: Logos | None = fact("Customers.", default=None)
    ratios: Ratios = fact("Percentages and averages.")
    cohorts: tuple[CohortMonth, ...] = fact("Month by month since each cohort began.", default=())
    usage_quantity: Decimal = fact("Sum of the usage.", default=Decimal(0))
    usage_revenue: Money | None = fact("Sum of its amounts.", default=None)
    bridge: Bridge | None = fact("To the books, where they are given.", default=None)
