"""How a part of a period, and a change inside one, is charged and credited."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression


class ChangeKind(StrEnum):
    """What happens to a subscription."""

    START = "start"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    INCREASE = "increase"
    DECREASE = "decrease"
    SWITCH = "switch"
    INTERVAL = "interval"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    EXTEND = "extend"
    SHORTEN = "shorten"


class Count(StrEnum):
    """How the length of a stretch of time is counted."""

    SECOND = "second"
    DAY = "day"
    THIRTY_360 = "thirty_360"
    FIXED_MONTH = "fixed_month"


class Interval(StrEnum):
    """What the end of a period names."""

    HALF_OPEN = "half_open"
    INCLUSIVE = "inclusive"


class Owner(StrEnum):
    """Who pays for the day of a change."""

    NEW = "new"
    OLD = "old"
    BOTH = "both"
    NEITHER = "neither"


class Denominator(StrEnum):
    """What the counted part is divided by."""

    PERIOD = "period"
    NOMINAL = "nominal"
    FIXED = "fixed"
    FRESH = "fresh"


class Outside(StrEnum):
    """What is done with a part that reaches beyond the billed periods."""

    REFUSE = "refuse"
    CLAMP = "clamp"
    EXTEND = "extend"


class Long(StrEnum):
    """How a part is measured that may be longer than one period of its plan."""

    RATIO = "ratio"
    PERIODS = "periods"


class Partial(StrEnum):
    """What a broken period counts where periods are counted."""

    PRORATED = "prorated"
    FULL = "full"
    NONE = "none"


class Mode(StrEnum):
    """How much of a side of a change is billed."""

    PRORATED = "prorated"
    FULL = "full"
    NONE = "none"


class Multiply(StrEnum):
    """What the factor is applied to; the three differ by a cent."""

    LINE = "line"
    UNIT_PRICE = "unit_price"
    DIFFERENCE = "difference"


class Rebill(StrEnum):
    """Which of a change's lines are billed again."""

    ALL = "all"
    CHANGED = "changed"


class Timing(StrEnum):
    """When a change takes effect."""

    IMMEDIATE = "immediate"
    PERIOD_END = "period_end"
    TERM_END = "term_end"


class Basis(StrEnum):
    """What a credit is worked out from."""

    PRICE = "price"
    BILLED = "billed"


class Order(StrEnum):
    """Which earlier charge is credited first."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


class Cap(StrEnum):
    """What a credit can never exceed."""

    NONE = "none"
    PAID = "paid"


class Anchor(StrEnum):
    """Where billing periods begin after a change."""

    KEEP = "keep"
    RESET = "reset"
    CALENDAR = "calendar"


class DiscountStage(StrEnum):
    """Whether the price is discounted first or the prorated amount."""

    BEFORE = "before"
    AFTER = "after"


class FixedDiscount(StrEnum):
    """Whether an amount off shrinks with the part that is billed."""

    PRORATED = "prorated"
    WHOLE = "whole"


class TaxRounding(StrEnum):
    """How tax and total of a line are rounded."""

    SEPARATE = "separate"
    WITHIN_TOTAL = "within_total"


class Scope(StrEnum):
    """What a type of charge gets in a part of a period."""

    PRORATED = "prorated"
    FULL = "full"
    EXCLUDED = "excluded"


@shape
class NominalDays:
    """The days that a plan's period has by agreement, whatever the calendar says."""

    week: int = declare("Days of a week.", default=7)
    month: int = declare("Days of a month.", default=30)
    quarter: int = declare("Days of three months.", default=91)
    half_year: int = declare("Days of six months.", default=182)
    year: int = declare("Days of a year.", default=365)
    span: Span


@shape
class TimeFraction:
    """The part of a period: how it is counted and what it is divided by."""

    count: Count = declare(
        "`second`; `day`, local days of `zone`, so that days of 23 and 25 hours count as one; `thirty_360`, every "
        "month has 30 days and a month's last day is its 30th; `fixed_month`, months of `month_days` days, crossed at "
        "month ends only.",
        default=Count.DAY,
    )
    month_days: int = declare("The days of a month for `fixed_month` and for the denominator `fixed`.", default=30)
    zone: str = declare("The time zone in which days begin.", default="UTC", example="Europe/Berlin")
    interval: Interval = declare(
        "Whether the end of a period is the first day after it (`half_open`) or its last day (`inclusive`).",
        default=Interval.HALF_OPEN,
    )
    change_day: Owner = declare(
        "Who pays for the day of a change: the `new` line, the `old` one, `both` or `neither`.", default=Owner.NEW
    )
    change_day_by_kind: Map[Owner] = declare("Another owner for these kinds of change.", default=Map())
    denominator: Denominator = declare(
        "`period`, the length of the period changed, counted the same way; `nominal`, `nominal_days` of the plan; "
        "`fixed`, `month_days` for each month of the plan; `fresh`, a new period of the plan from the day the "
        "change was decided.",
        default=Denominator.PERIOD,
    )
    nominal_days: NominalDays | None = declare("Agreed lengths; 7, 30, 91, 182 and 365 if left out.", default=None)
    tolerance_percent: Decimal = declare(
        "A part whose length differs from the denominator by less than this counts as a whole.", default=Decimal(0)
    )
    outside: Outside = declare(
        "A part that reaches beyond the billed periods is refused, cut to them, or counted in full.",
        default=Outside.REFUSE,
    )
    long: Long = declare(
        "`ratio` divides the whole part by one denominator (92/31); `periods` counts whole periods of the plan and the "
        "remainder of the broken ones.",
        default=Long.RATIO,
    )
    partial: Partial = declare(
        "Where `long` is `periods`: broken periods are prorated, billed in full, or not billed.",
        default=Partial.PRORATED,
    )
    span: Span


@shape
class AnchorRule:
    """Where periods begin."""

    on_change: Anchor = declare(
        "After a change: `keep` the period, `reset` it to the day of the change (a whole new period is charged), or "
        "run to the next boundary of the `calendar`.",
        default=Anchor.KEEP,
    )
    on_interval: Anchor = declare("After a change of the billing interval.", default=Anchor.RESET)
    periods: Anchor = declare(
        "How periods of a plan are laid out from a date: `keep` its day (a remembered anniversary, clamped to month "
        "ends), or follow the `calendar` with `day`.",
        default=Anchor.KEEP,
    )
    day: int = declare("The day of the month on which calendar periods begin, clamped to month ends.", default=1)
    span: Span


@shape
class CreditRule:
    """What is given back for time that was paid and will not be used."""

    mode: Mode = declare("The part that is left, everything, or nothing.", default=Mode.PRORATED)
    by_kind: Map[Mode] = declare("Another mode for these kinds of change.", default=Map())
    denominator: Denominator | None = declare("Another denominator for credits.", default=None)
    basis: Basis = declare(
        "From the old line's `price`, or traced to the earlier charges that were `billed` for it.", default=Basis.PRICE
    )
    order: Order = declare("Which earlier charge is credited first, where traced.", default=Order.NEWEST_FIRST)
    cap: Cap = declare(
        "`paid`: never more than what was paid for the line less earlier credits of it.", default=Cap.NONE
    )
    span: Span


@shape
class ChargeRule:
    """What is billed for the new line."""

    mode: Mode = declare("The part that is left, everything, or nothing.", default=Mode.PRORATED)
    by_kind: Map[Mode] = declare("Another mode for these kinds of change.", default=Map())
    denominator: Denominator | None = declare("Another denominator for charges.", default=None)
    span: Span


@shape
class DiscountRule:
    """How discounts on a line take part."""

    stage: DiscountStage = declare(
        "`before`: the discounted price is prorated and rounded once; `after`: prorated price and discount are "
        "rounded each.",
        default=DiscountStage.BEFORE,
    )
    fixed: FixedDiscount = declare(
        "An amount off is prorated with the line, or taken off whole (never below zero).",
        default=FixedDiscount.PRORATED,
    )
    span: Span


@shape
class TimingCase:
    """A time for changes that a condition describes."""

    when: Expression = declare(
        "Must be true of the `change` (its `kind`, `old` and `new` lines).",
        example="=change.old[0].id == 'gold' && change.kind == 'switch'",
    )
    timing: Timing = declare("When such a change takes effect.")
    span: Span


@shape
class TimingRule:
    """When changes take effect. The first of `cases` that is true decides, then the kind, then the default."""

    cases: tuple[TimingCase, ...] = declare("Times by condition, the first true one wins.", default=())
    default: Timing = declare("At the given time, at the period's end, or at the term's end.", default=Timing.IMMEDIATE)
    by_kind: Map[Timing] = declare("Another time for these kinds of change.", default=Map())
    span: Span


@shape
class ScopeRule:
    """Which types of charges are prorated at all."""

    recurring: Scope = declare("Recurring fees.", default=Scope.PRORATED)
    one_time: Scope = declare("One-time fees; `full` is charged whole and never credited.", default=Scope.FULL)
    usage: Scope = declare("Usage.", default=Scope.EXCLUDED)
    minimum: Scope = declare("Minimum commitments.", default=Scope.PRORATED)
    allowance: Scope = declare("Included quantities and grants.", default=Scope.PRORATED)
    span: Span


@shape
class ProrationRounding:
    """The named points at which figures are rounded; nothing is rounded elsewhere."""

    factor: Rounding | None = declare("The factor; exact if left out.", default=None)
    broken: Rounding | None = declare(
        "Where `time.long` is `periods`: the share of each broken period, before they are added up, as statements that "
        "print them period by period do; exact if left out.",
        default=None,
    )
    amount: Rounding | None = declare("Amounts; the currency's digits, half up, if left out.", default=None)
    tax: TaxRounding = declare(
        "`separate`: net and tax are rounded each and the total is their sum; `within_total`: the total is rounded "
        "and tax is what it exceeds the net by.",
        default=TaxRounding.SEPARATE,
    )
    span: Span


@shape
class Proration:
    """A proration (`*.proration.yaml`): a period and changes inside it in, credits and charges for its parts out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    time: TimeFraction | None = declare("The part of a period; exact days, half open, if left out.", default=None)
    multiply: Multiply = declare(
        "The factor times the whole line; times the unit price, rounded, then times the quantity; or times the "
        "difference of new and old in one line (credit and charge stay apart where a new period begins).",
        default=Multiply.LINE,
    )
    rebill: Rebill = declare(
        "`all` credits the old lines and charges the new ones in full; `changed` leaves out what is the same before "
        "and after, so that added seats are charged alone.",
        default=Rebill.ALL,
    )
    timing: TimingRule | None = declare("When changes take effect; at once if left out.", default=None)
    credit: CreditRule | None = declare("What is given back; the part that is left if left out.", default=None)
    charge: ChargeRule | None = declare("What is billed; the part that is left if left out.", default=None)
    discount: DiscountRule | None = declare("How discounts take part; before, prorated, if left out.", default=None)
    anchor: AnchorRule | None = declare("Where periods begin; unchanged if left out.", default=None)
    scope: ScopeRule | None = declare("Which types of charges are prorated.", default=None)
    rounding: ProrationRounding | None = declare("Where figures are rounded.", default=None)
    span: Span
