"""Invoices and credit notes: drafted under the effect's key, compared to the cent, posted; and found again.

The key lives in the document's description, which the ERP's users seldom need; the number that people know the
document by is its reference. Draft and post are two transactions of the ERP: a draft under the key is no document
yet, and is taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.tryton.amounts import Line, Totals, difference, money_form, sales_lines, sales_totals
from connectors.tryton.books import Books, Company
from connectors.tryton.errors import is_out_of_order, is_settled, refusal_failure
from connectors.tryton.protocol import Number, Refusal
from connectors.tryton.session import Session
from connectors.tryton.tax_rounding import TaxRounding, follow_tax_rounding
from connectors.tryton.warnings import change_acknowledging, foreseen_warnings
from engine.base.clock import Clock, as_datetime
from engine.base.errors import RETRYABLE, ErrorClass, Failure
from engine.connect import Absent, Call, Confirmed, Document, Found, LookUp, Receipt, Rejected, Reply

_FIELDS = [
    "number",
    "state",
    "reference",
    "invoice_date",
    "accounting_date",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "amount_to_pay",
    "reconciled",
    "currency.code",
    "party.code",
    "party.active",
    "lines.amount",
    "lines.type",
]
_POSTED = ("posted", "paid")
_DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class SalesKind:
    """What tells an invoice from a credit note: the sign of its amounts in the ERP, and its name."""

    word: str
    sign: int


INVOICE = SalesKind("invoice", 1)
CREDIT_NOTE = SalesKind("credit note", -1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked sales document, ready to be said to the ERP."""

    kind: SalesKind
    key: str
    content: Mapping[str, Any]
    lines: tuple[Line, ...]
    totals: Totals

    @property
    def currency(self) -> str:
        return str(self.content["currency"])


class SalesDocuments:
    """Writes and reads invoices and credit notes of any company."""

    __slots__ = ("_acknowledged", "_books", "_clock", "_date_forward", "_session")

    def __init__(
        self, session: Session, books: Books, clock: Clock, acknowledged: frozenset[str], *, date_forward: bool
    ) -> None:
        self._session = session
        self._clock = clock
        self._books = books
        self._acknowledged = acknowledged
        self._date_forward = date_forward

    async def post(self, kind: SalesKind, call: Call) -> Reply:
        """Bring the document of the call into the books, once. Raises Failure; unknown_outcome when in doubt."""
        content = call.content
        lines = sales_lines(content)
        wanted = Wanted(kind, call.external_key, content, lines, sales_totals(content, lines))
        company = await self._books.company(content["entity"])
        async with company.writing:
            return await self._post(company, wanted)

    async def look_up(self, kind: SalesKind, call: Call) -> LookUp:
        """What became of the document of a call. A draft is no document."""
        content = call.content
        lines = sales_lines(content)
        wanted = Wanted(kind, call.external_key, content, lines, sales_totals(content, lines))
        company = await self._books.company(content["entity"])
        posted = [row for row in await self._rows_of(company, wanted.key) if row["state"] in _POSTED]
        if not posted:
            return Absent()
        conflict = self._conflict(wanted, posted[0])
        if len(posted) > 1:
            numbers = ", ".join(str(row["number"]) for row in posted)
            conflict = f"the ERP has {len(posted)} documents under this key: {numbers}"
        return Found(_receipt(posted[0]), conflict)

    async def read(self, company: Company, document: int) -> dict[str, Any]:
        """One document with its amounts, signed as the ERP has them. Raises Failure(not_found)."""
        domain = [["id", "=", document], ["company", "=", company.id], ["type", "=", "out"]]
        rows = await self._search(company, domain)
        if not rows:
            raise Failure(ErrorClass.NOT_FOUND, f"the ERP has no invoice {document} of {company.entity}")
        return rows[0]

    async def _post(self, company: Company, wanted: Wanted) -> Reply:
        rows = await self._rows_of(company, wanted.key)
        posted = [row for row in rows if row["state"] in _POSTED]
        if posted:
            conflict = self._conflict(wanted, posted[0])
            if conflict:
                words = f"the ERP has {posted[0]['number']} under this key, with other content: {conflict}"
                return Rejected(ErrorClass.CONFLICT, words)
            return Confirmed(_receipt(posted[0]), duplicate=True)
        await self._remove(company, [row["id"] for row in rows if row["state"] == _DRAFT])
        draft = await self._draft(company, wanted)
        row = await self.read(company, draft)
        if wanted.kind is INVOICE and not row["party."]["active"]:  # archived since it was remembered
            await self._remove(company, [draft])
            self._books.forget_customer(wanted.content["customer"])
            raise _archived(wanted.content["customer"])
        words = difference(_signed(wanted), _totals(row), wanted.currency)
        if words and await follow_tax_rounding(self._session, self._books, company, draft, _rounding(wanted, row)):
            words = difference(_signed(wanted), _totals(await self.read(company, draft)), wanted.currency)
        if words:
            await self._remove(company, [draft])
            return Rejected(ErrorClass.DATA, f"the ERP calculates another {wanted.kind.word}: {words}")
        await self._post_draft(company, wanted, draft)
        return Confirmed(_receipt(await self._certainly_posted(company, draft)))

    async def _draft(self, company: Company, wanted: Wanted) -> int:
        values = await self._values(company, wanted)
        try:
            created = await self._session.change("model.account.invoice.create", [values], context=company.context)
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal
        return int(created[0])

    async def _values(self, company: Company, wanted: Wanted) -> dict[str, Any]:
        content, books = wanted.content, self._books
        customer = await books.customer(company, content["customer"])
        if customer.archived and wanted.kind is INVOICE:
            raise _archived(content["customer"])
        currency = await books.id_of(company, "currency", wanted.currency)
        lines = []
        for position, line in enumerate(wanted.lines, start=1):
            taxes = [await books.id_of(company, "tax", name) for name in line.taxes]
            lines.append(
                {
                    "type": "line",
                    "sequence": position,
                    "company": company.id,
                    "currency": currency,
                    "account": await books.id_of(company, "account", line.account),
                    "description": line.description,
                    "quantity": Number(wanted.kind.sign * line.quantity),
                    "unit_price": line.unit_price,
                    "taxes": [["add", taxes]],
                }
            )
        return {
            "company": company.id,
            "type": "out",
            "description": wanted.key,
            "reference": content["number"],
            "comment": await self._comment(company, wanted),
            "party": customer.id,
            "invoice_address": customer.address,
            "account": customer.receivable,
            "currency": currency,
            "journal": await books.id_of(company, "journal", "REV"),
            "invoice_date": content["date"],
            "payment_term_date": content.get("due_date") or content["date"],
            "lines": [["create", lines]],
        }

    async def _comment(self, company: Company, wanted: Wanted) -> str | None:
        """The note, and for a credit note which invoice it corrects. Raises Failure(data) if it cannot."""
        note: str | None = wanted.content.get("note")
        corrected = wanted.content.get("invoice")
        if corrected is None:
            return note
        invoice = await self.read(company, document_id(corrected, "invoice"))
        customer, currency = invoice["party."]["code"], invoice["currency."]["code"]
        if invoice["state"] not in _POSTED:
            raise Failure(ErrorClass.DATA, f"invoice {corrected} is not posted in the ERP")
        if customer != wanted.content["customer"] or currency != wanted.currency:
            words = f"{invoice['number']} is of customer {customer} in {currency}, the credit note is not"
            raise Failure(ErrorClass.DATA, words)
        if wanted.totals.total > invoice["total_amount"]:
            words = f"the credit of {wanted.totals.total} {currency} is above the invoice's {invoice['total_amount']}"
            raise Failure(ErrorClass.DATA, f"{words} ({invoice['number']})")
        corrects = f"Corrects {invoice['number']}."
        return f"{corrects} {note}" if note else corrects

    async def _post_draft(self, company: Company, wanted: Wanted, draft: int) -> None:
        """Post a draft. After a definite no the draft is removed, so that nothing at all is left."""
        try:
            await self._say_yes_beforehand(company, wanted, draft)
            await self._post_once(company, draft)
        except Refusal as refusal:
            if self._date_forward and is_out_of_order(refusal):
                await self._post_dated_forward(company, wanted, draft)
                return
            await self._refused(company, draft, refusal_failure(refusal))
        except Failure as failure:
            if not is_settled(failure):
                raise
            await self._refused(company, draft, failure)

    async def _say_yes_beforehand(self, company: Company, wanted: Wanted, draft: int) -> None:
        dated: date = wanted.content["date"]
        due: date = wanted.content.get("due_date") or dated
        today = as_datetime(self._clock.now()).date()
        for name in foreseen_warnings(draft, dated, due, today, self._acknowledged):
            await self._session.change("model.res.user.warning.skip", name, False, context=company.context)

    async def _post_once(self, company: Company, draft: int) -> None:
        await change_acknowledging(
            self._session, "model.account.invoice.post", [draft], company.context, self._acknowledged
        )

    async def _post_dated_forward(self, company: Company, wanted: Wanted, draft: int) -> None:
        """The sequence has gone past this date. Number the document on its latest date, book it on its own."""
        own_date: date = wanted.content["date"]
        first, last = date(own_date.year, 1, 1), date(own_date.year, 12, 31)
        kind = "invoice" if wanted.kind.sign > 0 else "credit_note"
        domain = [["company", "=", company.id], ["type", "=", "out"], ["sequence_type_cache", "=", kind]]
        domain += [["invoice_date", ">=", first], ["invoice_date", "<=", last]]
        rows = await self._session.ask(
            "model.account.invoice.search_read",
            domain,
            0,
            1,
            [["invoice_date", "DESC"]],
            ["invoice_date"],
            context=company.context,
        )
        latest = rows[0]["invoice_date"] if rows else own_date
        change = {"invoice_date": latest, "accounting_date": own_date}
        try:
            await self._session.change("model.account.invoice.write", [draft], change, context=company.context)
            await self._post_once(company, draft)
        except Refusal as refusal:
            await self._refused(company, draft, refusal_failure(refusal))
        except Failure as failure:
            if not is_settled(failure):
                raise
            await self._refused(company, draft, failure)

    async def _refused(self, company: Company, draft: int, failure: Failure) -> None:
        """The server said no to a post. It prints and settles after its commit, and an error there comes back as a
        no as well: only what it holds now tells."""
        row = await self._after_post(company, draft)
        if row["state"] in _POSTED:
            return
        if failure.error_class not in RETRYABLE:
            await self._remove(company, [draft])
        raise failure

    async def _certainly_posted(self, company: Company, draft: int) -> dict[str, Any]:
        row = await self._after_post(company, draft)
        if row["state"] not in _POSTED:
            words = f"the ERP took the post of invoice {draft}, which is {row['state']} all the same"
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, words)
        return row

    async def _after_post(self, company: Company, draft: int) -> dict[str, Any]:
        try:
            return await self.read(company, draft)
        except Failure as failure:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=failure.detail) from failure

    async def _remove(self, company: Company, drafts: list[int]) -> None:
        if not drafts:
            return
        try:
            await self._session.change("model.account.invoice.delete", drafts, context=company.context)
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal

    async def _rows_of(self, company: Company, key: str) -> list[dict[str, Any]]:
        domain = [["description", "=", key], ["company", "=", company.id], ["type", "=", "out"]]
        return await self._search(company, [*domain, ["state", "!=", "cancelled"]])

    async def _search(self, company: Company, domain: list[Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self._session.ask(
            "model.account.invoice.search_read", domain, 0, None, [["id", "ASC"]], _FIELDS, context=company.context
        )
        return rows

    def _conflict(self, wanted: Wanted, row: Mapping[str, Any]) -> str:
        customer, currency = row["party."]["code"], row["currency."]["code"]
        if customer != wanted.content["customer"]:
            return f"customer {wanted.content['customer']} given, {customer} in the ERP"
        if currency != wanted.currency:
            return f"currency {wanted.currency} given, {currency} in the ERP"
        return difference(_signed(wanted), _totals(row), currency)


def document_id(text: str, what: str) -> int:
    """A Tryton id from a receipt. Raises Failure(data) for anything else."""
    if not text.isascii() or not text.isdigit():
        raise Failure(ErrorClass.DATA, f"{text!r} is not the ERP's id of a document ({what})")
    return int(text)


def receipt_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a sales document's receipt and its read answer say beyond id, number and status."""
    currency = row["currency."]["code"]
    amounts = {
        "untaxed": row["untaxed_amount"],
        "tax": row["tax_amount"],
        "total": row["total_amount"],
        "due": row["amount_to_pay"] or Decimal(0),
    }
    dated = row["invoice_date"]
    booked = row["accounting_date"] or dated
    return {
        **{name: money_form(amount, currency) for name, amount in amounts.items()},
        "date": dated.isoformat() if dated else None,
        "posting_date": booked.isoformat() if booked else None,
    }


def _receipt(row: Mapping[str, Any]) -> Receipt:
    return Receipt(Document(str(row["id"]), row["number"], row["state"]), receipt_fields(row))


def _rounding(wanted: Wanted, row: Mapping[str, Any]) -> TaxRounding:
    return TaxRounding(wanted.lines, wanted.kind.sign, _signed(wanted), _totals(row), wanted.currency)


def _archived(customer: str) -> Failure:
    """Why an invoice is not made: payments, credits and entries of an archived customer are still booked."""
    what_to_do = "make it active there, or give its code to the one that replaced it"
    words = f"customer {customer!r} is archived in the ERP: {what_to_do}"
    return Failure(ErrorClass.MISSING_REFERENCE, words)


def _signed(wanted: Wanted) -> Totals:
    return wanted.totals if wanted.kind.sign > 0 else wanted.totals.negated()


def _totals(row: Mapping[str, Any]) -> Totals:
    lines = tuple(line["amount"] for line in row.get("lines.") or () if line["type"] == "line")
    return Totals(lines, row["untaxed_amount"], row["tax_amount"], row["total_amount"])
