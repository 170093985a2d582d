"""Printing a trace: every step with what went in and came out, then what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from engine.commands.show import printable

_INDENT = " " * 10
_WIDTH = 110


def trace_lines(trace: dict[str, Any]) -> Iterator[str]:
    """The lines of one trace, given as JSON."""
    yield f"flow {trace['flow']} on {trace['business_date']}: nothing is sent"
    for step in trace["steps"]:
        yield ""
        yield f"{step['path']}  {step['kind']}  {step['state']}"
        if step["state"] == "skipped" and step["input"] is None:
            continue
        if step["input"] is not None:
            yield from _block("input", step["input"])
        if step["state"] != "stopped":
            yield from _block("output", step["output"])
            yield f"  type    {step['type']}"
    yield ""
    for assumed in trace["assumed"]:
        yield f"assumed: {printable(assumed)}"
    for effect in trace["effects"]:
        identity = effect["identity"]
        yield f"would send: {effect['operation']} to {effect['connection']}  [{effect['key']}]"
        yield f"  for     {printable(identity['object'])} ({identity['purpose']}, revision {identity['revision']})"
        yield from _block("content", effect["content"])
    for event in trace["emitted"]:
        yield f"would publish: {event['type']} of {printable(event['subject'])}"
        yield from _block("data", event["data"])
    for exception in trace["exceptions"]:
        yield f"exception {exception['reason']} at {exception['where']} for {exception['owner']}"
        yield f"  {printable(exception['message'])}"
        yield f"  What to do: {printable(exception['action'])}"
    if trace["problem"]:
        yield printable(trace["problem"])
    yield f"outcome: {trace['outcome']}"
    if trace["output"] is not None:
        yield from _block("output", trace["output"])


def _block(name: str, value: Any) -> Iterator[str]:
    """A value on as few lines as it can be read on: what fits on one line stays on one."""
    first, *rest = _lines(value, _WIDTH - len(_INDENT))
    yield f"  {name:<7} {printable(first)}"
    yield from (f"{_INDENT}{printable(line)}" for line in rest)


def _lines(value: Any, room: int) -> Iterator[str]:
    """JSON, broken only where a line would be longer than ``room``; blanks after ``:`` and ``,`` as people write it."""
    flat = _flat(value)
    if len(flat) <= room or not isinstance(value, dict | list) or not value:
        yield flat
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    parts = [(f"{_flat(name)}: ", part) for name, part in value.items()] if isinstance(value, dict) else None
    yield opening
    for at, (before, part) in enumerate(parts if parts is not None else [("", part) for part in value], 1):
        *inner, last = _lines(part, room - 3 - len(before))
        head, tail = ([before + inner[0]], inner[1:]) if inner else ([], [])
        yield from (f"  {line}" for line in (*head, *tail))
        comma = "," if at < len(value) else ""
        yield f"  {last if inner else before + last}{comma}"
    yield closing


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(name)}: {_flat(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(part) for part in value) + "]"
    return orjson.dumps(value).decode()
