"""A company that runs on the shipped workspace: messages and events in, documents in a Tryton, real or sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tryton_world import TrytonWorld

from demo.billing import Billing, Customer, Event
from engine.base.clock import as_microseconds
from engine.base.identity import digest_bytes, short_form
from engine.connect import Call, Confirmed, Document, Receipt
from engine.plan.model import CanonicalEvent, Plan
from engine.run.decide import Context, decide
from engine.run.requests import (
    Answer,
    EffectAnswer,
    EffectRequest,
    EmitAnswer,
    EmitRequest,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Result,
)


class Company:
    """Plays events through the flows, those that flows emit too. An effect whose key was confirmed is absorbed."""

    def __init__(self, plan: Plan, world: TrytonWorld) -> None:
        self._plan = plan
        self._world = world
        self.billing = Billing()
        self.links: dict[tuple[str, str], str] = {}
        self.receipts: dict[str, Receipt] = {}
        self.documents: list[tuple[str, Mapping[str, Any], Receipt]] = []
        self.published: list[tuple[str, str]] = []
        self._journal: list[Mapping[str, Any]] | None = None  # read once between two documents

    @property
    def name(self) -> str:
        """What keeps this company's customers and numbers apart from those of other tests."""
        return f"c{digest_bytes(self._world.label.encode())[:8]}"

    def customer(self, **over: Any) -> Customer:
        """A taxed customer of the American entity."""
        facts: dict[str, Any] = {
            "id": f"cus_{self.name}", "name": "Acme Robotics Inc.", "entity": "NW-US", "currency": "USD",
            "city": "Austin", "country": "US", "contract": "C-2026-001", "tax_rate": "txr_us_sales",
            "percent": Decimal("8.25"), "state": "TX",
        }  # fmt: skip
        return Customer(**{**facts, **over})

    def arrives(self, message: Event) -> list[Result]:
        """A message of the billing system, as its source takes it."""
        source = self._plan.sources[("billing", message["type"])]
        on = date.fromtimestamp(message["created"])
        return self._all(list(source.normalise(message, message["id"], on)[1]), on)

    def happens(self, type_: str, data: Mapping[str, Any], subject: str, at: str) -> list[Result]:
        """A canonical event from outside."""
        moment = datetime.fromisoformat(at)
        decoded = self._plan.event_types[type_](data)
        return self._all([self._event(type_, subject, decoded, as_microseconds(moment))], moment.date())

    def _event(self, type_: str, subject: str, data: Any, at: int) -> CanonicalEvent:
        return CanonicalEvent(
            id=f"{type_}/{subject}", type=type_, source="test", subject=subject, partitionkey=self.name, time=at,
            data=data,
        )  # fmt: skip

    def _all(self, events: list[CanonicalEvent], on: date) -> list[Result]:
        results = []
        for event in events:
            self.published.append((event.type, event.subject))
            for versions in self._plan.by_event.get(event.type, ()):
                results.append(self._run(versions[-1], event, on, events))
        return results

    def _run(self, flow: Any, event: CanonicalEvent, on: date, events: list[CanonicalEvent]) -> Result:
        seen = {"id": event.id, "type": event.type, "subject": event.subject, "time": event.time, "data": event.data}
        deciding = decide(flow, {"event": seen}, Context("acceptance", "test", event.id, event.partitionkey, on))
        answer: Answer | None = None
        try:
            while True:
                request = next(deciding) if answer is None else deciding.send(answer)
                answer = self._answer(request, event, events)
        except StopIteration as stop:
            result: Result = stop.value
            return result

    def _answer(self, request: Any, event: CanonicalEvent, events: list[CanonicalEvent]) -> Answer:
        if isinstance(request, EffectRequest):
            return EffectAnswer(self._effect(request))
        if isinstance(request, LinkRequest):
            if request.link == "write_off":  # most invoices have none
                return LinkAnswer(self.links.get((request.link, request.id)))
            return LinkAnswer(self.links[request.link, request.id])
        if isinstance(request, EmitRequest):
            events.append(self._event(request.type, request.subject, request.data, event.time))
            return EmitAnswer()
        if isinstance(request, HoldRequest):
            return HoldAnswer("second@northwind.example")
        assert isinstance(request, ReadRequest), request
        if request.operation == "credit_notes.list":
            invoice = request.content["invoice"]
            notes = [each for each in self.billing.objects.values() if each["object"] == "credit_note"]
            return ReadAnswer([each for each in notes if each["invoice"] == invoice])
        return ReadAnswer(self.billing.objects[request.content["id"]])

    def _effect(self, request: EffectRequest) -> Receipt:
        if request.connection == "billing":
            return Receipt(Document(request.content["id"]))
        if request.key not in self.receipts:
            key = short_form(request.key, 26)
            reply = self._world.perform(Call(request.operation, request.key, key, request.content, request.raw))
            assert isinstance(reply, Confirmed), reply
            self.receipts[request.key] = reply.receipt
            self._journal = None
            self.documents.append((request.operation, request.content, reply.receipt))
        receipt = self.receipts[request.key]
        if request.learn is not None:
            self.links[request.learn] = receipt.document.id
        return receipt

    # ------------------------------------------------------------------------- what the ERP holds

    def entries(self, number: str) -> list[Mapping[str, Any]]:
        """The ERP's posted entries of a document of this company and of the revenue of it."""
        if self._journal is None:
            self._journal = []
            offset: int | None = 0
            while offset is not None:
                page = self._world.read("journal.export", {"entity": "NW-US", "offset": offset, "limit": 5000})
                self._journal += page["entries"]
                offset = page["next_offset"]
        return [
            each
            for each in self._journal
            if each["origin_reference"] == number or f" {number} " in f"{each['description']} ".replace("/", " ")
        ]

    def balances(self, *numbers: str, until: str = "9999-12-31", of: str = "") -> dict[str, Decimal]:
        """Debits less credits by account, over the entries of documents, each once; zeros left out. ``of``: a month."""
        sums: dict[str, Decimal] = {}
        entries = {entry["number"]: entry for number in numbers for entry in self.entries(number)}
        for entry in entries.values():
            if entry["date"] <= until and entry["date"].startswith(of):
                for line in entry["lines"]:
                    change = Decimal(line["debit"]["amount"]) - Decimal(line["credit"]["amount"])
                    sums[line["account"]] = sums.get(line["account"], Decimal(0)) + change
        return {account: amount for account, amount in sums.items() if amount}

    def trial_balance(self) -> Decimal:
        """The sum of all balances of the entity: zero."""
        rows = self._world.read("balances", {"entity": "NW-US"})["balances"]
        return sum((Decimal(row["balance"]["amount"]) for row in rows), Decimal(0))
