"""The worker against a model of everything that can go wrong: whatever happens, in whatever order, the invariants
hold after every step, and once the faults stop, everything comes to its end."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from invariants import check
from virtual_time import VirtualClock, VirtualLoop
from worlds import Erp, World, computed, flow, make_plan, post, step

from engine.base.identity import Identity
from engine.connect.port import Call
from engine.plan import model as plan
from engine.run import operate
from engine.store.batch import Arrived

FAULTS = (None, "transient", "lost_before", "lost_after", "reject", "crash")
HOLD_SECONDS = 3600


def plan_of_world() -> plan.Plan:
    hold = step(
        plan.LookupStep, "invoice", "lookup", tables=(), key=(computed("event.data.invoice"),), link="invoice",
        connection="erp", missing="hold", hold_seconds=HOLD_SECONDS,
    )  # fmt: skip
    told = step(
        plan.EmitStep, "told", "emit", event="posted@1", subject=computed("event.data.id"), partitionkey=None,
        data=computed("event.data"), encode=lambda value: value,
    )  # fmt: skip
    return make_plan(
        flow("invoice_posted", "invoice@1", post(), told),
        flow("noted", "posted@1", post("noted", "note", None)),
        flow("credit_posted", "credit@1", hold, post("credited", "credit_note", None)),
    )


class WorkerMachine(RuleBasedStateMachine):
    """Senders, an ERP with scripted faults, a clock that jumps, a process that dies, and a person who decides."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="tieout-stateful-", ignore_cleanup_errors=True)
        self.faults: dict[str, deque[str | None]] = defaultdict(deque)
        self.unclear = False
        self.sent: dict[str, tuple[str, dict[str, Any]]] = {}
        self.count = 0
        self.clock = VirtualClock("2026-01-31T12:00:00+00:00")
        self.erp = Erp(script=self._fault, look_up_script=lambda _call: "unclear" if self.unclear else None)
        self._begin(0.0)

    def _fault(self, call: Call) -> str | None:
        script = self.faults[orjson.loads(call.raw)["id"]]
        return script.popleft() if script else None

    def _begin(self, at: float) -> None:
        self.loop = self.clock.loop = VirtualLoop(at)
        self.world = World(Path(self.folder.name) / "store.db", plan_of_world(), self.erp)
        self.world.clock = self.clock
        self.world.identity = Identity(self.clock)
        self.world.start(self.loop)

    def _end(self) -> None:
        """The process dies: nothing is given back but what the operating system takes."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.world.worker.paused = True
        store = self.world.store
        store._reader.close()
        store.engine.dispose()
        store.committer.close()
        assert store._lock is not None
        store._lock.close()
        self.loop.close()

    def _send(self, type_: str, id_: str, message: dict[str, Any]) -> Arrived:
        return self.world.arrive(type_, id_, **message)

    # ------------------------------------------------------------------------- what the outside does

    @rule(key=st.integers(0, 3), faults=st.lists(st.sampled_from(FAULTS), max_size=4))
    def arrives(self, key: int, faults: list[str | None]) -> None:
        self.count += 1
        message = {"id": f"in_{self.count}", "customer": f"cus_{key}", "revision": "1", "total": "10.00"}
        self.faults[message["id"]].extend(faults)
        self.sent[f"evt_{self.count}"] = ("invoice", message)
        assert self._send("invoice", f"evt_{self.count}", message) is Arrived.FRESH

    @rule(key=st.integers(0, 3), ahead=st.integers(0, 2))
    def a_credit_arrives_perhaps_too_early(self, key: int, ahead: int) -> None:
        self.count += 1
        message = {
            "id": f"cn_{self.count}", "customer": f"cus_{key}", "revision": "1", "invoice": f"in_{self.count + ahead}",
        }  # fmt: skip
        self.sent[f"evt_{self.count}"] = ("credit", message)
        assert self._send("credit", f"evt_{self.count}", message) is Arrived.FRESH

    @rule(key=st.integers(0, 3))
    def a_broken_one_arrives(self, key: int) -> None:
        self.count += 1
        message = {"id": f"in_{self.count}", "customer": f"cus_{key}", "revision": "1", "broken": True}
        assert self._send("invoice", f"evt_{self.count}", message) is Arrived.FRESH

    @precondition(lambda self: self.sent)
    @rule(chance=st.randoms(use_true_random=False), how=st.sampled_from(["again", "copy", "other_content", "conflict"]))
    def something_arrives_again(self, chance: Any, how: str) -> None:
        id_ = chance.choice(sorted(self.sent))
        type_, message = self.sent[id_]
        if how == "again":
            assert self._send(type_, id_, message) is Arrived.DUPLICATE
        elif how == "other_content":
            assert self._send(type_, id_, {**message, "total": "99.00"}) is Arrived.CONFLICT
        else:
            self.count += 1
            changed = message if how == "copy" else {**message, "total": "77.00"}
            assert self._send(type_, f"evt_{self.count}", changed) is Arrived.FRESH

    # ------------------------------------------------------------------------- time, faults, death

    @rule(seconds=st.sampled_from([0.0, 0.01, 1.0, 30.0, 600.0]))
    def time_passes(self, seconds: float) -> None:
        self.loop.spend(seconds)

    @rule(seconds=st.sampled_from([-3600, -5, 5, 3600]))
    def the_wall_clock_jumps(self, seconds: int) -> None:
        self.clock.jumped_seconds += seconds

    @rule(unclear=st.booleans())
    def look_ups_fail_or_work(self, unclear: bool) -> None:
        self.unclear = unclear

    @rule()
    def the_process_dies_and_starts_again(self) -> None:
        at = self.loop.time()
        self._end()
        self._begin(at)

    # ------------------------------------------------------------------------- what a person does

    def _open(self) -> list[tuple[str, str]]:
        return [
            (row[0], row[1])
            for row in self.world.rows("select id, kind from exception where state = 'open' order by id")
        ]

    def _decide(self, act: Any) -> None:
        self.world.worker.apply(self.world.commits.transact(act))

    @precondition(lambda self: self._open())
    @rule(chance=st.randoms(use_true_random=False), skip=st.booleans(), original=st.booleans())
    def a_person_decides(self, chance: Any, skip: bool, original: bool) -> None:
        id_, _ = chance.choice(self._open())
        now = self.clock.now()
        if skip:
            self._decide(lambda c, audit: operate.skip(c, audit, id_, "ana", now, "done by hand"))
        else:
            self._decide(lambda c, audit: operate.retry(c, audit, id_, "ana", now, original=original))

    # ------------------------------------------------------------------------- what must hold

    def _documents(self) -> dict[str, list[dict[str, Any]]]:
        return {
            key: [{"content": each["content"], "order": int(each["number"][4:])} for each in kept]
            for key, kept in self.erp.documents.items()
        }

    @invariant()
    def the_invariants_hold(self) -> None:
        assert check(self.world.store.engine, self._documents()) == []

    def teardown(self) -> None:
        """Faults off: everything comes to its end, and nothing was lost."""
        self.faults.clear()
        self.unclear = False
        try:
            for _ in range(60):
                self.loop.spend(2 * HOLD_SECONDS)
                stopped = self._open()
                if not stopped:
                    break
                for id_, kind in stopped:
                    now = self.clock.now()
                    if kind in ("business", "unknown_outcome") and self._first_time(id_):
                        self._decide(lambda c, audit, id_=id_, now=now: operate.retry(c, audit, id_, "ana", now))
                    else:
                        self._decide(lambda c, audit, id_=id_, now=now: operate.skip(c, audit, id_, "ana", now, "gone"))
            assert check(self.world.store.engine, self._documents(), drained=True) == []
            assert self.world.rows("select count(*) from queue") == [(0,)]
            self._end()
        finally:
            self.folder.cleanup()

    def _first_time(self, id_: str) -> bool:
        (count,) = self.world.rows(
            f"select count(*) from exception where run_id = (select run_id from exception where id = '{id_}')"
        )[0]
        return count < 3


TestWorker = WorkerMachine.TestCase
TestWorker.settings = settings(max_examples=12, stateful_step_count=30, derandomize=True, deadline=None)
