"""A message whose content the store cannot keep is stopped for a person; it is not tried for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from stores import Stores
from worlds import World, flow, make_plan, post

pytestmark = pytest.mark.xdist_group("postgresql")


def test_a_null_character_inside_a_message_stops_it_and_nobody_else(postgresql_url: str, tmp_path: Path) -> None:
    async def act() -> None:
        world = World(tmp_path / "unused", make_plan(flow("posted", "invoice@1", post())))
        world.url = postgresql_url
        world.start(asyncio.get_running_loop())
        world.arrive("invoice", id="in_1\x00", customer="cus_1", revision="1")
        world.arrive("invoice", id="in_2", customer="cus_2", revision="1")
        await world.settle()
        found = world.rows("select kind, error_class, message, state from exception")
        assert [(kind, class_, state) for kind, class_, _, state in found] == [("business", "data", "open")]
        assert "characters that the store cannot keep" in found[0][2]
        assert world.erp.order == ["in_2"]
        assert world.rows("select state from queue") == [("blocked",)]
        world.stop()

    asyncio.run(act())
    assert Stores(postgresql_url).is_sqlite is False
