"""Nothing of the work changes without an entry of the audit chain in the same transaction."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from virtual_time import VirtualClock
from virtual_world import play
from worlds import Erp, World, computed, flow, make_plan, post, step

import engine
from engine.plan import model as plan
from engine.run import operate
from engine.store import pauses
from engine.store.batch import Batch
from engine.store.committer import Committer

START = "2026-01-31T12:00:00+00:00"
ENGINE = Path(engine.__file__).parent

#: Every statement outside the hot path that changes a store, and which entry stands for it, or why none has to.
STATEMENTS = {
    "run/operate.py": "every action calls _audit in its own transaction",
    "store/pauses.py": "paused and resumed",
    "serve/assembly.py": "activated, in the daemon's transaction that keeps the definitions",
    "store/committer.py": "the chain itself",
    "store/store.py": "genesis follows: whose store it is, before anything is in it",
    "store/leases.py": "every entry carries the lease's token",
    "store/checkpoint.py": "a probe that takes back what it writes",
    "serve/schedules.py": "how far was looked: what is due has an entry as it arrives",
}


def changing(path: Path) -> Iterator[str]:
    """The names of ``insert``, ``update`` and ``delete`` that a module calls on SQLAlchemy."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)) if "sa." in text else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "sa" and node.func.attr in ("insert", "update", "delete"):
                yield node.func.attr


def test_every_place_that_changes_a_store_is_known() -> None:
    found = {str(path.relative_to(ENGINE)) for path in ENGINE.rglob("*.py") if any(changing(path))}
    assert found - {"store/statements.py"} == set(STATEMENTS)


@pytest.fixture
def unchained(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was written in batches that have no entry."""
    found: list[list[str]] = []
    execute = Committer._execute

    def watched(self: Committer, batches: Sequence[Batch]) -> list[Exception | None]:
        found.extend([op.name for op, _ in each.rows] for each in batches if each.rows and not each.audits)
        return execute(self, batches)

    monkeypatch.setattr(Committer, "_execute", watched)
    return found


def told(world: World, id_: str, word: str) -> None:
    """Do one thing to an exception; it must leave entries."""
    now = world.clock.now()
    before = world.rows("select count(*) from audit")[0][0]
    acts: dict[str, Any] = {
        "retry": lambda c, audit: operate.retry(c, audit, id_, "ana", now),
        "skip": lambda c, audit: operate.skip(c, audit, id_, "ana", now, "by hand"),
        "approve": lambda c, audit: operate.decide_approval(c, audit, id_, "ana", now, approved=True),
        "outcome": lambda c, audit: operate.record_outcome(c, audit, id_, "ana", now, document_id="77"),
        "absent": lambda c, audit: operate.record_outcome(c, audit, id_, "ana", now, document_id=None),
    }
    released = world.commits.transact(acts[word])
    assert world.rows("select count(*) from audit")[0][0] > before
    world.worker.apply(released)


def flows() -> list[plan.FlowPlan]:
    approve = step(
        plan.ApproveStep, "agreed", "approve", group="controllers", author=None, message=lambda _scope: "A credit",
        amount=None, expires_seconds=None,
    )  # fmt: skip
    hold = step(
        plan.LookupStep, "known", "lookup", tables=(), link="invoice", connection="erp", missing="hold",
        key=(computed("event.data.of"),), hold_seconds=60,
    )  # fmt: skip
    blind = post("posted", "blind", None, guarantees=plan.Guarantees(False, 0.0, 0.0, None, False, 40))
    return [
        flow("posted", "invoice@1", post()),
        flow("never", "invoice@1", post("again", "again", None), when=lambda _scope: False),
        flow("passed_over", "unwanted@1", post("again", "again", None), when=lambda _scope: False),
        flow("agreed", "credit@1", approve, post("credited", "credit", None)),
        flow("held", "late@1", hold, post("late", "late", None)),
        flow("blind", "blind@1", blind),
    ]


def test_whatever_a_message_goes_through_every_step_is_chained(tmp_path: Path, unchained: list[list[str]]) -> None:
    refused = True

    def script(call: Any) -> str | None:
        if b'"in_blind' in call.raw:
            return "lost_after" if b'"in_blind1' in call.raw or not refused else "lost_before"
        return "reject" if refused and b'"in_refused' in call.raw else None

    async def act(world: World, clock: VirtualClock) -> None:
        nonlocal refused
        for at, (type_, id_) in enumerate(
            [
                ("invoice", "in_1"), ("unwanted", "in_2"), ("credit", "in_3"), ("late", "in_4"), ("blind", "in_blind1"),
                ("blind", "in_blind2"), ("invoice", "in_refused1"), ("invoice", "in_refused2"), ("unheard", "in_5"),
            ]
        ):  # fmt: skip
            world.arrive(type_, id=id_, customer=f"cus_{at}", revision="1", of="nothing")
        world.arrive("invoice", id="in_6", customer="cus_9", revision="1", broken=True)
        await asyncio.sleep(120)
        refused = False
        open_ = "select kind, reason, id from exception where state = 'open' order by id"
        words = {"unknown_outcome": ["outcome", "absent"], "approval": ["approve"], "business": ["retry", "skip"]}
        for kind, _, id_ in world.rows(open_):
            choices = words.get(kind, ["skip"])
            told(world, id_, choices.pop(0) if len(choices) > 1 else choices[0])
            await asyncio.sleep(10)
        world.commits.transact(lambda c, audit: pauses.pause(c, audit, "p1", "erp", "ana", clock.now(), "moved", None))
        world.worker.read_pauses()
        world.arrive("invoice", id="in_7", customer="cus_7", revision="1")
        await asyncio.sleep(10)
        world.commits.transact(lambda c, audit: pauses.resume(c, audit, "erp", "ana", clock.now()))
        world.worker.read_pauses()
        await asyncio.sleep(10)
        assert {kind for kind, _, _ in world.rows(open_)} <= {"unknown_outcome"}

    play(tmp_path, make_plan(*flows()), START, act, Erp(script=script))
    assert unchained == []
