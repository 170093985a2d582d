"""Prepaid credits: grants, the order in which they burn down, expiry, rollover, what they may pay."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.base.money import RoundingMode
from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import declare, shape


class BurnKey(StrEnum):
    """What decides which grant or wallet is used first."""

    PRIORITY = "priority"
    EXPIRY = "expiry"
    EFFECTIVE = "effective"
    SCOPE = "scope"
    ID = "id"
    AS_GIVEN = "as_given"


class Overage(StrEnum):
    """What becomes of usage without balance."""

    REMEMBERED = "remembered"
    BILLED = "billed"
    REFUSED = "refused"


class RolloverUse(StrEnum):
    """Whether carried units burn before or after the new ones."""

    FIRST = "first"
    LAST = "last"


class WindowEnd(StrEnum):
    """To which window an expiry at its very end belongs."""

    THIS_WINDOW = "this_window"
    NEXT_WINDOW = "next_window"


@shape
class OverageRule:
    """What becomes of usage without balance."""

    treatment: Overage = declare(
        "`remembered`: taken from the next grant or recurrence. `billed`: charged, grants to come are untouched. "
        "`refused`: a business exception."
    )
    unit_price: Decimal | None = declare("With `billed`: the price of a unit.", default=None)
    currency: str | None = declare("With `unit_price`: its currency.", default=None, pattern="[A-Z]{3}")
    span: Span


@shape
class Rollover:
    """What of an unused balance is carried into the next recurrence of a grant."""

    minimum: Decimal = declare("At least this is carried, even if less was left.", default=Decimal(0))
    maximum: Decimal | None = declare("At most this; no limit if left out.", default=None)
    times_max: int | None = declare("A unit is carried at most so many times; no limit if left out.", default=None)
    used: RolloverUse = declare("Carried units burn before or after the new ones.", default=RolloverUse.FIRST)
    span: Span


@shape
class BurnRate:
    """How many credits a unit of a kind of usage costs."""

    kind: str = declare("The kind of usage.")
    credits: Decimal = declare("Credits per unit.")
    span: Span


@shape
class GrantProration:
    """How a grant that begins within its cycle is cut: seconds left over seconds of the cycle."""

    scale: int = declare("Digits of the granted amount.", default=8)
    mode: RoundingMode = declare("Direction and ties.", default=RoundingMode.HALF_UP)
    span: Span


@shape
class Wallet:
    """A wallet (`*.wallet.yaml`): grants and usage in; what is used, lapses, is left or is overage out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    order: tuple[BurnKey, ...] = declare(
        "Which grant or wallet is used first: lower priority, earlier expiry (none last), earlier start, a narrower "
        "`scope` (those for some kinds only), id, or the order they are given in; each key decides "
        "where those before it are equal.",
        default=(BurnKey.PRIORITY, BurnKey.EXPIRY, BurnKey.ID),
    )
    overage: OverageRule | None = declare("Usage without balance; remembered if left out.", default=None)
    rollover: Rollover | None = declare("What is carried when a grant recurs; nothing if left out.", default=None)
    rates: tuple[BurnRate, ...] = declare(
        "Credits per unit by kind of usage; one credit per unit if left out, an unlisted kind is refused otherwise.",
        default=(),
    )
    proration: GrantProration | None = declare(
        "How grants that begin within their cycle are cut; such facts are refused if left out.", default=None
    )
    window_end: WindowEnd = declare("To which window an expiry at its very end belongs.", default=WindowEnd.THIS_WINDOW)
    rounding: Rounding | None = declare(
        "Digits and direction of amounts of money; the currency's digits, half up, if left out.", default=None
    )
    span: Span
