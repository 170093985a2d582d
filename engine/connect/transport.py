"""The one way out: a keep-alive HTTP/1.1 client that reaches only the hosts its connection lists.

It never follows a redirect, never reads proxies from the environment and never repeats a request. Its errors
tell two cases apart, and nothing else about the effect protocol depends on them:

- ``detail == "not sent"``: no byte of the request left this machine (class transient or config);
- class unknown_outcome: bytes left, and no readable answer came.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import partial

from engine.base.errors import ErrorClass, Failure
from engine.connect.addresses import HostRules, Resolver, as_address, system_resolver
from engine.connect.http_message import (
    HttpReply,
    Origin,
    checked_target,
    header_block,
    request_bytes,
    split_url,
)
from engine.connect.wire import Limits, Wire

NOT_SENT = "not sent"


def _always() -> bool:
    return True


#: Asked once a connection was waited for: whether what this task sends may still leave. A process that stood still
#: meanwhile may have lost its right to, and another one may be at the same work.
may_leave: ContextVar[Callable[[], bool]] = ContextVar("may_leave", default=_always)


class _Pool:
    """The connections to one origin: at most ``size`` open, the most recently used first."""

    __slots__ = ("idle", "opened", "origin", "size", "waiters", "wires")

    def __init__(self, origin: Origin, size: int) -> None:
        self.origin = origin
        self.size = size
        self.opened = 0
        self.idle: list[Wire] = []
        self.wires: set[Wire] = set()
        self.waiters: deque[asyncio.Future[None]] = deque()

    def take(self) -> Wire | None:
        """An open connection that is free, or None."""
        while self.idle:
            wire = self.idle.pop()
            if wire.usable():
                return wire
            wire.abort()
        return None

    def wake_one(self) -> None:
        while self.waiters:
            waiter = self.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def free(self, wire: Wire) -> None:
        self.idle.append(wire)
        wire.rest()
        self.wake_one()

    def gone(self, wire: Wire) -> None:
        if wire in self.wires:
            self.wires.discard(wire)
            self.opened -= 1
            if wire in self.idle:
                self.idle.remove(wire)
            self.wake_one()


class Http:
    """The HTTP client of one connection. Belongs to the event loop it is first used in."""

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        limits: Limits | None = None,
        concurrency: int = 8,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = HostRules(hosts)
        self._limits = limits or Limits()
        self._concurrency = concurrency
        self._resolver = resolver
        self._tls = tls
        self._pools: dict[Origin, _Pool] = {}
        self._closed = False

    @property
    def limits(self) -> Limits:
        return self._limits

    def origin(self, url: str) -> tuple[Origin, str]:
        """The checked origin and the target of a URL. Raises Failure(config) if it may not be reached."""
        origin, target = split_url(url)
        self._rules.check_origin(origin.scheme, origin.host, origin.port)
        return origin, target

    async def request(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        total_seconds: float | None = None,
    ) -> HttpReply:
        """Send one request and return its answer, whatever its status. Raises Failure (see the module's text)."""
        origin, target = self.origin(url)
        lines = header_block(origin, [*headers, ("accept-encoding", "gzip, deflate")])
        return await self.send(
            origin, request_bytes(method, checked_target(target), lines, body), total_seconds=total_seconds
        )

    async def send(self, origin: Origin, request: bytes, *, total_seconds: float | None = None) -> HttpReply:
        """Send a finished request (:func:`engine.connect.http_message.request_bytes`) to an origin from
        :meth:`origin`. The hot path."""
        pool = self._pools.get(origin)
        wire = pool.take() if pool is not None and not pool.waiters else None
        if wire is None:
            wire = await self._acquire(origin)
            if not may_leave.get()():
                self._pools[origin].free(wire)
                raise Failure(
                    ErrorClass.TRANSIENT, "too late: another process may have taken over the work", detail=NOT_SENT
                )
        return await wire.exchange(request, self._limits.total_seconds if total_seconds is None else total_seconds)

    async def reach(self, origin: Origin) -> None:
        """Open a connection and keep it for the next request. Raises Failure if none can be opened."""
        wire = await self._acquire(origin)
        self._pools[origin].free(wire)

    async def close(self) -> None:
        """Close every connection. Pending requests end as unknown; nothing can be sent afterwards."""
        self._closed = True
        for pool in self._pools.values():
            for wire in list(pool.wires):
                wire.abort()
            while pool.waiters:
                pool.wake_one()
        await asyncio.sleep(0)

    async def _acquire(self, origin: Origin) -> Wire:
        pool = self._pools.get(origin)
        if pool is None:
            self._rules.check_origin(origin.scheme, origin.host, origin.port)
            pool = self._pools[origin] = _Pool(origin, self._concurrency)
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                while True:
                    if self._closed:
                        raise Failure(ErrorClass.TRANSIENT, "the connection is being closed", detail=NOT_SENT)
                    wire = pool.take()
                    if wire is not None:
                        return wire
                    if pool.opened < pool.size:
                        return await self._open(pool)
                    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    pool.waiters.append(waiter)
                    try:
                        await waiter
                    except asyncio.CancelledError:
                        if waiter.done() and not waiter.cancelled():
                            pool.wake_one()  # the place that was given to us goes to the next
                        raise
        except TimeoutError as error:
            raise Failure(
                ErrorClass.TRANSIENT, f"no connection to {origin.host} became free in time", detail=NOT_SENT
            ) from error

    async def _open(self, pool: _Pool) -> Wire:
        pool.opened += 1
        try:
            wire = await self._connect(pool)
        except BaseException:  # cancellation included: the place must be given back
            pool.opened -= 1
            pool.wake_one()
            raise
        if not wire.usable():
            pool.opened -= 1
            pool.wake_one()
            raise Failure(ErrorClass.TRANSIENT, f"{pool.origin.host} hung up at once", detail=NOT_SENT)
        pool.wires.add(wire)
        return wire

    async def _connect(self, pool: _Pool) -> Wire:
        origin = pool.origin
        loop = asyncio.get_running_loop()
        factory = partial(Wire, loop, origin.host, self._limits, pool.free, pool.gone)
        tls = self._tls_context() if origin.scheme == "https" else None
        refused: OSError | None = None
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                for address in await self._addresses(origin):
                    try:
                        _, wire = await loop.create_connection(
                            factory, address, origin.port, ssl=tls, server_hostname=origin.host if tls else None
                        )
                    except ssl.SSLCertVerificationError as error:
                        raise Failure(
                            ErrorClass.CONFIG, f"the certificate of {origin.host} is not trusted", detail=NOT_SENT
                        ) from error
                    except OSError as error:
                        refused = error
                    else:
                        return wire
        except TimeoutError as error:
            raise Failure(
                ErrorClass.TRANSIENT, f"{origin.host} did not accept a connection in time", detail=NOT_SENT
            ) from error
        raise Failure(ErrorClass.TRANSIENT, f"{origin.host} does not accept connections", detail=NOT_SENT) from refused

    async def _addresses(self, origin: Origin) -> Sequence[str]:
        """The addresses to connect to, every one of them checked."""
        if as_address(origin.host) is not None:
            addresses: Sequence[str] = [origin.host]
        else:
            try:
                addresses = await self._resolver(origin.host, origin.port)
            except OSError as error:
                raise Failure(
                    ErrorClass.TRANSIENT, f"the name {origin.host} cannot be resolved", detail=NOT_SENT
                ) from error
        self._rules.check_addresses(origin.host, addresses)
        return addresses

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls
