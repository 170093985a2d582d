"""Messages that arrive together are committed together; one that the store refuses harms no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from stores import Stores

from engine.base.clock import SystemClock
from engine.base.errors import Defect
from engine.serve.daemon import Daemon
from engine.serve.intake import Intake
from engine.serve.outcomes import Outcomes
from engine.serve.settings import ServeSettings
from engine.store.batch import Arrival, Arrived
from engine.store.writer import WriterThread


@dataclass
class Worker:
    """Keeps what it is told."""

    plan: None = None
    arrivals: list[str] = field(default_factory=list)
    rescans: int = 0
    counts: Any = field(default_factory=lambda: Counts())

    def arrived(self, arrival: Arrival, _parsed: object) -> None:
        self.arrivals.append(arrival.source_id)

    def rescan(self) -> None:
        self.rescans += 1


@dataclass
class Counts:
    duplicates: int = 0
    conflicts: int = 0


@dataclass
class Surroundings:
    """What an intake needs of its daemon, with a real store and a real writer."""

    writer: WriterThread
    worker: Worker
    settings: ServeSettings


async def taken(stores: Stores, folder: Path, arrivals: list[Arrival]) -> tuple[list[Arrived | None], Worker, Intake]:
    """The outcomes of messages that come in at the same moment."""
    loop = asyncio.get_running_loop()
    outcomes = Outcomes(loop, SystemClock().monotonic)
    writer = WriterThread(stores.open().committer, outcomes.deliver, loop.call_soon)
    around = Surroundings(writer, Worker(), ServeSettings(root=folder, state=folder))
    intake = Intake(cast("Daemon", around))
    found = await asyncio.gather(*(intake.store(each, {"id": each.source_id}) for each in arrivals))
    writer.close()
    return found, around.worker, intake


def source_ids(stores: Stores) -> list[str]:
    engine = sa.create_engine(f"sqlite:///{stores.url}")
    with engine.connect() as connection:
        found = [row[0] for row in connection.exec_driver_sql("select source_id from message order by source_id")]
    engine.dispose()
    return found


def test_a_refused_message_harms_none_that_came_with_it(tmp_path: Path) -> None:
    stores = Stores(str(tmp_path / "store.db"))
    arrivals = [
        stores.arrival("evt_1"), stores.arrival("evt_2", key="cus_\ud800"), stores.arrival("evt_3"),
        stores.arrival("evt_1"), stores.arrival("evt_3", b'{"other": 1}'), stores.arrival("evt_4", channel="invalid"),
    ]  # fmt: skip
    found, worker, intake = asyncio.run(taken(stores, tmp_path, arrivals))
    assert found == [
        Arrived.FRESH, None, Arrived.FRESH, Arrived.DUPLICATE, Arrived.CONFLICT, Arrived.FRESH,
    ]  # fmt: skip
    assert intake.waiting == 0
    assert worker.arrivals == ["evt_1", "evt_3"], "the worker hears of what is stored and to be worked on"
    assert (worker.counts.duplicates, worker.counts.conflicts) == (1, 1)
    assert worker.rescans == 1
    kept = Counter(each.partition("#")[0] for each in source_ids(stores))
    assert kept == {"evt_1": 1, "evt_3": 2, "evt_4": 1}, "what conflicts is kept, too"


def test_a_store_that_refuses_all_answers_all(tmp_path: Path) -> None:
    stores = Stores(str(tmp_path / "store.db"))
    arrivals = [stores.arrival(f"evt_{number}", key="cus_\ud800") for number in range(3)]
    found, worker, intake = asyncio.run(taken(stores, tmp_path, arrivals))
    assert found == [None, None, None]
    assert (intake.waiting, worker.arrivals, worker.rescans) == (0, [], 3)
    assert source_ids(stores) == []


def test_a_writer_that_fails_answers_all_and_nothing_is_sent_twice(tmp_path: Path, monkeypatch: Any) -> None:
    def reach(name: str) -> None:
        if name == "CP-03":
            raise Defect("the outcome is lost")

    monkeypatch.setattr("engine.store.writer.reach", reach)
    stores = Stores(str(tmp_path / "store.db"))
    arrivals = [stores.arrival(f"evt_{number}") for number in range(3)]
    found, worker, intake = asyncio.run(taken(stores, tmp_path, arrivals))
    assert found == [None, None, None], "nobody is told that it is stored who cannot be sure"
    assert (intake.waiting, worker.arrivals) == (0, [])
    assert worker.rescans == 1, "what was stored all the same is looked for in the store"
    assert source_ids(stores) == ["evt_0", "evt_1", "evt_2"]


def test_more_than_one_group_can_hold_is_stored_all_the_same(tmp_path: Path) -> None:
    stores = Stores(str(tmp_path / "store.db"))
    arrivals = [stores.arrival(f"evt_{number:04}") for number in range(1300)]
    found, worker, intake = asyncio.run(taken(stores, tmp_path, arrivals))
    assert found == [Arrived.FRESH] * 1300
    assert worker.arrivals == [each.source_id for each in arrivals], "in the order in which they came"
    assert intake.waiting == 0
