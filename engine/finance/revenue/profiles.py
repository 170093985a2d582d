"""The named profiles: sets of switches that practices in the field share."""

from __future__ import annotations

from dataclasses import replace

from engine.base.record import frozen
from engine.spec.documents.revenue import (
    BeforeBooking,
    ClosedPeriod,
    Counted,
    Overuse,
    Posting,
    Profile,
    RoundingStyle,
    Switches,
)
from engine.spec.documents.revenue_price import Treatment


@frozen
class Choices:
    """Every switch, decided. The defaults are those of `standard`."""

    rounding: RoundingStyle = RoundingStyle.CUMULATIVE
    start_day: Counted = Counted.COUNTED
    end_day: Counted = Counted.COUNTED
    before_booking: BeforeBooking = BeforeBooking.CATCH_UP
    closed_period: ClosedPeriod = ClosedPeriod.FIRST_OPEN
    conflicting_treatments: Treatment = Treatment.CATCH_UP
    overuse: Overuse = Overuse.CAP
    posting: Posting = Posting.NET


_STANDARD = Choices()
_LAST = replace(_STANDARD, rounding=RoundingStyle.REMAINDER_LAST, posting=Posting.GROSS)

PROFILES: dict[Profile, Choices] = {
    Profile.STANDARD: _STANDARD,
    Profile.GROSS_LEDGER: replace(_STANDARD, posting=Posting.GROSS),
    Profile.BACK_DATED: replace(_STANDARD, before_booking=BeforeBooking.BACK_DATE),
    Profile.REMAINDER_LAST: _LAST,
    Profile.REMAINDER_LAST_BACK_DATED: replace(_LAST, before_booking=BeforeBooking.BACK_DATE),
    Profile.REMAINDER_FIRST: replace(_LAST, rounding=RoundingStyle.REMAINDER_FIRST),
    Profile.STRICT_CLOSE: replace(_LAST, closed_period=ClosedPeriod.REFUSE),
}


def choices(profile: Profile, switches: Switches | None) -> Choices:
    """The profile's choices with the document's own over them."""
    chosen = PROFILES[profile]
    if switches is None:
        return chosen
    return Choices(
        rounding=switches.rounding or chosen.rounding,
        start_day=switches.start_day or chosen.start_day,
        end_day=switches.end_day or chosen.end_day,
        before_booking=switches.before_booking or chosen.before_booking,
        closed_period=switches.closed_period or chosen.closed_period,
        conflicting_treatments=switches.conflicting_treatments or chosen.conflicting_treatments,
        overuse=switches.overuse or chosen.overuse,
        posting=switches.posting or chosen.posting,
    )
