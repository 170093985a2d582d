"""Webhooks and canonical events in: verify, parse within bounds, store, then answer.

A 2xx means that the bytes are committed. A bad signature is 401 and stores nothing. What is signed but
cannot be understood is kept on the invalid channel and answered 2xx, because a refusal would only make the
sender repeat it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from engine.base.clock import SECOND
from engine.base.crashpoint import reach
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import digest_bytes
from engine.base.secret import Secret
from engine.connect.webhook import Profile, describe, verify
from engine.serve.http import Receive, Scope, Send, TooLarge, answer, headers_of, read_body
from engine.source.json_payload import parse_json
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.inbox import partition_of

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

log = logging.getLogger("tieout.intake")

ACCEPTED = b'{"status":"accepted"}'
DUPLICATE = b'{"status":"duplicate"}'
QUARANTINED = b'{"status":"quarantined"}'
INVALID = b'{"status":"invalid"}'
_ANSWERS = {Arrived.FRESH: ACCEPTED, Arrived.DUPLICATE: DUPLICATE, Arrived.CONFLICT: QUARANTINED}
KEY_BYTES_MAX = 512


class Intake:
    """Accepts messages for a daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._loop = asyncio.get_running_loop()
        self.waiting = 0
        self.refused_signatures = 0
        self.invalid = 0
        self.refused_busy = 0
        self._profiles: dict[str, tuple[str, Profile, tuple[Secret, ...]]] = {}

    def _profile(self, connection: str) -> tuple[Profile, tuple[Secret, ...]] | None:
        """The connection's webhook profile and secrets, prepared once per generation of the plan."""
        plan = self._daemon.plan.connections.get(connection)
        if plan is None or plan.manifest is None or plan.manifest.webhook is None:
            return None
        cached = self._profiles.get(connection)
        if cached is not None and cached[0] == plan.digest:
            return cached[1], cached[2]
        from engine.serve.assembly import read_secrets

        secrets = read_secrets(plan)
        chosen = tuple(secrets[name] for name in plan.manifest.webhook_secrets if secrets.get(name))
        self._profiles[connection] = (plan.digest, plan.manifest.webhook, chosen)
        return plan.manifest.webhook, chosen

    async def webhook(self, connection: str, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /webhooks/CONNECTION``."""
        found = self._profile(connection)
        if found is None:
            await answer(send, 404, {"error": f"no connection {connection!r} takes webhooks"})
            return
        body = await self._body(receive, send)
        if body is None:
            return
        profile, secrets = found
        headers = headers_of(scope)
        try:
            verify(profile, secrets, headers, body, self._daemon.clock.now())
        except Failure as failure:
            self.refused_signatures += 1
            log.warning("signature_refused", extra={"connection": connection, "reason": failure.message})
            await answer(send, 401, {"error": failure.message})
            return
        reach("CP-01")
        parsed: Any = None
        try:
            parsed = parse_json(body, size_max=self._daemon.settings.body_bytes_max)
            described = describe(profile, parsed, headers)
            arrival = self._arrival(
                connection, described.id, body, "vendor", described.type, described.key, headers.get("traceparent", "")
            )
        except Failure as failure:
            arrival = self._unreadable(connection, body, failure)
        await self._store(arrival, parsed, send)

    async def event(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /events``: a CloudEvent in structured or binary form, or a batch of structured ones."""
        body = await self._body(receive, send)
        if body is None:
            return
        headers = headers_of(scope)
        try:
            events = cloudevents(headers, body, self._daemon.settings.body_bytes_max)
            arrivals = [self._canonical(event, raw) for event, raw in events]
        except Failure as failure:
            self.invalid += 1
            await answer(send, 400, {"error": failure.message})
            return
        outcomes = []
        for (event, _), arrival in zip(events, arrivals, strict=True):
            outcomes.append(await self.store(arrival, event))
        if any(outcome is None for outcome in outcomes):
            await answer(send, 503, {"error": "the store could not commit; send it again"}, ((b"retry-after", b"1"),))
            return
        statuses = [_ANSWERS[outcome] for outcome in outcomes if outcome is not None]
        await answer(send, 202, statuses[0] if len(statuses) == 1 else b'{"status":"accepted"}')

    async def _body(self, receive: Receive, send: Send) -> bytes | None:
        daemon = self._daemon
        if daemon.draining or self.waiting >= daemon.settings.intake_waiting_max:
            self.refused_busy += 1
            status = 503 if daemon.draining else 429
            await answer(send, status, {"error": "busy; send it again"}, ((b"retry-after", b"1"),))
            return None
        try:
            return await read_body(receive, daemon.settings.body_bytes_max)
        except TooLarge:
            self.invalid += 1
            limit = daemon.settings.body_bytes_max
            await answer(send, 413, {"error": f"a message may have at most {limit} bytes"})
            return None

    def _arrival(self, source: str, id_: str, body: bytes, kind: str, type_: str, key: str, trace: str) -> Arrival:
        if len(key) > KEY_BYTES_MAX or len(id_) > KEY_BYTES_MAX:
            raise Failure(ErrorClass.SCHEMA, f"the id and the key of a message may have {KEY_BYTES_MAX} characters")
        daemon = self._daemon
        return Arrival(
            daemon.identity.new(), source, id_, digest_bytes(body), kind, type_, partition_of(key), key, body, trace,
            None, daemon.clock.now(),
        )  # fmt: skip

    def _unreadable(self, source: str, body: bytes, failure: Failure) -> Arrival:
        self.invalid += 1
        content = digest_bytes(body)
        log.warning("invalid_message", extra={"source": source, "digest": content, "reason": failure.message})
        daemon = self._daemon
        return Arrival(
            daemon.identity.new(), source, content, content, "vendor", "", partition_of(content), content, body, "",
            None, daemon.clock.now(), "invalid", failure.message,
        )  # fmt: skip

    def _canonical(self, event: Mapping[str, Any], raw: bytes) -> Arrival:
        key = event.get("partitionkey") or event.get("subject") or event["id"]
        return self._arrival(
            str(event["source"]), str(event["id"]), raw, "event", str(event["type"]), str(key),
            str(event.get("traceparent") or ""),
        )  # fmt: skip

    async def _store(self, arrival: Arrival, parsed: Any, send: Send) -> None:
        outcome = await self.store(arrival, parsed)
        if outcome is None:
            await answer(send, 503, {"error": "the store could not commit; send it again"}, ((b"retry-after", b"1"),))
        elif arrival.channel == "invalid":
            await answer(send, 202, INVALID)
        else:
            await answer(send, 200, _ANSWERS[outcome])

    async def store(self, arrival: Arrival, parsed: Any = None) -> Arrived | None:
        """Commit one message and hand it to the worker; None if it could not be committed."""
        future: asyncio.Future[Arrived | None] = self._loop.create_future()
        batch = Batch()
        batch.arrive(arrival)
        worker = self._daemon.worker

        def done(batch: Batch, error: Exception | None) -> None:
            self.waiting -= 1
            outcome = None
            if error is not None:
                log.error("intake_commit_failed", extra={"reason": str(error)})
                worker.rescan()
            else:
                outcome = batch.arrived[0]
                if outcome is Arrived.FRESH:
                    if arrival.channel == "inbox":
                        worker.arrived(arrival, parsed)
                elif outcome is Arrived.DUPLICATE:
                    worker.counts.duplicates += 1
                else:
                    worker.counts.conflicts += 1
                    log.warning("message_id_reused", extra={"source": arrival.source, "id": arrival.source_id})
            if not future.done():
                future.set_result(outcome)

        self.waiting += 1
        self._daemon.writer.submit(batch, done)
        return await future


def cloudevents(headers: Mapping[str, str], body: bytes, size_max: int) -> list[tuple[dict[str, Any], bytes]]:
    """The events of an HTTP request in CloudEvents 1.0's structured, batched or binary form, each with its JSON.

    Raises Failure(schema) naming the attribute that is missing or wrong.
    """
    from engine.base.identity import json_bytes

    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/cloudevents-batch+json":
        events = parse_json(body, size_max=size_max)
        if not isinstance(events, list):
            raise Failure(ErrorClass.SCHEMA, "a batch of events is a JSON array")
        return [(_checked(event), json_bytes(event)) for event in events]
    if content_type == "application/cloudevents+json":
        return [(_checked(parse_json(body, size_max=size_max)), body)]
    if "ce-specversion" not in headers:
        raise Failure(
            ErrorClass.SCHEMA,
            "not a CloudEvent: send content type application/cloudevents+json, or ce- headers with the data as body",
        )
    event = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    event["datacontenttype"] = content_type or "application/json"
    whole: dict[str, Any] = {**event, "data": parse_json(body, size_max=size_max) if body else None}
    return [(_checked(whole), json_bytes(whole))]


def _checked(event: Any) -> dict[str, Any]:
    if not isinstance(event, dict):
        raise Failure(ErrorClass.SCHEMA, "an event is a JSON object")
    for name in ("id", "source", "type", "specversion"):
        value = event.get(name)
        if not isinstance(value, str) or not value:
            raise Failure(ErrorClass.SCHEMA, f"the event attribute {name!r} must be text that is not empty")
    if event["specversion"] != "1.0":
        raise Failure(ErrorClass.SCHEMA, f"CloudEvents version {event['specversion']!r} is not 1.0")
    if "@" not in event["type"]:
        raise Failure(
            ErrorClass.SCHEMA,
            f"the event type {event['type']!r} must name its major version: invoice.finalized@1",
        )
    return event


def freshness_seconds(received_at: int, now: int) -> float:
    """How long ago a message came in."""
    return (now - received_at) / SECOND
