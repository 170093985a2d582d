"""The stripe connector against its sandbox, and the sandbox before Stripe's own library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
import stripe

from connectors.stripe.sandbox import StripeSandbox, read_form
from connectors.stripe.signing import sign
from engine.base.clock import SECOND, FixedClock
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import deterministic_key, json_bytes, short_form
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
from engine.connect.detour import Detour
from engine.connect.port import Connector
from engine.connect.webhook import describe, verify
from engine.source.diagnostic import Diagnostics

API_KEY = "rk_test_that_must_not_be_shown"
WEBHOOK_SECRET = "whsec_must_not_be_shown_either"
CLOCK = FixedClock("2026-03-31T12:00:00Z")


def manifest() -> Manifest:
    diagnostics = Diagnostics()
    found = load_manifest("stripe", diagnostics)
    assert found is not None, diagnostics.sorted
    return found


def sandbox_with_invoices(count: int = 20) -> StripeSandbox:
    sandbox = StripeSandbox(CLOCK, API_KEY)
    for number in range(count):
        sandbox.put("invoices", {"id": f"in_{number}", "object": "invoice", "metadata": {"kept": "yes"}})
    return sandbox


def call_of(number: int, operation: str = "invoice.annotate", **metadata: str) -> Call:
    content = {"id": f"in_{number}", "metadata": metadata or {"erp_invoice": f"INV/{number:04d} ü&="}}
    key = deterministic_key("effect", operation, str(number))
    return Call(operation, key, short_form(key, 200), content, json_bytes(content))


@asynccontextmanager
async def opened(sandbox: StripeSandbox) -> AsyncIterator[Connector]:
    await sandbox.start()
    secrets = {"api_key": Secret(API_KEY), "webhook_secret": Secret(WEBHOOK_SECRET)}
    settings = Settings("billing", {"base_url": sandbox.url}, secrets, ("127.0.0.1",), timeout_seconds=30.0)
    connector = open_connector(manifest(), settings, CLOCK, Detour(sandbox))
    try:
        yield connector
    finally:
        await connector.close()
        await sandbox.stop()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Check) -> None:
    async def run() -> None:
        sandbox = sandbox_with_invoices()

        def changes(call: Call) -> int:
            return sum(event["data"]["object"]["id"] == call.content["id"] for event in sandbox.events)

        async with opened(sandbox) as connector:
            await check(
                Subject(
                    connector,
                    call_of,
                    changes,
                    sandbox.script,
                    sandbox.script_reads,
                    sandbox.stop,
                    (API_KEY, WEBHOOK_SECRET),
                )
            )

    asyncio.run(run())


def test_an_annotation_is_said_as_stripe_reads_it() -> None:
    async def run() -> None:
        sandbox = sandbox_with_invoices()
        call = call_of(3)
        async with opened(sandbox) as connector:
            reply = await connector.perform(call)
        assert isinstance(reply, Confirmed) and reply.receipt.document.id == "in_3"
        (request,) = sandbox.requests
        assert request.path == "/v1/invoices/in_3"
        assert request.body == b"metadata[erp_invoice]=INV%2F0003%20%C3%BC%26%3D"
        assert request.headers["idempotency-key"] == call.external_key
        assert request.headers["stripe-version"] == "2026-06-24.dahlia"
        assert sandbox.objects["invoices"]["in_3"]["metadata"] == {"kept": "yes", "erp_invoice": "INV/0003 ü&="}

    asyncio.run(run())


def test_a_remembered_failure_does_not_stand_in_the_way() -> None:
    async def run() -> None:
        sandbox = sandbox_with_invoices()
        call = call_of(1)
        async with opened(sandbox) as connector:
            await connector.perform(call)
            await connector.perform(replace(call, attempt=3))
        assert [request.headers["idempotency-key"] for request in sandbox.requests] == [
            call.external_key,
            f"{call.external_key}-3",
        ]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"type": "invalid_request_error", "message": "No."}, Rejected(ErrorClass.DATA, "No.", "status 400")),
        (400, {"type": "idempotency_error", "message": "x"}, ErrorClass.CONFLICT),
        (401, {"message": f"Invalid API Key provided: {API_KEY}"}, ErrorClass.AUTH),
        (402, {"type": "card_error", "message": "Declined"}, ErrorClass.DATA),
        (403, {"message": "No access"}, ErrorClass.PERMISSION),
        (404, {"message": "No such invoice"}, ErrorClass.NOT_FOUND),
        (409, {"code": "idempotency_key_in_use", "message": "x"}, Unknown),
        (409, {"code": "lock_timeout", "message": "x"}, ErrorClass.TRANSIENT),
        (413, None, ErrorClass.TOO_LARGE),
        (424, None, Unknown),
        (429, None, ErrorClass.RATE_LIMITED),
        (500, {"type": "api_error"}, Unknown),
        (503, None, Unknown),
        (302, None, ErrorClass.CONFIG),
        (200, None, Unknown),
        (202, {"message": "accepted"}, Unknown),
        (418, None, ErrorClass.DATA),
        (299, None, Unknown),
    ],
)
def test_every_answer_has_its_class(status: int, error: dict[str, Any] | None, expected: object) -> None:
    from engine.connect.sandbox import SandboxReply, SandboxRequest

    class Fixed(StripeSandbox):
        def answer(self, request: SandboxRequest) -> SandboxReply:
            return SandboxReply(status, b"" if error is None else {"error": error})

    async def run() -> None:
        async with opened(Fixed(CLOCK, API_KEY)) as connector:
            reply = await connector.perform(call_of(1))
        assert API_KEY not in repr(reply)
        if expected is Unknown:
            assert isinstance(reply, Unknown), reply
        elif isinstance(expected, Rejected):
            assert reply == expected
        else:
            assert isinstance(reply, Rejected) and reply.error_class is expected, reply
            assert reply.message

    asyncio.run(run())


def test_look_up_compares_what_is_there() -> None:
    async def run() -> None:
        sandbox = sandbox_with_invoices()
        async with opened(sandbox) as connector:
            assert isinstance(await connector.look_up(call_of(1, erp="A")), Absent)
            await connector.perform(call_of(1, erp="A"))
            assert isinstance(await connector.look_up(call_of(1, erp="A")), Found)
            assert isinstance(await connector.look_up(call_of(1, erp="B")), Absent)

    asyncio.run(run())


def test_reads() -> None:
    async def run() -> None:
        sandbox = sandbox_with_invoices(250)
        async with opened(sandbox) as connector:
            for number in range(250):
                sandbox._update("invoices", sandbox.objects["invoices"][f"in_{number}"], {"number": number})
            events = await connector.read("events.list", {"type": "invoice.*"})
            assert [event["id"] for event in events] == [f"evt_sandbox{number:06d}" for number in range(250, 0, -1)]
            assert len(sandbox.requests) == 3
            now = CLOCK.now() // SECOND
            assert await connector.read("events.list", {"created_from": now + 1}) == []
            assert sandbox.requests[-1].query == (("limit", "100"), ("created[gte]", str(now + 1)))
            assert (await connector.read("invoice.get", {"id": "in_7"}))["number"] == 7
            with pytest.raises(Failure) as caught:
                await connector.read("invoice.get", {"id": "in_none"})
            assert caught.value.error_class is ErrorClass.NOT_FOUND
            assert "No such invoice" in caught.value.message
            assert "accepts the credentials" in await connector.check()

    asyncio.run(run())


def test_the_webhook_profile() -> None:
    profile = manifest().webhook
    assert profile is not None
    body = orjson.dumps(
        {"id": "evt_1", "type": "customer.updated", "created": 1_763_690_400, "data": {"object": {"id": "cus_9"}}}
    )
    header = {"stripe-signature": sign(WEBHOOK_SECRET, body, 1_763_690_400)}
    verify(profile, [Secret(WEBHOOK_SECRET)], header, body, 1_763_690_400 * SECOND)
    arrival = describe(profile, body)
    assert (arrival.id, arrival.type, arrival.key) == ("evt_1", "customer.updated", "cus_9")
    assert arrival.time == 1_763_690_400 * SECOND
    with pytest.raises(Failure):
        verify(profile, [Secret(WEBHOOK_SECRET)], header, body, 1_763_690_701 * SECOND)


@pytest.mark.parametrize(
    "event_type",
    ["customer.subscription.updated", "invoice.finalized", "credit_note.created", "charge.refunded", "refund.created"],
)
def test_events_are_ordered_by_their_customer(event_type: str) -> None:
    profile = manifest().webhook
    assert profile is not None
    event = {"id": "evt_1", "type": event_type, "data": {"object": {"id": "x_1", "customer": "cus_1"}}}
    assert describe(profile, event).key == "cus_1"
    event["data"] = {"object": {"object": "balance"}}
    assert describe(profile, event).key == "evt_1"


# ----------------------------------------------------------------------------- the judge


def test_stripes_own_library_accepts_the_sandbox() -> None:
    sandbox = StripeSandbox(CLOCK, API_KEY)
    with sandbox.serving() as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        customer = client.v1.customers.create(params={"name": "Ada Ltd", "metadata": {"legal_entity": "de"}})
        assert (customer.object, customer.name, customer.metadata["legal_entity"]) == ("customer", "Ada Ltd", "de")
        invoice = client.v1.invoices.create(
            params={"customer": customer.id, "metadata": {"a": "1"}}, options={"idempotency_key": "k1"}
        )
        again = client.v1.invoices.create(
            params={"customer": customer.id, "metadata": {"a": "1"}}, options={"idempotency_key": "k1"}
        )
        assert again.id == invoice.id
        with pytest.raises(stripe.IdempotencyError):
            client.v1.invoices.create(params={"customer": "other"}, options={"idempotency_key": "k1"})
        updated = client.v1.invoices.update(invoice.id, params={"metadata": {"b": "2", "a": ""}})
        assert updated.metadata.to_dict() == {"b": "2"}
        assert client.v1.invoices.retrieve(invoice.id).metadata["b"] == "2"
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.invoices.retrieve("in_none")
        assert missing.value.code == "resource_missing"
        events = client.v1.events.list(params={"limit": 2})
        assert [event.type for event in events.data] == ["invoice.updated", "invoice.created"]
        assert events.has_more
        assert [event.type for event in events.auto_paging_iter()][-1] == "customer.created"
        assert events.data[0].data.previous_attributes["metadata"].to_dict() == {"b": None, "a": "1"}
        sandbox.script("rate_limit", "server_error")
        with pytest.raises(stripe.RateLimitError):
            client.v1.invoices.create(params={"customer": customer.id})
        with pytest.raises(stripe.APIError):
            client.v1.invoices.create(params={"customer": customer.id})
        stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": url}, max_network_retries=0)
        with pytest.raises(stripe.AuthenticationError):
            stranger.v1.balance.retrieve()


def test_stripes_own_library_reads_the_sandboxs_events() -> None:
    sandbox = sandbox_with_invoices(1)
    sandbox._update("invoices", sandbox.objects["invoices"]["in_0"], {"metadata": {"x": "y"}})
    body = orjson.dumps(sandbox.events[0])
    now = CLOCK.now() // SECOND
    event = stripe.Webhook.construct_event(body, sign(WEBHOOK_SECRET, body, now), WEBHOOK_SECRET, tolerance=None)
    assert (event.type, event.data.object.id) == ("invoice.updated", "in_0")


def test_forms_are_read_with_their_nesting() -> None:
    body = b"customer=cus_1&metadata[a]=1&items[0][quantity]=3&metadata[b%26]=x%3Dy"
    assert read_form(body) == {
        "customer": "cus_1",
        "metadata": {"a": "1", "b&": "x=y"},
        "items": {"0": {"quantity": 3}},
    }
