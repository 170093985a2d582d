"""The audit chain: one per writer, appended in the transaction of the change it records.

``hash_n = SHA-256(0x01 | writer | seq | hash_(n-1) | entry)`` where ``entry`` are canonical JSON bytes. The
first entry of a chain (``genesis``) names the node and the heads of all earlier chains, so that dropping a
whole chain shows. A chain shows edits; a rewrite from the edit forward, and a cut-off tail, show only against
a checkpoint kept elsewhere (:mod:`engine.store.checkpoint`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.base.identity import canonical_bytes
from engine.store.batch import AuditEntry

VERSION = b"\x01"
START = b"\x00" * 32


def link_hash(writer: bytes, seq: int, previous: bytes, entry: bytes) -> bytes:
    """The hash of one entry, given the one before it."""
    return hashlib.sha256(b"%b%b|%d|%b%b" % (VERSION, writer, seq, previous, entry)).digest()


def stored_bytes(stored: Any) -> bytes:
    """What a column holds, also where somebody put something else than bytes into it."""
    return bytes(stored) if isinstance(stored, bytes | memoryview) else str(stored).encode(errors="surrogatepass")


class Chain:
    """The head of this writer's chain. ``append`` prepares rows; ``advance`` makes them the head after commit."""

    __slots__ = ("_head", "_pending", "_pending_seq", "_seq", "_writer", "writer")

    def __init__(self, writer: str, seq: int = 0, head: bytes = START) -> None:
        self.writer = writer
        self._writer = writer.encode()
        self._seq = self._pending_seq = seq
        self._head = self._pending = head

    def append(self, entries: Iterable[AuditEntry], at: int) -> list[tuple[str, int, bytes, bytes]]:
        """Rows for the audit table, following the last prepared one."""
        rows = []
        for entry in entries:
            content: dict[str, Any] = {
                "at": at,
                "key": entry.key,
                "kind": entry.kind,
                "partition": entry.partition,
                "subject": entry.subject,
                "token": entry.token,
                **entry.content,
            }
            raw = canonical_bytes(content)
            self._pending_seq += 1
            self._pending = link_hash(self._writer, self._pending_seq, self._pending, raw)
            rows.append((self.writer, self._pending_seq, raw, self._pending))
        return rows

    def advance(self) -> None:
        """The prepared rows are committed."""
        self._seq, self._head = self._pending_seq, self._pending

    def retreat(self) -> None:
        """The prepared rows were rolled back."""
        self._pending_seq, self._pending = self._seq, self._head

    def move_to(self, seq: int, head: bytes) -> None:
        """The store's own last entry of this writer is the head: a commit was made that was taken for lost."""
        self._seq = self._pending_seq = seq
        self._head = self._pending = head

    @property
    def head(self) -> tuple[int, bytes]:
        return self._seq, self._head

    @property
    def prepared_head(self) -> tuple[int, bytes] | None:
        """What the head will be after the commit; None if nothing is prepared."""
        return None if self._pending_seq == self._seq else (self._pending_seq, self._pending)


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where a chain does not hold."""

    writer: str
    seq: int
    reason: str


def verify_chain(writer: str, rows: Iterable[tuple[int, bytes, bytes]]) -> Iterator[Broken | tuple[int, bytes]]:
    """Walk one chain's ``(seq, entry, hash)`` rows in order of seq: yields the first break, or the head at the end."""
    raw = writer.encode()
    expected, previous = 1, START
    for seq, entry, stored in rows:
        if seq != expected:
            yield Broken(writer, expected, f"entry {expected} is missing: the next one stored is {seq}")
            return
        previous_hash = link_hash(raw, seq, previous, bytes(entry))
        if previous_hash != bytes(stored):
            yield Broken(writer, seq, f"entry {seq} was changed after it was written")
            return
        previous = previous_hash
        expected += 1
    yield expected - 1, previous
