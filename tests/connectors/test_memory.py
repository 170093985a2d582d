"""The connector in memory passes the same suite, with its own scripts standing for the network's faults."""

from __future__ import annotations

import asyncio

import pytest

from connectors.memory.connector import Fault as MemoryFault
from connectors.memory.connector import MemoryConnector, MemoryStore, forget_stores, store_of
from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass
from engine.base.identity import json_bytes
from engine.connect import Call, Confirmed, Found, Rejected, Settings, load_manifest, open_connector
from engine.connect.conformance import CHECKS, Check, Subject
from engine.connect.sandbox import Fault
from engine.source.diagnostic import Diagnostics

FAULTS = {
    Fault.REFUSE: MemoryFault.REJECTED,
    Fault.RATE_LIMIT: MemoryFault.RATE_LIMITED,
    Fault.UNAUTHORISED: MemoryFault.AUTH,
}


def call_of(number: int, content: object = None) -> Call:
    content = {"number": number} if content is None else content
    key = f"{number:064d}"
    return Call("document.create", key, key, content, json_bytes(content))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Check) -> None:
    store = MemoryStore()

    def script(fault: Fault) -> None:
        lost = MemoryFault.COMMITTED_AND_LOST if fault.value.startswith("commit_") else MemoryFault.LOST
        store.script([FAULTS.get(fault, lost)])

    async def refuse() -> None:
        store.script([MemoryFault.REFUSED])
        store.look_up_faults.append(MemoryFault.UNREACHABLE)

    async def run() -> None:
        await check(
            Subject(
                MemoryConnector(store),
                call_of,
                lambda call: len(store.under(call.external_key)),
                script,
                lambda _fault: store.look_up_faults.append(MemoryFault.UNREACHABLE),
                refuse,
            )
        )

    asyncio.run(run())


def test_other_content_under_a_key_is_a_conflict() -> None:
    async def run() -> None:
        connector = MemoryConnector(MemoryStore())
        await connector.perform(call_of(1))
        reply = await connector.perform(call_of(1, {"other": True}))
        assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.CONFLICT
        found = await connector.look_up(call_of(1, {"other": True}))
        assert isinstance(found, Found) and "differs" in found.conflict

    asyncio.run(run())


def test_a_system_that_does_not_refuse_duplicates_makes_two() -> None:
    async def run() -> None:
        store = MemoryStore(refuses_duplicates=False)
        connector = MemoryConnector(store)
        first, second = await connector.perform(call_of(1)), await connector.perform(call_of(1))
        assert isinstance(first, Confirmed) and isinstance(second, Confirmed)
        assert first.receipt.document != second.receipt.document
        assert len(store.under(call_of(1).external_key)) == 2
        assert len(await connector.read("document.read", {"key": call_of(1).external_key})) == 2
        assert await connector.read("document.read", {"key": "none"}) == []

    asyncio.run(run())


def test_connections_of_one_name_share_a_store() -> None:
    diagnostics = Diagnostics()
    manifest = load_manifest("memory", diagnostics)
    assert manifest is not None, diagnostics.sorted
    settings = Settings("shared_store", {}, {}, ())
    one = open_connector(manifest, settings, FixedClock(0))
    two = open_connector(manifest, settings, FixedClock(0))

    async def run() -> None:
        await one.perform(call_of(1))
        assert await two.check() == "in memory, with 1 documents"
        assert len(store_of("shared_store").calls) == 1

    asyncio.run(run())


def test_a_process_that_begins_anew_finds_empty_stores() -> None:
    before = store_of("kept_before")
    forget_stores()
    assert store_of("kept_before") is not before
