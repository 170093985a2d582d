"""A SQLite store looks, before it commits, whether its files are still where they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.base.clock import FixedClock
from engine.base.identity import Identity
from engine.store import tables as t
from engine.store.batch import AuditEntry, Batch
from engine.store.files import StoreFiles, StoreGone
from engine.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FixedClock("2026-03-31T12:00:00Z")
    opened = open_store(
        str(tmp_path / "store.db"), workspace="w", environment="test", clock=clock, identity=Identity(clock)
    )
    yield opened
    opened.committer.close()


def batch() -> Batch:
    made = Batch()
    made.audits.append(AuditEntry("noted", "x", -1, "", 0, {}))
    return made


def entries(store: Store) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(t.audit)).scalar_one())


@pytest.mark.parametrize("name", ["store.db", "store.db-wal"])
def test_nothing_is_committed_to_a_file_without_a_name(store: Store, tmp_path: Path, name: str) -> None:
    assert store.committer.write([batch()]) == [None]
    before = entries(store)
    file, away = tmp_path / name, tmp_path / "away"
    file.rename(away)
    (error,) = store.committer.write([batch()])
    assert isinstance(error, StoreGone)
    assert f"{file} was deleted or moved" in error.message
    with pytest.raises(StoreGone):
        store.committer.transact(lambda connection, audit: None)
    with pytest.raises(StoreGone):
        entries(store)
    assert not file.exists()
    away.rename(file)
    assert store.committer.write([batch()]) == [None]
    assert entries(store) == before + 1


def test_a_file_in_its_place_is_another_file(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"one")
    files = StoreFiles(file)
    files.check()
    file.write_bytes(b"two")  # the same file, whatever it holds
    files.check()
    (tmp_path / "other").write_bytes(b"one")
    os.replace(tmp_path / "other", file)  # noqa: PTH105 - what is meant
    with pytest.raises(StoreGone, match="replaced by another file"):
        files.check()


def test_a_page_that_cannot_be_read_is_the_stores_failure_and_not_the_messages(store: Store, tmp_path: Path) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        pages = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'link'").scalars().all()
    with (tmp_path / "store.db").open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(StoreGone, match="the store cannot be read: database disk image is malformed"):
        store.find_link("erp", "customer", "c1")
