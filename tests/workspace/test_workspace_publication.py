"""AT4: what the shipped flows publish of a contract comes in business order, whatever order the messages arrive in."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from worlds import World

from engine.base.identity import digest_bytes
from engine.connect.port import Call, Confirmed, Document, LookUp, Receipt, Reply, Unclear
from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.run.worker import Worker
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import load_workspace
from engine.store.batch import Arrival, Batch
from engine.store.inbox import partition_of
from engine.store.store import open_store
from engine.store.writer import InlineCommits

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "mappings/flows/fixtures"
WANTED = ["contract.activated@1", "usage.rated@1", "invoice.posted@1", "payment.applied@1"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    made = build_plan(load_workspace(ROOT), Diagnostics())
    assert made is not None
    return made


@dataclass
class Ledger:
    """A system that takes whatever it is sent, and numbers it."""

    taken: list[str] = field(default_factory=list)

    async def perform(self, call: Call) -> Reply:
        await asyncio.sleep(0)
        self.taken.append(call.operation)
        return Confirmed(Receipt(Document(f"{call.operation}-{len(self.taken)}", str(len(self.taken)), "posted"), {}))

    async def look_up(self, call: Call) -> LookUp:
        return Unclear(f"{call.operation} is never asked for")

    async def read(self, operation: str, content: Any) -> Any:
        return {"id": content["id"], "operation": operation}

    async def check(self) -> str:
        return "here"

    async def close(self) -> None:
        return None


class Business(World):
    """The shipped flows on a store, with a ledger and a billing system that agree to everything."""

    ledger = Ledger()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ledger = Ledger()
        self.store = open_store(
            self.url, workspace=self.plan.workspace, environment="test", clock=self.clock, identity=self.identity
        )
        self.commits = InlineCommits(self.store.committer)
        systems = {"erp": self.ledger, "billing": self.ledger}
        self.worker = Worker(
            self.store, self.commits, self.plan, systems, self.clock, self.identity, loop, "test"
        )  # fmt: skip
        self.worker.recover()

    def happens(self, event: dict[str, Any]) -> None:
        """A canonical event from outside, as the intake keeps it."""
        body = orjson.dumps(event)
        key = event["partitionkey"]
        arrival = Arrival(
            self.identity.new(), event["source"], event["id"], digest_bytes(body), "event", event["type"],
            partition_of(key), key, body, "", None, self.clock.now(),
        )  # fmt: skip
        batch = Batch()
        batch.arrive(arrival)
        self.commits.submit(batch, lambda _batch, _error: self.worker.arrived(arrival))


def contract_of_brook() -> dict[str, dict[str, Any]]:
    """A contract's customer, subscription, usage and payment: the four facts of AT4, as events."""

    def event(name: str, **changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
        for path, value in changes.items():
            *parents, last = path.split("__")
            place = found["data"]
            for parent in parents:
                place = place[parent]
            place[last] = value
        return {**found, "id": f"e-{name}", "partitionkey": f"lane-{name}"}

    usage = event("usage_march", subscription="sub_brook")
    started = event("subscription_created", subscription__id="sub_brook", subscription__customer="cus_brook")
    customer = event("customer_created", customer__id="cus_brook")
    paid = event(
        "payment_partial", payment__invoice=usage["data"]["id"], payment__customer="cus_brook",
        payment__legal_entity="NW-US", payment__amount={"amount": "46.90", "currency": "USD"},
    )  # fmt: skip
    started["subject"], customer["subject"] = "sub_brook", "cus_brook"
    return {"customer": customer, "subscription": started, "usage": usage, "payment": paid}


@pytest.mark.parametrize("order", list(itertools.permutations(("customer", "subscription", "usage", "payment"))))
def test_at4_activated_before_usage_before_invoice_before_payment(
    tmp_path: Path, plan: Plan, order: tuple[str, ...]
) -> None:
    events = contract_of_brook()

    async def main() -> tuple[list[str], list[str]]:
        world = Business(tmp_path / "store.db", plan)
        world.start(asyncio.get_running_loop())
        for name in order:
            world.happens(events[name])
            await world.settle()
        kept = world.rows("select type from message where source like 'flow:%' order by rowid")
        states = world.rows("select flow, state, waits_for from run where state != 'completed'")
        world.stop()
        assert states == []
        return [type_ for (type_,) in kept], world.ledger.taken

    published, taken = asyncio.run(main())
    assert [type_ for type_ in published if type_ in WANTED] == WANTED
    writes = [operation for operation in taken if operation.endswith(".create")]
    assert writes == ["invoice.create", "payment.create"]
