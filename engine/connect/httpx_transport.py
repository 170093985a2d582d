"""The same transport under httpx, for everything that is not hot: ``httpx.AsyncClient(transport=...)``."""

from __future__ import annotations

import httpx

from engine.connect.http_message import checked_target, header_line, request_bytes
from engine.connect.transport import Http

_SELF_WRITTEN = frozenset({"content-length", "host", "connection", "transfer-encoding"})
_DECODED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class HttpxTransport(httpx.AsyncBaseTransport):
    """Hosts, addresses and bounds are those of ``http``; failures come out as Failure, not as httpx's errors.

    Use the client with ``follow_redirects=False`` (its default) or know that each hop is checked like a first one.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin, target = self._http.origin(str(request.url))
        body = await request.aread()
        lines = [header_line("host", origin.authority)]
        for name, value in request.headers.items():
            if name not in _SELF_WRITTEN and name != "accept-encoding":
                lines.append(header_line(name, value))
        lines.append(header_line("accept-encoding", "gzip, deflate"))
        timeout = request.extensions.get("timeout", {}).get("read")
        reply = await self._http.send(
            origin,
            request_bytes(request.method, checked_target(target), "".join(lines), body),
            total_seconds=timeout,
        )
        headers = [(name, value) for name, value in reply.raw_headers if name.lower() not in _DECODED]
        return httpx.Response(reply.status, headers=headers, content=reply.body)

    async def aclose(self) -> None:
        await self._http.close()
