"""Replays a history: events in order, revenue earned between them, positions at month ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from engine.base.record import frozen
from engine.finance.calendar import DAY
from engine.finance.journal import billing, cash, disputes, prepaid, takings
from engine.finance.journal.earning import NOTHING, RevenueLine
from engine.finance.journal.facts import Event, JournalFacts
from engine.finance.journal.fiscal import Fiscal
from engine.finance.journal.ledger import Ledger, Moment, Touch, sum_of
from engine.finance.journal.vocabulary import KINDS
from engine.spec.documents.journal_policy import AccountingPolicy, LateRevenue, Recognition, Unbilled

#: What each kind of event does to the sub-ledger.
EFFECTS: dict[str, Callable[[Ledger, Event], Moment]] = {
    "invoice.finalized": billing.invoice_finalized,
    "service.agreed": billing.service_agreed,
    "subscription.changed": billing.subscription_changed,
    "usage.recorded": billing.usage_recorded,
    "payment.succeeded": cash.payment_succeeded,
    "payout.paid": cash.payout_paid,
    "payment.applied": cash.payment_applied,
    "payment.unapplied": cash.payment_unapplied,
    "customer_balance.applied": cash.customer_balance_applied,
    "customer_balance.granted": cash.customer_balance_granted,
    "credit.issued": takings.credit_issued,
    "credit.voided": takings.credit_voided,
    "refund.succeeded": takings.refund_succeeded,
    "invoice.voided": takings.invoice_voided,
    "invoice.uncollectible": takings.invoice_uncollectible,
    "invoice.excluded": takings.invoice_excluded,
    "dispute.opened": disputes.dispute_opened,
    "dispute.won": disputes.dispute_won,
    "dispute.lost": disputes.dispute_lost,
    "credits.granted": prepaid.credits_granted,
    "credits.drawn": prepaid.credits_drawn,
    "credits.expired": prepaid.credits_expired,
}


#: What a position is kept for: contract, currency, rate at which it was booked.
_Layer: TypeAlias = tuple[str, str, Decimal | None]


@frozen
class Replay:
    """A history replayed: what happened, in order, and the state it left."""

    ledger: Ledger
    moments: tuple[Moment, ...]


def replay(
    document: str, policy: AccountingPolicy, own: frozenset[str], positions: bool, facts: JournalFacts, fiscal: Fiscal
) -> Replay:
    """Replay a history. ``own`` are the kinds of events that the document declares; ``positions`` asks for
    ``position.closed``. Raises Failure that names the event where it does not fit what happened before."""
    return _Replayed(Ledger(document, policy, fiscal), own, positions, facts).run()


class _Replayed:
    """One replay under way."""

    def __init__(self, ledger: Ledger, own: frozenset[str], positions: bool, facts: JournalFacts) -> None:
        self.ledger = ledger
        self.own = own
        self.positions = positions
        self.facts = facts
        self.moments: list[Moment] = []
        self.closed: dict[_Layer, tuple[Decimal, Decimal]] = {}
        self.by_period = ledger.policy.recognition is Recognition.PERIOD

    def run(self) -> Replay:
        events = sorted(self.facts.events, key=lambda event: event.date)
        seen: dict[str, Event] = {}
        done: date | None = None
        for event in events:
            if event.id in seen:
                if seen[event.id] == event:
                    continue  # told twice, happened once
                raise self.ledger.refuse(event, "its id occurs twice with other content", "remove the wrong one")
            seen[event.id] = event
            if self.facts.through is not None and event.date > self.facts.through:
                break
            if done is not None:
                self._pass(done, event.date)
            done = event.date
            self._happen(event)
        if done is not None:
            self._finish(done)
        return Replay(self.ledger, tuple(self.moments))

    # ------------------------------------------------------------------- time

    def _pass(self, done: date, until: date) -> None:
        """Everything that falls due after events of ``done`` and before those of ``until``."""
        if until == done:
            return
        for month in self.ledger.fiscal.between(done, until):
            if self.by_period and done < month.start <= until:
                self._recognise(month.start, month.end)
            if done <= month.last < until:
                self._close(month.last)

    def _finish(self, done: date) -> None:
        """From the last event to the day up to which to post."""
        through = self.facts.through
        if through is None:
            last = max([done, *(line.ends - DAY for line in self.ledger.lines)])
            through = self.ledger.fiscal.of(last).last
        self._pass(done, through + DAY)
        if through != self.ledger.fiscal.of(through).last:
            if self.by_period and through < done:
                return
            self._close(through)

    def _close(self, last: date) -> None:
        """The end of a month, or of the history: revenue up to it, estimates of usage, the position."""
        if not self.by_period:
            self._recognise(last, last + DAY)
        self._accrue_usage(last)
        if self.positions:
            self._close_positions(last)

    # ------------------------------------------------------------------- events

    def _happen(self, event: Event) -> None:
        if event.event in self.own:
            self.moments.append(self._own(event))
            return
        effect = EFFECTS.get(event.event)
        if effect is None:
            known = ", ".join([*EFFECTS, *sorted(self.own)])
            raise self.ledger.refuse(
                event, f"{event.event} is no kind of event that this journal knows; known kinds: {known}",
                "correct `event`, or declare the kind under `events` of the document",
            )  # fmt: skip
        invoice = self.ledger.invoices.get(event.invoice or "")
        if invoice is not None and not self.by_period and "unrecognised" in KINDS[event.event].line:
            self._recognise(event.date, event.date, invoice.lines)
        status, owed = (invoice.status, invoice.open) if invoice is not None else ("", NOTHING)
        moment = effect(self.ledger, event)
        moment.status, moment.open = status, owed
        if event.event == "invoice.finalized":
            self._earn_before_billing(event.date, moment)
        self.moments.append(moment)
        if self.by_period:
            touched = moment.invoice.lines if moment.invoice else list(self.ledger.unbilled.values())
            self._recognise(event.date, self.ledger.fiscal.of(event.date).end, touched)

    def _own(self, event: Event) -> Moment:
        amounts = event.amounts or {}
        currencies = {amount.currency for amount in amounts.values()}
        if len(currencies) != 1:
            raise self.ledger.refuse(event, "its amounts are not in one currency", "give `amounts` in one currency")
        currency = currencies.pop()
        moment = self.ledger.moment(event, currency, self.ledger.invoices.get(event.invoice or ""))
        moment.totals = {
            name: self.ledger.in_currency(event, amount, currency) for name, amount in amounts.items()
        }  # fmt: skip
        return moment

    # ------------------------------------------------------------------- revenue

    def _recognise(self, day: date, cut: date, lines: list[RevenueLine] | None = None) -> None:
        """Post what is earned before ``cut`` and not posted yet, by the month it belongs to."""
        found: dict[tuple[date, str], list[Touch]] = {}
        for line in self.ledger.lines if lines is None else lines:
            if line.curve is None or line.first >= cut:
                continue
            for name, amount in list(line.earned_in_months(cut)):
                line.post_earned(name, amount)
                dated = self._dated(max(day, line.first) if self.by_period else day, name)
                found.setdefault((dated, name), []).append(self._earned(line, amount))
        for (dated, name), touches in sorted(found.items()):
            self._recognised(dated, name, touches)

    def _dated(self, day: date, period: str) -> date:
        if self.ledger.policy.late_revenue is LateRevenue.BOOKING or self.ledger.fiscal.name(day) == period:
            return day
        last = self.ledger.fiscal.last_of(period)
        closed = self.facts.closed_before
        return last if last < day and (closed is None or last >= closed) else day

    def _earn_before_billing(self, booked: date, invoice: Moment) -> None:
        """Post what earlier, open months earned of service that is billed only now: it was unbilled until now."""
        policy, start = self.ledger.policy, self.ledger.fiscal.of(booked).start
        if policy.late_revenue is LateRevenue.BOOKING or policy.unbilled is Unbilled.IN_DEFERRED:
            return
        found: dict[str, list[Touch]] = {}
        for touch in invoice.touches:
            line = touch.line
            if line.curve is None or line.first >= start:
                continue
            for name, amount in list(line.earned_in_months(start)):
                if self._dated(booked, name) == booked:
                    continue  # its month is closed: the revenue is caught up after the booking
                line.post_earned(name, amount)
                measures = {"from_deferred": NOTHING, "unbilled": amount, "net": amount}
                found.setdefault(name, []).append(Touch(line, measures))
                touch.measures["accrued"] += amount
                touch.measures["deferred"] -= amount
            line.settled = None
        for name, touches in sorted(found.items()):
            self._recognised(self.ledger.fiscal.last_of(name), name, touches)

    def _earned(self, line: RevenueLine, amount: Decimal) -> Touch:
        deferred = line.billed or self.ledger.policy.unbilled is Unbilled.IN_DEFERRED
        measures = {"from_deferred": NOTHING, "unbilled": NOTHING, "net": amount}
        measures["from_deferred" if deferred else "unbilled"] = amount
        return Touch(line, measures)

    def _recognised(self, day: date, period: str, touches: list[Touch]) -> None:
        by_currency: dict[str, list[Touch]] = {}
        for touch in touches:
            by_currency.setdefault(self.ledger.currencies[touch.line.key], []).append(touch)
        for currency, found in by_currency.items():
            self.moments.append(
                Moment(
                    f"revenue of {period}, posted {day}", "revenue.recognised", day, currency, found,
                    attribution=period,
                )
            )  # fmt: skip

    def _accrue_usage(self, last: date) -> None:
        touches = []
        for meter in self.ledger.meters.values():
            change = billing.accrue_meter(meter, last)
            if change:
                meter.line.post_earned(self.ledger.fiscal.name(last), change)
                meter.line.net += change
                touches.append(self._earned(meter.line, change))
        if touches:
            self._recognised(last, self.ledger.fiscal.name(last), touches)

    # ------------------------------------------------------------------- positions

    def _close_positions(self, last: date) -> None:
        """Of every contract: what was billed and earned since the last close, and how its position moved. What was
        booked at different exchange rates is kept apart."""
        billed: dict[_Layer, Decimal] = dict.fromkeys(self.closed, NOTHING)
        earned: dict[_Layer, Decimal] = dict.fromkeys(self.closed, NOTHING)
        for line in self.ledger.lines:
            layer = (line.position, self.ledger.currencies[line.key], line.rate)
            taken = sum_of(relief.parts.current + relief.parts.unrecognised for relief in line.reliefs)
            billed[layer] = billed.get(layer, NOTHING) + (line.net if line.billed else NOTHING) - taken
            earned[layer] = earned.get(layer, NOTHING) + line.recognised
        for layer, amount in billed.items():
            self._close_position(layer, amount, earned[layer], last)

    def _close_position(self, layer: _Layer, billed: Decimal, earned: Decimal, last: date) -> None:
        contract, currency, rate = layer
        billed_before, earned_before = self.closed.get(layer, (NOTHING, NOTHING))
        position, before = billed - earned, billed_before - earned_before
        totals = {
            "recognised": earned - earned_before, "billed": billed - billed_before,
            "liability_change": max(position, NOTHING) - max(before, NOTHING),
            "asset_change": max(-position, NOTHING) - max(-before, NOTHING), "asset": max(-position, NOTHING),
        }  # fmt: skip
        self.closed[layer] = (billed, earned)
        if any(totals.values()):
            name = f"position of {contract or 'the history'}, {last}"
            self.moments.append(
                Moment(name, "position.closed", last, currency, totals=totals, contract=contract, rate=rate)
            )
