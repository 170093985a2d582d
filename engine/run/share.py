"""Taking up the partitions that this process holds, letting go of those it lost, and following what others did."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from engine.run.holds import is_released
from engine.run.keys import Waiting
from engine.store import loading
from engine.store.batch import Arrival
from engine.store.inbox import partition_of
from engine.store.watching import Seen

if TYPE_CHECKING:
    from engine.run.worker import Worker


def take_up(worker: Worker, partitions: Collection[int]) -> set[str]:
    """What waits goes on waiting, what is blocked blocks its key, what is queued is read in order of arrival. Gives
    the messages that may go on at once."""
    engine = worker.store.engine
    ready = loading.settled_messages(engine)
    for key, message_id in loading.blocked_messages(engine):
        if message_id not in ready and partition_of(key) in partitions:
            worker.keys.block(key, message_id)
    for row in loading.waiting_runs(engine):
        if row.partition not in partitions:
            continue
        if is_released(worker.store, row, worker.clock.now(), worker.closures):
            ready.add(row.message_id)
            continue
        worker.holds.add(row.waits_for or "", row.message_id, row.wait_until)
        if (row.waits_for or "").startswith("connection:"):
            worker.keys.keep(row.key, row.message_id)
    worker.backlog.read_anew()
    return ready


def let_go(worker: Worker, partitions: Collection[int]) -> None:
    """Another process has them now. What is being worked on finds out when it wants to write."""
    worker.keys.forget(lambda key: partition_of(key) in partitions)


def unknown(worker: Worker, seen: Seen) -> list[str]:
    """The queued messages that this process does not have in memory, as many as there is room for."""
    if worker.backlog.has_more:
        return []  # they are read in their order anyway
    starting = worker.backlog.starting_again
    return [each for each in seen.queued if each not in worker.keys and each not in starting][: worker.backlog.room]


def follow(worker: Worker, seen: Seen, stored: Collection[Arrival]) -> None:
    """Do as others did: ``stored`` are the messages of :func:`unknown`; a person's word may have come to any node."""
    worker.closures.order(seen.pauses)
    for arrival in stored:
        if arrival.partition in worker.store.tokens:
            # One that blocks its key was stopped and is tried again: it goes first.
            worker.keys.add(Waiting(arrival, None, resumed=True), front=arrival.id in seen.freed)
    for message_id, key in seen.freed.items():
        if message_id not in worker.backlog.starting_again:
            worker.keys.unblock(key, message_id)
    worker.resume(set(seen.released))
    worker.release_reopened()
    worker.pump()
