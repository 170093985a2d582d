"""Work that this process shares with one that it makes for it, so that two processors do it.

The other process is a copy of this one: what it is to do need not be told, only what comes of it is handed back. It is
a matter of time alone. Whatever the other did not deliver, for any reason, is done here, and errors appear here.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from types import TracebackType
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")

#: Numbers in the queue are of this many bytes, and fewer than a pipe holds at once, so that nobody waits to write.
_NUMBER = 4
_QUEUE_MAX = 4_096
#: How many results are handed back at once, and the bytes of the length before them.
_AT_ONCE = 8
_LENGTH = 8


def is_possible() -> bool:
    """Whether another process would help and can be made: a second processor, a system that copies processes, and no
    other thread, which might hold something that the copy would wait for."""
    if not hasattr(os, "memfd_create") or not hasattr(os, "fork") or len(os.sched_getaffinity(0)) < 2:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - names are not needed as paths
    except OSError:
        return False


class Beside(Generic[T]):
    """Pieces of work of which another process takes some, from now on, and this one the rest when it has time.

    They come in stages, and each process takes those of one stage before those of the next. ``work`` is given the
    number of a piece, counted over all stages. It may be done here or there, so it changes nothing that later work
    sees, and what it gives can be pickled. Use it as a context: leaving it ends the other.
    """

    def __init__(self, work: Callable[[int], T], *counts: int) -> None:
        self._work = work
        ends = list(accumulate(counts))
        self._stages = [range(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self._other = 0
        self._done: dict[int, T] = {}
        if sum(counts) > 1 and is_possible():
            self._begin()

    def _begin(self) -> None:
        self._queues = [_queued(numbers) for numbers in self._stages]
        self._found, self._read = os.memfd_create("tieout"), 0
        self._ended, ended = os.pipe()
        self._stages_ended = 0
        self._other = os.fork()
        if self._other == 0:
            self._be_the_other(ended)
        os.close(ended)

    def __enter__(self) -> Beside[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._other:
            os.kill(self._other, signal.SIGKILL)
            os.waitpid(self._other, 0)
            for file in (*self._queues, self._found, self._ended):
                os.close(file)
            self._other = 0

    def results(self, stage: int = 0) -> Sequence[T]:
        """What came of every piece of a stage, in their order; those that nobody has taken yet are done now, here."""
        if self._other:
            for number in _numbers(self._queues[stage]):
                self._done[number] = self._work(number)
            self._take()  # while the other is at its last piece
            while self._stages_ended <= stage and os.read(self._ended, 1):
                self._stages_ended += 1
            self._take()
        for number in self._stages[stage]:
            if number not in self._done:
                self._done[number] = self._work(number)
        return [self._done[number] for number in self._stages[stage]]

    def _take(self) -> None:
        """Take what the other has handed back since."""
        while len(length := os.pread(self._found, _LENGTH, self._read)) == _LENGTH:
            size = int.from_bytes(length, "big")
            packed = os.pread(self._found, size, self._read + _LENGTH)
            if len(packed) < size:
                break
            self._done.update(pickle.loads(packed))  # noqa: S301 - written by the copy of this process
            self._read += _LENGTH + size

    def _be_the_other(self, ended: int) -> NoReturn:
        """Work until nothing is left. Nothing is said of an error: the piece is done again, where it appears."""
        gc.disable()
        try:
            for queue in self._queues:
                done: list[tuple[int, Any]] = []
                for number in _numbers(queue):
                    done.append((number, self._work(number)))
                    if len(done) == _AT_ONCE:
                        self._hand_back(done)
                        done = []
                self._hand_back(done)
                os.write(ended, b"1")
        finally:
            os._exit(0)  # without what this process would do at its end: that is the first one's

    def _hand_back(self, done: Sequence[tuple[int, Any]]) -> None:
        packed = pickle.dumps(done, pickle.HIGHEST_PROTOCOL)
        left = memoryview(len(packed).to_bytes(_LENGTH, "big") + packed)
        while left:
            left = left[os.write(self._found, left) :]


def _queued(numbers: Sequence[int]) -> int:
    """A queue of these numbers, or of the first that it can hold: the others are done where they are asked for."""
    queue, end = os.pipe()
    os.write(end, b"".join(each.to_bytes(_NUMBER, "big") for each in numbers[:_QUEUE_MAX]))
    os.close(end)
    return queue


def _numbers(queue: int) -> Iterator[int]:
    """Take number after number out of the queue that both processes read."""
    while number := os.read(queue, _NUMBER):
        yield int.from_bytes(number, "big")
