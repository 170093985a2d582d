"""Grants that burn down over a window: what begins, recurs and ends in time, and which usage takes which credits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from fractions import Fraction

from engine.base.record import mutable
from engine.finance.exact import ZERO, decimal_of, rounded, total
from engine.finance.problem import Where, refused
from engine.finance.wallet.balance import Balance, alive
from engine.finance.wallet.facts import Drawdown, Grant, Moved, Usage, WalletFacts
from engine.finance.wallet.ordering import ranked
from engine.finance.wallet.recurrence import recurrences
from engine.spec.documents.wallet import Overage, Wallet, WindowEnd

_END, _START, _REPAY, _USE = range(4)


@mutable
class Burned:
    """A window on its way, and its outcome."""

    document: Wallet
    where: Where
    balances: dict[str, Balance]
    overage: dict[str, Fraction] = field(default_factory=dict)
    drawdowns: list[Drawdown] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    @property
    def remembers(self) -> bool:
        rule = self.document.overage
        return rule is None or rule.treatment is Overage.REMEMBERED

    def moved(self, at: datetime, grant: str, what: str, credits: Fraction) -> None:
        if credits:
            self.moves.append(Moved(at=at, grant=grant, what=what, credits=decimal_of(credits)))


def burn(document: Wallet, facts: WalletFacts, where: Where) -> Burned:
    """Walk the window of ``facts``. Raises Failure(policy) where grants or usage do not fit the document."""
    start, end = _window(facts, where)
    grants = ranked(facts.grants, document.order)
    state = Burned(document, where, {grant.id: _opened(document, grant, start, where) for grant in grants})
    if len(state.balances) < len(facts.grants):
        raise refused(where, "two grants have the same id", "give each its own")
    before = Fraction(facts.starting_overage or 0)
    if before < 0:
        raise refused(where, "the overage at the start is below zero", "give it as a positive figure, or leave it out")
    if before:
        state.overage[""] = before
    for at, what, subject in sorted(_events(state, facts, start, end), key=lambda event: (event[0], event[1])):
        if what == _END:
            _end(state, state.balances[subject], at)
        elif what == _START:
            _start(state, state.balances[subject], at)
        elif what == _REPAY:
            _repay(state, at)
        else:
            _use(state, facts.usage[int(subject)], subject)
    return state


def _window(facts: WalletFacts, where: Where) -> tuple[datetime, datetime]:
    if facts.from_ is None or facts.to is None:
        raise refused(where, "the window has no start or no end", "give `from` and `to`")
    if facts.to < facts.from_:
        raise refused(where, f"the window ends {facts.to.isoformat()}, before it begins", "exchange `from` and `to`")
    return facts.from_, facts.to


def _opened(document: Wallet, grant: Grant, start: datetime, where: Where) -> Balance:
    at = where.at(record=f"grant {grant.id}")
    amount = _amount(document, grant, at)
    balance = Balance(grant, amount)
    given = grant.starting_balance
    if (given is not None and given < 0) or amount < 0:
        raise refused(at, "its amount or balance is below zero", "give figures of zero or above")
    recurring = grant.recurs_every_days is not None or grant.recurs_every_months is not None
    if recurring and grant.price is not None:
        raise refused(at, "a grant that recurs has no one price", "give each cycle as a grant of its own")
    if grant.effective_at <= start:
        opening = amount if given is None else Fraction(given)
        if opening > amount and not recurring and document.rollover is None:
            raise refused(at, f"{given} is left of {decimal_of(amount)}", "mend its balance or its amount")
        if alive(grant, start) or given is not None:
            balance.begin(opening)
            balance.spent_before = max(ZERO, amount - opening)
        else:
            balance.spent_before = amount
    return balance


def _amount(document: Wallet, grant: Grant, where: Where) -> Fraction:
    amount = Fraction(grant.amount)
    if grant.cycle_start is None and grant.cycle_end is None:
        return amount
    if document.proration is None:
        raise refused(where, "it names a cycle, and no proration is declared", "declare `proration` or leave it out")
    if grant.cycle_start is None or grant.cycle_end is None or grant.cycle_end <= grant.cycle_start:
        raise refused(where, "its cycle has no start before its end", "give `cycle_start` and `cycle_end`")
    begin = min(max(grant.effective_at, grant.cycle_start), grant.cycle_end)
    part = Fraction(*_micros(begin, grant.cycle_end, grant.cycle_start))
    return Fraction(rounded(amount * part, document.proration.scale, document.proration.mode))


def _micros(begin: datetime, end: datetime, start: datetime) -> tuple[int, int]:
    left, whole = end - begin, end - start
    return (
        (left.days * 86_400 + left.seconds) * 1_000_000 + left.microseconds,
        (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds,
    )


def _events(state: Burned, facts: WalletFacts, start: datetime, end: datetime) -> Iterator[tuple[datetime, int, str]]:
    """What happens in time. At one moment grants end, then begin, then pay earlier overage, then usage burns them."""
    closed = state.document.window_end is WindowEnd.THIS_WINDOW
    yield start, _REPAY, ""
    for grant in facts.grants:
        where = state.where.at(record=f"grant {grant.id}")
        for moment in (grant.expires_at, grant.voided_at):
            if moment is not None and (moment < end or (closed and moment == end)):
                yield max(moment, start), _END, grant.id
        begins = [grant.effective_at] if start < grant.effective_at <= end else []
        if grant.recurs_every_days is not None or grant.recurs_every_months is not None:
            begins += recurrences(grant, max(start, grant.effective_at), end, where)
        for moment in begins:
            if alive(grant, moment):
                yield moment, _START, grant.id
                yield moment, _REPAY, ""
    for position, usage in enumerate(facts.usage):
        if start <= usage.at < end:
            yield usage.at, _USE, str(position)
        else:
            state.outside.append(usage.id or str(position + 1))


def _end(state: Burned, balance: Balance, at: datetime) -> None:
    grant = balance.grant
    expired = grant.expires_at is not None and grant.expires_at <= at
    first_void = grant.voided_at is not None and (grant.expires_at is None or grant.voided_at < grant.expires_at)
    voided = grant.voided_at is not None and grant.voided_at <= at and (first_void or not expired)
    state.moved(at, grant.id, "voided" if voided else "expired", balance.end(voided=voided))


def _start(state: Burned, balance: Balance, at: datetime) -> None:
    if at == balance.grant.effective_at:
        balance.begin(balance.amount)
        state.moved(at, balance.grant.id, "granted", balance.amount)
        return
    carried, lapsed = balance.recur(state.document.rollover)
    state.moved(at, balance.grant.id, "recurred", balance.amount)
    state.moved(at, balance.grant.id, "carried", carried)
    state.moved(at, balance.grant.id, "lapsed", lapsed)


def _repay(state: Burned, at: datetime) -> None:
    if not state.remembers:
        return
    for kind in list(state.overage):
        for balance in state.balances.values():
            if state.overage[kind] and balance.may_pay(kind):
                taken = balance.burn(state.overage[kind])
                state.overage[kind] -= taken
                state.moved(at, balance.grant.id, "overage", taken)


def _use(state: Burned, usage: Usage, position: str) -> None:
    name = usage.id or str(int(position) + 1)
    where = state.where.at(record=f"usage {name}")
    if usage.quantity < 0:
        raise refused(where, f"{usage.quantity} units were used", "correct the record it takes back instead")
    owed = Fraction(usage.quantity) * _rate(state, usage.kind, where)
    for balance in state.balances.values():
        if not owed:
            break
        if balance.layers and balance.may_pay(usage.kind):
            taken = balance.burn(owed)
            owed -= taken
            state.drawdowns.append(Drawdown(usage=name, at=usage.at, grant=balance.grant.id, credits=decimal_of(taken)))
    if owed:
        rule = state.document.overage
        if rule is not None and rule.treatment is Overage.REFUSED:
            message = f"{decimal_of(owed)} credits lack at {usage.at.isoformat()}"
            raise refused(where, message, "add a grant, or allow overage")
        state.overage[usage.kind] = state.overage.get(usage.kind, ZERO) + owed
        state.drawdowns.append(Drawdown(usage=name, at=usage.at, grant="", credits=decimal_of(owed)))


def _rate(state: Burned, kind: str, where: Where) -> Fraction:
    rates = state.document.rates
    if not rates:
        return Fraction(1)
    for rate in rates:
        if rate.kind == kind:
            return Fraction(rate.credits)
    known = ", ".join(rate.kind for rate in rates)
    raise refused(where, f"no rate for usage of kind {kind or '(none)'!s}", f"rates are declared for {known}")


def overage_of(state: Burned) -> Fraction:
    """All usage without balance."""
    return total(state.overage.values())
