"""Laws of a generated year: sums of documents, revenue, recurring revenue and its bridge to the books, usage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from company_books import ENDS, by_template, posted
from company_documents import METER, PLACES, STYLES, own, pricing, revenue_policy, shipped
from company_formula import recurring, revenue, sold_by, to_unit
from company_year import HORIZON, YEAR, Company, Customer, rate_of

from engine import api
from engine.base.identity import json_bytes

Row = dict[str, Any]
CONTRA = ("refunds", "credit_notes", "voids", "disputes")


def total(rows: Iterable[Row], name: str) -> Decimal:
    return sum((row[name].amount for row in rows if row[name] is not None), Decimal(0))


# ----------------------------------------------------------------------------- documents


def lines_add_up(company: Company) -> None:
    """Every document's lines are its total, its tax that of its lines, and no figure has more digits than money."""
    assert len(company.answers) > 100
    for kind, facts, answer in company.answers:
        if kind == "totals":
            for name in ("net", "tax", "gross"):
                assert total(answer["lines"], name) == answer[name].amount, (name, facts)
            assert total(answer["taxes"], "tax") == answer["tax"].amount
            assert total(answer["lines"], "document_discount") == answer["document_discount"].amount
            assert answer["net"].amount + answer["tax"].amount == answer["gross"].amount
            assert _exact(answer["gross"])
        elif kind == "pricing":
            assert total(answer["lines"], "amount") == answer["total"].amount
        elif kind == "proration":
            assert total(answer["lines"], "amount") == answer["net"].amount
            assert answer["credits"].amount + answer["charges"].amount == answer["net"].amount
            assert all(_exact(line["amount"]) for line in answer["lines"])
        elif kind == "settlement":
            used = total(answer["applications"], "applied") + answer["unapplied"].amount
            assert used == Decimal(facts["receipt"]["amount"]["amount"])


def _exact(money: Any) -> bool:
    places = PLACES[money.currency]
    return bool(money.amount == money.amount.quantize(Decimal(1).scaleb(-places)))


# ----------------------------------------------------------------------------- revenue


def contract_of(customer: Customer) -> Row:
    """Everything that was sold to a customer, and billed."""
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
    return {"contract": customer.id, "currency": customer.currency, "obligations": obligations, "billing": billing}


def revenue_is_conserved(company: Company) -> None:
    """At every period's end recognised and remaining are the price, the position is billed less recognised, and each
    obligation earns its share, whatever the rounding; both styles of posting have the same positions."""
    for number, customer in enumerate(company.customers):
        facts = contract_of(customer)
        for style in STYLES:
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
            if number % 4 == 0:
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
        assert {key: value for key, value in wanted.items() if value and key[0] not in taken} == {
            key: value for key, value in found.items() if key[0] not in taken
        }
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


# ----------------------------------------------------------------------------- usage


def usage_is_measured_alike(company: Company) -> None:
    """The year's records as a stream, as columns and at hand, as they came, reordered and delivered twice."""
    records = [record for customer in company.customers for record in customer.records]
    corrected = METER.format(id="api_calls") + "  replaces: corrects\n  removes: deletes\n"
    plain = [record for record in records if "corrects" not in record and "deletes" not in record]
    dice = Random(f"{company.seed}/usage")
    for text, given, endings in (
        (corrected, records, ("ndjson",)),
        (METER.format(id="api_calls"), plain, ("ndjson", "csv")),
    ):
        again = [*given, *given]
        dice.shuffle(again)
        told = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
        document = api.prepare("api_calls.meter.yaml", text.encode())
        at_hand = document.calculate({"records": given, "period": told})
        assert len(at_hand["usage"]) > 1
        twice = document.calculate({"records": again, "period": told})
        assert _said(twice) == _said(at_hand)
        with TemporaryDirectory() as folder:
            for ending in endings:
                for rows in (given, again):
                    assert _said(_from_file(Path(folder), text, ending, rows)) == _said(at_hand), ending


def _said(answer: Any) -> tuple[Any, ...]:
    rows = [(row["dimensions"], row["quantity"]) for row in answer["usage"]]
    return (rows, answer["fingerprint"], answer["counted"], answer["corrected"])


def _from_file(folder: Path, meter: str, ending: str, rows: list[Row]) -> Row:
    file, document = folder / f"usage.{ending}", folder / "api_calls.meter.yaml"
    document.write_text(meter, "utf-8")
    if ending == "csv":
        columns = ("id", "time", "customer", "calls")
        lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
        file.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        file.write_bytes(b"".join(json_bytes(row) + b"\n" for row in rows))
    found = api.measure_usage(
        shipped("pricing", "api_calls"), [str(file)], {}, period=(YEAR, HORIZON), workspace=None, meters=[document]
    )
    (_, result) = found.meters[0]
    usage = [{"dimensions": dict(row.dimensions), "quantity": row.quantity} for row in result.usage]
    return {
        "usage": usage, "fingerprint": result.fingerprint, "counted": result.counted, "corrected": result.corrected
    }  # fmt: skip


def billing_in_parts_is_billing_at_once(company: Company) -> None:
    """Tiers that count over the period give the same, billed once or in two parts of the month."""
    dice = Random(f"{company.seed}/parts")
    for customer in company.customers:
        document = pricing(customer.currency, customer.plan, customer.months)
        first, end = ENDS[9], ENDS[10]
        cut = first + timedelta(days=dice.randint(1, 29))
        whole, early, late = (_quantity(customer, *span) for span in ((first, end), (first, cut), (cut, end)))
        assert whole == early + late

        def rated(quantity: Decimal, before: Decimal, document: Any = document, customer: Any = customer) -> Decimal:
            usage = [{"meter": "api_calls", "quantity": str(quantity)}]
            billed = [{"charge": "calls", "over": "period", "quantity": str(before)}]
            facts = {"currency": customer.currency, "usage": usage, "bill": "in_arrears", "billed": billed}
            amount: Decimal = document.calculate(facts)["total"].amount
            return amount

        assert rated(whole, Decimal(0)) == rated(early, Decimal(0)) + rated(late, early)


def _quantity(customer: Customer, first: date, end: date) -> Decimal:
    span = {
        name: datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
        for name, day in (("from", first), ("to", end))
    }
    answer = shipped("meter", "api_calls").calculate({"records": customer.records, "period": span})
    return sum((row["quantity"] for row in answer["usage"]), Decimal(0))


LAWS = (
    lines_add_up, revenue_is_conserved, periods_split_and_merge, formula_agrees_on_revenue,
    recurring_revenue_rolls_forward, the_bridge_ties, usage_is_measured_alike, billing_in_parts_is_billing_at_once,
)  # fmt: skip
