"""The workspace's events as an AsyncAPI 3.0 document: who may send and receive what, with its contract.

Events are CloudEvents 1.0 in JSON (structured mode): the channel's message is the envelope, ``data`` the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REF = "tieout:schema/"


@dataclass(frozen=True, slots=True)
class EventUse:
    """One event type: who makes it (sources, emitting flows) and who is started by it or waits for it."""

    type: str
    made_by: tuple[str, ...]
    used_by: tuple[str, ...]


def asyncapi(workspace: str, version: str, events: Sequence[EventUse], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The document. ``schemas`` are JSON Schemas by ``id@MAJOR``, with references of ``tieout:schema/`` form."""
    needed = _closure([each.type for each in events], schemas)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Events of {workspace}",
            "version": version,
            "description": "Canonical events: CloudEvents 1.0 in structured JSON, ordered by their partition key.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {each.type: _channel(each, schemas) for each in events},
        "operations": dict(_operations(events)),
        "components": {
            "schemas": {_name(id): _inlined(schemas[id]) for id in needed},
            "messages": {_name(each.type): _message(each, schemas) for each in events},
        },
    }


def _channel(event: EventUse, schemas: Mapping[str, Any]) -> dict[str, Any]:
    schema = schemas.get(event.type, {})
    return {
        "address": event.type,
        "title": str(schema.get("title", event.type)),
        "description": str(schema.get("description", "")),
        "messages": {"event": {"$ref": f"#/components/messages/{_name(event.type)}"}},
    }


def _operations(events: Sequence[EventUse]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for event in events:
        for action, parties in (("send", event.made_by), ("receive", event.used_by)):
            if parties:
                summary = f"{'Made' if action == 'send' else 'Used'} by {', '.join(parties)}."
                channel = {"$ref": f"#/channels/{event.type.replace('/', '~1')}"}
                found.append(
                    (f"{action}_{_name(event.type)}", {"action": action, "channel": channel, "summary": summary})
                )
    return found


def _message(event: EventUse, schemas: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"$ref": f"#/components/schemas/{_name(event.type)}"} if event.type in schemas else {}
    text = {"type": "string"}
    return {
        "name": event.type,
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "data"],
            "properties": {
                "specversion": {"const": "1.0"}, "id": text, "source": text, "type": {"const": event.type},
                "time": {"type": "string", "format": "date-time"}, "subject": text, "partitionkey": text, "data": data,
            },
        },
    }  # fmt: skip


def _closure(first: Sequence[str], schemas: Mapping[str, Any]) -> list[str]:
    """These schemas and all that they refer to, in order of name."""
    found: set[str] = set()
    waiting = [each for each in first if each in schemas]
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += [each for each in _references(schemas[id]) if each in schemas]
    return sorted(found)


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = str(part.get("$ref", ""))
        return ([own.removeprefix(_REF)] if own.startswith(_REF) else []) + [
            each for value in part.values() for each in _references(value)
        ]
    return [each for value in part for each in _references(value)] if isinstance(part, list) else []


def _inlined(schema: Any, root: str | None = None) -> Any:
    """A schema with its references as those of the document; ``root`` is where its own ``$defs`` lie."""
    if isinstance(schema, dict):
        here = root
        if here is None and str(schema.get("$id", "")).startswith(_REF):
            here = f"#/components/schemas/{_name(str(schema['$id']).removeprefix(_REF))}"
        kept = {key: value for key, value in schema.items() if key not in ("$id", "$schema")}
        return {key: _pointed(value, here) if key == "$ref" else _inlined(value, here) for key, value in kept.items()}
    return [_inlined(each, root) for each in schema] if isinstance(schema, list) else schema


def _pointed(reference: str, root: str | None) -> str:
    if reference.startswith(_REF):
        return f"#/components/schemas/{_name(reference.removeprefix(_REF))}"
    return f"{root}{reference[1:]}" if root and reference.startswith("#/") else reference


def _name(id: str) -> str:
    """A component's name: letters, digits, points, dashes and underscores only."""
    return id.replace("@", "-v")
