"""What one caller wants written in one transaction, as data.

A batch is built without touching the database and handed to the writer, which puts the batches that
queued up while it was syncing into one transaction. Each method appends one row of one hot statement. The
values here are made several times per message: they are structs, which cost a tenth of a dataclass to make.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
from msgspec.structs import astuple

from engine.base.identity import json_bytes


class Op(IntEnum):
    """The hot statements in the order in which a transaction runs them."""

    START_RUN = 0
    INTEND = 1
    MOVE_EFFECT = 2
    CONFIRM = 3
    MOVE_RUN = 4
    END_RUN = 5
    LEARN = 6
    OPEN_EXCEPTION = 7
    END_APPROVAL = 8
    ENQUEUE = 9
    REQUEUE = 10
    DEQUEUE = 11


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A message as it came in. ``body`` are the bytes as received; ``digest`` is theirs.

    ``channel`` is ``inbox``, or ``invalid`` for what could not be read (``note`` says why).
    """

    id: str
    source: str
    source_id: str
    digest: str
    kind: str
    type: str
    partition: int
    key: str
    body: bytes
    trace: str
    parent: str | None
    received_at: int
    channel: str = "inbox"
    note: str | None = None


def arrival_row(arrival: Arrival) -> tuple[Any, ...]:
    """The values of a row of the message table, in the order of :data:`engine.store.statements.ARRIVE`."""
    return astuple(arrival)


class Arrived(IntEnum):
    """What became of an arrival: stored, known already, or known with other content."""

    FRESH = 0
    DUPLICATE = 1
    CONFLICT = 2


class AuditEntry(msgspec.Struct, frozen=True):
    """One fact for the audit chain. ``content`` is a small JSON-like object without personal fields."""

    kind: str
    subject: str
    partition: int
    key: str
    token: int
    content: dict[str, Any]


class Batch:
    """Rows to be written together, the partitions whose leases they rely on, and the facts to be chained."""

    __slots__ = ("arrivals", "arrived", "audits", "fences", "rows")

    def __init__(self) -> None:
        self.rows: list[tuple[Op, tuple[Any, ...]]] = []
        self.audits: list[AuditEntry] = []
        self.arrivals: list[Arrival] = []
        self.arrived: list[Arrived] = []
        self.fences: dict[int, int] = {}

    def fence(self, partition: int, token: int) -> None:
        """Write only if the lease on ``partition`` still carries ``token``."""
        self.fences[partition] = token

    def arrive(self, arrival: Arrival) -> None:
        """Store a message once; the writer fills ``arrived`` in the same order."""
        self.arrivals.append(arrival)

    def audit(self, kind: str, subject: str, partition: int, key: str, token: int, content: dict[str, Any]) -> None:
        self.audits.append(AuditEntry(kind, subject, partition, key, token, content))

    def start_run(self, row: RunRow) -> None:
        self.rows.append(
            (
                Op.START_RUN,
                (
                    row.id, row.message_id, row.event_id, row.flow, row.bundle, row.event_type, row.subject,
                    row.partition, row.key, row.business_date, row.state, row.waits_for, row.wait_until, row.answers,
                    row.output, row.path, row.started_at, row.ended_at,
                ),
            )
        )  # fmt: skip

    def move_run(self, row: RunRow) -> None:
        self.rows.append(
            (
                Op.MOVE_RUN,
                (
                    row.flow,
                    row.bundle,
                    row.state,
                    row.waits_for,
                    row.wait_until,
                    row.answers,
                    row.output,
                    row.path,
                    row.ended_at,
                    row.id,
                ),
            )
        )

    def end_run(self, row: RunRow) -> None:
        """:meth:`move_run` for a run that the store has as it began: what it is found by stays as it is."""
        self.rows.append((Op.END_RUN, (row.state, row.answers, row.output, row.path, row.ended_at, row.id)))

    def intend(self, row: EffectRow) -> None:
        self.rows.append(
            (
                Op.INTEND,
                (
                    row.key, row.run_id, row.message_id, row.partition, row.pkey, row.path, row.connection,
                    row.operation, row.object, row.revision, row.purpose, row.element, row.request, row.digest,
                    row.state, row.attempt, row.token, row.created_at, row.sent_at,
                ),
            )
        )  # fmt: skip

    def move_effect(self, row: EffectRow) -> None:
        self.rows.append(
            (
                Op.MOVE_EFFECT,
                (
                    row.run_id, row.message_id, row.request, row.digest, row.state, row.attempt, row.token,
                    row.sent_at, row.next_at, row.error_class, row.error, row.key,
                ),
            )
        )  # fmt: skip

    def confirm(self, key: str, document_id: str, document_number: str | None, receipt: Any, at: int) -> None:
        self.rows.append((Op.CONFIRM, (key, document_id, document_number, json_bytes(receipt), at)))

    def learn(self, connection: str, kind: str, id_: str, external: str, effect_key: str, at: int) -> None:
        self.rows.append((Op.LEARN, (connection, kind, id_, external, effect_key, at)))

    def open_exception(self, row: tuple[Any, ...]) -> None:
        self.rows.append((Op.OPEN_EXCEPTION, row))

    def end_approval(self, run_id: str, message_id: str, at: int, resolution: str) -> None:
        """Settle what asks for an approval that the run does not wait for any more."""
        self.rows.append((Op.END_APPROVAL, ("resolved", at, "the time limit", resolution, message_id, run_id)))

    def enqueue(self, message_id: str, partition: int, state: str) -> None:
        self.rows.append((Op.ENQUEUE, (message_id, partition, state)))

    def requeue(self, message_id: str, state: str) -> None:
        self.rows.append((Op.REQUEUE, (state, message_id)))

    def dequeue(self, message_id: str) -> None:
        self.rows.append((Op.DEQUEUE, (message_id,)))


class RunRow(msgspec.Struct, gc=False):
    """A run's stored state. ``answers`` are the recorded replies that replaying needs, as JSON."""

    id: str
    message_id: str
    event_id: str
    flow: str
    bundle: str
    event_type: str
    subject: str
    partition: int
    key: str
    business_date: str
    state: str
    started_at: int
    waits_for: str | None = None
    wait_until: int | None = None
    answers: bytes | None = None
    output: bytes | None = None
    path: str | None = None
    ended_at: int | None = None


class EffectRow(msgspec.Struct, gc=False):
    """An effect's stored state (see engine.store.tables.effect)."""

    key: str
    run_id: str
    message_id: str
    partition: int
    pkey: str
    path: str
    connection: str
    operation: str
    object: str
    revision: str
    purpose: str
    element: str
    request: bytes
    digest: str
    state: str
    attempt: int
    token: int
    created_at: int
    sent_at: int | None = None
    next_at: int | None = None
    error_class: str | None = None
    error: str | None = None
