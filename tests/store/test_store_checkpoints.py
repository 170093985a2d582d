"""A list of heads belongs to one store: another one beside it is refused, and told apart when verified."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from stores import Stores

from engine.base.errors import UserError
from engine.store.checkpoint import FILE, refuse_other_store, verify_store, write_checkpoint


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
