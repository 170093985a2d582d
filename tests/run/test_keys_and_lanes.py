"""Order per key, and budgets per connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engine.run.keys import KeyQueues, Waiting
from engine.run.lanes import FAILURES_TO_OPEN, Lane
from engine.store.batch import Arrival

ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "take", "finish", "block", "unblock"]), st.integers(0, 3)), max_size=60
)


def waiting(number: int, key: int) -> Waiting:
    return Waiting(Arrival(f"m{number}", "s", f"e{number}", "", "vendor", "t", 0, f"k{key}", b"", "", None, 0), None)


@given(ACTIONS)
def test_a_key_gives_its_messages_in_order_one_at_a_time_and_a_blocked_one_none(
    actions: list[tuple[str, int]],
) -> None:
    keys = KeyQueues()
    added: dict[str, list[str]] = defaultdict(list)
    given_out: dict[str, list[str]] = defaultdict(list)
    busy: dict[str, Waiting] = {}
    blocked: set[str] = set()
    for number, (action, at) in enumerate(actions):
        key = f"k{at}"
        if action == "add":
            keys.add(waiting(number, at))
            added[key].append(f"m{number}")
        elif action == "take":
            taken = keys.take()
            if taken is None:
                ready = [each for each in added if len(given_out[each]) < len(added[each])]
                assert all(each in busy or each in blocked for each in ready)
            else:
                owner = taken.arrival.key
                assert owner not in busy
                assert owner not in blocked
                busy[owner] = taken
                given_out[owner].append(taken.arrival.id)
        elif action == "finish" and key in busy:
            keys.finish(busy.pop(key).arrival)
        elif action == "block":
            keys.block(key, "stopped")
            blocked.add(key)
        elif action == "unblock":
            keys.unblock(key, "stopped")
            blocked.discard(key)
    assert keys.blocked_keys == len(blocked)
    for key, out in given_out.items():
        assert out == added[key][: len(out)]


class Time:
    """A clock and its timers, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, action))

    def spend(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((each for each in self.timers if each[0] <= end), key=lambda each: each[0]):
            self.timers.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][1]()
        self.now = end


def test_a_lane_never_has_more_under_way_than_its_budget_and_serves_in_order() -> None:
    time, served = Time(), []
    lane = Lane(2, None, lambda: time.now, time.call_later)
    results = [lane.acquire(lambda number=number: served.append(number)) for number in range(5)]
    assert results == [True, True, False, False, False]
    lane.release()
    lane.release()
    assert (served, lane.in_flight, lane.waiting) == ([2, 3], 2, 1)


def test_a_lane_keeps_to_its_rate() -> None:
    time, served = Time(), []
    lane = Lane(100, 10, lambda: time.now, time.call_later)
    for number in range(20):
        if lane.acquire(lambda number=number: served.append((number, time.now))):
            served.append((number, time.now))
    time.spend(10.0)
    assert [number for number, _ in served] == list(range(20))
    assert served[-1][1] >= 1.8


def test_one_outage_under_many_requests_pauses_a_lane_briefly() -> None:
    time = Time()
    lane = Lane(50, None, lambda: time.now, time.call_later)
    for _ in range(50):
        assert lane.acquire(lambda: None)
    for _ in range(50):
        lane.failed()
        lane.release()
    assert lane.is_open
    time.spend(0.6)
    assert not lane.is_open


def test_an_answer_does_not_lift_a_pause_that_the_system_asked_for() -> None:
    time = Time()
    lane = Lane(50, None, lambda: time.now, time.call_later)
    lane.pause(30.0)
    lane.succeeded()
    assert lane.is_open


def test_a_lane_opens_its_circuit_after_failures_and_lets_one_through_to_try() -> None:
    time = Time()
    lane = Lane(10, None, lambda: time.now, time.call_later)
    for _ in range(FAILURES_TO_OPEN):
        assert lane.acquire(lambda: None)
        lane.failed()
        lane.release()
    assert lane.is_open
    served: list[int] = []
    for number in range(3):
        assert not lane.acquire(lambda number=number: served.append(number))
    time.spend(1.0)
    assert served == [0]
    lane.succeeded()
    lane.release()
    assert served == [0, 1, 2]
