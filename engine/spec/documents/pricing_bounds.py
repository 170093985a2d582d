"""Least and most amounts: minimums with true-up, maximums, commitments, thresholds that bill early."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.documents.finance import Rounding
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Name


class Accumulate(StrEnum):
    #: Every bill starts at zero.
    BILL = "bill"
    #: Over the bills of a period.
    PERIOD = "period"
    #: Over the whole contract.
    CONTRACT = "contract"


class Counted(StrEnum):
    #: Line amounts as they are shown.
    ROUNDED = "rounded"
    #: Line amounts before rounding.
    EXACT = "exact"


class TrueUp(StrEnum):
    NEVER = "never"
    #: On the last bill of what the commitment runs over.
    AT_CLOSE = "at_close"


@shape
class Minimum:
    """At least so much; the difference is a true-up line."""

    amount: Decimal = declare("The least amount.")
    prorated: bool = declare("Whether it shrinks with the part of the period that is billed.", default=False)
    rounding: Rounding | None = declare(
        "Rounds the prorated minimum before the charges are taken from it; without it only the difference is rounded.",
        default=None,
    )
    counted: Counted = declare("Which amounts are taken from it.", default=Counted.ROUNDED)
    span: Span


@shape
class Maximum:
    """At most so much; what lies above is a discount on the lines, in the order of the charges."""

    amount: Decimal = declare("The most, with what was billed before for the same charges.")
    prorated: bool = declare("Whether it shrinks with the part of the period that is billed.", default=False)
    span: Span


@shape
class Commitment:
    """An amount promised over a term and billed in steps: what exceeds it costs a factor. Several commitments of the
    same charges are used up one after another; what exceeds them all costs the factor of the last. A charge with an
    `overage_price` costs that above them, unless the factor is other than 1, which goes before it."""

    amount: Decimal = declare("What is promised, before any factor.")
    prorated: bool = declare(
        "Whether it shrinks with the part of the period that is billed; it is rounded as lines are then.", default=False
    )
    overage_factor: Decimal = declare("What the amount above is multiplied by.", default=Decimal(1))
    true_up: TrueUp = declare("Whether what is missing is charged at the end of the term.", default=TrueUp.NEVER)
    span: Span


@shape
class Bound:
    """A bound over charges: exactly one of `minimum`, `maximum`, `commitment`. Bounds apply in this order."""

    RULES = (ExactlyOne(("minimum", "maximum", "commitment")),)

    id: str = declare("Its name; a true-up line has it too.", pattern=NAME)
    summary: str | None = declare("What it is, as it reads on a bill.", default=None)
    charges: tuple[Name, ...] | None = declare("The charges that count, in this order; all if left out.", default=None)
    group_by: tuple[str, ...] = declare(
        "Dimensions whose values have the bound each for themselves (at least 20.00 for every region that was used); "
        "its charges must have them in their `group_by`, and usage without them is under no such bound. One bound for "
        "all lines if left out.",
        default=(),
    )
    over: Accumulate = declare(
        "What it runs over: this `bill`, the bills of a `period`, or the whole `contract`; `billed` says what came "
        "before.",
        default=Accumulate.PERIOD,
    )
    minimum: Minimum | None = declare("At least so much.", default=None)
    maximum: Maximum | None = declare("At most so much.", default=None)
    commitment: Commitment | None = declare("Promised over a term.", default=None)
    span: Span


@shape
class WindowCommitment:
    """What is promised for each window (an hour, a day), or each line of a charge: exactly one of `amount` and
    `quantity`. It applies before rounding."""

    RULES = (ExactlyOne(("amount", "quantity")),)

    id: str = declare("Its name.", pattern=NAME)
    when: Map[tuple[str, ...]] = declare(
        'Values of dimensions of the lines it is for; `["*"]` is any value; all lines if left out.', default=Map()
    )
    amount: Decimal | None = declare("The amount promised for each window.", default=None)
    quantity: Decimal | None = declare(
        "The quantity promised for each window, at the window's own price.", default=None
    )
    overage_factor: Decimal = declare("What the amount above is multiplied by.", default=Decimal(1))
    true_up: bool = declare("Whether a window below it costs the whole of it.", default=False)
    span: Span


@shape
class Thresholds:
    """Amounts at which a bill is made before the period ends."""

    amounts: tuple[Decimal, ...] = declare("Totals of the period, rising.")
    repeat_every: Decimal | None = declare("After the last one, each further so much.", default=None)
    charges: tuple[Name, ...] | None = declare("The charges that count; all with a meter if left out.", default=None)
    span: Span
