"""Recorded events: from files, folders, or the inbox of a store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from engine.base.clock import as_datetime, as_microseconds
from engine.base.errors import Failure, UserError
from engine.base.identity import deterministic_key, digest_bytes, json_bytes
from engine.connect.webhook import describe
from engine.plan.model import ConnectionPlan
from engine.source.json_payload import parse_json
from engine.store import tables as t
from engine.store.batch import Arrival
from engine.store.inbox import partition_of

_LAST = re.compile(r"last:([1-9][0-9]{0,6})")
_LINES = (".ndjson", ".jsonl")
_SUFFIXES = (".json", *_LINES)
#: How many messages are read, and looked up in the store, at a time.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message as it came in, and what its body was parsed to, if it was. ``answers`` are the recorded replies of
    the runs that it led to, by event id."""

    arrival: Arrival
    origin: str
    parsed: Any = None
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages may lead to a flow, under the old or the new definitions."""

    flow: str
    events: frozenset[str]  # types of canonical events
    messages: frozenset[tuple[str, str]]  # vendors' messages: connection, type
    called: frozenset[str]  # the flow's references, where it is called
    timed: bool = False
    folders: frozenset[str] = frozenset()

    def takes(self, kind: str, source: str, type_: str) -> bool:
        """Whether a stored message of this kind may lead to the flow."""
        if kind == "vendor":
            return (source, type_) in self.messages
        if kind == "call":
            return type_.removeprefix("call:") in self.called
        if kind == "schedule":
            return self.timed and type_ == f"schedule:{self.flow}"
        if kind == "file":
            return type_.removeprefix("file:") in self.folders
        return type_ in self.events


@dataclass(slots=True)
class Recording:
    """Recorded messages, oldest first, read a page at a time while they are replayed. ``total`` is how many there
    are, as far as is known: lists in files are counted when they are reached."""

    total: int
    pages: Iterator[list[Recorded]] = field(default_factory=lambda: iter(()))


def read_events(
    spec: str,
    wanted: Wanted,
    connections: Mapping[str, ConnectionPlan],
    connection: str | None = None,
    engine: sa.Engine | None = None,
) -> Recording:
    """The messages that ``spec`` names: a file, a folder, or ``last:N`` of a store's inbox; oldest first.

    Files hold CloudEvents (or with ``connection`` a vendor's messages, or the inputs of a called flow): one JSON
    object, a list of them, or one a line. Raises UserError for what cannot be read or holds nothing for the flow,
    if need be while the pages are read.
    """
    last = _LAST.fullmatch(spec)
    if last is not None:
        if engine is None:
            raise UserError(f"there is no store here to take the {spec.replace(':', ' ')} messages from: name one with "
                            "--store or --state, or give a file of events")  # fmt: skip
        return stored_events(engine, wanted, int(last[1]))
    if spec.startswith("last:"):
        raise UserError(f"{spec} is not a number of messages: write last:500")
    path = Path(spec)
    profile_of = None if connection is None else connections.get(connection)
    if connection is not None and (profile_of is None or profile_of.manifest.webhook is None):
        raise UserError(f"no connection {connection!r} takes messages, so files cannot hold its messages")
    files = _files(path)
    recording = Recording(sum(map(_count, files)))
    recording.pages = _pages(recording, path, files, wanted, profile_of)
    return recording


def _pages(
    recording: Recording, path: Path, files: list[Path], wanted: Wanted, connection: ConnectionPlan | None
) -> Iterator[list[Recorded]]:
    found: list[Recorded] = []
    none = True
    for file in files:
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        for place, content, body in _objects(file, name, recording):
            arrival = _arrival(content, body, place, wanted, connection)
            if arrival is None:
                recording.total -= 1
                continue
            none = False
            found.append(arrival)
            if len(found) == _PAGE:
                yield found
                found = []
    if none:
        kinds = " or ".join(sorted(wanted.events)) or f"calls of {wanted.flow}"
        raise UserError(f"{path} holds nothing for flow {wanted.flow}, which takes {kinds}")
    yield found


def _count(file: Path) -> int:
    """How many messages a file holds, as far as can be told without reading it whole."""
    if file.suffix not in _LINES:
        return 1
    try:
        with file.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError as error:
        raise UserError(f"the events cannot be read from {file}: {error.strerror}") from error


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"there is no file or folder {path}; for the messages of a store write last:500")
    files = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES and each.is_file())
    if not files:
        raise UserError(f"the folder {path} holds no events: they lie in files that end in {', '.join(_SUFFIXES)}")
    return files


def _objects(file: Path, name: str, recording: Recording) -> Iterator[tuple[str, Any, bytes]]:
    """The objects in a file, each with a name of its place and its bytes."""
    try:
        if file.suffix in _LINES:
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    body = line.rstrip(b"\r\n")
                    if body.strip():
                        yield f"{name}:{number}", _parsed(body, f"{file}, line {number}"), body
            return
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(f"the events cannot be read from {file}: {error.strerror}") from error
    content = _parsed(raw, str(file))
    if isinstance(content, list):
        recording.total += len(content) - 1
        for number, each in enumerate(content, 1):
            yield f"{name}[{number}]", each, json_bytes(each)
    else:
        yield name, content, raw


def _parsed(raw: bytes, place: str) -> Any:
    try:
        return parse_json(raw)
    except Failure as failure:
        raise UserError(f"the event cannot be read from {place}: {failure.message}") from failure


def _arrival(
    content: Any, body: bytes, place: str, wanted: Wanted, connection: ConnectionPlan | None
) -> Recorded | None:
    """The message in a file; None if it is for other flows."""
    if not isinstance(content, dict):
        raise UserError(f"{place} does not hold an event: it is not a JSON object")
    if connection is not None:
        return _vendor_message(content, body, place, wanted, connection)
    type_, id_ = content.get("type"), content.get("id")
    if wanted.called and not isinstance(type_, str):
        reference = sorted(wanted.called)[-1]
        key = digest_bytes(body)
        return Recorded(_made("call", key, "call", f"call:{reference}", key, body, 0), place)
    kind = "event"
    if wanted.timed and type_ in (None, f"schedule:{wanted.flow}"):
        kind, type_ = "schedule", f"schedule:{wanted.flow}"
    elif wanted.folders and type_ in (None, *(f"file:{each}" for each in wanted.folders)):
        kind, type_ = "file", f"file:{min(wanted.folders)}"
    elif type_ not in wanted.events:
        return None
    if not isinstance(id_, str) or not id_:
        raise UserError(f"the event in {place} needs an `id`, as text")
    key = str(content.get("partitionkey") or content.get("subject") or id_)
    received = _moment(content.get("time"), place)
    source = str(content.get("source", "file"))
    return Recorded(_made(source, id_, kind, str(type_), key, body, received), place, content)


def _vendor_message(
    content: Any, body: bytes, place: str, wanted: Wanted, connection: ConnectionPlan
) -> Recorded | None:
    try:
        described = describe(connection.manifest.webhook, content, {})
    except Failure as failure:
        raise UserError(f"{place} is not a message of {connection.id}: {failure.message}") from failure
    if (connection.id, described.type) not in wanted.messages:
        return None
    # A message is read as of when it came; the file does not say when that was, and its own time is the nearest.
    received = described.time or 0
    made = _made(connection.id, described.id, "vendor", described.type, described.key, body, received)
    return Recorded(made, place, content)


def _moment(time: Any, place: str) -> int:
    if time is None:
        return 0
    try:
        return as_microseconds(str(time))
    except ValueError as error:
        raise UserError(f"the time {time!r} of the event in {place} is not an RFC 3339 time with a zone") from error


def _made(source: str, id_: str, kind: str, type_: str, key: str, body: bytes, received: int) -> Arrival:
    message = deterministic_key("backtest", source, id_)
    return Arrival(
        message, source, id_, digest_bytes(body), kind, type_, partition_of(key), key, body, "", None, received
    )


# ----------------------------------------------------------------------------- of a store


def stored_events(engine: sa.Engine, wanted: Wanted, count: int) -> Recording:
    """The last ``count`` messages of the inbox that may lead to the flow, with the replies recorded for them."""
    found = _last(engine, wanted, count)
    if not found:
        raise UserError(f"the store's inbox holds no message for flow {wanted.flow}")
    return Recording(len(found), _stored_pages(engine, wanted.flow, found[::-1]))


def _stored_pages(engine: sa.Engine, flow: str, found: Sequence[int]) -> Iterator[list[Recorded]]:
    m = t.message
    columns = [column for column in m.columns if column.name != "seq"]
    for first in range(0, len(found), _PAGE):
        statement = sa.select(*columns).where(m.c.seq.in_(found[first : first + _PAGE])).order_by(m.c.seq)
        with engine.connect() as connection:
            rows = connection.execute(statement).all()
        arrivals = [Arrival(**{**row._mapping, "body": bytes(row._mapping["body"])}) for row in rows]
        answers = _answers(engine, flow, [each.id for each in arrivals])
        yield [
            Recorded(
                each, f"received {as_datetime(each.received_at).date().isoformat()}", None, answers.get(each.id, {})
            )
            for each in arrivals
        ]


def _last(engine: sa.Engine, wanted: Wanted, count: int) -> list[int]:
    """The numbers of the last messages, the latest first."""
    m = t.message.c
    types = {*wanted.events, *(type_ for _, type_ in wanted.messages), *(f"call:{each}" for each in wanted.called)}
    types |= {f"schedule:{wanted.flow}", *(f"file:{each}" for each in wanted.folders)}
    statement = (
        sa.select(m.seq, m.kind, m.source, m.type, m.parent)
        .where(m.channel == "inbox", m.type.in_(sorted(types)))
        .order_by(m.seq.desc())
    )
    found: list[int] = []
    with engine.connect() as connection:
        for seq, kind, source, type_, parent in connection.execution_options(yield_per=_PAGE).execute(statement):
            # An event that a source made of a vendor's message comes again with that message.
            made = parent is not None and source.startswith("source:")
            if not made and wanted.takes(kind, source, type_):
                found.append(seq)
                if len(found) == count:
                    break
    return found


def _answers(engine: sa.Engine, flow: str, messages: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The recorded replies by message and event."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    r = t.run
    with engine.connect() as connection:
        for start in range(0, len(messages), 500):
            statement = sa.select(r.c.message_id, r.c.event_id, r.c.answers).where(
                r.c.message_id.in_(messages[start : start + 500]), r.c.flow.startswith(f"{flow}@")
            )
            for message, event, answers in connection.execute(statement):
                if answers is not None:
                    found.setdefault(message, {})[event] = orjson.loads(bytes(answers))
    return found
