"""The connector of a system that only sends: it has a webhook and no operations, so there is nothing to ask of it."""

from __future__ import annotations

from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.connect.port import Call, LookUp, Rejected, Reply, Unclear


class ListeningConnector:
    """See :class:`engine.connect.port.Connector`. It opens no socket."""

    def __init__(self, name: str) -> None:
        self._nothing = f"the connector {name} has no operations: it only takes messages"

    async def perform(self, call: Call) -> Reply:  # noqa: ARG002 - the port's signature
        return Rejected(ErrorClass.CONFIG, self._nothing)

    async def look_up(self, call: Call) -> LookUp:  # noqa: ARG002 - the port's signature
        return Unclear(self._nothing, ErrorClass.CONFIG)

    async def read(self, operation: str, content: Any) -> Any:  # noqa: ARG002 - the port's signature
        raise Failure(ErrorClass.CONFIG, self._nothing)

    async def check(self) -> str:
        return "only takes messages; nothing to ask"

    async def close(self) -> None:
        """There is nothing to give back."""
