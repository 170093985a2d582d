"""A commit that the database has made and whose answer never came: nobody may take it for one that was not made."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from stores import Stores, arrive, rows

from engine.store import committer
from engine.store.batch import Arrived, AuditEntry, Batch
from engine.store.checkpoint import verify_store

pytestmark = pytest.mark.xdist_group("postgresql")


class AnswerLoser:
    """Stands before a PostgreSQL. Once :meth:`arm` was called, the next commit is made, and its answer is lost with
    the connection."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._armed = threading.Event()
        self.lost = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self) -> None:
        self._armed.set()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            is_lost = threading.Event()
            for here, there, asks in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(here, there, is_lost, asks), daemon=True).start()

    def _pass(self, here: socket.socket, there: socket.socket, is_lost: threading.Event, asks: bool) -> None:
        try:
            while part := here.recv(65_536):
                if asks and b"COMMIT" in part and self._armed.is_set():
                    self._armed.clear()
                    is_lost.set()
                elif not asks and is_lost.is_set():
                    self.lost += 1
                    break
                there.sendall(part)
        except OSError:
            return
        finally:
            for each in (here, there):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


@pytest.fixture
def loser(postgresql_url: str) -> Iterator[AnswerLoser]:
    folder = sa.make_url(postgresql_url).query["host"]
    between = AnswerLoser(f"{folder}/.s.PGSQL.5432")
    yield between
    between.close()


@pytest.fixture
def place(postgresql_url: str, loser: AnswerLoser) -> Iterator[Stores]:
    url = sa.make_url(postgresql_url)
    through = sa.URL.create("postgresql", url.username, url.password, "127.0.0.1", loser.port, url.database)
    stores = Stores(through.render_as_string(hide_password=False))
    yield stores
    stores.close()


def test_the_chain_goes_on_after_a_commit_whose_answer_was_lost(
    place: Stores, loser: AnswerLoser, tmp_path: Path
) -> None:
    store = place.open()
    first = place.arrival("evt_1")
    batch = Batch()
    batch.arrive(first)
    loser.arm()
    outcome = store.committer.write([batch])
    assert loser.lost == 1
    assert outcome == [None]
    assert batch.arrived == [Arrived.FRESH]
    assert rows(store, "select source_id from message") == [("evt_1",)]  # it was committed after all
    arrive(store, place.arrival("evt_2"))
    assert rows(store, "select source_id from message order by seq") == [("evt_1",), ("evt_2",)]
    report = verify_store(store.engine, tmp_path)
    assert report.holds, report.broken


def test_two_batches_of_a_commit_whose_answer_was_lost_are_stored_once(
    place: Stores, loser: AnswerLoser, tmp_path: Path
) -> None:
    store = place.open()
    batches = []
    for number in range(2):
        batch = Batch()
        batch.arrive(place.arrival(f"evt_{number}", key=f"cus_{number}"))
        batches.append(batch)
    loser.arm()
    assert store.committer.write(batches) == [None, None]
    arrive(store, place.arrival("evt_9"))
    assert rows(store, "select count(*) from message") == [(3,)]
    entries = rows(store, "select count(*) from audit where convert_from(entry, 'UTF8') like '%\"kind\":\"arrived\"%'")
    assert entries == [(3,)]
    assert verify_store(store.engine, tmp_path).holds


def test_an_operators_change_whose_answer_was_lost_does_not_stop_the_writer(
    place: Stores, loser: AnswerLoser, tmp_path: Path
) -> None:
    store = place.open()

    def change(connection: Any, audit: Any) -> None:
        audit(AuditEntry("paused", "erp", -1, "", 0, {"by": "ana"}))

    loser.arm()
    store.committer.transact(change)
    assert loser.lost == 1
    store.committer.transact(change)
    arrive(store, place.arrival("evt_1"))
    assert verify_store(store.engine, tmp_path).holds


def test_a_commit_that_ends_after_it_was_asked_about_is_found_by_the_next_write(
    place: Stores, loser: AnswerLoser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.open()
    batch = Batch()
    batch.arrive(place.arrival("evt_1"))
    with monkeypatch.context() as early:
        early.setattr(committer, "is_stored", lambda _engine, _chain: False)
        early.setattr(committer, "catch_up", lambda _engine, _chain: None)
        loser.arm()
        assert store.committer.write([batch]) != [None]
    second = Batch()
    second.arrive(place.arrival("evt_2"))
    assert store.committer.write([second]) != [None]  # its number in the chain is taken; nothing of it is stored
    arrive(store, place.arrival("evt_2"))
    assert rows(store, "select source_id from message order by seq") == [("evt_1",), ("evt_2",)]
    assert verify_store(store.engine, tmp_path).holds
