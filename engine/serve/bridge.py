"""Runs an ASGI application behind the daemon's own listener: the console, the API, health and metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from engine.serve.http import Receive, Request, Scope, Send, status_line

log = logging.getLogger("tieout.server")

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Bridge:
    """One application, one task per request."""

    def __init__(self, application: Application, loop: asyncio.AbstractEventLoop) -> None:
        self._application = application
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, request: Request) -> None:
        """Have the application answer."""
        task = self._loop.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _run(self, request: Request) -> None:
        exchange = _Exchange(request)
        try:
            await self._application(scope_of(request), exchange.receive, exchange.send)
        finally:
            if not exchange.is_complete:
                request.connection.abort()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("request_failed", extra={"reason": repr(error)})


def scope_of(request: Request) -> Scope:
    """The ASGI scope of a request."""
    raw_path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.version,
        "method": request.method.decode("latin-1"),
        "scheme": "http",
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": request.connection.peer,
        "server": None,
        "state": {},
    }


class _Exchange:
    """The two channels of one request and its answer."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_read = False
        self._head: bytes | None = None  # not written yet
        self._is_chunked = False
        self._has_length = False
        self._is_bodiless = False
        self._keep = request.keep_alive
        self.is_complete = False

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._is_read:
            self._is_read = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        if not self.is_complete:
            await self._request.connection.wait_closed()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            names = {name.lower() for name, _ in headers}
            self._has_length = b"content-length" in names
            lines = b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers)
            self._is_bodiless = message["status"] in (204, 304)
            self._head = status_line(message["status"]) + lines
            return
        if message["type"] != "http.response.body" or self.is_complete:
            return
        more = bool(message.get("more_body"))
        self._write_body(message.get("body", b""), more=more)
        if more:
            await self._request.connection.drain()
        else:
            self._request.connection.finish(keep=self._keep)

    def _write_body(self, body: bytes, *, more: bool) -> None:
        parts: list[bytes] = []
        if self._head is not None:
            parts.append(self._finished_head(self._head, body, more))
            self._head = None
        if self._request.method == b"HEAD":
            body = b""
        elif self._is_chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        parts.append(body)
        self.is_complete = not more
        self._request.connection.write(b"".join(parts))

    def _finished_head(self, head: bytes, body: bytes, more: bool) -> bytes:
        if not self._has_length and not self._is_bodiless:
            if not more:
                head += b"content-length: %d\r\n" % len(body)
            elif self._request.version == "1.1":
                self._is_chunked = True
                head += b"transfer-encoding: chunked\r\n"
            else:
                self._keep = False  # the end of the connection is the end of the answer
        return head + (b"\r\n" if self._keep else b"connection: close\r\n\r\n")
