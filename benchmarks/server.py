"""A minimal HTTP/1.1 server side on asyncio.Protocol and httptools: what the sink and the yardstick listen with.

Knows nothing of what is served. One request at a time per connection: a client that pipelines gets its answers
in the order in which they were made.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any, cast

import httptools
import uvloop

_REASONS = {200: b"OK", 201: b"Created", 400: b"Bad Request", 401: b"Unauthorized", 404: b"Not Found"}
_HEADS = {
    status: b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: " % (status, reason)
    for status, reason in _REASONS.items()
}


class Exchange:
    """One request, and the connection that its answer goes to."""

    __slots__ = ("body", "header", "method", "path", "transport")

    def __init__(self, transport: asyncio.Transport, method: bytes, path: bytes, header: bytes, body: bytes) -> None:
        self.transport = transport
        self.method = method
        self.path = path
        self.header = header
        self.body = body

    def answer(self, status: int, body: bytes) -> None:
        """Write the reply; a connection that is gone by now is left alone."""
        if not self.transport.is_closing():
            self.transport.write(b"%b%d\r\n\r\n%b" % (_HEADS[status], len(body), body))


class Listener(asyncio.Protocol):
    """One inbound connection. ``header`` (lower case) names the only request header that is kept."""

    __slots__ = ("_body", "_header", "_kept", "_parser", "_path", "_serve", "_transport")

    def __init__(self, serve: Callable[[Exchange], None], header: bytes) -> None:
        self._serve = serve
        self._header = header
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._kept = b""
        self._body = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class derives from nothing

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._path = self._kept = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == len(self._header) and name.lower() == self._header:
            self._kept = value

    def on_body(self, body: bytes) -> None:
        self._body = self._body + body if self._body else body

    def on_message_complete(self) -> None:
        transport = self._transport
        if transport is not None:
            self._serve(Exchange(transport, self._parser.get_method(), self._path, self._kept, self._body))


async def listen(serve: Callable[[Exchange], None], header: bytes, port: int) -> tuple[asyncio.Server, int]:
    """Listen on loopback; port 0 takes a free one. Gives the server and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Listener(serve, header), "127.0.0.1", port, backlog=1024)
    return server, int(server.sockets[0].getsockname()[1])


async def until_terminated() -> None:
    """Wait for SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a program's main coroutine on uvloop."""
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
