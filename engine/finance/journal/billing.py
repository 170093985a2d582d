"""Events that bring revenue in: invoices, service billed later, changes of price, and usage."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import Money, minor_units
from engine.finance.calendar import Span
from engine.finance.exact import rounded
from engine.finance.journal.earning import NOTHING, RevenueLine
from engine.finance.journal.facts import Aggregation, Change, Event, Line, LineKind, Service
from engine.finance.journal.ledger import Invoice, Ledger, Meter, Moment, Touch
from engine.spec.documents.journal_policy import IncludedTax, Unbilled


def invoice_finalized(ledger: Ledger, event: Event) -> Moment:
    """Every line is owed; what was accrued of it before leaves the unbilled receivable."""
    if event.invoice is None or not event.lines:
        raise ledger.refuse(event, "it needs the invoice's id and its lines", "give `invoice` and `lines`")
    if event.invoice in ledger.invoices:
        raise ledger.refuse(event, f"invoice {event.invoice} was finalised before", "remove the second event")
    currency = event.lines[0].amount.currency
    invoice = Invoice(event.invoice, currency, event.rate, [])
    moment = ledger.moment(event, currency, invoice)
    for given in event.lines:
        if any(line.id == given.id for line in invoice.lines):
            raise ledger.refuse(event, f"it has two lines {given.id}", "give every line an id of its own")
        moment.touches.append(_billed(ledger, event, invoice, given))
    ledger.invoices[invoice.id] = invoice
    return moment


def _billed(ledger: Ledger, event: Event, invoice: Invoice, given: Line) -> Touch:
    net, tax, passthrough, prepaid = _amounts(ledger, event, given, invoice.currency)
    accrued = immediate = NOTHING
    if given.unbilled is not None:
        line = _found_unbilled(ledger, event, given, net)
        line.invoice, line.billed = invoice.id, True
        line.tax, line.passthrough, line.prepaid = tax, passthrough, prepaid
        accrued = line.recognised if ledger.policy.unbilled is Unbilled.BY_LINE else NOTHING
    else:
        line = _new_line(ledger, event, given, (net, tax, passthrough, prepaid), invoice.id, invoice.currency)
        estimated = _bill_meter(ledger, event, line, given.meter or "")
        if line.curve is None:
            immediate = net - estimated
            line.recognised = net
            line.by_period[ledger.fiscal.name(event.date)] = immediate
        accrued = estimated if ledger.policy.unbilled is Unbilled.BY_LINE else NOTHING
    line.open = line.gross
    line.rate = line.rate if line.rate is not None else event.rate
    invoice.lines.append(line)
    return Touch(
        line,
        {
            "accrued": accrued, "immediate": immediate, "deferred": net - accrued - immediate, "net": net,
            "tax": tax, "passthrough": passthrough, "prepaid": prepaid, "gross": line.gross,
        },
    )  # fmt: skip


def _amounts(ledger: Ledger, event: Event, given: Line, currency: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Net, tax, pass-through and prepaid parts of a line. Tax within a price follows the policy."""
    amount = ledger.in_currency(event, given.amount, currency)
    tax = NOTHING
    if given.tax is not None:
        tax = ledger.in_currency(event, given.tax, currency)
    elif given.tax_rate is not None:
        rate = Fraction(given.tax_rate)
        of_net = given.tax_included and ledger.policy.included_tax is IncludedTax.OF_NET
        share = rate / (1 + rate) if of_net else rate
        tax = rounded(Fraction(amount) * share, minor_units(currency))
    net = amount - tax if given.tax_included else amount
    if given.kind is LineKind.PASSTHROUGH:
        return NOTHING, tax, net, NOTHING
    if given.kind is LineKind.PREPAID:
        return NOTHING, tax, NOTHING, net
    passthrough = NOTHING if given.passthrough is None else ledger.in_currency(event, given.passthrough, currency)
    return net - passthrough, tax, passthrough, NOTHING


def _new_line(
    ledger: Ledger, event: Event, given: Line, amounts: tuple[Decimal, Decimal, Decimal, Decimal], invoice: str,
    currency: str,
) -> RevenueLine:  # fmt: skip
    net, tax, passthrough, prepaid = amounts
    line = RevenueLine(
        id=given.id, owner=invoice or event.id, invoice=invoice, contract=given.contract or "",
        obligation=given.obligation or "", dimensions=dict(given.dimensions or {}), begins=event.date, net=net, tax=tax,
        passthrough=passthrough, prepaid=prepaid, curve=ledger.curve_of(event, given, currency),
        unit=ledger.unit(currency), billed=bool(invoice), fiscal=ledger.fiscal, rate=event.rate,
    )  # fmt: skip
    ledger.lines.append(line)
    ledger.currencies[line.key] = currency
    return line


def _found_unbilled(ledger: Ledger, event: Event, given: Line, net: Decimal) -> RevenueLine:
    line = ledger.unbilled.pop(given.unbilled or "", None)
    if line is None:
        known = ", ".join(ledger.unbilled) or "none"
        raise ledger.refuse(
            event, f"line {given.id} bills {given.unbilled}, which is not waiting to be billed; waiting: {known}",
            "correct `unbilled`, or add the event that agreed it",
        )  # fmt: skip
    if line.net != net:
        raise ledger.refuse(
            event, f"line {given.id} bills {net} of {given.unbilled}, for which {line.net} was agreed",
            "bill the agreed amount, and the difference on a line of its own",
        )  # fmt: skip
    return line


# ----------------------------------------------------------------------------- service billed later


def service_agreed(ledger: Ledger, event: Event) -> Moment:
    """Lines that are earned from now on and billed later."""
    currency = "" if not event.lines else event.lines[0].amount.currency
    for given in event.lines:
        if given.service is None:
            raise ledger.refuse(event, f"line {given.id} has no service dates", "give `service` on the line")
        _add_unbilled(ledger, event, given, currency)
    return ledger.moment(event, currency)


def subscription_changed(ledger: Ledger, event: Event) -> Moment:
    """Two lines for the rest of the cycle: the old price given back, the new one charged."""
    change = event.change
    if change is None:
        raise ledger.refuse(event, "it has no change", "give `change` with both prices and the cycle")
    if not change.start <= event.date < change.end:
        raise ledger.refuse(
            event, f"{event.date} is not in the cycle from {change.start} to {change.end}", "correct it"
        )
    cycle, rest = Span(change.start, change.end), Span(event.date, change.end)
    currency = change.old.currency
    for name, price in _changed_prices(ledger, event, change):
        amount = rounded(price * rest.days / cycle.days, minor_units(currency))
        service = Service(start=rest.start, end=rest.end)
        line = _add_unbilled(ledger, event, Line(id=name, amount=Money(amount, currency), service=service), currency)
        ledger.prorations.append((line, rest.days, cycle.days, currency))
    return ledger.moment(event, currency)


def _changed_prices(ledger: Ledger, event: Event, change: Change) -> list[tuple[str, Fraction]]:
    """The lines of a change, at the price of the whole cycle: a new price gives two, fewer or more units of it one."""
    old = Fraction(ledger.in_currency(event, change.old, change.old.currency))
    if change.new is not None:
        new = Fraction(ledger.in_currency(event, change.new, change.old.currency))
        return [(change.old_line, -old), (change.new_line, new)]
    before, after = change.quantity, change.new_quantity
    if not before or after is None:
        raise ledger.refuse(event, "it changes neither price nor quantity", "give `new`, or both quantities")
    difference = old * (Fraction(after) - Fraction(before)) / Fraction(before)
    return [(change.old_line if difference < 0 else change.new_line, difference)]


def _add_unbilled(ledger: Ledger, event: Event, given: Line, currency: str) -> RevenueLine:
    if given.id in ledger.unbilled:
        raise ledger.refuse(event, f"a line {given.id} already waits to be billed", "give it another id")
    amount = ledger.in_currency(event, given.amount, currency)
    line = _new_line(ledger, event, given, (amount, NOTHING, NOTHING, NOTHING), "", currency)
    ledger.unbilled[given.id] = line
    return line


# ----------------------------------------------------------------------------- usage


def usage_recorded(ledger: Ledger, event: Event) -> Moment:
    """A reading; it is worth its amount, or its quantity times its price."""
    if event.meter is None:
        raise ledger.refuse(event, "it names no meter", "give the meter's id as `meter`")
    worth = event.amount if event.amount is not None else event.unit_price
    if worth is None or (event.amount is None and event.quantity is None):
        raise ledger.refuse(event, "it has no value", "give `amount`, or `quantity` and `unit_price`")
    meter = ledger.meters.get(event.meter)
    if meter is None:
        given = Line(id=event.meter, amount=type(worth)(NOTHING, worth.currency), contract=event.contract)
        line = _new_line(ledger, event, given, (NOTHING, NOTHING, NOTHING, NOTHING), "", worth.currency)
        meter = Meter(event.meter, event.aggregation, [], line, worth.currency)
        ledger.meters[event.meter] = meter
    elif meter.aggregation is not event.aggregation or meter.currency != worth.currency:
        raise ledger.refuse(
            event, f"meter {meter.id} adds up by {meter.aggregation} in {meter.currency}",
            "let all readings of a meter say the same",
        )  # fmt: skip
    elif meter.line.contract != (event.contract or ""):
        raise ledger.refuse(
            event, f"meter {meter.id} was read for contract {meter.line.contract or 'none'} before it is billed",
            "let all readings of a meter name the same contract",
        )  # fmt: skip
    meter.readings.append(event)
    return ledger.moment(event, worth.currency)


def accrue_meter(meter: Meter, last: date) -> Decimal:
    """What the meter's estimate changed by the end of ``last``; rounded once for all its readings."""
    seen = [reading for reading in meter.readings if reading.date <= last]
    if not seen:
        return NOTHING
    worths = [_worth(reading) for reading in seen]
    match meter.aggregation:
        case Aggregation.SUM:
            estimate = sum(worths, Fraction(0))
        case Aggregation.MAX:
            estimate = max(worths)
        case _:
            estimate = worths[-1]
    change = rounded(estimate, minor_units(meter.currency)) - meter.accrued
    meter.accrued += change
    return change


def _worth(reading: Event) -> Fraction:
    if reading.amount is not None:
        return Fraction(reading.amount.amount)
    assert reading.unit_price is not None and reading.quantity is not None, "a reading has a value"
    return Fraction(reading.unit_price.amount) * Fraction(reading.quantity)


def _bill_meter(ledger: Ledger, event: Event, line: RevenueLine, name: str) -> Decimal:
    """Close a meter's cycle; gives what was earned of it before it was billed. That revenue moves to the line that
    bills it, which is earned by use: its service dates say when it was used, not when it will be earned."""
    meter = ledger.meters.get(name)
    if meter is None:
        return NOTHING  # usage that was never recorded is earned on billing
    used = meter.line
    if used.contract and line.contract not in {"", used.contract}:
        raise ledger.refuse(
            event, f"line {line.id} is of contract {line.contract} and bills usage of contract {used.contract}",
            "correct the contract of the line, or of the usage",
        )  # fmt: skip
    del ledger.meters[name]
    line.curve = None
    line.contract = line.contract or used.contract
    if meter.accrued:
        line.rate, line.kept_with = used.rate, used.contract
    used.recognised -= meter.accrued
    used.net -= meter.accrued
    return meter.accrued
