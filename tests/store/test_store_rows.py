"""Rows go in many at a time, whatever their number, and what was known before is counted out: on both dialects."""

from __future__ import annotations

import sqlite3

import pytest
from stores import Stores, arrive, rows

from engine.store.batch import Arrived
from engine.store.rows import ROWS_MAX, delete_rows, insert_large_rows, insert_rows, several, update_rows


@pytest.mark.parametrize("count", [1, 2, 3, 31, ROWS_MAX - 1, ROWS_MAX, 2 * ROWS_MAX + 5])
def test_every_row_goes_in_once_and_in_order(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, a INTEGER UNIQUE, b TEXT)")
    insert = "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
    wanted = [(number, f"text {number}") for number in range(count)]
    cursor = connection.cursor()
    assert insert_rows(cursor, insert, wanted) == count
    assert connection.execute("SELECT a, b FROM t ORDER BY seq").fetchall() == wanted
    assert insert_rows(cursor, insert, [*wanted, (count, "one more")]) == 1


def test_large_rows_go_in_one_by_one_and_are_counted_as_others() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, a INTEGER UNIQUE, b BLOB)")
    insert = "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
    wanted = [(number, bytes(3000)) for number in range(5)]
    cursor = connection.cursor()
    assert insert_large_rows(cursor, insert, wanted) == 5
    assert insert_large_rows(cursor, insert, [*wanted, (5, b"one more")]) == 1
    assert connection.execute("SELECT a FROM t ORDER BY seq").fetchall() == [(number,) for number in range(6)]


def test_nothing_is_asked_of_the_database_for_no_rows() -> None:
    assert insert_rows(sqlite3.connect(":memory:").cursor(), "INSERT INTO nowhere VALUES (?)", []) == 0


def test_the_values_of_a_row_are_repeated_and_what_follows_them_is_not() -> None:
    assert several("INSERT INTO t (a, b) VALUES (%s, %s) ON CONFLICT DO NOTHING", 3) == (
        "INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s), (%s, %s) ON CONFLICT DO NOTHING"
    )


def test_a_wide_group_is_told_apart_one_by_one(stores: Stores) -> None:
    store = stores.open()
    arrive(store, stores.arrival("evt_7"), stores.arrival("evt_200", b'{"other":1}'))
    outcomes = arrive(store, *(stores.arrival(f"evt_{number}") for number in range(300)))
    assert {number: outcome for number, outcome in enumerate(outcomes) if outcome is not Arrived.FRESH} == {
        7: Arrived.DUPLICATE, 200: Arrived.CONFLICT,
    }  # fmt: skip
    assert rows(store, "select count(*) from queue") == [(300,)]
    assert rows(store, "select count(*) from message where channel = 'quarantine'") == [(1,)]


@pytest.mark.parametrize("count", [1, 2, 3, 31, ROWS_MAX + 5])
def test_many_rows_change_as_they_would_one_by_one(count: int) -> None:
    """Each row gets its own values, blobs and nulls too; of two changes of one row the later one stands."""
    update = "UPDATE t SET a = ?, b = ? WHERE t.k = ?"
    changes: list[tuple[object, ...]] = [(n, bytes([n % 7]) if n % 3 else None, f"k{n}") for n in range(count)]
    changes += [("again", "text", "k0"), (1, None, "unknown")]
    found = []
    for together in (True, False):
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE t (k TEXT PRIMARY KEY, a TEXT, b BLOB) WITHOUT ROWID")
        connection.executemany("INSERT INTO t VALUES (?, 'old', 'old')", [(f"k{n}",) for n in range(count + 3)])
        if together:
            update_rows(connection.cursor(), update, changes)
        else:
            connection.executemany(update, changes)
        found.append(connection.execute("SELECT * FROM t ORDER BY k").fetchall())
    assert found[0] == found[1]
    assert ("k0", "again", "text") in found[0]


def test_many_rows_are_deleted_by_their_keys_and_no_other() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (k TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO t VALUES (?)", [(f"k{n}",) for n in range(200)])
    delete_rows(connection.cursor(), "DELETE FROM t WHERE t.k = ?", [(f"k{n}",) for n in range(3, 200)])
    assert connection.execute("SELECT k FROM t ORDER BY k").fetchall() == [("k0",), ("k1",), ("k2",)]
