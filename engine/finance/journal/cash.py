"""Events of money: payments, payouts, money without an invoice, customer balances."""

from __future__ import annotations

from decimal import Decimal

from engine.finance.journal.earning import NOTHING, Relief, RevenueLine, spread
from engine.finance.journal.facts import Event
from engine.finance.journal.ledger import Invoice, Ledger, Moment, Touch, sum_of


def payment_succeeded(ledger: Ledger, event: Event) -> Moment:
    """Money comes in: for what is owed, for what was written off, or for no invoice."""
    if event.invoice is None:
        amount = ledger.amount_of(event)
        assert event.amount is not None, "amount_of refuses an event without one"
        moment = ledger.moment(event, event.amount.currency)
        _hold(ledger, moment.currency, amount)
        moment.totals = {"unapplied": amount, "fee": _fee(ledger, event, moment.currency)}
        return moment
    invoice = ledger.invoice_of(event)
    amount = ledger.amount_of(event, invoice.currency)
    moment = ledger.moment(event, invoice.currency, invoice)
    if invoice.status == "uncollectible":
        left = _recover(invoice, amount, moment)
    else:
        left = amount - _apply(invoice, amount, moment)
    _hold(ledger, invoice.currency, left)
    moment.totals = {"unapplied": left, "fee": _fee(ledger, event, invoice.currency)}
    if invoice.status == "open" and not invoice.open:
        invoice.status = "paid"
    return moment


def _hold(ledger: Ledger, currency: str, amount: Decimal) -> None:
    """Money without an invoice comes (or goes, below zero); what is held in one currency pays no invoice in another."""
    ledger.unapplied[currency] = ledger.unapplied.get(currency, NOTHING) + amount


def _fee(ledger: Ledger, event: Event, currency: str) -> Decimal:
    return NOTHING if event.fee is None else ledger.in_currency(event, event.fee, currency)


def _apply(invoice: Invoice, amount: Decimal, moment: Moment) -> Decimal:
    """Spread a payment over what is open; gives how much was applied."""
    applied = min(amount, invoice.open) if invoice.open > 0 else NOTHING
    extra = min(invoice.extra_open, applied)
    shares = spread(applied - extra, [line.open for line in invoice.lines], invoice.lines[0].unit)
    invoice.extra_open -= extra
    for index, (line, share) in enumerate(zip(invoice.lines, shares, strict=True)):
        line.open -= share
        line.paid_money += share
        whole = share + (extra if index == 0 else NOTHING)
        moment.touches.append(_touch(line, applied=whole))
    return applied


def _touch(line: RevenueLine, **parts: Decimal) -> Touch:
    measures = {name: parts.get(name, NOTHING) for name in ("applied", "contra", "gain", "tax")}
    return Touch(line, {**measures, "gross": sum_of(measures.values())})


def _recover(invoice: Invoice, amount: Decimal, moment: Moment) -> Decimal:
    """A payment of what was written off: contra revenue comes back, what was deferred is a gain; gives the rest."""
    written = [
        (line, relief)
        for line in invoice.lines
        for relief in line.reliefs
        if relief.kind == "uncollectible" and relief.outstanding
    ]
    if not written:
        return amount
    recovered = min(amount, sum_of(relief.outstanding for _, relief in written))
    shares = spread(recovered, [relief.outstanding for _, relief in written], invoice.lines[0].unit)
    for (line, relief), share in zip(written, shares, strict=True):
        contra, gain, tax = spread(share, [relief.contra, relief.lost, relief.tax], line.unit)
        _give_back(line, relief, contra, gain, tax)
        line.paid_money += share
        moment.touches.append(_touch(line, contra=contra, gain=gain, tax=tax))
    if not any(relief.outstanding for _, relief in written):
        invoice.status = "paid"
    return amount - recovered


def _give_back(line: RevenueLine, relief: Relief, contra: Decimal, gain: Decimal, tax: Decimal) -> None:
    relief.contra -= contra
    relief.lost -= gain
    relief.tax -= tax
    line.gain += gain


def payout_paid(ledger: Ledger, event: Event) -> Moment:
    """The payment provider pays out what it collected."""
    amount = ledger.amount_of(event)
    assert event.amount is not None, "amount_of refuses an event without one"
    moment = ledger.moment(event, event.amount.currency)
    moment.totals["amount"] = amount
    return moment


def payment_applied(ledger: Ledger, event: Event) -> Moment:
    """Money that no invoice claimed pays one."""
    invoice = ledger.invoice_of(event)
    amount = ledger.amount_of(event, invoice.currency)
    held = ledger.unapplied.get(invoice.currency, NOTHING)
    if amount > held:
        raise ledger.refuse(
            event, f"{held} is held without an invoice, not {amount} {invoice.currency}",
            "apply no more than was received",
        )  # fmt: skip
    moment = ledger.moment(event, invoice.currency, invoice)
    applied = _apply(invoice, amount, moment)
    if applied != amount:
        raise ledger.refuse(event, f"invoice {invoice.id} owes {applied}, not {amount}", "apply no more than is owed")
    _hold(ledger, invoice.currency, -amount)
    if invoice.status == "open" and not invoice.open:
        invoice.status = "paid"
    return moment


def payment_unapplied(ledger: Ledger, event: Event) -> Moment:
    """A payment is taken off an invoice, which is owed again."""
    invoice = ledger.invoice_of(event)
    amount = ledger.amount_of(event, invoice.currency)
    paid = sum_of(line.paid_money for line in invoice.lines)
    if amount > paid:
        raise ledger.refuse(event, f"{paid} was paid on invoice {invoice.id}, not {amount}", "correct the amount")
    moment = ledger.moment(event, invoice.currency, invoice)
    shares = spread(amount, [line.paid_money for line in invoice.lines], invoice.lines[0].unit)
    for line, share in zip(invoice.lines, shares, strict=True):
        line.open += share
        line.paid_money -= share
        moment.touches.append(_touch(line, applied=share))
    _hold(ledger, invoice.currency, amount)
    if invoice.status == "paid":
        invoice.status = "open"
    return moment


def customer_balance_applied(ledger: Ledger, event: Event) -> Moment:
    """A customer balance pays an invoice; an amount below zero is a balance the customer owed, added to the invoice."""
    invoice = ledger.invoice_of(event)
    amount = ledger.amount_of(event, invoice.currency)
    moment = ledger.moment(event, invoice.currency, invoice)
    moment.totals["amount"] = amount
    if amount < 0:
        invoice.extra_open -= amount
        return moment
    if amount > invoice.open:
        raise ledger.refuse(event, f"invoice {invoice.id} owes {invoice.open}, not {amount}", "apply no more than that")
    shares = spread(amount, [line.open for line in invoice.lines], invoice.lines[0].unit)
    for line, share in zip(invoice.lines, shares, strict=True):
        line.open -= share
        line.paid_balance += share
    if invoice.status == "open" and not invoice.open:
        invoice.status = "paid"
    return moment


def customer_balance_granted(ledger: Ledger, event: Event) -> Moment:
    """A customer balance is given without a credit note."""
    return payout_paid(ledger, event)
