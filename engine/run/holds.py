"""What waits for what: links, events, moments, approvals, connections; and when it may go on."""

from __future__ import annotations

import heapq

import orjson

from engine.run.closures import Closures
from engine.store.batch import RunRow
from engine.store.store import Store


class Holds:
    """Waiting messages by what releases them, and by when they give up. Only ids are kept in memory."""

    def __init__(self) -> None:
        self._waits: dict[str, set[str]] = {}
        self._timers: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._waits.values())

    def add(self, waits_for: str, message_id: str, until: int | None) -> None:
        """``until`` is in microseconds; None waits for ever."""
        if waits_for != "time":
            self._waits.setdefault(waits_for, set()).add(message_id)
        if until is not None:
            heapq.heappush(self._timers, (until, message_id))

    def release(self, waits_for: str) -> set[str]:
        """The messages that waited for this; they no longer do."""
        return self._waits.pop(waits_for, set()) if self._waits else set()

    def awaited(self, prefix: str) -> list[str]:
        """What is waited for now, of the kind that begins so."""
        return [waits_for for waits_for in self._waits if waits_for.startswith(prefix)]

    def due(self, now: int) -> set[str]:
        """The messages whose time has come."""
        found = set()
        while self._timers and self._timers[0][0] <= now:
            found.add(heapq.heappop(self._timers)[1])
        for ids in self._waits.values():
            ids.difference_update(found)
        return found

    @property
    def next_at(self) -> int | None:
        """When the next one is due, in microseconds."""
        return self._timers[0][0] if self._timers else None


def is_released(store: Store, row: RunRow, now: int, closures: Closures) -> bool:
    """Whether what a stored run waits for has come, or its time is up."""
    kind, _, rest = (row.waits_for or "").partition(":")
    if kind == "connection":
        return closures.of(rest) is None
    if row.wait_until is not None and row.wait_until <= now:
        return True
    if kind == "link":
        connection, link, id_ = rest.split(":", 2)
        return store.find_link(connection, link, id_) is not None
    if kind == "event":
        event_type, _, subject = rest.partition(":")
        return store.seen(event_type, subject)
    return kind == "approval" and row.answers is not None and row.waits_for in orjson.loads(row.answers)
