"""The two dialects' differences below SQLAlchemy: how a raw connection is opened, begins, commits and is checked."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from engine.base.errors import Defect, ErrorClass, Failure, UserError

_PATIENCE_MILLISECONDS = 5_000
POSTGRESQL_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class Driver(Protocol):
    """One dialect. Raw connections are DB-API connections; transactions are explicit."""

    name: str
    dialect: Dialect
    lock_suffix: str  # what is added to the select that checks fences

    def connect(self) -> Any: ...

    def begin(self, connection: Any) -> Any:
        """Start a write transaction and give a cursor."""
        ...

    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine for everything that is not hot."""
        ...

    def version(self, cursor: Any) -> int | None:
        """A number that changes when another connection has written; None where there is no such thing."""
        ...

    def now(self, connection: Any) -> int | None:
        """The database's clock in microseconds, where it is the one that counts; None means: use the Clock."""
        ...


class SqliteDriver:
    """A file with WAL and ``synchronous=FULL``: a commit survives power loss."""

    name = "sqlite"
    lock_suffix = ""

    def __init__(self, path: Path) -> None:
        from sqlalchemy.dialects.sqlite import pysqlite

        self.path = path
        self.dialect: Dialect = pysqlite.dialect(paramstyle="qmark")

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5.0
        )
        self._settle(connection)
        return connection

    @staticmethod
    def _settle(connection: sqlite3.Connection) -> None:
        for pragma, value, expected in (
            ("journal_mode", "WAL", "wal"),
            ("synchronous", "FULL", 2),
            ("foreign_keys", "ON", 1),
            ("busy_timeout", str(_PATIENCE_MILLISECONDS), _PATIENCE_MILLISECONDS),
            ("wal_autocheckpoint", "4000", 4000),
            ("cache_size", "-8000", -8000),  # kibibytes; the keys of effects lead all over their index
        ):
            connection.execute(f"PRAGMA {pragma}={value}")
            found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
            if found != expected:
                raise Defect(f"SQLite keeps {pragma} at {found!r} instead of {expected!r}")

    @staticmethod
    def set_patience(connection: sqlite3.Connection, *, waits: bool) -> None:
        """Whether the connection waits a while for another one that is writing, or is refused at once."""
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS if waits else 0}")

    def begin(self, connection: sqlite3.Connection) -> sqlite3.Cursor:
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return cursor

    def engine(self) -> sa.Engine:
        engine = sa.create_engine(f"sqlite:///{self.path}", poolclass=sa.NullPool)

        def on_connect(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA busy_timeout=5000")
            connection.execute("PRAGMA foreign_keys=ON")

        sa.event.listen(engine, "connect", on_connect)
        return engine

    def version(self, cursor: sqlite3.Cursor) -> int | None:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])

    def now(self, connection: sqlite3.Connection) -> int | None:  # noqa: ARG002 - SQLite has the process's own clock
        return None


#: A node that stands still in the middle of a transaction keeps its locks, and every other node waits for them. The
#: server ends it after so long; when the node goes on, it has lost a connection, as with a restart of the database.
_STANDING_STILL = "SET idle_in_transaction_session_timeout = '{}s'"


def _end_what_stands_still(connection: Any, _record: object) -> None:
    """Later than the writer: what reads much may think for a while between two pieces."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_STILL.format(60))
    connection.autocommit = False


class PostgresqlDriver:
    """A PostgreSQL database, for several engine nodes."""

    name = "postgresql"
    lock_suffix = " FOR SHARE"

    def __init__(self, url: str) -> None:
        from sqlalchemy.dialects.postgresql import psycopg

        self.url = url
        self.dialect: Dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]

    def connect(self) -> Any:
        import psycopg

        try:
            connection = psycopg.connect(self.url, autocommit=False)
        except psycopg.OperationalError as error:
            raise Failure(ErrorClass.TRANSIENT, "the store's database does not answer", detail=str(error)) from error
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute("SET statement_timeout = '60s'")
            cursor.execute(_STANDING_STILL.format(10))
        connection.commit()
        return connection

    def begin(self, connection: Any) -> Any:
        return connection.cursor()

    def engine(self) -> sa.Engine:
        url = sa.make_url(self.url).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        sa.event.listen(engine, "connect", _end_what_stands_still)
        return engine

    def version(self, cursor: Any) -> int | None:  # noqa: ARG002 - PostgreSQL's rows are asked themselves
        return None

    def now(self, connection: Any) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute(POSTGRESQL_NOW)
            value = cursor.fetchone()[0]
        connection.commit()
        return int(value)


def driver_for(url: str) -> Driver:
    """``sqlite:PATH`` (or a bare path) or ``postgresql://…``."""
    if url.startswith(("postgresql:", "postgres:")):
        return PostgresqlDriver(url)
    scheme, is_address, _ = url.partition("://")
    if is_address and scheme != "sqlite":
        raise UserError(f"a store is a SQLite file or postgresql://…, not {scheme}://…")
    return SqliteDriver(Path(url.removeprefix("sqlite:")))


def without_password(url: str) -> str:
    """The store's address as it may be shown and written down."""
    if not url.startswith(("postgresql:", "postgres:")):
        return url
    parts = sa.make_url(url)
    return parts.difference_update_query(["password"]).render_as_string(hide_password=True)
