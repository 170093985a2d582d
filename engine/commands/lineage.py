"""Printing a chain from source message to documents as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.commands.show import moment, printable


def tree(chain: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The lines of one chain: message, runs, effects and their documents, exceptions, and what followed."""
    message = chain["message"]
    kind = message["type"] or message["kind"]
    yield (
        f"{prefix}message {printable(kind)}  {printable(message['source_id'])}  from {printable(message['source'])}  "
        f"{message['channel']}  {moment(message['received_at'])}  [{message['id']}]"
    )
    if message["note"]:
        yield f"{prefix}    {printable(message['note'])}"
    below: list[tuple[str, Any]] = [("run", run) for run in chain["runs"]]
    shown = {run["id"] for run in chain["runs"]}
    below += [("exception", each) for each in chain["exceptions"] if each["run_id"] not in shown]
    below += [("chain", child) for child in chain["children"]]
    if not below and message["channel"] == "inbox":
        yield f"{prefix}    {_nothing(message)}"
    for number, (what, content) in enumerate(below, 1):
        branch, rest = _branches(number == len(below))
        if what == "run":
            exceptions = [each for each in chain["exceptions"] if each["run_id"] == content["id"]]
            lines = _run(content, exceptions)
        elif what == "exception":
            lines = _exception(content)
        else:
            lines = tree(content)
        for position, line in enumerate(lines):
            yield f"{prefix}{rest if position else branch}{line}"


def _nothing(message: dict[str, Any]) -> str:
    """Why nothing follows from a message, as far as its record tells."""
    if message.get("queue") is not None:
        return f"nothing yet: it is {message['queue']}"
    if message["kind"] == "vendor":
        return "nothing followed: no source reads this type of message, or the case of it makes no event"
    return (
        f"nothing followed: no flow takes {printable(message['type'] or message['kind'])}, or none under its condition"
    )


def _branches(last: bool) -> tuple[str, str]:
    return ("└─ ", "   ") if last else ("├─ ", "│  ")


def _run(run: dict[str, Any], exceptions: list[dict[str, Any]]) -> Iterator[str]:
    ended = f" to {moment(run['ended_at'])}" if run["ended_at"] else ""
    yield f"run {run['flow']}  {run['state']}  {moment(run['started_at'])}{ended}  [{run['id']}]"
    yield f"    event {run['event_id']}  {run['event_type']} of {printable(run['subject'])}, on {run['business_date']}"
    if run["waits_for"]:
        yield f"    waits for {printable(run['waits_for'])}"
    below = [("effect", each) for each in run["effects"]] + [("exception", each) for each in exceptions]
    for number, (what, content) in enumerate(below, 1):
        branch, rest = _branches(number == len(below))
        lines = _effect(content) if what == "effect" else _exception(content)
        for position, line in enumerate(lines):
            yield f"{rest if position else branch}{line}"


def _effect(effect: dict[str, Any]) -> Iterator[str]:
    attempts = "" if effect["attempt"] == 1 else f"  {effect['attempt']} attempts"
    yield (
        f"effect {effect['operation']} to {effect['connection']}  {effect['state']}{attempts}  "
        f"{moment(effect['created_at'])}  [{effect['key']}]"
    )
    yield f"    for {printable(effect['object'])} ({effect['purpose']}, revision {printable(effect['revision'])})"
    if effect["document_id"]:
        number = f" {printable(effect['document_number'])}" if effect["document_number"] else ""
        yield (
            f"└─ document{number}  in {effect['connection']}  {moment(effect['confirmed_at'])}  "
            f"[{printable(effect['document_id'])}]"
        )
    elif effect["error"]:
        yield f"    {effect['error_class']}: {printable(effect['error'])}"


def _exception(exception: dict[str, Any]) -> Iterator[str]:
    settled = f" ({printable(exception['resolution'])} by {exception['settled_by']})" if exception["settled_by"] else ""
    yield (
        f"exception {exception['reason']}  {exception['state']}{settled}  {moment(exception['opened_at'])}  "
        f"[{exception['id']}]"
    )
    yield f"    {printable(exception['message'])}"
