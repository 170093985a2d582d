"""A worker's world in virtual time: waiting for hours costs nothing, and what happened is checked at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from invariants import check
from virtual_time import VirtualClock, VirtualLoop
from worlds import Erp, World

from engine.base.identity import Identity
from engine.plan import model as plan

Act = Callable[[World, VirtualClock], Awaitable[None]]


def play(path: Path, plan_: plan.Plan, start: str, act: Act, erp: Erp | None = None, *, drained: bool = True) -> World:
    """One process's life in virtual time, on a real store file; the invariants hold at its end."""
    loop = VirtualLoop()
    clock = VirtualClock(start)
    clock.loop = loop
    world = World(path / "store.db", plan_, erp)
    world.clock, world.identity = clock, Identity(clock)  # type: ignore[assignment]

    async def main() -> None:
        world.start(loop)
        await act(world, clock)
        documents = {
            key: [{"content": each["content"], "order": int(each["number"][4:])} for each in kept]
            for key, kept in world.erp.documents.items()
        }
        found = check(world.store.engine, documents, drained=drained)
        assert found == [], found
        world.stop()

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    return world
