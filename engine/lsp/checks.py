"""The check that runs behind the editor: when it is quiet for a moment, one at a time, never for an old text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine.lsp.workbench import Workbench

#: So long nothing may have been typed before it is checked, in seconds; a first edit after a pause is checked at once.
QUIET_SECONDS, PAUSE_SECONDS = 0.02, 0.3
#: So long after a check names and types are learned again, if nothing was typed meanwhile.
IDLE_SECONDS = 0.25


class Checks:
    """The checks of one workspace. Everything here runs on the event loop; the work itself on ``pool``'s one thread.

    ``done`` is called after each check, ``learned`` when names and types are known again, ``failed`` with what is to be
    said when a check could not be made: there is no workspace any more, or the program has a defect.
    """

    def __init__(
        self,
        bench: Workbench,
        pool: ThreadPoolExecutor,
        done: Callable[[], None],
        learned: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self._bench = bench
        self._pool = pool
        self._done = done
        self._learned = learned
        self._failed = failed
        self._changes = 0
        self._checked = -1
        self._stopped = False
        self._last_change = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._release: asyncio.Task[None] | None = None
        self._due = asyncio.Event()
        self._settled = asyncio.Condition()

    def changed(self, *, at_once: bool = False) -> None:
        """Something changed: check when it is quiet."""
        loop = asyncio.get_running_loop()
        rested = loop.time() - self._last_change > PAUSE_SECONDS
        self._changes, self._last_change = self._changes + 1, loop.time()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(0 if at_once or rested else QUIET_SECONDS, self._start)

    def stop(self) -> None:
        """Say nothing any more. A check that is due runs all the same, because somebody may wait for it."""
        self._stopped = True

    def _start(self) -> None:
        self._timer = None
        self._due.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nobody waits for a check that failed; the next change tries again."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._checked = self._changes
            self._failed(str(error) or type(error).__name__)
            self._release = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        async with self._settled:
            self._settled.notify_all()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._checked < self._changes:
            seen = self._changes
            await loop.run_in_executor(self._pool, self._bench.check)
            if seen != self._changes:
                await asyncio.sleep(QUIET_SECONDS)
                continue  # what was found is about a text that is gone
            self._checked = seen
            if not self._stopped:
                self._done()
            await self._notify()
            if await self._idle():
                await loop.run_in_executor(self._pool, self._bench.refresh)
                self._learned()

    async def _idle(self) -> bool:
        """Wait a moment; False as soon as there is something to check."""
        self._due.clear()
        try:
            await asyncio.wait_for(self._due.wait(), IDLE_SECONDS)
        except TimeoutError:
            return self._checked == self._changes
        return False

    async def settled(self) -> None:
        """Wait until what was found is about the texts as they are."""
        async with self._settled:
            await self._settled.wait_for(lambda: self._checked >= self._changes)

    async def learned(self) -> None:
        """Wait until a check that runs now is over."""
        if self._running is not None:
            await asyncio.wait({self._running})
