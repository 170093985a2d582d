"""An amount divided between parties: shares, waterfalls, what is kept, nested in each other."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.shape import ExactlyOne, declare, shape

SHARE = r"\d+(\.\d+)?%|[1-9]\d*/[1-9]\d*|0%"


class SplitMethod(StrEnum):
    """Who gets the smallest units that exact shares leave over."""

    UNITS_IN_ORDER = "units_in_order"
    LARGEST_REMAINDER = "largest_remainder"


@shape
class Share:
    """One share of an amount: how much, and who gets it."""

    RULES = (ExactlyOne(("share", "remaining")), ExactlyOne(("to", "kept", "split")))

    share: str | None = declare("A percentage or a fraction.", default=None, pattern=SHARE, example="35.5%")
    remaining: bool = declare("What the other shares leave of the whole: `true`.", default=False)
    to: str | None = declare("The party.", default=None)
    kept: bool = declare("It is not paid out: `true`.", default=False)
    split: Split | None = declare("It is divided further.", default=None)
    span: Span


@shape
class Fill:
    """One vessel of a waterfall: up to how much, and who gets it."""

    RULES = (ExactlyOne(("max", "remaining")), ExactlyOne(("to", "kept", "split")))

    max: Decimal | None = declare("No more than this, in major units.", default=None)
    remaining: bool = declare("All that is left: `true`.", default=False)
    to: str | None = declare("The party.", default=None)
    kept: bool = declare("It is not paid out: `true`.", default=False)
    split: Split | None = declare("It is divided further.", default=None)
    span: Span


@shape
class Split:
    """How an amount is divided: by shares, or filled in order."""

    RULES = (ExactlyOne(("shares", "in_order")),)

    shares: tuple[Share, ...] | None = declare("Shares of the amount; they add up to the whole.", default=None)
    in_order: tuple[Fill, ...] | None = declare(
        "Filled one after the other, each up to its maximum; the last one takes what remains.", default=None
    )
    span: Span
