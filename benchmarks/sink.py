"""A fast loopback server that stands for an ERP: makes a document once per idempotency key and counts.

``POST /documents`` with ``Idempotency-Key`` answers 201 and the document's id and number; the same key again
answers 200 with the same ones. ``GET /documents/KEY`` reads back, ``GET /count`` tells the counts, ``GET /keys``
lists the keys. Keeps everything in memory. Prints its port on one line when it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field

import orjson

from benchmarks.server import Exchange, listen, run, until_terminated

_DOCUMENTS = b"/documents"
_READ_BACK = b"/documents/"


@dataclass(slots=True)
class Sink:
    """What the ERP holds. Times are seconds on the machine's monotonic clock, the same in every process."""

    delay_seconds: float = 0.0
    documents: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    requests: int = 0
    duplicates: int = 0
    conflicts: int = 0
    first_at: float = 0.0
    last_at: float = 0.0

    def serve(self, exchange: Exchange) -> None:
        if exchange.method == b"POST" and exchange.path == _DOCUMENTS:
            status, body = self._post(exchange.header, exchange.body)
            if self.delay_seconds:
                asyncio.get_running_loop().call_later(self.delay_seconds, exchange.answer, status, body)
                return
            exchange.answer(status, body)
        elif exchange.path.startswith(_READ_BACK):
            exchange.answer(*self._read_back(exchange.path[len(_READ_BACK) :]))
        elif exchange.path == b"/count":
            exchange.answer(200, orjson.dumps(self._counts()))
        elif exchange.path == b"/keys":
            exchange.answer(200, orjson.dumps([key.decode() for key in self.documents]))
        else:
            exchange.answer(404, b"{}")

    def _post(self, key: bytes, body: bytes) -> tuple[int, bytes]:
        if not key:
            return 400, b'{"error":"the header Idempotency-Key is missing"}'
        self.requests += 1
        known = self.documents.get(key)
        if known is None:
            number = len(self.documents) + 1
            self.documents[key] = (number, body)
            self.last_at = time.monotonic()
            if number == 1:
                self.first_at = self.last_at
            return 201, _receipt(number)
        self.duplicates += 1
        self.conflicts += known[1] != body
        return 200, _receipt(known[0])

    def _read_back(self, key: bytes) -> tuple[int, bytes]:
        known = self.documents.get(key)
        if known is None:
            return 404, b"{}"
        return 200, b'%b,"document":%b}' % (_receipt(known[0])[:-1], known[1])

    def _counts(self) -> dict[str, float]:
        return {
            "documents": len(self.documents),
            "requests": self.requests,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "first_at": self.first_at,
            "last_at": self.last_at,
        }


def _receipt(number: int) -> bytes:
    return b'{"id":"doc_%d","number":"INV-%07d"}' % (number, number)


async def _main(port: int, delay_seconds: float) -> None:
    server, port = await listen(Sink(delay_seconds).serve, b"idempotency-key", port)
    print(port, flush=True)
    await until_terminated()
    server.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--delay-milliseconds", type=float, default=0.0, help="the ERP's time per document")
    chosen = options.parse_args()
    run(_main(chosen.port, chosen.delay_milliseconds / 1000))
