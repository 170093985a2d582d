"""Leases on partitions: who may write for a partition, proved by a token that only grows.

A lease is (owner, expiry by the store's clock, token). The owner's name is made anew at every process start,
so that a restarted process is never taken for its former self. Taking a lease over always raises the token,
which is what a stalled former holder's writes fail on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from engine.store.tables import PARTITIONS, lease


def seed(connection: sa.Connection) -> None:
    """Make the 256 rows of a new store."""
    connection.execute(
        sa.insert(lease),
        [{"partition": number, "token": 0, "owner": "", "expires_at": 0} for number in range(PARTITIONS)],
    )


def claim(
    connection: sa.Connection,
    owner: str,
    now: int,
    until: int,
    *,
    most: int = PARTITIONS,
    steal: bool = False,
    spared: Collection[int] = (),
) -> dict[int, int]:
    """Take up to ``most`` partitions that nobody holds (or any, with ``steal``), none of the ``spared``; gives
    partition -> token.

    ``steal`` is for SQLite, where the operating-system lock already proves that no other process lives.
    """
    free = sa.select(lease.c.partition).order_by(lease.c.partition).limit(most)
    if spared:
        free = free.where(lease.c.partition.not_in(spared))
    if not steal:
        free = free.where(sa.or_(lease.c.owner == "", lease.c.expires_at < now))
    if connection.dialect.name == "postgresql":
        free = free.with_for_update(skip_locked=True)
    partitions: Sequence[int] = connection.execute(free).scalars().all()
    if not partitions:
        return {}
    rows = connection.execute(
        sa.update(lease)
        .where(lease.c.partition.in_(partitions))
        .values(token=lease.c.token + 1, owner=owner, expires_at=until)
        .returning(lease.c.partition, lease.c.token)
    )
    return {row[0]: row[1] for row in rows}


def extend(connection: sa.Connection, owner: str, until: int) -> dict[int, int]:
    """Keep what ``owner`` still holds; gives partition -> token of those."""
    rows = connection.execute(
        sa.update(lease)
        .where(lease.c.owner == owner)
        .values(expires_at=until)
        .returning(lease.c.partition, lease.c.token)
    )
    return {row[0]: row[1] for row in rows}


def release(connection: sa.Connection, owner: str) -> None:
    """Give back everything ``owner`` holds, at a graceful stop."""
    connection.execute(sa.update(lease).where(lease.c.owner == owner).values(owner="", expires_at=0))
