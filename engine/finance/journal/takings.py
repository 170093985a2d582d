"""Events that take revenue back: credits, refunds, voids, write-offs, disputes, exclusions."""

from __future__ import annotations

from decimal import Decimal

from engine.finance.journal.earning import NOTHING, Parts, Relief, RevenueLine, split_net, spread
from engine.finance.journal.facts import Event
from engine.finance.journal.ledger import Invoice, Ledger, Moment, Touch, sum_of
from engine.spec.documents.journal_policy import BalanceUsed, CreditOfPaid, Split, UnpaidExclusion

_DESTINATIONS = ("to_refund", "to_customer_balance", "to_external")


def _live(ledger: Ledger, invoice: Invoice, event: Event) -> list[Decimal]:
    before, cut = ledger.cuts(event.date)
    return [line.pools(before, cut).gross for line in invoice.lines]


def _taken(
    ledger: Ledger, event: Event, invoice: Invoice, amounts: list[Decimal], kind: str, how: Split
) -> list[tuple[RevenueLine, Parts, Relief]]:
    """Take an amount off every line; the event's own lines say the tax and dates of theirs."""
    stated = {line.id: line for line in event.lines}
    taken = []
    for line, amount in zip(invoice.lines, amounts, strict=True):
        if amount:
            parts, relief = ledger.take(event, line, amount, kind, how, stated.get(line.id))
            taken.append((line, parts, relief))
    return taken


def _by_line(ledger: Ledger, event: Event, invoice: Invoice) -> list[Decimal]:
    """The gross amounts of a credit or refund for each line of its invoice: as stated, or in proportion."""
    live = _live(ledger, invoice, event)
    if not event.lines:
        return spread(ledger.amount_of(event, invoice.currency), live, invoice.lines[0].unit)
    known = {line.id for line in invoice.lines}
    for line in event.lines:
        if line.id not in known:
            raise ledger.refuse(
                event, f"invoice {invoice.id} has no line {line.id}; its lines are {', '.join(sorted(known))}",
                "name the invoice's lines",
            )  # fmt: skip
    amounts = dict.fromkeys((line.id for line in invoice.lines), NOTHING)
    for line in event.lines:
        tax = NOTHING if line.tax is None else ledger.in_currency(event, line.tax, invoice.currency)
        amounts[line.id] += ledger.in_currency(event, line.amount, invoice.currency)
        amounts[line.id] += NOTHING if line.tax_included else tax
    return list(amounts.values())


def _limit(ledger: Ledger, event: Event, invoice: Invoice, amounts: list[Decimal]) -> None:
    for line, amount, live in zip(invoice.lines, amounts, _live(ledger, invoice, event), strict=True):
        if abs(amount) > abs(live) or amount * live < 0:
            raise ledger.refuse(
                event, f"{amount} is more than is left of line {line.id} of invoice {invoice.id} ({live})",
                "correct the amount",
            )  # fmt: skip


# ----------------------------------------------------------------------------- credits


def credit_issued(ledger: Ledger, event: Event) -> Moment:
    """A credit note: it lowers what is owed, and what is paid already goes where it says."""
    invoice = ledger.invoice_of(event)
    amounts = _by_line(ledger, event, invoice)
    _limit(ledger, event, invoice, amounts)
    moment = ledger.moment(event, invoice.currency, invoice)
    destinations = _destinations(ledger, event, invoice, sum_of(amounts))
    taken = _taken(ledger, event, invoice, amounts, "credit", ledger.policy.credit_split)
    weights = [parts.gross for _, parts, _ in taken]
    unit = invoice.lines[0].unit
    shares = {name: spread(destinations[name], weights, unit) for name in _DESTINATIONS}
    for index, (line, parts, _) in enumerate(taken):
        measures = parts.measures()
        for name in _DESTINATIONS:
            measures[name] = shares[name][index]
            line.paid_money -= shares[name][index]
        measures["to_receivable"] = parts.gross - sum_of(measures[name] for name in _DESTINATIONS)
        line.open -= measures["to_receivable"]
        refunded = [measures["to_refund"], parts.gross - measures["to_refund"]]
        measures["recognised_refunded"] = spread(parts.recognised, refunded, unit)[0] if refunded[0] else NOTHING
        moment.touches.append(Touch(line, measures))
    if invoice.status == "open" and not invoice.open:
        invoice.status = "paid"
    name = event.credit or event.id
    ledger.credits[name] = (invoice, moment.touches, [relief for _, _, relief in taken])
    ledger.payable[name] = destinations["to_refund"]
    return moment


def _destinations(ledger: Ledger, event: Event, invoice: Invoice, amount: Decimal) -> dict[str, Decimal]:
    if event.to is None:
        beyond = max(amount - max(invoice.open, NOTHING), NOTHING)
        chosen = {
            CreditOfPaid.CUSTOMER_BALANCE: "to_customer_balance", CreditOfPaid.REFUND: "to_refund",
            CreditOfPaid.EXTERNAL: "to_external",
        }[ledger.policy.credit_of_paid]  # fmt: skip
        return {**dict.fromkeys(_DESTINATIONS, NOTHING), chosen: beyond}
    given = (event.to.refund, event.to.customer_balance, event.to.external)
    found = {
        name: NOTHING if value is None else ledger.in_currency(event, value, invoice.currency)
        for name, value in zip(_DESTINATIONS, given, strict=True)
    }
    if sum_of(found.values()) > amount:
        raise ledger.refuse(
            event, f"its destinations add up to {sum_of(found.values())}, the credit to {amount}",
            "let the destinations be no more than the credit",
        )  # fmt: skip
    return found


def credit_voided(ledger: Ledger, event: Event) -> Moment:
    """A credit note never was: its parts come back, and revenue missed meanwhile is caught up."""
    found = ledger.credits.pop(event.credit or "", None)
    if found is None and event.credit in ledger.voided:
        raise ledger.refuse(event, f"credit {event.credit} was voided before", "leave the second event out")
    if found is None:
        known = ", ".join(ledger.credits) or "none"
        raise ledger.refuse(event, f"credit {event.credit} was not issued; known credits: {known}", "correct `credit`")
    ledger.voided.add(event.credit or "")
    invoice, touches, reliefs = found
    moment = ledger.moment(event, invoice.currency, invoice)
    for touch, relief in zip(touches, reliefs, strict=True):
        touch.line.restore(relief)
        touch.line.open += touch.measures["to_receivable"]
        touch.line.paid_money += sum_of(touch.measures[name] for name in _DESTINATIONS)
        moment.touches.append(Touch(touch.line, dict(touch.measures)))
    if invoice.status == "paid" and invoice.open:
        invoice.status = "open"
    return moment


# ----------------------------------------------------------------------------- refunds


def refund_succeeded(ledger: Ledger, event: Event) -> Moment:
    """Money goes back: of a credit note, of an invoice, or as goodwill beyond what was charged."""
    fee = NOTHING if event.fee is None else event.fee.amount
    if event.credit is not None:
        return _credit_refunded(ledger, event, fee)
    invoice = ledger.invoice_of(event)
    moment = ledger.moment(event, invoice.currency, invoice)
    amount = _refunded_amount(ledger, event, invoice)
    live = sum_of(_live(ledger, invoice, event))
    goodwill = max(amount - max(live, NOTHING), NOTHING)
    amounts = _by_line(ledger, event, invoice) if event.lines else spread(
        amount - goodwill, _live(ledger, invoice, event), invoice.lines[0].unit
    )  # fmt: skip
    _limit(ledger, event, invoice, amounts)
    for line, parts, _ in _taken(ledger, event, invoice, amounts, "refund", ledger.policy.refund_split):
        line.paid_money -= parts.gross
        moment.touches.append(Touch(line, parts.measures()))
    moment.totals = {"goodwill": goodwill, "payable": NOTHING, "fee_returned": fee}
    return moment


def _refunded_amount(ledger: Ledger, event: Event, invoice: Invoice) -> Decimal:
    if event.lines:
        return sum_of(_by_line(ledger, event, invoice))
    return ledger.amount_of(event, invoice.currency)


def _credit_refunded(ledger: Ledger, event: Event, fee: Decimal) -> Moment:
    name = event.credit or ""
    payable = ledger.payable.get(name, NOTHING)
    amount = ledger.amount_of(event)
    if amount > payable:
        raise ledger.refuse(event, f"credit {name} has {payable} to pay back, not {amount}", "correct the amount")
    ledger.payable[name] = payable - amount
    assert event.amount is not None, "amount_of refuses an event without one"
    moment = ledger.moment(event, event.amount.currency)
    moment.totals = {"goodwill": NOTHING, "payable": amount, "fee_returned": fee}
    return moment


# ----------------------------------------------------------------------------- voids and write-offs


def invoice_voided(ledger: Ledger, event: Event) -> Moment:
    """What is owed is void. Of an invoice that was written off, the bad debt becomes a void."""
    invoice = ledger.invoice_of(event)
    moment = ledger.moment(event, invoice.currency, invoice)
    if invoice.status == "uncollectible":
        _moved(invoice, "uncollectible", "void", moment)
    else:
        _closed(ledger, event, invoice, "void", moment)
    invoice.status = "void"
    return moment


def invoice_uncollectible(ledger: Ledger, event: Event) -> Moment:
    """What is owed is written off. Of a disputed invoice, what stands on disputes becomes bad debt."""
    invoice = ledger.invoice_of(event)
    moment = ledger.moment(event, invoice.currency, invoice)
    moment.totals["balance_owed"] = NOTHING
    if invoice.held:
        raise ledger.refuse(
            event, f"a dispute of invoice {invoice.id} is not decided", "add dispute.lost or dispute.won to the history"
        )
    if invoice.status == "disputed":
        _moved(invoice, "dispute", "uncollectible", moment)
    if invoice.open or not moment.touches:
        moment.totals["balance_owed"] = invoice.extra_open
        invoice.extra_open = NOTHING
        _closed(ledger, event, invoice, "uncollectible", moment)
        if ledger.policy.balance_used is BalanceUsed.RELEASE:
            for touch in moment.touches:
                if not touch.contra_of:
                    _release(ledger, event, touch)
    invoice.status = "uncollectible"
    return moment


def _closed(ledger: Ledger, event: Event, invoice: Invoice, kind: str, moment: Moment) -> None:
    amounts = [line.open for line in invoice.lines]
    if not any(amounts) and not moment.totals.get("balance_owed"):
        raise ledger.refuse(event, f"nothing is owed on invoice {invoice.id}", "credit or refund a paid invoice")
    for line, parts, _ in _taken(ledger, event, invoice, amounts, kind, Split.PROPORTIONAL):
        line.open -= parts.gross
        moment.touches.append(Touch(line, {**parts.measures(), **dict.fromkeys(_RELEASED, NOTHING), "contra": NOTHING}))


_RELEASED = ("released", "released_current")


def _release(ledger: Ledger, event: Event, touch: Touch) -> None:
    """Deferred revenue of what a customer balance paid will not be served: it is a gain."""
    line = touch.line
    before, cut = ledger.cuts(event.date)
    pools = line.pools(before, cut)
    if not line.paid_balance or not (pools.unrecognised or pools.current):
        return
    net = spread(line.paid_balance, [pools.net, pools.tax, pools.passthrough, pools.prepaid], line.unit)[0]
    share = split_net(net, pools, Split.PROPORTIONAL, line.unit)
    parts = Parts(current=share.current, unrecognised=share.unrecognised)
    relief = ledger.relieve(event, line, parts, "released", cut)
    relief.lost = NOTHING
    touch.measures["released"], touch.measures["released_current"] = share.unrecognised, share.current


def _moved(invoice: Invoice, of: str, to: str, moment: Moment) -> None:
    """Contra revenue moves from one reason to another; nothing else changes."""
    for line in invoice.lines:
        reliefs = [relief for relief in line.reliefs if relief.kind == of]
        contra = sum_of(relief.contra for relief in reliefs)
        for relief in reliefs:
            relief.kind = to
        if contra:
            measures = {**Parts().measures(), **dict.fromkeys(_RELEASED, NOTHING), "contra": contra}
            moment.touches.append(Touch(line, measures, contra_of=of))


# ----------------------------------------------------------------------------- exclusions


def invoice_excluded(ledger: Ledger, event: Event) -> Moment:
    """An invoice is left out of revenue; money that came in for it stays, on an account of its own."""
    invoice = ledger.invoice_of(event)
    moment = ledger.moment(event, invoice.currency, invoice)
    invoice.status = "excluded"
    if not invoice.paid and ledger.policy.unpaid_exclusion is UnpaidExclusion.ERASE:
        moment.erases = invoice.id
        for line in invoice.lines:
            ledger.lines.remove(line)
            line.open = NOTHING
        return moment
    amounts = [line.open + line.paid_money + line.paid_balance for line in invoice.lines]
    for line, parts, _ in _taken(ledger, event, invoice, amounts, "exclusion", Split.PROPORTIONAL):
        measures = {
            **parts.measures(), "open": line.open, "paid_money": line.paid_money, "paid_balance": line.paid_balance
        }  # fmt: skip
        line.open = NOTHING
        moment.touches.append(Touch(line, measures))
    return moment
