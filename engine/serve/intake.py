"""Webhooks and canonical events in: verify, parse within bounds, store, then answer.

A 2xx means that the bytes are committed. A bad signature is 401 and stores nothing. What is signed but
cannot be understood is kept on the invalid channel and answered 2xx, because a refusal would only make the
sender repeat it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from engine.base.crashpoint import reach
from engine.base.errors import Defect, ErrorClass, Failure
from engine.base.identity import digest_bytes
from engine.connect.webhook import Profile, Verifier, describe, read_headers
from engine.plan.model import Plan
from engine.serve.cloudevents import cloudevents
from engine.serve.http import Answer, Request
from engine.source.json_payload import parse_json
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.inbox import partition_of
from engine.store.writer import Done

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

log = logging.getLogger("tieout.intake")

ACCEPTED = Answer(200, {"status": "accepted"})
INVALID = Answer(202, {"status": "invalid"})
_ANSWERS = {
    Arrived.FRESH: ACCEPTED,
    Arrived.DUPLICATE: Answer(200, {"status": "duplicate"}),
    Arrived.CONFLICT: Answer(200, {"status": "quarantined"}),
}
_EVENT_STATES = {Arrived.FRESH: "accepted", Arrived.DUPLICATE: "duplicate", Arrived.CONFLICT: "quarantined"}
_EVENT_ANSWERS = {arrived: Answer(202, {"status": state}) for arrived, state in _EVENT_STATES.items()}
_BUSY = Answer(429, {"error": "busy; send it again"}, ((b"retry-after", b"1"),))
_DRAINING = Answer(503, {"error": "busy; send it again"}, ((b"retry-after", b"1"),))
_NOT_STORED = Answer(503, {"error": "the store could not commit; send it again"}, ((b"retry-after", b"1"),))
KEY_BYTES_MAX = 512
UNUSED_MAX = 1_000  # types of events that are remembered as told


@dataclass(frozen=True, slots=True)
class _Door:
    """A connection that takes webhooks, prepared once per generation of the plan."""

    connection: str
    profile: Profile
    verifier: Verifier
    headers: frozenset[bytes]  # the only ones that are read


#: Told what became of a message; None if it could not be committed.
Told: TypeAlias = Callable[[Arrived | None, Arrival], None]


#: Messages that go into the store with one group; more wait for the next.
ARRIVALS_MAX = 512
#: A message, what it was parsed to, and who is told.
_Entry: TypeAlias = tuple[Arrival, Any, Told]


class _Group:
    """Messages on their way into the store as one batch."""

    __slots__ = ("batch", "entries", "intake")

    def __init__(self, intake: Intake, entries: list[_Entry]) -> None:
        self.intake = intake
        self.entries = entries
        self.batch = Batch()
        self.batch.arrivals = [arrival for arrival, _, _ in entries]

    def done(self, batch: Batch, error: Exception | None) -> None:
        """The commit is over."""
        entries = self.entries
        intake = self.intake
        if error is not None and len(entries) > 1 and not isinstance(error, Defect):
            # The store refused and has stored nothing: each by itself, so that one bad message harms no other.
            for entry in entries:
                intake.send_alone(entry)
            return
        intake.waiting -= len(entries)
        outcomes: Sequence[Arrived | None] = batch.arrived
        if error is not None:
            outcomes = [None] * len(entries)
            intake.not_stored(error)
        for (arrival, parsed, told), outcome in zip(entries, outcomes, strict=True):
            if outcome is not None:
                intake.stored(arrival, parsed, outcome)
            told(outcome, arrival)


class Intake:
    """Accepts messages for a daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._loop = asyncio.get_running_loop()
        self.waiting = 0
        self.refused_signatures = 0
        self.invalid = 0
        self.refused_busy = 0
        self._doors: dict[bytes, _Door] = {}
        self._doors_of: Plan | None = None
        self._unused: set[str] = set()
        self._unused_of: Plan | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._arriving: deque[_Entry] = deque()  # filled by the event loop, emptied by the writer's thread
        daemon.writer.arriving = self._next_group
        self._size_max = daemon.settings.body_bytes_max

    def _door(self, target: bytes) -> _Door | None:
        """What stands behind ``/webhooks/CONNECTION``; None if nothing does."""
        plan = self._daemon.worker.plan
        if plan is not self._doors_of:
            self._doors.clear()
            self._doors_of = plan
        found = self._doors.get(target)
        if found is not None:
            return found
        name = unquote(target.partition(b"?")[0][len(b"/webhooks/") :].decode("latin-1"))
        connection = plan.connections.get(name)
        if connection is None or connection.manifest is None or connection.manifest.webhook is None:
            return None
        from engine.serve.assembly import read_secrets

        secrets = read_secrets(connection)
        chosen = tuple(secrets[each] for each in connection.manifest.webhook_secrets if secrets.get(each))
        profile = connection.manifest.webhook
        door = _Door(name, profile, Verifier(profile, chosen), frozenset((*read_headers(profile), b"traceparent")))
        if b"?" not in target and b"%" not in target:  # there is any number of other spellings
            self._doors[target] = door
        return door

    def webhook(self, target: bytes, request: Request) -> None:
        """``POST /webhooks/CONNECTION``: answered once the message is committed."""
        door = self._door(target)
        if door is None:
            name = unquote(target.partition(b"?")[0][len(b"/webhooks/") :].decode("latin-1"))
            request.answer(Answer(404, {"error": f"no connection {name!r} takes webhooks"}))
            return
        if not self._has_room(request):
            return
        body = request.body
        headers = request.read_headers(door.headers)
        now = self._daemon.clock.now()
        try:
            door.verifier.check(headers, body, now)
        except Failure as failure:
            self.refused_signatures += 1
            log.warning("signature_refused", extra={"connection": door.connection, "reason": failure.message})
            request.answer(Answer(401, {"error": failure.message}))
            return
        reach("CP-01")
        parsed: Any = None
        try:
            parsed = parse_json(body, size_max=self._size_max)
            described = describe(door.profile, parsed, headers)
            arrival = self._arrival(
                door.connection, described.id, body, "vendor", described.type, described.key,
                headers.get("traceparent", ""),
            )  # fmt: skip
        except Failure as failure:
            arrival = self._unreadable(door.connection, body, failure)
        self._submit(arrival, parsed if self._daemon.worker.backlog.keeps_parsed else None, partial(_answer, request))

    def event(self, request: Request) -> None:
        """``POST /events``: a CloudEvent in structured or binary form, or a batch of structured ones."""
        if not self._has_room(request):
            return
        unused = ""
        try:
            events = cloudevents(request.all_headers(), request.body, self._daemon.settings.body_bytes_max)
            arrivals = [self._canonical(event, raw) for event, raw in events]
            for arrival in arrivals:
                self._refuse_taken_source(arrival.source)
                unused = unused or self._nobody_takes(arrival.type)
        except Failure as failure:
            self.invalid += 1
            request.answer(Answer(400, {"error": failure.message}))
            return
        task = self._loop.create_task(self._events([event for event, _ in events], arrivals, request, unused))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    async def _events(
        self, events: list[dict[str, Any]], arrivals: list[Arrival], request: Request, unused: str
    ) -> None:
        # Submitted in their order before the first is committed: a batch costs a few commits, not one for each event.
        stores = [self.store(arrival, event) for arrival, event in zip(arrivals, events, strict=True)]
        outcomes = await asyncio.gather(*stores)
        if any(outcome is None for outcome in outcomes):
            request.answer(_NOT_STORED)
        else:
            stored = [outcome for outcome in outcomes if outcome is not None]
            arrived = stored[0] if len(stored) == 1 else Arrived.FRESH
            told = {"status": _EVENT_STATES[arrived], "note": unused}
            request.answer(Answer(202, told) if unused else _EVENT_ANSWERS[arrived])

    def _nobody_takes(self, event_type: str) -> str:
        """That an event is kept and leads to nothing, in words; empty if a flow takes its type. The log has each type
        once for each change of the definitions."""
        plan = self._daemon.worker.plan
        if event_type in plan.by_event:
            return ""
        if plan is not self._unused_of:
            self._unused.clear()
            self._unused_of = plan
        if event_type not in self._unused and len(self._unused) < UNUSED_MAX:
            self._unused.add(event_type)
            log.warning("no_flow_takes_event", extra={"type": event_type})
        return f"no flow takes {event_type} now: the event is kept, and nothing follows from it"

    def _has_room(self, request: Request) -> bool:
        daemon = self._daemon
        if daemon.draining or self.waiting >= daemon.settings.intake_waiting_max:
            self.refused_busy += 1
            request.answer(_DRAINING if daemon.draining else _BUSY)
            return False
        return True

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
        if "\x00" in f"{event['source']}{event['id']}{event['type']}{key}":
            raise Failure(ErrorClass.SCHEMA, "the source, id, type and key of an event cannot hold a null character")
        return self._arrival(
            str(event["source"]), str(event["id"]), raw, "event", str(event["type"]), str(key),
            str(event.get("traceparent") or ""),
        )  # fmt: skip

    def _refuse_taken_source(self, source: str) -> None:
        """Messages are known by source and id: an event under the name of one of our own sources could be taken for a
        webhook, a call or a schedule of ours, or keep one of them out."""
        connection = self._daemon.worker.plan.connections.get(source)
        takes_webhooks = connection is not None and connection.manifest is not None and connection.manifest.webhook
        if takes_webhooks or source in ("call", "schedule") or source.startswith(("source:", "flow:")):
            raise Failure(
                ErrorClass.SCHEMA, f"the event's source {source!r} is a name of our own: give it another, such as /shop"
            )

    def _submit(self, arrival: Arrival, parsed: Any, told: Told) -> None:
        self.waiting += 1
        self._arriving.append((arrival, parsed, told))
        self._daemon.writer.wake()

    def _next_group(self) -> tuple[Batch, Done] | None:
        """What has come in until now; asked on the writer's thread when it begins a group."""
        arriving = self._arriving
        count = min(len(arriving), ARRIVALS_MAX)  # none but this thread makes it shorter
        if not count:
            return None
        group = _Group(self, [arriving.popleft() for _ in range(count)])
        if arriving:
            self._loop.call_soon_threadsafe(self._daemon.writer.wake)
        return group.batch, group.done

    def send_alone(self, entry: _Entry) -> None:
        """Have one message committed in a batch of its own."""
        group = _Group(self, [entry])
        self._daemon.writer.submit(group.batch, group.done)

    async def store(self, arrival: Arrival, parsed: Any = None) -> Arrived | None:
        """Commit one message and hand it to the worker; None if it could not be committed."""
        future: asyncio.Future[Arrived | None] = self._loop.create_future()

        def tell(outcome: Arrived | None, _arrival: Arrival) -> None:
            if not future.done():
                future.set_result(outcome)

        self._submit(arrival, parsed, tell)
        return await future

    def not_stored(self, error: Exception) -> None:
        """A commit failed: what it may have stored all the same is found in the store."""
        log.error("intake_commit_failed", extra={"reason": str(error)})
        self._daemon.worker.rescan()

    def stored(self, arrival: Arrival, parsed: Any, outcome: Arrived) -> None:
        """What is to happen with a message whose commit is over; a fresh one goes to the worker."""
        worker = self._daemon.worker
        if outcome is Arrived.FRESH:
            if arrival.channel == "inbox":
                worker.arrived(arrival, parsed)
        elif outcome is Arrived.DUPLICATE:
            worker.counts.duplicates += 1
        else:
            worker.counts.conflicts += 1
            log.warning("message_id_reused", extra={"source": arrival.source, "id": arrival.source_id})


def _answer(request: Request, outcome: Arrived | None, arrival: Arrival) -> None:
    if outcome is None:
        request.answer(_NOT_STORED)
    elif arrival.channel == "inbox":
        request.answer(_ANSWERS[outcome])
    else:
        request.answer(INVALID)
