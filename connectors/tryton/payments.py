"""Money in against an invoice and money out against a credit note or a customer, reconciled where it belongs.

The ERP's own payment wizard books the cash move, links it to the document and reconciles, all in one transaction;
the key goes into the move's description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.tryton.amounts import money_form, positive_amount
from connectors.tryton.books import Books, Company
from connectors.tryton.documents import SalesDocuments, document_id
from connectors.tryton.errors import is_settled, refusal_failure
from connectors.tryton.moves import MoveLine, Moves, move_description, move_lines, move_receipt
from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session
from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.connect import Absent, Call, Confirmed, Found, LookUp, Receipt, Rejected, Reply

_WIZARD = "wizard.account.invoice.pay"


@dataclass(frozen=True, slots=True)
class CashKind:
    """What tells a payment from a refund: its name, the document it settles, and the sign of its amount there."""

    word: str
    settles: str
    sign: int


PAYMENT = CashKind("payment", "invoice", 1)
REFUND = CashKind("refund", "credit_note", -1)


class Payments:
    """Books customers' money of any company."""

    __slots__ = ("_books", "_documents", "_moves", "_session")

    def __init__(self, session: Session, books: Books, documents: SalesDocuments, moves: Moves) -> None:
        self._session = session
        self._books = books
        self._documents = documents
        self._moves = moves

    async def post(self, kind: CashKind, call: Call) -> Reply:
        """Book the money of the call, once. Raises Failure; unknown_outcome when in doubt."""
        content = call.content
        amount = positive_amount(content["amount"], f"the {kind.word}")
        company = await self._books.company(content["entity"])
        async with company.writing:
            found = await self._posted(company, call.external_key)
            if found is not None:
                conflict = self._conflict(company, kind, content, found)
                if conflict:
                    words = f"the ERP has {found['number']} under this key, with other content: {conflict}"
                    return Rejected(ErrorClass.CONFLICT, words)
                return Confirmed(await self._receipt(company, kind, content, found), duplicate=True)
            settled = content.get(kind.settles)
            if settled is None:
                row = await self._against_customer(company, kind, call, amount)
            else:
                row = await self._against_document(company, kind, call, amount, document_id(settled, kind.settles))
            return Confirmed(await self._certain_receipt(company, kind, content, row))

    async def look_up(self, kind: CashKind, call: Call) -> LookUp:
        """What became of the money of a call."""
        company = await self._books.company(call.content["entity"])
        found = await self._posted(company, call.external_key)
        if found is None:
            return Absent()
        conflict = self._conflict(company, kind, call.content, found)
        return Found(await self._receipt(company, kind, call.content, found), conflict)

    async def _posted(self, company: Company, key: str) -> dict[str, Any] | None:
        rows = await self._moves.of_key(company, key)
        return next((row for row in rows if row["state"] == "posted"), None)

    async def _against_document(
        self, company: Company, kind: CashKind, call: Call, amount: Decimal, document: int
    ) -> dict[str, Any]:
        content = call.content
        row = await self._settled(company, kind, document)
        self._check(kind, content, amount, row)
        customer = await self._books.customer(company, content["customer"])
        start = {
            "payee": customer.id,
            "payees": [customer.id],
            "company": company.id,
            "invoice_account": customer.receivable,
            "currency": await self._books.id_of(company, "currency", row["currency."]["code"]),
            "amount": kind.sign * amount,
            "date": content["date"],
            "payment_method": await self._books.id_of(company, "payment method", content["method"]),
            "description": move_description(call.external_key, content["number"]),
        }
        await self._books.period(company, content["date"])
        try:
            await self._pay(company, document, start)
        except Refusal as refusal:
            await self._refused(company, call.external_key, refusal_failure(refusal))
        except Failure as failure:
            if not is_settled(failure):
                raise
            await self._refused(company, call.external_key, failure)
        return await self._moves.certain_of_key(company, call.external_key)

    async def _settled(self, company: Company, kind: CashKind, document: int) -> dict[str, Any]:
        try:
            return await self._documents.read(company, document)
        except Failure as failure:
            if failure.error_class is ErrorClass.NOT_FOUND:
                words = f"the {kind.word} is for a document that the ERP does not have: {failure.message}"
                raise Failure(ErrorClass.MISSING_REFERENCE, words) from failure
            raise

    def _check(self, kind: CashKind, content: Mapping[str, Any], amount: Decimal, row: Mapping[str, Any]) -> None:
        """Whether the money can settle the document. Raises Failure(data), naming both sides."""
        money: Money = content["amount"]
        number, currency = row["number"], row["currency."]["code"]
        if row["state"] not in ("posted", "paid"):
            raise Failure(ErrorClass.DATA, f"document {row['id']} is not posted in the ERP")
        if row["party."]["code"] != content["customer"]:
            words = f"{number} is of customer {row['party.']['code']}, the {kind.word} of {content['customer']}"
            raise Failure(ErrorClass.DATA, words)
        if currency != money.currency:
            raise Failure(ErrorClass.DATA, f"{number} is in {currency}, the {kind.word} in {money.currency}")
        due = kind.sign * (row["amount_to_pay"] or Decimal(0))
        if amount > due:
            words = (
                f"the {kind.word} of {money} is above what is open on {number}: {money_form(due, currency)['amount']}"
            )
            raise Failure(ErrorClass.DATA, f"{words} {currency}")

    async def _pay(self, company: Company, document: int, start: Mapping[str, Any]) -> None:
        """Run the wizard. Its last state books; "partial" is right for a full amount as well, as the ERP reconciles
        whatever leaves no remainder, and it makes the ERP itself refuse an overpayment."""
        context = {
            **company.context,
            "active_model": "account.invoice",
            "active_id": document,
            "active_ids": [document],
        }
        session = (await self._session.change(f"{_WIZARD}.create", context=context))[0]
        forms = {"start": dict(start), "ask": {"type": "partial"}}
        try:
            await self._session.change(f"{_WIZARD}.execute", session, forms, "pay", context=context)
        except Refusal:
            await self._close_wizard(session, context)
            raise
        await self._close_wizard(session, context)

    async def _close_wizard(self, session: int, context: Mapping[str, Any]) -> None:
        """Forget the wizard's form. If that fails the server sweeps it up itself; the booking is not touched."""
        try:
            await self._session.change(f"{_WIZARD}.delete", session, context=context)
        except (Refusal, Failure):
            return

    async def _against_customer(self, company: Company, kind: CashKind, call: Call, amount: Decimal) -> dict[str, Any]:
        """Money out without a document: receivable against cash, open until somebody reconciles it."""
        content = call.content
        money: Money = content["amount"]
        if money.currency != company.currency:
            words = f"a {kind.word} without a document has to be in {company.currency}, not in {money.currency}"
            raise Failure(ErrorClass.DATA, words)
        method = await self._books.id_of(company, "payment method", content["method"])
        fields = ["journal", "credit_account"]
        rows = await self._session.ask(
            "model.account.invoice.payment.method.read", [method], fields, context=company.context
        )
        customer = await self._books.customer(company, content["customer"])
        receivable = {"account": customer.receivable, "party": customer.id, "debit": amount, "credit": Decimal(0)}
        cash = {"account": rows[0]["credit_account"], "debit": Decimal(0), "credit": amount}
        values = {
            "company": company.id,
            "journal": rows[0]["journal"],
            "period": await self._books.period(company, content["date"]),
            "date": content["date"],
            "description": move_description(call.external_key, content["number"]),
            "lines": [["create", [receivable, cash]]],
        }
        return await self._moves.post_new(company, values, call.external_key)

    async def _refused(self, company: Company, key: str, failure: Failure) -> None:
        """The server said no; only what it holds now tells whether the money was booked all the same."""
        try:
            found = await self._posted(company, key)
        except Failure as unseen:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=unseen.detail) from unseen
        if found is None:
            raise failure

    def _conflict(self, company: Company, kind: CashKind, content: Mapping[str, Any], row: Mapping[str, Any]) -> str:
        money: Money = content["amount"]
        booked = _customer_amount(move_lines(row), company.currency)
        if booked is None:
            return "the entry under this key has no line of a customer"
        customer, amount = booked
        if customer != content["customer"]:
            return f"customer {content['customer']} given, {customer} in the ERP"
        if amount != Money(-kind.sign * money.amount, money.currency):
            return f"{kind.word} of {money} given, {abs(amount)} in the ERP"
        return ""

    async def _receipt(
        self, company: Company, kind: CashKind, content: Mapping[str, Any], row: Mapping[str, Any]
    ) -> Receipt:
        money: Money = content["amount"]
        fields: dict[str, Any] = {"amount": money.as_json()}
        settled = content.get(kind.settles)
        if settled is not None:
            document = await self._documents.read(company, document_id(settled, kind.settles))
            due = kind.sign * (document["amount_to_pay"] or Decimal(0))
            fields["due"] = money_form(due, document["currency."]["code"])
            fields["settled"] = bool(document["reconciled"])
        return move_receipt(row, fields)

    async def _certain_receipt(
        self, company: Company, kind: CashKind, content: Mapping[str, Any], row: Mapping[str, Any]
    ) -> Receipt:
        try:
            return await self._receipt(company, kind, content, row)
        except Failure as failure:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=failure.detail) from failure


def _customer_amount(lines: tuple[MoveLine, ...], company_currency: str) -> tuple[str, Money] | None:
    """Whose account a cash move touched and by how much: debit is positive, in the currency of the document."""
    for line in lines:
        if line.customer:
            if line.foreign is not None and line.foreign_currency:
                return line.customer, Money(line.foreign, line.foreign_currency)
            return line.customer, Money(line.debit - line.credit, company_currency)
    return None
