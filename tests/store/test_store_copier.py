"""SQLite's log is copied beside the writer: nothing is lost, the log stays short, and commits do not copy."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.base.clock import FixedClock
from engine.base.identity import Identity
from engine.store.batch import AuditEntry, Batch
from engine.store.copier import PAGES_MAX, ROWS_BETWEEN, LogCopier
from engine.store.driver import SqliteDriver
from engine.store.store import Store, open_store
from engine.store.writer import WriterThread

ROWS = 500
BYTES = 300


@pytest.fixture
def driver(tmp_path: Path) -> SqliteDriver:
    return SqliteDriver(tmp_path / "store.db")


@pytest.fixture
def writing(driver: SqliteDriver) -> Iterator[sqlite3.Connection]:
    connection = driver.connect()
    connection.execute("create table row (id integer primary key, content blob)")
    yield connection
    connection.close()


def write(connection: sqlite3.Connection, copier: LogCopier, rows: int) -> None:
    connection.execute("begin immediate")
    connection.executemany("insert into row (content) values (?)", [(b"x" * BYTES,)] * rows)
    connection.execute("commit")
    copier.after_commit(connection)


def test_the_log_begins_anew_while_rows_are_written(driver: SqliteDriver, writing: sqlite3.Connection) -> None:
    copier = LogCopier(driver)
    copier.relieve(writing)
    log = Path(f"{driver.path}-wal")
    sizes = []
    for at in range(12 * ROWS_BETWEEN // ROWS):
        write(writing, copier, ROWS)
        sizes.append(log.stat().st_size)
        deadline = time.monotonic() + 120
        while at % 4 == 0 and copier._is_wanted and not copier.is_due and time.monotonic() < deadline:
            time.sleep(0.001)  # a busy machine may give the copier its turn late
    copier.close()
    assert writing.execute("pragma wal_autocheckpoint").fetchone() == (PAGES_MAX,)
    assert writing.execute("select count(*) from row").fetchone() == (12 * ROWS_BETWEEN,)
    assert max(sizes) < 8 * ROWS_BETWEEN * BYTES, "a log that never begins anew would hold all that was written"
    assert driver.path.stat().st_size > 6 * ROWS_BETWEEN * BYTES, "most is in the database by now"


def test_a_reader_that_holds_the_log_back_only_delays(driver: SqliteDriver, writing: sqlite3.Connection) -> None:
    copier = LogCopier(driver)
    copier.relieve(writing)
    reader = driver.connect()
    reader.execute("begin")
    assert reader.execute("select count(*) from row").fetchone() == (0,)
    for _ in range(3 * ROWS_BETWEEN // ROWS):
        write(writing, copier, ROWS)
    assert reader.execute("select count(*) from row").fetchone() == (0,), "a reader sees what it began with"
    assert driver.path.stat().st_size < ROWS_BETWEEN * BYTES
    reader.execute("commit")
    reader.close()
    deadline = time.monotonic() + 120
    while driver.path.stat().st_size < 3 * ROWS_BETWEEN * BYTES and time.monotonic() < deadline:
        write(writing, copier, ROWS)
        time.sleep(0.01)
    copier.close()
    assert driver.path.stat().st_size > 3 * ROWS_BETWEEN * BYTES


def test_a_daemon_s_writer_has_its_log_copied_beside_it(tmp_path: Path) -> None:
    clock = FixedClock("2026-01-31T12:00:00+00:00")
    store: Store = open_store(
        str(tmp_path / "store.db"), workspace="world", environment="test", clock=clock, identity=Identity(clock)
    )
    settled = (tmp_path / "store.db").stat().st_size
    before = counted(tmp_path)
    writer = WriterThread(store.committer, lambda delivery: [each[0](each[1], each[2]) for each in delivery] and None)
    refused: list[Exception] = []
    deadline = time.monotonic() + 120
    written = 0
    while (tmp_path / "store.db").stat().st_size <= settled and time.monotonic() < deadline:
        batch = Batch()
        for _ in range(200):
            written += 1
            batch.audits.append(AuditEntry("noted", f"subject {written}", 1, "k", 0, {"about": "x" * 200}))
        writer.submit(batch, lambda _batch, error: refused.append(error) if error is not None else None)
        time.sleep(0.001)
    copied = (tmp_path / "store.db").stat().st_size
    writer.close()
    store.close()
    assert refused == []
    assert settled < copied, "nothing was copied before the end"
    assert counted(tmp_path) == before + written


def counted(folder: Path) -> int:
    connection = sqlite3.connect(folder / "store.db")
    (rows,) = connection.execute("select count(*) from audit").fetchone()
    connection.close()
    return int(rows)
