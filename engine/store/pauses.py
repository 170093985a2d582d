"""Pauses of connections that people ordered: begun, ended, and read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from engine.base.errors import UserError
from engine.store import tables as t
from engine.store.batch import AuditEntry

Audit: TypeAlias = Callable[[AuditEntry], None]

#: Pauses that ended longer ago count for no limit any more: no effect is tried that long.
REMEMBERED = 31 * 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause; times in microseconds. ``until`` is None if it lasts until somebody ends it."""

    id: str
    connection: str
    why: str
    begun_by: str
    begun_at: int
    until: int | None
    ended_by: str | None
    ended_at: int | None

    @property
    def end(self) -> int | None:
        """When it ended or will end, as far as that is known."""
        return self.until if self.ended_at is None else self.ended_at

    def holds_at(self, now: int) -> bool:
        return self.begun_at <= now and (self.end is None or now < self.end)


def load_pauses(connection: sa.Connection, now: int) -> list[Pause]:
    """The pauses that last, and those that ended not long ago, in the order in which they began."""
    since = now - REMEMBERED
    p = t.pause.c
    end = sa.func.coalesce(p.ended_at, p.until)
    rows = connection.execute(sa.select(t.pause).where(sa.or_(end.is_(None), end > since)).order_by(p.begun_at, p.id))
    return [Pause(*row) for row in rows]


def pause(
    connection: sa.Connection, audit: Audit, id_: str, name: str, by: str, now: int, why: str, until: int | None
) -> Pause:
    """Have connection ``name`` left alone from now on; a pause that lasts already gets the new reason and end.

    Raises UserError without a reason, or for an end that has passed.
    """
    if not why.strip():
        raise UserError("a pause needs a reason, which people read while they wait")
    if until is not None and until <= now:
        raise UserError("a pause ends in the future")
    _end(connection, name, by, now)
    begun = Pause(id_, name, why, by, now, until, None, None)
    connection.execute(
        sa.insert(t.pause).values(id=id_, connection=name, why=why, begun_by=by, begun_at=now, until=until)
    )
    audit(AuditEntry("paused", name, -1, "", 0, {"by": by, "why": why, "until": until}))
    return begun


def resume(connection: sa.Connection, audit: Audit, name: str, by: str, now: int) -> None:
    """End the pause of connection ``name``. Raises UserError if there is none."""
    if not _end(connection, name, by, now):
        raise UserError(f"connection {name!r} is not paused; a maintenance window is ended by changing its declaration")
    audit(AuditEntry("resumed", name, -1, "", 0, {"by": by}))


def _end(connection: sa.Connection, name: str, by: str, now: int) -> int:
    p = t.pause.c
    lasting = sa.and_(p.connection == name, p.ended_at.is_(None), sa.or_(p.until.is_(None), p.until > now))
    return connection.execute(sa.update(t.pause).where(lasting).values(ended_by=by, ended_at=now)).rowcount
