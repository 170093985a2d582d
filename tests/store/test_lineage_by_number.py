"""Lineage starts from any id on a chain, also from the number that billing gave a document."""

from __future__ import annotations

import asyncio
from pathlib import Path

from worlds import World, flow, make_plan, post

from engine.store import queries


def test_the_number_that_billing_gave_leads_to_the_chain(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path / "store.db", make_plan(flow("invoice_posted", "invoice@1", post())))
        world.start(asyncio.get_running_loop())
        world.arrive("invoice", id="in_1", customer="cus_1", revision="ACME-0002", total="10.00")
        await world.settle()
        with world.store.engine.connect() as connection:
            for id_ in ("ACME-0002", "in_1", "INV-1", "evt_1"):
                (chain,) = queries.lineage(connection, id_)
                assert chain["runs"][0]["effects"][0]["document_number"] == "INV-1", id_
            assert queries.lineage(connection, "nothing") == []
        world.stop()

    asyncio.run(main())
