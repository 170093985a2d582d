"""A small world for the worker: a plan made by hand, a system that keeps documents, a store on a real file.

The plan stands for a compiled workspace with one source, flows of the kinds a test asks for, and one
connection. The system really stores documents, so that invariants can be counted inside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from engine.base.clock import SystemClock, as_datetime
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import Identity, deterministic_key, digest_bytes
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
from engine.run.worker import Worker
from engine.source.span import Span
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.inbox import partition_of
from engine.store.store import Store, open_store
from engine.store.writer import InlineCommits

SPAN = Span("world.flow.yaml")
COMMIT_WITHIN = 0.02


def computed(path: str) -> plan.Computed:
    """A computed value that reads a path, as ``event.data.id`` would."""
    names = path.split(".")

    def read(scope: plan.Scope) -> Any:
        value: Any = scope
        for name in names:
            value = None if value is None else value.get(name)
        return value

    return read


def step(kind: type[Any], id_: str, name: str, /, **fields: Any) -> Any:
    return kind(id=id_, kind=name, span=SPAN, when=fields.pop("when", None), skip_on=frozenset(), **fields)


def post(id_: str = "posted", purpose: str = "ar_invoice", learn: str | None = "invoice", **over: Any) -> plan.PostStep:
    """A post of the event's data, identified by its id and revision."""
    fields: dict[str, Any] = {
        "connection": "erp",
        "operation": "invoice.create",
        "object": computed("event.data.id"),
        "revision": computed("event.data.revision"),
        "purpose": purpose,
        "input": computed("event.data"),
        "learn": None if learn is None else (learn, computed("event.data.id")),
        "reverse": None,
        "guarantees": Guarantees(False, COMMIT_WITHIN, 0.0, None, True, 40),
        "attempts_max": 6,
        "elapsed_max_seconds": 3600,
    }
    return step(plan.PostStep, id_, "post", **{**fields, **over})


def flow(id_: str, event: str, *steps: plan.StepPlan, **over: Any) -> plan.FlowPlan:
    fields: dict[str, Any] = {
        "id": id_, "version": "1.0.0", "digest": deterministic_key("bundle", id_), "owner": "accounting",
        "summary": f"{id_} posts.", "event": event, "when": None, "business_date": lambda _scope: date(2026, 1, 31),
        "decode": lambda value: value, "steps": steps, "output": None, "inputs": (), "may_change_outside": True,
    }  # fmt: skip
    return plan.FlowPlan(**{**fields, **over})


def make_plan(*flows: plan.FlowPlan, key: str = "customer") -> plan.Plan:
    """A plan in which each vendor message of type T is one event ``T@1`` with the message as its data."""
    by_event: dict[str, tuple[tuple[plan.FlowPlan, ...], ...]] = {}
    for each in flows:
        assert each.event is not None
        by_event[each.event] = (*by_event.get(each.event, ()), (each,))

    def source(type_: str) -> plan.SourcePlan:
        def normalise(message: Any, vendor_id: str, _on: date) -> tuple[str, list[plan.CanonicalEvent]]:
            if message.get("broken"):
                raise Failure(ErrorClass.MAPPING, "the message has no amount")
            event = plan.CanonicalEvent(
                deterministic_key("event", "billing", vendor_id), "billing", f"{type_}@1", 1_767_225_600_000_000,
                message["id"], message[key], message,
            )  # fmt: skip
            return "only", [event]

        return plan.SourcePlan(f"source_{type_}", "1.0.0", "", "billing", (type_,), normalise)

    types = {each.partition("@")[0] for each in by_event} | {"unheard"}
    connection = plan.ConnectionPlan("erp", "memory", {}, {}, (), 64, None, 5.0, None, "")
    return plan.Plan(
        "world", "plan", {("billing", each): source(each) for each in types}, {f"{f.id}@1": (f,) for f in flows},
        by_event, {}, {"erp": connection}, {}, {}, {}, {f.digest: f for f in flows},
        lambda versions, _on: versions[-1],
    )  # fmt: skip


@dataclass
class Erp:
    """A system that keeps documents. ``script`` decides per call what goes wrong; None is: nothing."""

    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    performed: int = 0
    looked_up: int = 0
    script: Callable[[Call], str | None] = lambda _call: None
    look_up_script: Callable[[Call], str | None] = lambda _call: None

    def _book(self, call: Call) -> Document:
        kept = self.documents.setdefault(call.external_key, [])
        kept.append({"content": orjson.loads(call.raw)})
        self.order.append(orjson.loads(call.raw)["id"])
        number = f"INV-{len(self.order)}"
        kept[-1]["number"] = number
        return Document(f"doc-{call.external_key[:8]}", number, "posted")

    async def perform(self, call: Call) -> Reply:
        self.performed += 1
        await asyncio.sleep(0)
        fault = self.script(call)
        if fault == "transient":
            return Rejected(ErrorClass.TRANSIENT, "not now", retry_after_seconds=0.0)
        if fault == "lost_before":
            return Unknown("no answer came")
        if fault == "reject":
            return Rejected(ErrorClass.DATA, "the customer is on hold")
        if fault == "crash":
            raise RuntimeError("a bug in the connector")
        document = self._book(call)
        if fault == "lost_after":
            return Unknown("no answer came")
        return Confirmed(Receipt(document, {}))

    async def look_up(self, call: Call) -> LookUp:
        self.looked_up += 1
        await asyncio.sleep(0)
        if self.look_up_script(call) == "unclear":
            return Unclear("the system does not answer")
        kept = self.documents.get(call.external_key)
        if not kept:
            return Absent()
        conflict = "" if kept[0]["content"] == orjson.loads(call.raw) else "the amounts differ"
        return Found(Receipt(Document(f"doc-{call.external_key[:8]}", kept[0]["number"], "posted"), {}), conflict)

    async def read(self, operation: str, content: Any) -> Any:
        return {"operation": operation, "asked": content}

    async def check(self) -> str:
        return "here"

    async def close(self) -> None:
        return None


class World:
    """A worker on a store file, with arrivals as the intake would make them."""

    def __init__(self, path: Path, plan_: plan.Plan, erp: Erp | None = None) -> None:
        self.clock = SystemClock()
        self.identity = Identity(self.clock)
        self.plan = plan_
        self.erp = erp if erp is not None else Erp()
        self.path = path
        self.url = str(path)
        self.store: Store
        self.worker: Worker
        self._numbers = iter(range(1, 1 << 60))

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.store = open_store(
            self.url, workspace="world", environment="test", clock=self.clock, identity=self.identity
        )
        self.commits = InlineCommits(self.store.committer)
        self.worker = Worker(
            self.store, self.commits, self.plan, {"erp": self.erp}, self.clock, self.identity, loop, "test"
        )
        self.worker.recover()

    def stop(self) -> None:
        self.worker.paused = True
        self.store.close()
        self.store.committer.close()

    def arrive(self, type_: str, id_: str | None = None, **message: Any) -> Arrived:
        """Commit one vendor message and hand it to the worker, as the intake does."""
        body = orjson.dumps(message)
        source_id = id_ or f"evt_{next(self._numbers)}"
        key = str(message.get("customer", "cus_1"))
        arrival = Arrival(
            self.identity.new(), "billing", source_id, digest_bytes(body), "vendor", type_, partition_of(key), key,
            body, "", None, self.clock.now(),
        )  # fmt: skip
        batch = Batch()
        batch.arrive(arrival)

        def done(_batch: Batch, error: Exception | None) -> None:
            assert error is None, error
            if batch.arrived == [Arrived.FRESH]:
                self.worker.arrived(arrival)

        self.commits.submit(batch, done)
        return batch.arrived[0]

    async def settle(self, rounds: int = 200) -> None:
        """Until nothing moves: idle, no timers pending within the scale of the tests."""
        for _ in range(rounds):
            await self.worker.drained()
            await asyncio.sleep(0.001)
            if self.worker.is_idle:
                return
        raise AssertionError("the world does not come to rest")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.store.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]


def at(microseconds: int) -> str:
    return as_datetime(microseconds).isoformat()
