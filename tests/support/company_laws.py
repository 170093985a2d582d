"""Laws of a generated year: sums of documents, revenue, recurring revenue and its bridge to the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from company_books import ENDS, by_template, posted
from company_documents import PLACES, STYLES, own, revenue_policy, shipped
from company_formula import recurring, revenue, sold_by, to_unit
from company_year import HORIZON, YEAR, Company, Customer, rate_of

from engine.base.money import Money

Row = dict[str, Any]
CREDIT = "credit of "
CONTRA = ("refunds", "credit_notes", "voids", "disputes")


def total(rows: Iterable[Row], name: str) -> Decimal:
    return sum((row[name].amount for row in rows if row[name] is not None), Decimal(0))


# ----------------------------------------------------------------------------- documents


def lines_add_up(company: Company) -> None:
    """Every document's lines are its total, its tax that of its lines, and no amount has more digits than its
    currency."""
    assert len(company.answers) > 100
    for kind, facts, answer in company.answers:
        assert all(_exact(amount) for amount in _amounts(answer)), (kind, facts)
        if kind == "totals":
            for name in ("net", "tax", "gross", "line_discount", "document_discount"):
                of_lines = total(answer["lines"], {"line_discount": "discount"}.get(name, name))
                assert of_lines == answer[name].amount, (name, facts)
            assert total(answer["taxes"], "tax") == answer["tax"].amount
            assert answer["net"].amount + answer["tax"].amount == answer["gross"].amount
            assert all(row["net"].amount + row["tax"].amount == row["gross"].amount for row in answer["lines"])
        elif kind == "pricing":
            assert total(answer["lines"], "amount") == answer["total"].amount
        elif kind == "proration":
            assert total(answer["lines"], "amount") == answer["net"].amount
            assert answer["credits"].amount + answer["charges"].amount == answer["net"].amount
        elif kind == "settlement":
            used = total(answer["applications"], "applied") + answer["unapplied"].amount
            assert used == Decimal(facts["receipt"]["amount"]["amount"])


def _amounts(value: Any) -> Iterator[Money]:
    """All amounts of an answer but prices of one unit, which may be finer."""
    if isinstance(value, Money):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name != "unit_price":
                yield from _amounts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _amounts(each)


def _exact(money: Money) -> bool:
    places = PLACES[money.currency]
    return money.amount == money.amount.quantize(Decimal(1).scaleb(-places))


# ----------------------------------------------------------------------------- revenue


def contract_of(customer: Customer) -> Row:
    """Everything that was sold to a customer, billed, and credited for service that was not used."""
    obligations, billing = [], []
    waiting = [(None, line) for line in customer.pending]
    for invoice, line in [(i, x) for i in customer.invoices for x in i.lines] + waiting:
        told: Row = {"id": line.id, "price": customer.money(line.net)}
        if line.start is None:
            told |= {"method": "point_in_time", "satisfied_on": str(line.billed_on)}
        else:
            told |= {"start": str(line.start), "end_exclusive": str(line.end)}
        obligations.append(told)
        if invoice is not None:
            billing.append({"on": str(invoice.day), "amount": customer.money(line.net), "obligation": line.id})
    ends = {line.id: line.end for invoice in customer.invoices for line in invoice.lines}
    for on, _, why, what in customer.takes:
        if why == "credit":
            price, name = customer.money(-what[1]), f"{CREDIT}{what[0]}"
            obligations.append({"id": name, "price": price, "start": str(on), "end_exclusive": str(ends[what[0]])})
            billing.append({"on": str(on), "amount": price, "obligation": name})
    return {"contract": customer.id, "currency": customer.currency, "obligations": obligations, "billing": billing}


def revenue_is_conserved(company: Company) -> None:
    """At every period's end recognised and remaining are the price, the position is billed less recognised, and each
    obligation earns its share, whatever the rounding; both styles of posting have the same positions."""
    for number, customer in enumerate(company.customers):
        facts = contract_of(customer)
        for style in STYLES if number % 2 else STYLES[:1]:
            answer = revenue_policy(style).calculate(facts)
            price, before = answer["price"]["total"].amount, Decimal(0)
            for row in answer["positions"]:
                assert row["recognized_to_date"].amount + row["remaining"].amount == price
                closing = row["deferred"].amount - row["contract_asset"].amount
                assert before + row["billed"].amount - row["revenue"].amount == closing
                assert closing == row["billed_to_date"].amount - row["recognized_to_date"].amount
                before = closing
            earned: dict[str, Decimal] = defaultdict(Decimal)
            for row in answer["schedule"]:
                earned[row["obligation"]] += row["amount"].amount
            for row in answer["allocation"]:
                assert earned[row["obligation"]] == row["amount"].amount, (style, row["obligation"])
            if number % 4 == 1:
                assert revenue_policy(style, "gross").calculate(facts)["positions"] == answer["positions"]


def _calendar(days: tuple[int, ...], months: int) -> tuple[tuple[str, str], ...]:
    starts = [
        date(2025 + month // 12, month % 12 + 1, day) for month in range(9, 46, months) for day in days
    ]  # fmt: skip
    return tuple((f"p{index:03d}", str(start)) for index, start in enumerate(starts))


CALENDARS = {"quarters": _calendar((1,), 3), "halves": _calendar((1, 16), 1)}


def periods_split_and_merge(company: Company) -> None:
    """Months, quarters and half months agree wherever they end together; and the journal earns line by line what the
    schedule says."""
    ends = 0
    for customer in company.customers[::3]:
        facts = contract_of(customer)
        months = revenue_policy("cumulative").calculate(facts)
        reached = _by_end(months)
        for calendar in CALENDARS.values():
            other = _by_end(revenue_policy("cumulative", "net", calendar).calculate(facts))
            common = set(reached) & set(other)
            ends += len(common)
            assert {end: reached[end] for end in common} == {end: other[end] for end in common}
        taken = {name for name, sold in sold_by(customer).items() if sold.taken}
        wanted = {(row["obligation"], row["period"]): row["amount"].amount for row in months["schedule"]}
        found = {(row["line"], row["period"]): row["amount"].amount for row in posted(customer)["earned"]}
        assert {
            key: value for key, value in wanted.items() if value and key[0] not in taken and CREDIT not in key[0]
        } == {key: value for key, value in found.items() if key[0] not in taken}
    assert ends > 30


def _by_end(answer: Row) -> dict[date, Decimal]:
    found, reached = {}, Decimal(0)
    for day in sorted({row["posted_on"] for row in answer["schedule"]}):
        reached += total([row for row in answer["schedule"] if row["posted_on"] == day], "amount")
        found[day] = reached
    return found


def formula_agrees_on_revenue(company: Company) -> None:
    """The second implementation gives every customer's revenue at every month's end, to the cent."""
    for customer in company.customers:
        entries = posted(customer)["entries"]
        for end in ENDS:
            ours = [
                line["amount"].amount * (1 if line["side"] == "credit" else -1)
                for entry in entries if entry["date"] < end for line in entry["lines"]
                if line["role"] in ("revenue", *CONTRA)
            ]  # fmt: skip
            assert sum(ours, Decimal(0)) == revenue(customer, end), (customer.id, end)


# ----------------------------------------------------------------------------- metrics


EXACT = "rounding:\n  amount:\n    scale: 20\n"
MOVES = ("new", "reactivation", "expansion", "contraction", "churn")


def measured(
    document: Any, customers: list[Customer], start: date, end: date, currency: str = "USD", **more: Any
) -> Row:
    rates = [
        {"currency": name, "start": str(day), "rate": str(rate_of(name, day))}
        for name in PLACES if name != currency == "USD" for day in [date(2025, 10, 1), date(2025, 11, 1), *ENDS]
    ]  # fmt: skip
    facts = {
        "currency": currency, "start": str(start), "end": str(end), "rates": rates,
        "subscriptions": [version for customer in customers for version in customer.versions], **more,
    }  # fmt: skip
    answer: Row = document.calculate(facts)
    return answer


def recurring_revenue_rolls_forward(company: Company) -> None:
    """Start and movements are the end, in every month and over the year; months join to the year; the second
    implementation gives the same levels."""
    exact, neutral = own("metrics", EXACT), shipped("metrics", "neutral")
    year = measured(exact, company.customers, YEAR, HORIZON)
    months = [measured(exact, company.customers, start, end) for start, end in pairwise(ENDS)]
    shown = [measured(neutral, company.customers, start, end) for start, end in pairwise(ENDS)]
    for answer in (year, *months, *shown, measured(neutral, company.customers, YEAR, HORIZON)):
        roll = answer["rollforward"]
        gains = sum(roll[name].amount for name in ("start", "new", "reactivation", "expansion", "fx"))
        assert gains - roll["contraction"].amount - roll["churn"].amount == roll["end"].amount == answer["mrr"].amount
    dollars = [customer for customer in company.customers if customer.currency == "USD"]  # some hold rates constant
    for name in ("chartmogul", "profitwell", "stripe_metrics"):
        levels = [measured(shipped("metrics", name), dollars, start, end) for start, end in pairwise(ENDS[::3])]
        for before, after in pairwise(levels):
            assert before["rollforward"]["end"] == after["rollforward"]["start"]
        for roll in (answer["rollforward"] for answer in levels):
            losses = roll["contraction"].amount + roll["churn"].amount
            gains = sum(roll[name].amount for name in ("start", "new", "reactivation", "expansion", "fx"))
            assert gains - losses == roll["end"].amount
    for before, after in pairwise(shown):
        assert before["rollforward"]["end"] == after["rollforward"]["start"]
    assert [move for month in months for move in month["movements"]] == year["movements"]
    assert year["rollforward"]["start"] == months[0]["rollforward"]["start"]
    assert year["rollforward"]["end"] == months[-1]["rollforward"]["end"]
    for name in MOVES:
        of_months = sum(month["rollforward"][name].amount for month in months)
        assert abs(of_months - year["rollforward"][name].amount) < Decimal("1e-15")
    for end, answer in zip(ENDS[1:], shown, strict=True):
        last = end - timedelta(days=1)
        ours = sum(
            (recurring(each, last) * Fraction(rate_of(each.currency, last)) for each in company.customers), Fraction(0)
        )
        assert answer["mrr"].amount == to_unit(ours, 2)


def weighted(customer: Customer) -> Fraction:
    """Recurring revenue of 2026 with all discounts, each month weighted by the days on which it was so."""
    days = {customer.dates[1], *ENDS}
    for version in customer.versions:
        days |= {date.fromisoformat(version[name]) for name in ("start", "end", "paid_to") if version.get(name)}
    found = Fraction(0)
    for start, end in pairwise(sorted(day for day in days if YEAR <= day <= HORIZON)):
        month = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - start.replace(day=1)
        found += recurring(customer, start, True) * Fraction((end - start).days, month.days)
    return found


def differences(customers: list[Customer]) -> dict[str, Fraction]:
    """What lies between recurring and recognised revenue, from what was sold alone."""
    served = unserved = lines = schedules = taken = Fraction(0)
    for customer in customers:
        for sold in sold_by(customer).values():
            line = sold.line
            share = sold.share(HORIZON) - sold.share(YEAR)
            if line.start is not None:
                until = HORIZON if line.served_to is None else min(line.served_to, HORIZON)
                inside = max(sold.share(until) - sold.share(YEAR), Fraction(0))
                served += line.exact * inside
                unserved += line.exact * (share - inside)
                lines += (Fraction(line.net) - line.exact) * share
            plain = [to_unit(Fraction(line.net) * sold.share(day), sold.places) for day in (YEAR, HORIZON)]
            schedules += Fraction(plain[1] - plain[0]) - Fraction(line.net) * share
            really = [sold.earned(day) - sold.contra(day, True) for day in (YEAR, HORIZON)]
            taken += Fraction(really[1] - really[0] - plain[1] + plain[0])
    return {
        "billing periods against months": served - sum((weighted(each) for each in customers), Fraction(0)),
        "billed service after the end": unserved, "rounding of lines": lines, "rounding of schedules": schedules,
        "taken back": taken,
    }  # fmt: skip


def the_bridge_ties(company: Company) -> None:
    """From recurring revenue to cash in each currency, every difference by its name, nothing left."""
    for currency in PLACES:
        customers = [each for each in company.customers if each.currency == currency]
        moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for customer in customers:
            for key, value in by_template(posted(customer)["entries"]).items():
                moved[key] += value
        books, usage = _books(currency, customers, moved)
        answer = measured(
            shipped("metrics", "neutral"), customers, YEAR, HORIZON, currency, books=books, usage=usage
        )["bridge"]  # fmt: skip
        assert answer["ties"], answer
        assert answer["unexplained"].amount == 0
        assert {step["stage"] for step in answer["steps"]} == {"recognised", "billed", "cash"}


def _books(currency: str, customers: list[Customer], moved: dict[tuple[str, str], Decimal]) -> tuple[Row, list[Row]]:
    def role(*names: str) -> Decimal:
        return sum((value for (_, name), value in moved.items() if name in names), Decimal(0))

    def template(name: str, *roles: str) -> Decimal:
        found = ((of, value) for (each, of), value in moved.items() if each == name)
        return sum((value for of, value in found if of in roles), Decimal(0))

    def money(amount: Any) -> Row:
        return {"amount": f"{amount:f}", "currency": currency}

    billing = ("invoice_line", "credit_line", "credit_voided", "void_line")
    to_customers = ("receivable", "refund_payable", "customer_balance")
    gone = {name: template(f"{name}_line", "deferred_revenue", *CONTRA) for name in ("refund", "dispute_lost")}
    named = [("recognised", name, to_unit(value, 12)) for name, value in differences(customers).items()]
    named += [("billed", f"taken back by {name}", value) for name, value in gone.items()]
    named += [
        ("billed", "deferred revenue written off", template("uncollectible_line", "deferred_revenue")),
        ("cash", "money held without an invoice", -role("unapplied_cash")),
        ("cash", "balances kept for customers", -role("customer_balance")),
        ("cash", "credits to be paid back", -role("refund_payable")),
        ("cash", "disputes not decided", -role("dispute_receivable")),
        ("cash", "refunds", template("refund_line", "cash")),
        ("cash", "disputes lost", template("dispute_lost_line", "dispute_receivable")),
        ("cash", "written off", template("uncollectible_line", "receivable")),
        ("cash", "recovered", -template("payment_line", "bad_debt", "recoveries")),
    ]
    billed = sum((template(name, *to_customers) for name in billing), Decimal(0))
    fees = role("fees")
    books = {
        "recognised": money(-role("revenue", *CONTRA)), "billed": money(billed),
        "cash": money(role("cash", "clearing") + fees), "deferred_change": money(-role("deferred_revenue")),
        "unbilled_change": money(role("unbilled_receivable")), "receivable_change": money(role("receivable")),
        "tax": money(-sum((template(name, "tax_payable") for name in billing), Decimal(0))),
        "differences": [{"stage": stage, "name": name, "amount": money(amount)} for stage, name, amount in named],
    }  # fmt: skip
    usage = [
        {"quantity": "1", "unit_price": money(line.net)}
        for customer in customers for invoice in customer.invoices for line in invoice.lines
        if line.kind == "usage" and YEAR <= invoice.day < HORIZON
    ]  # fmt: skip
    return books, usage


LAWS = (
    lines_add_up, revenue_is_conserved, periods_split_and_merge, formula_agrees_on_revenue,
    recurring_revenue_rolls_forward, the_bridge_ties,
)  # fmt: skip
