"""From a stored message to the runs that it leads to: pure, given the plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import orjson

from engine.base.clock import as_datetime, as_microseconds
from engine.base.errors import ErrorClass, Failure
from engine.plan.model import CanonicalEvent, FlowPlan, Plan, Scope
from engine.source.json_payload import parse_again
from engine.store.batch import Arrival


class Started(msgspec.Struct, frozen=True):
    """A flow that an event starts, at its business date."""

    flow: FlowPlan
    event: CanonicalEvent
    scope: Scope
    business_date: date


def events_of(plan: Plan, arrival: Arrival, parsed: Any = None) -> list[CanonicalEvent]:
    """The canonical events of a message. Raises Failure if it cannot be read or mapped."""
    if arrival.kind == "vendor":
        source = plan.sources.get((arrival.source, arrival.type))
        if source is None:
            return []
        message = parse_again(arrival.body) if parsed is None else parsed
        _case, events = source.normalise(message, arrival.source_id, as_datetime(arrival.received_at).date())
        return events
    message = parse_again(arrival.body) if parsed is None else parsed
    return [_canonical(plan, arrival, message)]


def _canonical(plan: Plan, arrival: Arrival, message: Any) -> CanonicalEvent:
    decode = plan.event_types.get(arrival.type)
    payload = message.get("data") if isinstance(message, dict) else None
    moment = message.get("time") if isinstance(message, dict) else None
    try:
        time = arrival.received_at if moment is None else as_microseconds(str(moment))
    except ValueError as error:
        raise Failure(ErrorClass.SCHEMA, f"the event's time {moment!r} is not an RFC 3339 time with a zone") from error
    return CanonicalEvent(
        id=arrival.source_id,
        source=arrival.source,
        type=arrival.type,
        time=time,
        subject=str(message.get("subject") or arrival.source_id) if isinstance(message, dict) else arrival.source_id,
        partitionkey=arrival.key,
        data=payload if decode is None else decode(payload),
    )


def cloudevent_bytes(event: CanonicalEvent) -> bytes:
    """The event as structured CloudEvents JSON, for the inbox and for publication."""
    from engine.base.identity import json_bytes

    return json_bytes(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "time": as_datetime(event.time).isoformat().replace("+00:00", "Z"),
            "subject": event.subject,
            "partitionkey": event.partitionkey,
            "datacontenttype": "application/json",
            "data": event.data,
        }
    )


def starts(plan: Plan, event: CanonicalEvent) -> list[Started]:
    """The flows that consume an event, each in the version of its business date."""
    started = []
    for versions in _consumers(plan, event.type):
        started.append(start(plan, versions, event, event_scope(event)))
    return started


def _consumers(plan: Plan, event_type: str) -> Iterable[tuple[FlowPlan, ...]]:
    kind, _, name = event_type.partition(":")
    if kind == "schedule":
        return [each for each in plan.flows.values() if each[-1].schedule is not None and each[-1].id == name]
    if kind == "file":
        return [each for each in plan.flows.values() if each[-1].folder is not None and each[-1].folder[0] == name]
    return plan.by_event.get(event_type, ())


def start(plan: Plan, versions: tuple[FlowPlan, ...], event: CanonicalEvent, scope: Scope) -> Started:
    """The version of a flow that applies; raises Failure(config) if none does."""
    on = versions[-1].business_date(scope)
    flow = plan.select(versions, on)
    if flow is None:
        raise Failure(ErrorClass.CONFIG, f"no version of flow {versions[-1].id!r} applies on {on.isoformat()}")
    return Started(flow, event, scope, on)


def call_start(plan: Plan, arrival: Arrival) -> Started:
    """The run of a synchronous call: the inputs are the scope."""
    name = arrival.type.removeprefix("call:")
    versions = plan.flows.get(name)
    if not versions:
        raise Failure(ErrorClass.CONFIG, f"no flow {name!r}")
    message = orjson.loads(arrival.body)
    event = CanonicalEvent(arrival.id, "call", arrival.type, arrival.received_at, name, arrival.key, message)
    scope: Scope = dict(versions[-1].decode(message))
    on = datetime.fromtimestamp(arrival.received_at / 1_000_000, UTC).date()
    flow = plan.select(versions, on)
    if flow is None:
        raise Failure(ErrorClass.CONFIG, f"no version of flow {name!r} applies on {on.isoformat()}")
    return Started(flow, event, scope, on)


def event_scope(event: CanonicalEvent) -> Scope:
    """The names that a flow's expressions see at the start."""
    return {
        "event": {
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "time": as_datetime(event.time),
            "subject": event.subject,
            "partitionkey": event.partitionkey,
            "data": event.data,
        }
    }
