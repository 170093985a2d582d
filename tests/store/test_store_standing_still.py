"""A node that stands still in the middle of a transaction does not hold up the others for ever."""

from __future__ import annotations

import select
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from stores import Stores, rows

from engine.store.batch import Batch
from engine.store.checkpoint import verify_store
from engine.store.committer import is_about_content
from engine.store.driver import PostgresqlDriver

pytestmark = pytest.mark.xdist_group("postgresql")


def test_the_server_ends_a_transaction_in_which_nothing_happens(postgresql_url: str) -> None:
    driver = PostgresqlDriver(postgresql_url)
    engine = driver.engine()
    with engine.connect() as reading:
        assert reading.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one() == "1min"
    stands_still, goes_on = driver.connect(), driver.connect()
    with stands_still.cursor() as cursor, goes_on.cursor() as other:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("10s",)
        cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")  # so that nobody has to wait for ten
        cursor.execute("CREATE TABLE held (id integer)")
        cursor.execute("INSERT INTO held VALUES (1)")
        stands_still.commit()
        cursor.execute("UPDATE held SET id = 2")
        other.execute("SET lock_timeout = '60s'")
        other.execute("UPDATE held SET id = 3")  # waits for the other's lock until the server has ended it
        goes_on.commit()
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            cursor.execute("SELECT 1")
    goes_on.close()
    engine.dispose()


def test_a_writer_that_stood_still_writes_on_over_a_new_connection(postgresql_url: str, tmp_path: Path) -> None:
    place = Stores(postgresql_url)
    store = place.open()
    standing = cast(Any, store.committer)._connection
    with standing.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '100ms'")
    standing.commit()
    batch = Batch()
    batch.arrive(place.arrival("evt_1"))
    prepared = store.committer.prepare([batch])
    wait_until_ended(standing)
    (error,) = store.committer.complete([batch], prepared)
    assert error is not None and not is_about_content(error)
    again = Batch()
    again.arrive(place.arrival("evt_1"))
    assert store.committer.write([again]) == [None]
    assert rows(store, "select source_id from message") == [("evt_1",)]
    assert verify_store(store.engine, tmp_path).holds
    place.close()


def wait_until_ended(connection: psycopg.Connection[Any]) -> None:
    """The server says that it hangs up: there is something to read."""
    readable, _, _ = select.select([connection.fileno()], [], [], 60)
    assert readable
