"""Opening a store: schema, lock, identity, leases, audit chain; and the few reads of the hot path."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from engine.base.clock import SECOND, Clock
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity
from engine.store import leases, tables
from engine.store.audit import Chain, stored_bytes
from engine.store.batch import AuditEntry
from engine.store.committer import Committer
from engine.store.driver import POSTGRESQL_NOW, Driver, SqliteDriver, driver_for, without_password
from engine.store.files import StoreGone as StoreGone
from engine.store.lock import StoreLock
from engine.store.statements import Hot, compile_hot

LEASE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class FoundEffect:
    """What the store knows about an effect key. ``state`` is ``confirmed`` if there is a receipt."""

    key: str
    run_id: str
    message_id: str
    path: str
    connection: str
    operation: str
    digest: str
    state: str
    attempt: int
    created_at: int
    sent_at: int | None
    next_at: int | None
    error_class: str | None
    error: str | None
    receipt: dict[str, Any] | None = field(kw_only=True)


class Store:
    """An open store that this process writes to. Reads of the hot path are synchronous and cost microseconds."""

    def __init__(self, driver: Driver, committer: Committer, lock: StoreLock | None, owner: str, hot: Hot) -> None:
        self.driver = driver
        self.committer = committer
        self.owner = owner
        self.hot = hot
        self.tokens: dict[int, int] = {}
        self.lease_seconds = LEASE_SECONDS
        self.leases_end_at = float("inf")  # by the process's monotonic clock; another process may have them afterwards
        self._lock = lock
        self._reader = driver.connect()
        self._engine = driver.engine()
        committer.watch_files(self._engine)

    @property
    def engine(self) -> sa.Engine:
        """For queries and operator changes that are not hot."""
        return self._engine

    def find_effect(self, key: str) -> FoundEffect | None:
        """The effect with this key, with its receipt."""
        row = self._one(self.hot.find_effect.sql, (key,))
        if row is None:
            return None
        values = list(row)
        content = values.pop()
        if content is None:
            return FoundEffect(*values, receipt=None)
        values[7] = "confirmed"
        return FoundEffect(*values, receipt=orjson.loads(bytes(content)))

    def find_retry(self, key: str) -> tuple[int, int] | None:
        """How many tries the effect had had, and when, as a person last asked for more; None if nobody did."""
        row = self._one(self.hot.find_retry.sql, (key,))
        return None if row is None else (row[0], row[1])

    def find_link(self, connection: str, kind: str, id_: str) -> str | None:
        """The id that another system gave to one of our objects."""
        row = self._one(self.hot.find_link.sql, (connection, kind, id_))
        return None if row is None else str(row[0])

    def seen(self, event_type: str, subject: str) -> bool:
        """Whether a run for an event of this type and subject exists."""
        return self._one(self.hot.seen.sql, (subject, event_type)) is not None

    def _one(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        if self.driver.name == "sqlite":
            try:
                return self._reader.execute(sql, parameters).fetchone()
            except sqlite3.DatabaseError as error:  # a page that cannot be read, or is torn
                raise StoreGone(str(error), f"the store cannot be read: {error}") from error
        return self._asked_anew(sql, parameters)

    def _asked_anew(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        """Ask the database; once more over a new connection if the old one was lost, as after its restart."""
        import psycopg

        try:
            return self._asked(sql, parameters)
        except (psycopg.OperationalError, psycopg.InternalError):  # the latter: the server ended what stood still
            self._reader.close()
        try:
            self._reader = self.driver.connect()
            return self._asked(sql, parameters)
        except (psycopg.OperationalError, Failure) as error:
            raise StoreGone(str(error)) from error

    def _asked(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        cursor = self._reader.cursor()
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        self._reader.rollback()
        return row

    def claim_all(self, now: int) -> dict[int, int]:
        """Take every partition that is free; on SQLite all of them."""
        with self._engine.begin() as connection:
            claimed = leases.claim(
                connection, self.owner, now, now + self.lease_seconds * SECOND, steal=self.driver.name == "sqlite"
            )
        self.tokens.update(claimed)
        return claimed

    def heartbeat(self, connection: sa.Connection, now: int) -> dict[int, int]:
        """Extend the leases; gives the tokens of those that are still held."""
        return leases.extend(connection, self.owner, now + self.lease_seconds * SECOND)

    def claim_free(self, connection: sa.Connection, now: int, spared: Collection[int]) -> dict[int, int]:
        """Take what nobody holds, but for the ``spared``; gives the tokens of what was gained."""
        return leases.claim(connection, self.owner, now, now + self.lease_seconds * SECOND, spared=spared)

    def may_send(self, monotonic: float) -> bool:
        """Whether the leases certainly last until a request that begins now has left, connecting included."""
        return self.leases_end_at - monotonic >= self.lease_seconds / 3

    def has_leases(self, monotonic: float) -> bool:
        """Whether the leases certainly still last: what leaves now leaves before another process takes over."""
        return self.leases_end_at > monotonic

    def now(self, connection: sa.Connection, clock: Clock) -> int:
        """The time by which leases are judged: the database's where several machines share it."""
        if self.driver.name == "sqlite":
            return clock.now()
        return int(connection.exec_driver_sql(POSTGRESQL_NOW).scalar_one())

    def close(self) -> None:
        """Give back the leases and the lock; the lock also where the store takes nothing any more, which raises."""
        try:
            with self._engine.begin() as connection:
                leases.release(connection, self.owner)
        finally:
            self._reader.close()
            self._engine.dispose()
            if self._lock is not None:
                self._lock.close()


def migrate(driver: Driver, workspace: str, environment: str, store_id: str) -> None:
    """Bring the schema up to this program's version and make sure whose store it is. A store keeps the first
    ``store_id`` that it is given.

    Raises UserError for a store of another workspace or environment, or one written by a newer program.
    """
    engine = driver.engine()
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        rows = connection.execute(sa.select(tables.meta.c.name, tables.meta.c.value))
        stored: dict[str, str] = {row[0]: row[1] for row in rows}
        if not stored:
            leases.seed(connection)
            stored = {"schema": str(tables.SCHEMA_VERSION), "workspace": workspace, "environment": environment}
            connection.execute(
                sa.insert(tables.meta), [{"name": name, "value": value} for name, value in stored.items()]
            )
        if "store" not in stored:
            connection.execute(sa.insert(tables.meta).values(name="store", value=store_id))
    engine.dispose()
    if int(stored["schema"]) > tables.SCHEMA_VERSION:
        raise UserError(
            f"the store has schema version {stored['schema']}, this program knows {tables.SCHEMA_VERSION}: "
            "use the newer program that wrote it"
        )
    for name, wanted in (("workspace", workspace), ("environment", environment)):
        if stored[name] != wanted:
            raise UserError(
                f"the store belongs to {name} {stored[name]!r}, not to {wanted!r}: point to another store, "
                f"or work in the {name} it belongs to"
            )


def open_store(
    url: str, *, workspace: str, environment: str, clock: Clock, identity: Identity, lease_seconds: int = LEASE_SECONDS
) -> Store:
    """Open (and create, if new) a store for writing. Raises UserError if another process has it (SQLite)."""
    driver = driver_for(url)
    lock = None
    if isinstance(driver, SqliteDriver):
        Path(driver.path).parent.mkdir(parents=True, exist_ok=True)
        lock = StoreLock(driver.path)
    try:
        _migrate_or_say(driver, url, workspace, environment, identity.new())
        hot = compile_hot(driver.dialect)
        owner = identity.new()
        chain = Chain(owner)
        committer = Committer(driver, hot, chain, clock)
        committer.transact(lambda connection, audit: audit(_genesis(connection, environment)))
        store = Store(driver, committer, lock, owner, hot)
        store.lease_seconds = lease_seconds
        with store.engine.connect() as connection:
            now = store.now(connection, clock)
        store.claim_all(now)
    except BaseException as error:
        if lock is not None:
            lock.close()
        if isinstance(error, (sa.exc.DatabaseError, sqlite3.DatabaseError)):
            raise _unusable(url, error) from error
        raise
    return store


def _migrate_or_say(driver: Driver, url: str, workspace: str, environment: str, store_id: str) -> None:
    try:
        migrate(driver, workspace, environment, store_id)
    except sa.exc.DBAPIError as error:
        raise _unusable(url, error) from error


def _unusable(url: str, error: sa.exc.DBAPIError | sqlite3.DatabaseError) -> UserError:
    reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return UserError(f"the store {without_password(url)} cannot be opened: {reason}")


def _genesis(connection: sa.Connection, environment: str) -> AuditEntry:
    last = sa.select(tables.audit.c.writer, sa.func.max(tables.audit.c.seq).label("seq")).group_by(
        tables.audit.c.writer
    )
    heads = last.subquery()
    rows = connection.execute(
        sa.select(tables.audit.c.writer, tables.audit.c.seq, tables.audit.c.hash)
        .join(heads, sa.and_(heads.c.writer == tables.audit.c.writer, heads.c.seq == tables.audit.c.seq))
        .order_by(tables.audit.c.writer)
    ).all()
    return AuditEntry(
        "genesis",
        "store",
        -1,
        "",
        0,
        {
            "node": platform.node(),
            "process": os.getpid(),
            "environment": environment,
            "predecessors": [[writer, seq, stored_bytes(hash_).hex()] for writer, seq, hash_ in rows],
        },
    )
