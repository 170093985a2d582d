"""The connector for Tryton 8.0: operations by name, and every end of a call as one of the port's answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connectors.tryton.books import Books
from connectors.tryton.customers import Customers
from connectors.tryton.documents import CREDIT_NOTE, INVOICE, SalesDocuments, document_id, receipt_fields
from connectors.tryton.errors import refusal_failure
from connectors.tryton.journals import Journals
from connectors.tryton.moves import Moves
from connectors.tryton.payments import PAYMENT, REFUND, Payments
from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session
from engine.base.clock import Clock
from engine.base.errors import ErrorClass, Failure
from engine.connect import Call, Http, LookUp, Rejected, Reply, Settings, Unclear, Unknown

Perform = Callable[[Call], Awaitable[Reply]]
LookUpBy = Callable[[Call], Awaitable[LookUp]]
Read = Callable[[Mapping[str, Any]], Awaitable[Any]]


class TrytonConnector:
    """One connection to one Tryton database (see :class:`engine.connect.port.Connector`)."""

    __slots__ = ("_books", "_documents", "_http", "_journals", "_look_ups", "_performs", "_reads", "_session")

    def __init__(
        self, session: Session, http: Http, clock: Clock, acknowledged: frozenset[str], *, date_forward: bool
    ) -> None:
        self._http = http
        self._session = session
        self._books = Books(session)
        moves = Moves(session, self._books)
        customers = Customers(session, self._books)
        documents = SalesDocuments(session, self._books, clock, acknowledged, date_forward=date_forward)
        payments = Payments(session, self._books, documents, moves)
        journals = Journals(session, self._books, moves)
        self._documents = documents
        self._journals = journals
        self._performs: dict[str, Perform] = {
            "customer.upsert": customers.upsert,
            "invoice.create": lambda call: documents.post(INVOICE, call),
            "credit_note.create": lambda call: documents.post(CREDIT_NOTE, call),
            "payment.create": lambda call: payments.post(PAYMENT, call),
            "refund.create": lambda call: payments.post(REFUND, call),
            "journal.create": journals.post,
        }
        self._look_ups: dict[str, LookUpBy] = {
            "customer.upsert": customers.look_up,
            "invoice.create": lambda call: documents.look_up(INVOICE, call),
            "credit_note.create": lambda call: documents.look_up(CREDIT_NOTE, call),
            "payment.create": lambda call: payments.look_up(PAYMENT, call),
            "refund.create": lambda call: payments.look_up(REFUND, call),
            "journal.create": journals.look_up,
        }
        self._reads: dict[str, Read] = {
            "invoice.read": self._read_invoice,
            "journal.export": self._export,
            "balances": self._balances,
            "tax_codes": self._tax_codes,
            "server.check": self._check,
        }

    @property
    def operations(self) -> tuple[set[str], set[str]]:
        """The names of what it can write and of what it can read."""
        return set(self._performs), set(self._reads)

    async def perform(self, call: Call) -> Reply:
        """Say a write operation. Never raises for anything the ERP did."""
        operation = self._performs.get(call.operation)
        if operation is None:
            return Rejected(ErrorClass.CONFIG, f"the Tryton connector has no operation {call.operation!r}")
        try:
            return await operation(call)
        except Refusal as refusal:
            failure = refusal_failure(refusal)
            return Rejected(failure.error_class, failure.message, failure.detail)
        except Failure as failure:
            if failure.error_class is ErrorClass.UNKNOWN_OUTCOME:
                return Unknown(failure.message, failure.detail)
            return Rejected(failure.error_class, failure.message, failure.detail, failure.retry_after_seconds)

    async def look_up(self, call: Call) -> LookUp:
        """Find the document of a call by its key. Never raises for anything the ERP did."""
        operation = self._look_ups.get(call.operation)
        if operation is None:
            return Unclear(f"the Tryton connector has no operation {call.operation!r}", ErrorClass.CONFIG)
        try:
            return await operation(call)
        except Failure as failure:
            return Unclear(failure.message, failure.error_class)

    async def read(self, operation: str, content: Any) -> Any:
        """Answer a read operation. Raises Failure."""
        found = self._reads.get(operation)
        if found is None:
            raise Failure(ErrorClass.CONFIG, f"the Tryton connector has no read operation {operation!r}")
        return await found(content)

    async def check(self) -> str:
        """Whether the server answers and knows the user. Raises Failure."""
        await self._session.log_in()
        rows = await self._session.ask("model.company.company.search_read", [], 0, None, None, ["party.code"])
        entities = ", ".join(sorted(str(row["party."]["code"]) for row in rows))
        return f"Tryton answers; companies by party code: {entities or 'none'}"

    async def close(self) -> None:
        """Give back sockets."""
        await self._http.close()

    async def _check(self, content: Mapping[str, Any]) -> Any:  # noqa: ARG002
        return {"status": await self.check()}

    async def _read_invoice(self, content: Mapping[str, Any]) -> Any:
        company = await self._books.company(content["entity"])
        row = await self._documents.read(company, document_id(content["id"], "invoice"))
        return {
            "id": str(row["id"]),
            "number": row["number"],
            "status": row["state"],
            "reference": row["reference"],
            "customer": row["party."]["code"],
            **receipt_fields(row),
        }

    async def _export(self, content: Mapping[str, Any]) -> Any:
        return await self._journals.export(await self._books.company(content["entity"]), content)

    async def _balances(self, content: Mapping[str, Any]) -> Any:
        company = await self._books.company(content["entity"])
        return {"balances": await self._journals.balances(company, content.get("to"))}

    async def _tax_codes(self, content: Mapping[str, Any]) -> Any:
        return {"taxes": await self._journals.tax_codes(await self._books.company(content["entity"]))}


def open(manifest: Any, settings: Settings, http: Http, clock: Clock) -> TrytonConnector:  # noqa: ARG001
    """Open a connection. Raises Failure(config) for settings that cannot work."""
    values = settings.values
    password = settings.secrets.get("password")
    if password is None:
        raise Failure(ErrorClass.CONFIG, f"connection {settings.connection!r} gives no password for Tryton")
    late = values.get("late_invoices") or "refuse"
    if late not in ("refuse", "date_forward"):
        raise Failure(ErrorClass.CONFIG, f"late_invoices is {late!r}; it can be refuse or date_forward")
    session = Session(
        http,
        str(values["base_url"]),
        str(values["database"]),
        str(values["user"]),
        password,
        settings.timeout_seconds,
    )
    acknowledged = frozenset(str(values.get("acknowledge") or "").split())
    return TrytonConnector(session, http, clock, acknowledged, date_forward=late == "date_forward")
