"""From billing messages to the ledger: every document of the shipped flows is accepted by Tryton's protocol."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tryton_sandbox_world import running_sandbox
from tryton_world import TrytonWorld

from engine.base.identity import short_form
from engine.connect import Call, Confirmed, Document, Receipt
from engine.plan.build import build_plan
from engine.plan.model import CanonicalEvent, Plan
from engine.run.decide import Context, decide
from engine.run.requests import (
    Answer,
    Completed,
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
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import parse_json
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "mappings/sources/stripe/fixtures"
TODAY = date(2026, 4, 2)
#: The invoice of January, whose period the upgrade changes.
QUARTER = {
    "id": "in_acme_q1",
    "object": "invoice",
    "lines": {"data": [{"id": "il_q1", "period": {"start": 1767225600, "end": 1775001600}}]},
}


class Business:
    """Plays messages through the flows; the ledger is a Tryton sandbox, billing only answers questions."""

    def __init__(self, plan: Plan, world: TrytonWorld) -> None:
        self._plan = plan
        self._world = world
        self._invoices: dict[str, Any] = {}
        self.links: dict[tuple[str, str], str] = {}
        self.posted: list[tuple[str, Receipt]] = []
        self.written_back: list[tuple[str, Any]] = []

    def arrives(self, name: str, /, **changes: Any) -> list[Result]:
        message = parse_json((MESSAGES / f"{name}.json").read_bytes())
        message["data"]["object"].update(changes)
        if message["data"]["object"]["object"] == "invoice":
            self.bills(message["data"]["object"])
        source = self._plan.sources[("billing", message["type"])]
        return [self._run(event) for event in source.normalise(message, message["id"], TODAY)[1]]

    def bills(self, invoice: dict[str, Any]) -> None:
        self._invoices[invoice["id"]] = copy.deepcopy(invoice)

    def _run(self, event: CanonicalEvent) -> Result:
        versions = self._plan.by_event[event.type][0]
        flow = versions[-1]
        seen = {"id": event.id, "type": event.type, "subject": event.subject, "time": event.time, "data": event.data}
        deciding = decide(flow, {"event": seen}, Context("w", "test", event.id, event.partitionkey, TODAY))
        answer: Answer | None = None
        try:
            while True:
                request = next(deciding) if answer is None else deciding.send(answer)
                answer = self._answer(request)
        except StopIteration as stop:
            result: Result = stop.value
            return result

    def _answer(self, request: Any) -> Answer:
        if isinstance(request, EffectRequest):
            return EffectAnswer(self._effect(request))
        if isinstance(request, LinkRequest):
            if request.link == "write_off":  # most invoices have none
                return LinkAnswer(self.links.get((request.link, request.id)))
            return LinkAnswer(self.links[request.link, request.id])
        if isinstance(request, EmitRequest):
            return EmitAnswer()
        if isinstance(request, HoldRequest):
            return HoldAnswer("second@northwind.example")
        if isinstance(request, ReadRequest) and request.operation == "credit_notes.list":
            return ReadAnswer([])
        return ReadAnswer(self._invoices[request.content["id"]])

    def _effect(self, request: EffectRequest) -> Receipt:
        if request.connection == "billing":
            self.written_back.append((request.operation, request.content))
            return Receipt(Document(request.content["id"]))
        key = short_form(request.key, 26)
        reply = self._world.perform(Call(request.operation, request.key, key, request.content, request.raw))
        assert isinstance(reply, Confirmed), reply
        if request.learn is not None:
            self.links[request.learn] = reply.receipt.document.id
        self.posted.append((request.operation, reply.receipt))
        return reply.receipt


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    plan = build_plan(load_workspace(ROOT), Diagnostics())
    assert plan is not None
    with running_sandbox(tmp_path_factory.mktemp("ledger") / "books.log") as sandbox:
        world = TrytonWorld(sandbox.url, "erp", "admin", "sandbox")
        yield Business(plan, world)
        world.connections.close()


def _completed(results: list[Result]) -> None:
    assert results
    for result in results:
        assert isinstance(result, Completed), result


def test_an_upgrade_is_posted_paid_in_part_and_in_full(business: Business) -> None:
    """AT1 with its payment: 34,279.17 in the ledger, 4,279.17 open after the first payment, then nothing."""
    _completed(business.arrives("customer_created"))
    business.bills(QUARTER)
    _completed(business.arrives("invoice_upgrade"))
    operation, invoice = business.posted[-1]
    assert operation == "invoice.create"
    assert invoice.fields["untaxed"] == {"amount": "31666.67", "currency": "USD"}
    assert invoice.fields["tax"] == {"amount": "2612.50", "currency": "USD"}
    assert invoice.fields["total"] == {"amount": "34279.17", "currency": "USD"}
    assert business.written_back[-1][1]["metadata"]["ledger_number"] == invoice.document.number

    _completed(business.arrives("invoice_payment_partial"))
    assert business.posted[-1][1].fields["due"] == {"amount": "4279.17", "currency": "USD"}
    _completed(business.arrives("invoice_paid"))
    assert business.posted[-1][1].fields["due"] == {"amount": "0.00", "currency": "USD"}
    payments = {receipt.document.id for operation, receipt in business.posted if operation == "payment.create"}
    assert len(payments) == 2, "the first payment, told twice, is one document"


def test_a_cancellation_is_credited_and_refunded(business: Business) -> None:
    """AT13: credit and refund of 9,041.10, and nothing left open on the credit note."""
    billed = parse_json((MESSAGES / "billed_cedar.json").read_bytes())
    _completed(business.arrives("customer_created", id="cus_cedar", name="Cedar Labs LLC"))
    _completed(business.arrives("invoice_upgrade", **billed))
    _completed(business.arrives("credit_note_cancellation"))
    (_, credit), (operation, refund) = business.posted[-2:]
    assert credit.fields["total"]["amount"].lstrip("-") == "9041.10"
    assert operation == "refund.create"
    assert refund.fields["amount"] == {"amount": "9041.10", "currency": "USD"}
    assert refund.fields["settled"] is True


def test_a_withdrawn_invoice_is_taken_back(business: Business) -> None:
    _completed(business.arrives("customer_created"))
    business.bills(QUARTER)
    message = parse_json((MESSAGES / "invoice_upgrade.json").read_bytes())["data"]["object"]
    again = {"id": "in_acme_withdrawn", "number": "ACME-0003"}
    _completed(business.arrives("invoice_upgrade", **{**message, **again}))
    _completed(business.arrives("invoice_voided", **again))
    operation, credit = business.posted[-1]
    assert operation == "credit_note.create"
    assert credit.fields["total"]["amount"].lstrip("-") == "34279.17"
