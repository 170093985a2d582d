"""A person has a connection left alone: through the daemon, across a restart, and through the store where none runs."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from daemon_world import Daemon, bill, running, until

pytestmark = pytest.mark.xdist_group("daemon_pause")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("pause")) as started:
        yield started


def said(daemon: Daemon, *arguments: str) -> str:
    done = daemon.run(*arguments)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def waiting(daemon: Daemon) -> int:
    count: int = daemon.status()["wait_for_connection"].get("ledger", 0)
    return count


def test_a_paused_connection_is_left_alone_until_it_is_resumed_also_by_the_next_process(own: Daemon) -> None:
    own.webhook(bill("p0"))
    until("the first document", lambda: len(own.ledger.documents) == 1)
    assert said(own, "pause", "ledger", "--why", "the ledger is being moved", "--by", "ana") == (
        "paused: ledger, until somebody resumes it\n"
    )
    for number, customer in (("p1", "c1"), ("p2", "c1"), ("p3", "c2")):
        assert own.webhook(bill(number, customer)).status_code == 200
    until("two keys wait", lambda: waiting(own) == 2)
    assert "left alone   ledger, until somebody resumes it: the ledger is being moved; 2 runs wait" in said(
        own, "status"
    )
    assert 'tieout_connection_left_alone{connection="ledger"} 1.0' in own.get("/metrics").text
    assert own.stop(signal.SIGTERM) == 0  # it does not wait for the end of the pause
    assert "left alone   ledger" in said(own, "status")
    own.start()
    own.webhook(bill("p4", "c3"))
    until("the new one waits too", lambda: waiting(own) == 3)
    assert len(own.ledger.documents) == 1
    assert said(own, "resume", "ledger", "--by", "tom") == "resumed: ledger\n"
    own.settled()
    until("all are posted", lambda: len(own.ledger.documents) == 5)
    assert own.rows("select max(attempt), count(*) from effect where connection = 'ledger'") == [(1, 5)]
    assert own.rows("select begun_by, ended_by from pause") == [("ana", "tom")]
    kinds = {json.loads(entry)["kind"] for (entry,) in own.rows("select entry from audit")}
    assert {"paused", "resumed", "deferred"} <= kinds


def test_a_declared_window_that_is_open_holds_as_soon_as_the_workspace_is_taken_over(own: Daemon) -> None:
    file = own.workspace / "mappings" / "ledger.connection.yaml"
    before = file.read_text("utf-8")
    file.write_text(
        before + 'maintenance:\n  - from: "00:00"\n    to: "24:00"\n    zone: UTC\n    reason: yearly close\n', "utf-8"
    )
    until("the window is known", lambda: own.status()["engine"]["left_alone"])
    made = len(own.ledger.documents)
    own.webhook(bill("w1", "c9"))
    until("it waits", lambda: waiting(own) == 1)
    assert "yearly close; 1 run waits for it" in said(own, "status")
    refused = own.run("resume", "ledger")
    assert (refused.returncode, "ended by changing its declaration" in refused.stderr) == (2, True)
    file.write_text(before, "utf-8")
    until("it is posted", lambda: len(own.ledger.documents) == made + 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pause", "ledgre", "--why", "x"), "did you mean `ledger`?"),
        (("pause", "ledger", "--why", " "), "needs a reason"),
        (("pause", "ledger", "--why", "x", "--until", "2020-01-01T00:00Z"), "in the future"),
        (("pause", "ledger", "--why", "x", "--until", "tomorrow"), "not a moment with its zone"),
        (("pause", "ledger", "--why", "x", "--until", "2099-01-01T00:00Z", "--minutes", "5"), "either"),
        (("resume", "ledger"), "is not paused"),
    ],
)
def test_what_cannot_be_meant_is_said_in_words(own: Daemon, arguments: tuple[str, ...], words: str) -> None:
    done = own.run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_where_no_daemon_runs_the_store_keeps_the_pause_and_its_end(own: Daemon) -> None:
    assert own.stop(signal.SIGTERM) == 0
    assert said(own, "pause", "ledger", "--why", "night", "--minutes", "90").startswith("paused: ledger, until 2")
    unknown = own.run("pause", "ledgre", "--why", "x")
    assert (unknown.returncode, "did you mean `ledger`?" in unknown.stderr) == (2, True)
    store: Path = own.state / "store.db"
    with closing(sqlite3.connect(store)) as connection, connection:
        # The ninety minutes are over.
        connection.execute("update pause set begun_at = 1, until = 2 where ended_at is null")
    own.start()
    made = len(own.ledger.documents)
    own.webhook(bill("n1", "c1"))
    until("it is posted", lambda: len(own.ledger.documents) == made + 1)
    assert said(own, "pause", "ledger", "--why", "first", "--minutes", "5")
    assert said(own, "pause", "ledger", "--why", "second", "--minutes", "50")
    ((why,),) = own.rows("select why from pause where ended_at is null and until > 2")
    assert why == "second"
    assert said(own, "resume", "ledger")


def test_another_store_with_the_same_state_folder_is_refused_in_words(own: Daemon) -> None:
    assert own.stop(signal.SIGTERM) == 0
    other = own.run("serve", "--port", "0", "--store", str(own.folder / "other.db"))
    assert other.returncode == 2
    assert "holds the audit checkpoints of another store" in other.stderr
    assert own.run("audit", "verify").returncode == 0
