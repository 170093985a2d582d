"""Tells the outcomes of commits on the event loop: of arrivals at once, of work in short stretches.

Behind every outcome of work stand the next decision and the next request: those of a whole group at once would keep
the event loop for tens of milliseconds, and with it everybody who waits for an acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from engine.store.batch import Batch
from engine.store.writer import Delivery, Done

STRETCH_SECONDS = 0.003


class Outcomes:
    """Takes what became of groups; everything is told in the order in which it was committed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monotonic: Callable[[], float]) -> None:
        self._loop = loop
        self._monotonic = monotonic
        self._due: deque[tuple[Done, Batch, Exception | None]] = deque()

    def deliver(self, delivery: Delivery) -> None:
        """Called on the writer's thread with the outcomes of one group."""
        self._loop.call_soon_threadsafe(self.take, delivery)

    def take(self, delivery: Delivery) -> None:
        """The outcomes of one group, on the event loop."""
        due = self._due
        is_telling = bool(due)
        due.extend(outcome for outcome in delivery if outcome[1].fences)
        if due and not is_telling:
            self._loop.call_soon(self._tell)
        for done, batch, error in delivery:
            if not batch.fences:
                done(batch, error)  # nobody works on it yet: somebody waits to hear that it is stored

    def _tell(self) -> None:
        due = self._due
        until = self._monotonic() + STRETCH_SECONDS
        try:
            while due:
                done, batch, error = due.popleft()
                done(batch, error)
                if self._monotonic() >= until:
                    break
        finally:
            if due:
                self._loop.call_soon(self._tell)
