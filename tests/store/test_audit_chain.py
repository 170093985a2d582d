"""The audit chains and their checkpoints: whatever is done to them afterwards shows, at the right place."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.clock import FixedClock
from engine.base.identity import Identity
from engine.store.audit import START, Broken, Chain, link_hash, verify_chain
from engine.store.batch import AuditEntry
from engine.store.checkpoint import FILE, AuditReport, verify_store, write_checkpoint
from engine.store.driver import SqliteDriver
from engine.store.store import open_store

Rows = list[tuple[int, bytes, bytes]]

ENTRIES = st.lists(
    st.builds(
        AuditEntry,
        st.sampled_from(["arrived", "sent", "confirmed"]),
        st.text(max_size=8),
        st.integers(0, 255),
        st.text(max_size=8),
        st.integers(0, 9),
        st.dictionaries(st.sampled_from(["id", "digest", "note"]), st.text(max_size=12), max_size=3),
    ),
    min_size=1,
    max_size=12,
)


def chained(entries: list[AuditEntry]) -> Rows:
    chain = Chain("writer-1")
    rows = [(seq, raw, hash_) for _, seq, raw, hash_ in chain.append(entries, 1_769_860_800_000_000)]
    chain.advance()
    return rows


def broken_at(rows: Rows) -> int | None:
    """The sequence number of the first break, or None if the chain holds."""
    (result,) = list(verify_chain("writer-1", rows))
    return result.seq if isinstance(result, Broken) else None


@given(ENTRIES, st.data())
def test_every_prefix_of_a_chain_holds(entries: list[AuditEntry], data: st.DataObject) -> None:
    rows = chained(entries)
    length = data.draw(st.integers(0, len(rows)))
    (result,) = list(verify_chain("writer-1", rows[:length]))
    assert result == (length, rows[length - 1][2] if length else START)


@given(ENTRIES, st.data())
def test_any_changed_byte_shows_where_it_is_and_in_every_longer_chain(
    entries: list[AuditEntry], data: st.DataObject
) -> None:
    rows = chained(entries)
    at = data.draw(st.integers(0, len(rows) - 1))
    seq, raw, hash_ = rows[at]
    if data.draw(st.booleans(), "the entry, not the hash"):
        byte = data.draw(st.integers(0, len(raw) - 1))
        rows[at] = (seq, raw[:byte] + bytes([raw[byte] ^ data.draw(st.integers(1, 255))]) + raw[byte + 1 :], hash_)
    else:
        byte = data.draw(st.integers(0, 31))
        rows[at] = (seq, raw, hash_[:byte] + bytes([hash_[byte] ^ data.draw(st.integers(1, 255))]) + hash_[byte + 1 :])
    assert broken_at(rows[:at]) is None
    for length in range(at + 1, len(rows) + 1):
        assert broken_at(rows[:length]) == seq


@given(ENTRIES.filter(lambda entries: len(entries) > 1), st.data())
def test_what_is_taken_out_put_in_or_swapped_shows(entries: list[AuditEntry], data: st.DataObject) -> None:
    rows = chained(entries)
    at = data.draw(st.integers(0, len(rows) - 2))
    deed = data.draw(st.sampled_from(["take out", "take out and renumber", "put in", "swap"]))
    if deed == "take out":
        changed = [*rows[:at], *rows[at + 1 :]]
    elif deed == "take out and renumber":
        changed = [*rows[:at], *((seq - 1, raw, hash_) for seq, raw, hash_ in rows[at + 1 :])]
    elif deed == "put in":
        forged = (rows[at][0], b'{"kind":"confirmed"}', rows[at][2])
        changed = [*rows[:at], forged, *((seq + 1, raw, hash_) for seq, raw, hash_ in rows[at:])]
    else:
        first, second = rows[at], rows[at + 1]
        changed = [*rows[:at], (first[0], *second[1:]), (second[0], *first[1:]), *rows[at + 2 :]]
    assert broken_at(changed) == rows[at][0]


@given(ENTRIES)
def test_a_chain_of_another_writer_does_not_hold(entries: list[AuditEntry]) -> None:
    (result,) = list(verify_chain("writer-2", chained(entries)))
    assert isinstance(result, Broken)
    assert result.seq == 1


def test_rolled_back_entries_leave_no_trace_in_the_chain() -> None:
    chain = Chain("writer-1")
    entry = AuditEntry("arrived", "m", 1, "k", 1, {})
    rows = chain.append([entry], 1)
    chain.advance()
    chain.append([entry, entry], 2)
    chain.retreat()
    rows += chain.append([entry], 3)
    chain.advance()
    assert broken_at([(seq, raw, hash_) for _, seq, raw, hash_ in rows]) is None
    assert chain.head[0] == 2


# ----------------------------------------------------------------------------- on a store, with checkpoints


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two writers, with a checkpoint after each."""
    folder = tmp_path_factory.mktemp("whole")
    clock = FixedClock("2026-01-31T12:00:00Z")
    identity = Identity(clock)
    for writer in range(2):
        store = open_store(str(folder / "store.db"), workspace="w", environment="test", clock=clock, identity=identity)
        for number in range(6):
            entry = AuditEntry("arrived", f"m{writer}{number}", number, "k", 1, {"number": number})
            store.committer.transact(lambda _connection, audit, entry=entry: audit(entry))
        write_checkpoint(store.engine, folder, clock.now())
        store.committer.close()
        store.close()
        clock.advance(1)
    connection = sqlite3.connect(folder / "store.db")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return folder


@contextmanager
def copied(whole: Path, to: Path) -> Iterator[Path]:
    shutil.copytree(whole, to, dirs_exist_ok=True)
    try:
        yield to
    finally:
        shutil.rmtree(to)


def report(folder: Path) -> AuditReport:
    engine = SqliteDriver(folder / "store.db").engine()
    try:
        return verify_store(engine, folder)
    finally:
        engine.dispose()


def change(folder: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    connection = sqlite3.connect(folder / "store.db")
    with connection:
        for sql, parameters in statements:
            connection.execute(sql, parameters)
    connection.close()


def writers(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "store.db")
    found = [row[0] for row in connection.execute("select distinct writer from audit order by writer")]
    connection.close()
    return found


def test_an_untouched_store_holds(whole: Path) -> None:
    found = report(whole)
    assert (found.holds, sorted(found.chains.values()), found.checkpoints) == (True, [7, 7], 2)


@given(st.integers(0, 1), st.integers(1, 7), st.sampled_from(["entry", "hash"]))
def test_one_edited_row_shows(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, which: int, seq: int, column: str
) -> None:
    with copied(whole, tmp_path_factory.mktemp("edited")) as folder:
        writer = writers(folder)[which]
        change(folder, (f"update audit set {column} = ? where writer = ? and seq = ?", (b"\x00" * 32, writer, seq)))
        assert (writer, seq) in [(each.writer, each.seq) for each in report(folder).broken]


@given(st.integers(0, 1), st.integers(1, 7))
def test_a_cut_off_tail_shows_against_the_checkpoint(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, which: int, first: int
) -> None:
    with copied(whole, tmp_path_factory.mktemp("cut")) as folder:
        writer = writers(folder)[which]
        change(folder, ("delete from audit where writer = ? and seq >= ?", (writer, first)))
        found = report(folder)
        assert writer in {each.writer for each in found.broken}
        assert not found.holds


@given(st.integers(0, 1), st.integers(1, 7))
def test_a_history_rewritten_with_right_hashes_shows_against_the_checkpoint(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, which: int, first: int
) -> None:
    with copied(whole, tmp_path_factory.mktemp("rewritten")) as folder:
        writer = writers(folder)[which]
        connection = sqlite3.connect(folder / "store.db")
        rows = connection.execute(
            "select seq, entry, hash from audit where writer = ? order by seq", (writer,)
        ).fetchall()
        previous = START
        with connection:
            for seq, entry, hash_ in rows:
                raw = bytes(entry)
                if seq == first:
                    content = orjson.loads(raw)
                    content["at"] += 1
                    raw = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
                previous = link_hash(writer.encode(), seq, previous, raw) if seq >= first else bytes(hash_)
                connection.execute(
                    "update audit set entry = ?, hash = ? where writer = ? and seq = ?", (raw, previous, writer, seq)
                )
        connection.close()
        broken = report(folder).broken
        assert {each.writer for each in broken} == {writer}
        assert "not the one that was written down elsewhere" in broken[0].reason


@pytest.mark.parametrize("column", ["entry", "hash"])
@pytest.mark.parametrize("value", ["text", 7, ""])
def test_something_else_than_bytes_in_a_row_shows(whole: Path, tmp_path: Path, column: str, value: object) -> None:
    with copied(whole, tmp_path / "typed") as folder:
        writer = writers(folder)[0]
        for seq in (1, 3):
            change(folder, (f"update audit set {column} = ? where writer = ? and seq = ?", (value, writer, seq)))
        assert (writer, 1) in [(each.writer, each.seq) for each in report(folder).broken]


@pytest.mark.parametrize("predecessors", ["5", "[5]", '[["w"]]', '[["w", "1", "h"]]', "{}"])
def test_a_meddled_genesis_is_reported_and_never_a_crash(whole: Path, tmp_path: Path, predecessors: str) -> None:
    with copied(whole, tmp_path / "genesis") as folder:
        writer = writers(folder)[1]
        entry = f'{{"kind":"genesis","predecessors":{predecessors}}}'.encode()
        change(folder, ("update audit set entry = ? where writer = ? and seq = 1", (entry, writer)))
        assert (writer, 1) in [(each.writer, each.seq) for each in report(folder).broken]


def test_a_whole_chain_that_is_gone_shows_in_the_next_ones_genesis(whole: Path, tmp_path: Path) -> None:
    with copied(whole, tmp_path / "gone") as folder:
        first = writers(folder)[0]
        (folder / FILE).unlink()
        change(folder, ("delete from audit where writer = ?", (first,)))
        assert [(each.writer, each.reason) for each in report(folder).broken] == [
            (first, "a whole chain that was recorded elsewhere is missing")
        ]


def test_a_forged_checkpoint_shows_and_a_torn_last_line_does_not_count(whole: Path, tmp_path: Path) -> None:
    with copied(whole, tmp_path / "forged") as folder:
        file = folder / FILE
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines) + lines[0][:-20])
        assert (report(folder).holds, report(folder).checkpoints) == (True, 2)
        forged = orjson.loads(lines[0])
        forged["checkpoint"]["at"] += 1
        file.write_bytes(orjson.dumps(forged) + b"\n" + lines[1])
        assert [(each.writer, each.seq) for each in report(folder).broken] == [("checkpoints", 1)]
        file.write_bytes(b"garbage\n" + lines[1])
        assert [each.reason for each in report(folder).broken] == ["checkpoint line 1 cannot be read"]
