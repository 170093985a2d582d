"""A loopback ERP that survives its own death: every document is a line in a file, written before it is answered.

``POST /documents`` with ``Idempotency-Key`` makes a document once per key; ``GET /documents/KEY`` reads back. The
file is opened for appending and each line is one write, so that what was made before a kill is there after it, and
whoever counts can count in the file. Prints its port on one line when it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import orjson

from benchmarks.server import Exchange, listen, run, until_terminated

_READ_BACK = b"/documents/"


class KeepingSink:
    """The documents of one file, by key."""

    def __init__(self, path: Path, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._numbers: dict[str, int] = {}
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._numbers[orjson.loads(line)["key"]] = len(self._numbers) + 1
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def serve(self, exchange: Exchange) -> None:
        if exchange.method == b"POST":
            status, body = self._post(exchange.header.decode(), exchange.body)
            # The time between the commit and the answer is where a kill hurts most.
            asyncio.get_running_loop().call_later(self._delay_seconds, exchange.answer, status, body)
            return
        number = self._numbers.get(exchange.path.removeprefix(_READ_BACK).decode())
        exchange.answer(*((404, b'{"message":"no such document"}') if number is None else (200, _receipt(number))))

    def _post(self, key: str, body: bytes) -> tuple[int, bytes]:
        known = self._numbers.get(key)
        if known is not None:
            return 200, _receipt(known)
        os.write(self._handle, b'{"key":"%b","content":%b}\n' % (key.encode(), body))
        number = self._numbers[key] = len(self._numbers) + 1
        return 201, _receipt(number)


def _receipt(number: int) -> bytes:
    return b'{"id":"doc_%d","number":"INV-%07d","status":"posted"}' % (number, number)


async def _main(path: Path, port: int, delay_seconds: float) -> None:
    server, port = await listen(KeepingSink(path, delay_seconds).serve, b"idempotency-key", port)
    print(port, flush=True)
    await until_terminated()
    server.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=Path, required=True, help="the file of documents")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--delay-milliseconds", type=float, default=20.0)
    chosen = options.parse_args()
    run(_main(chosen.documents, chosen.port, chosen.delay_milliseconds / 1000))
