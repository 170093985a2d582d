"""What the crash tests run: a small plan with every kind of trouble, and an ERP that remembers in a file.

The file is opened for appending and written in one call per document, so that its documents survive the death of
the process that wrote them, and a second document under one key would show as a second line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
from invariants import documents_of
from worlds import computed, flow, make_plan, post, step

from engine.base.crashpoint import reach
from engine.base.errors import ErrorClass
from engine.connect.port import (
    Absent,
    Call,
    Confirmed,
    Document,
    Found,
    Guarantees,
    LookUp,
    Receipt,
    Rejected,
    Reply,
    Unclear,
    Unknown,
)
from engine.plan import model as plan

KEYS = 5


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def invoice(number: int, key: int, **more: Any) -> dict[str, Any]:
    """An invoice with its journal, so that balance can be counted inside the ERP."""
    total = f"{10 + number}.00"
    entries = [
        {"account": "1200", "debit": money(total), "credit": None},
        {"account": "4000", "debit": None, "credit": money(total)},
    ]
    return {"id": f"in_{number}", "customer": f"cus_{key}", "revision": "1", "entries": entries, **more}


def workload() -> list[tuple[str, str, dict[str, Any]]]:
    """Thirty messages over five keys as (type, message id, message): duplicates, a copy under another id, a credit
    before its invoice, a refusal, an unanswerable one, a broken one, one that emits, and one that fans out."""
    sent = [("invoice", f"evt_{number}", invoice(number, number % KEYS)) for number in range(17)]
    credit = {**invoice(100, 1), "id": "cn_1", "invoice": "in_15"}
    sent.insert(2, ("credit", "evt_credit", credit))
    sent.insert(9, ("order", "evt_order", invoice(50, 2)))
    sent.insert(11, ("invoice", "evt_refused", invoice(60, 3, note="refuse")))
    sent.insert(12, ("blind", "evt_blind", invoice(61, 4)))
    sent.insert(13, ("invoice", "evt_broken", invoice(62, 9, broken=True)))
    sent.insert(14, ("bulk", "evt_bulk", invoice(70, 0, lines=[{"id": f"l{n}", "revision": "1"} for n in range(4)])))
    sent += [sent[0], sent[3], sent[6]]  # the same deliveries once more
    sent.append(("invoice", "evt_backfill", invoice(4, 4)))
    sent += [("invoice", f"evt_{number}", invoice(number, number % KEYS)) for number in (20, 21)]
    sent.append(sent[-1])
    return sent


def crash_plan() -> plan.Plan:
    hold = step(
        plan.LookupStep, "invoice", "lookup", tables=(), key=(computed("event.data.invoice"),), link="invoice",
        connection="erp", missing="hold", hold_seconds=3600,
    )  # fmt: skip
    emit = step(
        plan.EmitStep, "told", "emit", event="ordered@1", subject=computed("event.data.id"), partitionkey=None,
        data=computed("event.data"), encode=lambda value: value,
    )  # fmt: skip
    read = step(plan.ReadStep, "rate", "read", connection="erp", operation="rate", input=computed("event.data.id"))
    blind = post("posted", "blind", None, guarantees=Guarantees(False, 0.0, 0.0, None, False, 40))
    element = post("line", object=computed("line.id"), revision=computed("line.revision"), input=computed("line"))
    each = step(
        plan.EachStep, "lines", "each", over=computed("event.data.lines"), name="line", key=computed("line.id"),
        steps=(element,), output=None,
    )  # fmt: skip
    return make_plan(
        flow("invoice_posted", "invoice@1", post()),
        flow("credit_posted", "credit@1", hold, post("credited", "credit_note", None)),
        flow("ordered", "order@1", read, emit, post("confirmed", "order", None)),
        flow("fulfilled", "ordered@1", post("fulfilled", "fulfilment", None)),
        flow("blind_posted", "blind@1", blind),
        flow("bulk_posted", "bulk@1", each),
    )


class FileErp:
    """An ERP that makes a document whenever it is asked to: only the engine keeps it from making two."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._tried: set[str] = set()
        self.fixed = False

    async def perform(self, call: Call) -> Reply:
        content = orjson.loads(call.raw)
        first = call.external_key not in self._tried
        self._tried.add(call.external_key)
        if content.get("note") == "refuse" and not self.fixed:
            return Rejected(ErrorClass.DATA, "the customer is on hold")
        if content["id"] in ("in_5", "in_8") and first and call.attempt == 1:
            return Rejected(ErrorClass.TRANSIENT, "not now", retry_after_seconds=0.0)
        os.write(self._handle, orjson.dumps({"key": call.external_key, "content": content}) + b"\n")
        reach("CP-09")
        if content["id"] in ("in_61", "in_6", "in_7"):
            return Unknown("no answer came")
        return Confirmed(Receipt(self._document(call)))

    async def look_up(self, call: Call) -> LookUp:
        if b'"in_61"' in call.raw:
            return Unclear("cannot be looked up", ErrorClass.CONFIG)
        kept = documents_of(self._path).get(call.external_key)
        if not kept:
            return Absent()
        return Found(
            Receipt(self._document(call)), "" if kept[0]["content"] == orjson.loads(call.raw) else "the amounts differ"
        )

    def has(self, external_key: str) -> bool:
        return external_key in documents_of(self._path)

    @staticmethod
    def _document(call: Call) -> Document:
        return Document(f"doc-{call.external_key[:8]}", f"INV-{call.external_key[:6]}", "posted")

    async def read(self, operation: str, content: Any) -> Any:
        return {"operation": operation, "of": content}

    async def check(self) -> str:
        return "here"

    async def close(self) -> None:
        os.close(self._handle)
