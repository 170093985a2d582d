"""The worker: takes the head of each ready key, decides, and joins decisions with commits and sends.

There is no lock-step: decisions, commits and sends form a pipeline. Everything that must be durable goes to
the commit port as one batch and continues in the callback after commit; the writer groups whatever queued.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.crashpoint import reach
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import Identity
from engine.connect.port import Connector
from engine.plan.model import BusinessException, Plan
from engine.run.advance import Advance
from engine.run.backlog import Backlog
from engine.run.closures import Closures
from engine.run.holds import Holds, is_released
from engine.run.keys import KeyQueues, Waiting
from engine.run.lanes import Lane
from engine.run.operate import Released
from engine.run.preparing import prepare
from engine.run.records import dead_letter, exception_kind, exception_row
from engine.run.share import take_up
from engine.run.state import Counts, Run, Work
from engine.store import loading
from engine.store.batch import Arrival, Batch
from engine.store.committer import FenceLost, is_about_content
from engine.store.pauses import load_pauses
from engine.store.store import Store, StoreGone
from engine.store.writer import CommitPort

log = logging.getLogger("tieout.worker")

ACTIVE_MAX = 4000
#: As many as are started within a few milliseconds: what comes in meanwhile waits to be acknowledged.
HEADS_PER_TURN = 16
RETRY_COMMIT_SECONDS = 1.0
#: The store does not answer: nobody's mistake, and nothing of the message's.
STORE_GONE = (StoreGone, sa.exc.OperationalError, sa.exc.InternalError)


class Worker:
    """Works the inbox of the partitions that this process holds. Lives on one event loop."""

    def __init__(
        self,
        store: Store,
        commits: CommitPort,
        plan: Plan,
        connectors: Mapping[str, Connector],
        clock: Clock,
        identity: Identity,
        loop: asyncio.AbstractEventLoop,
        environment: str = "development",
        on_run: Callable[[Run, str], None] | None = None,
    ) -> None:
        self.store = store
        self.commits = commits
        self.plan = plan
        self.connectors = connectors
        self.clock = clock
        self.identity = identity
        self.loop = loop
        self.environment = environment
        self.counts = Counts()
        self.keys = KeyQueues()
        self.backlog = Backlog(store, self.keys)
        self.holds = Holds()
        self.closures = Closures(clock)
        self.closures.declare(plan.connections)
        self.lanes: dict[str, Lane] = {}
        self.calls: dict[str, asyncio.Future[Run | BusinessException]] = {}
        self.active = 0
        self.paused = False
        self.on_run = on_run
        self.bundle_plan: Callable[[str], Plan | None] = lambda _digest: None
        self.gained_monotonic = clock.monotonic()  # when it last took partitions over
        self._pumping = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._unstorable: set[str] = set()  # messages that were made dead letters because the store refused content
        self._advance = Advance(self)

    # ------------------------------------------------------------------------- coming in

    def arrived(self, arrival: Arrival, parsed: Any = None) -> None:
        """A fresh message is committed in the inbox: take it up, or leave it there if memory is full."""
        self.counts.arrived += 1
        if self.paused:
            self.backlog.spilled = True
        if arrival.partition not in self.store.tokens or not self.backlog.has_room:
            return  # the process that holds the partition finds it in the store, or this one once there is room
        self.keys.add(Waiting(arrival, parsed))
        self.pump()

    def resume(self, message_ids: set[str]) -> None:
        """Work on messages again: released from a hold, or retried by a person."""
        if message_ids:
            self.backlog.resume(message_ids)
            self.pump()

    def recover(self) -> None:
        """At start-up: what waits goes on waiting, what is queued is taken up in arrival order."""
        self.read_pauses()
        self.gained(self.store.tokens)

    def gained(self, partitions: Collection[int]) -> None:
        """Take up the work of partitions whose leases this process holds now."""
        self.gained_monotonic = self.clock.monotonic()
        ready = take_up(self, partitions)
        self.backlog.read()
        self.resume(ready)
        self._arm_timer()
        self.pump()

    # ------------------------------------------------------------------------- going round

    def pump(self) -> None:
        """Make sure that a turn is due."""
        if not self._pumping and not self.paused and not self._closing:
            self._pumping = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._pumping = False
        if self.paused or self._closing:
            return
        for _ in range(HEADS_PER_TURN):
            if self.active >= ACTIVE_MAX:
                return
            waiting = self.keys.take()
            if waiting is None:
                if self.backlog.has_more:
                    self._refill()
                return
            self.active += 1
            work = Work(waiting.arrival, [], resumed=waiting.resumed)
            self.attempt(work, partial(self._start, work, waiting))
        self.pump()

    def _refill(self) -> None:
        try:
            self.backlog.read()
        except Exception as error:  # noqa: BLE001 - the worker loop: a store that does not answer is asked again
            log.error("store_not_read", extra={"reason": repr(error)})
            self.loop.call_later(RETRY_COMMIT_SECONDS, self.pump)
            return
        self.pump()

    def rescan(self) -> None:
        """A commit's outcome was lost: what it may have stored is found in the store."""
        self.backlog.spilled = True
        self.pump()

    def attempt(self, work: Work, stretch: Callable[[], None]) -> None:
        """Do one stretch of a message's work. A surprise stops the message and its key, never its neighbours."""
        try:
            stretch()
        except STORE_GONE as error:
            self.not_committed(work, error)
        except Exception as error:  # noqa: BLE001 - the worker loop: one message's surprise must not stop the others
            self._surprised(work, error)

    def _surprised(self, work: Work, error: Exception) -> None:
        log.error("defect", extra={"message_id": work.arrival.id, "reason": repr(error)})
        if work.abandoned:
            return
        self._abandon(work)
        again = Work(work.arrival, [], resumed=True)
        try:
            self._dead(again, ErrorClass.DEFECT, "the engine met a defect of its own on this message", repr(error))
        except Exception as worse:  # noqa: BLE001 - see above: if even this fails, the message starts again
            self.not_committed(again, worse)

    def _start(self, work: Work, waiting: Waiting) -> None:
        arrival = waiting.arrival
        batch = Batch()
        try:
            prepare(self, work, waiting, batch)
        except StoreGone:
            raise
        except Failure as failure:
            self._dead(work, failure.error_class, failure.message, failure.detail)
            return
        if not work.runs and not waiting.resumed:
            self.counts.ignored += 1
            batch.audit("ignored", arrival.id, arrival.partition, arrival.key, self._token(work), {})
        reach("CP-05")
        self._advance.next_run(work, batch)

    def _token(self, work: Work) -> int:
        return self.store.tokens.get(work.arrival.partition, -1)

    # ------------------------------------------------------------------------- coming to an end

    def commit(self, work: Work, batch: Batch, then: Callable[[], None]) -> None:
        """Make ``batch`` durable, then go on with ``then``; on failure the message is taken up anew."""
        if work.abandoned:
            return
        batch.fence(work.arrival.partition, self._token(work))

        def done(_batch: Batch, error: Exception | None) -> None:
            if error is not None:
                self.not_committed(work, error)
            elif not work.abandoned:
                self.attempt(work, partial(self.go_on, work, then))

        self.commits.submit(batch, done)

    def commit_if_any(self, work: Work, batch: Batch, then: Callable[[], None]) -> None:
        """Make what a batch holds durable first, if it holds anything; then go on with ``then``."""
        if batch.rows or batch.arrivals or batch.audits:
            self.commit(work, batch, then)
        else:
            then()

    @staticmethod
    def go_on(work: Work, then: Callable[[], None]) -> None:
        """Do what was to be done once the last batch is durable, then go on."""
        if work.after_commit:
            actions, work.after_commit = work.after_commit, []
            for action in actions:
                action()
        then()

    def spawn(self, work: Work, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop, which by itself would keep only a weak reference to it."""

        async def guarded() -> None:
            try:
                await coroutine
            except STORE_GONE as error:
                self.not_committed(work, error)
            except Exception as error:  # noqa: BLE001 - the worker loop, as in attempt
                self._surprised(work, error)

        task = self.loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def finish(self, work: Work, batch: Batch) -> None:
        """All runs of the message have ended or wait: record what becomes of the message."""
        arrival = work.arrival
        if work.excepted:
            batch.requeue(arrival.id, "blocked")
        elif work.parked:
            batch.requeue(arrival.id, "parked")
        else:
            reach("CP-13")
            batch.dequeue(arrival.id)
        if not batch.audits:
            batch.audit("at_rest", arrival.id, arrival.partition, arrival.key, self._token(work), {})
        self.commit(work, batch, lambda: self._finished(work))

    def _finished(self, work: Work) -> None:
        settled: set[str] = set()
        if work.excepted:
            # A person may have settled one run's exception while another run of the message was still going on.
            settled = loading.settled_messages(self.store.engine, work.arrival.id)
            if not settled:
                self.keys.block(work.arrival.key, work.arrival.id)
        if work.keeps_key:
            self.keys.keep(work.arrival.key, work.arrival.id)
        self._done(work)
        self.counts.finished += 1
        self.resume(settled)
        if work.parked:
            self._recheck(work)

    def _done(self, work: Work) -> None:
        work.abandoned = True  # whatever else comes in for it comes too late
        self.active -= 1
        self.keys.finish(work.arrival)
        if self._idle and self.is_idle:
            for future in [each for each in self._idle if not each.done()]:
                future.set_result(None)
            self._idle.clear()
        self.pump()

    def _recheck(self, work: Work) -> None:
        """What it waits for may have come while it was still being worked on: look once more, now that it is stored."""
        for run in work.runs:
            if run.row.state == "waiting" and is_released(self.store, run.row, self.clock.now(), self.closures):
                self.resume(self.holds.release(run.row.waits_for or "") | {work.arrival.id})
        self._arm_timer()

    def release(self, waits_for: str) -> None:  # something that may be waited for has come
        self.resume(self.holds.release(waits_for))

    def adopt(self, plan: Plan) -> None:  # from now on
        self.plan = plan
        self.closures.declare(plan.connections)
        self.release_reopened()

    def read_pauses(self) -> None:
        """Take over what the store says of paused connections."""
        with self.store.engine.connect() as connection:
            self.closures.order(load_pauses(connection, self.clock.now()))
        self.release_reopened()

    def release_reopened(self) -> None:  # what waited for connections that may be used again
        for waits_for in self.holds.awaited("connection:"):
            if self.closures.of(waits_for.partition(":")[2]) is None:
                self.release(waits_for)

    def _arm_timer(self) -> None:
        due = self.holds.next_at
        if due is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = min(max((due - self.clock.now()) / 1_000_000, 0.0), 3600.0)
        self._timer = self.loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self.resume(self.holds.due(self.clock.now()))
        self._arm_timer()

    def not_committed(self, work: Work, error: Exception) -> None:
        """Nothing of the batch was stored. Forget what was decided and start again from what is stored."""
        if work.abandoned:
            return
        self._abandon(work)
        self.counts.commit_failures += 1
        arrival = work.arrival
        log.warning("not_committed", extra={"message_id": arrival.id, "reason": str(error)})
        if isinstance(error, FenceLost):
            self.store.tokens.pop(arrival.partition, None)
            self._done(work)
            return
        if is_about_content(error) and arrival.id not in self._unstorable:
            self._unstorable.add(arrival.id)
            self._dead(
                Work(arrival, []), ErrorClass.DATA, "it holds characters that the store cannot keep", repr(error)
            )
            return
        self.backlog.spilled = True  # messages that it may have made all the same are found in the store
        self.backlog.starting_again.add(arrival.id)
        self._done(work)
        self.keys.block(arrival.key, arrival.id)
        self.loop.call_later(RETRY_COMMIT_SECONDS, self._again, arrival)

    def _abandon(self, work: Work) -> None:
        work.abandoned = True
        work.after_commit.clear()
        for key in tuple(work.open_effects):
            self._advance.effects.release(work, key)
        for run in work.runs:
            run.deciding.close()

    def _again(self, arrival: Arrival) -> None:
        self.backlog.starting_again.discard(arrival.id)
        self.keys.add(Waiting(arrival, None, resumed=True), front=True)
        self.keys.unblock(arrival.key, arrival.id)
        self.pump()

    def _dead(self, work: Work, error_class: ErrorClass, message: str, detail: str) -> None:
        """The message itself cannot be worked: a dead letter, which blocks its key until a person decides."""
        arrival = work.arrival
        batch = Batch()
        exception = dead_letter(arrival, error_class, message, detail)
        kind, reason = exception_kind(exception), exception.reason
        batch.open_exception(exception_row(self.identity.new(), exception, arrival, self.clock.now(), kind=kind))
        batch.audit("dead_letter", arrival.id, arrival.partition, arrival.key, self._token(work), {"reason": reason})
        self.counts.exceptions += 1
        work.excepted = True
        reach("CP-16")
        self.finish(work, batch)

    # ------------------------------------------------------------------------- from outside

    @property
    def is_idle(self) -> bool:
        """Nothing is being worked on, and nothing that could be is waiting."""
        return not (self.active or self.keys.has_ready) and self.backlog.is_empty

    def close_intake(self) -> None:
        """Start nothing new; what is on its way goes on to its next durable rest."""
        self._closing = True

    async def settled(self) -> None:
        """Wait until nothing is being worked on: every message is finished, parked, or safe in the store."""
        while self.active:
            await asyncio.sleep(0.02)

    async def drained(self) -> None:
        """Wait until the worker is idle."""
        while not self.is_idle:
            future: asyncio.Future[None] = self.loop.create_future()
            self._idle.append(future)
            self.pump()
            await future

    def apply(self, released: Released) -> None:
        """Go on as a person decided."""
        if released.again:
            self.resume({released.message_id})
        self.keys.unblock(released.key, released.message_id)
        self.pump()

    def lane(self, connection: str) -> Lane:
        """The connection's budget."""
        lane = self.lanes.get(connection)
        if lane is None:
            plan = self.plan.connections[connection]
            lane = Lane(plan.concurrency, plan.per_second, self.clock.monotonic, self.loop.call_later)
            self.lanes[connection] = lane
        return lane
