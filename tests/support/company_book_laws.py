"""Laws of the generated company's books: entries, closings, replays, and what other tools and documents say of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from random import Random
from typing import Any

from beancount import loader
from beancount.core import data as beans
from company_books import ENDS, commission_history, post, posted, prepaid_history, signed
from company_documents import BOOKS, shipped
from company_year import HORIZON, Company, Customer, Invoice, rate_of

Row = dict[str, Any]
DONE = {"paid", "void", "written_off", "lost", "recovered"}
ROOTS = {
    "asset": "Assets", "contra_asset": "Assets", "liability": "Liabilities", "equity": "Equity", "revenue": "Income",
    "contra_revenue": "Income", "gain": "Income", "expense": "Expenses",
}  # fmt: skip
LAYERS = ("amount", "functional")


def entries_balance(company: Company) -> None:
    """Debits are credits in every entry and currency, in all books; keys are used once; the trial balance is zero."""
    for number, book in enumerate(BOOKS):
        for customer in company.customers[number % 3 :: 1 if book in ("standard", "gross", "net") else 3]:
            entries = posted(customer, book)["entries"]
            assert len({entry["key"] for entry in entries}) == len(entries)
            for layer in LAYERS:
                assert sum(signed(entries, layer).values()) == 0
                for entry in entries:
                    assert sum(signed([entry], layer).values()) == 0, entry


def books_agree_with_billing(company: Company) -> None:
    """Receivables, held money, balances, unbilled service and the clearing account are what billing knows of them;
    once everything is served, deferred revenue is empty."""
    settled = 0
    for customer in company.customers:
        at_end = signed(posted(customer)["entries"])
        told = {
            "receivable": sum((invoice.open for invoice in customer.invoices), Decimal(0)),
            "unapplied_cash": -customer.held, "customer_balance": -customer.balance,
            "unbilled_receivable": sum((line.net for line in customer.pending), Decimal(0)),
        }  # fmt: skip
        assert {role: at_end.get(role, Decimal(0)) for role in told} == told, customer.id
        assert not {"clearing", "deferred_revenue", "contract_asset"} & set(at_end), customer.id
        if all(invoice.state in DONE for invoice in customer.invoices):
            assert not {"dispute_receivable", "refund_payable", "receivable"} & set(at_end), customer.id
            settled += 1
    assert settled > len(company.customers) // 3


def what_must_be_empty_is_empty_in_dollars(company: Company) -> None:
    """An account that returns to zero in its own currency does so in the entity's, in all books."""
    for number, customer in enumerate(company.customers):
        for book in ("standard", tuple(BOOKS)[number % len(BOOKS)]):
            entries = posted(customer, book)["entries"]
            kept = set(signed(entries, "amount")) | {"exchange_loss", "rounding"}
            assert set(signed(entries, "functional")) <= kept, (customer.id, book)


def gross_and_net_close_alike(company: Company) -> None:
    """Every month's end has the same balances, however revenue was posted; also where the books stop there."""
    for number, customer in enumerate(company.customers):
        gross, net = (posted(customer, book)["entries"] for book in ("gross", "net"))
        for layer in LAYERS:
            for end in ENDS:
                assert signed(gross, layer, end) == signed(net, layer, end), (customer.id, end)
        end = ENDS[number % len(ENDS)]
        last = str(end - timedelta(days=1))
        for book in ("gross", "net"):
            entries = post(customer.events, book, through=last)["entries"]
            assert signed(entries, "functional") == signed(gross, "functional", end), (customer.id, book, end)


def replays_post_nothing(company: Company) -> None:
    """Posting again posts nothing; more history posts the difference; an empty history takes everything back."""
    dice = Random(f"{company.seed}/replay")
    for number, customer in enumerate(company.customers[::3]):
        book = tuple(BOOKS)[number % len(BOOKS)]
        events = sorted(customer.events, key=lambda event: event["date"])
        whole = post(events, book)
        again = post([*events, *events], book, posted=_already(whole["entries"]))
        assert again["entries"] == []
        cut = dice.randint(1, len(events))
        before = post(events[:cut], book)["entries"]
        after = post(events, book, posted=_already(before))["entries"]
        for layer in LAYERS:
            assert signed([*before, *after], layer) == signed(whole["entries"], layer), (customer.id, book)
        nothing = {"id": "none", "event": "usage.recorded", "date": events[-1]["date"], "meter": "none",
                   "amount": {"amount": "0", "currency": "USD"}}  # fmt: skip
        back = post([nothing], book, posted=_already(whole["entries"]))["entries"]
        for layer in LAYERS:
            assert signed([*whole["entries"], *back], layer) == {}, (customer.id, book)


def _already(entries: list[Row]) -> list[Row]:
    return [{"key": entry["key"], "lines": [dict(line) for line in entry["lines"]]} for entry in entries]


def months_close_one_by_one(company: Company) -> None:
    """Closing month after month, with some events known late, posts nothing into a closed month, and all of it in the
    end; what the books say then is what they say at once."""
    dice = Random(f"{company.seed}/months")
    for number, customer in enumerate(company.customers[1::6]):
        book = tuple(BOOKS)[number % len(BOOKS)]
        known, told = date.min, []
        for event in sorted(customer.events, key=lambda event: event["date"]):
            known = max(known, date.fromisoformat(event["date"]) + timedelta(days=dice.choice([0, 0, 0, 25])))
            told.append((known, event))
        entries: list[Row] = []
        for start, end in [(date(2025, 10, 1), ENDS[0]), *pairwise(ENDS), (HORIZON, date(2028, 6, 1))]:
            events = [event for known, event in told if known < end]
            if events:
                facts = {"through": str(end - timedelta(days=1)), "closed_before": str(start)}
                new = post(events, book, posted=_already(entries), **facts)["entries"]
                assert all(start <= entry["date"] < end for entry in new), (customer.id, book, end)
                entries += new
        for layer in LAYERS:
            assert signed(entries, layer) == signed(posted(customer, book)["entries"], layer), (customer.id, book)


def order_does_not_matter(company: Company) -> None:
    """Days in any order, and customers together in any order, lead to the same books."""
    dice = Random(f"{company.seed}/order")
    for number, customer in list(enumerate(company.customers[:-1]))[1::4]:
        book = tuple(BOOKS)[number % len(BOOKS)]
        events = sorted(customer.events, key=lambda event: event["date"])
        days = [list(of_day) for _, of_day in groupby(events, key=lambda event: event["date"])]
        dice.shuffle(days)
        assert post([event for day in days for event in day], book)["entries"] == posted(customer, book)["entries"]
        other = company.customers[number + 1]
        apart = _by_currency([*posted(customer, book)["entries"], *posted(other, book)["entries"]])
        for both in ([*customer.events, *other.events], [*other.events, *customer.events]):
            assert _by_currency(post(both, book)["entries"]) == apart, (customer.id, other.id, book)


def _by_currency(entries: list[Row]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for line in entry["lines"]:
            for amount, of in ((line["amount"], line["amount"].currency), (line["functional"], "functional")):
                found[line["role"], of] += amount.amount if line["side"] == "debit" else -amount.amount
    return {key: value for key, value in found.items() if value}


# ----------------------------------------------------------------------------- foreign currency


def differences_of_exchange_agree(company: Company) -> None:
    """For foreign invoices paid in full: what closes booked as unrealised is taken back with the payment, both styles
    of revaluation carry the same, and what the document of settlements realises is what the journal posted, up to
    the rounding of its lines."""
    found = 0
    for customer in company.customers:
        if customer.currency == "USD":
            continue
        losses = _losses(customer)
        for invoice in customer.invoices:
            paid = [(on, what) for on, name, why, what in customer.takes if name == invoice.id and why == "paid"]
            at_once = all(line.begins == invoice.day for line in invoice.lines)  # what was agreed before keeps its rate
            if invoice.state != "paid" or not at_once or invoice.taken or invoice.by_held_money or not paid:
                continue
            delta, reverse = (_remeasured(customer, invoice, paid, style) for style in ("delta", "reverse"))
            for one, other in zip(delta["remeasurements"], reverse["remeasurements"], strict=True):
                assert (one["carrying"], one["realized"]) == (other["carrying"], other["realized"])
            for answer in (delta, reverse):
                rows = answer["remeasurements"]
                assert sum((row["posted"].amount - row["reversed"].amount for row in rows), Decimal(0)) == 0
                assert answer["unrealized"].amount == rows[-1]["carrying"].amount == 0
                settled = sum((row["settled"].amount for row in rows), Decimal(0))
                assert answer["booked"][0]["booked"].amount + answer["realized"].amount == settled
            unit = Decimal("0.01") * len(invoice.lines) * (len(paid) + 1)
            assert abs(delta["realized"].amount + losses[invoice.id]) <= unit, invoice.id
            found += 1
    assert found > 10


def _losses(customer: Customer) -> dict[str, Decimal]:
    """Realised exchange losses by invoice."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for entry in posted(customer)["entries"]:
        for line in entry["lines"]:
            if line["role"] == "exchange_loss":
                amount = line["functional"].amount
                found[entry["invoice"] or ""] += amount if line["side"] == "debit" else -amount
    return found


def _remeasured(customer: Customer, invoice: Invoice, paid: list[tuple[date, Decimal]], style: str) -> Row:
    happened: list[tuple[date, Row]] = [(on, {"paid": customer.money(amount)}) for on, amount in paid]
    last = max(on for on, _ in paid)
    happened += [(end - timedelta(days=1), {}) for end in ENDS if invoice.day < end <= last]
    happened.sort(key=lambda each: each[0])
    rates = [{"rate": str(rate_of(customer.currency, on)), "date": str(on), **what} for on, what in happened]
    booked = str(rate_of(customer.currency, invoice.day))
    item = {"id": invoice.id, "amount": customer.money(invoice.gross), "rate": booked, "happened": rates}
    document = shipped("settlement", "receipts", ("revaluation: delta", f"revaluation: {style}"))
    answer: Row = document.calculate({"functional": "USD", "items": [item]})
    return answer


# ----------------------------------------------------------------------------- prepaid credits, commissions


def prepaid_credits_are_used_up(company: Company) -> None:
    """Of each grant, what was used, what lapsed and what is left are the price, at every month's end; the journal's
    liability is what is left of all."""
    events, answers = prepaid_history(company)
    left: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for end, answer in answers:
        (grant,) = answer["grants"]
        value = answer["value_used"].amount + answer["value_lapsed"].amount + answer["value_left"].amount
        assert value == grant["price"].amount
        left[grant["id"]][end] = answer["value_left"].amount
    entries = shipped("journal", "prepaid_credits").calculate({"events": events})["entries"]
    for end in ENDS[1:]:
        known = sum((values[end] for values in left.values() if end in values), Decimal(0))
        assert -signed(entries, "amount", end).get("prepaid_credit_liability", Decimal(0)) == known, end
    assert left["G0"][HORIZON] == 0


def commissions_are_spread(company: Company) -> None:
    """What is capitalised is spread or written off, to the unit; the asset ends empty."""
    events, answers = commission_history(company)
    assert len(answers) > 3
    for answer in answers:
        cost = answer["contract_cost"]
        spread = sum((row["amount"].amount for row in cost["schedule"]), Decimal(0))
        assert spread + cost["impairment"].amount == cost["capitalised"].amount
        assert cost["capitalised"].amount + cost["expensed"].amount == answer["commission"].amount
        for entry in cost["entries"]:
            debit, credit = (
                sum((line[side].amount for line in entry["lines"] if line[side] is not None), Decimal(0))
                for side in ("debit", "credit")
            )
            assert debit == credit
    by_customer = groupby(events, key=lambda event: event["id"].split("-")[0])
    for _, of_customer in by_customer:
        entries = shipped("journal", "contract_costs").calculate({"events": list(of_customer)})["entries"]
        assert "contract_cost_asset" not in signed(entries)


# ----------------------------------------------------------------------------- beancount


def beancount_finds_the_same_balances(company: Company) -> None:
    """The year loads into beancount without a complaint, and its accounts have our balances in both currencies."""
    ours: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rows: list[str] = []
    prepaid = shipped("journal", "prepaid_credits").calculate({"events": prepaid_history(company)[0]})["entries"]
    books = [(shipped("journal", "prepaid_credits"), prepaid)]
    books += [(BOOKS["standard"], posted(customer)["entries"]) for customer in company.customers]
    classes = {name: str(role.account_class) for book, _ in books for name, role in book.document.roles}
    for _, entries in books:
        for entry in entries:
            for layer in LAYERS:
                rows.append(f'{entry["date"]} * "{entry["kind"]}" "{entry["key"]}"')
                for line in entry["lines"]:
                    amount, account = line[layer], f"{_account(line['role'], classes)}-{layer.title()}"
                    value = amount.amount if line["side"] == "debit" else -amount.amount
                    rows.append(f"  {account}  {value} {amount.currency}")
                    ours[account, amount.currency] += value
    opened = [f"1999-01-01 open {_account(role, classes)}-{layer.title()}" for role in classes for layer in LAYERS]
    directives, errors, _ = loader.load_string("\n".join([*opened, *rows]) + "\n")
    assert errors == []
    theirs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for directive in directives:
        if isinstance(directive, beans.Transaction):
            for posting in directive.postings:
                assert posting.units is not None and posting.units.number is not None
                theirs[posting.account, posting.units.currency] += posting.units.number
    assert len(theirs) > 20
    assert theirs == ours


def _account(role: str, classes: dict[str, str]) -> str:
    return f"{ROOTS[classes[role]]}:{role.replace('_', '-').title()}"


LAWS = (
    entries_balance, books_agree_with_billing, what_must_be_empty_is_empty_in_dollars, gross_and_net_close_alike,
    replays_post_nothing, months_close_one_by_one, order_does_not_matter, differences_of_exchange_agree,
    prepaid_credits_are_used_up, commissions_are_spread, beancount_finds_the_same_balances,
)  # fmt: skip
