"""How an obligation is recognised: the methods, what each may need besides dates, and gates that hold revenue back."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import declare, shape
from engine.spec.values import Expression


class Method(StrEnum):
    """How an amount is earned. The first group needs dates alone, the second what has happened."""

    BY_DAY = "by_day"
    BY_INSTANT = "by_instant"
    EVEN_MONTHS = "even_months"
    EVEN_TOUCHED_MONTHS = "even_touched_months"
    EVEN_MONTHS_DROP_LAST = "even_months_drop_last"
    PRORATED_CALENDAR_MONTHS = "prorated_calendar_months"
    PARTIAL_BY_DAY_FULL_EVEN = "partial_by_day_full_even"
    PARTIAL_BY_INSTANT_FULL_EVEN = "partial_by_instant_full_even"
    ANNIVERSARY_MONTHS = "anniversary_months"
    HALF_MONTH = "half_month"
    MONTHS_TO_TENTH = "months_to_tenth"
    FRONT_LOAD = "front_load"
    BACK_LOAD = "back_load"
    THIRTY_360 = "thirty_360"
    PERCENT_TABLE = "percent_table"
    POINT_IN_TIME = "point_in_time"

    PROPORTIONAL = "proportional"
    MILESTONE = "milestone"
    UNITS = "units"
    DRAWDOWN = "drawdown"
    USAGE_AS_INVOICED = "usage_as_invoiced"
    USAGE_ESTIMATE = "usage_estimate"
    MANUAL = "manual"


class LateGate(StrEnum):
    """What becomes of a service whose gate opens after its start."""

    SLIDE = "slide"
    CATCH_UP = "catch_up"
    CONDENSE = "condense"


class RunningEstimate(StrEnum):
    """How readings of usage become an estimate of what will be invoiced."""

    SUM = "sum"
    MAX = "max"
    LAST = "last"


class Lapse(StrEnum):
    """What becomes of what was paid for and never called for."""

    REVENUE = "revenue"
    OWED = "owed"


class RateOf(StrEnum):
    """Which rate values what was delivered."""

    EACH = "each"
    LATEST = "latest"


@shape
class Gate:
    """Nothing is recognised before a fact named in `released_on` of the obligation (delivery, go-live, payment)."""

    late: LateGate = declare(
        "If it opens after the service starts: `slide` moves the whole service, `catch_up` keeps its end and "
        "recognises at once what would have been, `condense` keeps its end and spreads everything over the shorter "
        "time.",
        default=LateGate.CATCH_UP,
    )
    forecast: bool = declare(
        "While it is shut and `expected_on` is known, show the schedule as a forecast, which is never posted.",
        default=False,
    )
    span: Span


@shape
class Recognition:
    """One rule: which obligations it is for, and how they are earned. The first that fits is used."""

    id: str = declare("Name of the rule.", pattern=NAME)
    when: Expression | None = declare(
        "The rule is for obligations for which this is true; `line` is the obligation. All, if left out.",
        default=None,
        example="=line.product == 'platform'",
    )
    method: Method = declare("How the amount is earned.", example="by_day")
    cutover_day: int | None = declare(
        "`half_month`: a service that begins after this day of a month earns nothing in it, one that begins earlier "
        "all; mirrored at its end. Left out, every broken month counts half.",
        default=None,
    )
    percentages: tuple[Decimal, ...] = declare(
        "`percent_table`: what successive periods earn, in percent; they add up to 100.", default=()
    )
    estimate: RunningEstimate = declare(
        "`usage_estimate`: which of the readings of a period is the estimate.", default=RunningEstimate.SUM
    )
    rate: RateOf = declare(
        "`usage_as_invoiced`: `each` rates every reading as it says, `latest` rates everything so far by the newest "
        "expected rate and catches up, as a retrospective rebate asks for.",
        default=RateOf.EACH,
    )
    lapsed: Lapse = declare(
        "`drawdown` and `units`: what is left on the day of expiry is `revenue` (breakage), or it is `owed` to "
        "somebody else, such as a state, and stays a liability.",
        default=Lapse.REVENUE,
    )
    measure_scale: int | None = declare(
        "Digits to which a measure of progress is rounded before it is used; not rounded if left out. 3 rounds to a "
        "tenth of a percent.",
        default=None,
    )
    gate: Gate | None = declare("Holds revenue back until a fact is known.", default=None)
    span: Span
