"""The whole protocol and every decision of a person, on both dialects, with the invariants at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from invariants import check
from stores import Stores
from worlds import Erp, World, flow, make_plan, post

from engine.connect.port import Guarantees
from engine.run import operate


def documents(erp: Erp) -> dict[str, list[dict[str, object]]]:
    return {
        key: [{"content": each["content"], "order": int(each["number"][4:])} for each in kept]
        for key, kept in erp.documents.items()
    }


def test_a_day_of_work_with_every_decision_ends_with_every_invariant(stores: Stores, tmp_path: Path) -> None:
    refused = {"in_3"}
    blind = post("posted", "blind", None, guarantees=Guarantees(False, 0.0, 0.0, None, False, 40))
    erp = Erp()
    tried: set[str] = set()

    def script(call: object) -> str | None:
        raw = call.raw  # type: ignore[attr-defined]
        if b'"in_blind"' in raw:
            return "lost_after"
        if any(id_.encode() in raw for id_ in refused):
            return "reject"
        first = call.effect_key not in tried  # type: ignore[attr-defined]
        tried.add(call.effect_key)  # type: ignore[attr-defined]
        return "lost_after" if first and b'"in_5"' in raw else None

    erp.script = script

    async def day() -> None:
        world = World(
            tmp_path / "unused", make_plan(flow("posted", "invoice@1", post()), flow("b", "blind@1", blind)), erp
        )
        world.url = stores.url
        world.start(asyncio.get_running_loop())
        for number in range(8):
            world.arrive("invoice", f"evt_{number}", id=f"in_{number}", customer=f"cus_{number % 3}", revision="1")
        world.arrive("invoice", "evt_1", id="in_1", customer="cus_1", revision="1")
        world.arrive("invoice", "evt_copy", id="in_1", customer="cus_1", revision="1")
        world.arrive("blind", "evt_blind", id="in_blind", customer="cus_9", revision="1")
        world.arrive("invoice", "evt_broken", id="in_9", customer="cus_8", revision="1", broken=True)
        await world.settle()
        found = world.rows("select id, kind from exception where state = 'open' order by kind")
        assert [kind for _, kind in found] == ["business", "dead", "unknown_outcome"]
        refused.clear()
        (retried, _), (skipped, _), (told, _) = found
        now = world.clock.now()
        for act in (
            lambda c, audit: operate.retry(c, audit, retried, "ana", now),
            lambda c, audit: operate.skip(c, audit, skipped, "ana", now, "sent again by hand"),
            lambda c, audit: operate.record_outcome(c, audit, told, "ana", now, document_id="77", number="INV-77"),
        ):
            world.worker.apply(world.commits.transact(act))
        await world.settle()
        assert check(world.store.engine, documents(erp), drained=True) == []
        assert world.rows("select count(*) from queue") == [(0,)]
        assert world.rows("select count(*) from receipt") == [(9,)]
        world.stop()
        world.start(asyncio.get_running_loop())
        await world.settle()
        assert erp.performed == 10
        assert check(world.store.engine, documents(erp), drained=True) == []
        world.stop()

    asyncio.run(day())
