"""Checkpoints of the audit chains, kept outside the database, and the verification of both.

A chain alone shows edits; a rewrite from some entry onwards, or a cut-off tail, shows only against a list of
heads that was written down elsewhere. Each line of ``checkpoints.jsonl`` is such a list, signed with
HMAC-SHA256 by a key that only the daemon may read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from engine.base.crashpoint import reach
from engine.base.errors import UserError
from engine.base.identity import canonical_bytes
from engine.store import tables as t
from engine.store.audit import Broken, stored_bytes, verify_chain

FILE = "checkpoints.jsonl"
KEY_FILE = "audit.key"
TAIL_BYTES = 1 << 24  # longer than any checkpoint: about 100 bytes per process start


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What verification found: the chains with their lengths, and every break."""

    chains: dict[str, int]
    checkpoints: int
    broken: tuple[Broken, ...] = field(default=())

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "entries": sum(self.chains.values()),
            "chains": self.chains,
            "checkpoints": self.checkpoints,
            "broken": [{"writer": each.writer, "seq": each.seq, "reason": each.reason} for each in self.broken],
        }


def _key(state: Path, *, make: bool) -> bytes | None:
    path = state / KEY_FILE
    key = path.read_bytes() if path.exists() else b""
    if key or not make:
        return key or None  # an empty file is what a power failure may leave, and no key
    key = os.urandom(32)
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(handle)
    new.replace(path)  # whole or not at all: whoever knew a part of the key could sign checkpoints
    folder = os.open(state, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key


def _heads(connection: sa.Connection) -> dict[str, tuple[int, str]]:
    last = sa.select(t.audit.c.writer, sa.func.max(t.audit.c.seq).label("seq")).group_by(t.audit.c.writer).subquery()
    rows = connection.execute(
        sa.select(t.audit.c.writer, t.audit.c.seq, t.audit.c.hash).join(
            last, sa.and_(last.c.writer == t.audit.c.writer, last.c.seq == t.audit.c.seq)
        )
    )
    return {row[0]: (int(row[1]), stored_bytes(row[2]).hex()) for row in rows}


def _store_id(connection: sa.Connection) -> str:
    found = connection.execute(sa.select(t.meta.c.value).where(t.meta.c.name == "store")).scalar()
    return "" if found is None else str(found)


def touch(connection: sa.Connection) -> None:
    """Write something that leaves nothing: it fails where the store takes no writes, as on a full disk.

    An update to the same value would not do: SQLite writes no page for it.
    """
    connection.execute(sa.insert(t.meta).values(name="touched", value=""))
    connection.execute(sa.delete(t.meta).where(t.meta.c.name == "touched"))


def refuse_other_store(engine: sa.Engine, state: Path) -> None:
    """Raises UserError if the checkpoints in the folder are those of another store: one list cannot prove two."""
    with engine.connect() as connection:
        mine = _store_id(connection)
    checkpoints, _ = read_checkpoints(state)
    if any(each.get("store", mine) != mine for each in checkpoints):
        raise UserError(
            f"the folder {state} holds the audit checkpoints of another store: name a folder of its own with --state, "
            "or that store with --store"
        )


def chains_cut_short(engine: sa.Engine, state: Path) -> int:
    """How many audit chains end before the last checkpoint in the folder says: the store was put back to an earlier
    state, as from a backup, and knows nothing of what was done since."""
    checkpoints, _ = read_checkpoints(state)
    if not checkpoints:
        return 0
    with engine.connect() as connection:
        held = _heads(connection)
    last = checkpoints[-1]["heads"]
    return sum(1 for writer, (seq, _) in last.items() if held.get(writer, (0, ""))[0] < int(seq))


def write_checkpoint(engine: sa.Engine, state: Path, now: int) -> dict[str, Any]:
    """Append one signed list of all heads, synced to disk before it counts."""
    key = _key(state, make=True)
    assert key is not None
    with engine.connect() as connection:
        heads = {writer: list(head) for writer, head in sorted(_heads(connection).items())}
        content = {"at": now, "heads": heads, "store": _store_id(connection)}
    raw = canonical_bytes(content)
    line = {"checkpoint": content, "signature": hmac.new(key, raw, hashlib.sha256).hexdigest()}
    reach("CP-15")
    handle = os.open(state / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        _drop_torn_tail(handle)
        os.write(handle, canonical_bytes(line) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    return line


def _drop_torn_tail(handle: int) -> None:
    """A line without its end was never a checkpoint; left there, it would swallow the next one."""
    size = os.fstat(handle).st_size
    tail = os.pread(handle, TAIL_BYTES, max(0, size - TAIL_BYTES))
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(handle, size - len(tail) + tail.rfind(b"\n") + 1)


def read_checkpoints(state: Path) -> tuple[list[dict[str, Any]], list[Broken]]:
    """The checkpoints that are whole and rightly signed, and what is wrong with others. A torn last line is
    what a crash leaves, and counts as never written."""
    path = state / FILE
    key = _key(state, make=False)
    if not path.exists() or key is None:
        return [], []
    found, broken = [], []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            value = orjson.loads(line)
            raw = canonical_bytes(value["checkpoint"])
            signed = hmac.compare_digest(hmac.new(key, raw, hashlib.sha256).hexdigest(), value["signature"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            if number < len(lines):
                broken.append(Broken("checkpoints", number, f"checkpoint line {number} cannot be read"))
            continue
        if signed:
            found.append(value["checkpoint"])
        else:
            broken.append(Broken("checkpoints", number, f"checkpoint line {number} does not carry our signature"))
    return found, broken


def verify_store(engine: sa.Engine, state: Path | None) -> AuditReport:
    """Walk every chain, compare what each genesis says of its predecessors, and every checkpoint with the chains."""
    checkpoints, broken = read_checkpoints(state) if state is not None else ([], [])
    wanted: dict[str, dict[int, str]] = {}
    chains: dict[str, int] = {}
    with engine.connect() as connection:
        mine = _store_id(connection)
        for number, checkpoint in enumerate(checkpoints, 1):
            if checkpoint.get("store", mine) != mine:
                broken.append(Broken("checkpoints", number, f"checkpoint {number} is of another store"))
                continue
            for writer, (seq, head) in checkpoint["heads"].items():
                wanted.setdefault(writer, {})[int(seq)] = head
        writers = list(connection.execute(sa.select(t.audit.c.writer).distinct().order_by(t.audit.c.writer)).scalars())
        for genesis in _geneses(connection):
            for writer, seq, head in _predecessors(genesis):
                wanted.setdefault(writer, {})[seq] = head
        for writer in writers:
            hashes = wanted.get(writer, {})
            rows = connection.execution_options(yield_per=1000).execute(
                sa.select(t.audit.c.seq, t.audit.c.entry, t.audit.c.hash)
                .where(t.audit.c.writer == writer)
                .order_by(t.audit.c.seq)
            )
            seen: dict[int, str] = {}
            for result in verify_chain(writer, _noting(rows, hashes, seen)):
                if isinstance(result, Broken):
                    broken.append(result)
                else:
                    chains[writer] = result[0]
            broken.extend(_against(writer, hashes, seen))
        broken.extend(
            Broken(writer, 0, "a whole chain that was recorded elsewhere is missing")
            for writer in wanted
            if writer not in writers
        )
    return AuditReport(chains, len(checkpoints), tuple(broken))


def _geneses(connection: sa.Connection) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(t.audit.c.entry).where(t.audit.c.seq == 1)).scalars()
    return [entry for entry in (_object(stored_bytes(raw)) for raw in rows) if "predecessors" in entry]


def _predecessors(genesis: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Heads as a genesis names them; one that was meddled with is reported by the walk along its chain."""
    listed = genesis["predecessors"]
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, list) and [type(part) for part in each] == [str, int, str]:
            yield each[0], each[1], each[2]


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}  # the walk along the chain reports it
    return value if isinstance(value, dict) else {}


def _noting(rows: Any, wanted: dict[int, str], seen: dict[int, str]) -> Any:
    for seq, entry, stored in rows:
        hash_ = stored_bytes(stored)
        if seq in wanted:
            seen[seq] = hash_.hex()
        yield seq, stored_bytes(entry), hash_


def _against(writer: str, wanted: dict[int, str], seen: dict[int, str]) -> list[Broken]:
    found = []
    for seq, head in sorted(wanted.items()):
        if seq not in seen:
            found.append(Broken(writer, seq, f"entry {seq}, written down elsewhere, is missing: the tail was cut off"))
        elif seen[seq] != head:
            found.append(Broken(writer, seq, f"entry {seq} is not the one that was written down elsewhere"))
    return found
