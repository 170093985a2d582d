"""New estimates of variable amounts, and revenue corrected by hand.

A new estimate is shared as at inception. The part of what was satisfied is recognised at once; after a prospective
change, the part of what was not goes to the obligations that remain, as that change shared them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT
from engine.finance.calendar import DAY
from engine.finance.exact import decimal_of, rounded
from engine.finance.problem import refused
from engine.finance.revenue.allocation import split
from engine.finance.revenue.facts import Change
from engine.finance.revenue.inception import Contract, checked_money, component_shares
from engine.finance.revenue.results import ChangeTreated, ShareBefore
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Layer, Stage, Track


def reassess(contract: Contract, change: Change) -> ChangeTreated:
    """A variable amount is estimated anew. Raises Failure if the contract has none of that name."""
    setting = contract.setting
    component = contract.components().get(change.component)
    place = setting.where.at(rule="variable", record=f"change {change.id}")
    if component is None or change.included is None:
        raise refused(
            place, f"it estimates {change.component or 'nothing'} anew, which is not in the contract or has no figure",
            "name a variable amount of the contract and what is `included` of it",
        )  # fmt: skip
    old = contract.included[component.id]
    new = checked_money(setting, change.included, f"change {change.id}")
    before = {track.id: track.before(change.on) for track in contract.tracks}
    then, now = component_shares(contract, component, old), component_shares(contract, component, new)
    differences = {
        name: EXACT.subtract(now.get(name, setting.zero), then.get(name, setting.zero)) for name in now | then
    }
    contract.included[component.id] = new
    own = {track.id: layer for track in contract.tracks for layer in track.own if layer.component == component.id}
    pooled = setting.zero
    for name, difference in differences.items():
        track = contract.track(name)
        if track is None:
            continue
        layer = own.get(name, track.main)
        if layer is not track.main or track.pooled_on is None:
            _raise(layer, change, difference)
            continue
        satisfied = rounded(Fraction(difference) * track.share_before(track.pooled_on), setting.scale)
        stage = track.main.now
        track.main.stages.append(replace(stage, on=change.on, base=EXACT.add(stage.base, satisfied)))
        pooled = EXACT.add(pooled, EXACT.subtract(difference, satisfied))
    if pooled:
        _raise_pool(contract, change, pooled)
    return _told(contract, change, before, EXACT.subtract(new, old), "an estimate changed: its satisfied share is "
                 "recognised at once, the rest as the service goes on")  # fmt: skip


def _raise(layer: Layer, change: Change, difference: Decimal) -> None:
    """More (or less) of the same: the newest stage with another amount. What is fully satisfied takes it at once."""
    stage = layer.now
    if stage.curve is None and stage.on is not None and not stage.amount:
        layer.stages.append(Stage(change.on, EXACT.add(stage.base, difference), stage.amount, None))
    else:
        layer.stages.append(replace(stage, on=change.on, amount=EXACT.add(stage.amount, difference)))


def _raise_pool(contract: Contract, change: Change, difference: Decimal) -> None:
    """A difference for what a prospective change left over, shared as that change shared it."""
    setting = contract.setting
    remaining = {
        track.id: Fraction(track.main.now.amount)
        for track in contract.tracks
        if track.group == 0 and not track.is_rated() and not track.retired and track.main.now.amount
    }
    for name, share in split(setting, difference, remaining).items():
        track = contract.track(name)
        if track is not None:
            _raise(track.main, change, share)


def adjust(contract: Contract, change: Change) -> ChangeTreated:
    """Revenue corrected by hand: recognised on that day, the rest spread over what remains. Raises Failure."""
    setting = contract.setting
    track = contract.track(change.obligation)
    if track is None and not change.obligation and len(contract.tracks) == 1:
        track = contract.tracks[0]
    if track is None or change.amount is None:
        raise refused(
            setting.where.at(rule="corrections", record=f"change {change.id}"),
            f"it corrects {change.obligation or 'no obligation'}, which is no obligation of the contract",
            "name one of its obligations",
        )  # fmt: skip
    amount = checked_money(setting, change.amount, f"change {change.id}")
    before = {each.id: each.before(change.on) for each in contract.tracks}
    after = change.on + DAY
    stage = track.main.now
    base = EXACT.add(track.main.before_stage(after), amount)
    rest = EXACT.subtract(track.main.lifetime, base)
    if stage.curve is None or track.share_before(after) == 1:
        contract.warnings.append(f"change {change.id}: adjustment after full satisfaction leaves {rest}")
        track.main.stages.append(Stage(change.on, base, rest, None))
    else:
        track.main.stages.append(Stage(change.on, base, rest, stage.curve.after(after)))
    return _told(contract, change, before, amount, "revenue corrected by hand; the rest is spread over what remains")


def _told(
    contract: Contract, change: Change, before: dict[str, Decimal], amount: Decimal, explanation: str
) -> ChangeTreated:
    setting = contract.setting
    told = []
    caught = setting.zero
    for track in contract.tracks:
        catch_up = EXACT.subtract(_newest(track, change), before[track.id]) if change.component else setting.zero
        caught = EXACT.add(caught, catch_up)
        told.append(_share(setting, track, change, before[track.id], catch_up))
    return ChangeTreated(
        id=change.id, on=change.on, period=setting.period_of(change.on).name,
        treatment="reassessment" if change.component else "adjustment",
        unit_revenue=Decimal(0),
        pool=setting.money(amount), price=setting.money(contract.total), catch_up=setting.money(caught),
        reduction=setting.money(setting.zero), obligations=tuple(told), explanation=explanation,
    )  # fmt: skip


def _newest(track: Track, change: Change) -> Decimal:
    return sum((layer.before_stage(change.on) for layer in track.layers), Decimal(0))


def _share(setting: Setting, track: Track, change: Change, recognized: Decimal, catch_up: Decimal) -> ShareBefore:
    remaining = EXACT.subtract(track.lifetime, _newest(track, change))
    units = Fraction(track.obligation.quantity) * (1 - track.share_before(change.on))
    return ShareBefore(
        obligation=track.id,
        recognized=setting.money(recognized),
        remaining=setting.money(remaining),
        remaining_units=decimal_of(units),
        unit_revenue=decimal_of(Fraction(remaining) / units) if units else Decimal(0),
        catch_up=setting.money(catch_up),
    )
