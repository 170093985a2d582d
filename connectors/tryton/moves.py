"""Account moves under an effect's key: found, read, drafted, posted. What payments and journal entries are made of.

A move's description starts with the key; the number that people know it by follows. So one indexable prefix search
finds it, and the ERP's users see where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.tryton.books import Books, Company
from connectors.tryton.errors import is_settled, refusal_failure
from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session
from engine.base.errors import RETRYABLE, ErrorClass, Failure
from engine.connect import Document, Receipt

_FIELDS = [
    "number",
    "state",
    "date",
    "description",
    "origin",
    "lines.account.code",
    "lines.debit",
    "lines.credit",
    "lines.amount_second_currency",
    "lines.second_currency.code",
    "lines.party.code",
]


@dataclass(frozen=True, slots=True)
class MoveLine:
    """A line of a move as the ERP is given it, or has it."""

    account: str
    debit: Decimal
    credit: Decimal
    customer: str = ""
    foreign: Decimal | None = None
    foreign_currency: str = ""


def move_description(key: str, number: str) -> str:
    """The description of the move of a key."""
    return f"{key} {number}"


def move_lines(row: Mapping[str, Any]) -> tuple[MoveLine, ...]:
    """The lines of a move that was read."""
    return tuple(
        MoveLine(
            account=line["account."]["code"],
            debit=line["debit"],
            credit=line["credit"],
            customer=(line.get("party.") or {}).get("code") or "",
            foreign=line["amount_second_currency"],
            foreign_currency=(line.get("second_currency.") or {}).get("code") or "",
        )
        for line in row.get("lines.") or ()
    )


def move_receipt(row: Mapping[str, Any], fields: Mapping[str, Any]) -> Receipt:
    """The receipt of a move."""
    return Receipt(Document(str(row["id"]), row["number"], row["state"]), {"date": row["date"].isoformat(), **fields})


class Moves:
    """Finds, drafts and posts moves of any company."""

    __slots__ = ("_books", "_session")

    def __init__(self, session: Session, books: Books) -> None:
        self._session = session
        self._books = books

    async def of_key(self, company: Company, key: str) -> list[dict[str, Any]]:
        """The moves under a key, the oldest first."""
        domain = [["company", "=", company.id], ["description", "like", f"{like_literal(key)} %"]]
        rows: list[dict[str, Any]] = await self._session.ask(
            "model.account.move.search_read", domain, 0, None, [["id", "ASC"]], _FIELDS, context=company.context
        )
        return rows

    async def certain_of_key(self, company: Company, key: str) -> dict[str, Any]:
        """The posted move that was just made. Raises Failure(unknown_outcome) if it cannot be seen."""
        try:
            rows = await self.of_key(company, key)
        except Failure as failure:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=failure.detail) from failure
        posted = [row for row in rows if row["state"] == "posted"]
        if not posted:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, "the ERP took the entry but does not show it as posted")
        return posted[0]

    async def post_new(self, company: Company, values: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Draft a move and post it, after removing drafts that an earlier attempt left. Raises Failure."""
        rows = await self.of_key(company, key)
        await self._remove(company, [row["id"] for row in rows if row["state"] == "draft"])
        try:
            created = await self._session.change("model.account.move.create", [dict(values)], context=company.context)
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal
        try:
            await self._session.change("model.account.move.post", created, context=company.context)
        except Refusal as refusal:
            await self._refused(company, created, key, refusal_failure(refusal))
        except Failure as failure:
            if not is_settled(failure):
                raise
            await self._refused(company, created, key, failure)
        return await self.certain_of_key(company, key)

    async def line_values(self, company: Company, lines: tuple[MoveLine, ...], notes: tuple[str, ...]) -> list[Any]:
        """Lines in the ERP's form. Raises Failure(missing_reference)."""
        values = []
        for line, note in zip(lines, notes, strict=True):
            row: dict[str, Any] = {
                "account": await self._books.id_of(company, "account", line.account),
                "debit": line.debit,
                "credit": line.credit,
            }
            if note:
                row["description"] = note
            if line.customer:
                row["party"] = (await self._books.customer(company, line.customer)).id
            if line.foreign is not None:
                row["amount_second_currency"] = line.foreign
                row["second_currency"] = await self._books.id_of(company, "currency", line.foreign_currency)
            values.append(row)
        return values

    async def _refused(self, company: Company, created: list[int], key: str, failure: Failure) -> None:
        """The server said no to a post; what it holds now tells whether it did it all the same."""
        try:
            rows = await self.of_key(company, key)
        except Failure as unseen:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=unseen.detail) from unseen
        if any(row["state"] == "posted" for row in rows):
            return
        if failure.error_class not in RETRYABLE:
            await self._remove(company, created)
        raise failure

    async def _remove(self, company: Company, drafts: list[int]) -> None:
        if not drafts:
            return
        try:
            await self._session.change("model.account.move.delete", drafts, context=company.context)
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal


def like_literal(text: str) -> str:
    """Text that a ``like`` search takes as it is."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
