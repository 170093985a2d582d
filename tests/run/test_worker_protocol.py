"""The effect protocol, step by step, on a real store file and a system that keeps documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import Erp, World, computed, flow, make_plan, post, step

from engine.connect.port import Call
from engine.plan import model as plan
from engine.run import operate
from engine.store.batch import Arrived


def play(path: Path, plan_: plan.Plan, act: Callable[[World], Awaitable[None]], erp: Erp | None = None) -> World:
    async def main() -> World:
        world = World(path / "store.db", plan_, erp)
        world.start(asyncio.get_running_loop())
        await act(world)
        return world

    return asyncio.run(main())


INVOICE = flow("invoice_posted", "invoice@1", post())


def invoice(number: int, customer: str = "cus_1", revision: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": f"in_{number}", "customer": customer, "revision": revision, "total": "10.00", **more}


def test_one_invoice_becomes_one_confirmed_document_with_lineage(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", **invoice(1))
        await world.settle()
        assert [len(each) for each in world.erp.documents.values()] == [1]
        assert world.rows("select state, path from run") == [("completed", "posted")]
        assert world.rows("select object, purpose, attempt from effect") == [("in_1", "ar_invoice", 1)]
        assert world.rows("select document_number from receipt") == [("INV-1",)]
        assert world.rows("select kind, id from link") == [("invoice", "in_1")]
        assert world.rows("select count(*) from queue") == [(0,)]
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


def test_the_same_message_five_times_is_stored_once(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        results = [world.arrive("invoice", "evt_a", **invoice(1)) for _ in range(5)]
        assert results == [Arrived.FRESH] + [Arrived.DUPLICATE] * 4
        await world.settle()
        assert world.erp.performed == 1
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


def test_an_id_used_again_with_other_content_is_quarantined(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", "evt_a", **invoice(1))
        assert world.arrive("invoice", "evt_a", **invoice(1, total="99.00")) is Arrived.CONFLICT
        await world.settle()
        assert world.rows("select channel, count(*) from message group by 1 order by 1") == [
            ("inbox", 1), ("quarantine", 1),
        ]  # fmt: skip
        assert world.erp.performed == 1
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


def test_the_same_invoice_under_another_message_id_is_absorbed(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", "evt_a", **invoice(1))
        world.arrive("invoice", "evt_backfill", **invoice(1))
        await world.settle()
        assert world.erp.performed == 1
        assert world.worker.counts.absorbed == 1
        assert world.rows("select state, count(*) from run group by 1") == [("completed", 2)]
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


def test_the_same_identity_with_other_content_is_a_conflict_for_a_person(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", **invoice(1))
        world.arrive("invoice", **invoice(1, total="99.00"))
        await world.settle()
        assert world.erp.performed == 1
        ((kind, message),) = world.rows("select kind, message from exception")
        assert kind == "conflict"
        assert "in_1 was already sent" in message
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


@pytest.mark.parametrize("fault", ["lost_after", "lost_before", "crash", "transient"])
def test_a_fault_on_the_first_try_still_gives_one_document(tmp_path: Path, fault: str) -> None:
    seen: set[str] = set()

    def script(call: Call) -> str | None:
        first = call.effect_key not in seen
        seen.add(call.effect_key)
        return fault if first else None

    async def act(world: World) -> None:
        for number in range(20):
            world.arrive("invoice", **invoice(number, f"cus_{number % 5}"))
        await world.settle()
        assert sorted(len(each) for each in world.erp.documents.values()) == [1] * 20
        assert world.rows("select count(*) from receipt") == [(20,)]
        assert world.rows("select count(*) from exception") == [(0,)]
        world.stop()

    play(tmp_path, make_plan(INVOICE), act, Erp(script=script))


def test_a_rejection_waits_for_a_person_blocks_its_key_only_and_goes_on_after_a_retry(tmp_path: Path) -> None:
    on_hold = True

    def script(call: Call) -> str | None:
        return "reject" if on_hold and b'"in_1"' in call.raw else None

    async def act(world: World) -> None:
        nonlocal on_hold
        for number, customer in ((1, "cus_1"), (2, "cus_1"), (3, "cus_2")):
            world.arrive("invoice", **invoice(number, customer))
        await world.settle()
        assert world.erp.order == ["in_3"]
        ((id_, kind, message, action),) = world.rows("select id, kind, message, action from exception")
        assert kind == "business"
        assert message == "The system “erp” did not accept “invoice create” for in_1: the customer is on hold"
        assert action.startswith("Correct the record")
        on_hold = False
        released = world.commits.transact(lambda c, audit: operate.retry(c, audit, id_, "ana", world.clock.now()))
        world.worker.apply(released)
        await world.settle()
        assert world.erp.order == ["in_3", "in_1", "in_2"]
        assert world.rows("select state, settled_by from exception") == [("resolved", "ana")]
        assert world.rows("select count(*) from queue") == [(0,)]
        world.stop()

    play(tmp_path, make_plan(INVOICE), act, Erp(script=script))


def test_skipping_frees_the_key(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", **invoice(1))
        world.arrive("invoice", **invoice(2))
        await world.settle()
        ((id_,),) = world.rows("select id from exception")
        released = world.commits.transact(
            lambda c, audit: operate.skip(c, audit, id_, "ana", world.clock.now(), "posted by hand as INV-77")
        )
        world.worker.apply(released)
        await world.settle()
        assert world.erp.order == ["in_2"]
        world.stop()

    erp = Erp(script=lambda call: "reject" if b'"in_1"' in call.raw else None)
    play(tmp_path, make_plan(INVOICE), act, erp)


def credit_flow() -> plan.FlowPlan:
    hold = step(
        plan.LookupStep, "invoice", "lookup", tables=(), key=(computed("event.data.invoice"),), link="invoice",
        connection="erp", missing="hold", hold_seconds=3600,
    )  # fmt: skip
    return flow("credit_posted", "credit@1", hold, post("credited", "credit_note", None))


def test_a_credit_before_its_invoice_is_held_and_then_posted_after_it(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("credit", **{**invoice(9), "id": "cn_1", "invoice": "in_1"})
        await world.settle()
        assert world.rows("select state, waits_for from run") == [("waiting", "link:erp:invoice:in_1")]
        assert world.rows("select state from queue") == [("parked",)]
        world.arrive("invoice", **invoice(1))
        await world.settle()
        assert world.erp.order == ["in_1", "cn_1"]
        assert world.worker.counts.held == 1
        assert world.rows("select count(*) from queue") == [(0,)]
        world.stop()

    play(tmp_path, make_plan(INVOICE, credit_flow()), act)


def test_a_hold_survives_a_restart(tmp_path: Path) -> None:
    async def first(world: World) -> None:
        world.arrive("credit", **{**invoice(9), "id": "cn_1", "invoice": "in_1"})
        await world.settle()
        world.stop()

    async def second(world: World) -> None:
        await world.settle()
        world.arrive("invoice", "evt_later", **invoice(1))
        await world.settle()
        assert world.erp.order == ["in_1", "cn_1"]
        world.stop()

    plan_ = make_plan(INVOICE, credit_flow())
    play(tmp_path, plan_, first)
    play(tmp_path, plan_, second)


def test_a_hold_that_lasts_too_long_becomes_an_exception(tmp_path: Path) -> None:
    wait = step(
        plan.WaitStep, "created", "wait", until=None, event="created@1", subject=computed("event.data.id"),
        timeout_seconds=0,
    )  # fmt: skip

    async def act(world: World) -> None:
        world.arrive("amended", **invoice(1))
        await world.settle()
        assert world.rows("select reason from exception") == [("earlier_event_missing",)]
        world.stop()

    play(tmp_path, make_plan(flow("amended", "amended@1", wait, post())), act)


def test_a_message_that_cannot_be_mapped_is_a_dead_letter_and_others_go_on(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.arrive("invoice", **invoice(1, broken=True))
        world.arrive("invoice", **invoice(2, "cus_2"))
        await world.settle()
        ((kind, message),) = world.rows("select kind, message from exception")
        assert kind == "dead"
        assert "the message has no amount" in message
        assert world.erp.order == ["in_2"]
        world.stop()

    play(tmp_path, make_plan(INVOICE), act)


def test_an_unanswerable_outcome_is_asked_of_a_person_who_may_record_it(tmp_path: Path) -> None:
    blind = post(guarantees=plan.Guarantees(False, 0.0, 0.0, None, False, 40))

    async def act(world: World) -> None:
        world.arrive("invoice", **invoice(1))
        await world.settle()
        ((id_, kind),) = world.rows("select id, kind from exception")
        assert kind == "unknown_outcome"
        released = world.commits.transact(
            lambda c, audit: operate.record_outcome(
                c, audit, id_, "ana", world.clock.now(), document_id="77", number="INV-77"
            )
        )
        world.worker.apply(released)
        await world.settle()
        assert world.erp.performed == 1
        assert world.rows("select document_number from receipt") == [("INV-77",)]
        assert world.rows("select state from run") == [("completed",)]
        world.stop()

    erp = Erp(script=lambda _call: "lost_after")
    play(tmp_path, make_plan(flow("invoice_posted", "invoice@1", blind)), act, erp)


def test_an_approval_is_refused_to_the_author_and_given_by_another(tmp_path: Path) -> None:
    approve = step(
        plan.ApproveStep, "agreed", "approve", group="controllers", author=lambda _scope: "tom",
        message=lambda _scope: "Credit of 3,077.26 USD for Initech", amount=None, expires_seconds=None,
    )  # fmt: skip

    async def act(world: World) -> None:
        world.arrive("credit", **invoice(1))
        await world.settle()
        assert world.erp.performed == 0
        ((id_, kind, blocks),) = world.rows("select id, kind, blocks from exception")
        assert (kind, blocks) == ("approval", 0)
        now = world.clock.now()
        with pytest.raises(operate.UserError, match="cannot decide"):
            world.commits.transact(lambda c, audit: operate.decide_approval(c, audit, id_, "tom", now, approved=True))
        released = world.commits.transact(
            lambda c, audit: operate.decide_approval(c, audit, id_, "ana", now, approved=True)
        )
        world.worker.apply(released)
        await world.settle()
        assert world.erp.order == ["in_1"]
        world.stop()

    play(tmp_path, make_plan(flow("credited", "credit@1", approve, post())), act)


def test_elements_fail_apart_and_a_retry_posts_only_what_is_missing(tmp_path: Path) -> None:
    element = post("line", object=computed("line.id"), revision=computed("line.revision"), input=computed("line"))
    each = step(
        plan.EachStep, "lines", "each", over=computed("event.data.lines"), name="line", key=computed("line.id"),
        steps=(element,), output=None,
    )  # fmt: skip
    refuse = True

    def script(call: Call) -> str | None:
        return "reject" if refuse and orjson_id(call) in ("l3", "l50", "l99") else None

    async def act(world: World) -> None:
        nonlocal refuse
        lines = [{"id": f"l{number}", "revision": "1"} for number in range(100)]
        world.arrive("bulk", **invoice(1, lines=lines))
        await world.settle()
        assert len(world.erp.order) == 97
        rows = world.rows("select id from exception where state = 'open'")
        assert len(rows) == 3
        about = "select x.place, e.object from exception x join effect e on e.key = x.effect_key order by 1"
        assert world.rows(about) == [  # each is about its own effect: what is recorded for it is recorded there
            ("bulk@1.0.0/lines[l3]/line", "l3"), ("bulk@1.0.0/lines[l50]/line", "l50"),
            ("bulk@1.0.0/lines[l99]/line", "l99"),
        ]  # fmt: skip
        refuse = False
        released = world.commits.transact(
            lambda c, audit: operate.retry(c, audit, rows[0][0], "ana", world.clock.now())
        )
        world.worker.apply(released)
        await world.settle()
        assert len(world.erp.order) == 100
        assert all(len(kept) == 1 for kept in world.erp.documents.values())
        world.stop()

    play(tmp_path, make_plan(flow("bulk", "bulk@1", each)), act, Erp(script=script))


def orjson_id(call: Call) -> str:
    import orjson

    return str(orjson.loads(call.raw)["id"])
