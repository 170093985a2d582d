"""One life of the engine in the crash tests: sender, worker, writer thread, operator; until all is done or it dies.

``crash_child.py FOLDER`` works on the store and the ERP's file in FOLDER. It sends what was not acknowledged in an
earlier life, works everything, settles every exception as a person would, and ends with 0. ``TIEOUT_CRASH`` arms
one crash point.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import orjson
import sqlalchemy as sa
from crash_world import FileErp, crash_plan, workload

from engine.base.clock import SystemClock
from engine.base.identity import Identity, digest_bytes, short_form
from engine.run import operate
from engine.run.worker import Worker
from engine.store import tables as t
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.checkpoint import write_checkpoint
from engine.store.inbox import partition_of
from engine.store.store import open_store
from engine.store.writer import Delivery, WriterThread

log = logging.getLogger("tieout.crash")

CALM_SECONDS = 0.05


class Life:
    """The parts of one life."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.identity = Identity(self.clock)
        self.erp = FileErp(folder / "documents.log")
        self.store = open_store(
            str(folder / "store.db"), workspace="world", environment="test", clock=self.clock, identity=self.identity
        )

        def deliver(delivery: Delivery) -> None:
            loop.call_soon_threadsafe(lambda: [done(batch, error) for done, batch, error in delivery])

        self.writer = WriterThread(self.store.committer, deliver)
        self.worker = Worker(
            self.store, self.writer, crash_plan(), {"erp": self.erp}, self.clock, self.identity, loop, "test"
        )
        self.worker.recover()
        self._acks = os.open(folder / "acks.log", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._acknowledged = set((folder / "acks.log").read_text().split())

    async def send_all(self) -> None:
        """Deliver every message until it is acknowledged, several at a time as a provider does."""
        deliveries = [each for each in workload() if each[1] not in self._acknowledged]
        for start in range(0, len(deliveries), 7):
            await asyncio.gather(*(self._deliver(*each) for each in deliveries[start : start + 7]))

    async def _deliver(self, type_: str, id_: str, message: dict[str, object]) -> None:
        while not await self._offer(type_, id_, message):
            await asyncio.sleep(CALM_SECONDS)
        os.write(self._acks, id_.encode() + b"\n")

    async def _offer(self, type_: str, id_: str, message: dict[str, object]) -> bool:
        body = orjson.dumps(message)
        key = str(message["customer"])
        arrival = Arrival(
            self.identity.new(), "billing", id_, digest_bytes(body), "vendor", type_, partition_of(key), key, body,
            "", None, self.clock.now(),
        )  # fmt: skip
        batch = Batch()
        batch.arrive(arrival)
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def done(_batch: Batch, error: Exception | None) -> None:
            if error is not None:
                log.warning("not_acknowledged", extra={"reason": str(error)})
                self.worker.rescan()
            elif batch.arrived == [Arrived.FRESH]:
                self.worker.arrived(arrival)
            outcome.set_result(error is None)

        self.writer.submit(batch, done)
        return await outcome

    async def settle_everything(self) -> None:
        """Drain, and settle whatever stopped, until nothing is left in the queue."""
        while True:
            await self.worker.drained()
            await asyncio.sleep(CALM_SECONDS)
            write_checkpoint(self.store.engine, self.folder, self.clock.now())
            with self.store.engine.connect() as connection:
                stopped = [dict(row) for row in connection.execute(
                    sa.select(t.exception).where(t.exception.c.state == "open").order_by(t.exception.c.opened_at)
                ).mappings()]  # fmt: skip
                left = connection.execute(sa.select(sa.func.count()).select_from(t.queue)).scalar_one()
            if not left and not stopped and self.worker.is_idle:
                return
            for row in stopped:
                await self._settle(row)

    async def _settle(self, row: dict[str, object]) -> None:
        now, id_ = self.clock.now(), str(row["id"])
        if row["kind"] == "unknown_outcome":
            found = self.erp.has(short_form(str(row["effect_key"]), 40))
            document = f"doc-{id_}" if found else None

            def act(connection: sa.Connection, audit: operate.Audit) -> operate.Released:
                return operate.record_outcome(connection, audit, id_, "ana", now, document_id=document)
        elif row["reason"] == "mapping_error":

            def act(connection: sa.Connection, audit: operate.Audit) -> operate.Released:
                return operate.skip(connection, audit, id_, "ana", now, "sent again by hand")
        else:
            self.erp.fixed = True

            def act(connection: sa.Connection, audit: operate.Audit) -> operate.Released:
                return operate.retry(connection, audit, id_, "ana", now)

        self.worker.apply(await asyncio.to_thread(self.writer.transact, act))
        await self.worker.drained()


async def main(folder: Path) -> None:
    life = Life(folder, asyncio.get_running_loop())
    await life.send_all()
    while True:
        try:
            await life.settle_everything()
            break
        except Exception as error:
            if "CP-1" not in repr(error):
                raise
            log.warning("asked_again", extra={"reason": repr(error)})
    life.writer.close()
    life.store.close()


def tell_reasons() -> None:
    """Log to standard error with the reason, so that the parent sees which point was met."""
    out = logging.StreamHandler()
    out.setFormatter(logging.Formatter("%(message)s %(reason)s", defaults={"reason": ""}))
    logging.getLogger("tieout").addHandler(out)


if __name__ == "__main__":
    tell_reasons()
    asyncio.run(main(Path(sys.argv[1])))
