"""General-ledger entries: posted under the effect's key, and the whole journal read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.tryton.amounts import amount_in, money_form, positive_amount
from connectors.tryton.books import Books, Company
from connectors.tryton.moves import MoveLine, Moves, move_description, move_lines, move_receipt
from connectors.tryton.session import Session
from engine.base.errors import ErrorClass, Failure
from engine.base.money import decimal_text
from engine.connect import Absent, Call, Confirmed, Found, LookUp, Rejected, Reply

_ZERO = Decimal(0)
_PAGE = 500
_EXPORT_FIELDS = [
    "number",
    "date",
    "description",
    "origin",
    "journal.code",
    "lines.account.code",
    "lines.debit",
    "lines.credit",
    "lines.amount_second_currency",
    "lines.second_currency.code",
    "lines.party.code",
]


class Journals:
    """Writes and reads general-ledger entries of any company."""

    __slots__ = ("_books", "_moves", "_session")

    def __init__(self, session: Session, books: Books, moves: Moves) -> None:
        self._session = session
        self._books = books
        self._moves = moves

    async def post(self, call: Call) -> Reply:
        """Post the entry of the call, once. Raises Failure; unknown_outcome when in doubt."""
        content = call.content
        company = await self._books.company(content["entity"])
        lines = _checked_lines(content, company.currency)
        async with company.writing:
            found = await self._posted(company, call.external_key)
            if found is not None:
                conflict = _conflict(lines, move_lines(found))
                if conflict:
                    words = f"the ERP has {found['number']} under this key, with other content: {conflict}"
                    return Rejected(ErrorClass.CONFLICT, words)
                return Confirmed(move_receipt(found, _total(lines, company)), duplicate=True)
            notes = tuple(line.get("description") or "" for line in content["lines"])
            values = {
                "company": company.id,
                "journal": await self._books.id_of(company, "journal", content.get("journal") or "MISC"),
                "period": await self._books.period(company, content["date"]),
                "date": content["date"],
                "description": f"{move_description(call.external_key, content['number'])} {content['description']}",
                "lines": [["create", await self._moves.line_values(company, lines, notes)]],
            }
            row = await self._moves.post_new(company, values, call.external_key)
            return Confirmed(move_receipt(row, _total(lines, company)))

    async def look_up(self, call: Call) -> LookUp:
        """What became of the entry of a call."""
        company = await self._books.company(call.content["entity"])
        found = await self._posted(company, call.external_key)
        if found is None:
            return Absent()
        lines = _checked_lines(call.content, company.currency)
        return Found(move_receipt(found, _total(lines, company)), _conflict(lines, move_lines(found)))

    async def export(self, company: Company, content: Mapping[str, Any]) -> dict[str, Any]:
        """A page of posted entries, the oldest first, with the documents they come from."""
        offset, limit = int(content.get("offset") or 0), int(content.get("limit") or _PAGE)
        domain: list[Any] = [["company", "=", company.id], ["state", "=", "posted"]]
        if content.get("from") is not None:
            domain.append(["date", ">=", content["from"]])
        if content.get("to") is not None:
            domain.append(["date", "<=", content["to"]])
        rows: list[dict[str, Any]] = await self._session.ask(
            "model.account.move.search_read",
            domain,
            offset,
            limit,
            [["id", "ASC"]],
            _EXPORT_FIELDS,
            context=company.context,
        )
        origins = await self._origins(company, rows)
        entries = [_entry(row, company, origins) for row in rows]
        return {"entries": entries, "next_offset": offset + limit if len(rows) == limit else None}

    async def balances(self, company: Company, to: date | None) -> list[dict[str, Any]]:
        """The balances of accounts with postings, debit positive. Accounts of income and expense count from the
        start of the fiscal year of ``to``."""
        context: dict[str, Any] = {**company.context, "posted": True}
        if to is not None:
            context["date"] = to
        rows = await self._session.ask(
            "model.account.account.search_read",
            [["company", "=", company.id], ["type", "!=", None]],
            0,
            None,
            [["code", "ASC"]],
            ["code", "name", "balance", "childs"],
            context=context,
        )
        return [
            {"account": row["code"], "name": row["name"], "balance": money_form(row["balance"], company.currency)}
            for row in rows
            if row["code"] and row["balance"] and not row["childs"]
        ]

    async def tax_codes(self, company: Company) -> list[dict[str, Any]]:
        """The taxes documents can name."""
        rows = await self._session.ask(
            "model.account.tax.search_read",
            [["company", "=", company.id]],
            0,
            None,
            [["name", "ASC"]],
            ["name", "description", "type", "rate"],
            context=company.context,
        )
        return [
            {
                "name": row["name"],
                "description": row["description"],
                "rate": decimal_text(row["rate"]) if row["rate"] is not None else None,
            }
            for row in rows
        ]

    async def _posted(self, company: Company, key: str) -> dict[str, Any] | None:
        rows = await self._moves.of_key(company, key)
        return next((row for row in rows if row["state"] == "posted"), None)

    async def _origins(self, company: Company, rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """The sales documents that entries come from, by id."""
        ids = sorted({found for row in rows if (found := _origin_invoice(row)) is not None})
        if not ids:
            return {}
        fields = ["number", "reference", "description", "party.code"]
        found = await self._session.ask("model.account.invoice.read", ids, fields, context=company.context)
        return {row["id"]: row for row in found}


def _checked_lines(content: Mapping[str, Any], currency: str) -> tuple[MoveLine, ...]:
    """The lines of an entry. Raises Failure(data) if debit and credit differ, or the currency is another."""
    lines = []
    for position, line in enumerate(content["lines"], start=1):
        positive_amount(line["amount"], f"line {position}")
        amount = amount_in(line["amount"], currency, f"line {position}")
        debit = line["side"] == "debit"
        foreign = line.get("foreign")
        lines.append(
            MoveLine(
                account=line["account"],
                debit=amount if debit else _ZERO,
                credit=_ZERO if debit else amount,
                customer=line.get("customer") or "",
                foreign=None if foreign is None else (foreign.amount if debit else -foreign.amount),
                foreign_currency="" if foreign is None else foreign.currency,
            )
        )
    debits = sum((line.debit for line in lines), _ZERO)
    credits = sum((line.credit for line in lines), _ZERO)
    if debits != credits:
        words = f"the entry does not balance: debit {decimal_text(debits)}, credit {decimal_text(credits)} {currency}"
        raise Failure(ErrorClass.DATA, words)
    return tuple(lines)


def _conflict(wanted: tuple[MoveLine, ...], found: tuple[MoveLine, ...]) -> str:
    ours, theirs = _by_account(wanted), _by_account(found)
    parts = [
        f"account {account}: {decimal_text(ours.get(account, _ZERO))} given, "
        f"{decimal_text(theirs.get(account, _ZERO))} in the ERP"
        for account in sorted(ours.keys() | theirs.keys())
        if ours.get(account, _ZERO) != theirs.get(account, _ZERO)
    ]
    return "; ".join(parts)


def _by_account(lines: tuple[MoveLine, ...]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, _ZERO) + line.debit - line.credit
    return sums


def _total(lines: tuple[MoveLine, ...], company: Company) -> dict[str, Any]:
    return {"total": money_form(sum((line.debit for line in lines), _ZERO), company.currency)}


def _origin_invoice(row: Mapping[str, Any]) -> int | None:
    model, _, number = (row["origin"] or "").partition(",")
    return int(number) if model == "account.invoice" and number.isdigit() else None


def _entry(row: Mapping[str, Any], company: Company, origins: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    invoice = _origin_invoice(row)
    origin = origins.get(invoice) if invoice is not None else None
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "date": row["date"].isoformat(),
        "journal": row["journal."]["code"],
        "description": row["description"] or "",
        "origin_id": str(invoice) if invoice is not None else None,
        "origin_number": origin["number"] if origin else None,
        "origin_reference": origin["reference"] if origin else None,
        "lines": [_line(line, company.currency) for line in move_lines(row)],
    }


def _line(line: MoveLine, currency: str) -> dict[str, Any]:
    foreign = None
    if line.foreign is not None and line.foreign_currency:
        foreign = money_form(line.foreign, line.foreign_currency)
    return {
        "account": line.account,
        "debit": money_form(line.debit, currency),
        "credit": money_form(line.credit, currency),
        "foreign": foreign,
        "customer": line.customer or None,
    }
