"""The Tryton connector before its sandbox: the shared conformance suite, faults, and what outlives a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tryton_sandbox_world import running_sandbox
from tryton_world import TrytonWorld, cash, line, sales

from connectors.tryton.connector import TrytonConnector
from connectors.tryton.sandbox.server import Sandbox, Scripted, serve
from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass
from engine.base.secret import Secret
from engine.connect import (
    Absent,
    Call,
    Confirmed,
    Found,
    Manifest,
    Rejected,
    Settings,
    Unknown,
    load_manifest,
    open_connector,
)
from engine.connect.conformance import CHECKS, Check, Subject
from engine.connect.sandbox import Fault
from engine.source.diagnostic import Diagnostics

PASSWORD = "must-not-be-shown-1"
CLOCK = FixedClock("2026-03-31T12:00:00Z")
DUE = date(2026, 4, 10)  # after the clock: a due date in the past would be a warning first
POST = "model.account.invoice.post"
SEARCH = "model.account.invoice.search_read"


def manifest() -> Manifest:
    diagnostics = Diagnostics()
    found = load_manifest("tryton", diagnostics)
    assert found is not None, diagnostics.sorted
    return found


class Opened:
    """A sandbox in this process, and a connector open on it."""

    def __init__(self, sandbox: Sandbox, server: asyncio.Server, port: int) -> None:
        self.sandbox = sandbox
        self.server = server
        self.world = TrytonWorld(f"http://127.0.0.1:{port}", "erp", "admin", PASSWORD)
        values = {"base_url": self.world.url, "database": "erp", "user": "admin", "late_invoices": "date_forward"}
        settings = Settings("erp", values, {"password": Secret(PASSWORD)}, ("127.0.0.1",), timeout_seconds=1.0)
        self.connector = open_connector(manifest(), settings, CLOCK)

    def call(self, number: int) -> Call:
        content = sales(self.world, [line("10.00", "US-SALES-8.25")], "10.00", "0.83", "10.83", due_date=DUE)
        return self.world.call("invoice.create", str(number), content)

    def changes(self, call: Call) -> int:
        rows = self.sandbox.calls.books.records.search("account.invoice", [["description", "=", call.external_key]])
        return sum(1 for row in rows if row["state"] in ("posted", "paid"))

    def script(self, fault: Fault) -> None:
        self._script(POST, fault)

    def script_reads(self, fault: Fault) -> None:
        self._script(SEARCH, fault)

    async def refuse(self) -> None:
        self.server.close()
        await asyncio.sleep(0)
        self.sandbox.close()
        await asyncio.sleep(0.02)

    def _script(self, method: str, fault: Fault) -> None:
        self.sandbox.script(Scripted(method, fault.value))
        if fault is Fault.UNAUTHORISED:
            # One 401 only means that the session is too old; refused credentials fail at the log-in as well.
            self.sandbox.script(Scripted("common.db.login", fault.value))


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    sandbox = Sandbox(CLOCK, password=PASSWORD)
    server = await serve(sandbox, 0)
    subject = Opened(sandbox, server, server.sockets[0].getsockname()[1])
    customer = {"code": subject.world.customer, "name": "Globex"}
    made = await subject.connector.perform(subject.world.call("customer.upsert", "c", customer))
    assert isinstance(made, Confirmed), made
    try:
        yield subject
    finally:
        await subject.connector.close()
        server.close()
        sandbox.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Check) -> None:
    async def run() -> None:
        async with opened() as subject:
            await check(
                Subject(
                    subject.connector,
                    subject.call,
                    subject.changes,
                    subject.script,
                    subject.script_reads,
                    subject.refuse,
                    (PASSWORD,),
                )
            )

    asyncio.run(run())


def test_the_manifest_says_what_the_connector_can_do() -> None:
    loaded = manifest()
    guarantees = loaded.operation("invoice.create").guarantees
    assert guarantees is not None
    assert not guarantees.refuses_duplicates and guarantees.can_look_up
    assert guarantees.key_length == 26
    assert guarantees.commit_within_seconds == 60

    async def names() -> tuple[set[str], set[str]]:
        async with opened() as subject:
            assert isinstance(subject.connector, TrytonConnector)
            return subject.connector.operations

    writes, reads = asyncio.run(names())
    declared = {form.name: form.kind.value for form in loaded.form.operations}
    assert writes == {name for name, kind in declared.items() if kind == "write"}
    assert reads == {name for name, kind in declared.items() if kind == "read"}


def test_a_session_that_is_too_old_is_renewed_and_the_call_said_again() -> None:
    async def run() -> None:
        async with opened() as subject:
            subject.sandbox.script(Scripted(POST, Fault.UNAUTHORISED.value))
            assert isinstance(await subject.connector.perform(subject.call(1)), Confirmed)
            assert subject.changes(subject.call(1)) == 1

    asyncio.run(run())


def test_a_serialisation_conflict_is_transient_and_leaves_a_draft_to_resume() -> None:
    async def run() -> None:
        async with opened() as subject:
            call = subject.call(1)
            subject.sandbox.script(Scripted(POST, "busy"))
            reply = await subject.connector.perform(call)
            assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.TRANSIENT
            assert isinstance(await subject.connector.look_up(call), Absent)
            assert isinstance(await subject.connector.perform(replace(call, attempt=2)), Confirmed)
            assert subject.sandbox.calls.counts()["drafts"] == 0

    asyncio.run(run())


def test_a_payment_committed_but_not_answered_is_found() -> None:
    async def run() -> None:
        async with opened() as subject:
            invoice = await subject.connector.perform(subject.call(1))
            assert isinstance(invoice, Confirmed)
            content = cash(subject.world, "10.83", invoice=invoice.receipt.document.id)
            call = subject.world.call("payment.create", "p", content)
            subject.sandbox.script(Scripted("wizard.account.invoice.pay.execute", Fault.COMMIT_HANG.value))
            assert isinstance(await subject.connector.perform(call), Unknown)
            found = await subject.connector.look_up(call)
            assert isinstance(found, Found) and not found.conflict
            again = await subject.connector.perform(replace(call, attempt=2))
            assert isinstance(again, Confirmed) and again.duplicate
            assert again.receipt.fields["settled"] is True

    asyncio.run(run())


def test_what_was_committed_outlives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "books.log"
    with running_sandbox(file) as sandbox:
        world = TrytonWorld(sandbox.url, "erp", "admin", "sandbox", timeout_seconds=5)
        world.ensure_customer()
        content = sales(
            world, [line("10.00")], "10.00", "0.00", "10.00", on=date(2026, 3, 2), due_date=date(2099, 1, 1)
        )
        first = world.perform(world.call("invoice.create", "first", content))
        assert isinstance(first, Confirmed), first
        before = sandbox.counts()
        sandbox.script(POST, Fault.COMMIT_DROP.value)
        lost = world.call("invoice.create", "lost", content)
        assert isinstance(world.perform(lost), Unknown)
        sandbox.kill()
        file.write_bytes(file.read_bytes() + b'{"id":1,"method":"model.acc')  # a line that was torn by the kill
        sandbox.start()
        after = sandbox.counts()
        assert after["invoices"] == before["invoices"] + 1 == after["keys"]
        found = world.look_up(lost)
        assert isinstance(found, Found) and found.receipt.document.number == "US-INV-2026-00002"
        third = world.perform(world.call("invoice.create", "third", content))
        assert isinstance(third, Confirmed) and third.receipt.document.number == "US-INV-2026-00003"
        world.connections.close()


def test_a_slow_answer_is_waited_for() -> None:
    async def run() -> None:
        async with opened() as subject:
            subject.sandbox.script(Scripted(POST, "slow", seconds=0.05))
            assert isinstance(await subject.connector.perform(subject.call(1)), Confirmed)

    asyncio.run(run())
