"""Rows go in many at a time, whatever their number, and what was known before is counted out: on both dialects."""

from __future__ import annotations

import sqlite3

import pytest
from stores import Stores, arrive, rows

from engine.store.batch import Arrived
from engine.store.rows import ROWS_MAX, insert_rows, several


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
