"""A generated year of journals loads into an independent ledger program, which finds the same balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from beancount import loader
from beancount.core import data as beans
from beancount.core.inventory import Inventory
from journal_histories import Event, day, event, journal, line, money, post, signed

_ROOTS = {
    "asset": "Assets", "contra_asset": "Assets", "liability": "Liabilities", "equity": "Equity", "revenue": "Income",
    "contra_revenue": "Income", "gain": "Income", "expense": "Expenses",
}  # fmt: skip


def a_year() -> list[Event]:
    """Forty customers: monthly and yearly plans, usage, payments by the provider, and what goes wrong."""
    events: list[Event] = []
    for number in range(40):
        name, start = f"I{number:02}", 3 + number * 7
        amount = f"{20 + number * 3}.{number:02}"
        length = 365 if number % 5 == 0 else 30
        plan = line("plan", amount, day(start), day(start + length), tax_rate="0.19", contract=f"C{number % 9}")
        setup = line("setup", "5.00", tax_rate="0.19", contract=f"C{number % 9}")
        events.append(event("invoice.finalized", day(start), invoice=name, lines=[plan, setup], rate="1.0837"))
        owed = (Decimal(amount) * Decimal("1.19")).quantize(Decimal("0.01")) + Decimal("5.95")
        events += _life(number, name, start, owed)
    return events


def _life(number: int, name: str, start: int, owed: Decimal) -> list[Event]:
    def on(kind: str, after: int, amount: Decimal | None = None, **more: Any) -> Event:
        given = {} if amount is None else {"amount": money(amount)}
        return event(kind, day(start + after), invoice=name, via="clearing", rate="1.1", **given, **more)

    paid = on("payment.succeeded", 4, owed, fee=money("0.55"))
    match number % 8:
        case 0:
            return [on("invoice.voided", 12)]
        case 1:
            return [on("invoice.uncollectible", 20), on("payment.succeeded", 50, owed)]
        case 2:
            return [paid, on("credit.issued", 15, Decimal("7.77"))]
        case 3:
            return [paid, on("refund.succeeded", 15, owed)]
        case 4:
            return [paid, on("dispute.opened", 10), on("dispute.won", 44)]
        case 5:
            return [paid, on("dispute.opened", 10), on("dispute.lost", 44)]
        case _:
            return [paid]


def as_beancount(entries: Iterable[Mapping[str, Any]], classes: Mapping[str, str]) -> str:
    """The entries as a beancount file. Every line carries its functional amount."""
    rows = ['option "operating_currency" "USD"']
    for role, kind in classes.items():
        rows.append(f"1999-01-01 open {account(role, kind)}")
    for entry in entries:
        rows.append(f'{entry["date"]} * "{entry["kind"]}" "{entry["key"]}"')
        for each in entry["lines"]:
            sign = "" if each["side"] == "debit" else "-"
            amount = each["functional"]
            rows.append(f"  {account(each['role'], classes[each['role']])}  {sign}{amount.amount} {amount.currency}")
    return "\n".join(rows) + "\n"


def account(role: str, kind: str) -> str:
    return f"{_ROOTS[kind]}:{role.replace('_', '-').title()}"


def test_a_year_of_journals_balances_in_beancount() -> None:
    for name in ("standard_ledger", "stripe_ledger", "net_position"):
        book = journal(name)
        result = post(a_year(), book, functional_currency="USD")
        classes = {role: str(each.account_class) for role, each in book.document.roles}
        assert len(result["entries"]) > 250
        directives, errors, _ = loader.load_string(as_beancount(result["entries"], classes))
        assert errors == []
        found: dict[str, Inventory] = {}
        for directive in directives:
            if isinstance(directive, beans.Transaction):
                for posting in directive.postings:
                    found.setdefault(posting.account, Inventory()).add_position(posting)
        theirs = {
            name: inventory.get_currency_units("USD").number for name, inventory in found.items()
            if not inventory.is_empty()
        }  # fmt: skip
        ours = {account(role, classes[role]): amount for role, amount in signed(result["entries"]).items()}
        assert theirs == ours


def test_the_year_ends_with_what_the_documents_say() -> None:
    result = post(a_year(), functional_currency="EUR")
    last = max(date.fromisoformat(each["date"]) for each in a_year()) + timedelta(days=400)
    assert max(entry["date"] for entry in result["entries"]) <= last
    ours = signed(result["entries"])
    assert ours.get("receivable", Decimal(0)) == sum(each["open"].amount for each in result["invoices"])
    assert "deferred_revenue" not in ours and "dispute_receivable" not in ours
