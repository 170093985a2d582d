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
from engine.connect.sandbox import Fault

PASSWORD = "sandbox"  # noqa: S105 the password of a server that holds nothing
_TOKEN = "sandbox-session"  # noqa: S105


BUSY = "busy"
SLOW = "slow"
_STATUSES = {BUSY: 503, Fault.SERVER_ERROR: 500, Fault.RATE_LIMIT: 429, Fault.UNAUTHORISED: 401}


@dataclass(slots=True)
class Scripted:
    """What happens to the next ``count`` calls of a method: a fault of :class:`engine.connect.sandbox.Fault`, or
    ``busy`` (HTTP 503, nothing done) or ``slow`` (answered after ``seconds``)."""

    method: str
    fault: str
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
        self._scripted: deque[Scripted] = deque()
        self._kept = Kept(path, fsync)
        self.calls.books.replaying = True
        for line in self._kept.open():
            method, parameters, context = call_parts(line)
            self.calls.answer(method, parameters, context)
        self.calls.books.replaying = False

    def script(self, scripted: Scripted) -> None:
        """Let the next calls of a method fail."""
        self._scripted.append(scripted)

    def take_fault(self, method: str) -> Scripted | None:
        """The fault that the next call of a method meets."""
        for scripted in self._scripted:
            if scripted.method == method:
                scripted.count -= 1
                if scripted.count <= 0:
                    self._scripted.remove(scripted)
                return scripted
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
            self._sandbox.script(Scripted(**orjson.loads(body)))
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
        scripted = self._sandbox.take_fault(method)
        if scripted is not None:
            self._meet(scripted, method, parameters, context, body)
            return
        if method == "common.db.login":
            right = parameters == ["admin"] and context.get("password") == self._sandbox.password
            self._answer(200, result_body([1, _TOKEN, None])) if right else self._answer(401, b"")
            return
        if not authorization.startswith((b"Session ", b"Basic ")):
            self._answer(401, b"")
            return
        self._answer(*self._sandbox.execute(method, parameters, context, body))

    def _meet(
        self, scripted: Scripted, method: str, parameters: list[Any], context: dict[str, Any], body: bytes
    ) -> None:
        fault = scripted.fault
        if fault == Fault.DROP:
            self._drop()
        elif fault == Fault.REFUSE:
            self._answer(200, result_body(None, Refusal("UserError", "This was refused on demand.")))
        elif fault in _STATUSES:
            self._answer(_STATUSES[fault], b"")
        elif fault == SLOW:
            answer = self._sandbox.execute(method, parameters, context, body)
            self._loop.call_later(scripted.seconds, self._answer, *answer)
        elif fault != Fault.HANG:
            self._sandbox.execute(method, parameters, context, body)
            self._answer_badly(fault)

    def _answer_badly(self, fault: str) -> None:
        """After the commit: anything but a good answer. ``commit_hang`` is none at all."""
        if fault == Fault.COMMIT_DROP:
            self._drop()
        elif fault == Fault.COMMIT_SERVER_ERROR:
            self._answer(500, b"")
        elif fault == Fault.COMMIT_GARBAGE:
            self._answer(200, b"<html>\xff not what was promised")
        elif fault == Fault.COMMIT_OVERSIZE:
            self._answer(200, b"[" + b"0," * 6_000_000 + b"0]")
        elif fault == Fault.COMMIT_CUT_SHORT and self._transport is not None:
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{")
            self._transport.close()

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
