"""A person who retries gives an effect all its tries again; what the system was told before stays numbered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from virtual_time import VirtualClock
from virtual_world import play
from worlds import Erp, World, flow, make_plan, post

from engine.connect.port import Call
from engine.run import operate

INVOICE: dict[str, Any] = {"id": "in_1", "customer": "cus_1", "revision": "1"}


def retry(world: World, clock: VirtualClock, id_: str) -> None:
    """What `tieout retry` does through the daemon."""
    released = world.commits.transact(lambda c, audit: operate.retry(c, audit, id_, "ana", clock.now()))
    assert released.again
    world.worker.apply(released)


def test_a_retry_by_a_person_gives_an_effect_all_its_tries_again_also_across_a_restart(tmp_path: Path) -> None:
    """Six tries are allowed, within an hour. Without a fresh count, the next refusal would be the last at once."""
    refusals = 6
    seen: list[int] = []

    def script(call: Call) -> str | None:
        seen.append(call.attempt)
        return "transient" if call.attempt <= refusals else None

    async def spent(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **INVOICE)
        await asyncio.sleep(600)
        assert seen == [1, 2, 3, 4, 5, 6]
        assert world.rows("select error_class, state from exception") == [("transient", "open")]

    async def asked_again(world: World, clock: VirtualClock) -> None:
        nonlocal refusals
        refusals = 11
        ((id_,),) = world.rows("select id from exception where state = 'open'")
        retry(world, clock, id_)
        assert world.rows("select attempts from retry") == [(6,)]
        await asyncio.sleep(2)
        assert 6 < len(seen) < 11

    async def restarted(world: World, clock: VirtualClock) -> None:
        await asyncio.sleep(600)
        assert world.erp.order == ["in_1"]
        assert seen == list(range(1, 13))
        assert world.rows("select count(*) from exception where state = 'open'") == [(0,)]

    async def spent_again(world: World, clock: VirtualClock) -> None:
        nonlocal refusals
        refusals = 99
        world.arrive("invoice", "evt_later", **{**INVOICE, "id": "in_2"})
        await asyncio.sleep(600)
        for tries in (6, 12):
            assert world.rows("select attempt from effect where object = 'in_2'") == [(tries,)]
            ((id_,),) = world.rows("select id from exception where state = 'open'")
            if tries == 6:
                retry(world, clock, id_)
                await asyncio.sleep(600)

    erp = Erp(script=script)
    plan_ = make_plan(flow("posted", "invoice@1", post()))
    play(tmp_path, plan_, "2026-02-15T01:00:00+00:00", spent, erp)
    play(tmp_path, plan_, "2026-02-16T01:00:00+00:00", asked_again, erp, drained=False)
    play(tmp_path, plan_, "2026-02-16T01:00:03+00:00", restarted, erp)
    play(tmp_path, plan_, "2026-02-16T03:00:03+00:00", spent_again, erp)


def test_a_retry_gives_the_time_again_too(tmp_path: Path) -> None:
    """An hour is allowed; the person comes after a weekend, and the system needs one more try."""

    def script(call: Call) -> str | None:
        if call.attempt == 1:
            return "reject"
        return "transient" if call.attempt == 2 else None

    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **INVOICE)
        await asyncio.sleep(3 * 86_400)
        ((id_,),) = world.rows("select id from exception where state = 'open'")
        retry(world, clock, id_)
        await asyncio.sleep(60)
        assert world.erp.order == ["in_1"]

    play(tmp_path, make_plan(flow("posted", "invoice@1", post())), "2026-02-13T17:00:00+00:00", act, Erp(script=script))
