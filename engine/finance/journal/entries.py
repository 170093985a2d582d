"""Entries: postings with keys, dates and both currencies; what is new, what is unchanged, what must be corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from engine.base.identity import digest
from engine.base.money import Money, minor_units
from engine.base.record import frozen
from engine.finance.calendar import DAY
from engine.finance.exact import rounded
from engine.finance.journal.earning import NOTHING
from engine.finance.journal.facts import Entry, EntryLine, JournalFacts, Posted
from engine.finance.journal.fiscal import MONTHLY, Fiscal
from engine.finance.journal.ledger import Moment, Touch
from engine.finance.journal.posting import CompiledTemplate, Posting
from engine.finance.problem import Where, refused
from engine.spec.documents.journal import Exchange, Rate, Reverse


@frozen
class Head:
    """What all entries of a document share."""

    document: str
    version: str
    book: str


#: What is converted together: by contract or by something else, which one, the role, the rate.
_Layer: TypeAlias = tuple[bool, str, str, Fraction]


@frozen
class _Converted:
    """A posting in the functional currency, and the rate that valued it."""

    posting: Posting
    value: Decimal
    rate: Fraction
    layer: _Layer


class Journalist:
    """Turns postings into entries, in order. Converted amounts follow what is converted so far, so that an account
    that returns to zero in one currency does so in the other: by contract for the roles that revenue moves through
    (``by_contract``), so that every style of posting closes alike; by invoice for all others."""

    def __init__(
        self, head: Head, facts: JournalFacts, exchange: Exchange | None, by_contract: frozenset[str], fiscal: Fiscal
    ) -> None:
        self.head = head
        self.fiscal = fiscal
        self.facts = facts
        self.exchange = exchange
        self.entries: list[Entry] = []
        self._by_contract = by_contract
        self._carried: dict[_Layer, tuple[Decimal, Decimal]] = {}
        self._held: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        self._counts: dict[str, int] = {}

    def write(self, template: CompiledTemplate, moment: Moment, touch: Touch | None, postings: list[Posting]) -> None:
        """Add the entry of some postings, and its reversal where the template asks for one."""
        lines = self._lines(template, moment, touch, postings)
        entry = self._entry(template, moment, touch, lines)
        self.entries.append(entry)
        if template.reverse is Reverse.NEXT_DAY:
            self.entries.append(reversal_of(entry, moment.day + DAY, self.fiscal))

    def _entry(
        self, template: CompiledTemplate, moment: Moment, touch: Touch | None, lines: tuple[EntryLine, ...]
    ) -> Entry:
        names = touch.names if touch is not None else {}
        line = touch.line if touch is not None and names["id"] else None
        invoice = moment.invoice.id if moment.invoice else line.invoice if line and line.invoice else None
        event = moment.event
        entity = (event.entity if event else None) or self.facts.entity
        about = line.key if line else "/".join(name for name in names.values() if name)
        return Entry(
            key=self._key(moment.id, entity, template.id, about), event=moment.id, kind=moment.kind,
            template=template.id, entity=entity, book=self.head.book, date=moment.day,
            period=self.fiscal.name(moment.day),
            attribution_period=moment.attribution or self.fiscal.name(moment.day),
            invoice=invoice, line=names.get("id") or None,
            contract=names.get("contract") or moment.contract or None, obligation=names.get("obligation") or None,
            dimensions=dict(line.dimensions) if line else {}, lines=lines, explanation=template.summary,
        )  # fmt: skip

    def _key(self, event: str, entity: str, template: str, line: str) -> str:
        """Of event, document with version, book, entity, template and line; a repeat within one history counts on."""
        head = self.head
        found = digest([event, head.document, head.version, head.book, entity, template, line])
        count = self._counts.get(found, 0)
        self._counts[found] = count + 1
        return f"{found}-{count + 1}" if count else found

    # ------------------------------------------------------------------- currencies

    def _lines(
        self, template: CompiledTemplate, moment: Moment, touch: Touch | None, postings: list[Posting]
    ) -> tuple[EntryLine, ...]:
        functional = self.facts.functional_currency or moment.currency
        if functional == moment.currency:
            return tuple(_line(each.role, each.amount, moment.currency, each.amount, functional) for each in postings)
        where = Where(self.head.document, f"template {template.id}", f"{moment.kind} {moment.id}")
        exchange = self.exchange
        if exchange is None:
            raise refused(
                where, f"it is in {moment.currency}, the entity's currency is {functional}",
                "declare `exchange` in the document",
            )  # fmt: skip
        rates = self._rates(moment, touch, where)
        found = [self._converted(moment, touch, each, rates, functional) for each in postings]
        if template.reverse is Reverse.NEXT_DAY:
            for each in found:
                self._count(each, moment.currency, -1)
        lines = [
            _line(each.posting.role, each.posting.amount, moment.currency, each.value, functional) for each in found
        ]
        lines += self._differences(moment, found, exchange, functional, where)
        return tuple(lines)

    def _rates(self, moment: Moment, touch: Touch | None, where: Where) -> dict[Rate, Fraction]:
        event = moment.rate
        booking = touch.line.rate if touch is not None else moment.invoice.rate if moment.invoice else None
        if booking is None and moment.invoice is not None:
            booking = moment.invoice.rate
        if booking is None and touch is None:
            known = {each.line.rate for each in moment.touches}
            if len(known) > 1:
                raise refused(
                    where, "its lines were booked at different rates", "let the template post once `per: line`"
                )
            booking = known.pop() if known else None
        booking = event if booking is None else booking
        if booking is None:
            raise refused(
                where, f"no rate from {moment.currency} is known", "give `rate` on the event and on its invoice"
            )
        return {Rate.BOOKING: Fraction(booking), Rate.EVENT: Fraction(booking if event is None else event)}

    def _converted(
        self, moment: Moment, touch: Touch | None, posting: Posting, rates: Mapping[Rate, Fraction], functional: str
    ) -> _Converted:
        rate, digits = rates.get(posting.rate), minor_units(functional)
        invoice = moment.invoice.id if moment.invoice else touch.line.invoice if touch else moment.id
        contract = touch.line.position if touch else moment.contract
        together = posting.role in self._by_contract
        if rate is None:
            rate = self._carrying(posting, moment.currency, rates[Rate.EVENT])
            value = rounded(Fraction(posting.amount) * rate, digits)
            found = _Converted(posting, value, rate, (together, invoice, posting.role, Fraction(0)))
        else:
            layer = (together, contract if together else invoice, posting.role, rate)
            amount, before = self._carried.get(layer, (NOTHING, NOTHING))
            value = rounded(Fraction(amount + posting.amount) * rate, digits) - before
            found = _Converted(posting, value, rate, layer)
        self._count(found, moment.currency, 1)
        return found

    def _carrying(self, posting: Posting, currency: str, rate: Fraction) -> Fraction:
        """The rate at which what is on an account is carried; what goes beyond it has the event's rate."""
        amount, value = self._held.get((posting.role, currency), (NOTHING, NOTHING))
        if amount * posting.amount >= 0:
            return rate
        if abs(posting.amount) <= abs(amount):
            return Fraction(value) / Fraction(amount)
        beyond = Fraction(posting.amount + amount) * rate
        return (beyond - Fraction(value)) / Fraction(posting.amount)

    def _count(self, each: _Converted, currency: str, sign: int) -> None:
        """Remember what is converted and held so far; a reversal that follows by itself takes it off again."""
        change = (sign * each.posting.amount, sign * each.value)
        held = (each.posting.role, currency)
        self._carried[each.layer] = _added(self._carried.get(each.layer), change)
        self._held[held] = _added(self._held.get(held), change)

    def _differences(
        self, moment: Moment, found: list[_Converted], exchange: Exchange, functional: str, where: Where
    ) -> list[EntryLine]:
        """What two rates in one entry leave over is realised; a few units of rounding have an account of their own."""
        left = sum((each.value for each in found), NOTHING)
        exact = sum((Fraction(each.posting.amount) * each.rate for each in found), Fraction(0))
        realised = rounded(exact, minor_units(functional))
        rounding = left - realised
        unit = Decimal(1).scaleb(-minor_units(functional))
        if abs(rounding) > unit * exchange.rounding_limit:
            raise refused(
                where, f"rounding of converted amounts is {rounding} {functional}, more than the limit allows",
                "raise `rounding_limit`, or convert fewer lines at a time",
            )  # fmt: skip
        lines = []
        for role, amount in ((str(exchange.realised), -realised), (str(exchange.rounding), -rounding)):
            if amount:
                lines.append(_line(role, NOTHING, moment.currency, amount, functional))
        return lines


def _added(known: tuple[Decimal, Decimal] | None, change: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    amount, value = known or (NOTHING, NOTHING)
    return amount + change[0], value + change[1]


def _line(role: str, amount: Decimal, currency: str, value: Decimal, functional: str) -> EntryLine:
    debit = amount > 0 or (amount == 0 and value > 0)
    sign = 1 if debit else -1
    return EntryLine(
        role=role, side="debit" if debit else "credit", amount=Money(sign * amount + NOTHING, currency),
        functional=Money(sign * value + NOTHING, functional),
    )  # fmt: skip


# ----------------------------------------------------------------------------- reversals and corrections


def opposite(lines: Iterable[EntryLine]) -> tuple[EntryLine, ...]:
    """The same lines on the other side."""
    return tuple(replace(line, side="credit" if line.side == "debit" else "debit") for line in lines)


def reversal_of(entry: Entry, day: date, fiscal: Fiscal = MONTHLY) -> Entry:
    """The entry that undoes another one."""
    return replace(
        entry, key=f"{entry.key}-reversed", date=day, period=fiscal.name(day), lines=opposite(entry.lines),
        corrects=entry.key, explanation=f"Reversal: {entry.explanation}",
    )  # fmt: skip


def to_post(entries: list[Entry], facts: JournalFacts, fiscal: Fiscal) -> tuple[list[Entry], int]:
    """What is to be posted now: new entries, and differences to those that are posted already. Gives also how many
    are unchanged. New entries of closed periods are dated on the first open day and keep the period they belong to."""
    posted = _gathered(facts.posted)
    found: list[Entry] = []
    unchanged = 0
    for entry in entries:
        before = posted.pop(entry.key, None)
        if before is None:
            found.append(dated(entry, facts.closed_before, fiscal))
            continue
        difference = _difference(_signed(entry.lines), before)
        if difference:
            found.append(dated(_correction(entry, difference), facts.closed_before, fiscal))
        else:
            unchanged += 1
    last = max((event.date for event in facts.events), default=None)
    for key, before in posted.items():
        lines = _difference({}, before)
        if lines and last is not None:
            found.append(dated(_withdrawal(key, lines, last, facts, fiscal), facts.closed_before, fiscal))
    return found, unchanged


_Signed = dict[tuple[str, str, str], tuple[Decimal, Decimal]]


def _gathered(posted: Iterable[Posted]) -> dict[str, _Signed]:
    """Posted entries by the key they stand for: corrections are added to what they correct."""
    found: dict[str, _Signed] = {}
    for each in posted:
        key = each.key.partition("+")[0]
        lines = tuple(
            EntryLine(role=line.role, side=line.side, amount=line.amount, functional=line.functional)
            for line in each.lines
        )
        found[key] = _sum(found.get(key, {}), _signed(lines))
    return found


def _signed(lines: Iterable[EntryLine]) -> _Signed:
    found: _Signed = {}
    for line in lines:
        sign = 1 if line.side == "debit" else -1
        key = (line.role, line.amount.currency, line.functional.currency)
        amount, value = found.get(key, (NOTHING, NOTHING))
        found[key] = (amount + sign * line.amount.amount, value + sign * line.functional.amount)
    return found


def _sum(left: _Signed, right: _Signed) -> _Signed:
    found = dict(left)
    for key, (amount, value) in right.items():
        before = found.get(key, (NOTHING, NOTHING))
        found[key] = (before[0] + amount, before[1] + value)
    return found


def _difference(wanted: _Signed, before: _Signed) -> tuple[EntryLine, ...]:
    negative = {key: (-amount, -value) for key, (amount, value) in before.items()}
    return tuple(
        _line(role, amount, currency, value, functional)
        for (role, currency, functional), (amount, value) in sorted(_sum(wanted, negative).items())
        if amount or value
    )


def _correction(entry: Entry, lines: tuple[EntryLine, ...]) -> Entry:
    content = digest([[line.role, line.side, line.amount, line.functional] for line in lines])
    return replace(
        entry, key=f"{entry.key}+{content[:16]}", lines=lines, corrects=entry.key,
        explanation=f"Correction: {entry.explanation}",
    )  # fmt: skip


def _withdrawal(key: str, lines: tuple[EntryLine, ...], day: date, facts: JournalFacts, fiscal: Fiscal) -> Entry:
    content = digest([[line.role, line.side, line.amount, line.functional] for line in lines])
    return Entry(
        key=f"{key}+{content[:16]}", event="", kind="", template="", entity=facts.entity, book="", date=day,
        period=fiscal.name(day), attribution_period=fiscal.name(day), dimensions={}, lines=lines, corrects=key,
        explanation="Reversal of an entry that the history no longer gives.",
    )  # fmt: skip


def dated(entry: Entry, closed_before: date | None, fiscal: Fiscal) -> Entry:
    """The entry, on the first open day if its own lies in a closed period."""
    if closed_before is None or entry.date >= closed_before:
        return entry
    return replace(entry, date=closed_before, period=fiscal.name(closed_before))
