"""The writer of a local store: a group's statements run on the event loop, only its commit on a thread.

SQLite's driver lets go of the interpreter around every statement. On a thread of its own each of them would have to
wait until a busy event loop lets go, too, and take the interpreter from it: two switches of threads for microseconds of
work. On the event loop nobody is waiting for the interpreter; the commit, which waits for the disk, leaves the event
loop alone. A group that is large, or that meets somebody else's lock, is written whole on the thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

from engine.store.batch import Batch, Op
from engine.store.committer import Committer
from engine.store.writer import WORK_MAX, Delivery, Done, Submitted, Transaction, nothing, outcomes_of

#: More than this in bodies and requests is not copied into the database on the event loop.
GROUP_BYTES_MAX = 1_048_576
_REQUEST = 12  # the place of the request in a row of Op.INTEND

Soon: TypeAlias = Callable[[Callable[[], None]], object]
_Round: TypeAlias = tuple[list[Submitted], list[Exception | None] | None, list[Transaction]]


class LoopWriter:
    """Groups what was submitted while the last group was being synced. See :class:`engine.store.writer.WriterThread`
    for ``arriving`` and the order in which things are written.

    ``tell`` is called on the event loop with all outcomes of a group. ``soon`` has the event loop call something at
    the end of its turn, ``soon_from_thread`` does so from elsewhere. All but :meth:`transact` and :meth:`close` is
    called on the event loop. The loop's side and the thread never use the committer at the same time: a round is with
    one of them.
    """

    def __init__(
        self, committer: Committer, tell: Callable[[Delivery], None], soon: Soon, soon_from_thread: Soon
    ) -> None:
        self._committer = committer
        self._tell = tell
        self._soon = soon
        self._soon_from_thread = soon_from_thread
        self.arriving: Callable[[], Submitted | None] = nothing
        self.groups = 0
        self.batches = 0
        self._work: deque[Submitted | Transaction] = deque()
        self._is_due = False
        self._is_closing = False
        self._is_away = False  # a round is with the thread
        self._rounds: SimpleQueue[_Round | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        committer.copy_beside()
        committer.wait_for_nobody()
        self._thread.start()

    def submit(self, batch: Batch, done: Done) -> None:
        self._work.append((batch, done))
        if not (self._is_due or self._is_away):
            self.wake()

    def wake(self) -> None:
        """Something is arriving: begin a group soon, unless one is on its way."""
        if not (self._is_due or self._is_away):
            self._is_due = True
            self._soon(self._begin)

    def transact(self, work: Callable[..., Any]) -> Any:
        """Run an operator's change between two groups; blocks the caller, so call it off the event loop."""
        transaction = Transaction(work)
        self._soon_from_thread(partial(self._enter, transaction))
        return transaction.result()

    def close(self) -> None:
        """Write what is queued, then stop. Blocks the caller, so call it off the event loop."""
        self._soon_from_thread(self._end)
        self._thread.join()
        self._committer.close()

    # ------------------------------------------------------------------------- on the event loop

    def _enter(self, transaction: Transaction) -> None:
        self._work.append(transaction)
        self.wake()

    def _end(self) -> None:
        self._is_closing = True
        self.wake()

    def _begin(self) -> None:
        self._is_due = False
        group, transactions = self._next_group(), self._next_transactions()
        if not (group or transactions):
            if self._is_closing:
                self._rounds.put(None)
            return
        self._is_away = True
        batches = [batch for batch, _ in group]
        prepared = self._committer.prepare(batches) if group and _bytes_of(batches) <= GROUP_BYTES_MAX else None
        self._rounds.put((group, prepared, transactions))

    def _next_group(self) -> list[Submitted]:
        arrivals = self.arriving()
        group: list[Submitted] = [] if arrivals is None else [arrivals]
        work = self._work
        while work and len(group) <= WORK_MAX:
            first = work[0]
            if isinstance(first, Transaction):
                break
            work.popleft()
            group.append(first)
        return group

    def _next_transactions(self) -> list[Transaction]:
        found: list[Transaction] = []
        while self._work and isinstance(first := self._work[0], Transaction):
            self._work.popleft()
            found.append(first)
        return found

    def _back(self, delivery: Delivery) -> None:
        """A round is over. The next begins at the end of the loop's turn, with what this one's outcomes lead to."""
        self._is_away = False
        self.wake()
        if delivery:
            self._tell(delivery)

    # ------------------------------------------------------------------------- on the thread

    def _run(self) -> None:
        while (handed := self._rounds.get()) is not None:
            group, prepared, transactions = handed
            delivery = self._committed(group, prepared) if group else []
            if delivery and (transactions or self._committer.is_log_due):
                self._soon_from_thread(partial(self._tell, delivery))  # nobody is to wait for the rest of the round
                delivery = []
            self._committer.copy_log()
            for transaction in transactions:
                transaction.run(self._committer)
            self._soon_from_thread(partial(self._back, delivery))

    def _committed(self, group: list[Submitted], prepared: list[Exception | None] | None) -> Delivery:
        self.groups += 1
        self.batches += len(group)
        return outcomes_of(group, lambda: self._committer.complete([batch for batch, _ in group], prepared))


def _bytes_of(batches: Sequence[Batch]) -> int:
    """The bodies and requests of a group, which are all that can be large."""
    size = 0
    for batch in batches:
        for arrival in batch.arrivals:
            size += len(arrival.body)
        for op, row in batch.rows:
            if op is Op.INTEND:
                size += len(row[_REQUEST])
    return size
