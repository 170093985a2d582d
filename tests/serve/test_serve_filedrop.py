"""A dropped file that cannot be taken: it is told, and the next one is taken all the same."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from stores import Stores, rows

from engine.serve.filedrop import FileDrop
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.store import Store


class Dropped:
    """A drop folder and the store behind it."""

    def __init__(self, folder: Path) -> None:
        self.place = Stores(str(folder / "store.db"))
        self.store: Store = self.place.open()
        self.folder = folder / "drop" / "prices"
        self.folder.mkdir(parents=True)
        daemon = SimpleNamespace(
            settings=SimpleNamespace(drop_folder=folder / "drop"), plan=SimpleNamespace(connections={}),
            identity=self.place.identity, clock=self.place.clock,
        )  # fmt: skip
        self.drop = FileDrop(cast(Any, daemon), cast(Any, SimpleNamespace(store=self.keep, invalid=0)))

    async def keep(self, arrival: Arrival, parsed: Any = None) -> Arrived | None:
        batch = Batch()
        batch.arrive(arrival)
        assert self.store.committer.write([batch]) == [None]
        return batch.arrived[0]

    def look(self) -> None:
        for _ in range(2):  # a file is taken once it has not changed between two looks
            asyncio.run(self.drop.tick())

    def kept(self) -> list[tuple[Any, ...]]:
        return rows(self.store, "select channel, note from message order by seq")


@pytest.mark.parametrize(
    "bad",
    [b"sku,price\na,1\nb," + b"9" * 200_000 + b"\n", b'sku,price\na,1\nb,"2\n' + b"x" * 200_000],
    ids=["cell", "quote that never ends"],
)
def test_a_table_that_cannot_be_read_on_is_invalid_from_there(tmp_path: Path, bad: bytes) -> None:
    dropped = Dropped(tmp_path)
    (dropped.folder / "a.csv").write_bytes(bad)
    (dropped.folder / "b.csv").write_bytes(b"sku,price\nc,3\n")
    dropped.look()
    assert [channel for channel, _ in dropped.kept()] == ["inbox", "invalid", "inbox"]
    assert "the table cannot be read on: field larger" in dropped.kept()[1][1]
    assert sorted(each.name for each in (dropped.folder / "done").iterdir()) == ["a.csv", "b.csv"]
    dropped.place.close()


def test_a_file_that_cannot_be_moved_stays_and_the_next_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dropped = Dropped(tmp_path)
    other = tmp_path / "drop" / "rates"
    other.mkdir()
    (dropped.folder / "done").touch()  # there cannot be a folder of this name
    (dropped.folder / "a.csv").write_bytes(b"sku,price\na,1\n")
    (other / "b.csv").write_bytes(b"sku,price\nb,2\n")
    dropped.look()
    assert len(dropped.kept()) == 2
    assert (other / "done" / "b.csv").exists()
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["file_not_taken"]
    (dropped.folder / "done").unlink()
    dropped.look()
    assert (dropped.folder / "done" / "a.csv").exists()
    assert len(dropped.kept()) == 2  # what was stored is a duplicate the second time
    dropped.place.close()


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    dropped = Dropped(tmp_path)
    name = os.fsdecode(b"pr\xff.csv")
    (dropped.folder / name).write_bytes(b"sku,price\na,1\n")
    dropped.look()
    assert dropped.kept() == []
    assert (dropped.folder / "refused" / name).exists()
    dropped.place.close()
