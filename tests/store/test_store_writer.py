"""The writer's thread: what arrives goes into the very next group, work in its order, and the end leaves nothing."""

from __future__ import annotations

import threading
from collections import deque

from stores import Stores, rows

from engine.store.batch import Batch
from engine.store.writer import WORK_MAX, Delivery, WriterThread


def noted(name: str) -> Batch:
    batch = Batch()
    batch.audit("noted", name, 0, "", 0, {})
    return batch


def test_an_arrival_overtakes_work_and_work_keeps_its_order(stores: Stores) -> None:
    store = stores.open()
    started, go_on = threading.Event(), threading.Event()
    deliveries: list[Delivery] = []

    def deliver(delivery: Delivery) -> None:
        deliveries.append(delivery)
        started.set()
        assert go_on.wait(30)

    arriving: deque[Batch] = deque()
    writer = WriterThread(store.committer, deliver)
    writer.arriving = lambda: (arriving.popleft(), ignore) if arriving else None
    writer.submit(noted("first"), ignore)
    assert started.wait(30)
    for number in range(2 * WORK_MAX):
        writer.submit(noted(f"work {number}"), ignore)
    arrived = Batch()
    arrived.arrive(stores.arrival("evt_1"))
    arriving.append(arrived)
    writer.wake()
    go_on.set()
    transacted = writer.transact(lambda _connection, _audit: len(deliveries))
    writer.close()
    batches = [batch for delivery in deliveries for _, batch, error in delivery if error is None]
    assert deliveries[1][0][1] is arrived
    assert [len(delivery) for delivery in deliveries] == [1, WORK_MAX + 1, WORK_MAX]
    assert [batch.audits[0].subject for batch in batches if batch is not arrived] == [
        "first", *(f"work {number}" for number in range(2 * WORK_MAX)),
    ]  # fmt: skip
    assert transacted == 3, "a transaction comes after the work that was submitted before it"


def test_the_end_commits_what_has_arrived(stores: Stores) -> None:
    store = stores.open()
    arriving: deque[Batch] = deque()
    writer = WriterThread(store.committer, lambda _delivery: None)
    writer.arriving = lambda: (arriving.popleft(), ignore) if arriving else None
    arrived = Batch()
    arrived.arrive(stores.arrival("evt_1"))
    arriving.append(arrived)
    writer.close()
    assert rows(store, "select source_id from message") == [("evt_1",)]


def ignore(_batch: Batch, error: Exception | None) -> None:
    assert error is None
