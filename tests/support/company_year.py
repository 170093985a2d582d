"""A year of a subscription company, drawn from a seed and run through the documents.

Customers subscribe, change, pause and leave; every figure comes from a document by way of the public interface, and
what was told and answered is kept, so that laws can be checked on it afterwards (:mod:`company_laws`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from company_documents import PLACES, TOTALS, price_of, pricing, shipped

FIRST, YEAR, HORIZON = date(2025, 10, 1), date(2026, 1, 1), date(2027, 1, 1)
UNITS = {1: "month", 3: "quarter", 12: "year"}
TAXES = {"by_line": "8.25", "by_document": "19", "inclusive": "25"}
RATES = {"USD": Decimal(1), "JPY": Decimal("0.00671"), "KWD": Decimal("3.2605")}
Facts = dict[str, Any]
Row = dict[str, Any]


def rate_of(currency: str, day: date) -> Decimal:
    """Dollars for one unit of a currency; it changes every month."""
    months = day.year * 12 + day.month - FIRST.year * 12 - FIRST.month
    return RATES[currency] + (0 if currency == "USD" else RATES[currency] * (months % 5 - 2) / 100)


@dataclass
class Line:
    """What a line of an invoice bills: told to the documents, and to the formula that checks them."""

    id: str
    net: Decimal
    tax: Decimal
    exact: Fraction
    start: date | None = None
    end: date | None = None
    served_to: date | None = None
    billed_on: date | None = None
    begins: date | None = None
    kind: str = "usage"


@dataclass
class Invoice:
    """An invoice as billing sees it."""

    id: str
    day: date
    lines: list[Line]
    open: Decimal
    fate: str
    state: str = "open"
    taken: bool = False
    by_held_money: bool = False
    lost: Decimal = Decimal(0)

    @property
    def gross(self) -> Decimal:
        return sum((line.net + line.tax for line in self.lines), Decimal(0))


@dataclass
class Company:
    """Everything that happened, and everything that documents answered."""

    seed: int
    customers: list[Customer] = field(default_factory=list)
    answers: list[tuple[str, Facts, Row]] = field(default_factory=list)

    def ask(self, kind: str, document: Any, facts: Facts) -> Row:
        answer: Row = document.calculate(facts)
        self.answers.append((kind, facts, answer))
        return answer


class Customer:
    """One customer, lived through day by day."""

    def __init__(self, company: Company, number: int, dice: Random) -> None:
        self.company, self.dice, self.id = company, dice, f"C{number:02}"
        self.currency = ("USD", "JPY", "KWD")[number % 3]
        self.months = dice.choice([1, 1, 1, 3, 3, 12])
        self.plan, self.seats = dice.choice(["basic", "pro"]), dice.randint(3, 25)
        self.tax = dice.choice(["by_line", "by_document", "inclusive"])
        self.percent = dice.choice([0, 0, 10, 15])
        self.start = FIRST + timedelta(days=dice.randint(0, 380))
        self.coupon = dice.choice([0, 0, 20]) if self.months == 1 and PLACES[self.currency] == 2 else 0
        self.events: list[Row] = []
        self.versions: list[Row] = []
        self.invoices: list[Invoice] = []
        self.takes: list[tuple[date, str, str, Any]] = []
        self.pending: list[Line] = []
        self.records: list[Row] = []
        self.balance = self.held = Decimal(0)
        self.left: date | None = None
        self._numbers, self._order = count(), count()
        self._agenda: list[tuple[date, int, Callable[[date], None]]] = []

    # ------------------------------------------------------------------- small things

    def money(self, amount: Any) -> Row:
        return {"amount": str(amount), "currency": self.currency}

    def at(self, day: date, action: Callable[[date], None]) -> None:
        if day < HORIZON:
            heapq.heappush(self._agenda, (day, next(self._order), action))

    def tell(self, kind: str, day: date, **more: Any) -> None:
        rate = {} if self.currency == "USD" else {"rate": str(rate_of(self.currency, day))}
        self.events.append({"id": f"{self.id}-{next(self._numbers)}", "event": kind, "date": str(day), **rate, **more})

    def whole(self, amount: Decimal) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-PLACES[self.currency]))

    @property
    def net_share(self) -> Fraction:
        """The part of a stated price that is not tax."""
        return 1 / (1 + Fraction(TAXES[self.tax]) / 100) if self.tax == "inclusive" else Fraction(1)

    def live(self) -> None:
        """From the first bill to the end of the year."""
        from company_usage import records_of

        self.records = records_of(self)
        row: Row = {"start": str(self.start), "every": {"unit": UNITS[self.months]}, "count": 18}
        laid_out = shipped("proration", "by_day").calculate({"currency": self.currency, "anniversaries": row})
        self.dates: list[date] = laid_out["dates"]
        self.begin_version(self.start, "active")
        self.at(self.start, lambda day: self.period(day, 0))
        while self._agenda:
            day, _, action = heapq.heappop(self._agenda)
            action(day)

    # ------------------------------------------------------------------- subscriptions over time

    def begin_version(self, day: date, status: str) -> None:
        if self.versions:
            self.versions[-1]["end"] = str(day)
        net = price_of(self.currency, self.plan, self.months)
        discounts: list[Row] = [{"duration": "forever", "percent": str(self.percent), "start": str(self.start)}]
        off = Decimal(self.coupon)
        if self.tax == "inclusive":
            net, off = net * 4 / 5, off * 4 / 5
        if self.coupon:
            discounts.append({"duration": "once", "amount": self.money(off), "start": str(self.start)})
        price = {
            "price": self.money(net), "every": {"unit": UNITS[self.months]}, "quantity": str(self.seats),
            "discounts": discounts,
        }  # fmt: skip
        self.versions.append(
            {"subscription": f"S-{self.id}", "customer": self.id, "start": str(day), "status": status, "items": [price]}
        )

    # ------------------------------------------------------------------- a billing period

    def period(self, day: date, number: int) -> None:
        """Bill a period in advance and what was used before it, and decide what happens in it."""
        end = self.dates[number + 1]
        lines = self.usage_lines(number - 1) if number else []
        paused = number > 0 and self.months == 1 and self.dice.random() < 0.04
        if paused:
            self.begin_version(day, "paused")
        else:
            if self.versions[-1]["status"] == "paused":
                self.begin_version(day, "active")
            lines = [self.seats_line(day, end, number), *lines]
        invoice = self.bill(day, lines, coupon=number == 0) if lines or self.pending else None
        then = self.period
        if not paused and invoice is not None:
            then = self.something_happens(day, end, number, invoice) or then
        self.at(end, lambda on: then(on, number + 1))

    def last_bill(self, day: date, number: int) -> None:
        """After the end: only what was used."""
        lines = self.usage_lines(number - 1)
        if lines:
            self.bill(day, lines)

    def seats_line(self, day: date, end: date, number: int) -> Line:
        facts = {
            "currency": self.currency, "usage": [{"meter": "seats", "quantity": str(self.seats)}],
            "period": {"from": str(day), "to": str(end)}, "bill": "in_advance",
        }  # fmt: skip
        answer = self.company.ask("pricing", pricing(self.currency, self.plan, self.months), facts)
        price = price_of(self.currency, self.plan, self.months)
        exact = Fraction(price) * self.seats * (100 - self.percent) / 100
        exact -= self.coupon if number == 0 else 0
        name = f"{self.id}-seats-{number}"
        amount = answer["total"].amount
        return Line(name, amount, Decimal(0), exact * self.net_share, day, end, kind="seats")

    def usage_lines(self, number: int) -> list[Line]:
        """What was used in a period: measured, then rated."""
        first, end = self.dates[number], self.dates[number + 1]
        zone = ZoneInfo("America/New_York")
        span = {
            name: datetime.combine(day, time(), zone).astimezone(UTC).isoformat().replace("+00:00", "Z")
            for name, day in (("from", first), ("to", end))
        }
        meter = shipped("meter", "api_calls")
        measured = self.company.ask("meter", meter, {"records": self.records, "period": span})
        facts = {
            "currency": self.currency, "usage": measured["usage"], "period": {"from": str(first), "to": str(end)},
            "bill": "in_arrears", "billed": [{"charge": "calls", "over": "period", "quantity": "0"}],
        }  # fmt: skip
        answer = self.company.ask("pricing", pricing(self.currency, self.plan, self.months), facts)
        found = [row for row in answer["lines"] if row["amount"].amount]
        return [
            Line(f"{self.id}-calls-{number}", row["amount"].amount, Decimal(0), Fraction(row["exact"])) for row in found
        ]

    # ------------------------------------------------------------------- bills

    def taxed(self, lines: list[Line], coupon: bool = False) -> None:
        """Give lines their net and tax by the customer's document of totals."""
        told = []
        for line in lines:
            discounts: list[Row] = []
            if line.kind == "seats" and self.percent:
                discounts.append({"id": "loyalty", "percent": str(self.percent)})
            if line.kind == "seats" and coupon and self.coupon:
                discounts.append({"id": "welcome", "amount": self.money(self.coupon)})
            row = {"id": line.id, "kind": line.kind, "amount": self.money(line.net), "discounts": discounts}
            told.append(row)
        facts = {
            "currency": self.currency, "lines": told, "taxes": [{"code": self.tax, "percent": TAXES[self.tax]}]
        }  # fmt: skip
        answer = self.company.ask("totals", TOTALS[self.tax](), facts)
        for line, row in zip(lines, answer["lines"], strict=True):
            line.net, line.tax = row["net"].amount, row["tax"].amount

    def bill(self, day: date, lines: list[Line], coupon: bool = False) -> Invoice:
        self.taxed(lines, coupon)
        return self.finalize(day, lines)

    def finalize(self, day: date, lines: list[Line]) -> Invoice:
        """An invoice with these lines and those that wait to be billed; what becomes of it is drawn here."""
        waiting, self.pending = self.pending, []
        name = f"I-{self.id}-{len(self.invoices)}"
        told = []
        for line in (*lines, *waiting):
            line.billed_on, line.begins = day, line.begins or day
            row = {"id": line.id, "amount": self.money(line.net), "tax": self.money(line.tax), "contract": self.id}
            if line in waiting:
                row["unbilled"] = line.id
            elif line.start is not None:
                row["service"] = {"start": str(line.start), "end": str(line.end)}
            told.append(row)
        self.tell("invoice.finalized", day, invoice=name, lines=told)
        invoice = Invoice(name, day, [*lines, *waiting], Decimal(0), "")
        invoice.open = invoice.gross
        self.invoices.append(invoice)
        self.use_balances(day, invoice)
        self.draw_fate(day, invoice)
        return invoice

    def use_balances(self, day: date, invoice: Invoice) -> None:
        for kind, name in (("customer_balance.applied", "balance"), ("payment.applied", "held")):
            amount = min(getattr(self, name), invoice.open)
            if amount > 0:
                self.tell(kind, day, invoice=invoice.id, amount=self.money(amount))
                setattr(self, name, getattr(self, name) - amount)
                self.takes.append((day, invoice.id, "paid", amount))
                self.reduce(invoice, amount)
                invoice.taken = invoice.taken or name == "balance"
                invoice.by_held_money = invoice.by_held_money or name == "held"

    def reduce(self, invoice: Invoice, amount: Decimal) -> None:
        invoice.open -= amount
        if invoice.open == 0:
            invoice.state = "paid"

    def draw_fate(self, day: date, invoice: Invoice) -> None:
        from company_money import FATES, WEIGHTS

        (fate,) = self.dice.choices(FATES, WEIGHTS)
        invoice.fate = fate.__name__
        fate(self, invoice, day)

    # ------------------------------------------------------------------- changes

    def something_happens(self, day: date, end: date, number: int, invoice: Invoice) -> Any:
        """Perhaps one change in the period; gives what comes after it, where that is not the next period."""
        from company_changes import CHANGES

        days = (end - day).days
        on = day + timedelta(days=self.dice.randint(3, days - 2))
        if on >= HORIZON or self.dice.random() > (0.3 if self.months == 1 else 0.7):
            return None
        change = self.dice.choice(CHANGES)
        return change(self, on, end, number, invoice)


def generate(seed: int, customers: int = 30) -> Company:
    """A company from a seed."""
    company = Company(seed)
    for number in range(customers):
        customer = Customer(company, number, Random(f"{seed}/{number}"))
        company.customers.append(customer)
        customer.live()
    return company
