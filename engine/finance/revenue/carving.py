"""What lines give up to others, or get from them, by period: allocated revenue less that of the stated price."""

from __future__ import annotations

from decimal import Decimal

from engine.base.money import EXACT
from engine.finance.revenue.inception import Contract
from engine.finance.revenue.results import Carved
from engine.finance.revenue.track import Track


def carve_of(track: Track) -> Decimal | None:
    """Allocated at inception less the stated price of a line; None for a line that states none."""
    stated = track.obligation.price
    if stated is None or track.is_rated():
        return None
    return EXACT.subtract(EXACT.add(track.fixed, track.variable), stated.amount)


def carves(contract: Contract) -> list[Carved]:
    """The carve of every line over its own schedule, as allocated at inception. By line it adds up to the line's carve,
    over the contract to nothing."""
    setting = contract.setting
    if setting.document.allocation is None:
        return []
    found = []
    for track in contract.tracks:
        carve, curve, stated = carve_of(track), track.measure.curve, track.obligation.price
        if not carve or curve is None or stated is None or track.group:
            continue
        allocated = curve.rows(EXACT.add(track.fixed, track.variable))
        for (period, amount), (_, own) in zip(allocated, curve.rows(stated.amount), strict=True):
            if amount or own:
                found.append(
                    Carved(
                        obligation=track.id,
                        period=period.name,
                        stated=setting.money(own),
                        allocated=setting.money(amount),
                        carve=setting.money(EXACT.subtract(amount, own)),
                    )
                )
    return found
