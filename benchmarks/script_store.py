"""The yardstick's durable part: six tables in SQLite, one writer thread, one commit for all that has queued up.

WAL with ``synchronous=FULL``. A group commits while the event loop fills the next one, so its size follows the
load and there is no timer. Every row that tells something has its entry in one SHA-256 chain.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeAlias

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrival (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, at INTEGER NOT NULL,
    digest TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS intent (
    effect TEXT PRIMARY KEY, event TEXT NOT NULL, at INTEGER NOT NULL, digest TEXT NOT NULL, request BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outcome (
    event TEXT PRIMARY KEY, effect TEXT, state TEXT NOT NULL, at INTEGER NOT NULL, receipt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lineage (
    event TEXT PRIMARY KEY, invoice TEXT NOT NULL, effect TEXT NOT NULL, document TEXT, number TEXT);
CREATE TABLE IF NOT EXISTS chain (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, digest TEXT NOT NULL, hash BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS lineage_number ON lineage (number);
CREATE INDEX IF NOT EXISTS intent_event ON intent (event);
"""
_GENESIS = b"\0" * 32

Row: TypeAlias = tuple[Any, ...]
#: Called on the loop after the commit; false means that the arrival was stored before.
OnStored: TypeAlias = Callable[[bool], None]


class Group:
    """What goes into one commit. ``calls`` are told in order, with the sequence number of their arrival or 0."""

    __slots__ = ("arrivals", "calls", "chain", "intents", "lineage", "outcomes")

    def __init__(self) -> None:
        self.arrivals: list[Row] = []
        self.intents: list[Row] = []
        self.outcomes: list[Row] = []
        self.lineage: list[Row] = []
        self.chain: list[tuple[int, str, str, str]] = []  # arrival's number or 0, kind, subject, digest
        self.calls: list[tuple[int, OnStored]] = []


class ScriptStore:
    """One database file. Used from the loop's thread; only the writer thread touches the connection later."""

    def __init__(self, path: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_SCHEMA)
        self._connection = connection
        self._arrival_seq = int(connection.execute("SELECT coalesce(max(seq), 0) FROM arrival").fetchone()[0])
        head = connection.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
        self._chain_seq: int = head[0] if head else 0
        self._chain_head: bytes = head[1] if head else _GENESIS
        self._group = Group()
        self._busy = False
        self._groups: SimpleQueue[Group | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = threading.Thread(target=self._write, name="writer")
        self._flush_due = False

    def unfinished(self) -> Sequence[tuple[str, str, bytes, bytes | None]]:
        """Id, key, body and recorded request (if any) of every arrival without an outcome, in order. Before start."""
        return self._connection.execute(
            "SELECT a.id, a.key, a.body, i.request FROM arrival a LEFT JOIN intent i ON i.event = a.id "
            "LEFT JOIN outcome o ON o.event = a.id WHERE o.event IS NULL ORDER BY a.seq"
        ).fetchall()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._writer.start()

    def stop(self) -> None:
        """Commit what is under way and close."""
        self._groups.put(self._group)
        self._groups.put(None)
        self._writer.join()

    def add_arrival(self, event: str, key: str, body: bytes, on_stored: OnStored) -> None:
        self._arrival_seq = seq = self._arrival_seq + 1
        digest = hashlib.sha256(body).hexdigest()
        group = self._group
        group.arrivals.append((seq, event, key, time.time_ns() // 1000, digest, body))
        group.chain.append((seq, "arrival", event, digest))
        group.calls.append((seq, on_stored))
        self._flush_soon()

    def add_intent(self, effect: str, event: str, request: bytes, on_stored: OnStored) -> None:
        digest = hashlib.sha256(request).hexdigest()
        group = self._group
        group.intents.append((effect, event, time.time_ns() // 1000, digest, request))
        group.chain.append((0, "intent", effect, digest))
        group.calls.append((0, on_stored))
        self._flush_soon()

    def add_outcome(
        self, event: str, effect: str | None, state: str, receipt: bytes, lineage: Row | None, on_stored: OnStored
    ) -> None:
        group = self._group
        group.outcomes.append((event, effect, state, time.time_ns() // 1000, receipt))
        if lineage is not None:
            group.lineage.append(lineage)
        group.chain.append((0, "outcome", event, hashlib.sha256(receipt).hexdigest()))
        group.calls.append((0, on_stored))
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._busy and not self._flush_due and self._loop is not None:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if not self._busy and self._group.calls:
            self._busy = True
            group, self._group = self._group, Group()
            self._groups.put(group)

    def _on_committed(self, group: Group, duplicates: set[int]) -> None:
        self._busy = False
        self._flush()
        for seq, on_stored in group.calls:
            on_stored(seq not in duplicates)
        self._flush_soon()

    # ------------------------------------------------------------------ writer thread

    def _write(self) -> None:
        while (group := self._groups.get()) is not None:
            try:
                duplicates = self._commit(group)
            except sqlite3.Error:
                # Nothing may go on that rests on this commit; the next start takes up what the file holds.
                traceback.print_exc()
                os._exit(70)
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._on_committed, group, duplicates)
        self._connection.close()

    def _commit(self, group: Group) -> set[int]:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        duplicates: set[int] = set()
        if group.arrivals:
            cursor.executemany("INSERT INTO arrival VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING", group.arrivals)
            if cursor.rowcount != len(group.arrivals):
                first = group.arrivals[0][0]
                stored = {row[0] for row in cursor.execute("SELECT seq FROM arrival WHERE seq >= ?", (first,))}
                duplicates = {row[0] for row in group.arrivals} - stored
        if group.intents:
            cursor.executemany("INSERT INTO intent VALUES (?,?,?,?,?)", group.intents)
        if group.outcomes:
            cursor.executemany("INSERT INTO outcome VALUES (?,?,?,?,?)", group.outcomes)
        if group.lineage:
            cursor.executemany("INSERT INTO lineage VALUES (?,?,?,?,?)", group.lineage)
        cursor.executemany("INSERT INTO chain VALUES (?,?,?,?,?)", self._chained(group, duplicates))
        cursor.execute("COMMIT")
        return duplicates

    def _chained(self, group: Group, duplicates: set[int]) -> list[Row]:
        rows: list[Row] = []
        seq, head = self._chain_seq, self._chain_head
        for arrival, kind, subject, digest in group.chain:
            if arrival in duplicates:
                continue
            seq += 1
            head = _link(head, seq, kind, subject, digest)
            rows.append((seq, kind, subject, digest, head))
        self._chain_seq, self._chain_head = seq, head
        return rows


def _link(head: bytes, seq: int, kind: str, subject: str, digest: str) -> bytes:
    return hashlib.sha256(head + f"{seq}|{kind}|{subject}|{digest}".encode()).digest()


def verify_chain(path: str) -> int:
    """Recompute the chain of a database; the number of its entries. Raises ValueError at the first broken one."""
    head = _GENESIS
    count = 0
    connection = sqlite3.connect(path)
    try:
        for seq, kind, subject, digest, stored in connection.execute("SELECT * FROM chain ORDER BY seq"):
            count += 1
            head = _link(head, seq, kind, subject, digest)
            if seq != count or head != stored:
                raise ValueError(f"the chain breaks at entry {count}")
    finally:
        connection.close()
    return count
