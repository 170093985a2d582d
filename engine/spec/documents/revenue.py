"""How revenue is allocated to obligations and recognised over time."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import ClassVar

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.revenue_methods import Recognition
from engine.spec.documents.revenue_price import Allocation, Financing, ModificationRule, Treatment, Variable
from engine.spec.shape import ExactlyOne, declare, shape


class RoundingStyle(StrEnum):
    """What happens to the fractions of a smallest unit in a schedule."""

    CUMULATIVE = "cumulative"
    REMAINDER_LAST = "remainder_last"
    REMAINDER_FIRST = "remainder_first"
    FLOOR_FULL_PERIODS = "floor_full_periods"


class Profile(StrEnum):
    """Named sets of switches, by the practice that they stand for."""

    STANDARD = "standard"
    GROSS_LEDGER = "gross_ledger"
    BACK_DATED = "back_dated"
    REMAINDER_LAST = "remainder_last"
    REMAINDER_LAST_BACK_DATED = "remainder_last_back_dated"
    REMAINDER_FIRST = "remainder_first"
    STRICT_CLOSE = "strict_close"


class Counted(StrEnum):
    """Whether a day counts as service."""

    COUNTED = "counted"
    NOT_COUNTED = "not_counted"


class BeforeBooking(StrEnum):
    """Where revenue goes that was earned before the contract was booked."""

    CATCH_UP = "catch_up"
    BACK_DATE = "back_date"


class ClosedPeriod(StrEnum):
    """Where revenue of a closed period goes."""

    FIRST_OPEN = "first_open"
    REFUSE = "refuse"


class PostedDifference(StrEnum):
    """What to do where a period was posted with another amount than the schedule has now."""

    POST = "post"
    LAST_PERIOD = "last_period"


class Overuse(StrEnum):
    """What to do when more is used than was promised."""

    CAP = "cap"
    REFUSE = "refuse"


class Posting(StrEnum):
    """How balances are journalled: every movement through deferred revenue, or one net movement per period."""

    GROSS = "gross"
    NET = "net"


@shape
class Switches:
    """Accounting choices. What is left out is as the profile says."""

    rounding: RoundingStyle | None = declare(
        "`cumulative` rounds what is earned by each period's end; `remainder_last` and `remainder_first` round every "
        "period and put the rest into one; `floor_full_periods` cuts full periods down and puts the rest into the "
        "last of them.",
        default=None,
    )
    scale: int | None = declare("Digits of amounts; those of the currency (ISO 4217) if left out.", default=None)
    start_day: Counted | None = declare("Whether the first day of a service counts.", default=None)
    end_day: Counted | None = declare("Whether the last day of a service counts.", default=None)
    time_zone: str = declare("The zone in which moments become days.", default="UTC", example="Europe/Berlin")
    before_booking: BeforeBooking | None = declare(
        "Revenue earned before the booking date: `catch_up` posts it in the period of booking, `back_date` in its own.",
        default=None,
    )
    closed_period: ClosedPeriod | None = declare(
        "Revenue that belongs to a closed period: `first_open` posts it in the first open one and keeps the period it "
        "belongs to, `refuse` stops with an exception.",
        default=None,
    )
    conflicting_treatments: Treatment | None = declare(
        "Which treatment wins if changes in one period ask for two.", default=None
    )
    overuse: Overuse | None = declare("When more is used than was promised.", default=None)
    posting: Posting | None = declare("Style of the journal; both end with the same balances.", default=None)
    posted_difference: PostedDifference = declare(
        "Where a period was posted with another amount: `post` corrects it by the difference, `last_period` leaves it "
        "and lets the last period of the schedule take the difference.",
        default=PostedDifference.POST,
    )
    long_term_after_months: int = declare("Deferred revenue due later than this is long term.", default=12)
    remaining_excludes_usage: bool = declare(
        "Remaining performance obligations leave out usage that is invoiced as it is delivered.", default=True
    )
    remaining_excludes_within_months: int = declare("They leave out contracts of up to this many months.", default=0)
    span: Span


@shape
class Weeks445:
    """Quarters of 4, 4 and 5 weeks."""

    start: datetime.date = declare("First day of the first year.")
    years: int = declare("How many years.")
    long_years: tuple[int, ...] = declare("Which of them (0 is the first) have 53 weeks.", default=())
    span: Span


@shape
class ListedPeriod:
    """One accounting period; it ends where the next begins."""

    name: str = declare("Its name.", example='"2026-P01"')
    start: datetime.date = declare("Its first day.")
    span: Span


@shape
class ListedPeriods:
    """Accounting periods one by one."""

    periods: tuple[ListedPeriod, ...] = declare("In the order of time.")
    end: datetime.date = declare("The first day after the last of them.")
    span: Span


@shape
class RevenueCalendar:
    """Accounting periods that are not calendar months."""

    RULES: ClassVar[tuple[ExactlyOne, ...]] = (ExactlyOne(("weeks_445", "listed")),)

    weeks_445: Weeks445 | None = declare("Quarters of 4, 4 and 5 weeks.", default=None)
    listed: ListedPeriods | None = declare("Periods one by one.", default=None)
    span: Span


@shape
class Revenue:
    """Revenue (`*.revenue.yaml`): a contract, its changes and postings in; the schedule and what to post out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    profile: Profile = declare(
        "The switches to start from. `standard`: cumulative rounding, catch-up in the period of booking, closed "
        "periods posted in the first open one, one net entry a period. `gross_ledger`: the same, posted gross. "
        "`back_dated`: as `standard`, with revenue before booking in its own period. `remainder_last` and "
        "`remainder_first`: every period rounded, the rest in one of them, posted gross. "
        "`remainder_last_back_dated`: both. `strict_close`: as `remainder_last`, refusing what belongs to a closed "
        "period.",
        default=Profile.STANDARD,
    )
    policy: Switches | None = declare("Single switches that differ from the profile.", default=None)
    calendar: RevenueCalendar | None = declare("Accounting periods; calendar months if left out.", default=None)
    obligations: tuple[Recognition, ...] = declare(
        "How obligations are recognised, in order; the first that fits is used."
    )
    allocation: Allocation | None = declare(
        "How the price is shared; every obligation keeps its stated price if left out.", default=None
    )
    variable: Variable | None = declare("How variable amounts enter the price.", default=None)
    financing: Financing | None = declare("Interest inside the price.", default=None)
    modifications: tuple[ModificationRule, ...] = declare(
        "Which treatment a change gets. Left out: distinct and at its stand-alone price is a separate contract, "
        "distinct otherwise prospective, not distinct a cumulative catch-up.",
        default=(),
    )
    span: Span
