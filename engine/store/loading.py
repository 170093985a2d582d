"""Reading back unfinished work: at start-up, when a hold ends, and when memory has room again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.batch import Arrival, RunRow

_ARRIVAL = tuple(t.message.c[name] for name in Arrival.__struct_fields__)
_RUN = tuple(t.run.c[name] for name in RunRow.__struct_fields__)


def queued_page(engine: sa.Engine, after: int, limit: int) -> list[tuple[int, Arrival]]:
    """The next queued messages after sequence number ``after``, in arrival order, with their numbers."""
    statement = (
        sa.select(t.message.c.seq, *_ARRIVAL)
        .join(t.queue, t.queue.c.message_id == t.message.c.id)
        .where(t.queue.c.state == "queued", t.message.c.seq > after)
        .order_by(t.message.c.seq)
        .limit(limit)
    )
    with engine.connect() as connection:
        return [(row[0], _arrival(row[1:])) for row in connection.execute(statement)]


def blocked_messages(engine: sa.Engine) -> list[tuple[str, str]]:
    """(key, message id) of messages that block their key."""
    statement = (
        sa.select(t.message.c.key, t.message.c.id)
        .join(t.queue, t.queue.c.message_id == t.message.c.id)
        .where(t.queue.c.state == "blocked")
    )
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(statement)]


def settled_messages(engine: sa.Engine, message_id: str | None = None) -> set[str]:
    """Messages (or the one named) that stand as blocked although a person has settled all that stopped them."""
    open_exception = sa.exists().where(
        t.exception.c.message_id == t.queue.c.message_id, t.exception.c.state == "open", t.exception.c.blocks
    )
    stopped_run = sa.exists().where(t.run.c.message_id == t.queue.c.message_id, t.run.c.state == "exception")
    statement = sa.select(t.queue.c.message_id).where(t.queue.c.state == "blocked", ~open_exception, ~stopped_run)
    if message_id is not None:
        statement = statement.where(t.queue.c.message_id == message_id)
    with engine.connect() as connection:
        return set(connection.execute(statement).scalars())


def waiting_runs(engine: sa.Engine) -> list[RunRow]:
    """Every run that waits for something."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*_RUN).where(t.run.c.state == "waiting"))
        return [RunRow(*row) for row in rows]


def runs_of(engine: sa.Engine, message_id: str) -> list[RunRow]:
    """The runs that a message has so far."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*_RUN).where(t.run.c.message_id == message_id).order_by(t.run.c.id))
        return [RunRow(*row) for row in rows]


def load_messages(engine: sa.Engine, ids: Iterable[str]) -> list[Arrival]:
    """Messages by id, in arrival order."""
    statement = sa.select(*_ARRIVAL).where(t.message.c.id.in_(list(ids))).order_by(t.message.c.seq)
    with engine.connect() as connection:
        return [_arrival(row) for row in connection.execute(statement)]


def _arrival(row: Sequence[Any]) -> Arrival:
    values = list(row)
    values[8] = bytes(values[8])
    return Arrival(*values)
