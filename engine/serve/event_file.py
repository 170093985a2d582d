"""One event from a file, as a message for one flow: a canonical event, a call's inputs, or a vendor's message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.base.clock import as_datetime
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity, digest_bytes, json_bytes
from engine.connect.webhook import describe
from engine.plan.model import CanonicalEvent, FlowPlan, Plan
from engine.run.normalise import cloudevent_bytes
from engine.source.json_payload import parse_json
from engine.spec.nearest import suggestion
from engine.store.batch import Arrival
from engine.store.inbox import partition_of

_ATTRIBUTES = frozenset(
    {"type", "id", "source", "time", "subject", "partitionkey", "data", "specversion", "datacontenttype"}
)


@dataclass(frozen=True, slots=True)
class FileInput:
    """What a file holds, and how it is meant: ``connection`` for a vendor's message, ``key`` for a call."""

    raw: bytes
    connection: str | None = None
    key: str | None = None


def find_flow(plan: Plan, name: str) -> tuple[str, tuple[FlowPlan, ...]]:
    """A flow's reference and versions by ``id@MAJOR``, or by its id (the newest major). Raises UserError."""
    versions = plan.flows.get(name)
    if versions:
        return name, versions
    majors = sorted(
        (reference for reference in plan.flows if reference.partition("@")[0] == name),
        key=lambda reference: int(reference.partition("@")[2]),
    )
    if majors:
        return majors[-1], plan.flows[majors[-1]]
    raise UserError(f"there is no flow {name!r}: {suggestion(name, sorted(plan.flows), what='flows are')}")


def arrivals_for(
    plan: Plan, reference: str, versions: tuple[FlowPlan, ...], given: FileInput, identity: Identity, now: int
) -> list[Arrival]:
    """The messages that the file means for this flow. Raises UserError for a file that is not for it."""
    flow = versions[-1]
    if not given.raw.strip():
        raise UserError("the event cannot be read: there is nothing in the file")
    try:
        content = parse_json(given.raw)
    except Failure as failure:
        raise UserError(f"the event cannot be read: {failure.message}") from failure
    if not isinstance(content, dict):
        raise UserError("the file holds one JSON object")
    if given.connection is not None:
        events = _vendor_events(plan, flow, given.connection, content, now)
        return [
            _arrival(
                identity, now, f"source:{given.connection}", event.id, "event", event.type, event.partitionkey,
                cloudevent_bytes(event),
            )
            for event in events
        ]  # fmt: skip
    if is_called(flow):
        key = given.key or digest_bytes(given.raw)
        return [_arrival(identity, now, "call", key, "call", f"call:{reference}", key, json_bytes(content))]
    return [_canonical(flow, content, identity, now)]


def is_called(flow: FlowPlan) -> bool:
    """Whether the flow's trigger is ``call``."""
    return flow.event is None and flow.schedule is None and flow.folder is None


def _canonical(flow: FlowPlan, content: Mapping[str, Any], identity: Identity, now: int) -> Arrival:
    unknown = set(content) - _ATTRIBUTES
    if unknown:
        raise UserError(
            f"an event has no attribute {', '.join(sorted(unknown))}; for a vendor's own message say --connection"
        )
    if flow.event is not None and "data" not in content:
        raise UserError("the event has no `data`: what happened stands there, as its schema says")
    kind, type_ = "event", flow.event
    if flow.schedule is not None:
        kind, type_ = "schedule", f"schedule:{flow.id}"
    elif flow.folder is not None:
        kind, type_ = "file", f"file:{flow.folder[0]}"
    assert type_ is not None
    found = content.get("type", type_)
    if found != type_:
        raise UserError(f"flow {flow.id} is started by {type_}, but the event is of type {found}")
    id_ = content.get("id")
    if not isinstance(id_, str) or not id_:
        raise UserError("the event needs an `id`, as text: the same id is the same event")
    key = str(content.get("partitionkey") or content.get("subject") or id_)
    return _arrival(identity, now, str(content.get("source", "file")), id_, kind, type_, key, json_bytes(content))


def vendor_events(plan: Plan, connection: str, content: Any, now: int) -> list[CanonicalEvent]:
    """The events that a vendor's message becomes. Raises UserError if it cannot be read."""
    found = plan.connections.get(connection)
    profile = None if found is None else found.manifest.webhook
    if profile is None:
        takers = [name for name, each in plan.connections.items() if each.manifest.webhook is not None]
        raise UserError(f"no connection {connection!r} takes messages: {suggestion(connection, takers)}")
    try:
        described = describe(profile, content, {})
        source = plan.sources.get((connection, described.type))
        if source is None:
            raise UserError(f"no source of {connection} reads messages of type {described.type}")
        _, events = source.normalise(content, described.id, as_datetime(now).date())
    except Failure as failure:
        raise UserError(f"the message cannot be read: {failure.message}") from failure
    return list(events)


def _vendor_events(plan: Plan, flow: FlowPlan, connection: str, content: Any, now: int) -> list[CanonicalEvent]:
    events = vendor_events(plan, connection, content, now)
    meant = [event for event in events if event.type == flow.event]
    if not meant:
        made = ", ".join(event.type for event in events) or "no event"
        raise UserError(f"flow {flow.id} is started by {flow.event}, but the message makes {made}")
    return meant


def _arrival(
    identity: Identity, now: int, source: str, id_: str, kind: str, type_: str, key: str, body: bytes
) -> Arrival:
    return Arrival(
        identity.new(), source, id_, digest_bytes(body), kind, type_, partition_of(key), key, body, "", None, now
    )
