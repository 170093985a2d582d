"""A list of heads belongs to one store: another one beside it is refused, and told apart when verified."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from stores import Stores, arrive

from engine.base.errors import UserError
from engine.store.checkpoint import (
    FILE,
    KEY_FILE,
    chains_cut_short,
    refuse_other_store,
    verify_store,
    write_checkpoint,
)


def test_checkpoints_of_another_store_are_refused_and_told_apart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    one, other = Stores(str(tmp_path / "one.db")), Stores(str(tmp_path / "other.db"))
    first, second = one.open(), other.open()
    for _ in range(2):
        write_checkpoint(first.engine, state, 1)
    refuse_other_store(first.engine, state)
    with pytest.raises(UserError, match="holds the audit checkpoints of another store"):
        refuse_other_store(second.engine, state)
    assert verify_store(first.engine, state).holds
    assert [each.reason for each in verify_store(second.engine, state).broken] == [
        "checkpoint 1 is of another store", "checkpoint 2 is of another store",
    ]  # fmt: skip
    one.shut(first)
    again = one.open()
    refuse_other_store(again.engine, state)  # the same store, opened by another process
    assert verify_store(again.engine, state).holds
    one.close()
    other.close()


def test_the_store_is_named_in_what_is_signed(tmp_path: Path) -> None:
    place = Stores(str(tmp_path / "one.db"))
    store = place.open()
    write_checkpoint(store.engine, tmp_path, 1)
    file = tmp_path / FILE
    line = orjson.loads(file.read_bytes())
    line["checkpoint"]["store"] = "another"
    file.write_bytes(orjson.dumps(line) + b"\n")
    (broken,) = verify_store(store.engine, tmp_path).broken
    assert "does not carry our signature" in broken.reason
    place.close()


def test_a_store_put_back_to_an_earlier_state_is_known_by_its_checkpoints(tmp_path: Path) -> None:
    file, copy = tmp_path / "one.db", tmp_path / "copy.db"
    place = Stores(str(file))
    store = place.open()
    arrive(store, place.arrival("evt_1"))
    write_checkpoint(store.engine, tmp_path, 1)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    arrive(store, place.arrival("evt_2"))
    assert chains_cut_short(store.engine, tmp_path) == 0
    write_checkpoint(store.engine, tmp_path, 2)
    place.close()
    put_back = Stores(str(copy))
    old = put_back.open()
    assert chains_cut_short(old.engine, tmp_path) == 1
    assert "the tail was cut off" in verify_store(old.engine, tmp_path).broken[0].reason
    put_back.close()


def test_a_key_that_was_never_written_signs_nothing(tmp_path: Path) -> None:
    place = Stores(str(tmp_path / "one.db"))
    store = place.open()
    key = tmp_path / KEY_FILE
    key.touch()  # the power failed before its content was on the disk
    write_checkpoint(store.engine, tmp_path, 1)
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o777 == 0o600
    assert verify_store(store.engine, tmp_path).holds
    place.close()
