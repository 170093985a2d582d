"""An event loop in virtual time: waiting costs nothing, and everything happens in the order of its time."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.base.clock import as_microseconds


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next due moment whenever nothing is ready."""

    def __init__(self, start: float = 0.0) -> None:
        self._virtual = start
        super().__init__()

    def time(self) -> float:
        return self._virtual

    def _run_once(self) -> None:
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]
        if not self._ready and scheduled:  # type: ignore[attr-defined]
            self._virtual = max(self._virtual, scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]

    def spend(self, seconds: float) -> None:
        """Let so much virtual time pass, with all that happens in it."""
        self.run_until_complete(asyncio.sleep(seconds))


class VirtualClock:
    """Wall time that may jump, and a monotonic clock that follows the loop."""

    def __init__(self, start: str) -> None:
        self._start = as_microseconds(start)
        self.loop: VirtualLoop
        self.jumped_seconds = 0

    def now(self) -> int:
        return self._start + round((self.loop.time() + self.jumped_seconds) * 1_000_000)

    def monotonic(self) -> float:
        return self.loop.time()
