"""One charge: from usage to its lines. Groups usage by price, takes off what is included, rates, rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from engine.base.record import frozen, mutable
from engine.finance.exact import HUNDRED, ONE, ZERO, total
from engine.finance.pricing.choice import Choice, Chosen, choice_of, fits, is_ahead, reads_usage
from engine.finance.pricing.compound import Metering, metering
from engine.finance.pricing.facts import RatingFacts
from engine.finance.pricing.lines import Amounts, WorkLine, title
from engine.finance.pricing.measure import Entry, Measure, Piece, Rate, entry_of_billed, share_of
from engine.finance.pricing.overage import above_commitment
from engine.finance.pricing.quantity import (
    Allowance,
    Free,
    allowance_of,
    conversion_factor,
    freed,
    priced_size,
    smoothed,
)
from engine.finance.pricing.rates import rate_of
from engine.finance.pricing.windows import keep_commitment
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing import Absent, Charge, EarlierBills, Included, Pricing, Scope
from engine.spec.documents.pricing_bounds import Accumulate


@frozen
class PreparedCharge:
    """A charge with its choice of prices compiled."""

    charge: Charge
    choice: Choice
    amounts: Amounts
    where: Where
    needs_usage: bool
    metered: Metering
    overage: Rate | None = None

    @classmethod
    def of(cls, document: Pricing, charge: Charge, where: Where) -> PreparedCharge:
        at = where.at(rule=f"charge {charge.id}")
        amounts = Amounts.of(document, charge.rounding)
        overage = None if charge.overage_price is None else rate_of(charge.overage_price, charge)
        return cls(
            charge, choice_of(charge.price, charge), amounts, at, reads_usage(charge.price), metering(charge), overage
        )

    @property
    def meters(self) -> set[str]:
        return {each.text for each in self.charge.meters}

    def takes(self, entry: Entry) -> bool:
        """Whether this charge prices a piece of usage, or counts it as an allowance."""
        included = self.charge.included
        if included is not None and included.meter is not None and included.meter.text == entry.meter:
            return True
        return entry.meter in self.meters and fits(self.charge.where, entry.dimensions)


@mutable
class _Group:
    """Usage that is one line."""

    chosen: Chosen
    now: list[Entry]
    before: list[Entry]
    after_size: Fraction = ZERO
    after_sign: int = 1
    before_size: Fraction = ZERO
    before_sign: int = 1


def rate_charge(prepared: PreparedCharge, facts: RatingFacts, entries: Sequence[Entry]) -> list[WorkLine]:
    """The lines of a charge. Raises Failure where the facts do not fit it."""
    groups = _groups(prepared, facts, entries)
    if not groups:
        return []
    quantity = prepared.charge.quantity
    for group in groups:
        where = prepared.where.at(record=(group.now or group.before)[0].record)
        metered = prepared.metered([*group.before, *group.now], where)
        group.after_size, group.after_sign = priced_size(quantity, metered, where)
        metered = prepared.metered(group.before, where)
        group.before_size, group.before_sign = priced_size(quantity, metered, where)
    as_billed = prepared.charge.earlier_bills is EarlierBills.AS_BILLED
    free, allowance = _included(prepared, facts, groups, entries)
    lines = [
        _line(prepared, facts, group, each)
        for group, each in zip(groups, free, strict=True)
        if group.now or as_billed or each.taken  # other lines may have taken its included units since
    ]
    unused = prepared.charge.included.unused if prepared.charge.included is not None else None
    if unused is not None and allowance is not None and facts.closing:
        left = allowance.units - total(min(group.after_size, allowance.units) for group in groups)
        if left > 0:
            lines.append(_unused_line(prepared, facts, left, Fraction(unused.unit_price)))
    return lines


def _groups(prepared: PreparedCharge, facts: RatingFacts, entries: Sequence[Entry]) -> list[_Group]:
    charge = prepared.charge
    meters = prepared.meters
    now = [entry for entry in entries if entry.meter in meters and fits(charge.where, entry.dimensions)]
    if not now:
        if charge.no_usage is Absent.REFUSE and charge.meters:
            raise refused(prepared.where, "there is no usage for this charge", "supply it, a quantity of 0 included")
        now = [] if prepared.needs_usage else [Entry("", ZERO if charge.meters else ONE, None, "", absent=True)]
    found: dict[tuple[object, ...], _Group] = {}
    for index, entry in enumerate([*_before(prepared, facts), *now]):
        chosen = prepared.choice(entry, facts, prepared.where)
        values = tuple(entry.dimensions.get(name) for name in charge.group_by)
        key = (chosen.path, values, index if charge.scope is Scope.EACH else None)
        group = found.setdefault(key, _Group(chosen, [], []))
        (group.before if entry.prior else group.now).append(entry)
    return list(found.values())


def _before(prepared: PreparedCharge, facts: RatingFacts) -> list[Entry]:
    charge = prepared.charge
    if charge.accumulate is Accumulate.BILL:
        return []
    found = [each for each in facts.billed if each.charge == charge.id and each.over is charge.accumulate]
    if not found:
        raise refused(
            prepared.where, f"its tiers count over the {charge.accumulate}, and what was billed before is not given",
            f"give it in `billed` with `charge: {charge.id}`, `over: {charge.accumulate}`; 0 for a first bill",
        )  # fmt: skip
    meter = charge.meters[0].text if charge.meters else ""
    return [entry_of_billed(each, each.meter or meter, "what was billed before") for each in found]


def _included(
    prepared: PreparedCharge, facts: RatingFacts, groups: Sequence[_Group], entries: Sequence[Entry]
) -> tuple[list[Free], Allowance | None]:
    included = prepared.charge.included
    if included is None:
        return [Free(group.after_size, group.before_size, ZERO) for group in groups], None
    units = _units(included, prepared, entries)
    earlier = _earlier(prepared, facts, included)
    allowance = allowance_of(included, units, share_of(facts.days), earlier)
    if included.smoothing is not None:
        quantity = total(group.after_size for group in groups)
        return [smoothed(included, allowance.own, quantity, earlier)], None
    sizes = [(group.after_size, group.before_size) for group in groups]
    return freed(included, allowance, sizes, prepared.where), allowance


def _units(included: Included, prepared: PreparedCharge, entries: Sequence[Entry]) -> Fraction:
    if included.units is not None:
        return Fraction(included.units)
    assert included.meter is not None
    name = included.meter.text
    found = [entry for entry in entries if entry.meter == name]
    if not found:
        raise refused(
            prepared.where, f"the included units come from the meter {name}, which has no usage",
            "supply its quantity, 0 included",
        )  # fmt: skip
    return total(entry.number for entry in found)


def _earlier(prepared: PreparedCharge, facts: RatingFacts, included: Included) -> list[Fraction]:
    if included.rollover is None and included.smoothing is None:
        return []
    found = [each for each in facts.earlier if each.charge == prepared.charge.id]
    if not found:
        raise refused(
            prepared.where, "its included units run over several periods, and earlier quantities are not given",
            f"give them in `earlier` with `charge: {prepared.charge.id}`; an empty list in the first period",
        )  # fmt: skip
    return [Fraction(value) for each in found for value in each.quantities]


# ----------------------------------------------------------------------------- one line


def _line(prepared: PreparedCharge, facts: RatingFacts, group: _Group, free: Free) -> WorkLine:
    charge, amounts = prepared.charge, prepared.amounts
    given = group.now or group.before
    where = prepared.where.at(record=given[0].record)
    pieces = _signed_pieces(prepared, group, [*group.before, *group.now], free.after, group.after_sign, where)
    counts_before = free.before != 0 or any(entry.number or entry.amount or entry.billed for entry in group.before)
    earlier = (
        _signed_pieces(prepared, group, group.before, free.before, group.before_sign, where) if counts_before else []
    )
    after, (before, billed) = _figure(prepared, facts, pieces), _earlier_bills(prepared, facts, group, earlier)
    window, factor = Measure(free.after, free.after, group.now, where), _factor(prepared, facts)
    kept = keep_commitment(charge.commitments, group.chosen.rate, window, after, factor)
    after = kept.amount
    base = _rounded(prepared, facts, pieces, after) - billed
    metered = prepared.metered([*group.before, *group.now], where) - prepared.metered(group.before, where)
    line = WorkLine(
        charge=charge.id, kind="charge", summary=title(charge), amounts=amounts, exact=after - before, base=base,
        net=base, meters=tuple(each.text for each in charge.meters), dimensions=_shared(given),
        path=group.chosen.path, quantity=metered, shown=_shown(group.now, metered),
        billable=free.after * group.after_sign - free.before * group.before_sign, included=free.taken,
        committed=kept.committed, overage=kept.overage, shortfall=kept.shortfall,
        prior=before if counts_before else None,
        references=tuple(each for entry in group.now for each in entry.references),
        unit_price_rounding=charge.unit_price_rounding,
    )  # fmt: skip
    _serve(line, charge, facts)
    shown = difference(pieces, [] if charge.earlier_bills is EarlierBills.AS_BILLED else earlier)
    line.parts = [piece.part() for piece in shown]
    line.packages = _sum([piece.packages for piece in shown])
    line.free_base = _sum([piece.base for piece in shown])
    line.transactions = None if all(piece.transactions is None for piece in shown) else sum(
        piece.transactions or 0 for piece in shown
    )  # fmt: skip
    line.told = _told(prepared, group, line, shown, kept.told)
    if prepared.overage is not None:
        line.above = above_commitment(prepared.overage, shown, line, factor, where)
    return line


def _signed_pieces(
    prepared: PreparedCharge, group: _Group, entries: Sequence[Entry], quantity: Fraction, sign: int, where: Where
) -> list[Piece]:
    declared = prepared.charge.quantity
    factor = conversion_factor(declared)
    priced, selection = quantity, quantity
    if declared is not None and declared.prorated:
        priced = total(entry.number if entry.prorated is None else entry.prorated for entry in entries) * factor
    if any(entry.selection is not None for entry in entries):
        selection = total(entry.number if entry.selection is None else entry.selection for entry in entries) * factor
    pieces = group.chosen.rate(Measure(priced, selection, entries, where, factor))
    if sign == 1:
        return pieces
    return [replace(piece, quantity=-piece.quantity, amount=-piece.amount) for piece in pieces]


def _earlier_bills(
    prepared: PreparedCharge, facts: RatingFacts, group: _Group, earlier: Sequence[Piece]
) -> tuple[Fraction, Fraction]:
    """What earlier bills are taken off with: exactly, and as it was rounded."""
    if prepared.charge.earlier_bills is EarlierBills.AT_THIS_PRICE:
        exact = _figure(prepared, facts, earlier)
        return exact, _rounded(prepared, facts, earlier, exact)
    if any(entry.billed is None and (entry.number or entry.amount) for entry in group.before):
        raise refused(
            prepared.where, "what earlier bills charged is taken off, and their amount is not given",
            "give `amount` with each entry of `billed`",
        )  # fmt: skip
    billed = total(entry.billed or ZERO for entry in group.before) / prepared.amounts.rate
    return billed, billed


def _figure(prepared: PreparedCharge, facts: RatingFacts, pieces: Sequence[Piece]) -> Fraction:
    """The exact amount: for the billed part of the period, less the charge's discount."""
    if not pieces:
        return ZERO
    return total(piece.amount for piece in pieces) * _factor(prepared, facts)


def _factor(prepared: PreparedCharge, facts: RatingFacts) -> Fraction:
    share = share_of(facts.days) if prepared.charge.prorated and not is_ahead(prepared.charge, facts) else ONE
    discount = prepared.charge.discount_percent
    return share if discount is None else share * (HUNDRED - Fraction(discount)) / HUNDRED


def _rounded(prepared: PreparedCharge, facts: RatingFacts, pieces: Sequence[Piece], exact: Fraction) -> Fraction:
    if not pieces and not exact:
        return ZERO
    if not prepared.charge.round_parts:
        return prepared.amounts.rounded(exact)
    factor = _factor(prepared, facts)
    return total(prepared.amounts.rounded(piece.amount * factor) for piece in pieces)


def difference(after: Sequence[Piece], before: Sequence[Piece]) -> list[Piece]:
    """The pieces of this bill alone, tier by tier where both have the same tiers; else all pieces."""
    if not before:
        return list(after)
    known = {piece.tier: piece for piece in before}
    if len(known) != len(before) or len({piece.tier for piece in after}) != len(after):
        return list(after)
    found = []
    for tier in sorted({*known, *(piece.tier for piece in after)}, key=lambda each: each or 0):
        new = next((piece for piece in after if piece.tier == tier), None)
        old = known.get(tier)
        piece = _less(new, old)
        if piece.quantity or piece.amount:
            found.append(piece)
    return found


def _less(new: Piece | None, old: Piece | None) -> Piece:
    if old is None:
        assert new is not None
        return new
    if new is None:
        told = f"{old.explanation}, billed before and taken back"
        packages = None if old.packages is None else -old.packages
        base = None if old.base is None else -old.base
        return replace(
            old, quantity=-old.quantity, amount=-old.amount, packages=packages, base=base,
            transactions=None if old.transactions is None else -old.transactions, explanation=told,
        )  # fmt: skip
    told = f"{new.explanation}, less {number(old.amount)} for what was billed before"
    return replace(
        new, quantity=new.quantity - old.quantity, amount=new.amount - old.amount,
        packages=None if new.packages is None else new.packages - (old.packages or 0),
        base=None if new.base is None else new.base - (old.base or 0),
        transactions=None if new.transactions is None else new.transactions - (old.transactions or 0),
        explanation=told,
    )  # fmt: skip


def _shared(entries: Sequence[Entry]) -> dict[str, str]:
    """The dimensions that all entries have alike."""
    first, *rest = entries
    return {
        name: value
        for name, value in first.dimensions.items()
        if all(each.dimensions.get(name) == value for each in rest)
    }


def _shown(entries: Sequence[Entry], metered: Fraction) -> Fraction:
    """The quantity that the effective unit price is for: one that is given for it, the metered one, or the amount."""
    if any(entry.shown is not None for entry in entries):
        return total(entry.number if entry.shown is None else entry.shown for entry in entries)
    if all(entry.quantity is None for entry in entries):
        return total(entry.amount or ZERO for entry in entries)
    return metered


def _sum(values: Sequence[Fraction | None]) -> Fraction | None:
    given = [value for value in values if value is not None]
    return total(given) if given else None


def _serve(line: WorkLine, charge: Charge, facts: RatingFacts) -> None:
    """Which period the line is for."""
    line.timing = str(charge.timing)
    line.ahead = is_ahead(charge, facts)
    line.service = facts.next_period if line.ahead else facts.period


def _unused_line(prepared: PreparedCharge, facts: RatingFacts, left: Fraction, price: Fraction) -> WorkLine:
    exact = -left * price
    base = prepared.amounts.rounded(exact)
    told = f"{number(left)} included units were not used, credited at {number(price)}"
    line = WorkLine(
        prepared.charge.id, "unused", f"{title(prepared.charge)}: unused units", prepared.amounts, exact, base, base,
        meters=tuple(each.text for each in prepared.charge.meters), quantity=left, shown=left, billable=left, told=told,
    )  # fmt: skip
    _serve(line, prepared.charge, facts)
    return line


def _told(prepared: PreparedCharge, group: _Group, line: WorkLine, pieces: Sequence[Piece], kept: str) -> str:
    told = []
    charge = prepared.charge
    declared = charge.quantity
    if declared is not None and (declared.convert is not None or declared.rounding is not None):
        told.append(f"{number(line.quantity)} metered are {number(group.after_size - group.before_size)} priced units")
    if line.included > 0:
        told.append(f"{number(line.included)} included")
    elif line.included < 0:
        told.append(f"{number(-line.included)} units that were included before, and now are in other lines")
    if charge.prorated and not line.ahead:
        told.append("for the billed part of the period")
    if charge.discount_percent:
        told.append(f"{number(charge.discount_percent)}% off")
    told += [piece.explanation for piece in pieces if piece.explanation][:20]
    if kept:
        told.append(kept)
    return "; ".join(told)
