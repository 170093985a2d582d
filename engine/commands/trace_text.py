"""Printing a trace: every step with what went in and came out, then what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from engine.commands.show import printable

_INDENT = " " * 10


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
        yield f"would send: {effect['operation']} to {effect['connection']}  [{effect['key'][:16]}]"
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
    """A value on one line if it is short, else as indented JSON."""
    short = orjson.dumps(value).decode()
    if len(short) <= 100:
        yield f"  {name:<7} {printable(short)}"
        return
    first, *rest = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().split("\n")
    yield f"  {name:<7} {first}"
    yield from (f"{_INDENT}{printable(line)}" for line in rest)
