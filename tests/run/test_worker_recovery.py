"""What happens when a commit fails, a reply repeats itself, or two things meet: each was once a way to lose work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from invariants import check
from worlds import Erp, World, computed, flow, make_plan, post, step

from engine.connect.port import Guarantees
from engine.plan import model as plan
from engine.run import operate


def play(path: Path, plan_: plan.Plan, act: Callable[[World], Awaitable[None]], erp: Erp | None = None) -> None:
    async def main() -> None:
        world = World(path / "store.db", plan_, erp)
        world.start(asyncio.get_running_loop())
        await act(world)
        documents = {
            key: [{"content": each["content"], "order": int(each["number"][4:])} for each in kept]
            for key, kept in world.erp.documents.items()
        }
        assert check(world.store.engine, documents, drained=True) == []
        world.stop()

    asyncio.run(main())


def message(id_: str, customer: str = "cus_1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "customer": customer, "revision": "1", **more}


TOLD = step(
    plan.EmitStep, "told", "emit", event="posted@1", subject=computed("event.data.id"), partitionkey=None,
    data=computed("event.data"), encode=lambda value: value,
)  # fmt: skip


def test_an_emitted_event_is_worked_once_although_the_step_is_decided_again(tmp_path: Path) -> None:
    refused = True

    async def act(world: World) -> None:
        nonlocal refused
        world.arrive("invoice", **message("in_1"))
        await world.settle()
        ((id_,),) = world.rows("select id from exception")
        refused = False
        released = world.commits.transact(lambda c, audit: operate.retry(c, audit, id_, "ana", world.clock.now()))
        world.worker.apply(released)
        await world.settle()
        assert world.rows("select kind, count(*) from message group by kind order by kind") == [
            ("event", 1), ("vendor", 1),
        ]  # fmt: skip
        assert world.rows("select flow, state from run order by flow") == [
            ("noted@1.0.0", "completed"), ("posted@1.0.0", "completed"),
        ]  # fmt: skip

    plan_ = make_plan(flow("posted", "invoice@1", TOLD, post()), flow("noted", "posted@1", post("noted", "note", None)))
    play(tmp_path, plan_, act, Erp(script=lambda call: "reject" if refused and call.operation else None))


def test_replies_that_a_decision_rests_on_are_stored_before_its_effect_is_sent(tmp_path: Path) -> None:
    read = step(plan.ReadStep, "rate", "read", connection="erp", operation="rate", input=computed("event.data.id"))
    seen: list[Any] = []

    async def act(world: World) -> None:
        def script(_call: object) -> str | None:
            seen.extend(world.rows("select answers from run"))
            return None

        world.erp.script = script
        world.arrive("invoice", **message("in_1"))
        await world.settle()
        assert seen == [(b'{"rate":{"value":{"operation":"rate","asked":"in_1"}}}',)]

    play(tmp_path, make_plan(flow("posted", "invoice@1", read, post())), act)


def test_a_hold_released_while_its_message_is_still_worked_on_is_not_forgotten(tmp_path: Path) -> None:
    hold = step(
        plan.LookupStep, "invoice", "lookup", tables=(), key=(computed("event.data.invoice"),), link="invoice",
        connection="erp", missing="hold", hold_seconds=3600,
    )  # fmt: skip
    gate = asyncio.Event()

    class SlowErp(Erp):
        async def perform(self, call: Any) -> Any:
            if call.operation == "slow":
                await gate.wait()
            return await super().perform(call)

    async def act(world: World) -> None:
        world.arrive("credit", **message("cn_1", invoice="in_1"))
        await asyncio.sleep(0.05)
        world.arrive("invoice", **message("in_1", "cus_2"))
        await asyncio.sleep(0.05)
        assert world.rows("select count(*) from link") == [(1,)]
        gate.set()
        await world.settle()
        assert world.rows("select count(*) from queue") == [(0,)]
        assert sorted(world.erp.order) == ["cn_1", "cn_1", "in_1"]

    slow = post("slow", "slow", None, operation="slow")
    plan_ = make_plan(
        flow("credited", "credit@1", hold, post("credited", "credit_note", None)),
        flow("noted", "credit@1", slow),
        flow("posted", "invoice@1", post()),
    )
    play(tmp_path, plan_, act, SlowErp())


def test_an_outcome_that_a_person_records_teaches_the_link_that_others_wait_for(tmp_path: Path) -> None:
    blind = post(guarantees=Guarantees(False, 0.0, 0.0, None, False, 40))
    hold = step(
        plan.LookupStep, "invoice", "lookup", tables=(), key=(computed("event.data.invoice"),), link="invoice",
        connection="erp", missing="hold", hold_seconds=3600,
    )  # fmt: skip

    async def act(world: World) -> None:
        world.arrive("credit", **message("cn_1", "cus_2", invoice="in_1"))
        world.arrive("invoice", **message("in_1"))
        await world.settle()
        ((id_,),) = world.rows("select id from exception")
        released = world.commits.transact(
            lambda c, audit: operate.record_outcome(c, audit, id_, "ana", world.clock.now(), document_id="77")
        )
        world.worker.apply(released)
        await world.settle()
        assert world.rows("select external from link") == [("77",)]
        assert world.erp.order == ["in_1", "cn_1"]

    plan_ = make_plan(flow("posted", "invoice@1", blind), flow("credited", "credit@1", hold, post("c", "credit", None)))
    play(
        tmp_path,
        plan_,
        act,
        Erp(script=lambda call: "lost_after" if b'"in_1"' in call.raw and b"cn_" not in call.raw else None),
    )


def test_a_surprise_after_a_commit_stops_its_own_message_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(world: World) -> None:
        real = world.worker._advance.effects._send

        def surprised(work: Any, run: Any) -> None:
            if run.event.subject == "in_1":
                monkeypatch.undo()
                raise RuntimeError("a surprise")
            real(work, run)

        monkeypatch.setattr(world.worker._advance.effects, "_send", surprised)
        for number in range(1, 4):
            world.arrive("invoice", **message(f"in_{number}", f"cus_{number}"))
        await world.settle()
        ((id_, kind, detail),) = world.rows("select id, kind, detail from exception")
        assert (kind, detail) == ("dead", "RuntimeError('a surprise')")
        assert sorted(world.erp.order) == ["in_2", "in_3"]
        released = world.commits.transact(lambda c, audit: operate.retry(c, audit, id_, "ana", world.clock.now()))
        world.worker.apply(released)
        await world.settle()
        assert sorted(world.erp.order) == ["in_1", "in_2", "in_3"]
        assert world.worker.lane("erp").in_flight == 0

    play(tmp_path, make_plan(flow("posted", "invoice@1", post())), act)
