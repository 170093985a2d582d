"""What becomes of an invoice: paid in time, late, in parts, too much, void, written off, disputed or refunded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from company_documents import PLACES, shipped

if TYPE_CHECKING:
    from company_year import Customer, Invoice

RECEIPTS = ("small_difference: 0.05", "small_difference: 0")


def pay(customer: Customer, day: date, invoice: Invoice, part: str = "1", extra: str = "0") -> None:
    """A receipt, matched to open invoices by the document; what no invoice takes is held."""
    from company_year import rate_of

    amount = customer.whole(invoice.open * Decimal(part)) + Decimal(extra)
    if invoice.state != "open" or amount <= 0:
        return
    waiting = [each for each in customer.invoices if each.state == "open" and each.open > 0]
    documents = [
        {"id": each.id, "open": customer.money(each.open), "due": str(each.day + timedelta(days=30))}
        for each in waiting
    ]
    facts = {"receipt": {"amount": customer.money(amount), "date": str(day)}, "documents": documents}
    answer = customer.company.ask("settlement", shipped("settlement", "receipts", RECEIPTS), facts)
    by_id = {each.id: each for each in waiting}
    parts: list[tuple[Invoice | None, Decimal]] = [
        (by_id[row["id"]], row["applied"].amount) for row in answer["applications"] if row["applied"].amount
    ]
    left = answer["unapplied"].amount
    if left:
        parts.append((None, left))
        customer.held += left
    for paid, share in parts:
        about = {} if paid is None else {"invoice": paid.id}
        fee = min(customer.whole(share * Decimal("0.029")), share)
        customer.tell(
            "payment.succeeded", day, amount=customer.money(share), via="clearing", fee=customer.money(fee), **about
        )
        if paid is not None:
            customer.takes.append((day, paid.id, "paid", share))
            customer.reduce(paid, share)
        rate = {} if customer.currency == "USD" else {"rate": str(rate_of(customer.currency, day))}
        if share > fee:
            customer.tell("payout.paid", day, amount=customer.money(share - fee), **rate)


# ----------------------------------------------------------------------------- fates


def in_time(customer: Customer, invoice: Invoice, day: date) -> None:
    customer.at(day + timedelta(days=customer.dice.randint(0, 3)), lambda on: pay(customer, on, invoice))


def late(customer: Customer, invoice: Invoice, day: date) -> None:
    customer.at(day + timedelta(days=customer.dice.randint(40, 70)), lambda on: pay(customer, on, invoice))


def in_two(customer: Customer, invoice: Invoice, day: date) -> None:
    customer.at(day + timedelta(days=9), lambda on: pay(customer, on, invoice, part="0.4"))
    customer.at(day + timedelta(days=33), lambda on: pay(customer, on, invoice))


def too_much(customer: Customer, invoice: Invoice, day: date) -> None:
    customer.at(day + timedelta(days=5), lambda on: pay(customer, on, invoice, extra="12"))


def voided(customer: Customer, invoice: Invoice, day: date) -> None:
    def action(on: date) -> None:
        if invoice.open == invoice.gross > 0:
            customer.tell("invoice.voided", on, invoice=invoice.id)
            customer.takes.append((on, invoice.id, "void", None))
            invoice.state, invoice.open = "void", Decimal(0)

    customer.at(day + timedelta(days=customer.dice.randint(4, 25)), action)


def written_off(customer: Customer, invoice: Invoice, day: date) -> None:
    def action(on: date) -> None:
        if invoice.state == "open" and invoice.open > 0:
            customer.tell("invoice.uncollectible", on, invoice=invoice.id)
            customer.takes.append((on, invoice.id, "written_off", None))
            invoice.state, invoice.open, invoice.lost = "written_off", Decimal(0), invoice.open

    customer.at(day + timedelta(days=60), action)


def paid_in_part_and_written_off(customer: Customer, invoice: Invoice, day: date) -> None:
    customer.at(day + timedelta(days=12), lambda on: pay(customer, on, invoice, part="0.3"))
    written_off(customer, invoice, day)


def _disputed(won: bool) -> Callable[[Customer, Invoice, date], None]:
    def fate(customer: Customer, invoice: Invoice, day: date) -> None:
        def opened(on: date) -> None:
            if invoice.state == "paid" and not invoice.taken and invoice.gross > 0:
                fee = customer.money(customer.whole(Decimal("15") / 10 ** (2 - min(PLACES[customer.currency], 2))))
                customer.tell("dispute.opened", on, invoice=invoice.id, via="cash", fee=fee)
                invoice.state, invoice.taken = "disputed", True
                customer.at(on + timedelta(days=customer.dice.randint(15, 60)), decided)

        def decided(on: date) -> None:
            customer.tell("dispute.won" if won else "dispute.lost", on, invoice=invoice.id, via="cash")
            invoice.state = "paid" if won else "lost"
            if not won:
                customer.takes.append((on, invoice.id, "lost", None))

        in_time(customer, invoice, day)
        customer.at(day + timedelta(days=customer.dice.randint(5, 22)), opened)

    fate.__name__ = "dispute_won" if won else "dispute_lost"
    return fate


def refunded(customer: Customer, invoice: Invoice, day: date) -> None:
    """A part of the price is given back as goodwill, without a credit note."""

    def action(on: date) -> None:
        line = invoice.lines[0]
        if invoice.state != "paid" or invoice.taken or line.kind != "seats" or any(x.net < 0 for x in invoice.lines):
            return
        net, tax = customer.whole(line.net / 5), customer.whole(line.tax / 5)
        row = {"id": line.id, "amount": customer.money(net), "tax": customer.money(tax)}
        customer.tell("refund.succeeded", on, invoice=invoice.id, via="cash", lines=[row])
        customer.takes.append((on, invoice.id, "refund", (line.id, net)))
        invoice.taken = True

    in_time(customer, invoice, day)
    customer.at(day + timedelta(days=customer.dice.randint(6, 25)), action)


def refunded_whole(customer: Customer, invoice: Invoice, day: date) -> None:
    """All of a paid invoice is paid back, without a credit note."""

    def action(on: date) -> None:
        if invoice.state == "paid" and not invoice.taken and all(line.net > 0 for line in invoice.lines):
            customer.tell("refund.succeeded", on, invoice=invoice.id, via="cash", amount=customer.money(invoice.gross))
            customer.takes.append((on, invoice.id, "refunded_whole", None))
            invoice.taken = True

    in_time(customer, invoice, day)
    customer.at(day + timedelta(days=customer.dice.randint(5, 25)), action)


def recovered(customer: Customer, invoice: Invoice, day: date) -> None:
    """Written off, and paid after all."""

    def action(on: date) -> None:
        if invoice.state == "written_off":
            given = {"via": "clearing", "amount": customer.money(invoice.lost)}
            customer.tell("payment.succeeded", on, invoice=invoice.id, **given)
            customer.tell("payout.paid", on, amount=customer.money(invoice.lost))
            invoice.state = "recovered"

    written_off(customer, invoice, day)
    customer.at(day + timedelta(days=customer.dice.randint(65, 90)), action)


def _credited(voided: bool) -> Callable[[Customer, Invoice, date], None]:
    """A tenth is credited while the invoice is open; the credit note may be void before the rest is paid."""

    def fate(customer: Customer, invoice: Invoice, day: date) -> None:
        name, line = f"CO-{invoice.id}", invoice.lines[0]
        net, tax = customer.whole(line.net / 10), customer.whole(line.tax / 10)

        def issued(on: date) -> None:
            mixed = any(each.net < 0 for each in invoice.lines)
            if invoice.open != invoice.gross or invoice.taken or mixed or line.kind != "seats":
                return
            row = {"id": line.id, "amount": customer.money(net), "tax": customer.money(tax)}
            customer.tell("credit.issued", on, invoice=invoice.id, credit=name, lines=[row])
            customer.takes.append((on, invoice.id, "credit_open", (line.id, net, tax)))
            invoice.taken = True
            invoice.open -= net + tax
            if voided:
                customer.at(on + timedelta(days=20), taken_back)

        def taken_back(on: date) -> None:
            customer.tell("credit.voided", on, credit=name)
            customer.takes.append((on, invoice.id, "credit_void", (line.id, net, tax)))
            invoice.open += net + tax

        customer.at(day + timedelta(days=customer.dice.randint(3, 12)), issued)
        customer.at(day + timedelta(days=40), lambda on: pay(customer, on, invoice))

    fate.__name__ = "credited_and_voided" if voided else "credited"
    return fate


def unapplied(customer: Customer, invoice: Invoice, day: date) -> None:
    """A payment is taken off its invoice, held, and applied to it again."""

    def off(on: date) -> None:
        if invoice.state == "paid" and not invoice.taken and not invoice.by_held_money:
            customer.tell("payment.unapplied", on, invoice=invoice.id, amount=customer.money(invoice.gross))
            customer.takes.append((on, invoice.id, "unpaid", None))
            invoice.open, invoice.state, invoice.by_held_money = invoice.gross, "open", True
            customer.held += invoice.gross
            customer.at(on + timedelta(days=3), lambda day: customer.use_balances(day, invoice))

    in_time(customer, invoice, day)
    customer.at(day + timedelta(days=customer.dice.randint(4, 15)), off)


FATES = (
    in_time, late, in_two, too_much, voided, written_off, paid_in_part_and_written_off, _disputed(True),
    _disputed(False), refunded, refunded_whole, recovered, _credited(False), _credited(True), unapplied,
)  # fmt: skip
WEIGHTS = (55, 8, 6, 5, 4, 2, 3, 3, 3, 5, 2, 2, 3, 3, 3)
