"""Changes of a contract, in the order of time: modifications, new estimates, corrections by hand.

A prospective change keeps what was recognised and shares the rest of the price over what is still to be delivered. A
cumulative catch-up shares the new price as at inception and recognises the difference at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT
from engine.finance.calendar import Span, whole_months
from engine.finance.facts import shown
from engine.finance.problem import Where, refused
from engine.finance.revenue.allocation import shares, split
from engine.finance.revenue.facts import Change
from engine.finance.revenue.inception import Contract, begin_one, checked_money, priced
from engine.finance.revenue.measure import earns_what_it_is_rated_at, measure_of, rule_of, service_span
from engine.finance.revenue.reassessment import adjust, reassess
from engine.finance.revenue.results import ChangeTreated
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Layer, Stage, Track
from engine.finance.revenue.treated import Before, told, treatment_of
from engine.spec.documents.revenue_price import Treatment


def apply_changes(contract: Contract) -> list[ChangeTreated]:
    """Apply every change and tell what became of it. Raises Failure where one does not fit."""
    treated: list[ChangeTreated] = []
    last: date | None = None
    treatments = _treatments(contract)
    for index, change in enumerate(contract.facts.changes):
        if last is not None and change.on < last:
            raise refused(
                _where(contract.setting, change), f"it applies from {change.on}, before the change listed above it",
                "list changes in the order of time",
            )  # fmt: skip
        last = change.on
        treated.append(_apply(contract, change, treatments[index]))
    return treated


def _where(setting: Setting, change: Change) -> Where:
    return setting.where.at(rule="modifications", record=f"change {change.id}")


def _treatments(contract: Contract) -> list[Treatment | None]:
    """The treatment of every modification; None for a new estimate or a correction by hand. Where changes of one period
    ask for two, the document's switch decides."""
    setting = contract.setting
    found: list[Treatment | None] = []
    for change in contract.facts.changes:
        found.append(None if change.component or change.amount is not None else _treatment(setting, change))
    names = [setting.period_of(change.on).name for change in contract.facts.changes]
    winner = setting.choices.conflicting_treatments
    for index, own in enumerate(found):
        rivals = {other for name, other in zip(names, found, strict=True) if name == names[index]}
        if own in (Treatment.PROSPECTIVE, Treatment.CATCH_UP) and {Treatment.PROSPECTIVE, Treatment.CATCH_UP} <= rivals:
            found[index] = winner
    return found


def _treatment(setting: Setting, change: Change) -> Treatment:
    if change.treatment is not None:
        return change.treatment
    if setting.treatments:
        scope = {"change": shown(change)}
        for rule in setting.treatments:
            if rule.applies is None or rule.applies(scope):
                return rule.treatment
        raise refused(
            _where(setting, change), "no rule of `modifications` fits it", "add one without `when` at the end"
        )
    if change.distinct:
        return Treatment.SEPARATE_CONTRACT if change.at_ssp and change.added else Treatment.PROSPECTIVE
    return Treatment.CATCH_UP


def _apply(contract: Contract, change: Change, treatment: Treatment | None) -> ChangeTreated:
    if treatment is None:
        return adjust(contract, change) if change.amount is not None else reassess(contract, change)
    day, tracks = change.on, contract.tracks
    before = Before(
        {track.id: track.before(day) for track in tracks},
        {track.id: Fraction(track.obligation.quantity) * (1 - track.share_before(day)) for track in tracks},
    )
    reduction = _credit(contract, change)
    if treatment is Treatment.SEPARATE_CONTRACT:
        _separate(contract, change)
        pool = contract.setting.zero
    elif change.treatments is not None:
        pool = _mixed(contract, change, treatment)
    elif treatment is Treatment.PROSPECTIVE:
        pool = _prospective(contract, change)
    else:
        pool = _catch_up(contract, change)
    return told(contract, change, treatment, pool, reduction, before)


# ----------------------------------------------------------------------------- treatments


def _new_fixed(contract: Contract, change: Change) -> Decimal:
    """The fixed price from now on. Without one, what falls away takes its unrecognised price along."""
    if change.price is not None:
        return checked_money(contract.setting, change.price, f"change {change.id}")
    fixed = contract.fixed
    if change.added_price is not None:
        fixed = EXACT.add(fixed, checked_money(contract.setting, change.added_price, f"change {change.id}"))
    else:
        fixed = EXACT.add(fixed, _added_price(contract.setting, change))
    for name, price in (change.repriced or {}).items():
        track = contract.track(name)
        if track is None:
            raise refused(_where(contract.setting, change), f"it reprices {name}, which is no obligation of it")
        rest = EXACT.subtract(track.main.lifetime, track.main.before_stage(change.on))
        fixed = EXACT.add(fixed, EXACT.subtract(checked_money(contract.setting, price, f"change {change.id}"), rest))
    for name in change.removed:
        track = contract.track(name)
        if track is not None and change.added_price is None:
            fixed = EXACT.subtract(fixed, EXACT.subtract(track.main.lifetime, track.main.before(change.on)))
    return fixed


def _added_price(setting: Setting, change: Change) -> Decimal:
    """What the obligations that a change adds are stated to cost."""
    total = setting.zero
    for each in change.added:
        price = priced(setting, each).price
        if price is not None and not earns_what_it_is_rated_at(each, rule_of(setting, each)):
            total = EXACT.add(total, checked_money(setting, price, f"obligation {each.id}"))
    return total


def _credit(contract: Contract, change: Change) -> Decimal:
    """A credit for past defects: less revenue at once, shared by what was recognised, and outside the pool."""
    if change.credit_for_past_defects is None:
        return contract.setting.zero
    credit = checked_money(contract.setting, change.credit_for_past_defects, f"change {change.id}")
    pooled = [track for track in contract.tracks if track.group == 0 and not track.is_rated()]
    earned = {track.id: Fraction(track.main.before(change.on)) for track in pooled}
    for name, share in split(contract.setting, credit, earned).items():
        track = contract.track(name)
        if track is None or not share:
            continue
        stage = track.main.now
        rest = None if stage.curve is None else stage.curve
        base = EXACT.subtract(stage.base, share)
        track.main.stages.append(Stage(change.on, base, stage.amount, rest, stage.unit))
    if change.price is None:
        contract.fixed = EXACT.subtract(contract.fixed, credit)
    return credit


def _separate(contract: Contract, change: Change) -> None:
    setting = contract.setting
    other = change.price or change.removed or change.ends or change.ssp or change.repriced
    if not change.added or other or change.credit_for_past_defects:
        raise refused(
            _where(setting, change), "a separate contract holds what is added and leaves everything else as it was",
            "list what is `added`, and make another change of the rest",
        )  # fmt: skip
    group = max((track.group for track in contract.tracks), default=0) + 1
    added = [begin_one(setting, each) for each in change.added]
    price = _added_price(setting, change)
    if change.added_price is not None:
        price = checked_money(setting, change.added_price, f"change {change.id}")
    found = shares(setting, price, [track.obligation for track in added if not track.is_rated()])
    for track in added:
        track.group = group
        if not track.is_rated():
            track.fixed = found.amounts[track.id]
            track.reason = f"separate contract: {found.reasons[track.id]}"
            track.main = Layer([Stage(None, setting.zero, track.fixed, track.measure.curve)])
    contract.tracks += added
    contract.apart = EXACT.add(contract.apart, price)


def _revised(contract: Contract, change: Change) -> dict[str, Fraction]:
    """New ends of service, new obligations, and those that fall away. Gives how many times as long a service is now
    whose end moved: its stand-alone price, where the change states no new one, grows with it."""
    setting = contract.setting
    longer: dict[str, Fraction] = {}
    for name, end in (change.ends or {}).items():
        track = contract.track(name)
        if track is None:
            raise refused(_where(setting, change), f"it moves the end of {name}, which is no obligation of it")
        before = service_span(setting, track.obligation)
        track.obligation = replace(track.obligation, end=end, end_exclusive=None, end_at=None, months=None)
        longer[name] = _times_as_long(before, service_span(setting, track.obligation))
        track.weight *= longer[name]
        track.measure = measure_of(setting, track.obligation, track.rule, Fraction(0))
    for name in change.removed:
        track = contract.track(name)
        if track is None:
            raise refused(_where(setting, change), f"it removes {name}, which is no obligation of the contract")
        track.retired = True
    for each in change.added:
        if contract.track(each.id) is not None:
            raise refused(_where(setting, change), f"it adds {each.id}, which is an obligation already")
        contract.tracks.append(begin_one(setting, each))
    return longer


def _times_as_long(before: Span | None, now: Span | None) -> Fraction:
    """In months where both are whole months, else in days."""
    if before is None or now is None or before.days <= 0 or now.days <= 0:
        return Fraction(1)
    counted = [whole_months(span) for span in (before, now)]
    if all(months and end == span.end for (months, end), span in zip(counted, (before, now), strict=True)):
        return Fraction(counted[1][0], counted[0][0])
    return Fraction(now.days, before.days)


def _prospective(contract: Contract, change: Change) -> Decimal:
    """What is recognised stays; the rest of the price goes to what is still to be delivered."""
    setting, day = contract.setting, change.on
    fixed = _new_fixed(contract, change)
    known = {track.id for track in contract.tracks}
    if fixed == contract.fixed and not (change.added or change.removed or change.ends or change.ssp):
        return _unchanged(contract, day)
    longer = _revised(contract, change)
    contract.fixed = fixed
    pooled = [track for track in contract.tracks if track.group == 0 and not track.is_rated()]
    recognized = sum((track.main.before_stage(day) for track in pooled if track.id in known), setting.zero)
    shared = _shared_included(contract)
    pool = EXACT.subtract(EXACT.add(fixed, shared), recognized)
    weights = {track.id: _remaining_weight(track, change, longer) for track in pooled if not track.retired}
    weights = {name: weight for name, weight in weights.items() if weight}
    if not weights:
        _end(contract, change, pooled, pool)
        return pool
    amounts = split(setting, pool, weights)
    for track in pooled:
        track.pooled_on = day
        _continue(setting, track, change, amounts.get(track.id))
    return pool


def _unchanged(contract: Contract, day: date) -> Decimal:
    """Terms that stay as they are move no cent; later estimates treat them as changed all the same."""
    pool = contract.setting.zero
    for track in contract.tracks:
        if track.group == 0 and not track.is_rated():
            track.pooled_on = day
            pool = EXACT.add(pool, EXACT.subtract(track.main.lifetime, track.main.before_stage(day)))
    return pool


def _remaining_weight(track: Track, change: Change, longer: Mapping[str, Fraction]) -> Fraction:
    """Stand-alone price, as of now, of what is still to be delivered; the price itself where none is known."""
    left = 1 - track.share_before(change.on)
    current = (change.ssp or {}).get(track.id)
    if current is not None:
        return Fraction(current.amount) * Fraction(track.obligation.quantity) * left
    if track.weight:
        return track.weight * left
    if track.obligation.price is not None and not track.main.lifetime:
        return Fraction(track.obligation.price.amount) * left
    return Fraction(track.main.lifetime) * left * longer.get(track.id, 1)


def _continue(setting: Setting, track: Track, change: Change, amount: Decimal | None) -> None:
    """The next stage of an obligation after a prospective change."""
    day = change.on
    base = track.main.before_stage(day)
    curve = track.measure.curve
    if amount is None:
        track.main.stages.append(Stage(day, base, setting.zero, None))
        return
    now = track.main.now
    if now.on is None and EXACT.add(base, amount) == track.main.lifetime and track.id not in (change.ends or {}):
        return
    if curve is None:
        track.main.stages.append(Stage(day, base, amount, None))
        return
    track.main.stages.append(Stage(day, base, amount, curve.after(day)))


def _end(contract: Contract, change: Change, pooled: list[Track], pool: Decimal) -> None:
    """Nothing is left to deliver: what was earned stays, and the rest is released at once or given up."""
    setting = contract.setting
    released = {track.id: setting.zero for track in pooled}
    if pool and change.release:
        released = split(setting, pool, {track.id: Fraction(track.main.lifetime) for track in pooled})
    elif pool and not (change.removed or change.ends):
        raise refused(
            _where(setting, change),
            f"all is delivered before {change.on}, so nothing is left to earn {pool}, or to lose it",
            "date it within the service, say `release: true` to post it on that day, or treat it as `catch_up`",
        )
    elif pool:
        contract.warnings.append(
            f"change {change.id} leaves {pool} that nothing will earn: refund it, credit it, or release it"
        )
    for track in pooled:
        base = EXACT.add(track.main.before_stage(change.on), released.get(track.id, setting.zero))
        track.main.stages.append(Stage(change.on, base, setting.zero, None))


def _shared_included(contract: Contract) -> Decimal:
    """What is included of the variable amounts that all obligations share."""
    own = {layer.component for track in contract.tracks for layer in track.own}
    return sum((amount for name, amount in contract.included.items() if name not in own), contract.setting.zero)


def _catch_up(contract: Contract, change: Change) -> Decimal:
    """The new price as if it had applied from the start; the difference is recognised on the day of the change."""
    setting, day = contract.setting, change.on
    fixed = _new_fixed(contract, change)
    longer = _revised(contract, change)
    pooled = [track for track in contract.tracks if track.group == 0 and not track.is_rated()]
    staying = [track for track in pooled if not track.retired]
    total = EXACT.add(fixed, _shared_included(contract))
    contract.fixed = fixed
    if not staying:
        ended = split(setting, total, {track.id: Fraction(track.main.lifetime) for track in pooled})
        for track in pooled:
            track.main.stages.append(Stage(day, ended[track.id], setting.zero, None))
        return setting.zero
    for track in pooled:
        if track.retired:
            kept = track.main.before_stage(day)
            track.main.stages.append(Stage(day, kept, setting.zero, None))
            total = EXACT.subtract(total, kept)
    amounts = split(setting, total, _inception_weights(staying, change, longer))
    for track in staying:
        amount = amounts.get(track.id, setting.zero)
        track.pooled_on, track.at_inception = None, True
        track.main.stages.append(Stage(day, setting.zero, amount, track.measure.curve))
    return EXACT.subtract(total, sum((track.main.before_stage(day) for track in staying), setting.zero))


def _inception_weights(
    tracks: list[Track], change: Change, longer: Mapping[str, Fraction], only: set[str] | None = None
) -> dict[str, Fraction]:
    weights: dict[str, Fraction] = {}
    for track in tracks:
        if only is not None and track.id not in only:
            continue
        current = (change.ssp or {}).get(track.id)
        if current is not None:
            weights[track.id] = Fraction(current.amount) * Fraction(track.obligation.quantity)
        elif track.weight:
            weights[track.id] = track.weight
        elif len(tracks) == 1:
            weights[track.id] = Fraction(1)
        else:
            stated = track.obligation.price
            whole = Fraction(track.main.lifetime or (stated.amount if stated is not None else 0))
            weights[track.id] = whole * longer.get(track.id, 1)
    return weights


def _mixed(contract: Contract, change: Change, treatment: Treatment) -> Decimal:
    """Some obligations are caught up, others prospective: what is not recognised of the latter and the whole of the
    former share the price. What is caught up counts with all of its weight, the others with what they still deliver."""
    setting, day = contract.setting, change.on
    _check_mixed(contract, change)
    fixed = _new_fixed(contract, change)
    known = {track.id for track in contract.tracks}
    longer = _revised(contract, change)
    contract.fixed = fixed
    pooled = [track for track in contract.tracks if track.group == 0 and not track.is_rated()]
    staying = [track for track in pooled if not track.retired]
    caught = [track for track in staying if treatment_of(change, treatment, track.id) is Treatment.CATCH_UP]
    names = {track.id for track in caught}
    kept = sum((t.main.before_stage(day) for t in pooled if t.id in known and t.id not in names), setting.zero)
    pool = EXACT.subtract(EXACT.add(fixed, _shared_included(contract)), kept)
    weights = {track.id: _remaining_weight(track, change, longer) for track in staying}
    weights |= _inception_weights(staying, change, longer, names)
    amounts = split(setting, pool, {name: weight for name, weight in weights.items() if weight})
    for track in pooled:
        if track.id in names:
            track.pooled_on, track.at_inception = None, True
            amount = amounts.get(track.id, setting.zero)
            track.main.stages.append(Stage(day, setting.zero, amount, track.measure.curve))
        else:
            track.pooled_on = day
            _continue(setting, track, change, amounts.get(track.id))
    return pool


def _check_mixed(contract: Contract, change: Change) -> None:
    known = {track.id for track in contract.tracks} | {each.id for each in change.added}
    for name, treatment in (change.treatments or {}).items():
        if name not in known:
            raise refused(_where(contract.setting, change), f"it treats {name}, which is no obligation of the contract")
        if treatment is Treatment.SEPARATE_CONTRACT:
            raise refused(
                _where(contract.setting, change), f"it treats {name} as a separate contract beside others",
                "make a change of its own of what is a separate contract",
            )  # fmt: skip
