"""The writer of a local store: statements on the event loop, commits beside it, everything in its order."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import orjson
import pytest
import sqlalchemy as sa
from stores import Stores, rows

from engine.base import crashpoint
from engine.base.errors import Defect
from engine.store.batch import Batch
from engine.store.loop_writer import GROUP_BYTES_MAX, LoopWriter
from engine.store.store import Store
from engine.store.writer import WORK_MAX, Delivery


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """A local store: the only kind that has this writer."""
    opened = Stores(f"sqlite:{tmp_path / 'store.db'}")
    yield opened
    opened.close()


def noted(name: str) -> Batch:
    batch = Batch()
    batch.audit("noted", name, 0, "", 0, {})
    return batch


def kept(store: Store) -> set[str]:
    """The names of what was noted and is stored."""
    entries = [orjson.loads(entry) for (entry,) in rows(store, "select entry from audit")]
    return {entry["subject"] for entry in entries if entry["kind"] == "noted"}


def audits(connection: sa.Connection, _audit: object) -> int:
    return int(connection.execute(sa.text("select count(*) from audit")).scalar_one())


def ignore(_batch: Batch, _error: Exception | None) -> None: ...


class Running:
    """A writer on the running loop, and what it delivered."""

    def __init__(self, store: Store) -> None:
        self.loop = asyncio.get_running_loop()
        self.deliveries: list[Delivery] = []
        self.threads: set[str] = set()
        self.writer = LoopWriter(store.committer, self._tell, self.loop.call_soon, self.loop.call_soon_threadsafe)

    def _tell(self, delivery: Delivery) -> None:
        self.threads.add(threading.current_thread().name)
        self.deliveries.append(delivery)

    @property
    def errors(self) -> list[Exception | None]:
        return [error for delivery in self.deliveries for _, _, error in delivery]

    async def close(self) -> None:
        await asyncio.to_thread(self.writer.close)


def test_an_arrival_overtakes_work_and_a_transaction_comes_after_it(stores: Stores) -> None:
    store = stores.open()

    async def play() -> Running:
        running = Running(store)
        writer = running.writer
        arrived = Batch()
        arrived.arrive(stores.arrival("evt_1"))
        arriving: deque[Batch] = deque()
        writer.arriving = lambda: (arriving.popleft(), ignore) if arriving else None
        for number in range(2 * WORK_MAX):
            writer.submit(noted(f"work {number}"), ignore)
        arriving.append(arrived)
        seen = await asyncio.to_thread(writer.transact, audits)
        assert seen == 2 + 2 * WORK_MAX, "a transaction comes after the work that was submitted before it"
        await running.close()
        assert running.deliveries[0][0][1] is arrived
        return running

    running = asyncio.run(play())
    assert [len(delivery) for delivery in running.deliveries] == [WORK_MAX + 1, WORK_MAX]
    assert running.errors == [None] * (2 * WORK_MAX + 1)
    batches = [batch for delivery in running.deliveries for _, batch, _ in delivery if batch.audits]
    assert [batch.audits[0].subject for batch in batches] == [f"work {number}" for number in range(2 * WORK_MAX)]
    assert running.threads == {"MainThread"}
    assert (running.writer.groups, running.writer.batches) == (2, 2 * WORK_MAX + 1)


def test_statements_run_on_the_loop_and_commits_beside_it(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores.open()
    committed_by: list[str] = []
    monkeypatch.setattr(
        "engine.store.committer.reach", lambda _point: committed_by.append(threading.current_thread().name)
    )

    async def play(batch: Batch) -> None:
        running = Running(store)
        running.writer.submit(batch, ignore)
        await running.close()
        assert running.errors == [None]

    prepared_by = _watch_prepare(store, monkeypatch)
    asyncio.run(play(noted("one")))
    assert prepared_by == ["MainThread"]
    assert committed_by == ["store-writer"]


def test_a_large_group_is_written_whole_on_the_thread(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores.open()
    prepared_by = _watch_prepare(store, monkeypatch)
    batch = Batch()
    batch.arrive(stores.arrival("evt_1", body=b"[" + b" " * GROUP_BYTES_MAX + b"]"))

    async def play() -> None:
        running = Running(store)
        running.writer.submit(batch, ignore)
        await running.close()
        assert running.errors == [None]

    asyncio.run(play())
    assert prepared_by == []
    assert rows(store, "select source_id from message") == [("evt_1",)]


def test_one_refused_batch_harms_no_other_of_its_group(stores: Stores) -> None:
    store = stores.open()
    good, bad = noted("good"), noted("bad")
    bad.dequeue(cast(str, ["a value that SQLite cannot bind"]))

    async def play() -> Running:
        running = Running(store)
        for batch in (good, bad, noted("after")):
            running.writer.submit(batch, ignore)
        await running.close()
        return running

    running = asyncio.run(play())
    assert [error is None for error in running.errors] == [True, False, True]
    assert kept(store) == {"good", "after"}


def test_a_lock_of_somebody_else_is_waited_for_beside_the_loop(stores: Stores) -> None:
    store = stores.open()
    other = sqlite3.connect(store.driver.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def play() -> Running:
        running = Running(store)
        running.writer.submit(noted("patient"), ignore)
        turns = 0
        while turns < 20:  # the loop goes on while the thread waits for the lock
            await asyncio.sleep(0.005)
            turns += 1
        assert running.deliveries == []
        other.execute("ROLLBACK")
        running.writer.submit(noted("next"), ignore)
        await running.close()
        return running

    running = asyncio.run(play())
    other.close()
    assert running.errors == [None, None]


def test_an_outcome_that_is_lost_after_the_commit_is_told_as_a_defect(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.open()

    def lose(point: str) -> None:
        if point == "CP-03":
            raise crashpoint.CrashPointReached(point)

    async def play() -> Running:
        running = Running(store)
        running.writer.submit(noted("stored"), ignore)
        await running.close()
        return running

    monkeypatch.setattr("engine.store.writer.reach", lose)
    running = asyncio.run(play())
    assert isinstance(running.errors[0], Defect)
    assert kept(store) == {"stored"}


def test_a_transaction_gives_its_error_to_the_caller_and_nobody_else(stores: Stores) -> None:
    store = stores.open()

    def fail(_connection: object, _audit: object) -> None:
        raise ValueError("not like this")

    async def play() -> Running:
        running = Running(store)
        with pytest.raises(ValueError, match="not like this"):
            await asyncio.to_thread(running.writer.transact, fail)
        running.writer.submit(noted("after"), ignore)
        await running.close()
        return running

    assert asyncio.run(play()).errors == [None]


def _watch_prepare(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads on which groups are prepared."""
    found: list[str] = []
    prepare: Callable[[list[Batch]], object] = store.committer.prepare

    def watched(batches: list[Batch]) -> object:
        found.append(threading.current_thread().name)
        return prepare(batches)

    monkeypatch.setattr(store.committer, "prepare", watched)
    return found
