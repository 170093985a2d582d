"""A way out that leads to a sandbox on this machine, whatever the address, and waits for nobody who will not answer."""

from __future__ import annotations

import asyncio

from engine.base.errors import ErrorClass, Failure
from engine.connect.http_message import HttpReply, Origin, split_url
from engine.connect.sandbox import Sandbox
from engine.connect.transport import Http


class Detour(Http):
    """The way out of a connector that is tried on a sandbox in this process. Where the sandbox is not going to answer,
    the time-out comes at once: how fast the machine is has no part in what is found."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(("127.0.0.1",), concurrency=32)
        self._sandbox = sandbox

    def origin(self, url: str) -> tuple[Origin, str]:
        _, target = split_url(url)
        return Origin("http", "127.0.0.1", self._sandbox.port), target

    async def send(self, origin: Origin, request: bytes, *, total_seconds: float | None = None) -> HttpReply:
        quiet = self._sandbox.quiet
        answer = asyncio.ensure_future(super().send(origin, request, total_seconds=total_seconds))
        silence = asyncio.ensure_future(quiet.wait())
        await asyncio.wait((answer, silence), return_when=asyncio.FIRST_COMPLETED)
        silence.cancel()
        if answer.done():
            return answer.result()
        quiet.clear()
        answer.cancel()
        await asyncio.wait((answer,))
        raise Failure(ErrorClass.UNKNOWN_OUTCOME, f"{origin.host} did not answer in time", detail="sent")
