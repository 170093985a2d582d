"""What a proration is told and what it answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.base.money import Money
from engine.finance.facts import fact, facts
from engine.spec.documents.proration import ChangeKind, Timing


class Unit(StrEnum):
    """What a plan's period is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class ChargeType(StrEnum):
    """What a line bills."""

    RECURRING = "recurring"
    ONE_TIME = "one_time"
    USAGE = "usage"
    MINIMUM = "minimum"
    ALLOWANCE = "allowance"


class Side(StrEnum):
    """Whether a line gives back, bills, or does both in one figure."""

    CREDIT = "credit"
    CHARGE = "charge"
    DIFFERENCE = "difference"


@facts
class Every:
    """The length of a plan's period."""

    unit: Unit = fact("day, week, month, quarter or year.")
    count: int = fact("How many of them.", default=1)


@facts
class Period:
    """A billed period. What `end` names, the document says (`time.interval`)."""

    start: date | datetime = fact("Its first day, or the moment it starts.")
    end: date | datetime = fact("Its end.")


@facts
class Line:
    """A line of a subscription, as it was or as it will be."""

    id: str = fact("Its name; the same before and after a change where it is the same line.")
    unit_price: Money = fact("Price of one unit for one whole period of its plan.")
    quantity: Decimal = fact("How many.", default=Decimal(1))
    type: ChargeType = fact("What it bills.", default=ChargeType.RECURRING)
    every: Every | None = fact("The plan's period; needed where the denominator or a new period is the plan's.",
                               default=None)  # fmt: skip
    discount: Money | None = fact("An amount off the line for a whole period.", default=None)
    discount_percent: Decimal = fact("A percentage off the line, before the amount off.", default=Decimal(0))
    tax_percent: Decimal | None = fact("The tax on top, as a percentage; no tax is shown if left out.", default=None)
    paid: Money | None = fact("What was paid for it; needed where credits are capped by it.", default=None)
    credited: Money | None = fact("What was given back of that before.", default=None)
    period_days: Decimal | None = fact("The days of its own period, in place of the denominator.", default=None)
    fresh_period: bool = fact("Its own new period begins with the change and is charged in full.", default=False)


@facts
class Change:
    """A change of a subscription, or a part of a period to bill."""

    id: str = fact("Its name in messages and results.", default="change")
    at: date | datetime = fact("When it takes effect.")
    until: date | datetime | None = fact(
        "Where the part ends: the end of a pause, of a co-termed line, of an extended term; the period's end if left "
        "out. It is read as the end of a period is.",
        default=None,
    )
    kind: ChangeKind | None = fact("What happens; worked out from the lines if left out.", default=None)
    decided: date | None = fact("The day on which it was decided; `at` if left out.", default=None)
    timing: Timing | None = fact("When the customer was told it takes effect; the document's rule if left out.",
                                 default=None)  # fmt: skip
    share: Decimal | None = fact("The part that is left, where the billing system states it and no dates.",
                                 default=None)  # fmt: skip
    old: tuple[Line, ...] = fact("The lines that end.", default=())
    new: tuple[Line, ...] = fact("The lines that begin.", default=())


@facts
class BilledCharge:
    """An earlier charge that a credit can be traced to."""

    id: str = fact("The charge, as the invoice names it.")
    line: str = fact("The line of the subscription it billed.")
    amount: Money = fact("What it billed, before discount and tax.")
    discount: Money | None = fact("The discount on it, as a positive amount.", default=None)
    ended: Money | None = fact(
        "How much of `amount` billed units that ended before; it is not credited again.", default=None
    )
    start: date | datetime | None = fact("Where its own period starts; that of the period changed if left out.",
                                         default=None)  # fmt: skip
    end: date | datetime | None = fact("Where its own period ends.", default=None)


@facts
class Billed:
    """What was billed for a line of a change before: the delta to it is what is due now."""

    line: str = fact("The line of the subscription.")
    side: Side = fact("credit, charge or difference.")
    amount: Money = fact("The signed amount, before tax; credits are negative.")


@facts
class Anniversaries:
    """A row of period starts."""

    start: date = fact("The first one.")
    every: Every = fact("The length of a period.")
    count: int = fact("How many.")


@facts
class ProrationFacts:
    """A period, the changes inside it, and what was billed before."""

    currency: str = fact("The currency of all amounts.")
    period: Period | None = fact("The period changed; needed unless periods of the plan are counted.", default=None)
    earlier_periods: tuple[Period, ...] = fact(
        "Billed periods before it, oldest first, which a backdated change reaches into.", default=()
    )
    term_end: date | datetime | None = fact("Where the term ends; needed for changes at the term's end.", default=None)
    changes: tuple[Change, ...] = fact("The changes, in order of time.", default=())
    charges: tuple[BilledCharge, ...] = fact("Earlier charges, oldest first.", default=())
    billed: tuple[Billed, ...] = fact("What was billed for these very changes before.", default=())
    anniversaries: Anniversaries | None = fact("Period starts to lay out.", default=None)


@facts
class ProratedLine:
    """One credit or charge. All amounts are signed: credits are negative."""

    change: str = fact("The change it comes from.")
    line: str = fact("The line of the subscription.")
    side: Side = fact("credit, charge or difference.")
    kind: ChangeKind = fact("What happened.")
    start: date | datetime = fact("First day or moment of the part.")
    end: date | datetime = fact("Its end, not included.")
    part: Decimal = fact("The counted length of the part.")
    whole: Decimal = fact("What it was divided by.")
    factor: Decimal = fact("The factor that was used.")
    quantity: Decimal = fact("How many.")
    unit_price: Money = fact("Price of one unit for a whole period.")
    gross: Money = fact("Before discount.")
    discount: Money = fact("The discount in it, with the other sign.")
    amount: Money = fact("Net of discount, before tax.")
    tax: Money | None = fact("The tax on it.", default=None)
    total: Money = fact("With tax.")
    charge: str | None = fact("The earlier charge that is credited.", default=None)
    explanation: str = fact("Why it is this amount.")


@facts
class Deferred:
    """A change that takes effect later: nothing is billed for it now."""

    change: str = fact("The change.")
    kind: ChangeKind = fact("What happens.")
    at: date | datetime = fact("When it takes effect.")
    explanation: str = fact("Why not now.")


@facts
class Delta:
    """What is due after what was billed before for the same changes."""

    line: str = fact("The line of the subscription.")
    side: Side = fact("credit, charge or difference.")
    due: Money = fact("What should be billed in all.")
    billed: Money = fact("What was billed.")
    amount: Money = fact("What is still to be billed; the other way round if negative.")


@facts
class Omission:
    """A line that is neither credited nor charged, by a rule."""

    change: str = fact("The change.")
    line: str = fact("The line of the subscription.")
    explanation: str = fact("The rule.")


@facts
class NextPeriod:
    """The period in which a change leaves the subscription."""

    change: str = fact("The change.")
    start: date | datetime = fact("Its start.")
    end: date | datetime = fact("Its end, not included.")


@facts
class ProrationResult:
    """Credits and charges, line by line, and their sums."""

    lines: tuple[ProratedLine, ...] = fact("In the order of the changes; credits before charges.")
    deferred: tuple[Deferred, ...] = fact("Changes that take effect later.")
    omitted: tuple[Omission, ...] = fact("Lines that a rule leaves out.")
    credits: Money = fact("Sum of credits before tax, not above zero.")
    charges: Money = fact("Sum of charges before tax.")
    net: Money = fact("Sum of all lines before tax.")
    tax: Money = fact("Sum of the lines' tax.")
    total: Money = fact("Sum of all lines with tax.")
    uncredited: Money = fact("What could not be given back: above what was paid or billed.")
    deltas: tuple[Delta, ...] = fact("Line by line, what is due after what was billed before.")
    periods: tuple[NextPeriod, ...] = fact("The periods in which changes leave the subscription.")
    dates: tuple[date, ...] = fact("The period starts that were asked for.")
