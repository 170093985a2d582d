"""A lane never forgets a waiter: also not when its moment comes between two looks at the clock."""

from __future__ import annotations

from collections.abc import Callable

from engine.run.lanes import Lane


def test_a_moment_that_passes_between_two_looks_at_the_clock_still_wakes_the_waiter() -> None:
    times = iter([0.0, 0.0, 0.009, 0.0101, 0.02, 0.02, 0.02, 0.02])
    later: list[Callable[[], None]] = []
    lane = Lane(4, 100, lambda: next(times), lambda _seconds, wake: later.append(wake))
    sent = []
    assert lane.acquire(lambda: None)
    lane.release()
    assert not lane.acquire(lambda: sent.append("second"))  # refused at 0.009; free at 0.010; looked again at 0.0101
    assert len(later) == 1
    later.pop()()
    assert sent == ["second"]
