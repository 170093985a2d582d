"""A second implementation of the year's revenue and recurring revenue: plain fractions, told only what was sold and
what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from company_documents import PLACES
from company_year import Customer, Line

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def to_unit(value: Fraction, places: int) -> Decimal:
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def spread(amount: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """Largest remainders first; weights of both signs: each rounded, the last takes the rest."""
    whole, unit = sum(weights), Decimal(1).scaleb(-places)
    if whole == amount:
        return list(weights)
    shares = [Fraction(amount) * Fraction(weight) / Fraction(whole) for weight in weights]
    if min(weights) < 0 < max(weights):
        parts = [to_unit(share, places) for share in shares[:-1]]
        return [*parts, amount - sum(parts)]
    parts = [Decimal(share * 10**places // 1).scaleb(-places) for share in shares]
    order = sorted(range(len(shares)), key=lambda index: Fraction(parts[index]) - shares[index])
    for index in order[: int((amount - sum(parts)) / unit)]:
        parts[index] += unit
    return parts


class Sold:
    """A line that was sold, what of it is owed, and what was taken back: day, earned part, unearned part, why."""

    def __init__(self, line: Line, places: int) -> None:
        self.line, self.places, self.open = line, places, line.net + line.tax
        self.taken: list[tuple[date, date, Decimal, Decimal, str]] = []

    def active(self, day: date) -> list[tuple[date, Decimal, Decimal, str]]:
        return [(on, part, rest, why) for on, until, part, rest, why in self.taken if on < day <= until]

    def share(self, day: date) -> Fraction:
        line = self.line
        if line.start is None or line.end is None:
            return Fraction(line.billed_on is not None and line.billed_on < day)
        days = (min(max(day, line.start), line.end) - line.start).days
        return Fraction(days, (line.end - line.start).days)

    def earned(self, day: date) -> Decimal:
        exact, left = Fraction(self.line.net) * self.share(day), self.line.net
        for on, _, unearned, _ in self.active(day):
            left -= unearned
            rest = 1 - self.share(on)
            exact -= Fraction(unearned) * ((self.share(day) - self.share(on)) / rest if rest else 1)
            before = to_unit(Fraction(self.line.net) * self.share(on), self.places)
            if unearned and left == before:
                return before
        return to_unit(exact, self.places)

    def contra(self, day: date, of_revenue: bool = False) -> Decimal:
        found = [part for _, part, _, why in self.active(day) if not (of_revenue and why == "written_off")]
        return sum(found, Decimal(0))

    def take(self, on: date, net: Decimal, why: str) -> None:
        reached, active = self.earned(on), self.active(on)
        pool = reached - self.contra(on)
        left = self.line.net - sum((unearned for _, _, unearned, _ in active), Decimal(0)) - reached
        part = (
            pool if net == pool + left else to_unit(Fraction(net) * Fraction(pool) / Fraction(pool + left), self.places)
        )
        self.taken.append((on, date.max, part, net - part, why))


def sold_by(customer: Customer) -> dict[str, Sold]:
    """All lines of a customer, with what was taken back of them."""
    places = PLACES[customer.currency]
    lines = [line for invoice in customer.invoices for line in invoice.lines] + customer.pending
    sold = {line.id: Sold(line, places) for line in lines}
    of_invoice = {invoice.id: [sold[line.id] for line in invoice.lines] for invoice in customer.invoices}
    for on, invoice, why, what in customer.takes:
        found = of_invoice[invoice]
        if why == "paid":
            for each, part in zip(found, spread(what, [each.open for each in found], places), strict=True):
                each.open -= part
        elif why in {"credit", "refund", "credit_open"}:
            sold[what[0]].take(on, what[1], why)
            sold[what[0]].open -= sum(what[1:]) if why == "credit_open" else 0
        elif why == "credit_void":
            sold[what[0]].open += what[1] + what[2]
            sold[what[0]].taken = [(each[0], on, *each[2:]) for each in sold[what[0]].taken]
        elif why == "unpaid":
            for each in found:
                each.open = each.line.net + each.line.tax
        else:
            for each in found:
                gross = each.line.net + each.line.tax if why in {"lost", "refunded_whole"} else each.open
                if gross:
                    each.take(on, spread(gross, [each.line.net, each.line.tax], places)[0], why)
    return sold


def revenue(customer: Customer, day: date) -> Decimal:
    """Earned before a day, less what was taken back of it."""
    return sum((each.earned(day) - each.contra(day, True) for each in sold_by(customer).values()), Decimal(0))


def recurring(customer: Customer, day: date, every_discount: bool = False) -> Fraction:
    """Recurring revenue on a day."""
    for version in customer.versions:
        end = version.get("paid_to") or version.get("end")
        if version["status"] != "active" or not version["start"] <= str(day) < (end or "9999"):
            continue
        (each,) = version["items"]
        off = sum(Fraction(given.get("percent", "0")) for given in each["discounts"])
        net = Fraction(each["price"]["amount"]) * int(each["quantity"]) * (100 - off) / 100
        for given in each["discounts"]:
            if "amount" in given and every_discount and str(day) < str(customer.dates[1]):
                net -= Fraction(given["amount"]["amount"])
        return net / MONTHS[each["every"]["unit"]]
    return Fraction(0)
