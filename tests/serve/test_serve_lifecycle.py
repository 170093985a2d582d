"""Reload, dropped files, schedules, draining, one daemon per store, and what a kill leaves behind."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemon_world import SECRETS, Daemon, bill, running, until

from engine.serve.schedules import due_minutes

#: One daemon for these tests, also where tests are spread over processes.
pytestmark = pytest.mark.xdist_group("daemon_lifecycle")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose workspace is changed, and which is stopped, killed and started again."""
    with running(tmp_path_factory.mktemp("own")) as started:
        yield started


def documents(daemon: Daemon) -> int:
    return len(daemon.ledger.documents)


def generation(daemon: Daemon) -> int:
    number: int = daemon.get("/api/generation").json()["generation"]
    return number


def edit(daemon: Daemon, file: str, old: str, new: str) -> None:
    path = daemon.workspace / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_changed_workspace_is_taken_over_by_itself(own: Daemon) -> None:
    before = generation(own)
    edit(own, "policies/order_limits.policy.yaml", "<= 10000", "<= 500")
    until("the next generation", lambda: generation(own) == before + 1)
    order = {"order": {"id": "o1", "customer": "c1", "total": {"amount": "501.00", "currency": "EUR"}}}
    assert own.post("/flows/order_quoted@1/call", order).status_code == 422


def test_an_invalid_workspace_is_refused_with_findings_and_the_old_one_runs_on(own: Daemon) -> None:
    before = generation(own)
    edit(own, "policies/order_limits.policy.yaml", "order.total) <=", "order.totl) <=")
    refusal = until("the refusal", lambda: own.get("/api/generation").json()["last_refusal"])
    assert "policies/order_limits.policy.yaml:12" in refusal[0]["place"]
    assert "totl" in refusal[0]["message"]
    assert own.get("/api/status").json()["engine"]["refused"] == refusal
    said = subprocess.run(own.command("status"), env=own.environment, capture_output=True, text=True, check=True)
    assert "the changed definitions were refused, those before go on: policies/order_limits.policy" in said.stdout
    answer = own.post("/api/reload")
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["code"] == refusal[0]["code"]
    assert generation(own) == before
    order = {"order": {"id": "o2", "customer": "c1", "total": {"amount": "400.00", "currency": "EUR"}}}
    assert own.post("/flows/order_quoted@1/call", order).status_code == 200
    edit(own, "policies/order_limits.policy.yaml", "order.totl) <=", "order.total) <=")
    until("the refusal is over", lambda: not own.get("/api/generation").json()["last_refusal"])
    assert own.post("/api/reload").json()["generation"] == before


def test_a_secret_that_is_missing_is_a_refusal_too(own: Daemon) -> None:
    before = generation(own)
    file = "mappings/ledger.connection.yaml"
    edit(own, file, "env: SMALL_LEDGER_TOKEN", "env: NOT_SET_ANYWHERE")
    refusal = until("the refusal", lambda: own.get("/api/generation").json()["last_refusal"])
    assert "NOT_SET_ANYWHERE" in refusal[0]["message"]
    assert generation(own) == before
    edit(own, file, "env: NOT_SET_ANYWHERE", "env: SMALL_LEDGER_TOKEN")
    until("the refusal is over", lambda: not own.get("/api/generation").json()["last_refusal"])


def test_it_stops_in_order_where_nothing_can_be_written_any_more(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        daemon.webhook(bill("s1"))
        daemon.settled()
        assert daemon.process is not None
        limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
        assert daemon.get("/readyz", None).json()["reason"] in ("database or disk is full", "disk I/O error")
        assert daemon.stop() == 0
        daemon.start()
        assert daemon.webhook(bill("s1")).json() == {"status": "duplicate"}


def test_dropped_messages_go_the_way_of_webhooks(own: Daemon) -> None:
    before = documents(own)
    own.webhook(bill("f1"))
    until("the first document", lambda: documents(own) == before + 1)
    folder = own.drop / "billing"
    folder.mkdir(exist_ok=True)
    lines = [json.dumps(bill("f1", id_="evt_backfilled")), "{broken", json.dumps(bill("f2")), ""]
    (folder / "backfill.jsonl").write_text("\n".join(lines))
    until("the file is done", lambda: (folder / "done" / "backfill.jsonl").is_file())
    until("the new document", lambda: documents(own) == before + 2)
    own.settled()
    ((note,),) = own.rows("select note from message where channel = 'invalid' and note like 'backfill%'")
    assert note.startswith("backfill.jsonl line 2: ")
    assert own.rows("select count(*) from run where subject = 'bf1'") == [(2,)]
    assert documents(own) == before + 2


def test_a_file_that_still_grows_is_left_alone(own: Daemon) -> None:
    path = own.drop / "billing" / "growing.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        file.write(json.dumps(bill("f3")) + "\n")
        for number in range(8):
            file.flush()
            assert path.exists(), "a file that was still being written was taken"
            until("some time passes", _elapsed(0.2))
            file.write(" " * number + "\n")
    until("the file is done", lambda: (own.drop / "billing" / "done" / "growing.jsonl").is_file())


def _elapsed(seconds: float):  # type: ignore[no-untyped-def]
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    return lambda: datetime.now(UTC) >= end


def test_every_record_of_a_dropped_table_starts_its_flow(own: Daemon) -> None:
    folder = own.drop / "prices"
    folder.mkdir()
    (folder / "list.csv").write_text("product,price\npro,1.10\nlite,0.55\nbroken\n")
    until("the file is done", lambda: (folder / "done" / "list.csv").is_file())
    until(
        "both prices",
        lambda: len(own.rows("select id from run where flow like 'price_imported@%' and state = 'completed'")) == 2,
    )
    kept = own.rows("select object, revision from effect where purpose = 'price' order by object")
    assert kept == [("lite", "0.55"), ("pro", "1.10")]
    assert len(own.rows("select id from message where channel = 'invalid' and note like 'list.csv line 4%'")) == 1


def test_a_second_daemon_on_the_store_is_refused_in_words(own: Daemon) -> None:
    assert own.process is not None
    second = own.run("serve", "--port", "0")
    assert second.returncode == 2
    assert f"is in use by process {own.process.pid}" in second.stderr
    event = own.folder / "event.json"
    event.write_text("{}")
    assert own.run("run", "bill_posted", "--event", str(event)).returncode == 2


def test_a_termination_drains_and_the_next_start_has_everything(own: Daemon) -> None:
    own.settled()
    before = documents(own)
    for number in range(30):
        assert own.webhook(bill(f"d{number}", f"c{number % 7}")).status_code == 200
    assert own.stop(signal.SIGTERM) == 0
    assert not (own.state / "daemon.json").exists()
    assert (own.state / "checkpoints.jsonl").read_text().count("\n") >= 1
    assert own.run("status").stdout.endswith("no daemon runs on this store\n")
    assert own.run("audit", "verify").returncode == 0
    own.start()
    own.settled()
    assert documents(own) == before + 30
    assert own.rows("select count(*) from effect where object like 'bd%'") == [(30,)]


def test_a_kill_loses_nothing_that_was_answered_and_posts_nothing_twice(own: Daemon) -> None:
    before = documents(own)
    own.ledger.script("commit_hang", "hang")
    answered = [number for number in range(40) if own.webhook(bill(f"k{number}", f"k{number % 5}")).status_code == 200]
    assert own.stop(signal.SIGKILL) == -signal.SIGKILL
    assert (own.state / "daemon.json").exists()
    assert own.run("status").returncode == 0
    own.start()
    until("every document", lambda: documents(own) == before + len(answered), 120)
    own.settled()
    assert own.rows("select count(*) from exception where state = 'open'") == [(0,)]
    assert own.get("/api/audit/verify").json()["holds"] is True


def _two_minutes_missed(store: Path) -> None:
    """As if the schedule had last been looked at two minutes before the first minute that it has made.

    Two minutes before *now* would not do: a daemon that has run for longer than that has made those minutes,
    and they are told apart by their ids.
    """
    connection = sqlite3.connect(store)
    with connection:
        ((first,),) = connection.execute("select min(source_id) from message where kind = 'schedule'")
        made = datetime.fromisoformat(first.rpartition("@")[2]) if first else datetime.now(UTC)
        past = (made - timedelta(minutes=2, seconds=1)).isoformat()
        changed = connection.execute("update cursor set position = ? where name = 'schedule:minute_noted'", (past,))
        assert changed.rowcount == 1
    connection.close()


def test_a_schedule_makes_up_for_what_it_missed_once(own: Daemon) -> None:
    def minutes() -> list[tuple[str, str]]:
        return own.rows(
            "select m.source_id, r.state from message m join run r on r.message_id = m.id where m.kind = 'schedule' "
            "and r.state = 'completed'"
        )

    until("the first look", lambda: own.rows("select 1 from cursor where name = 'schedule:minute_noted'"))
    before = len(minutes())
    own.stop()
    _two_minutes_missed(own.state / "store.db")
    own.start()
    noted = until("the missed minutes", lambda: minutes() if len(minutes()) >= before + 2 else None)
    assert len({id_ for id_, _ in noted}) == len(noted)


def test_due_minutes_are_those_of_the_zone() -> None:
    after = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = due_minutes("30 9 * * *", "Europe/Berlin", after, after + timedelta(days=2))
    assert [each.isoformat() for each in found] == ["2026-03-29T07:30:00+00:00", "2026-03-30T07:30:00+00:00"]


def test_secrets_are_nowhere_in_the_logs(own: Daemon) -> None:
    own.webhook(bill("forged"), "t=1,v1=00")
    until("the refusal", lambda: "signature_refused" in own.logs())
    said = own.logs()
    assert [secret for secret in SECRETS if secret in said] == []
