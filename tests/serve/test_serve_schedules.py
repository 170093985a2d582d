"""What is due by the clock and could not be stored at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from stores import Stores, rows
from worlds import flow

from engine.serve.schedules import Schedules
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.writer import InlineCommits


def test_a_minute_that_could_not_be_stored_is_made_at_the_next_look(tmp_path: Path) -> None:
    place = Stores(str(tmp_path / "store.db"))
    store = place.open()
    refusals = 0

    async def keep(arrival: Arrival, parsed: Any = None) -> Arrived | None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            return None
        batch = Batch()
        batch.arrive(arrival)
        assert store.committer.write([batch]) == [None]
        return batch.arrived[0]

    every_minute = flow("noted", "schedule:noted", schedule=("* * * * *", "UTC"))
    daemon = SimpleNamespace(
        clock=place.clock, identity=place.identity, store=store, writer=InlineCommits(store.committer),
        plan=SimpleNamespace(flows={"noted@1": (every_minute,)}),
    )  # fmt: skip
    schedules = Schedules(cast(Any, daemon), cast(Any, SimpleNamespace(store=keep)))

    def minutes() -> list[str]:
        found = rows(store, "select source_id from message where kind = 'schedule' order by seq")
        return [id_.partition("@")[2][-6:] for (id_,) in found]

    asyncio.run(schedules.tick())  # the first look begins with now
    place.clock.advance(180)
    refusals = 1
    asyncio.run(schedules.tick())
    assert minutes() == ["12:02Z", "12:03Z"]
    asyncio.run(schedules.tick())
    assert minutes() == ["12:02Z", "12:03Z", "12:01Z"]
    place.clock.advance(-120)  # the clock was set back: nothing is made twice
    asyncio.run(schedules.tick())
    place.clock.advance(180)
    asyncio.run(schedules.tick())
    assert sorted(minutes()) == ["12:01Z", "12:02Z", "12:03Z", "12:04Z"]
    place.close()
