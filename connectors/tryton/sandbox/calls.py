"""The sandbox's methods by their names on the wire: what a call does to the books and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.tryton.protocol import Refusal
from connectors.tryton.sandbox.books import SandboxBooks
from connectors.tryton.sandbox.parties import Parties
from connectors.tryton.sandbox.records import Record, UnknownField
from engine.base.clock import Clock

Method = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_SEARCHED = (
    "company.company",
    "country.country",
    "currency.currency",
    "account.account",
    "account.tax",
    "account.journal",
    "account.period",
    "account.configuration",
    "account.invoice.payment.method",
    "account.invoice",
    "account.invoice.tax",
    "account.move",
    "party.party",
)


_PAY = "wizard.account.invoice.pay.execute"


class UnknownMethod(Exception):
    """The sandbox does not speak this method; the real server would answer 403."""


class Calls:
    """Answers calls. ``changes`` names the methods that write: a successful one has to be kept."""

    def __init__(self, clock: Clock) -> None:
        self.books = SandboxBooks(clock)
        self._wizards = 0
        books, parties = self.books, Parties(self.books.records)
        self._writes: dict[str, Callable[..., Any]] = {
            "model.party.party.create": parties.create,
            "model.party.party.write": parties.write,
            "model.account.invoice.create": books.create_invoices,
            "model.account.invoice.write": books.write_invoices,
            "model.account.invoice.tax.write": books.write_taxes,
            "model.account.invoice.delete": books.delete_invoices,
            "model.account.invoice.post": books.post_invoices,
            "model.account.move.create": books.create_moves,
            "model.account.move.post": books.post_moves,
            "model.account.move.delete": books.delete_moves,
            "model.account.period.close": books.close_periods,
            "model.account.period.reopen": books.reopen_periods,
        }
        self._reads: dict[str, Callable[..., Any]] = {
            "model.res.user.get_preferences": _preferences,
            "model.res.user.warning.skip": books.skip_warning,
            "wizard.account.invoice.pay.create": self._open_wizard,
            "wizard.account.invoice.pay.delete": _forget_wizard,
        }
        self._in_context: dict[str, Method] = {_PAY: self._pay}
        for model in _SEARCHED:
            self._in_context[f"model.{model}.search_read"] = self._searcher(model)
            self._in_context[f"model.{model}.search"] = self._finder(model)
            self._reads[f"model.{model}.read"] = self._reader(model)

    def changes(self, method: str) -> bool:
        """Whether a method writes."""
        return method in self._writes or method == _PAY

    def answer(self, method: str, parameters: Sequence[Any], context: Mapping[str, Any]) -> Any:
        """The result of a call. Raises Refusal or UnknownMethod."""
        try:
            if method in self._in_context:
                return self._in_context[method](parameters, context)
            found = self._writes.get(method) or self._reads.get(method)
            if found is None:
                raise UnknownMethod(method)
            return found(*parameters)
        except UnknownField as error:
            raise Refusal("", repr(str(error))) from error

    def counts(self) -> dict[str, int]:
        """How many documents of each kind the books hold, for tests and invariants."""
        posted = [row for row in self.books.records.all("account.invoice") if row["state"] in ("posted", "paid")]
        moves = [row for row in self.books.records.all("account.move") if row["state"] == "posted"]
        return {
            "invoices": sum(1 for row in posted if row["sequence_type_cache"] == "invoice"),
            "credit_notes": sum(1 for row in posted if row["sequence_type_cache"] == "credit_note"),
            "drafts": sum(1 for row in self.books.records.all("account.invoice") if row["state"] == "draft"),
            "keys": len({row["description"] for row in posted}),
            "moves": len(moves),
            "parties": sum(1 for _ in self.books.records.all("party.party")),
        }

    def _pay(self, parameters: Sequence[Any], context: Mapping[str, Any]) -> Any:
        _, forms, state = parameters
        if state != "pay" or forms["ask"]["type"] != "partial":
            raise UnknownMethod(f"wizard state {state}")
        self.books.pay(context["active_id"], forms["start"])
        return {}

    def _open_wizard(self) -> list[Any]:
        self._wizards += 1
        return [self._wizards, "start", "end"]

    def _searcher(self, model: str) -> Method:
        def search_read(parameters: Sequence[Any], context: Mapping[str, Any]) -> Any:
            domain, offset, limit, order, fields = parameters
            rows = self._page(model, domain, offset, limit, order, context)
            if "balance" in fields:
                balances = self.books.balances(context.get("date"))
                rows = [{**row, "balance": balances.get(row["id"], Decimal(0))} for row in rows]
            return [self.books.records.read(model, row, fields) for row in rows]

        return search_read

    def _finder(self, model: str) -> Method:
        def search(parameters: Sequence[Any], context: Mapping[str, Any]) -> Any:
            domain, offset, limit, order = parameters
            return [row["id"] for row in self._page(model, domain, offset, limit, order, context)]

        return search

    def _reader(self, model: str) -> Callable[..., Any]:
        def read(numbers: Sequence[int], fields: Sequence[str]) -> list[Record]:
            records = self.books.records
            rows = [row for number in numbers if (row := records.get(model, number)) is not None]
            if len(rows) != len(numbers):
                raise Refusal(
                    "UserError", f'You are trying to read records "{numbers}" of "{model}" that don\'t exist.'
                )
            return [records.read(model, row, fields) for row in rows]

        return read

    def _page(
        self,
        model: str,
        domain: Sequence[Any],
        offset: int,
        limit: int | None,
        order: Sequence[Any] | None,
        context: Mapping[str, Any],
    ) -> list[Record]:
        if model == "account.configuration":
            domain = [["company", "=", context.get("company")]]
        rows = self.books.records.search(model, domain)
        for field, direction in order or ():
            if field != "id":
                known = [row for row in rows if row[field] is not None]
                rows = sorted(known, key=lambda row: row[field], reverse=direction.startswith("DESC"))
        return rows[offset : None if limit is None else offset + limit]


def _preferences(only_context: bool) -> dict[str, Any]:  # noqa: ARG001 the wire has it
    return {"language": "en", "company": 1}


def _forget_wizard(session: int) -> None:  # noqa: ARG001 nothing is remembered about a session
    return None
