"""What others did to a node's messages: several nodes work on one store, and tell each other nothing but by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from engine.store import tables as t
from engine.store.pauses import Pause, load_pauses


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the store. ``queued`` are in order of arrival; ``freed`` are keys by the message that no longer
    blocks them; ``released`` are messages of which a waiting run may go on."""

    queued: tuple[str, ...]
    freed: Mapping[str, str]
    released: frozenset[str]
    pauses: tuple[Pause, ...]


def look(engine: sa.Engine, partitions: Collection[int], blockers: Mapping[str, str], now: int) -> Seen:
    """Look at these partitions. ``blockers`` are keys by the message that blocks them, as the node knows it."""
    with engine.connect() as connection:
        pauses = tuple(load_pauses(connection, now))
        if not partitions:
            return Seen((), {}, frozenset(), pauses)
        queued = connection.execute(
            sa.select(t.queue.c.message_id)
            .join(t.message, t.message.c.id == t.queue.c.message_id)
            .where(t.queue.c.state == "queued", t.queue.c.partition.in_(partitions))
            .order_by(t.message.c.seq)
        ).scalars()
        return Seen(tuple(queued), _freed(connection, blockers), _released(connection, partitions, now), pauses)


def _freed(connection: sa.Connection, blockers: Mapping[str, str]) -> dict[str, str]:
    if not blockers:
        return {}
    blocked = set(connection.execute(sa.select(t.queue.c.message_id).where(t.queue.c.state == "blocked")).scalars())
    return {message_id: key for message_id, key in blockers.items() if message_id not in blocked}


def _released(connection: sa.Connection, partitions: Collection[int], now: int) -> frozenset[str]:
    """Waiting runs whose link was learned, whose event was seen, who were decided upon, or whose time is up."""
    r, other = t.run, t.run.alias()
    mine = sa.and_(r.c.state == "waiting", r.c.partition.in_(partitions))
    learned = sa.literal("link:") + t.link.c.connection + ":" + t.link.c.kind + ":" + t.link.c.id
    happened = sa.literal("event:") + other.c.event_type + ":" + other.c.subject
    found: set[str] = set()
    for statement in (
        sa.select(r.c.message_id).join(t.link, learned == r.c.waits_for).where(mine),
        sa.select(r.c.message_id).join(other, happened == r.c.waits_for).where(mine),
        sa.select(r.c.message_id).where(mine, r.c.wait_until <= now, ~r.c.waits_for.startswith("connection:")),
    ):
        found.update(connection.execute(statement).scalars())
    decided = sa.select(r.c.message_id, r.c.waits_for, r.c.answers).where(
        mine, r.c.waits_for.startswith("approval:"), r.c.answers.is_not(None)
    )
    found.update(row[0] for row in connection.execute(decided) if row[1] in orjson.loads(bytes(row[2])))
    return frozenset(found)
