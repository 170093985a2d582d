"""Budgets per connection: how many requests at once, how many a second, and when to leave it alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

FAILURES_TO_OPEN = 5
OPEN_SECONDS_MAX = 60.0


class Lane:
    """One connection's budget. ``acquire`` gives a slot now, or calls back when there is one.

    The circuit opens after five failures in a row to reach the system, for a time that doubles up to a
    minute; then one request is let through, and its outcome decides.
    """

    def __init__(
        self, concurrency: int, per_second: int | None, monotonic: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:  # fmt: skip
        self._concurrency = concurrency
        self._interval = 0.0 if per_second is None else 1.0 / per_second
        self._monotonic = monotonic
        self._call_later = call_later
        self._waiting: deque[Callable[[], None]] = deque()
        self._next_at = 0.0
        self._failures = 0
        self._closed_until = 0.0
        self._waking = False
        self.in_flight = 0

    @property
    def is_open(self) -> bool:
        """Whether the circuit is open: nothing is sent."""
        return self._closed_until > self._monotonic()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def acquire(self, ready: Callable[[], None]) -> bool:
        """True if the caller has a slot now; otherwise ``ready`` is called once it has."""
        if not self._waiting and self._may_send():
            self._take()
            return True
        self._waiting.append(ready)
        self._arrange_wake()
        return False

    def release(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """The system answered, whatever it said. A pause that it asked for itself stays."""
        if self._failures >= FAILURES_TO_OPEN:
            self._closed_until = 0.0
        self._failures = 0

    def failed(self) -> None:
        """The system could not be reached. What was under way when the circuit opened tells nothing new: fifty
        requests that fail with one outage are one outage, not fifty doublings of the pause."""
        if self.is_open:
            return
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self.pause(min(OPEN_SECONDS_MAX, 0.5 * 2.0 ** min(self._failures - FAILURES_TO_OPEN, 10)))

    def pause(self, seconds: float) -> None:
        """Send nothing for a while."""
        self._closed_until = max(self._closed_until, self._monotonic() + seconds)

    def _may_send(self) -> bool:
        now = self._monotonic()
        return self.in_flight < self._limit and now >= self._next_at and now >= self._closed_until

    @property
    def _limit(self) -> int:
        return 1 if self._failures >= FAILURES_TO_OPEN else self._concurrency

    def _take(self) -> None:
        self.in_flight += 1
        if self._interval:
            self._next_at = max(self._next_at, self._monotonic()) + self._interval

    def _wake(self) -> None:
        while self._waiting and self._may_send():
            self._take()
            self._waiting.popleft()()
        self._arrange_wake()

    def _arrange_wake(self) -> None:
        if self._waking or not self._waiting or self.in_flight >= self._limit:
            return  # at the limit, a release will wake the next one
        # The moment may have come since it was looked at: then wake at once, for nobody else will.
        wait = max(self._next_at, self._closed_until) - self._monotonic()
        self._waking = True
        self._call_later(max(wait, 0.0), self._woken)

    def _woken(self) -> None:
        self._waking = False
        self._wake()
