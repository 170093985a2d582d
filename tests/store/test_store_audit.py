"""The audit chains: appended with the change, verified from end to end, and never ahead of what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from stores import Stores, arrive, rows, written

from engine.store import tables as t
from engine.store.audit import Chain
from engine.store.batch import AuditEntry, Batch
from engine.store.checkpoint import FILE, verify_store, write_checkpoint


def entry(number: int) -> AuditEntry:
    return AuditEntry("noted", f"subject-{number}", 1, "cus_1", 1, {"number": number})


def test_every_change_is_chained_across_restarts(stores: Stores, tmp_path: Path) -> None:
    for life in range(3):
        store = stores.open()
        arrive(store, stores.arrival(f"evt_{life}"))
        write_checkpoint(store.engine, tmp_path, stores.clock.now())
        if life < 2:
            stores.shut(store)
    report = verify_store(store.engine, tmp_path)
    assert report.holds
    assert (len(report.chains), report.checkpoints) == (3, 3)
    assert sum(report.chains.values()) == rows(store, "select count(*) from audit")[0][0] == 6


def test_a_group_that_is_rolled_back_leaves_no_gap(stores: Stores) -> None:
    store = stores.open()
    arrival = stores.arrival("evt_1")
    arrive(store, arrival)
    run = stores.run_row(arrival)
    good, clash = Batch(), Batch()
    for batch in (good, clash):
        batch.start_run(run)
        batch.audit("sent", run.id, run.partition, run.key, 1, {})
    assert [error is None for error in store.committer.write([good, clash])] == [True, False]
    arrive(store, stores.arrival("evt_2"))
    assert verify_store(store.engine, None).holds


def test_an_operators_change_that_fails_leaves_no_gap(stores: Stores) -> None:
    store = stores.open()

    def refused(connection: sa.Connection, audit) -> None:
        audit(entry(1))
        connection.execute(sa.insert(t.meta).values(name="workspace", value="twice"))

    with pytest.raises(sa.exc.IntegrityError):
        store.committer.transact(refused)
    store.committer.transact(lambda _connection, audit: audit(entry(2)))
    arrive(store, stores.arrival("evt_1"))
    assert verify_store(store.engine, None).holds


def test_a_surprise_in_the_middle_of_a_group_leaves_the_writer_whole(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.open()

    def surprise(_point: str) -> None:
        raise RuntimeError("a surprise")

    monkeypatch.setattr("engine.store.committer.reach", surprise)
    with pytest.raises(RuntimeError, match="a surprise"):
        arrive(store, stores.arrival("evt_1"))
    monkeypatch.undo()
    arrive(store, stores.arrival("evt_2"))
    assert rows(store, "select source_id from message") == [("evt_2",)]
    assert verify_store(store.engine, None).holds


@pytest.mark.parametrize("change", ["edit", "delete", "truncate", "drop_chain", "rewrite"])
def test_what_was_changed_afterwards_is_told(stores: Stores, tmp_path: Path, change: str) -> None:
    first = stores.open()
    for number in range(4):
        arrive(first, stores.arrival(f"evt_{number}"))
    writer = first.owner
    stores.shut(first)
    store = stores.open()
    write_checkpoint(store.engine, tmp_path, stores.clock.now())
    mine = t.audit.c.writer == writer
    with store.engine.begin() as connection:
        if change == "edit":
            connection.execute(sa.update(t.audit).where(mine, t.audit.c.seq == 3).values(entry=b"{}"))
        elif change == "delete":
            connection.execute(sa.delete(t.audit).where(mine, t.audit.c.seq == 3))
        elif change == "truncate":
            connection.execute(sa.delete(t.audit).where(mine, t.audit.c.seq > 3))
        elif change == "drop_chain":
            connection.execute(sa.delete(t.audit).where(mine))
        else:
            connection.execute(sa.delete(t.audit).where(mine, t.audit.c.seq > 3))
            head = connection.execute(sa.select(t.audit.c.hash).where(mine, t.audit.c.seq == 3)).scalar_one()
            chain = Chain(writer, 3, bytes(head))
            rows_ = chain.append([entry(number) for number in range(2)], stores.clock.now())
            connection.execute(
                sa.insert(t.audit), [dict(zip(("writer", "seq", "entry", "hash"), row, strict=True)) for row in rows_]
            )
    report = verify_store(store.engine, tmp_path)
    assert not report.holds
    assert {each.writer for each in report.broken} == {writer}


def test_a_torn_checkpoint_counts_as_never_written_and_does_not_swallow_the_next(
    stores: Stores, tmp_path: Path
) -> None:
    store = stores.open()
    write_checkpoint(store.engine, tmp_path, stores.clock.now())
    whole = (tmp_path / FILE).read_bytes()
    with (tmp_path / FILE).open("ab") as out:
        out.write(whole[: len(whole) // 2])
    assert verify_store(store.engine, tmp_path).checkpoints == 1
    arrive(store, stores.arrival("evt_1"))
    write_checkpoint(store.engine, tmp_path, stores.clock.now())
    report = verify_store(store.engine, tmp_path)
    assert (report.holds, report.checkpoints) == (True, 2)


def test_entries_of_a_dropped_batch_are_not_chained(stores: Stores) -> None:
    store = stores.open()
    batch = Batch()
    batch.fence(7, -1)
    batch.audit("never", "x", 7, "k", -1, {})
    (error,) = store.committer.write([batch])
    assert error is not None
    good = Batch()
    good.audit("noted", "x", 7, "k", store.tokens[7], {})
    written(store, good)
    kinds = [raw for (raw,) in rows(store, "select entry from audit")]
    assert not any(b"never" in bytes(raw) for raw in kinds)
    assert verify_store(store.engine, None).holds
