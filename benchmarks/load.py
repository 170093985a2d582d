"""A load generator: keep-alive producers that deliver pre-signed webhooks and measure the acknowledgements.

Makes every request in memory, prints ``ready``, then obeys lines on standard input: ``deliver FIRST COUNT`` sends
that range of events as fast as the producers get answers, ``deliver FIRST COUNT RATE`` at RATE per second, and
answers each with one line of JSON. An end of input ends it. Every event is sent until it is answered with 2xx
(a definite refusal, 4xx other than 429, ends the program in words);
latency counts from the first send (from the due time when a rate is set), so that refusals are not hidden.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from benchmarks.caller import Caller
from benchmarks.payloads import CUSTOMERS, SECRET, body, request
from benchmarks.server import run

_RESEND_SECONDS = 0.02
_TICK_SECONDS = 0.001


@dataclass(slots=True)
class Delivery:
    """One range of events on its way. Times are monotonic seconds."""

    waiting: deque[int]
    started_at: float
    per_second: float
    total: int
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    latencies: array[float] = field(default_factory=lambda: array("d"))
    refused: Counter[int] = field(default_factory=Counter)
    first_sent: dict[int, float] = field(default_factory=dict)
    ended_at: float = 0.0
    failure: str = ""

    def due_at(self, position: int) -> float:
        return self.started_at + position / self.per_second

    def report(self) -> dict[str, object]:
        ordered = sorted(self.latencies)
        seconds = self.ended_at - self.started_at
        return {
            "acknowledged": len(ordered),
            "seconds": seconds,
            "acks_per_second": len(ordered) / seconds,
            "p50_milliseconds": 1000 * percentile(ordered, 0.50),
            "p99_milliseconds": 1000 * percentile(ordered, 0.99),
            "max_milliseconds": 1000 * ordered[-1],
            "refused": {str(status): count for status, count in self.refused.items()},
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }


def percentile(ordered: list[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Producers:
    """A fixed number of connections, each with one request under way at most."""

    def __init__(self, url: str, requests: list[bytes], first: int) -> None:
        target = urlsplit(url)
        self._host = target.hostname or "127.0.0.1"
        self._port = target.port or 80
        self._requests = requests
        self._first = first
        self._idle: list[Caller] = []
        self._delivery: Delivery | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def open(self, producers: int) -> None:
        await asyncio.gather(*(self._connect() for _ in range(producers)))

    async def deliver(self, first: int, count: int, per_second: float) -> Delivery:
        """Send events ``first`` to ``first + count - 1``; returns when the last one is acknowledged."""
        offset = first - self._first
        if offset < 0 or offset + count > len(self._requests):
            raise SystemExit(f"events {first} to {first + count - 1} were not prepared")
        delivery = Delivery(deque(range(offset, offset + count)), time.monotonic(), per_second, count)
        self._delivery = delivery
        while not delivery.finished.is_set():
            idle, self._idle = self._idle, []
            for caller in idle:
                self._on_idle(caller)
            try:
                await asyncio.wait_for(delivery.finished.wait(), _TICK_SECONDS if per_second else 1.0)
            except TimeoutError:
                continue
        self._delivery = None
        if delivery.failure:
            raise SystemExit(delivery.failure)
        return delivery

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_connection(lambda: Caller(self._on_idle, self._on_gone), self._host, self._port)
            except OSError:
                await asyncio.sleep(_RESEND_SECONDS)
            else:
                return

    def _on_gone(self, caller: Caller) -> None:
        if caller in self._idle:
            self._idle.remove(caller)
        connecting = asyncio.get_running_loop().create_task(self._connect())
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    def _on_idle(self, caller: Caller) -> None:
        delivery = self._delivery
        if delivery is None or not delivery.waiting:
            self._idle.append(caller)
            return
        index = delivery.waiting[0]
        now = time.monotonic()
        sent_at = delivery.first_sent.get(index)
        if sent_at is None:
            sent_at = now
            if delivery.per_second:
                sent_at = delivery.due_at(delivery.total - len(delivery.waiting))
                if sent_at > now:
                    self._idle.append(caller)
                    return
        delivery.waiting.popleft()

        def on_reply(status: int, _body: bytes) -> None:
            if 200 <= status < 300:
                delivery.latencies.append(time.monotonic() - sent_at)
                if len(delivery.latencies) == delivery.total:
                    delivery.ended_at = time.monotonic()
                    delivery.finished.set()
                return
            if 400 <= status < 500 and status != 429:
                delivery.failure = f"event {index + self._first} was refused with {status}"
                delivery.finished.set()
                return
            delivery.refused[status] += 1
            delivery.first_sent[index] = sent_at
            asyncio.get_running_loop().call_later(_RESEND_SECONDS, self._resend, delivery, index)

        caller.send(self._requests[index], on_reply)

    def _resend(self, delivery: Delivery, index: int) -> None:
        delivery.waiting.appendleft(index)
        if self._idle:
            self._on_idle(self._idle.pop())


async def _main(url: str, producers: int, first: int, count: int, customers: int, secret: str) -> None:
    path = urlsplit(url).path or "/"
    at = int(time.time())
    requests = [request(path, body(number, customers), at, secret) for number in range(first, first + count)]
    running = Producers(url, requests, first)
    await running.open(producers)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _verb, begin, amount, *rate = line.split()
        delivery = await running.deliver(int(begin), int(amount), float(rate[0]) if rate else 0.0)
        print(orjson.dumps(delivery.report()).decode(), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True, help="where the webhooks go")
    options.add_argument("--producers", type=int, default=64)
    options.add_argument("--first", type=int, default=0, help="number of the first event")
    options.add_argument("--events", type=int, default=20_000, help="how many are prepared")
    options.add_argument("--customers", type=int, default=CUSTOMERS, help="distinct ordering keys")
    options.add_argument("--secret", default=SECRET)
    chosen = options.parse_args()
    run(_main(chosen.url, chosen.producers, chosen.first, chosen.events, chosen.customers, chosen.secret))
