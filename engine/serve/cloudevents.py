"""Reading CloudEvents 1.0 from HTTP requests: the structured, the batched and the binary form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from engine.base.clock import as_microseconds
from engine.base.errors import ErrorClass, Failure
from engine.source.json_payload import parse_json

_REQUIRED = ("id", "source", "type", "specversion")
_OPTIONAL = ("subject", "time", "partitionkey", "datacontenttype", "dataschema", "traceparent")
_JSON = re.compile(r"[a-z0-9!#$&^_.+-]+/(?:[a-z0-9!#$&^_.-]+\+)?json\s*(?:;.*)?\Z", re.IGNORECASE | re.DOTALL)


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
    for name in _REQUIRED:
        value = event.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Failure(ErrorClass.SCHEMA, f"the event attribute {name!r} must be text that is not empty")
    for name in _OPTIONAL:
        if not isinstance(event.get(name), str | None):
            raise Failure(ErrorClass.SCHEMA, f"the event attribute {name!r} must be text")
    if event["specversion"] != "1.0":
        raise Failure(ErrorClass.SCHEMA, f"CloudEvents version {event['specversion']!r} is not 1.0")
    if "@" not in event["type"]:
        raise Failure(
            ErrorClass.SCHEMA,
            f"the event type {event['type']!r} must name its major version: invoice.finalized@1",
        )
    _check_data(event)
    _check_time(event.get("time"))
    return event


def _check_data(event: Mapping[str, Any]) -> None:
    """The data of an event is JSON: what is anything else could only be stopped later, at its flow."""
    if "data_base64" in event:
        raise Failure(ErrorClass.SCHEMA, "the event has data_base64: send its data as JSON in the attribute 'data'")
    form = event.get("datacontenttype")
    if form and not _JSON.match(form):
        raise Failure(ErrorClass.SCHEMA, f"the event's datacontenttype {form!r} is not JSON")


def _check_time(time: str | None) -> None:
    if time is None:
        return
    try:
        as_microseconds(time)
    except ValueError as error:
        raise Failure(ErrorClass.SCHEMA, f"the event's time {time!r} is not an RFC 3339 time with a zone") from error
