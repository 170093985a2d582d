"""A minimal HTTP/1.1 client side on asyncio.Protocol: one keep-alive connection, one request at a time.

Used by the load generator and the yardstick. Understands replies with Content-Length only, which all the
servers that are measured send; anything else ends the connection and is reported as no answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, cast

#: Called with the status and the body; status 0 means that the connection ended without an answer.
OnReply: TypeAlias = Callable[[int, bytes], None]

_RECONNECT_SECONDS = 0.02


class Caller(asyncio.Protocol):
    """One connection. ``on_idle`` is called when it may take a request, ``on_gone`` when it is closed."""

    __slots__ = ("_buffer", "_on_gone", "_on_idle", "_on_reply", "_transport")

    def __init__(self, on_idle: Callable[[Caller], None], on_gone: Callable[[Caller], None]) -> None:
        self._on_idle = on_idle
        self._on_gone = on_gone
        self._on_reply: OnReply | None = None
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def send(self, request: bytes, on_reply: OnReply) -> None:
        """Write a request; ``on_reply`` is called exactly once."""
        self._on_reply = on_reply
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class derives from nothing
        self._on_idle(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        on_reply, self._on_reply = self._on_reply, None
        self._on_gone(self)
        if on_reply is not None:
            on_reply(0, b"")

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        size = _content_length(buffer[:end])
        if size is None:
            self._buffer = b""
            self.close()
            return
        if len(buffer) < end + 4 + size:
            self._buffer = buffer
            return
        self._buffer = b""
        on_reply, self._on_reply = self._on_reply, None
        if on_reply is not None:
            on_reply(int(buffer[9:12]), buffer[end + 4 :])
        if self._transport is not None and self._on_reply is None:
            self._on_idle(self)


def _content_length(head: bytes) -> int | None:
    at = head.find(b"Content-Length: ")
    if at < 0:
        at = head.lower().find(b"content-length: ")
    if at < 0:
        return None
    end = head.find(b"\r\n", at)
    return int(head[at + 16 : end if end > 0 else None])


class Pool:
    """Keep-alive connections to one server; requests wait in order when all are busy. Reconnects for ever."""

    __slots__ = ("_closed", "_host", "_idle", "_loop", "_pending", "_port", "_starting")

    def __init__(self, host: str, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._port = port
        self._idle: list[Caller] = []
        self._pending: deque[tuple[bytes, OnReply]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False

    def open(self, connections: int) -> None:
        """Begin to connect; requests may be sent at once."""
        for _ in range(connections):
            self._connect()

    def send(self, request: bytes, on_reply: OnReply) -> None:
        if self._idle:
            self._idle.pop().send(request, on_reply)
        else:
            self._pending.append((request, on_reply))

    def close(self) -> None:
        self._closed = True
        for caller in tuple(self._idle):
            caller.close()

    def _connect(self) -> None:
        starting = self._loop.create_task(self._connecting())
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    async def _connecting(self) -> None:
        while not self._closed:
            try:
                await self._loop.create_connection(lambda: Caller(self._on_idle, self._on_gone), self._host, self._port)
            except OSError:
                await asyncio.sleep(_RECONNECT_SECONDS)
            else:
                return

    def _on_idle(self, caller: Caller) -> None:
        if self._pending:
            caller.send(*self._pending.popleft())
        else:
            self._idle.append(caller)

    def _on_gone(self, caller: Caller) -> None:
        if caller in self._idle:
            self._idle.remove(caller)
        if not self._closed:
            self._connect()
