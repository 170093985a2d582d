"""The calculation of journals: a history of documents and events becomes entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from engine.base.money import Money
from engine.finance.calculation import Calculation
from engine.finance.journal.check import check
from engine.finance.journal.earning import NOTHING
from engine.finance.journal.entries import Head, Journalist, dated, to_post
from engine.finance.journal.facts import (
    Balance,
    BalanceChange,
    EarnedRevenue,
    Entry,
    InvoiceState,
    JournalFacts,
    JournalResult,
    ProratedLine,
)
from engine.finance.journal.fiscal import Fiscal
from engine.finance.journal.ledger import Invoice, Ledger, Moment, sum_of
from engine.finance.journal.posting import (
    CompiledTemplate,
    Scopes,
    compile_template,
    kind_of,
    policy_of,
    postings_of,
    totals_of,
)
from engine.finance.journal.replay import Replay, replay
from engine.finance.problem import Where, refused
from engine.finance.revenue.checking import calendar_periods
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.journal import AccountClass, Journal

#: Events by which revenue moves; what their templates post to follows the contract.
_EARNING = frozenset({"revenue.recognised", "position.closed"})
_DEBIT_CLASSES = frozenset({AccountClass.ASSET, AccountClass.EXPENSE, AccountClass.CONTRA_REVENUE})


def prepare(journal: Journal) -> Callable[[JournalFacts], JournalResult]:
    """A pure function from a history to its entries. The document must have no findings."""
    found = Diagnostics()
    templates: dict[str, list[CompiledTemplate]] = defaultdict(list)
    for template in journal.templates:
        compiled = compile_template(journal, template, found)
        if compiled is not None:
            templates[template.on].append(compiled)
    policy = policy_of(journal)
    document = f"journal {journal.id} {journal.version}"
    own = frozenset(event.event for event in journal.events)
    kinds = {name: kind for name in templates if (kind := kind_of(journal, name)) is not None}
    head = Head(document, journal.version, journal.book)
    debit = {name for name, role in journal.roles if role.account_class in _DEBIT_CLASSES}
    by_contract = frozenset(
        str(line.debit or line.credit)
        for template in journal.templates if template.on in _EARNING for line in template.post
    )  # fmt: skip
    scopes = Scopes(policy)
    fiscal = Fiscal(calendar_periods(journal.calendar), document)
    excused = {nothing.on for nothing in journal.without_posting}

    def run(facts: JournalFacts) -> JournalResult:
        replayed = replay(document, policy, own, "position.closed" in templates, facts, fiscal)
        journalist = Journalist(head, facts, journal.exchange, by_contract, fiscal)
        for moment in replayed.moments:
            if moment.kind not in templates and moment.kind not in excused:
                _must_not_post(journal, document, moment)
            for template in templates.get(moment.kind, ()):
                for touch, postings in postings_of(template, moment, kinds[moment.kind], scopes, document):
                    journalist.write(template, moment, touch, postings)
        return _result(journalist.entries, replayed, debit, facts)

    return run


def _must_not_post(journal: Journal, document: str, moment: Moment) -> None:
    """Refuse an event that moves amounts and that the document says nothing about."""
    kind = kind_of(journal, moment.kind)
    if kind is not None and kind.posts and any(totals_of(moment, kind).values()):
        raise refused(
            Where(document, record=f"{moment.kind} {moment.id}"),
            "no template of the document posts this kind of event",
            "write one, or list the event under `without_posting` with the reason",
        )


def _result(entries: list[Entry], replayed: Replay, debit: set[str], facts: JournalFacts) -> JournalResult:
    erased = {moment.erases for moment in replayed.moments if moment.erases}
    kept = [entry for entry in entries if entry.invoice not in erased]
    kept.sort(key=lambda entry: entry.date)
    if facts.through is not None:
        kept = [entry for entry in kept if entry.date <= facts.through]
    fiscal = replayed.ledger.fiscal
    found, unchanged = to_post(kept, facts, fiscal)
    known = {each.key for each in facts.posted}
    changes = _changes(
        (each if each.key in known else dated(each, facts.closed_before, fiscal) for each in kept), debit
    )
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (_, role, currency), change in changes.items():
        balances[role, currency] += change
    ledger = replayed.ledger
    return JournalResult(
        entries=tuple(found),
        unchanged=unchanged,
        balance_changes=tuple(
            BalanceChange(period=period, role=role, change=Money(change, currency))
            for (period, role, currency), change in sorted(changes.items()) if change
        ),
        balances=tuple(
            Balance(role=role, balance=Money(value, currency))
            for (role, currency), value in sorted(balances.items()) if value
        ),
        earned=tuple(_earned(ledger)),
        invoices=tuple(_state(invoice) for invoice in ledger.invoices.values()),
        prorations=tuple(
            ProratedLine(line=line.id, amount=Money(line.net, currency), days=days, of_days=of_days)
            for line, days, of_days, currency in ledger.prorations
        ),
    )  # fmt: skip


def _changes(entries: Iterable[Entry], debit: set[str]) -> dict[tuple[str, str, str], Decimal]:
    """Per period, role and currency, in the role's natural direction."""
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for line in entry.lines:
            grows = (line.side == "debit") == (line.role in debit)
            amount = line.functional
            found[entry.period, line.role, amount.currency] += amount.amount if grows else -amount.amount
    return found


def _earned(ledger: Ledger) -> Iterable[EarnedRevenue]:
    for line in ledger.lines:
        currency = ledger.currencies[line.key]
        for period, amount in sorted(line.by_period.items()):
            if amount:
                yield EarnedRevenue(line=line.id, period=period, amount=Money(amount, currency))


def _state(invoice: Invoice) -> InvoiceState:
    def money(value: Decimal) -> Money:
        return Money(value + NOTHING, invoice.currency)

    deferred = sum_of(
        line.net - line.recognised
        - sum_of(relief.parts.current + relief.parts.unrecognised for relief in line.reliefs)
        for line in invoice.lines
    )  # fmt: skip
    return InvoiceState(
        id=invoice.id, status=invoice.status, gross=money(sum_of(line.gross for line in invoice.lines)),
        open=money(invoice.open), paid=money(invoice.paid),
        recognised=money(sum_of(line.recognised for line in invoice.lines)),
        deferred=money(deferred if invoice.status != "excluded" else NOTHING),
    )  # fmt: skip


CALCULATION = Calculation("journal", "journal", JournalFacts, JournalResult, check, prepare)
