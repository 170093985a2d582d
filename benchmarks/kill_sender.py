"""The billing system of the kill loop: signs webhooks, sends each until it is acknowledged, and repeats itself.

Remembers what was acknowledged: that is what must not be lost.
"""

from __future__ import annotations

import asyncio
import random
import time

import orjson

from benchmarks.payloads import SECRET, event_id, request, webhook

_ANSWER_SECONDS = 5.0
_RESEND_SECONDS = 0.05
_BURST = 10
_BURST_PAUSE_SECONDS = 0.3


class Sender:
    """Producers that go on until told to stop. ``acknowledged`` are event ids with a 2xx answer."""

    def __init__(self, port: int, customers: int, seed: int) -> None:
        self._port = port
        self._customers = customers
        self._chance = random.Random(seed)
        self._next = 0
        self._stopping = False
        self.acknowledged: set[str] = set()
        self.invoices: set[int] = set()
        self.deliveries = 0
        self.refused = 0

    def stop(self) -> None:
        """Begin nothing new; what was begun is sent until it is acknowledged."""
        self._stopping = True

    async def produce(self) -> None:
        """One producer: bursts of fresh events, some of them twice, some once more under another id."""
        while not self._stopping:
            for _ in range(_BURST):
                number, self._next = self._next, self._next + 1
                await self._deliver(number, event_id(number))
                self.invoices.add(number)
                if self._chance.random() < 0.1:
                    await self._deliver(number, event_id(number))
                if self._chance.random() < 0.05:
                    await self._deliver(number, f"evt_copy{number}")
            await asyncio.sleep(_BURST_PAUSE_SECONDS)

    async def _deliver(self, number: int, id_: str) -> None:
        content = orjson.dumps({**webhook(number, self._customers), "id": id_})
        while True:
            self.deliveries += 1
            try:
                status = await asyncio.wait_for(self._post(content), _ANSWER_SECONDS)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                status = 0
            if 200 <= status < 300:
                self.acknowledged.add(id_)
                return
            self.refused += status != 0
            await asyncio.sleep(_RESEND_SECONDS)

    async def _post(self, content: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(request("/webhooks/billing", content, int(time.time()), SECRET))
            line = await reader.readuntil(b"\r\n")
            return int(line.split()[1])
        finally:
            writer.close()
