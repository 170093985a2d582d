"""CPU per request of the transport, beside httpx over it and over its own default. Not a test: run it.

python tests/connect/measure_transport.py
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sys
import time
from collections.abc import Awaitable, Callable

import httptools
import httpx
import uvloop

from engine.connect.http_message import header_block, request_bytes
from engine.connect.httpx_transport import HttpxTransport
from engine.connect.transport import Http
from engine.connect.wire import Limits

BODY = b'{"line":"' + b"x" * 2680 + b'"}'
ANSWER = b'{"id":"doc_1","number":"INV-1"}'
REPLY = (
    b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nserver: sink\r\nx-request-id: req_1\r\n"
    b"content-length: %d\r\n\r\n" % len(ANSWER)
) + ANSWER


class Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.transport.write(REPLY)


def serve(port: multiprocessing.Queue) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


async def measure(name: str, call: Callable[[], Awaitable[object]], count: int, concurrency: int) -> None:
    async def producer(each: int) -> None:
        for _ in range(each):
            await call()

    await producer(50)
    usage, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await asyncio.gather(*(producer(count // concurrency) for _ in range(concurrency)))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu = spent.ru_utime + spent.ru_stime - usage.ru_utime - usage.ru_stime
    print(f"{name:<44} {cpu / count * 1e6:8.1f} us CPU/request {count / (time.perf_counter() - wall):9.0f} requests/s")


async def main(port: int, concurrency: int) -> None:
    url = f"http://127.0.0.1:{port}/documents"
    http = Http(("127.0.0.1",), concurrency=concurrency, limits=Limits())
    origin, target = http.origin(url)
    block = header_block(
        origin, [("content-type", "application/json"), ("authorization", "Bearer x"), ("idempotency-key", "k" * 26)]
    )
    headers = [("content-type", "application/json"), ("authorization", "Bearer x"), ("idempotency-key", "k" * 26)]

    async def hot() -> object:
        return await http.send(origin, request_bytes("POST", target, block, BODY))

    async def general() -> object:
        return await http.request("POST", url, headers, BODY)

    await measure(f"send, {concurrency} at once", hot, 40_000, concurrency)
    await measure(f"request, {concurrency} at once", general, 40_000, concurrency)
    async with httpx.AsyncClient(transport=HttpxTransport(http)) as client:
        await measure(
            f"httpx over it, {concurrency} at once",
            lambda: client.post(url, content=BODY, headers=headers),
            3_000,
            concurrency,
        )
    async with httpx.AsyncClient(trust_env=False) as client:
        await measure(
            f"httpx, its own transport, {concurrency} at once",
            lambda: client.post(url, content=BODY, headers=headers),
            3_000,
            concurrency,
        )


if __name__ == "__main__":
    ports: multiprocessing.Queue = multiprocessing.Queue()
    sink = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    sink.start()
    uvloop.run(main(ports.get(), int(sys.argv[1]) if len(sys.argv) > 1 else 16))
    sink.terminate()
