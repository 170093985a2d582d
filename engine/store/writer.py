"""The writer thread: group commit without a timer.

While one group is being synced, batches queue up; the next group is what queued, arrivals first. An idle engine
answers at once, a loaded one pays one sync for hundreds of batches.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias

from engine.base.crashpoint import reach
from engine.base.errors import Defect
from engine.store.batch import Batch
from engine.store.committer import Committer

Done: TypeAlias = Callable[[Batch, Exception | None], None]
Delivery: TypeAlias = list[tuple[Done, Batch, Exception | None]]
Submitted: TypeAlias = tuple[Batch, Done]

#: Batches of work in one group: enough to share a sync among many, few enough to be written in milliseconds.
WORK_MAX = 128


class CommitPort(Protocol):
    """Where batches go. ``done(batch, error)`` is called on the caller's own thread after commit."""

    def submit(self, batch: Batch, done: Done) -> None: ...

    def transact(self, work: Callable[..., Any]) -> Any: ...


class InlineCommits:
    """Commits at once on the caller's thread: for commands, tests and simulation."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    def submit(self, batch: Batch, done: Done) -> None:
        (error,) = self._committer.write([batch])
        done(batch, error)

    def transact(self, work: Callable[..., Any]) -> Any:
        return self._committer.transact(work)


class Writer(CommitPort, Protocol):
    """What a daemon commits with. ``arriving`` is asked for what has come in whenever a group begins."""

    arriving: Callable[[], Submitted | None]
    groups: int
    batches: int

    def wake(self) -> None: ...

    def close(self) -> None: ...


class Transaction:
    """An operator's change that somebody on another thread waits for."""

    __slots__ = ("_error", "_finished", "_result", "_work")

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self._finished = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self, committer: Committer) -> None:
        try:
            self._result = committer.transact(self._work)
        except Exception as error:  # noqa: BLE001 - handed to the caller, who raises it
            self._error = error
        self._finished.set()

    def result(self) -> Any:
        """Wait for it; raises what it raised."""
        self._finished.wait()
        if self._error is not None:
            raise self._error
        return self._result


def nothing() -> Submitted | None:
    """Nothing arrives."""
    return None


def outcomes_of(group: Sequence[Submitted], write: Callable[[], list[Exception | None]]) -> Delivery:
    """What became of a group that ``write`` makes durable. Raises nothing: a dead writer's thread would leave every
    caller waiting for ever."""
    errors: list[Exception | None]
    try:
        errors = write()
    except Exception as error:  # noqa: BLE001 - see above
        errors = [Defect(f"the store's writer failed: {error!r}")] * len(group)
    try:
        reach("CP-03")
    except Exception as error:  # noqa: BLE001 - see above; what was stored all the same is found in the store
        errors = [Defect(f"the outcome of a commit was lost: {error!r}")] * len(group)
    return [(done, batch, error) for (batch, done), error in zip(group, errors, strict=True)]


class WriterThread:
    """Commits groups on its own thread and delivers each group's outcomes with one call.

    ``deliver`` is called on the writer thread with all outcomes of a group; it must hand them to the event loop (one
    wake-up per group, not per batch). ``soon`` has the event loop call something at the end of its turn: what was
    submitted until then is handed over with one wake-up, too. Without it every batch is handed over at once. Batches
    are submitted by one thread only.

    Somebody waits for an arrival to be stored, and nobody for an outcome. So ``arriving`` is asked, on this thread,
    for what has come in until the very moment at which a group begins, and all of that goes into the group; of what
    was submitted only as much as keeps the group short, in its order.
    """

    def __init__(
        self,
        committer: Committer,
        deliver: Callable[[Delivery], None],
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._committer = committer
        self._deliver = deliver
        self._soon = soon
        self.arriving: Callable[[], Submitted | None] = nothing
        self._gathered: list[Submitted] = []
        self._queue: SimpleQueue[list[Submitted] | Transaction | None] = SimpleQueue()
        self._work: deque[Submitted | Transaction] = deque()  # the thread's own
        self._is_woken = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        committer.copy_beside()
        self.groups = 0
        self.batches = 0
        self._thread.start()

    def submit(self, batch: Batch, done: Done) -> None:
        gathered = self._gathered
        gathered.append((batch, done))
        if self._soon is None:
            self._hand_over()
        elif len(gathered) == 1:
            self._soon(self._hand_over)

    def wake(self) -> None:
        """Something is arriving: begin a group soon, if none has taken it by then."""
        if not self._is_woken:
            self._is_woken = True
            if self._soon is None:
                self._queue.put([])
            else:
                self._soon(partial(self._queue.put, []))

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._queue.put(gathered)

    def transact(self, work: Callable[..., Any]) -> Any:
        """Run an operator's change between two groups; blocks the caller, so call it off the event loop."""
        transaction = Transaction(work)
        self._queue.put(transaction)
        return transaction.result()

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()
        self._committer.close()

    def _run(self) -> None:
        queue = self._queue
        stopping = False
        while True:
            if not (stopping or self._work):
                stopping = self._sort(queue.get())
            while not queue.empty():
                stopping = self._sort(queue.get()) or stopping
            group = self._next_group()
            if group:
                self._commit(group)
            elif stopping and not self._work:
                return
            while self._work:
                first = self._work[0]
                if not isinstance(first, Transaction):
                    break
                self._work.popleft()
                first.run(self._committer)

    def _sort(self, handed: list[Submitted] | Transaction | None) -> bool:
        """Put what was handed over at the end of the work; whether it was the end of all."""
        if isinstance(handed, Transaction):
            self._work.append(handed)
        elif handed is not None:
            self._work.extend(handed)
        return handed is None

    def _next_group(self) -> list[Submitted]:
        self._is_woken = False  # before the question: what comes in after it wakes this thread again
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

    def _commit(self, group: list[Submitted]) -> None:
        delivery = outcomes_of(group, lambda: self._committer.write([batch for batch, _ in group]))
        self.groups += 1
        self.batches += len(group)
        self._deliver(delivery)
        self._committer.copy_log()
