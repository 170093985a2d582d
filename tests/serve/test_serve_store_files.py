"""A daemon whose disk is full, or whose store is taken away beneath it: nothing is confirmed that is not stored."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon_world import Daemon, bill, running, until

PAGE = 4096


def documents(daemon: Daemon) -> int:
    return len(daemon.ledger.documents)


def completed(daemon: Daemon, bills: int) -> None:
    """So many bills are posted, once each, and nothing waits. (A flow of the workspace runs by the minute.)"""
    over = "select count(*) from run where flow like 'bill_posted@%' and state = 'completed'"
    # Longer than the ledger may take to commit: an outcome that nobody knows is asked for after that time only.
    until(f"{bills} bills are posted", lambda: daemon.rows(over) == [(bills,)], 240)
    assert documents(daemon) == bills
    assert daemon.status()["exceptions"] == {}
    assert daemon.get("/api/audit/verify").json()["holds"]


def worked_or_failed(daemon: Daemon, failures: int) -> bool:
    """Nothing is left to do, or some of it could not be committed."""
    status = daemon.status()
    return not status["queue"] or bool(status["engine"]["counts"]["commit_failures"] > failures)


@contextmanager
def room_for(daemon: Daemon, pages: int) -> Iterator[None]:
    """So many pages more fit on the daemon's disk."""
    assert daemon.process is not None
    soft, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    size = (daemon.state / "store.db-wal").stat().st_size
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size + pages * PAGE, hard))
    try:
        yield
    finally:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_where_the_disk_is_full_what_was_accepted_is_worked_once_there_is_room(tmp_path: Path) -> None:
    """With the pages that fit, what fails is the arrival, the intent, the outcome, or what comes after it."""
    with running(tmp_path) as daemon:
        sent, refused = 0, 0
        for pages in (0, 2, 4, 6, 8, 10, 12, 14, 17, 20):
            failures = daemon.status()["engine"]["counts"]["commit_failures"]
            with room_for(daemon, pages):
                again = []
                for _ in range(4):
                    message = bill(sent, customer=f"c{sent}")
                    answer = daemon.webhook(message)
                    assert answer.status_code in (200, 503)
                    if answer.status_code == 503:
                        again.append(message)
                    sent += 1
                until("it has tried", lambda seen=failures: worked_or_failed(daemon, seen))
                refused += len(again)
            for message in again:  # as the sender does
                assert daemon.webhook(message).status_code == 200
        completed(daemon, sent)
        assert refused >= 10
        assert daemon.status()["engine"]["counts"]["commit_failures"] > 0
        assert daemon.stop() == 0


def test_a_store_that_was_moved_away_is_missed_and_taken_up_again(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        daemon.webhook(bill("before"))
        completed(daemon, 1)
        store, elsewhere = daemon.state / "store.db", daemon.state / "elsewhere"
        store.rename(elsewhere)
        assert daemon.webhook(bill("during")).status_code == 503
        ready = daemon.get("/readyz", None)
        assert ready.status_code == 503
        assert f"{store} was deleted or moved while the engine was running" in ready.json()["reason"]
        assert "cannot be read or written now" in daemon.get("/api/status").json()["error"]
        assert documents(daemon) == 1
        assert not store.exists()  # no empty one was made in its place
        elsewhere.rename(store)
        assert daemon.webhook(bill("during")).json() == {"status": "accepted"}
        completed(daemon, 2)
        assert daemon.stop() == 0


@pytest.mark.parametrize("what", ["store.db", "store.db-wal"])
def test_a_store_that_was_deleted_is_never_written_to(tmp_path: Path, what: str) -> None:
    with running(tmp_path) as daemon:
        daemon.webhook(bill("before"))
        completed(daemon, 1)
        (daemon.state / what).unlink()
        for number in range(3):
            assert daemon.webhook(bill(number)).status_code == 503
        assert documents(daemon) == 1
        assert daemon.stop() == 2
        said = daemon.logs().splitlines()
        assert any(line.startswith(f"error: {daemon.state / what} was deleted or moved") for line in said)
        assert "Traceback" not in daemon.logs()


def test_a_store_that_was_replaced_is_not_written_to(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        daemon.webhook(bill("before"))
        completed(daemon, 1)
        store, kept = daemon.state / "store.db", daemon.state / "kept"
        os.link(store, kept)
        shutil.copyfile(store, daemon.state / "copy")
        (daemon.state / "copy").replace(store)
        assert daemon.webhook(bill("during")).status_code == 503
        assert "replaced by another file" in daemon.get("/readyz", None).json()["reason"]
        kept.replace(store)
        assert daemon.webhook(bill("during")).status_code == 200
        completed(daemon, 2)


@pytest.mark.parametrize("damage", ["cut", "torn"])
def test_what_a_damaged_log_has_lost_is_found_where_it_was_posted(tmp_path: Path, damage: str) -> None:
    """The end of the log is what was stored last: the sender sends it once more, and no second document is made."""
    with running(tmp_path) as daemon:
        for number in range(12):
            daemon.webhook(bill(number, customer=f"c{number}"))
        completed(daemon, 12)
        daemon.stop(signal.SIGKILL)
        log = daemon.state / "store.db-wal"
        middle = log.stat().st_size * 2 // 3
        if damage == "cut":
            os.truncate(log, middle)
        else:
            with log.open("r+b") as file:
                file.seek(middle)
                file.write(b"\xff" * 3000)
        daemon.start()
        assert daemon.rows("select count(*) from run where flow like 'bill_posted@%'") < [(12,)]
        for number in range(12):
            assert daemon.webhook(bill(number, customer=f"c{number}")).status_code == 200
        completed(daemon, 12)


@pytest.mark.parametrize(
    ("page", "said"), [(0, "file is not a database"), (1, "database disk image is malformed")]
)  # fmt: skip
def test_a_store_that_cannot_be_read_is_refused_in_words(tmp_path: Path, page: int, said: str) -> None:
    with running(tmp_path) as daemon:
        daemon.webhook(bill("before"))
        completed(daemon, 1)
        assert daemon.stop() == 0
        with (daemon.state / "store.db").open("r+b") as file:
            file.seek(page * PAGE)
            file.write(b"\xff" * (PAGE if page else 64))
        refused = daemon.run("serve", "--port", "0")
        assert refused.returncode == 2
        assert f"store.db cannot be opened: {said}" in refused.stderr
        assert "Traceback" not in refused.stderr
