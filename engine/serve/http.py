"""Requests and answers of the daemon's own listener: read once, finished once, written as prebuilt bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

from engine.base.identity import json_bytes

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


def status_line(status: int) -> bytes:
    """The first line of an answer."""
    return b"HTTP/1.1 %d %b\r\n" % (status, _PHRASES.get(status, b""))


class Answer:
    """One finished JSON answer. ``wire`` are its bytes, ``last`` the same where the connection ends with it."""

    __slots__ = ("last", "status", "wire")

    def __init__(self, status: int, content: Any, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        body = content if isinstance(content, bytes) else json_bytes(content)
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        head = b"%bcontent-type: application/json\r\ncontent-length: %d\r\n%b" % (status_line(status), len(body), lines)
        self.status = status
        self.wire = b"%b\r\n%b" % (head, body)
        self.last = b"%bconnection: close\r\n\r\n%b" % (head, body)


class Connection(Protocol):
    """What a request needs of the connection it came in by."""

    def write(self, content: bytes) -> None:
        """Write a part of the answer; nothing happens if the other side is gone."""
        ...

    def finish(self, *, keep: bool) -> None:
        """The answer is complete: go on with the next request, or close."""
        ...

    def abort(self) -> None:
        """Cut the connection: the answer cannot be completed."""
        ...

    async def drain(self) -> None:
        """Wait while the other side reads too slowly."""
        ...

    async def wait_closed(self) -> None:
        """Wait until the other side is gone."""
        ...

    @property
    def peer(self) -> tuple[str, int] | None: ...


class Request:
    """One request, complete. Exactly one answer belongs to it. ``refusal`` is set where it broke a bound.

    The names of ``headers`` are in lower case.
    """

    __slots__ = ("body", "connection", "headers", "is_answered", "keep_alive", "method", "refusal", "target", "version")

    def __init__(
        self, connection: Connection, method: bytes, target: bytes, version: str, headers: RawHeaders, body: bytes,
        keep_alive: bool, refusal: Answer | None = None,
    ) -> None:  # fmt: skip
        self.connection = connection
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.body = body
        self.keep_alive = keep_alive
        self.refusal = refusal
        self.is_answered = False

    def answer(self, answer: Answer) -> None:
        """Send the answer and go on; a second one is left aside."""
        if self.is_answered:
            return
        self.is_answered = True
        keep = self.keep_alive
        wire = answer.wire if keep else answer.last
        if self.method == b"HEAD":  # a body would be taken for the next answer
            wire = wire[: wire.index(b"\r\n\r\n") + 4]
        self.connection.write(wire)
        self.connection.finish(keep=keep)

    def read_headers(self, wanted: Collection[bytes]) -> dict[str, str]:
        """The wanted headers by lower-case name; the last one wins."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers if name in wanted}

    def all_headers(self) -> dict[str, str]:
        """Every header by lower-case name; the last one wins."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
