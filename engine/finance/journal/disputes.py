"""Disputes: opened, won, lost; taken out of revenue at once, or held until they are decided."""

from __future__ import annotations

from decimal import Decimal

from engine.finance.journal.earning import NOTHING, Parts, Relief, RevenueLine, spread
from engine.finance.journal.facts import Event
from engine.finance.journal.ledger import Invoice, Ledger, Moment, Touch, sum_of
from engine.spec.documents.journal_policy import Dispute, DisputeWon, Split


def _fee(ledger: Ledger, event: Event, invoice: Invoice) -> Decimal:
    return NOTHING if event.fee is None else ledger.in_currency(event, event.fee, invoice.currency)


def dispute_opened(ledger: Ledger, event: Event) -> Moment:
    """Money is taken back until the dispute is decided."""
    invoice = ledger.invoice_of(event)
    paid = sum_of(line.paid_money for line in invoice.lines)
    amount = paid if event.amount is None else ledger.amount_of(event, invoice.currency)
    if amount > paid:
        raise ledger.refuse(event, f"{paid} was paid on invoice {invoice.id}, not {amount}", "correct the amount")
    moment = ledger.moment(event, invoice.currency, invoice)
    moment.totals["fee"] = _fee(ledger, event, invoice)
    shares = spread(amount, [line.paid_money for line in invoice.lines], invoice.lines[0].unit)
    for line, share in zip(invoice.lines, shares, strict=True):
        if not share:
            continue
        line.paid_money -= share
        if ledger.policy.dispute is Dispute.HOLD:
            invoice.held[line.id] = invoice.held.get(line.id, NOTHING) + share
            moment.touches.append(Touch(line, {**Parts().measures(), "held": share, "gross": share}))
        else:
            parts, _ = ledger.take(event, line, share, "dispute", Split.PROPORTIONAL)
            moment.touches.append(Touch(line, {**parts.measures(), "held": NOTHING}))
    invoice.status = "disputed"
    return moment


def dispute_won(ledger: Ledger, event: Event) -> Moment:
    """The money comes back: what was held is free, what was taken out is a gain or as it was before. A gain leaves
    contra revenue where it is, except of an invoice that was written off since: that was no bad debt after all. Without
    an open dispute it is one that was lost and is decided the other way on appeal."""
    invoice, origin = _winnable(ledger, event)
    moment = ledger.moment(event, invoice.currency, invoice)
    moment.totals["fee_returned"] = _fee(ledger, event, invoice)
    for line in invoice.lines:
        held = invoice.held.pop(line.id, NOTHING)
        if held:
            line.paid_money += held
            moment.touches.append(_touch(line, "dispute", held=held))
        for relief in [relief for relief in line.reliefs if relief.origin == origin and relief.outstanding]:
            moment.touches.append(_given_back(ledger, line, relief))
    invoice.status = "paid" if not invoice.open else "open"
    return moment


def _given_back(ledger: Ledger, line: RevenueLine, relief: Relief) -> Touch:
    parts, stands_on = relief.parts, relief.kind
    line.paid_money += relief.outstanding
    if ledger.policy.dispute_won is DisputeWon.REINSTATE:
        line.restore(relief)
        return _touch(
            line, stands_on, contra=relief.contra, gain=parts.gain, current=parts.current,
            unrecognised=parts.unrecognised, tax=relief.tax, passthrough=parts.passthrough, prepaid=parts.prepaid,
        )  # fmt: skip
    if stands_on != "uncollectible":
        gain, tax = relief.contra + relief.lost, relief.tax
        line.gain += gain
        relief.origin, relief.tax = "won_dispute", NOTHING
        return _touch(line, stands_on, gain=gain, tax=tax)
    touch = _touch(line, stands_on, contra=relief.contra, gain=relief.lost, tax=relief.tax)
    line.gain += relief.lost
    relief.contra = relief.lost = relief.tax = NOTHING
    return touch


_WON = ("contra", "gain", "current", "unrecognised", "tax", "passthrough", "prepaid", "held")


def _touch(line: RevenueLine, contra_of: str, **parts: Decimal) -> Touch:
    measures = {name: parts.get(name, NOTHING) for name in _WON}
    return Touch(line, {**measures, "gross": sum_of(measures.values())}, contra_of)


def dispute_lost(ledger: Ledger, event: Event) -> Moment:
    """What was held is lost now; what was taken out at once stays out."""
    invoice = _disputed(ledger, event)
    moment = ledger.moment(event, invoice.currency, invoice)
    for line in invoice.lines:
        held = invoice.held.pop(line.id, NOTHING)
        if held:
            parts, _ = ledger.take(event, line, held, "dispute", Split.PROPORTIONAL)
            moment.touches.append(Touch(line, parts.measures()))
        for relief in line.reliefs:
            if relief.origin == "dispute":
                relief.origin = "lost_dispute"
    invoice.status = "lost"
    return moment


def _disputed(ledger: Ledger, event: Event) -> Invoice:
    invoice = ledger.invoice_of(event)
    if not invoice.held and not _has(invoice, "dispute"):
        raise ledger.refuse(event, f"invoice {invoice.id} is not disputed", "add dispute.opened to the history")
    return invoice


def _winnable(ledger: Ledger, event: Event) -> tuple[Invoice, str]:
    """The invoice, and what its reliefs that come back are from: the open dispute, or those that were lost."""
    invoice = ledger.invoice_of(event)
    if not invoice.held and not _has(invoice, "dispute") and _has(invoice, "lost_dispute"):
        return invoice, "lost_dispute"
    return _disputed(ledger, event), "dispute"


def _has(invoice: Invoice, origin: str) -> bool:
    return any(relief.origin == origin and relief.outstanding for line in invoice.lines for relief in line.reliefs)
