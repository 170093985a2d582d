"""What people do to stopped work, at the wrong moment, twice, or after the world has moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from virtual_time import VirtualClock
from virtual_world import play
from worlds import Erp, World, computed, flow, make_plan, post, step

from engine.base.errors import UserError
from engine.base.money import Money
from engine.plan import model as plan
from engine.run import operate
from engine.run.operate import Released

START = "2026-01-31T12:00:00+00:00"


def invoice(number: int, customer: str = "cus_1", **more: Any) -> dict[str, Any]:
    return {"id": f"in_{number}", "customer": customer, "revision": "1", "total": "10.00", **more}


def say(world: World, word: Callable[..., Released]) -> Released:
    released: Released = world.commits.transact(word)
    world.worker.apply(released)
    return released


def retry(world: World, id_: str) -> Released:
    return say(world, lambda c, audit: operate.retry(c, audit, id_, "ana", world.clock.now()))


def open_ones(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select id, reason from exception where state = 'open' order by id")


def waiting_for_creation(seconds: int) -> plan.FlowPlan:
    wait = step(
        plan.WaitStep, "created", "wait", until=None, event="invoice@1", subject=computed("event.data.of"),
        timeout_seconds=seconds,
    )  # fmt: skip
    return flow("amended", "amended@1", wait, post(purpose="amendment", learn=None))


def test_a_wait_that_ended_too_early_is_over_when_the_event_came_and_a_person_retries(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("amended", **invoice(9, of="in_1"))
        await world.settle()
        await asyncio.sleep(61)
        await world.settle()
        ((id_, reason),) = open_ones(world)
        assert reason == "earlier_event_missing"
        world.arrive("invoice", **invoice(1, "cus_2"))
        await world.settle()
        retry(world, id_)
        await world.settle()
        assert open_ones(world) == []
        assert world.erp.order == ["in_1", "in_9"]

    play(tmp_path, make_plan(flow("invoice_posted", "invoice@1", post()), waiting_for_creation(60)), START, act)


def lookup(missing: str = "error", hold: int | None = None) -> plan.LookupStep:
    return step(
        plan.LookupStep, "invoice", "lookup", tables=(), link="invoice", connection="erp",
        key=(computed("event.data.of"),), missing=missing, hold_seconds=hold,
    )  # fmt: skip


@pytest.mark.parametrize(("missing", "hold"), [("error", None), ("hold", 60)])
def test_an_id_that_was_not_known_is_looked_up_again_when_a_person_retries(
    tmp_path: Path, missing: str, hold: int | None
) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("credit", **invoice(9, of="in_1"))
        await world.settle()
        await asyncio.sleep(61)
        await world.settle()
        ((id_, reason),) = open_ones(world)
        assert reason == "unknown_invoice"
        world.arrive("invoice", **invoice(1, "cus_2"))
        await world.settle()
        retry(world, id_)
        await world.settle()
        assert open_ones(world) == []
        assert world.erp.order == ["in_1", "in_9"]

    credited = flow("credited", "credit@1", lookup(missing, hold), post(purpose="credit", learn=None))
    play(tmp_path, make_plan(flow("invoice_posted", "invoice@1", post()), credited), START, act)


def approval(seconds: int | None) -> plan.ApproveStep:
    return step(
        plan.ApproveStep, "agreed", "approve", group="controllers", author=None, message=lambda _scope: "A credit",
        amount=None, expires_seconds=seconds,
    )  # fmt: skip


def decide(world: World, id_: str, *, approved: bool = True) -> Released:
    return say(
        world,
        lambda c, audit: operate.decide_approval(c, audit, id_, "ana", world.clock.now(), approved=approved),
    )


def test_an_approval_that_came_too_late_is_told_so(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("credit", **invoice(1))
        await world.settle()
        ((id_, _),) = open_ones(world)
        await asyncio.sleep(61)
        await world.settle()
        assert [reason for _, reason in open_ones(world)] == ["approval_expired"]
        with pytest.raises(UserError, match="settled"):
            decide(world, id_)
        await world.settle()
        assert world.erp.order == []
        retry(world, open_ones(world)[0][0])
        await world.settle()
        assert [reason for _, reason in open_ones(world)] == ["approval_needed"]
        decide(world, open_ones(world)[0][0])
        await world.settle()
        assert world.erp.order == ["in_1"]
        assert open_ones(world) == []

    play(tmp_path, make_plan(flow("credited", "credit@1", approval(60), post())), START, act)


def test_an_outcome_recorded_for_what_stands_already_is_refused_in_words(tmp_path: Path) -> None:
    async def act(world: World, clock: VirtualClock) -> None:
        world.arrive("invoice", **invoice(1))
        await world.settle()
        world.arrive("invoice", **invoice(1, total="11.00"))
        await world.settle()
        ((id_, reason),) = open_ones(world)
        assert reason == "conflict"
        for document in ("77", None):
            with pytest.raises(UserError):
                say(
                    world,
                    lambda c, audit, document=document: operate.record_outcome(
                        c, audit, id_, "ana", world.clock.now(), document_id=document
                    ),
                )
        say(world, lambda c, audit: operate.skip(c, audit, id_, "ana", world.clock.now(), "the first one stands"))
        await world.settle()
        assert world.erp.order == ["in_1"]

    play(tmp_path, make_plan(flow("invoice_posted", "invoice@1", post())), START, act)


def test_what_was_approved_for_one_amount_is_asked_again_for_another(tmp_path: Path) -> None:
    amount = "10.00"
    refused = True

    def asking() -> plan.ApproveStep:
        return step(
            plan.ApproveStep, "agreed", "approve", group="controllers", author=None,
            message=lambda _scope: "A credit", amount=lambda _scope: Money.of(amount, "USD"), expires_seconds=None,
        )  # fmt: skip

    async def act(world: World, clock: VirtualClock) -> None:
        nonlocal amount, refused
        world.arrive("credit", **invoice(1))
        await world.settle()
        decide(world, open_ones(world)[0][0])
        await world.settle()
        ((id_, reason),) = open_ones(world)
        assert reason == "refused_data"
        refused = False
        amount = "9000.00"  # somebody corrected a table, and the person retries with what holds today
        retry(world, id_)
        await world.settle()
        assert world.erp.order == []
        ((id_, reason),) = open_ones(world)
        assert reason == "approval_needed"
        decide(world, id_)
        await world.settle()
        assert world.erp.order == ["in_1"]

    erp = Erp(script=lambda _call: "reject" if refused else None)
    play(tmp_path, make_plan(flow("credited", "credit@1", asking(), post())), START, act, erp)


@pytest.mark.parametrize("written", [False, True])
def test_a_retry_reads_again_unless_something_was_written_because_of_it(tmp_path: Path, *, written: bool) -> None:
    asked: list[str] = []

    class Changing(Erp):
        async def read(self, operation: str, content: Any) -> Any:
            asked.append(operation)
            return {"limit": len(asked)}

    def script(call: Any) -> str | None:
        return "reject" if len(asked) < 2 and call.operation == "second" and not settled else None

    settled = False
    limit = step(plan.ReadStep, "limit", "read", connection="erp", operation="limit", input=computed("event.data.id"))
    first = (post("first", "first", None),) if written else ()
    flow_ = flow("posted", "invoice@1", limit, *first, post("second", "second", None, operation="second"))

    async def act(world: World, clock: VirtualClock) -> None:
        nonlocal settled
        world.arrive("invoice", **invoice(1))
        await world.settle()
        settled = True
        retry(world, open_ones(world)[0][0])
        await world.settle()
        assert asked == (["limit"] if written else ["limit", "limit"])
        assert open_ones(world) == []

    play(tmp_path, make_plan(flow_), START, act, Changing(script=script))


def test_an_outcome_that_came_by_another_message_meanwhile_is_told(tmp_path: Path) -> None:
    blind = True

    async def act(world: World, clock: VirtualClock) -> None:
        nonlocal blind
        world.arrive("invoice", **invoice(1))
        await asyncio.sleep(4000)
        ((id_, reason),) = open_ones(world)
        assert reason == "unknown_outcome"
        blind = False
        world.arrive("copied", **invoice(1, "cus_2"))  # the same fact under another key
        await world.settle()
        assert world.rows("select count(*) from receipt") == [(1,)]
        for document in ("77", None):
            with pytest.raises(UserError, match="is known by now: it is document INV-1"):
                say(
                    world,
                    lambda c, audit, document=document: operate.record_outcome(
                        c, audit, id_, "ana", world.clock.now(), document_id=document
                    ),
                )
        retry(world, id_)
        await world.settle()
        assert open_ones(world) == []
        assert world.erp.order == ["in_1"]

    def without_customer(scope: plan.Scope) -> Any:
        return {name: value for name, value in scope["event"]["data"].items() if name in ("id", "total")}

    def look_up(_call: Any) -> str | None:
        return "unclear" if blind else None

    erp = Erp(script=lambda _call: "lost_after", look_up_script=look_up)
    flows = [
        flow(name, f"{event}@1", post(input=without_customer)) for name, event in (("a", "invoice"), ("b", "copied"))
    ]
    play(tmp_path, make_plan(*flows), START, act, erp)
