"""What happens to a subscription inside a period, prorated by the document, and how it is billed or given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from company_documents import price_of, shipped

if TYPE_CHECKING:
    from company_year import Customer, Invoice, Line

Row = dict[str, Any]
Next = Callable[[date, int], None]


def terms(customer: Customer) -> Row:
    price = price_of(customer.currency, customer.plan, customer.months)
    return {
        "id": customer.plan, "unit_price": customer.money(price), "quantity": str(customer.seats),
        "discount_percent": str(customer.percent),
    }  # fmt: skip


def prorated(customer: Customer, on: date, period: tuple[date, date], old: Row, new: Row | None, **more: str) -> Row:
    change = {"id": f"{customer.id}-{on}", "at": str(on), "timing": "immediate", "old": [old], **more}
    if new is not None:
        change["new"] = [new]
    facts = {
        "currency": customer.currency, "period": {"start": str(period[0]), "end": str(period[1])}, "changes": [change]
    }  # fmt: skip
    return customer.company.ask("proration", shipped("proration", "by_day"), facts)


def _line(customer: Customer, row: Row, on: date, period: tuple[date, date], terms: Row) -> Line:
    from company_year import Line

    left = Fraction((period[1] - on).days, (period[1] - period[0]).days)
    price = Fraction(terms["unit_price"]["amount"]) * int(terms["quantity"]) * (100 - customer.percent) / 100
    sign = -1 if row["side"] == "credit" else 1
    name = f"{customer.id}-{row['side']}-{on}"
    exact = sign * price * left * customer.net_share
    return Line(name, row["amount"].amount, Decimal(0), exact, on, period[1], begins=on, kind="change")


def _switch(customer: Customer, on: date, end: date, number: int, alter: Callable[[], None]) -> None:
    """Other terms from now on: more is billed at once, less is earned from now on and billed with the next invoice."""
    period = (customer.dates[number], end)
    old = terms(customer)
    alter()
    new = terms(customer)
    if old == new:
        return
    answer = prorated(customer, on, period, old, new)
    told = {"credit": old, "charge": new}
    lines = [_line(customer, row, on, period, told[row["side"]]) for row in answer["lines"]]
    customer.taxed(lines)
    customer.begin_version(on, "active")
    if sum(line.net for line in lines) >= 0:
        customer.finalize(on, lines)
        return
    customer.tell("service.agreed", on, lines=[
        {"id": line.id, "amount": customer.money(line.net), "contract": customer.id,
         "service": {"start": str(line.start), "end": str(line.end)}} for line in lines
    ])  # fmt: skip
    customer.pending += lines


def up(customer: Customer, on: date, end: date, number: int, invoice: Invoice) -> Next | None:
    def alter() -> None:
        customer.plan = "pro"
        customer.seats += customer.dice.randint(0, 4)

    customer.at(on, lambda day: _switch(customer, day, end, number, alter))
    return None


def down(customer: Customer, on: date, end: date, number: int, invoice: Invoice) -> Next | None:
    def alter() -> None:
        customer.plan = "basic"
        customer.seats = max(2, customer.seats - customer.dice.randint(0, 2))

    customer.at(on, lambda day: _switch(customer, day, end, number, alter))
    return None


def leave(customer: Customer, on: date, end: date, number: int, invoice: Invoice) -> Next | None:
    """Cancelled without refund: served until the period's end."""
    customer.left = end
    customer.versions[-1] |= {"cancelled": str(on), "paid_to": str(end)}
    return customer.last_bill


def _given_back(customer: Customer, on: date, end: date, number: int, invoice: Invoice, kind: str) -> bool:
    """A credit note for the unused rest of a period that was paid; false if it was not."""
    line = invoice.lines[0]
    mixed = any(each.net < 0 for each in invoice.lines)
    if invoice.state != "paid" or invoice.taken or line.kind != "seats" or mixed or (number == 0 and customer.coupon):
        return False
    period = (customer.dates[number], end)
    answer = prorated(customer, on, period, terms(customer), None, kind=kind)
    from company_year import Line

    credit = Line(line.id, -answer["credits"].amount, Decimal(0), Fraction(0))
    customer.taxed([credit])
    row = {"id": line.id, "amount": customer.money(credit.net), "tax": customer.money(credit.tax)}
    whole = credit.net + credit.tax
    to = {"refund" if kind == "cancel" else "customer_balance": customer.money(whole)}
    name = f"CN-{customer.id}-{number}"
    customer.tell("credit.issued", on, invoice=invoice.id, credit=name, lines=[row], to=to)
    customer.takes.append((on, invoice.id, "credit", (line.id, credit.net)))
    line.served_to, invoice.taken = on, True
    if kind == "cancel":
        customer.tell("refund.succeeded", on + timedelta(days=1), credit=name, amount=customer.money(whole), via="cash")
    else:
        customer.balance += whole
    return True


def leave_with_refund(customer: Customer, on: date, end: date, number: int, invoice: Invoice) -> Next | None:
    def action(day: date) -> None:
        if _given_back(customer, day, end, number, invoice, "cancel"):
            customer.left = day
            customer.versions[-1] |= {"cancelled": str(day), "paid_to": str(day)}

    customer.at(on, action)

    def then(day: date, number: int) -> None:
        (customer.period if customer.left is None else customer.last_bill)(day, number)

    return then


def pause(customer: Customer, on: date, end: date, number: int, invoice: Invoice) -> Next | None:
    """Paused for the rest of the period; the next one is billed again."""

    def action(day: date) -> None:
        if _given_back(customer, day, end, number, invoice, "pause"):
            customer.begin_version(day, "paused")

    customer.at(on, action)
    return None


CHANGES = (up, up, down, down, leave, leave_with_refund, pause)
