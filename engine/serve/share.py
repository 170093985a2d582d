"""This node's share of the partitions: kept by heartbeats, grown by what other nodes leave, watched for what they do.

On SQLite one process has them all and only keeps them. On PostgreSQL any node may take a message in or a person's
word, and the node that holds the partition finds both by looking at the store.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.base.errors import Failure
from engine.run.share import follow, let_go, unknown
from engine.store.inbox import partition_of
from engine.store.loading import load_messages
from engine.store.watching import look

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

log = logging.getLogger("tieout.share")

LOOK_SECONDS = 0.5


class Share:
    """The partitions of one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._is_alone = daemon.store.driver.name == "sqlite"
        self._beat_at = daemon.clock.monotonic()  # at once: starting may have taken a while since they were claimed
        if not self._is_alone:
            daemon.store.leases_end_at = self._beat_at + daemon.store.lease_seconds * 2 / 3
        self._lost: set[int] = set()
        self._to_take_up: set[int] = set()

    async def run(self) -> None:
        """Keep, claim and look, for ever. A store that does not answer is asked again."""
        seconds = self._daemon.store.lease_seconds / 3 if self._is_alone else LOOK_SECONDS
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.tick()
            except (sa.exc.SQLAlchemyError, Failure) as error:
                log.error("store_not_read", extra={"reason": str(error)})

    async def tick(self) -> None:
        """What is due now."""
        daemon = self._daemon
        if self._is_alone or daemon.clock.monotonic() >= self._beat_at:
            await self._beat()
        if self._is_alone:
            return
        worker, engine = daemon.worker, daemon.store.engine
        partitions = frozenset(daemon.store.tokens)
        seen = await asyncio.to_thread(look, engine, partitions, worker.keys.blockers, daemon.clock.now())
        ids = unknown(worker, seen)
        stored = await asyncio.to_thread(load_messages, engine, ids) if ids else []
        follow(worker, seen, stored)

    async def _beat(self) -> None:
        daemon = self._daemon
        store = daemon.store
        busy = {partition_of(key) for key in daemon.worker.keys.busy_keys} if self._lost else set()
        spared = self._lost & busy  # what was begun under a lost lease must not find a new one to write under

        def transact(connection: sa.Connection, _audit: object) -> tuple[dict[int, int], dict[int, int]]:
            now = store.now(connection, daemon.clock)
            held = store.heartbeat(connection, now)
            return held, {} if self._is_alone else store.claim_free(connection, now, spared)

        begun = daemon.clock.monotonic()
        held, gained = await asyncio.to_thread(daemon.writer.transact, transact)
        if not self._is_alone:
            store.leases_end_at = begun + store.lease_seconds
        self._beat_at = daemon.clock.monotonic() + store.lease_seconds / 3
        lost = set(store.tokens) - set(held)
        store.tokens = {**held, **gained}
        if lost:
            log.warning("partitions_lost", extra={"partitions": len(lost)})
            let_go(daemon.worker, lost)
        self._lost = (self._lost | lost) - set(gained)
        self._to_take_up = (self._to_take_up | set(gained)) - lost
        if self._to_take_up:
            daemon.worker.gained(self._to_take_up)
            log.info("partitions_gained", extra={"partitions": len(self._to_take_up)})
            self._to_take_up = set()
