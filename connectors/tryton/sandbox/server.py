"""The sandbox's HTTP: one protocol object per connection, faults on demand, committed calls kept in a file."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httptools
import orjson

from connectors.tryton.protocol import Refusal, call_parts, result_body
from connectors.tryton.sandbox.calls import Calls, UnknownMethod
from engine.base.clock import Clock

PASSWORD = "sandbox"  # noqa: S105 the password of a server that holds nothing
_TOKEN = "sandbox-session"  # noqa: S105


@dataclass(slots=True)
class Fault:
    """What happens to the next calls of a method. ``count`` calls are met; ``seconds`` is for ``slow``.

    ``silent``: committed, and never answered. ``cut``: committed, and the connection closed. ``lost``: closed before
    anything was done. ``busy``: HTTP 503. ``broken``: HTTP 500 after the commit. ``slow``: answered late.
    ``expired``: HTTP 401, the session is too old.
    """

    method: str
    action: str
    count: int = 1
    seconds: float = 0.0


@dataclass(slots=True)
class Kept:
    """The append-only file of committed calls. A call is in it before it is answered."""

    path: Path | None
    fsync: bool = False
    _file: int = field(default=-1)

    def open(self) -> list[bytes]:
        """The calls kept so far; the file is open for more afterwards. A torn last line is cut off."""
        if self.path is None:
            return []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        content = self.path.read_bytes()
        whole = content.rpartition(b"\n")[0]
        os.ftruncate(self._file, len(whole) + 1 if whole else 0)
        return whole.split(b"\n") if whole else []

    def append(self, body: bytes) -> None:
        """Keep one call; its body is one line."""
        if self._file >= 0:
            os.write(self._file, body + b"\n")
            if self.fsync:
                os.fdatasync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Sandbox:
    """The state behind every connection."""

    def __init__(
        self,
        clock: Clock,
        path: Path | None = None,
        *,
        fsync: bool = False,
        close_each: bool = False,
        password: str = PASSWORD,
    ) -> None:
        self.calls = Calls(clock)
        self.close_each = close_each
        self.password = password
        self.requests = 0
        self.connections: set[asyncio.Transport] = set()
        self._faults: deque[Fault] = deque()
        self._kept = Kept(path, fsync)
        self.calls.books.replaying = True
        for line in self._kept.open():
            method, parameters, context = call_parts(line)
            self.calls.answer(method, parameters, context)
        self.calls.books.replaying = False

    def add_fault(self, fault: Fault) -> None:
        """Let the next calls of a method fail."""
        self._faults.append(fault)

    def take_fault(self, method: str) -> Fault | None:
        """The fault that the next call of a method meets."""
        for fault in self._faults:
            if fault.method == method:
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def execute(self, method: str, parameters: list[Any], context: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        """Do a call and keep it; the status and body of its answer."""
        try:
            result = self.calls.answer(method, parameters, context)
        except Refusal as refusal:
            return 200, result_body(None, refusal)
        except UnknownMethod:
            return 403, b""
        if self.calls.changes(method):
            self._kept.append(body)
        return 200, result_body(result)

    def close(self) -> None:
        """Close every connection and the file."""
        for transport in list(self.connections):
            transport.abort()
        self._kept.close()


class SandboxProtocol(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(self, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self._sandbox = sandbox
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._reset()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sandbox.connections.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._transport is not None:
            self._sandbox.connections.discard(self._transport)
            self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._drop()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        url, body, authorization = self._url, b"".join(self._body), self._authorization
        self._reset()
        self._sandbox.requests += 1
        if url.startswith(b"/sandbox/"):
            self._control(url, body)
        else:
            self._call(body, authorization)

    def _reset(self) -> None:
        self._url = b""
        self._body: list[bytes] = []
        self._authorization = b""

    def _control(self, url: bytes, body: bytes) -> None:
        if url == b"/sandbox/faults":
            self._sandbox.add_fault(Fault(**orjson.loads(body)))
            self._answer(200, b"{}")
        elif url == b"/sandbox/counts":
            counts = {**self._sandbox.calls.counts(), "requests": self._sandbox.requests}
            self._answer(200, orjson.dumps(counts))
        else:
            self._answer(404, b"")

    def _call(self, body: bytes, authorization: bytes) -> None:
        try:
            method, parameters, context = call_parts(body)
        except (ValueError, KeyError, TypeError, IndexError):
            self._answer(422, b"")
            return
        if method == "common.db.login":
            right = parameters == ["admin"] and context.get("password") == self._sandbox.password
            self._answer(200, result_body([1, _TOKEN, None])) if right else self._answer(401, b"")
            return
        if not authorization.startswith((b"Session ", b"Basic ")):
            self._answer(401, b"")
            return
        fault = self._sandbox.take_fault(method)
        if fault is None:
            self._answer(*self._sandbox.execute(method, parameters, context, body))
        else:
            self._meet(fault, method, parameters, context, body)

    def _meet(self, fault: Fault, method: str, parameters: list[Any], context: dict[str, Any], body: bytes) -> None:
        if fault.action == "lost":
            self._drop()
        elif fault.action == "busy":
            self._answer(503, b"")
        elif fault.action == "expired":
            self._answer(401, b"")
        elif fault.action == "slow":
            answer = self._sandbox.execute(method, parameters, context, body)
            self._loop.call_later(fault.seconds, self._answer, *answer)
        else:
            self._sandbox.execute(method, parameters, context, body)
            if fault.action == "cut":
                self._drop()
            elif fault.action == "broken":
                self._answer(500, b"")

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, status: int, body: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        closing = b"connection: close\r\n" if self._sandbox.close_each else b""
        head = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n"
        transport.write(head % (status, closing, len(body)) + body)
        if self._sandbox.close_each:
            transport.close()


async def serve(sandbox: Sandbox, port: int) -> asyncio.Server:
    """Listen on loopback."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SandboxProtocol(sandbox, loop), "127.0.0.1", port)
