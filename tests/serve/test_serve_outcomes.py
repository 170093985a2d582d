"""Outcomes are told in order, arrivals at once, and work in stretches between which others have their turn."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine.serve.outcomes import STRETCH_SECONDS, Outcomes
from engine.store.batch import Batch
from engine.store.writer import Delivery


def work() -> Batch:
    batch = Batch()
    batch.fences = {1: 1}
    return batch


class Told:
    """Tells outcomes on a loop whose clock moves a third of a stretch with every look at it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        ticks = itertools.count()
        self.outcomes = Outcomes(self.loop, lambda: next(ticks) * STRETCH_SECONDS / 3)
        self.names: list[str] = []

    def named(self, name: str, batch: Batch, error: Exception | None = None) -> tuple[Any, Batch, Exception | None]:
        return lambda _batch, failed: self.names.append(f"{name}: {failed}" if failed else name), batch, error

    def deliver(self, *deliveries: Delivery) -> None:
        """As the writer does, from its own thread."""
        thread = threading.Thread(target=lambda: [self.outcomes.deliver(each) for each in deliveries])
        thread.start()
        thread.join()

    async def turns(self, count: int) -> None:
        for turn in range(count):
            await asyncio.sleep(0)
            self.names.append(f"turn {turn}")


def run(what: Callable[[Told], Any]) -> list[str]:
    async def started() -> list[str]:
        told = Told()
        await what(told)
        return told.names

    return asyncio.run(started())


def test_work_is_told_in_stretches_and_in_order() -> None:
    async def scenario(told: Told) -> None:
        told.deliver([told.named(f"work {number}", work()) for number in range(8)])
        await told.turns(6)

    names = run(scenario)
    assert [name for name in names if name.startswith("work")] == [f"work {number}" for number in range(8)]
    before = names[: names.index("work 7")]
    assert len([name for name in before if name.startswith("turn")]) >= 2, "others have their turn in between"


def test_arrivals_do_not_wait_for_work_that_was_committed_before_them() -> None:
    async def scenario(told: Told) -> None:
        first = [told.named(f"work {number}", work()) for number in range(9)]
        second = [told.named("work 9", work()), told.named("arrival", Batch())]
        told.deliver(first, second)
        await told.turns(8)

    names = run(scenario)
    assert names.index("arrival") < names.index("work 0")
    assert [name for name in names if name.startswith("work")] == [f"work {number}" for number in range(10)]


def test_why_something_was_not_written_is_passed_on() -> None:
    async def scenario(told: Told) -> None:
        told.deliver([told.named("work", work(), OSError("full")), told.named("arrival", Batch(), OSError("full"))])
        await told.turns(2)

    assert [name for name in run(scenario) if "full" in name] == ["arrival: full", "work: full"]


@pytest.mark.parametrize("failing", [0, 3, 7])
def test_one_who_fails_when_told_keeps_nothing_from_the_others(failing: int) -> None:
    reported: list[str] = []

    async def scenario(told: Told) -> None:
        told.loop.set_exception_handler(lambda _loop, context: reported.append(str(context["exception"])))

        def fail(_batch: Batch, _error: Exception | None) -> None:
            raise ValueError("not told")

        delivery = [told.named(f"work {number}", work()) for number in range(8)]
        delivery[failing] = (fail, work(), None)
        told.deliver(delivery)
        await told.turns(8)

    names = [name for name in run(scenario) if name.startswith("work")]
    assert names == [f"work {number}" for number in range(8) if number != failing]
    assert reported == ["not told"]
