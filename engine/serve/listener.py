"""The daemon's one HTTP/1.1 listener: reads whole requests within bounds and hands each one on.

One request of a connection is answered at a time, in order; what a client sends ahead waits. A request has a
bound in bytes and in time, a resting connection one in time, the listener one in connections.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from engine.serve.http import Answer, RawHeaders, Request

REQUEST_SECONDS = 30.0
IDLE_SECONDS = 75.0
#: How long a refused client may go on sending before the connection is cut, so that it gets to read the refusal.
LINGER_SECONDS = 2.0
HEAD_BYTES_MAX = 65_536
HEADERS_MAX = 200
CONNECTIONS_MAX = 8_192

_BAD = Answer(400, {"error": "this is not HTTP/1.1"})
_LATE = Answer(408, {"error": "the request did not come in time"})
_HEAD_TOO_LARGE = Answer(431, {"error": "the request's headers are too large"})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Serve = Callable[[Request], None]


class Listener:
    """Accepts connections and closes those that keep it waiting."""

    def __init__(self, serve: Serve, body_bytes_max: int, loop: asyncio.AbstractEventLoop) -> None:
        self.serve = serve
        self.body_bytes_max = body_bytes_max
        self.too_large = Answer(413, {"error": f"a message may have at most {body_bytes_max} bytes"})
        self.loop = loop
        self.closing = False
        self.connections: set[Inbound] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, listener: socket.socket) -> None:
        """Accept connections from now on."""
        self._server = await self.loop.create_server(lambda: Inbound(self), sock=listener, backlog=2048)
        self._sweep()

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, let open requests be answered for so long, then cut what is left."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close_if_idle()
        give_up_at = self.loop.time() + seconds
        while self.connections and self.loop.time() < give_up_at:
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in list(self.connections):
            connection.check(now)
        self._sweeper = self.loop.call_later(1.0, self._sweep)


class Inbound(asyncio.Protocol):
    """One inbound connection."""

    __slots__ = (
        "_active", "_advancing", "_body", "_body_size", "_closed", "_due_at", "_expects", "_head_size", "_headers",
        "_last", "_listener", "_parser", "_partial", "_paused", "_queue", "_refusal", "_room", "_target", "_transport",
    )  # fmt: skip

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Request] = deque()
        self._active: Request | None = None
        self._advancing = False
        self._paused = False
        self._last = False  # nothing more is read from this connection
        self._due_at = listener.loop.time() + REQUEST_SECONDS
        self._room: asyncio.Future[None] | None = None  # set while the other side reads too slowly
        self._closed: asyncio.Future[None] | None = None
        self._begin()
        self._partial = False

    def _begin(self) -> None:
        self._target = b""
        self._headers: RawHeaders = []
        self._body: list[bytes] = []
        self._body_size = 0
        self._head_size = 0
        self._expects = False
        self._refusal: Answer | None = None
        self._partial = True

    # ------------------------------------------------------------------ called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class derives from nothing
        listener = self._listener
        if listener.closing or len(listener.connections) >= CONNECTIONS_MAX:
            self._transport.abort()
            return
        listener.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._last:
            return  # a refused request's rest is read and thrown away
        if not self._partial and self._active is None:
            self._due_at = self._listener.loop.time() + REQUEST_SECONDS
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._last = True  # another protocol is offered: it is answered in this one, then nothing more is read
            if self._active is None and not self._queue:
                self._close()
        except httptools.HttpParserError:
            self._refuse(self._refusal or _BAD)
        else:
            if self._refusal is not None:
                self._refuse(self._refusal)

    def eof_received(self) -> bool:
        self._last = True
        return self._active is not None  # keep writing open for the answer that is still due

    def pause_writing(self) -> None:
        self._room = self._listener.loop.create_future()
        self._pause_reading()

    def resume_writing(self) -> None:
        if self._room is not None:
            self._room.set_result(None)
            self._room = None
        self._resume_reading()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        self._transport = None
        self._queue.clear()
        self._listener.connections.discard(self)
        for future in (self._room, self._closed):
            if future is not None and not future.done():
                future.set_result(None)

    # ------------------------------------------------------------------ called by the parser

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._headers.append((name, value))
        # With two bytes more for each, so that headers without end are refused however small they are.
        self._head_size = size = self._head_size + len(name) + len(value) + 2
        if size > HEAD_BYTES_MAX:
            self._refusal = _HEAD_TOO_LARGE
        elif name == b"content-length":
            if self._is_too_long(value):
                self._refusal = self._listener.too_large
        elif name == b"expect":
            self._expects = value.lower() == b"100-continue"

    def _is_too_long(self, length: bytes) -> bool:
        return length.isdigit() and (len(length) > 15 or int(length) > self._listener.body_bytes_max)

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > HEAD_BYTES_MAX:
            self._refusal = _HEAD_TOO_LARGE

    def on_headers_complete(self) -> None:
        if len(self._headers) > HEADERS_MAX:
            self._refusal = _HEAD_TOO_LARGE
        if self._expects and self._refusal is None and self._active is None and not self._queue:
            self.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > self._listener.body_bytes_max:
            self._refusal = self._listener.too_large
            self._body.clear()
        elif self._refusal is None:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._partial = False
        if self._refusal is not None or self._last:
            return  # answered once the parser has come back
        parser = self._parser
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(
            self, parser.get_method(), self._target, parser.get_http_version(), self._headers, body,
            parser.should_keep_alive(),
        )  # fmt: skip
        if not request.keep_alive:
            self._last = True
        self._queue.append(request)
        self._advance()

    # ------------------------------------------------------------------ used by requests

    @property
    def peer(self) -> tuple[str, int] | None:
        name = None if self._transport is None else self._transport.get_extra_info("peername")
        return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None

    def write(self, content: bytes) -> None:
        if self._transport is not None:
            self._transport.write(content)

    def finish(self, *, keep: bool) -> None:
        self._active = None
        if not keep or self._listener.closing or (self._last and not self._queue):
            self._close()
            return
        self._due_at = self._listener.loop.time() + (REQUEST_SECONDS if self._partial else IDLE_SECONDS)
        if self._queue:
            self._advance()
        elif self._paused and self._room is None:
            self._resume_reading()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def drain(self) -> None:
        if self._room is not None:
            await self._room

    async def wait_closed(self) -> None:
        if self._transport is None:
            return
        if self._closed is None:
            self._closed = self._listener.loop.create_future()
        await asyncio.shield(self._closed)

    # ------------------------------------------------------------------ bounds and ends

    def check(self, now: float) -> None:
        """Close the connection if it has kept us waiting for too long."""
        if self._active is not None or now < self._due_at:
            return
        if self._partial and not self._last:
            self._refuse(_LATE)
        else:
            self.abort()

    def close_if_idle(self) -> None:
        """At the end of the daemon: connections that rest are closed, others after their answer."""
        if self._active is None and not self._queue:
            self._close()

    def _advance(self) -> None:
        if self._advancing:
            return  # an answer given at once comes back here: go on in the loop below, not deeper
        self._advancing = True
        while self._active is None and self._queue and self._transport is not None:
            request = self._active = self._queue.popleft()
            if request.refusal is None:
                self._listener.serve(request)
            else:
                self._linger(request.refusal)
        self._advancing = False
        if self._queue:
            self._pause_reading()

    def _refuse(self, refusal: Answer) -> None:
        """Answer what broke a bound once what came before it is answered; read nothing more from it."""
        self._last = True
        self._queue.append(Request(self, b"", b"", "1.1", [], b"", False, refusal))
        self._advance()

    def _linger(self, refusal: Answer) -> None:
        """Closing at once would make the system cut the connection before the refusal is read."""
        self._active = None
        self._queue.clear()
        self._due_at = self._listener.loop.time() + LINGER_SECONDS
        transport = self._transport
        if transport is not None:
            transport.write(refusal.last)
            if transport.can_write_eof():
                transport.write_eof()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _pause_reading(self) -> None:
        if not self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
