"""What is told of a change: its treatment, what was pooled, and every obligation just before and after it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT
from engine.base.record import frozen
from engine.finance.calendar import DAY
from engine.finance.exact import decimal_of
from engine.finance.revenue.facts import Change
from engine.finance.revenue.inception import Contract
from engine.finance.revenue.results import ChangeTreated, ShareBefore
from engine.finance.revenue.track import Track
from engine.spec.documents.revenue_price import Treatment

_EXPLAINED = {
    Treatment.SEPARATE_CONTRACT: "what is added is distinct and priced at its stand-alone price: nothing else changes",
    Treatment.PROSPECTIVE: "what is still to be delivered is distinct: the rest of the price is shared over it",
    Treatment.CATCH_UP: "what is still to be delivered is not distinct: revenue so far is corrected at once",
}
_MIXED = (
    "obligations differ: some are corrected at once, the rest of the price is shared over what others still deliver"
)


@frozen
class Before:
    """What obligations had recognised, and the units they still had to deliver, before a change."""

    recognized: dict[str, Decimal]
    units: dict[str, Fraction]


def treatment_of(change: Change, treatment: Treatment, obligation: str) -> Treatment:
    """How a change treats one obligation: as it says for that one, else as the whole of it."""
    return (change.treatments or {}).get(obligation, treatment)


def told(
    contract: Contract, change: Change, treatment: Treatment, pool: Decimal, reduction: Decimal, before: Before
) -> ChangeTreated:
    """What became of a change, obligation by obligation."""
    setting = contract.setting
    catching = {
        track.id for track in contract.tracks if treatment_of(change, treatment, track.id) is Treatment.CATCH_UP
    }
    mixed = change.treatments is not None
    shares: list[ShareBefore] = []
    caught = setting.zero
    for track in contract.tracks:
        recognized = before.recognized.get(track.id, setting.zero)
        catch_up = setting.zero
        if track.id in catching:
            restated = change.on + DAY if _restates(track, change.on) else change.on
            catch_up = EXACT.subtract(track.main.before_stage(restated), recognized)
        caught = EXACT.add(caught, catch_up)
        units = before.units.get(track.id, Fraction(track.obligation.quantity))
        if track.retired:
            units = Fraction(0)
        remaining = EXACT.subtract(track.main.lifetime, track.main.before_stage(change.on))
        shares.append(
            ShareBefore(
                obligation=track.id,
                recognized=setting.money(recognized),
                remaining=setting.money(remaining),
                remaining_units=decimal_of(units),
                unit_revenue=decimal_of(Fraction(remaining) / units) if units else Decimal(0),
                catch_up=setting.money(catch_up),
            )
        )
    return ChangeTreated(
        id=change.id, on=change.on, period=setting.period_of(change.on).name,
        treatment="mixed" if mixed else treatment.value,
        unit_revenue=_unit_revenue(shares),
        pool=setting.money(pool), price=setting.money(contract.total), catch_up=setting.money(caught),
        reduction=setting.money(reduction), obligations=tuple(shares),
        explanation=_MIXED if mixed else _EXPLAINED[treatment],
    )  # fmt: skip


def _unit_revenue(shares: list[ShareBefore]) -> Decimal:
    units = sum((Fraction(each.remaining_units) for each in shares), Fraction(0))
    remaining = sum((Fraction(each.remaining.amount) for each in shares if each.remaining_units), Fraction(0))
    return decimal_of(remaining / units) if units else Decimal(0)


def _restates(track: Track, day: date) -> bool:
    """Whether the estimate of the whole changes on that very day, which then belongs to the catch-up."""
    return any(reading.on == day and reading.total is not None for reading in track.obligation.readings)
