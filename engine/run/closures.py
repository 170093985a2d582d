"""When a connection is left alone: maintenance windows that its document declares, pauses that a person ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.base.clock import SECOND, Clock
from engine.plan.model import ConnectionPlan
from engine.plan.windows import Window
from engine.store.pauses import Pause

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Closure:
    """Why a connection is left alone now. ``until`` is in microseconds; None is until a person ends it."""

    why: str
    until: int | None


class Closures:
    """The windows and pauses of every connection. Asked before every request, so the answer must cost nothing where
    there are none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[Window, ...]] = {}
        self._pauses: dict[str, list[Pause]] = {}
        self._kept: frozenset[str] = frozenset()
        self._by_minute: dict[str, tuple[int, Closure | None]] = {}

    def declare(self, connections: Mapping[str, ConnectionPlan]) -> None:
        """Take over the windows of a plan."""
        self._windows = {name: plan.windows for name, plan in connections.items() if plan.windows}
        self._changed()

    def order(self, pauses: Iterable[Pause]) -> None:
        """Take over the pauses that the store knows."""
        self._pauses = {}
        for pause in pauses:
            self._pauses.setdefault(pause.connection, []).append(pause)
        self._changed()

    def _changed(self) -> None:
        self._by_minute.clear()
        self._kept = frozenset(self._windows) | frozenset(self._pauses)

    def of(self, connection: str) -> Closure | None:
        """Why and how long the connection is left alone now; None if it may be used."""
        if connection not in self._kept:
            return None
        now = self._clock.now()
        found = self._window(connection, now)
        for pause in self._pauses.get(connection, ()):
            if pause.holds_at(now) and (found is None or _later(pause.end, found.until)):
                found = Closure(pause.why, pause.end)
        return found

    def _window(self, connection: str, now: int) -> Closure | None:
        """Windows begin and end with a minute: they are worked out once in each."""
        minute = now // MINUTE
        known = self._by_minute.get(connection)
        if known is None or known[0] != minute:
            known = self._by_minute[connection] = (minute, self._open_window(connection, now))
        return known[1]

    def _open_window(self, connection: str, now: int) -> Closure | None:
        found: Closure | None = None
        for window in self._windows.get(connection, ()):
            until = window.closed_until(now)
            if until is not None and (found is None or _later(until, found.until)):
                found = Closure(window.reason, until)
        return found

    def all(self) -> Iterator[tuple[str, Closure]]:
        """Every connection that is left alone now."""
        for connection in sorted(self._kept):
            found = self.of(connection)
            if found is not None:
                yield connection, found

    def spent(self, connection: str, since: int, until: int) -> int:
        """For how many microseconds between two moments the connection was left alone."""
        if connection not in self._kept:
            return 0
        spans = [span for window in self._windows.get(connection, ()) for span in window.between(since, until)]
        spans += [
            (pause.begun_at, until if pause.end is None else pause.end) for pause in self._pauses.get(connection, ())
        ]
        total = 0
        reached = since
        for begin, end in sorted(spans):
            upto = min(end, until)
            if upto > reached:
                total += upto - max(begin, reached)
                reached = upto
        return total


def _later(end: int | None, other: int | None) -> bool:
    """Whether ``end`` is after ``other``; None is never."""
    return other is not None and (end is None or end > other)
