"""A bulk of a hundred invoices, three of which the ERP refuses, while a maintenance of the ERP begins in the middle.

The shipped workspace in a daemon of its own, the ERP's sandbox as the other side: what counts is what that holds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from tryton_sandbox_world import SandboxProcess, running_sandbox

from connectors.tryton.sandbox.server import PASSWORD
from demo.billing import Billing, Customer, Event, Line
from demo.deliver import Messenger
from demo.erp_rpc import ErpRpc
from demo.programs import Program, start_billing_api, start_engine
from engine.base.identity import json_bytes

ROOT = Path(__file__).parents[2]
KEY, SIGNING = "sk_test_bulk", "whsec_of_the_bulk_test"
CUSTOMERS = 20
OPEN, CLOSED = date(2026, 1, 31), date(2026, 2, 3)  # the ERP numbers invoices in the order of their dates
REFUSED = (97, 98, 99)


@dataclass
class World:
    """What runs, and the ways to ask it."""

    sandbox: SandboxProcess
    api: Program
    engine: Program
    messenger: Messenger
    drop: Path
    billing: Billing

    def show(self) -> None:
        httpx.post(
            f"{self.api.url}/_sandbox/objects", content=json_bytes(list(self.billing.objects.values())),
            headers={"authorization": f"Bearer {KEY}"}, trust_env=False,
        ).raise_for_status()  # fmt: skip

    def backfill(self, events: list[Event]) -> None:
        """Drop one file with a message a line, whole at once."""
        folder = self.drop / "billing"
        folder.mkdir(parents=True, exist_ok=True)
        waiting = folder / "bulk.jsonl.part"
        waiting.write_bytes(b"\n".join(json_bytes(each) for each in events))
        waiting.rename(folder / "bulk.jsonl")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.messenger.ask("/api/status")
        return found

    @contextmanager
    def rpc(self) -> Iterator[ErpRpc]:
        with ErpRpc(self.sandbox.url, "erp", "admin", PASSWORD) as rpc:
            rpc.enter_company()
            yield rpc

    def invoices(self) -> Counter[str]:
        """How many posted invoices the ERP holds, by their number in billing."""
        with self.rpc() as rpc:
            rows = rpc.rows("account.invoice", [["type", "=", "out"], ["state", "=", "posted"]], ["reference"])
        return Counter(row["reference"] for row in rows)

    def drafts(self) -> int:
        """How many invoices were begun and not posted."""
        with self.rpc() as rpc:
            return len(rpc.rows("account.invoice", [["state", "!=", "posted"]], ["id"]))

    def set_february(self, change: str) -> None:
        """``close`` or ``reopen`` February in every entity's books."""
        with self.rpc() as rpc:
            periods = rpc.rows("account.period", [["start_date", "=", date(2026, 2, 1)]], ["id", "type"])
            rpc.model("account.period", change, [row["id"] for row in periods])


def until(what: str, condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} seconds")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    state = tmp_path / "engine"
    state.mkdir()
    with running_sandbox(tmp_path / "erp.jsonl") as sandbox:
        api = start_billing_api(tmp_path, KEY)
        secrets = {
            "TIEOUT_BILLING_API_KEY": KEY, "TIEOUT_BILLING_WEBHOOK_SECRET": SIGNING, "TIEOUT_ERP_PASSWORD": PASSWORD,
            "TIEOUT_ERP_LATE_INVOICES": "refuse",
        }  # fmt: skip
        try:
            engine = start_engine(
                ROOT, state, port=0, billing_url=api.url, erp_url=sandbox.url, erp_database="erp", secrets=secrets
            )
            token = (state / "api.token").read_text("utf-8")
            messenger = Messenger(engine.url, token, SIGNING, state / "drop", lambda: None)
            yield World(sandbox, api, engine, messenger, state / "drop", Billing())
            messenger.close()
            engine.stop()
        finally:
            api.stop()


def test_at9_ninety_seven_are_posted_three_wait_for_people_and_the_maintenance_loses_none(world: World) -> None:
    billing = world.billing
    customers = [
        Customer(f"cus_bulk_{at}", f"Customer {at}", "NW-US", "USD", "Austin", "US", f"C-{at}")
        for at in range(CUSTOMERS)
    ]
    created = [billing.customer(each, date(2026, 1, 5)) for each in customers]
    bulk = [
        billing.invoice(
            f"in_bulk_{at}", f"BULK-{at:03d}", customers[at % CUSTOMERS], CLOSED if at in REFUSED else OPEN,
            f"sub_{at}", (date(2026, 1, 1), date(2026, 2, 1)),
            [Line(f"il_{at}", "prod_professional", f"Seats {at}", 10000 + at)],
        )
        for at in range(100)
    ]  # fmt: skip
    world.show()
    for event in created:
        assert world.messenger.webhook(event, SIGNING) == 200
    world.messenger.rest()
    world.set_february("close")

    world.sandbox.script("model.account.invoice.post", "slow", 40, 0.01)
    world.sandbox.script("model.account.invoice.post", "slow", 60, 0.4)  # time for a pause before the last ones
    world.backfill(bulk)
    until("the fortieth record", lambda: sum(world.invoices().values()) >= 40)
    world.messenger.say("/api/connections/erp/pause", {"by": "ana", "why": "maintenance of the ERP"})
    at_rest = until("nothing is on its way", lambda: (found := world.status())["engine"]["active"] == 0 and found)
    posted = sum(world.invoices().values())
    assert 40 <= posted < 97
    assert world.drafts() == 0
    assert at_rest["wait_for_connection"]["erp"] > 0
    assert at_rest["engine"]["left_alone"] == {"erp": {"why": "maintenance of the ERP", "until": None}}
    assert at_rest["exceptions"] == {}
    time.sleep(0.5)
    assert sum(world.invoices().values()) == posted

    world.messenger.say("/api/connections/erp/resume", {"by": "ana"})
    until("the three refusals", lambda: world.status()["exceptions"].get("business") == 3)
    world.messenger.rest()
    held = world.invoices()
    assert set(held) == {f"BULK-{at:03d}" for at in range(100) if at not in REFUSED}
    assert set(held.values()) == {1}
    exceptions = world.messenger.ask("/api/exceptions")
    assert {each["error_class"] for each in exceptions} == {"period_closed"}
    assert all("you must reopen the period" in each["message"] for each in exceptions)

    world.set_february("reopen")
    for each in exceptions:
        status, answer = world.messenger.act(each["id"], "retry", "ana")
        assert status == 200, answer
    world.messenger.rest()
    held = world.invoices()
    assert (len(held), set(held.values())) == (100, {1})
    after = world.status()
    assert (after["exceptions"], after["engine"]["counts"]["retried"]) == ({}, 0)
    assert world.messenger.ask("/api/audit/verify")["holds"]
