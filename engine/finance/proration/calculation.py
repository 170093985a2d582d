"""Proration: a period and its changes in, credits and charges out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice

from engine.base.money import Money
from engine.base.record import mutable
from engine.finance.calculation import Calculation
from engine.finance.exact import ONE, decimal_of
from engine.finance.problem import refused
from engine.finance.proration import codes as codes
from engine.finance.proration.amounts import Amount, Piece, line_of, prorated, same_currency
from engine.finance.proration.check import check
from engine.finance.proration.credits import Ledger, credit
from engine.finance.proration.facts import (
    Change,
    ChargeType,
    Deferred,
    Delta,
    Line,
    NextPeriod,
    Omission,
    ProratedLine,
    ProrationFacts,
    ProrationResult,
    Side,
)
from engine.finance.proration.measure import Share, Stretch, after
from engine.finance.proration.rules import Rules, add, by_kind, rules_of
from engine.finance.proration.timing import (
    Situation,
    anchored,
    deferral,
    next_period,
    parts,
    plan_of,
    share_of,
    situation,
    starts,
    value_of,
)
from engine.spec.documents.proration import Anchor, Mode, Multiply, Proration, Rebill, Scope


@mutable
class Working:
    """What has been worked out so far."""

    ledger: Ledger
    lines: list[ProratedLine] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    omitted: list[Omission] = field(default_factory=list)
    periods: list[NextPeriod] = field(default_factory=list)


def prepare(document: Proration) -> Callable[[ProrationFacts], ProrationResult]:
    """The function of a document without findings."""
    rules = rules_of(document)
    return lambda facts: _prorate(rules, facts)


def _prorate(rules: Rules, facts: ProrationFacts) -> ProrationResult:
    working = Working(Ledger.of(facts))
    _check_facts(rules, facts)
    for change in facts.changes:
        found = situation(rules, facts, change)
        later = deferral(rules, facts, found)
        if later is not None:
            working.deferred.append(later)
            continue
        _apply(rules, found, working)
    return _result(rules, facts, working)


def _check_facts(rules: Rules, facts: ProrationFacts) -> None:
    amounts = [(f"charge {charge.id}", charge.amount) for charge in facts.charges]
    same_currency(
        rules.where, facts.currency, [*amounts, *((f"line {each.line}", each.amount) for each in facts.billed)]
    )
    previous = None
    for change in facts.changes:
        where = rules.where.at(record=f"change {change.id}")
        for line in (*change.old, *change.new):
            names = (line.unit_price, line.discount, line.paid, line.credited)
            same_currency(where, facts.currency, [(f"line {line.id}", each) for each in names])
            if line.quantity < 0:
                raise refused(
                    where.at(rule=f"line {line.id}"),
                    f"its quantity is {line.quantity}",
                    "give a quantity that is not negative; a line that ends is one of `old`",
                )
        at = rules.measure.point(change.at)
        if previous is not None and after(previous, at):
            raise refused(where, f"it takes effect on {change.at}, before the change given ahead of it",
                          "give changes in order of time")  # fmt: skip
        previous = at


def _apply(rules: Rules, found: Situation, working: Working) -> None:
    """The lines of one change that takes effect now."""
    old, new = _changed(rules, found.change)
    old = tuple(line for line in old if _taken(rules, found, line, Side.CREDIT, working))
    new = tuple(line for line in new if _taken(rules, found, line, Side.CHARGE, working))
    anew = anchored(rules, found) is not Anchor.KEEP or any(line.fresh_period for line in new)
    if rules.document.multiply is Multiply.DIFFERENCE and not (anew and new):
        pieces = _difference(rules, found, old, new)
    else:
        pieces = [piece for line in old for piece in credit(rules, found, line, working.ledger)]
        pieces += [piece for line in new for piece in _charge(rules, found, line)]
    for piece in pieces:
        line = line_of(rules, found, piece)
        working.lines.append(line)
        if line.side is Side.CHARGE:
            working.ledger.add_line(line)
    period = next_period(rules, found)
    if period is not None:
        working.periods.append(period)


def _changed(rules: Rules, change: Change) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """All lines, or only what is not the same before and after."""
    if rules.document.rebill is Rebill.ALL:
        return change.old, change.new
    now = {line.id: line for line in change.new}
    before = {line.id: line for line in change.old}

    def rest(line: Line, other: Line | None) -> Line | None:
        if other is None or replace(other, quantity=line.quantity, paid=line.paid, credited=line.credited) != line:
            return line
        if line.discount is not None and line.quantity != other.quantity:
            return line
        left = line.quantity - min(line.quantity, other.quantity)
        return replace(line, quantity=left) if left else None

    old = [rest(line, now.get(line.id)) for line in change.old]
    new = [rest(line, before.get(line.id)) for line in change.new]
    return tuple(line for line in old if line), tuple(line for line in new if line)


def _taken(rules: Rules, found: Situation, line: Line, side: Side, working: Working) -> bool:
    """Whether a rule lets a line take part; what is left out is said."""
    scope = rules.scopes[line.type]
    side_rule = rules.credit if side is Side.CREDIT else rules.charge
    reason = ""
    if scope is Scope.EXCLUDED:
        reason = f"{line.type.value.replace('_', ' ')} charges are not prorated"
    elif scope is Scope.FULL and side is Side.CREDIT:
        reason = f"{line.type.value.replace('_', ' ')} charges are billed whole and not given back"
    elif by_kind(found.kind, side_rule.mode, side_rule.by_kind) is Mode.NONE:
        verb = "given back" if side is Side.CREDIT else "charged"
        reason = f"nothing is {verb} for {found.kind.value} changes"
    if reason:
        working.omitted.append(Omission(change=found.change.id, line=line.id, explanation=reason))
    return not reason


def _charge(rules: Rules, found: Situation, line: Line) -> list[Piece]:
    """The charges for a line that begins."""
    _, begin = starts(rules, found)
    anchor = anchored(rules, found)
    mode = by_kind(found.kind, rules.charge.mode, rules.charge.by_kind)
    if rules.scopes[line.type] is Scope.FULL or line.fresh_period or (anchor is Anchor.RESET and not found.end):
        return [_whole(rules, found, line)]
    end = None
    if anchor is Anchor.CALENDAR and not found.end:
        end = rules.measure.following(begin, plan_of(found, (line,)), Anchor.CALENDAR)
    pieces = []
    for part in parts(rules, found, begin, end=end):
        share = share_of(rules, found, line, part, rules.charge.denominator or rules.time.denominator)
        full = mode is Mode.FULL
        factor = ONE if full else rules.factor(share.factor)
        explanation = "charged in full by the document's rule" if full else "time that is left at the new price"
        pieces.append(Piece(line, Side.CHARGE, part.stretch, share, factor, prorated(rules, line, factor), explanation))
    return pieces


def _whole(rules: Rules, found: Situation, line: Line) -> Piece:
    """A charge in full: a one-time fee, or a new period that begins with the change."""
    one_time = line.type is ChargeType.ONE_TIME
    end = found.at
    if not one_time and (line.every is not None or not line.fresh_period):
        end = rules.measure.advance(found.at, plan_of(found, (line,)), 1)
    stretch = Stretch(found.at, end)
    length = rules.measure.length(stretch) or ONE
    explanation = "billed whole" if one_time else "a new period begins with the change and is charged in full"
    return Piece(line, Side.CHARGE, stretch, Share(length, length, ONE), ONE, prorated(rules, line, ONE), explanation)


def _difference(rules: Rules, found: Situation, old: tuple[Line, ...], new: tuple[Line, ...]) -> list[Piece]:
    """One line for what the new lines cost more or less than the old ones."""
    lines = new or old
    if not lines:
        return []
    first = lines[0]
    _, begin = starts(rules, found)
    names = {line.id for line in (*old, *new)}
    net = sum((_net(line) for line in new), Fraction(0)) - sum((_net(line) for line in old), Fraction(0))
    price = Money(decimal_of(net), first.unit_price.currency)
    rates = {line.tax_percent for line in (*old, *new)}
    if len(rates) > 1:
        raise refused(found.where, "its lines have different taxes and cannot be billed as one difference",
                      "multiply the `line` instead, or split the change")  # fmt: skip
    whole = Line(id=first.id if len(names) == 1 else found.change.id, unit_price=price, type=first.type,
                 every=first.every, tax_percent=first.tax_percent, period_days=first.period_days)  # fmt: skip
    side = rules.charge if net >= 0 else rules.credit
    mode = by_kind(found.kind, side.mode, side.by_kind)
    pieces = []
    for part in parts(rules, found, begin):
        share = share_of(rules, found, whole, part, side.denominator or rules.time.denominator)
        factor = ONE if mode is Mode.FULL else rules.factor(share.factor)
        value = rules.amount(net * factor, price.currency)
        explanation = "the difference of the new and the old price for the time that is left"
        pieces.append(Piece(whole, Side.DIFFERENCE, part.stretch, share, factor, Amount(value, value), explanation))
    return pieces


def _net(line: Line) -> Fraction:
    value = value_of(line)
    off = Fraction(0) if line.discount is None else Fraction(line.discount.amount)
    net = value - value * Fraction(line.discount_percent) / 100 - off
    return max(net, Fraction(0)) if value >= 0 else net


def _result(rules: Rules, facts: ProrationFacts, working: Working) -> ProrationResult:
    currency, lines = facts.currency, working.lines
    credits = [line.amount for line in lines if line.side is Side.CREDIT or not line.amount > Money.of(0, currency)]
    charges = [line.amount for line in lines if line.side is not Side.CREDIT and line.amount > Money.of(0, currency)]
    return ProrationResult(
        lines=tuple(lines),
        deferred=tuple(working.deferred),
        omitted=tuple(working.omitted),
        credits=add(credits, currency),
        charges=add(charges, currency),
        net=add([line.amount for line in lines], currency),
        tax=add([line.tax for line in lines if line.tax is not None], currency),
        total=add([line.total for line in lines], currency),
        uncredited=_uncredited(rules, working, currency),
        deltas=_deltas(facts, lines),
        periods=tuple(working.periods),
        dates=_dates(rules, facts),
    )


def _uncredited(rules: Rules, working: Working, currency: str) -> Money:
    """What could not be given back; a sum of rounded amounts."""
    lost = working.ledger.uncredited
    return Money(rules.amount(lost, currency) if lost else Decimal(0), currency)


def _dates(rules: Rules, facts: ProrationFacts) -> tuple[date, ...]:
    """The period starts that were asked for."""
    if facts.anniversaries is None:
        return ()
    row = rules.measure.starts(facts.anniversaries.start, facts.anniversaries.every)
    return tuple(islice(row, facts.anniversaries.count))


def _deltas(facts: ProrationFacts, lines: list[ProratedLine]) -> tuple[Delta, ...]:
    """Line by line: what is due in all, what was billed, and what is still to be billed."""
    if not facts.billed:
        return ()
    currency = facts.currency
    keys = dict.fromkeys([(line.line, line.side) for line in lines] + [(each.line, each.side) for each in facts.billed])
    found = []
    for name, side in keys:
        due = add([line.amount for line in lines if (line.line, line.side) == (name, side)], currency)
        billed = add([each.amount for each in facts.billed if (each.line, each.side) == (name, side)], currency)
        found.append(Delta(line=name, side=side, due=due, billed=billed, amount=due - billed))
    return tuple(found)


CALCULATION: Calculation[Proration, ProrationFacts, ProrationResult] = Calculation(
    "proration", "prorate", ProrationFacts, ProrationResult, check, prepare
)
