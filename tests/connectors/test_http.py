"""The generic HTTP connector against its document service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from connectors.http.sandbox import DocumentSandbox
from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import deterministic_key, digest_bytes, json_bytes, short_form
from engine.base.money import Money
from engine.base.secret import Secret
from engine.connect import (
    Call,
    Confirmed,
    Found,
    HttpReply,
    Manifest,
    Rejected,
    Settings,
    Unknown,
    load_manifest,
    open_connector,
)
from engine.connect.conformance import CHECKS, Check, Subject
from engine.connect.detour import Detour
from engine.connect.http_engine import HttpConnector
from engine.connect.port import Connector
from engine.source.diagnostic import Diagnostics

TOKEN = "token-that-must-not-be-shown"
CLOCK = FixedClock("2026-03-31T12:00:00Z")


def manifest(name: str = "http") -> Manifest:
    diagnostics = Diagnostics()
    found = load_manifest(name, diagnostics)
    assert found is not None, diagnostics.sorted
    return found


def call_of(number: int, content: object | None = None, operation: str = "post_json") -> Call:
    content = {"number": number, "total": Money.of("12.30", "EUR")} if content is None else content
    key = deterministic_key("effect", str(number))
    return Call(operation, key, short_form(key, 64), content, json_bytes(content))


@asynccontextmanager
async def opened(sandbox: DocumentSandbox, **values: object) -> AsyncIterator[Connector]:
    await sandbox.start()
    settings = Settings(
        "documents",
        {"base_url": sandbox.url, **values},
        {"token": Secret(TOKEN)},
        ("127.0.0.1",),
        timeout_seconds=30.0,
    )
    connector = open_connector(manifest(), settings, CLOCK, Detour(sandbox))
    try:
        yield connector
    finally:
        await connector.close()
        await sandbox.stop()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Check) -> None:
    async def run() -> None:
        sandbox = DocumentSandbox(TOKEN)
        async with opened(sandbox) as connector:
            await check(
                Subject(
                    connector,
                    call_of,
                    lambda call: int(call.external_key in sandbox.documents),
                    sandbox.script,
                    sandbox.script_reads,
                    sandbox.stop,
                    (TOKEN,),
                )
            )

    asyncio.run(run())


def test_the_recorded_bytes_are_what_is_sent() -> None:
    async def run() -> None:
        sandbox = DocumentSandbox(TOKEN)
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        call = call_of(7)
        async with opened(sandbox) as connector:
            reply = await connector.perform(
                Call(call.operation, call.effect_key, call.external_key, {}, call.raw, 1, trace)
            )
        assert isinstance(reply, Confirmed)
        assert (reply.receipt.document.id, reply.receipt.document.number) == ("doc_1", "D-00001")
        (request,) = sandbox.requests
        assert request.body == call.raw == b'{"number":7,"total":{"amount":"12.30","currency":"EUR"}}'
        assert request.headers["idempotency-key"] == call.external_key
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["traceparent"] == trace
        assert request.headers["content-type"] == "application/json"

    asyncio.run(run())


def test_other_content_under_a_key_is_a_conflict() -> None:
    async def run() -> None:
        sandbox = DocumentSandbox(TOKEN)
        async with opened(sandbox) as connector:
            await connector.perform(call_of(1))
            reply = await connector.perform(call_of(1, {"other": True}))
        assert isinstance(reply, Rejected)
        assert (reply.error_class, reply.message) == (ErrorClass.CONFLICT, "the key belongs to another document")

    asyncio.run(run())


def test_repeats_are_marked_and_reads_answer() -> None:
    async def run() -> None:
        sandbox = DocumentSandbox(TOKEN)
        async with opened(sandbox) as connector:
            call = call_of(1)
            first, second = await connector.perform(call), await connector.perform(call)
            assert isinstance(first, Confirmed) and isinstance(second, Confirmed)
            assert (first.duplicate, second.duplicate) == (False, True)
            assert isinstance(await connector.look_up(call), Found)
            read = await connector.read("lookup", {"key": call.external_key})
            assert read["digest"] == digest_bytes(call.raw)
            with pytest.raises(Failure) as caught:
                await connector.read("lookup", {"key": "nothing"})
            assert caught.value.error_class is ErrorClass.NOT_FOUND
            assert "127.0.0.1" in await connector.check()

    asyncio.run(run())


@pytest.mark.parametrize("key", ["../admin", "a/b", "a?b", "a#b", "..", "", "ü", "a b"])
def test_no_value_can_leave_its_segment_of_the_path(key: str) -> None:
    async def run() -> None:
        sandbox = DocumentSandbox(TOKEN)
        async with opened(sandbox) as connector:
            with pytest.raises(Failure) as caught:
                await connector.read("lookup", {"key": key})
        if key in {"", ".."}:
            assert caught.value.error_class is ErrorClass.DATA
            assert sandbox.requests == []
        else:
            assert caught.value.error_class is ErrorClass.NOT_FOUND
            assert sandbox.requests[0].path == f"/documents/{key}".encode().decode("utf-8")

    asyncio.run(run())


def test_missing_settings_and_unknown_secrets_are_said() -> None:
    with pytest.raises(UserError) as caught:
        open_connector(manifest(), Settings("documents", {}, {}, ()), CLOCK)
    assert "Where the service is" in str(caught.value.diagnostics)
    settings = Settings("documents", {"base_url": "http://127.0.0.1"}, {"tokn": Secret("x")}, ("127.0.0.1",))
    with pytest.raises(UserError, match="has no secret 'tokn'"):
        open_connector(manifest(), settings, CLOCK)


def test_hosts_that_are_not_listed_are_refused_at_once() -> None:
    with pytest.raises(Failure) as caught:
        open_connector(
            manifest(), Settings("documents", {"base_url": "https://example.com"}, {}, ("127.0.0.1",)), CLOCK
        )
    assert caught.value.error_class is ErrorClass.CONFIG


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999", 3600),
        ("Tue, 31 Mar 2026 12:00:30 GMT", 30),
        ("Tue, 31 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    async def run() -> None:
        async with opened(DocumentSandbox()) as connector:
            assert isinstance(connector, HttpConnector)
            reply = HttpReply(429, ((b"Retry-After", text.encode("latin-1")),), b"")
            assert connector._retry_after(reply) == seconds

    asyncio.run(run())


def test_unknown_operations_are_a_matter_of_configuration() -> None:
    async def run() -> None:
        async with opened(DocumentSandbox()) as connector:
            reply = await connector.perform(call_of(1, operation="nonsense"))
            assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.CONFIG
            with pytest.raises(Failure):
                await connector.read("post_json", {})
            assert not isinstance(await connector.perform(call_of(1)), Unknown)

    asyncio.run(run())
