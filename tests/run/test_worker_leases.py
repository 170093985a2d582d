"""A process that stands still, and one that takes its work over: what was sent is never sent beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from virtual_time import VirtualClock
from virtual_world import play
from worlds import Erp, World, flow, make_plan, post

from engine.connect.port import Guarantees, Reply, Unknown
from engine.store.batch import Batch, Op

START = "2026-01-31T12:00:00+00:00"
INVOICE: dict[str, Any] = {"id": "in_1", "customer": "cus_1", "revision": "1"}
COMMITS_WITHIN = 60.0
SLOW = post(guarantees=Guarantees(False, COMMITS_WITHIN, 1.0, None, True, 40))


def test_a_process_that_stood_still_after_its_commit_sends_nothing_until_its_lease_is_certain(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        store = world.store
        store.leases_end_at = clock.monotonic() + store.lease_seconds
        submit = world.commits.submit
        stood_still = False

        def slowly(batch: Batch, done: Any) -> None:
            nonlocal stood_still
            if stood_still or not any(op is Op.INTEND for op, _ in batch.rows):
                submit(batch, done)
                return
            stood_still = True
            submit(batch, lambda b, error: world.worker.loop.call_later(25, done, b, error) and None)

        world.commits.submit = slowly  # type: ignore[method-assign]
        world.arrive("invoice", **INVOICE)
        await asyncio.sleep(26)
        assert stood_still
        assert world.erp.performed == 0
        assert world.rows("select state from effect") == [("intended",)]
        store.leases_end_at = clock.monotonic() + store.lease_seconds  # a heartbeat went through
        await world.settle()
        await asyncio.sleep(5)
        assert world.erp.order == ["in_1"]

    play(tmp_path, make_plan(flow("posted", "invoice@1", post())), START, act)


class Silent(Erp):
    """Takes requests and answers none while it is silent."""

    silent = True

    async def perform(self, call: Any) -> Reply:
        if self.silent:
            self.performed += 1
            await asyncio.sleep(1e9)
        return await super().perform(call)


def test_what_another_process_sent_may_be_committed_until_long_after_it_was_taken_over(tmp_path: Path) -> None:
    erp = Silent()

    async def first(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **INVOICE)
        await asyncio.sleep(1)
        assert erp.performed == 1

    async def second(world: World, clock: VirtualClock) -> None:
        held = dict(world.store.tokens)
        world.store.tokens.clear()  # it runs for a while before it gets the other one's partitions
        world.worker.keys.forget(lambda _key: True)

        def gain() -> None:
            world.store.tokens.update(held)
            world.worker.gained(held)

        world.worker.loop.call_later(1000, gain)
        erp.silent = False
        await asyncio.sleep(1000 + COMMITS_WITHIN - 1)
        assert erp.looked_up >= 1
        assert erp.performed == 1
        await asyncio.sleep(30)
        assert erp.order == ["in_1"]

    plan_ = make_plan(flow("posted", "invoice@1", SLOW))
    play(tmp_path, plan_, START, first, erp, drained=False)
    play(tmp_path, plan_, START, second, erp)


def test_how_long_a_commit_may_take_counts_from_the_end_of_the_try(tmp_path: Path) -> None:
    class Late(Erp):
        async def perform(self, call: Any) -> Reply:
            if self.performed == 0:
                self.performed += 1
                await asyncio.sleep(50)  # a place among the connections was waited for, then the time was over
                return Unknown("no answer came")
            return await super().perform(call)

    erp = Late()

    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **INVOICE)
        await asyncio.sleep(50 + COMMITS_WITHIN - 1)
        assert erp.performed == 1
        await asyncio.sleep(10)
        assert erp.order == ["in_1"]

    play(tmp_path, make_plan(flow("posted", "invoice@1", SLOW)), START, act, erp)
