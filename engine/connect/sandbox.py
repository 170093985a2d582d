"""The frame of a connector's sandbox: a small HTTP server on the machine that can be told to fail.

A sandbox says in :meth:`Sandbox.answer` what the vendor's server would do; everything about sockets and faults
is here. Faults are scripted in order, one per request; those for requests that change something and those for
reads are apart, so that a look-up can be let through.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field
from enum import StrEnum
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import httptools

from engine.base.identity import json_bytes
from engine.base.record import frozen


class Fault(StrEnum):
    """What happens to one request instead of the plain answer. ``COMMIT_…`` means that the change is made first."""

    HANG = "hang"
    DROP = "drop"
    SERVER_ERROR = "server_error"
    RATE_LIMIT = "rate_limit"
    UNAUTHORISED = "unauthorised"
    REFUSE = "refuse"
    COMMIT_HANG = "commit_hang"
    COMMIT_DROP = "commit_drop"
    COMMIT_SERVER_ERROR = "commit_server_error"
    COMMIT_GARBAGE = "commit_garbage"
    COMMIT_OVERSIZE = "commit_oversize"
    COMMIT_CUT_SHORT = "commit_cut_short"


@frozen
class SandboxRequest:
    """What arrived. Header names in lower case; ``query`` in order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    @property
    def changes(self) -> bool:
        return self.method not in {"GET", "HEAD"}


@frozen
class SandboxReply:
    """What goes back: ``body`` as bytes, or a JSON-like value."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


class Sandbox:
    """A server on 127.0.0.1. Subclasses give :meth:`answer`, and their own forms of refusals if they differ."""

    def __init__(self) -> None:
        self.faults: deque[Fault | None] = deque()
        self.read_faults: deque[Fault | None] = deque()
        self.requests: list[SandboxRequest] = []
        self.port = 0
        self.quiet = asyncio.Event()  # set when a request is not going to be answered; who waits for it clears it
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    # ------------------------------------------------------------------ what a vendor's sandbox says

    def answer(self, request: SandboxRequest) -> SandboxReply:
        """Do what the request says and answer it. Runs to its end before the next request is looked at."""
        raise KeyError(request.path)

    def refusal(self, fault: Fault) -> SandboxReply:
        """The vendor's form of a fault that is an answer."""
        status = {Fault.RATE_LIMIT: 429, Fault.UNAUTHORISED: 401, Fault.REFUSE: 422}.get(fault, 500)
        headers = {"retry-after": "7"} if fault is Fault.RATE_LIMIT else {}
        return SandboxReply(status, {"message": f"scripted: {fault.value}"}, headers)

    def is_change(self, request: SandboxRequest) -> bool:
        """Whether a request meets what is scripted for changes, or for reads."""
        return request.changes

    # ------------------------------------------------------------------ scripting and running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def script(self, *faults: Fault | str | None) -> None:
        """What the next requests that change something meet, in order; None is a plain answer."""
        self.faults.extend(_as_faults(faults))

    def script_reads(self, *faults: Fault | str | None) -> None:
        """The same for requests that only read."""
        self.read_faults.extend(_as_faults(faults))

    async def start(self, port: int = 0) -> None:
        """Listen, on any free port if ``port`` is 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cut()
        await asyncio.sleep(0)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve from a thread of its own while the block runs; gives the base URL."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), loop).result(10)
        try:
            yield self.url
        finally:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def take(self, connection: _Connection, request: SandboxRequest) -> None:
        """Answer one request that has fully arrived, or do to it what is scripted."""
        self.requests.append(request)
        script = self.faults if self.is_change(request) else self.read_faults
        fault = script.popleft() if script else None
        if fault is None:
            connection.reply(self.answer(request))
        elif fault is Fault.HANG:
            self.quiet.set()
        elif fault is Fault.DROP:
            connection.cut()
        elif fault.value.startswith("commit_"):
            self._answer_badly(connection, fault, self.answer(request))
        else:
            connection.reply(self.refusal(fault))

    def _answer_badly(self, connection: _Connection, fault: Fault, good: SandboxReply) -> None:
        if fault is Fault.COMMIT_HANG:
            self.quiet.set()
        elif fault is Fault.COMMIT_DROP:
            connection.cut()
        elif fault is Fault.COMMIT_SERVER_ERROR:
            connection.reply(self.refusal(fault))
        elif fault is Fault.COMMIT_GARBAGE:
            connection.reply(SandboxReply(good.status, b"<html>\xff not what was promised"))
        elif fault is Fault.COMMIT_OVERSIZE:
            connection.reply(SandboxReply(good.status, b"[" + b"0," * 6_000_000 + b"0]"))
        elif fault is Fault.COMMIT_CUT_SHORT:
            connection.write(b"HTTP/1.1 %d OK\r\ncontent-length: 5000\r\n\r\n{" % good.status)
            connection.close()


class _Connection(asyncio.Protocol):
    """One client connection of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._parser = httptools.HttpRequestParser(self)
        self._start()

    def _start(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sandbox._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 asyncio's signature
        self._sandbox._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.cut()

    def on_url(self, target: bytes) -> None:
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._target.decode("latin-1").partition("?")
        request = SandboxRequest(
            self._parser.get_method().decode(),
            "/".join(unquote(segment) for segment in path.split("/")),
            tuple(parse_qsl(query, keep_blank_values=True)),
            self._headers,
            b"".join(self._body),
        )
        self._start()
        self._sandbox.take(self, request)

    def reply(self, reply: SandboxReply) -> None:
        body = reply.body if isinstance(reply.body, bytes) else json_bytes(reply.body)
        headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.write(f"HTTP/1.1 {reply.status} Answer\r\n{lines}\r\n".encode("latin-1") + body)

    def write(self, content: bytes) -> None:
        self._transport.write(content)

    def close(self) -> None:
        self._transport.close()

    def cut(self) -> None:
        self._transport.abort()


class _Reader(Sandbox):
    """Takes requests and does nothing with them."""

    def take(self, connection: _Connection, request: SandboxRequest) -> None:  # noqa: ARG002 a sandbox's signature
        self.requests.append(request)


def read_request(raw: bytes) -> SandboxRequest:
    """The request that these bytes are, as a sandbox would see it arrive."""
    reader = _Reader()
    _Connection(reader).data_received(raw)
    return reader.requests[0]


def _as_faults(faults: Iterable[Fault | str | None]) -> Iterator[Fault | None]:
    return (None if fault is None else Fault(fault) for fault in faults)
