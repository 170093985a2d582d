"""What a daemon does by itself: watch the workspace, take dropped files, keep schedules, write checkpoints."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.serve.filedrop import FileDrop
from engine.serve.reload import WorkspaceWatch
from engine.serve.schedules import Schedules
from engine.store.checkpoint import write_checkpoint
from engine.store.files import StoreGone

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake

log = logging.getLogger("tieout.background")


class Background:
    """The background activities of one daemon, started and stopped together."""

    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._daemon = daemon
        self._watch = WorkspaceWatch(daemon) if daemon.settings.watch else None
        self._drop = FileDrop(daemon, intake)
        self._schedules = Schedules(daemon, intake)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        begin = self._daemon.activities.begin
        if self._watch is not None:
            self._watch.start()
        self._tasks = [
            begin("taking dropped files", self._drop.run()),
            begin("keeping the schedules", self._schedules.run()),
            begin("writing checkpoints", self._checkpoints()),
        ]

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(self._daemon.settings.checkpoint_seconds)
            await self._checkpoint()

    async def _checkpoint(self) -> None:
        daemon = self._daemon
        try:
            await asyncio.to_thread(write_checkpoint, daemon.store.engine, daemon.settings.state, daemon.clock.now())
        except (OSError, sa.exc.SQLAlchemyError, StoreGone) as error:
            log.error("checkpoint_failed", extra={"reason": str(error)})

    async def stop(self) -> None:
        """End the activities and write a last checkpoint."""
        if self._watch is not None:
            self._watch.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._checkpoint()
