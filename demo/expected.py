"""What the engine says that it posted: the journal that follows from its confirmed effects, account by account.

It is made from the engine's own record alone (the exact requests and receipts in its store), by the rules of
double entry; the ERP's journal is not looked at. Debit is positive. Amounts in another currency than the
entity's are converted at the ERP's declared rate and rounded to the cent, as the ERP does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.tryton.entities import CASH, CURRENCIES, ENTITIES, RECEIVABLE, SALES_TAX
from demo.ledger import AccountKey
from engine.store import tables as t

Posting = tuple[str, str, Decimal]  # entity, account, amount in the document's currency

_RATES = {currency.code: currency.rate for currency in CURRENCIES}
_HOME = {entity.code: entity.currency for entity in ENTITIES}


def confirmed(engine: sa.Engine, connection: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(operation, request, receipt) of every confirmed effect, in the order in which they were intended."""
    statement = (
        sa.select(t.effect.c.operation, t.effect.c.request, t.receipt.c.content)
        .join(t.receipt, t.receipt.c.effect_key == t.effect.c.key)
        .where(t.effect.c.connection == connection)
        .order_by(t.effect.c.created_at)
    )
    with engine.connect() as database:
        for operation, request, content in database.execute(statement):
            yield operation, orjson.loads(bytes(request)), orjson.loads(bytes(content))


def verified_lines(engine: sa.Engine) -> int:
    """How many lines of invoices for parts of periods were calculated again before they were posted."""
    statement = sa.select(t.run.c.path).where(t.run.c.flow.like("invoice_posted@%"), t.run.c.state == "completed")
    with engine.connect() as database:
        paths = [path or "" for path in database.execute(statement).scalars()]
    return sum(path.count("]/recomputed") for path in paths)


def expected_balances(engine: sa.Engine) -> dict[AccountKey, Decimal]:
    """The balance of every account by (entity, account, currency of the entity)."""
    balances: dict[AccountKey, Decimal] = defaultdict(Decimal)
    for operation, request, _ in confirmed(engine, "erp"):
        for account, amount, currency in _postings(operation, request):
            entity = request["entity"]
            home = home_currency(entity)
            balances[entity, account, home] += converted(amount, currency, home)
    return {key: amount for key, amount in balances.items() if amount}


def _postings(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Decimal, str]]:
    if operation in ("invoice.create", "credit_note.create"):
        sign = 1 if operation == "invoice.create" else -1
        currency = request["currency"]
        yield RECEIVABLE, sign * _amount(request["total"]), currency
        for line in request["lines"]:
            yield line["account"], -sign * _amount(line["amount"]), currency
        tax = _amount(request["tax"])
        if tax:
            yield SALES_TAX, -sign * tax, currency
    elif operation in ("payment.create", "refund.create"):
        sign = 1 if operation == "payment.create" else -1
        amount = request["amount"]
        yield CASH, sign * _amount(amount), amount["currency"]
        yield RECEIVABLE, -sign * _amount(amount), amount["currency"]
    elif operation == "journal.create":
        for line in request["lines"]:
            sign = 1 if line["side"] == "debit" else -1
            yield line["account"], sign * _amount(line["amount"]), line["amount"]["currency"]


def _amount(money: Mapping[str, Any]) -> Decimal:
    return Decimal(money["amount"])


def home_currency(entity: str) -> str:
    """The currency in which an entity keeps its books."""
    return _HOME[entity]


def converted(amount: Decimal, currency: str, home: str) -> Decimal:
    """The amount in the books' currency, at the declared rate, rounded as the ERP does."""
    if currency == home:
        return amount
    return (amount * _RATES[home] / _RATES[currency]).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
