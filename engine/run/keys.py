"""Order per key: at most one message of a key is worked on at a time, in arrival order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.store.batch import Arrival


@dataclass(slots=True)
class Waiting:
    """A message in memory that waits for its turn. ``parsed`` saves parsing its body a second time;
    ``resumed`` means that the store may know runs and effects of it already."""

    arrival: Arrival
    parsed: Any = None
    resumed: bool = False


@dataclass(slots=True)
class _Line:
    waiting: deque[Waiting] = field(default_factory=deque)
    busy: bool = False
    blockers: set[str] = field(default_factory=set)
    kept_by: set[str] = field(default_factory=set)

    @property
    def is_stopped(self) -> bool:
        return bool(self.busy or self.blockers or self.kept_by)


class KeyQueues:
    """Messages in memory by ordering key. A busy or blocked key waits; others go on."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._ready: deque[str] = deque()
        self._members: set[str] = set()
        self.blocked_keys = 0

    def __len__(self) -> int:
        """Messages in memory, those being worked on included."""
        return len(self._members)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._members

    @property
    def has_ready(self) -> bool:
        """Whether a key's head could be taken now."""
        return any(
            line.waiting and not line.is_stopped
            for line in (self._lines.get(key) for key in self._ready)
            if line is not None
        )

    def add(self, waiting: Waiting, *, front: bool = False) -> None:
        """Queue a message behind its key's others, or in front of them (a released or retried one)."""
        if waiting.arrival.id in self._members:
            return
        self._members.add(waiting.arrival.id)
        key = waiting.arrival.key
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        idle = not line.waiting and not line.is_stopped
        if front:
            line.waiting.appendleft(waiting)
        else:
            line.waiting.append(waiting)
        if idle:
            self._ready.append(key)

    def take(self) -> Waiting | None:
        """The head of a ready key, which is busy from now on; None if no key is ready."""
        while self._ready:
            key = self._ready.popleft()
            line = self._lines.get(key)
            if line is None or line.is_stopped or not line.waiting:
                continue
            line.busy = True
            return line.waiting.popleft()
        return None

    def finish(self, arrival: Arrival) -> None:
        """The message is settled or parked: the next one of its key may go."""
        self._members.discard(arrival.id)
        line = self._lines[arrival.key]
        line.busy = False
        self._offer(arrival.key, line)

    def block(self, key: str, message_id: str) -> None:
        """The key waits until a person has dealt with the message."""
        line = self._lines.setdefault(key, _Line())
        if not line.blockers:
            self.blocked_keys += 1
        line.blockers.add(message_id)

    def unblock(self, key: str, message_id: str) -> None:
        """A person has dealt with the message."""
        line = self._lines.get(key)
        if line is None or message_id not in line.blockers:
            return
        line.blockers.discard(message_id)
        if not line.blockers:
            self.blocked_keys -= 1
            self._offer(key, line)

    def keep(self, key: str, message_id: str) -> None:
        """The key waits with a parked message of it, which nothing may overtake."""
        self._lines.setdefault(key, _Line()).kept_by.add(message_id)

    def let_go(self, key: str, message_id: str) -> None:
        """The parked message, if it kept its key, does so no longer."""
        line = self._lines.get(key)
        if line is not None and message_id in line.kept_by:
            line.kept_by.discard(message_id)
            self._offer(key, line)

    @property
    def blockers(self) -> dict[str, str]:
        """The blocked keys, by the message that blocks them."""
        if not self.blocked_keys:
            return {}
        return {message_id: key for key, line in self._lines.items() for message_id in line.blockers}

    @property
    def busy_keys(self) -> list[str]:
        return [key for key, line in self._lines.items() if line.busy]

    def forget(self, is_lost: Callable[[str], bool]) -> None:
        """Drop what waits and blocks under such keys. What is being worked on stays until it is finished."""
        for key in [key for key in self._lines if is_lost(key)]:
            line = self._lines[key]
            self._members.difference_update(waiting.arrival.id for waiting in line.waiting)
            self.blocked_keys -= bool(line.blockers)
            line.waiting.clear()
            line.blockers.clear()
            line.kept_by.clear()
            if not line.busy:
                del self._lines[key]

    def _offer(self, key: str, line: _Line) -> None:
        if line.is_stopped:
            return
        if line.waiting:
            self._ready.append(key)
        else:
            del self._lines[key]
