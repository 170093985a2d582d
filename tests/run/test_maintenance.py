"""A connection that is left alone: what is due waits and goes on afterwards; nothing is lost, no try is spent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

from virtual_time import VirtualClock
from virtual_world import play
from worlds import Erp, World, computed, flow, make_plan, post, step

from engine.connect.port import Call
from engine.plan import model as plan
from engine.plan.windows import Window
from engine.store import pauses

NIGHT = Window(frozenset(), frozenset({date(2026, 2, 15)}), time(2, 0), time(5, 0), "UTC", "nightly backup")
INVOICE = flow("invoice_posted", "invoice@1", post())


def closing(plan_: plan.Plan, *windows: Window, per_second: int | None = None) -> plan.Plan:
    erp = replace(plan_.connections["erp"], windows=windows, per_second=per_second)
    return replace(plan_, connections={**plan_.connections, "erp": erp})


def invoice(number: int, customer: str, **more: Any) -> dict[str, Any]:
    return {"id": f"in_{number}", "customer": customer, "revision": "1", **more}


def test_a_window_that_opens_at_record_40_lets_the_rest_wait_and_posts_it_afterwards(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        for number in range(100):  # one a second: the window opens after the fortieth
            world.arrive("invoice", **invoice(number, f"cus_{number % 25}"))
        await asyncio.sleep(600)
        assert len(world.erp.order) == 40
        assert world.erp.performed == 40
        assert world.worker.is_idle
        assert world.worker.active == 0
        assert world.rows("select count(*) from exception") == [(0,)]
        ((closed, until),) = [(name, closure.until) for name, closure in world.worker.closures.all()]
        assert (closed, until) == ("erp", 1_771_131_600_000_000)  # 05:00
        waiting = world.rows("select waits_for, count(*) from run where state = 'waiting' group by 1")
        assert waiting == [("connection:erp", 25)]  # the heads; what comes after them waits in the queue
        assert world.rows("select count(*) from effect") == [(40,)]
        await asyncio.sleep(3 * 3600)
        assert sorted(world.erp.order) == sorted(f"in_{number}" for number in range(100))
        for customer in range(25):
            mine = [id_ for id_ in world.erp.order if int(id_[3:]) % 25 == customer]
            assert mine == sorted(mine, key=lambda id_: int(id_[3:]))
        assert world.rows("select max(attempt), count(*) from effect") == [(1, 100)]
        assert (world.worker.counts.deferred, world.worker.counts.retried) == (25, 0)

    play(tmp_path, closing(make_plan(INVOICE), NIGHT, per_second=1), "2026-02-15T01:59:20+00:00", act)


def test_messages_that_come_in_the_window_wait_in_order_and_survive_a_restart(tmp_path: Path) -> None:
    plan_ = closing(make_plan(INVOICE), NIGHT)

    async def during(world: World, clock: VirtualClock) -> None:
        for number in range(6):
            world.arrive("invoice", f"evt_{number}", **invoice(number, f"cus_{number % 2}"))
        await asyncio.sleep(60)
        assert world.erp.performed == 0

    async def restarted_in_it(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", "evt_6", **invoice(6, "cus_0"))
        await asyncio.sleep(60)
        assert world.erp.performed == 0
        await asyncio.sleep(3600)
        assert [id_ for id_ in world.erp.order if int(id_[3:]) % 2 == 0] == ["in_0", "in_2", "in_4", "in_6"]
        assert len(world.erp.order) == 7

    async def restarted_after_it(world: World, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        assert len(world.erp.order) == 6

    play(tmp_path, plan_, "2026-02-15T04:00:00+00:00", during, drained=False)
    other = tmp_path / "other"
    other.mkdir()
    play(other, plan_, "2026-02-15T04:00:00+00:00", during, drained=False)
    play(tmp_path, plan_, "2026-02-15T04:10:00+00:00", restarted_in_it)
    play(other, plan_, "2026-02-15T06:00:00+00:00", restarted_after_it)


def test_a_try_that_failed_before_the_window_is_repeated_after_it_with_all_its_tries_left(tmp_path: Path) -> None:
    """The window is longer than the time allowed for all tries; it does not count."""
    erp = Erp()

    def script(call: Call) -> str | None:
        return "transient" if call.attempt < 4 else None

    erp.script = script
    patient = flow("invoice_posted", "invoice@1", post(elapsed_max_seconds=1800))

    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **invoice(1, "cus_1"))
        await asyncio.sleep(4 * 3600)
        assert world.erp.order == ["in_1"]
        assert world.rows("select count(*) from exception") == [(0,)]
        assert erp.performed == 4

    play(tmp_path, closing(make_plan(patient), NIGHT), "2026-02-15T01:59:59+00:00", act, erp)


def test_an_unknown_outcome_is_looked_up_after_the_window_and_not_in_it(tmp_path: Path) -> None:
    erp = Erp(script=lambda call: "lost_after" if call.attempt == 1 else None)

    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **invoice(1, "cus_1"))
        erp.look_up_script = lambda _call: "unclear"
        await asyncio.sleep(3)
        asked = erp.looked_up
        assert asked >= 1
        await asyncio.sleep(3 * 3600 - 60)
        assert erp.looked_up == asked
        assert world.rows("select state from effect") == [("unknown",)]
        erp.look_up_script = lambda _call: None
        await asyncio.sleep(300)
        assert [len(kept) for kept in erp.documents.values()] == [1]
        assert world.rows("select count(*) from receipt") == [(1,)]

    play(tmp_path, closing(make_plan(INVOICE), NIGHT), "2026-02-15T01:59:57+00:00", act, erp)


def test_a_read_waits_too(tmp_path: Path) -> None:
    read = step(plan.ReadStep, "rate", "read", connection="erp", operation="rate", input=computed("event.data.id"))

    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **invoice(1, "cus_1"))
        await asyncio.sleep(60)
        assert world.rows("select state, waits_for from run") == [("waiting", "connection:erp")]
        await asyncio.sleep(3600)
        assert world.erp.order == ["in_1"]

    plan_ = closing(make_plan(flow("invoice_posted", "invoice@1", read, post())), NIGHT)
    play(tmp_path, plan_, "2026-02-15T04:30:00+00:00", act)


def test_a_person_pauses_a_connection_and_resumes_it(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.commits.transact(
            lambda c, audit: pauses.pause(c, audit, "p1", "erp", "ana", clock.now(), "the ledger is being moved", None)
        )
        world.worker.read_pauses()
        for number in range(3):
            world.arrive("invoice", **invoice(number, "cus_1"))
        await asyncio.sleep(7 * 86_400)
        assert world.erp.performed == 0
        assert world.rows("select state, count(*) from queue group by 1 order by 1") == [("parked", 1), ("queued", 2)]
        world.commits.transact(lambda c, audit: pauses.resume(c, audit, "erp", "ana", clock.now()))
        world.worker.read_pauses()
        await asyncio.sleep(1)
        assert world.erp.order == ["in_0", "in_1", "in_2"]

    play(tmp_path, make_plan(INVOICE), "2026-02-15T01:00:00+00:00", act)


def test_a_pause_with_an_end_ends_by_itself_and_other_connections_go_on(tmp_path: Path) -> None:
    noted = flow("noted", "note@1", post("noted", "note", None, connection="crm"))
    plan_ = make_plan(INVOICE, noted)
    crm = replace(plan_.connections["erp"], id="crm")
    plan_ = replace(plan_, connections={**plan_.connections, "crm": crm})

    async def act(world: World, clock: VirtualClock) -> None:
        world.worker.connectors["crm"] = world.erp  # type: ignore[index]
        until = clock.now() + 600_000_000
        world.commits.transact(
            lambda c, audit: pauses.pause(c, audit, "p1", "erp", "ana", clock.now(), "restart", until)
        )
        world.worker.read_pauses()
        world.arrive("invoice", **invoice(1, "cus_1"))
        world.arrive("note", **invoice(2, "cus_2"))
        await asyncio.sleep(10)
        assert world.erp.order == ["in_2"]
        await asyncio.sleep(600)
        assert world.erp.order == ["in_2", "in_1"]

    play(tmp_path, plan_, "2026-02-15T01:00:00+00:00", act)


def test_a_new_plan_without_the_window_lets_the_messages_go_at_once(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **invoice(1, "cus_1"))
        await asyncio.sleep(60)
        assert world.erp.performed == 0
        world.worker.adopt(make_plan(INVOICE))
        await asyncio.sleep(1)
        assert world.erp.order == ["in_1"]

    play(tmp_path, closing(make_plan(INVOICE), NIGHT), "2026-02-15T03:00:00+00:00", act)


def test_thousands_that_waited_are_taken_up_in_portions_and_all_are_posted(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        for number in range(2_500):
            world.arrive("invoice", **invoice(number, f"cus_{number}"))
        await asyncio.sleep(60)
        assert (world.erp.performed, len(world.worker.keys), world.worker.active) == (0, 0, 0)
        await asyncio.sleep(3600)
        assert len(set(world.erp.order)) == len(world.erp.order) == 2_500

    play(tmp_path, closing(make_plan(INVOICE), NIGHT), "2026-02-15T04:30:00+00:00", act)
