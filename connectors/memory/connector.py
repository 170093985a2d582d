"""The store in memory and its scripted faults."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.base.clock import Clock
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import digest_bytes
from engine.connect import (
    Absent,
    Call,
    Confirmed,
    Document,
    Found,
    Http,
    LookUp,
    Manifest,
    Receipt,
    Rejected,
    Reply,
    Settings,
    Unclear,
    Unknown,
)


class Fault(StrEnum):
    """What the next call meets instead of a plain success."""

    REFUSED = "refused"  # nothing written, nothing sent: Rejected(transient)
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"  # nothing written: Rejected(data)
    AUTH = "auth"
    LOST = "lost"  # nothing written, and nobody can say so: Unknown
    COMMITTED_AND_LOST = "committed_and_lost"  # written, and nobody can say so: Unknown
    UNREACHABLE = "unreachable"  # for a look-up: Unclear


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that was kept."""

    number: int
    operation: str
    key: str
    digest: str
    content: Any


@dataclass
class MemoryStore:
    """What one system in memory holds. Give the same store to several connectors to outlive one of them."""

    refuses_duplicates: bool = True
    documents: list[Kept] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    look_up_faults: deque[Fault | None] = field(default_factory=deque)

    def script(self, faults: Iterable[Fault | str | None]) -> None:
        """What the next calls meet, in order; None is a plain success."""
        self.faults.extend(None if fault is None else Fault(fault) for fault in faults)

    def under(self, key: str) -> list[Kept]:
        """The documents that were made under a key."""
        return [kept for kept in self.documents if kept.key == key]

    def keep(self, call: Call) -> tuple[Kept, bool]:
        """The document of a call, and whether it was there already."""
        known = self.under(call.external_key)
        if known and self.refuses_duplicates:
            return known[0], True
        kept = Kept(len(self.documents) + 1, call.operation, call.external_key, digest_bytes(call.raw), call.content)
        self.documents.append(kept)
        return kept, False


_REFUSALS: dict[Fault, tuple[ErrorClass, str]] = {
    Fault.REFUSED: (ErrorClass.TRANSIENT, "the system does not accept connections"),
    Fault.RATE_LIMITED: (ErrorClass.RATE_LIMITED, "the system asks for fewer requests"),
    Fault.REJECTED: (ErrorClass.DATA, "the system refuses the document"),
    Fault.AUTH: (ErrorClass.AUTH, "the system does not accept the credentials"),
}


class MemoryConnector:
    """See :class:`engine.connect.Connector`."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    async def perform(self, call: Call) -> Reply:
        self.store.calls.append(call)
        fault = self.store.faults.popleft() if self.store.faults else None
        if fault in _REFUSALS:
            error_class, message = _REFUSALS[fault]
            return Rejected(error_class, message)
        if fault is not None and fault is not Fault.COMMITTED_AND_LOST:
            return Unknown("the system did not answer")
        known = self.store.under(call.external_key)
        if known and self.store.refuses_duplicates and known[0].digest != digest_bytes(call.raw):
            return Rejected(ErrorClass.CONFLICT, "the system has other content under the same key")
        kept, there = self.store.keep(call)
        if fault is Fault.COMMITTED_AND_LOST:
            return Unknown("the system did not answer")
        return Confirmed(_receipt(kept), duplicate=there)

    async def look_up(self, call: Call) -> LookUp:
        fault = self.store.look_up_faults.popleft() if self.store.look_up_faults else None
        if fault is not None:
            return Unclear("the system cannot be reached")
        known = self.store.under(call.external_key)
        if not known:
            return Absent()
        differs = known[0].digest != digest_bytes(call.raw)
        return Found(_receipt(known[0]), "the content differs from what was sent" if differs else "")

    async def read(self, operation: str, content: Any) -> Any:
        if operation != "document.read":
            raise Failure(ErrorClass.CONFIG, f"the connector has no read operation {operation!r}")
        wanted = content.get("key") if isinstance(content, dict) else None
        return [
            {"id": f"doc_{kept.number}", "operation": kept.operation, "key": kept.key, "content": kept.content}
            for kept in self.store.documents
            if wanted is None or kept.key == wanted
        ]

    async def check(self) -> str:
        return f"in memory, with {len(self.store.documents)} documents"

    async def close(self) -> None:
        return None


def _receipt(kept: Kept) -> Receipt:
    return Receipt(Document(f"doc_{kept.number}", f"M-{kept.number:06d}", "posted"))


_STORES: dict[str, MemoryStore] = {}


def store_of(connection: str) -> MemoryStore:
    """The store behind a connection of this process."""
    return _STORES.setdefault(connection, MemoryStore())


def forget_stores() -> None:
    """Let the process begin anew: connections that open from now on find empty stores."""
    _STORES.clear()


def open(manifest: Manifest, settings: Settings, http: Http, clock: Clock) -> MemoryConnector:
    """The connector of a connection; connections of one name share a store within the process."""
    del manifest, http, clock
    return MemoryConnector(store_of(settings.connection))
