"""One HTTP/1.1 connection: writes one request at a time, reads its reply, says honestly how it ended.

Once a request's first byte is handed to the socket nobody can know how much the other side saw. From there on
every end without a readable reply is Failure(unknown_outcome).
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import cast

import httptools

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen
from engine.connect.http_message import HttpReply, decoded_body

_HEAD_SIZE_MAX = 65_536
_HEADER_COUNT_MAX = 200
#: A connection that rested longer than this is asked whether the other side has hung up before it is used again.
_RECHECK_SECONDS = 0.5


@frozen
class Limits:
    """Bounds of one exchange. Seconds; bytes for ``reply_size_max`` (after decompression, too)."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    total_seconds: float = 30.0
    keep_alive_seconds: float = 4.0
    reply_size_max: int = 8_388_608


class Wire(asyncio.Protocol):
    """One open connection. ``on_free`` is called when it can take the next request, ``on_gone`` when it is closed."""

    __slots__ = (
        "_body",
        "_body_size",
        "_coding",
        "_deadline",
        "_framed",
        "_head_done",
        "_head_size",
        "_headers",
        "_host",
        "_limits",
        "_loop",
        "_on_free",
        "_on_gone",
        "_parser",
        "_quiet_until",
        "_rested_since",
        "_surplus",
        "_timer",
        "_timer_at",
        "_transport",
        "_waiting",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        limits: Limits,
        on_free: Callable[[Wire], None],
        on_gone: Callable[[Wire], None],
    ) -> None:
        self._loop = loop
        self._host = host
        self._limits = limits
        self._on_free = on_free
        self._on_gone = on_gone
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[HttpReply] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._deadline = 0.0
        self._quiet_until = 0.0
        self._rested_since = 0.0
        self._surplus = False
        self._start_reply()

    # ------------------------------------------------------------------ used by the pool

    def usable(self) -> bool:
        """Whether a request may be written: still open, as far as this side can tell."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._surplus:
            return False
        if self._loop.time() - self._rested_since < _RECHECK_SECONDS:
            return True
        return not self._has_unread(transport)

    async def exchange(self, request: bytes, total_seconds: float) -> HttpReply:
        """Write the request and wait for the reply. Raises Failure."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Failure(ErrorClass.TRANSIENT, f"{self._host} has closed the connection", detail="not sent")
        now = self._loop.time()
        self._deadline = now + total_seconds
        self._quiet_until = now + self._limits.read_seconds
        waiting: asyncio.Future[HttpReply] = self._loop.create_future()
        self._waiting = waiting
        self._arm(min(self._deadline, self._quiet_until))
        transport.write(request)
        try:
            return await waiting
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """Close at once; a pending exchange ends as unknown."""
        if self._transport is not None:
            self._transport.abort()

    def rest(self) -> None:
        """Nothing is asked for now; close by itself after the keep-alive time."""
        self._rested_since = now = self._loop.time()
        if self._timer is None:
            self._arm(now + self._limits.keep_alive_seconds)

    # ------------------------------------------------------------------ called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rested_since = self._loop.time()

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:
            self.abort()  # nothing was asked: whatever this is, the next reply could be taken for another
            return
        self._head_size += len(data)
        self._quiet_until = self._loop.time() + self._limits.read_seconds
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("sent an answer that is not HTTP")
            return
        if self._surplus:
            self.abort()
        elif not self._head_done and self._head_size > _HEAD_SIZE_MAX:
            self._fail("sent an answer with an oversized head")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = self._waiting
        if waiting is not None:
            if self._head_done and not self._framed and error is None:
                self._complete(keep=False)
            else:
                self._fail("closed the connection without an answer")
        self._on_gone(self)

    # ------------------------------------------------------------------ called by the parser

    def on_message_begin(self) -> None:
        if self._waiting is None:
            self._surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._headers
        headers.append((name, value))
        if len(headers) > _HEADER_COUNT_MAX:
            self._fail("sent an answer with too many headers")
            return
        length = len(name)
        if length == 14:
            if name.lower() == b"content-length":
                self._framed = True
        elif length == 16:
            if name.lower() == b"content-encoding":
                self._coding = value
        elif length == 17 and name.lower() == b"transfer-encoding":
            self._framed = True

    def on_headers_complete(self) -> None:
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > self._limits.reply_size_max:
            self._fail("sent an answer that is too large")
        elif self._waiting is not None:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._start_reply()  # an interim answer; the real one follows
            return
        self._complete(keep=self._parser.should_keep_alive())

    # ------------------------------------------------------------------ inside

    def _start_reply(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._body_size = 0
        self._head_size = 0
        self._head_done = False
        self._framed = False
        self._coding = b""

    def _complete(self, *, keep: bool) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if self._coding:
            try:
                body = decoded_body(self._coding, body, self._limits.reply_size_max)
            except ValueError as error:
                self._fail(str(error))
                return
        self._waiting = None
        if not waiting.done():
            waiting.set_result(HttpReply(self._parser.get_status_code(), tuple(self._headers), body))
        self._start_reply()
        if keep and self._transport is not None and not self._transport.is_closing():
            self._on_free(self)
        else:
            self.abort()

    def _fail(self, what: str) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Failure(ErrorClass.UNKNOWN_OUTCOME, f"{self._host} {what}", detail="sent"))
        self.abort()

    def _arm(self, moment: float) -> None:
        """See that the timer fires no later than ``moment``. One timer serves many exchanges: arming it anew for
        each would cost more than everything else here."""
        if self._timer is not None:
            if self._timer_at <= moment:
                return
            self._timer.cancel()
        self._timer_at = moment
        self._timer = self._loop.call_at(moment, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._waiting is None:
            closes_at = self._rested_since + self._limits.keep_alive_seconds
            if now >= closes_at:
                self.abort()
            else:
                self._arm(closes_at)
            return
        due = min(self._deadline, self._quiet_until)
        if now >= due:
            self._fail("did not answer in time")
        else:
            self._arm(due)

    @staticmethod
    def _has_unread(transport: asyncio.Transport) -> bool:
        """Whether the other side has sent or closed something that the event loop has not told yet."""
        socket = transport.get_extra_info("socket")
        if socket is None:
            return True
        poll = select.poll()
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))
