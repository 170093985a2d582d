"""What is given back: from the old line's price, capped by what was paid, or traced to the charges that were billed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT
from engine.base.record import frozen, mutable
from engine.finance.exact import ONE, ZERO, decimal_of
from engine.finance.problem import refused
from engine.finance.proration.amounts import Amount, Piece, prorated
from engine.finance.proration.facts import BilledCharge, Line, ProratedLine, ProrationFacts, Side
from engine.finance.proration.measure import Share, Stretch
from engine.finance.proration.rules import Rules, by_kind
from engine.finance.proration.timing import Part, Situation, parts, share_of, starts, value_of
from engine.spec.documents.proration import Basis, Cap, Mode, Order


@frozen
class Given:
    """What was given back of one charge so far: exact and as it was shown, before discount and of the discount."""

    exact: Fraction = ZERO
    gross: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)


@mutable
class Ledger:
    """The charges that credits are traced to, and what is left of each; grows with the charges of each change."""

    charges: list[BilledCharge] = field(default_factory=list)
    left: dict[str, Fraction] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    paid_left: dict[str, Fraction] = field(default_factory=dict)
    uncredited: Fraction = ZERO

    @classmethod
    def of(cls, facts: ProrationFacts) -> Ledger:
        found = cls()
        for charge in facts.charges:
            found.add(charge)
        return found

    def add(self, charge: BilledCharge) -> None:
        ended = ZERO if charge.ended is None else Fraction(charge.ended.amount)
        self.charges.append(charge)
        self.left[charge.id] = max(ZERO, Fraction(charge.amount.amount) - ended)

    def add_line(self, line: ProratedLine) -> None:
        """A charge of this calculation, which a later change may credit."""
        name, count = f"{line.change}/{line.line}", 1
        while name in self.left:
            count += 1
            name = f"{line.change}/{line.line}/{count}"
        self.add(
            BilledCharge(id=name, line=line.line, amount=line.gross, discount=-line.discount, start=line.start,
                         end=line.end)
        )  # fmt: skip

    def for_line(self, line: Line, order: Order) -> Iterator[BilledCharge]:
        found = [charge for charge in self.charges if charge.line == line.id and self.left[charge.id]]
        yield from reversed(found) if order is Order.NEWEST_FIRST else found

    def capped(self, rules: Rules, line: Line, potential: Decimal) -> Decimal:
        """No more than was paid for the line, nor than what is left of that after earlier credits."""
        if line.id not in self.paid_left:
            paid = ZERO if line.paid is None else Fraction(line.paid.amount)
            credited = ZERO if line.credited is None else Fraction(line.credited.amount)
            self.paid_left[line.id] = max(ZERO, paid - credited)
        left = self.paid_left[line.id]
        granted = min(max(Fraction(potential), ZERO), left)
        self.paid_left[line.id] = left - granted
        self.uncredited += max(Fraction(potential), ZERO) - granted
        shown = rules.amount(granted, line.unit_price.currency)
        return shown if shown == granted else decimal_of(granted)


def credit(rules: Rules, found: Situation, line: Line, ledger: Ledger) -> list[Piece]:
    """The credits for a line that ends."""
    mode = by_kind(found.kind, rules.credit.mode, rules.credit.by_kind)
    begin, _ = starts(rules, found)
    pieces: list[Piece] = []
    for part in parts(rules, found, begin):
        share = share_of(rules, found, line, part, rules.credit.denominator or rules.time.denominator)
        factor = rules.factor(share.factor) if mode is Mode.PRORATED else ONE
        if rules.credit.basis is Basis.BILLED:
            pieces += _traced(rules, found, line, ledger, part, share, mode)
        else:
            pieces.append(_priced(rules, found, line, ledger, part, share, factor))
    return pieces


def _priced(
    rules: Rules, found: Situation, line: Line, ledger: Ledger, part: Part, share: Share, factor: Fraction
) -> Piece:
    amount = prorated(rules, line, factor)
    explanation = "unused time at the old price"
    if rules.credit.cap is Cap.PAID:
        if line.paid is None:
            raise refused(
                found.where.at(rule=f"line {line.id}"),
                "credits are capped by what was paid, and it is not known what was paid",
                "give the line its `paid`, and `credited` if something was given back before",
            )
        granted = ledger.capped(rules, line, amount.net)
        if granted != amount.net:
            explanation = f"unused time at the old price is {amount.net}; {granted} of it was paid and not given back"
            amount = Amount(granted, granted)
    return Piece(line, Side.CREDIT, part.stretch, share, factor, amount, explanation)


def _traced(
    rules: Rules, found: Situation, line: Line, ledger: Ledger, part: Part, share: Share, mode: Mode
) -> list[Piece]:
    """Credits against the charges that billed the line, newest or oldest first, each no more than is left of it."""
    wanted = value_of(line)
    pieces = []
    for charge in ledger.for_line(line, rules.credit.order):
        if wanted <= 0:
            break
        stretch, own, scale = _own(rules, found, charge, part, share)
        taken = min(wanted / scale, ledger.left[charge.id])
        factor = rules.factor(own.factor) if mode is Mode.PRORATED else ONE
        amount = _share_of_charge(rules, ledger, charge, taken * factor)
        ledger.left[charge.id] -= taken
        wanted -= taken * scale
        explanation = f"unused time of {charge.id}, billed {charge.amount}"
        pieces.append(Piece(line, Side.CREDIT, stretch, own, factor, amount, explanation, charge.id))
    if wanted > 0:
        currency = line.unit_price.currency
        factor = rules.factor(share.factor) if mode is Mode.PRORATED else ONE
        ledger.uncredited += Fraction(rules.amount(wanted * factor, currency))
    return pieces


def _own(
    rules: Rules, found: Situation, charge: BilledCharge, part: Part, share: Share
) -> tuple[Stretch, Share, Fraction]:
    """The unused part of the charge's own time, where it has one, and what the price of a whole period is of it: a
    charge for a third of the period stands for three times its amount."""
    if charge.start is None or charge.end is None or found.change.share is not None:
        return part.stretch, share, ONE
    own = Stretch(rules.measure.point(charge.start), rules.measure.point(charge.end))
    length = rules.measure.length(own)
    if not length:
        raise refused(found.where.at(rule=f"charge {charge.id}"), "its own period has no length", "correct its dates")
    inside = part.stretch.overlap(own)
    unused = rules.measure.length(inside)
    whole = rules.measure.length(part.period)
    return inside, Share(unused, length, unused / length), whole / length if length < whole else ONE


def _share_of_charge(rules: Rules, ledger: Ledger, charge: BilledCharge, exact: Fraction) -> Amount:
    """A part of a charge, and its discount in proportion. Successive parts are rounded as a running total, so that
    all of them together are the charge."""
    before = ledger.given.get(charge.id, Given())
    currency, total = charge.amount.currency, before.exact + exact
    gross = rules.amount(total, currency)
    discount = Decimal(0)
    if charge.discount is not None and charge.amount:
        proportion = total / Fraction(charge.amount.amount)
        discount = min(rules.amount(Fraction(charge.discount.amount) * proportion, currency), gross)
    ledger.given[charge.id] = Given(total, gross, discount)
    shown = EXACT.subtract(gross, before.gross)
    return Amount(shown, EXACT.subtract(shown, EXACT.subtract(discount, before.discount)))
