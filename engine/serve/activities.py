"""What a daemon does besides its messages, for as long as it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from engine.base.errors import Defect

log = logging.getLogger("tieout.activities")


class Activities:
    """Tasks that end only when they are cancelled.

    One that ends by itself is a defect of ours, and nobody would notice that what it did is not done any more: it is
    logged, kept in ``defect``, and told to ``on_defect``, so that the daemon can stop in order and be started again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.defect: Defect | None = None
        self.on_defect: Callable[[], None] | None = None

    def begin(self, name: str, activity: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin an activity; cancel the task to end it."""
        task = self._loop.create_task(activity, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        log.critical("activity_ended", extra={"activity": task.get_name(), "reason": repr(error)}, exc_info=error)
        if self.defect is None:
            self.defect = Defect(f"{task.get_name()} ended while the daemon was running: {error!r}")
            self.defect.__cause__ = error
        if self.on_defect is not None:
            self.on_defect()
