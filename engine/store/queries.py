"""What people ask of a store: how much is where, which exceptions are open, what happened to a thing."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from engine.store import tables as t
from engine.store.pauses import load_pauses


def _dicts(connection: sa.Connection, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    # Reserved words such as "key" come back as a subclass of str, which JSON writers do not take as a key.
    return [{str(name): value for name, value in row.items()} for row in connection.execute(statement).mappings()]


def status(connection: sa.Connection, now: int) -> dict[str, Any]:
    """Counts of messages, runs, effects and exceptions by state; connections that are paused or waited for."""

    def counts(column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> dict[str, int]:
        statement = sa.select(column, sa.func.count()).where(*where).group_by(column).order_by(column)
        return {str(row[0]): int(row[1]) for row in connection.execute(statement)}

    def count(table: sa.Table) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    open_effects = connection.execute(
        sa.select(t.effect.c.state, sa.func.count())
        .outerjoin(t.receipt, t.receipt.c.effect_key == t.effect.c.key)
        .where(t.receipt.c.effect_key.is_(None))
        .group_by(t.effect.c.state)
        .order_by(t.effect.c.state)
    )
    oldest = connection.execute(
        sa.select(sa.func.min(t.message.c.received_at)).join(t.queue, t.queue.c.message_id == t.message.c.id)
    ).scalar_one()
    return {
        "messages": {"total": count(t.message), **counts(t.message.c.channel)},
        "queue": counts(t.queue.c.state),
        "oldest_unfinished_at": oldest,
        "runs": counts(t.run.c.state),
        "effects": {**{str(row[0]): int(row[1]) for row in open_effects}, "confirmed": count(t.receipt)},
        "exceptions": counts(t.exception.c.kind, t.exception.c.state == "open"),
        "held_behind": sum(held_behind(connection).values()),
        "paused": [
            {"connection": each.connection, "why": each.why, "by": each.begun_by, "until": each.until}
            for each in load_pauses(connection, now)
            if each.holds_at(now)
        ],
        "wait_for_connection": _waiting_for_connections(connection),
        "links": count(t.link),
        "audit_entries": count(t.audit),
    }


def _waiting_for_connections(connection: sa.Connection) -> dict[str, int]:
    """How many runs wait until a connection may be used again; what comes after them in their keys waits, too."""
    waits_for = t.run.c.waits_for
    statement = (
        sa.select(waits_for, sa.func.count())
        .where(t.run.c.state == "waiting", waits_for.startswith("connection:"))
        .group_by(waits_for)
    )
    return {str(row[0]).partition(":")[2]: int(row[1]) for row in connection.execute(statement)}


def runs(
    connection: sa.Connection, *, state: str | None = None, flow: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The latest runs, newest first."""
    columns = [column for column in t.run.columns if column.name not in ("answers", "output")]
    statement = sa.select(*columns).order_by(t.run.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(t.run.c.state == state)
    if flow is not None:
        statement = statement.where(sa.or_(t.run.c.flow == flow, t.run.c.flow.startswith(f"{flow}@")))
    found = _dicts(connection, statement)
    open_ = _open_effects(connection, [run["message_id"] for run in found if run["state"] == "running"])
    for run in found:
        run["waits_for"] = run["waits_for"] or open_.get(run["id"])
    return found


def _open_effects(connection: sa.Connection, messages: list[str]) -> dict[str, str]:
    """What a run that is neither done nor stopped is about outside, in words, by the run's id."""
    effect = t.effect.c
    columns = (effect.run_id, effect.state, effect.operation, effect.connection, effect.attempt, effect.error)
    rows = connection.execute(sa.select(*columns).where(effect.message_id.in_(messages))) if messages else ()
    words = {
        "intended": "{operation} to {connection}",
        "sent": "the answer of {connection} to {operation}",
        "unknown": "{connection} to tell whether {operation} was done",
        "rejected": "{operation} to {connection} again, try {next}",
    }
    return {
        row.run_id: words[row.state].format(operation=row.operation, connection=row.connection, next=row.attempt + 1)
        + (f": {row.error}" if row.error else "")
        for row in rows
        if row.state in words
    }


def exceptions(
    connection: sa.Connection,
    *,
    state: str | None = "open",
    kind: str | None = None,
    owner: str | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Exceptions, oldest first."""
    statement = sa.select(t.exception).order_by(t.exception.c.opened_at, t.exception.c.id).limit(limit)
    for column, wanted in ((t.exception.c.state, state), (t.exception.c.kind, kind), (t.exception.c.owner, owner)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return _dicts(connection, statement)


def exception(connection: sa.Connection, id_: str) -> dict[str, Any] | None:
    """One exception by its id; or, of a run or message with this id, the open one that came first."""
    x = t.exception
    found = _dicts(connection, sa.select(x).where(x.c.id == id_))
    if not found:
        of = sa.and_(x.c.state == "open", sa.or_(x.c.run_id == id_, x.c.message_id == id_))
        found = _dicts(connection, sa.select(x).where(of).order_by(x.c.opened_at, x.c.id).limit(1))
    return found[0] if found else None


def held_behind(connection: sa.Connection) -> dict[str, int]:
    """How many queued messages wait behind each blocked key."""
    blocked = (
        sa.select(t.message.c.key)
        .join(t.queue, t.queue.c.message_id == t.message.c.id)
        .where(t.queue.c.state == "blocked")
    )
    statement = (
        sa.select(t.message.c.key, sa.func.count())
        .join(t.queue, t.queue.c.message_id == t.message.c.id)
        .where(t.queue.c.state == "queued", t.message.c.key.in_(blocked))
        .group_by(t.message.c.key)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def invalid(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """Messages that could not be read, and ids that came again with other content."""
    columns = [column for column in t.message.columns if column.name != "body"]
    statement = sa.select(*columns).where(t.message.c.channel != "inbox").order_by(t.message.c.seq.desc()).limit(limit)
    return _dicts(connection, statement)


#: So many of the newest messages are looked through for those from which nothing followed.
UNUSED_AMONG = 100_000


def unused(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """Messages of vendors and events from which nothing followed, newest first, among the latest: no source or flow
    takes them, or none under its condition."""
    m = t.message.c
    newest = sa.select(sa.func.coalesce(sa.func.max(m.seq), 0)).scalar_subquery()
    of = (t.run.c.message_id, t.queue.c.message_id, t.exception.c.message_id)
    statement = (
        sa.select(*[column for column in t.message.columns if column.name != "body"])
        .where(m.seq > newest - UNUSED_AMONG, m.channel == "inbox", m.kind.in_(("vendor", "event")))
        .where(*(~sa.exists().where(column == m.id) for column in of))
        .order_by(m.seq.desc())
        .limit(limit)
    )
    return _dicts(connection, statement)


def lineage(connection: sa.Connection, id_: str) -> list[dict[str, Any]]:
    """The chains that an id is part of, from source message to document; the id may be any on the way:
    a vendor's event or object, a message, an event, a run, an effect, an exception, a document or its number."""
    found = _messages_with(connection, id_)
    return [chain(connection, message_id) for message_id in found]


def _messages_with(connection: sa.Connection, id_: str) -> list[str]:
    m, r, e, p, x = t.message, t.run, t.effect, t.receipt, t.exception
    searches: list[sa.Select[Any]] = [
        sa.select(m.c.id).where(sa.or_(m.c.id == id_, m.c.source_id == id_)),
        sa.select(e.c.message_id).where(e.c.object == id_),
        sa.select(e.c.message_id).where(e.c.key == id_),
        sa.select(e.c.message_id).join(p, p.c.effect_key == e.c.key).where(p.c.document_number == id_),
        sa.select(r.c.message_id).where(r.c.subject == id_),
        sa.select(r.c.message_id).where(r.c.id == id_),
        sa.select(r.c.message_id).where(r.c.event_id == id_),
        sa.select(e.c.message_id).join(p, p.c.effect_key == e.c.key).where(p.c.document_id == id_),
        sa.select(x.c.message_id).where(x.c.id == id_),
    ]
    found: dict[str, None] = {}
    for search in searches:
        found.update(dict.fromkeys(connection.execute(search).scalars()))
    if not found:
        # A number that billing gave (an effect's revision) names a document too, but a short one may name many.
        numbered = sa.select(e.c.message_id).where(e.c.revision == id_)
        found.update(dict.fromkeys(connection.execute(numbered).scalars()))
    ordered = sa.select(m.c.id).where(m.c.id.in_(list(found))).order_by(m.c.seq)
    return list(connection.execute(ordered).scalars())


def chain(connection: sa.Connection, message_id: str) -> dict[str, Any]:
    """Everything that followed from one message."""
    columns = [column for column in t.message.columns if column.name != "body"]
    (message,) = _dicts(connection, sa.select(*columns).where(t.message.c.id == message_id))
    queued = connection.execute(sa.select(t.queue.c.state).where(t.queue.c.message_id == message_id)).scalar()
    message["queue"] = queued  # its state there; None once it is dealt with
    runs_ = _dicts(connection, sa.select(t.run).where(t.run.c.message_id == message_id).order_by(t.run.c.id))
    effects = _dicts(
        connection,
        sa.select(t.effect, t.receipt.c.document_id, t.receipt.c.document_number, t.receipt.c.confirmed_at)
        .outerjoin(t.receipt, t.receipt.c.effect_key == t.effect.c.key)
        .where(t.effect.c.message_id == message_id)
        .order_by(t.effect.c.created_at),
    )
    for effect in effects:
        effect.pop("request")
        if effect["confirmed_at"] is not None:
            effect["state"] = "confirmed"
    for run in runs_:
        run.pop("answers")
        output = run.pop("output")
        run["output"] = None if output is None else orjson.loads(bytes(output))
        run["effects"] = [effect for effect in effects if effect["run_id"] == run["id"]]
    children = connection.execute(
        sa.select(t.message.c.id).where(t.message.c.parent == message_id).order_by(t.message.c.seq)
    ).scalars()
    return {
        "message": message,
        "runs": runs_,
        "exceptions": _dicts(connection, sa.select(t.exception).where(t.exception.c.message_id == message_id)),
        "children": [chain(connection, child) for child in children],
    }
