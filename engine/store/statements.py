"""The hot statements, written once in SQLAlchemy Core and compiled once per dialect to driver text.

On the hot path they are executed in groups through the driver's ``executemany``, with positional parameters
in the order of ``columns``; SQLAlchemy's own execution costs about twice as much per row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from engine.store import tables as t


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a dialect. ``columns`` is the order in which a caller gives values."""

    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hot:
    """The statements of the hot path, in the order in which a group runs them."""

    arrive: Statement
    enqueue: Statement
    start_run: Statement
    intend: Statement
    move_effect: Statement
    confirm: Statement
    move_run: Statement
    end_run: Statement
    requeue: Statement
    dequeue: Statement
    learn: Statement
    open_exception: Statement
    end_approval: Statement
    append_audit: Statement

    find_effect: Statement
    find_retry: Statement
    find_link: Statement
    seen: Statement


ARRIVE = (
    "id", "source", "source_id", "digest", "kind", "type", "partition", "key", "body", "trace", "parent",
    "received_at", "channel", "note",
)  # fmt: skip
START_RUN = (
    "id", "message_id", "event_id", "flow", "bundle", "event_type", "subject", "partition", "key", "business_date",
    "state", "waits_for", "wait_until", "answers", "output", "path", "started_at", "ended_at",
)  # fmt: skip
INTEND = (
    "key", "run_id", "message_id", "partition", "pkey", "path", "connection", "operation", "object", "revision",
    "purpose", "element", "request", "digest", "state", "attempt", "token", "created_at", "sent_at",
)  # fmt: skip
FOUND_EFFECT = (
    "key", "run_id", "message_id", "path", "connection", "operation", "digest", "state", "attempt", "created_at",
    "sent_at", "next_at", "error_class", "error",
)  # fmt: skip


def _insert(table: sa.Table, columns: Sequence[str], dialect: Dialect, *, ignore: bool) -> Any:
    values: dict[str, Any] = {column: sa.bindparam(column) for column in columns}
    if not ignore:
        return sa.insert(table).values(values).inline()
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return insert(table).values(values).on_conflict_do_nothing().inline()


def _compile(construct: Any, dialect: Dialect, columns: Sequence[str]) -> Statement:
    compiled = construct.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    order = tuple(compiled.positiontup)
    if order != tuple(columns):
        raise AssertionError(f"parameters {order} are not {tuple(columns)}")  # callers give values in this order
    return Statement(str(compiled), order)


def _update(table: sa.Table, where: str, columns: Sequence[str]) -> Any:
    """``UPDATE ... SET columns WHERE where = :b_where``; parameter names are column names with ``b_`` in front."""
    statement = sa.update(table).where(table.c[where] == sa.bindparam(f"b_{where}"))
    return statement.values({column: sa.bindparam(f"b_{column}") for column in columns})


def _names(*columns: str) -> tuple[str, ...]:
    return tuple(f"b_{column}" for column in columns)


ENQUEUE = ("message_id", "partition", "state")
MOVE_EFFECT = (
    "run_id", "message_id", "request", "digest", "state", "attempt", "token", "sent_at", "next_at", "error_class",
    "error",
)  # fmt: skip
CONFIRM = ("effect_key", "document_id", "document_number", "content", "confirmed_at")
MOVE_RUN = ("flow", "bundle", "state", "waits_for", "wait_until", "answers", "output", "path", "ended_at")
END_RUN = ("state", "answers", "output", "path", "ended_at")
LEARN = ("connection", "kind", "id", "external", "effect_key", "learned_at")
END_APPROVAL = ("b_state", "b_settled_at", "b_settled_by", "b_resolution", "b_message_id", "b_run_id")
EXCEPTION = tuple(column.name for column in t.exception.columns)
AUDIT = ("writer", "seq", "entry", "hash")


def _end_approval() -> Any:
    x = t.exception
    names = ("state", "settled_at", "settled_by", "resolution")
    return (
        sa.update(x)
        .where(
            x.c.kind == sa.literal_column("'approval'"),
            x.c.state == sa.literal_column("'open'"),
            x.c.message_id == sa.bindparam("b_message_id"),
            x.c.run_id == sa.bindparam("b_run_id"),
        )
        .values({name: sa.bindparam(f"b_{name}") for name in names})
    )


def compile_hot(dialect: Dialect) -> Hot:
    """Compile every hot statement for a dialect whose parameters are positional."""
    find_effect = (
        sa.select(*(t.effect.c[name] for name in FOUND_EFFECT), t.receipt.c.content)
        .select_from(t.effect.outerjoin(t.receipt, t.receipt.c.effect_key == t.effect.c.key))
        .where(t.effect.c.key == sa.bindparam("b_key"))
    )
    find_retry = sa.select(t.retry.c.attempts, t.retry.c.retried_at).where(
        t.retry.c.effect_key == sa.bindparam("b_effect_key")
    )
    find_link = sa.select(t.link.c.external).where(
        t.link.c.connection == sa.bindparam("connection"),
        t.link.c.kind == sa.bindparam("kind"),
        t.link.c.id == sa.bindparam("id"),
    )
    seen = sa.select(t.run.c.id).where(
        t.run.c.subject == sa.bindparam("subject"), t.run.c.event_type == sa.bindparam("event_type")
    )
    return Hot(
        arrive=_compile(_insert(t.message, ARRIVE, dialect, ignore=True), dialect, ARRIVE),
        enqueue=_compile(_insert(t.queue, ENQUEUE, dialect, ignore=True), dialect, ENQUEUE),
        start_run=_compile(_insert(t.run, START_RUN, dialect, ignore=False), dialect, START_RUN),
        intend=_compile(_insert(t.effect, INTEND, dialect, ignore=True), dialect, INTEND),
        move_effect=_compile(_update(t.effect, "key", MOVE_EFFECT), dialect, _names(*MOVE_EFFECT, "key")),
        confirm=_compile(_insert(t.receipt, CONFIRM, dialect, ignore=False), dialect, CONFIRM),
        move_run=_compile(_update(t.run, "id", MOVE_RUN), dialect, _names(*MOVE_RUN, "id")),
        end_run=_compile(_update(t.run, "id", END_RUN), dialect, _names(*END_RUN, "id")),
        requeue=_compile(_update(t.queue, "message_id", ("state",)), dialect, _names("state", "message_id")),
        dequeue=_compile(
            sa.delete(t.queue).where(t.queue.c.message_id == sa.bindparam("b_message_id")),
            dialect,
            _names("message_id"),
        ),
        learn=_compile(_insert(t.link, LEARN, dialect, ignore=True), dialect, LEARN),
        open_exception=_compile(_insert(t.exception, EXCEPTION, dialect, ignore=False), dialect, EXCEPTION),
        end_approval=_compile(_end_approval(), dialect, END_APPROVAL),
        append_audit=_compile(_insert(t.audit, AUDIT, dialect, ignore=False), dialect, AUDIT),
        find_effect=_compile(find_effect, dialect, ("b_key",)),
        find_retry=_compile(find_retry, dialect, ("b_effect_key",)),
        find_link=_compile(find_link, dialect, ("connection", "kind", "id")),
        seen=_compile(seen, dialect, ("subject", "event_type")),
    )
