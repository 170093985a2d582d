"""A run that waits while its definitions change, or go, and the process ends: it goes on with those it began with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from daemon_world import Daemon, bill, running, until

pytestmark = pytest.mark.xdist_group("daemon_bundles")
FLOW = "mappings/bill_posted.flow.yaml"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("bundles")) as started:
        yield started


def pause(daemon: Daemon) -> None:
    answer = daemon.post("/api/connections/ledger/pause", {"by": "ana", "why": "moved"})
    assert answer.status_code == 200, answer.text


def resume(daemon: Daemon) -> None:
    assert daemon.post("/api/connections/ledger/resume", {"by": "ana"}).status_code == 200


def waiting(daemon: Daemon) -> int:
    count: int = daemon.status()["wait_for_connection"].get("ledger", 0)
    return count


def completed(daemon: Daemon) -> int:
    ((count,),) = daemon.rows("select count(*) from run where state = 'completed' and flow not like 'minute_%'")
    return int(count)


def requests(daemon: Daemon) -> dict[str, Any]:
    return {object_: json.loads(raw) for object_, raw in daemon.rows("select object, request from effect")}


def test_a_waiting_run_keeps_its_definitions_and_a_new_one_gets_the_new_ones(own: Daemon) -> None:
    pause(own)
    own.webhook(bill("old", "c1"))
    until("it waits", lambda: waiting(own) == 1)
    ((before,),) = own.rows("select bundle from run where flow not like 'minute_%'")
    assert own.stop() == 0
    file = own.workspace / FLOW
    text = file.read_text("utf-8")
    assert "      input: =event.data\n" in text
    file.write_text(
        text.replace("      input: =event.data\n", "      input:\n        changed: =event.data.id\n"), "utf-8"
    )
    own.start()
    own.webhook(bill("new", "c2"))
    until("both wait", lambda: waiting(own) == 2)
    resume(own)
    until("both are posted", lambda: completed(own) == 2)
    assert len(own.ledger.documents) == 2
    sent = requests(own)
    assert sent["bnew"] == {"changed": "bnew"}
    assert sent["bold"]["customer"] == "c1"
    bundles = dict(own.rows("select subject, bundle from run where state = 'completed' and flow not like 'minute_%'"))
    assert bundles["bold"] == before != bundles["bnew"]


def test_a_waiting_run_of_a_flow_that_is_gone_comes_to_its_end(own: Daemon) -> None:
    pause(own)
    own.webhook(bill("last", "c1"))
    until("it waits", lambda: waiting(own) == 1)
    assert own.stop() == 0
    (own.workspace / FLOW).unlink()
    own.start()
    own.webhook(bill("unheard", "c2"))
    resume(own)
    until("it is posted", lambda: completed(own) == 1)
    own.settled()
    assert len(own.ledger.documents) == 1
    assert own.rows("select subject, state from run where flow not like 'minute_%'") == [("blast", "completed")]
    until("nothing is queued", lambda: own.rows("select count(*) from queue") == [(0,)])


def test_a_waiting_call_of_a_flow_that_is_gone_comes_to_its_end(own: Daemon) -> None:
    pause(own)
    order = {"order": {"id": "o1", "customer": "c1", "total": {"amount": "5.00", "currency": "EUR"}}}
    assert own.post("/flows/order_placed@1/call?wait_seconds=0.2", order, idempotency_key="k1").status_code == 202
    until("it waits", lambda: waiting(own) == 1)
    assert own.stop() == 0
    (own.workspace / "mappings" / "order_placed.flow.yaml").unlink()
    own.start()
    resume(own)
    until("it is posted", lambda: completed(own) == 1)
    assert len(own.ledger.documents) == 1


def test_a_person_moves_a_stopped_run_to_the_definitions_of_today_or_keeps_those_of_its_start(own: Daemon) -> None:
    for number, customer in (("a", "c1"), ("b", "c2")):
        own.webhook(bill(number, customer, total=0))
    until("both are stopped", lambda: own.rows("select count(*) from exception where state = 'open'") == [(2,)])
    ids = dict(own.rows("select r.subject, x.id from exception x join run r on r.id = x.run_id"))
    assert own.stop() == 0
    policy = own.workspace / "policies" / "bill_limits.policy.yaml"
    text = policy.read_text("utf-8")
    policy.write_text(text.replace("amount(total.total) > 0", "amount(total.total) >= 0"), "utf-8")
    own.start()
    assert own.run("retry", ids["ba"]).returncode == 0
    assert own.run("retry", ids["bb"], "--original").returncode == 0
    own.settled()
    until("one is posted", lambda: completed(own) == 1)
    until(
        "the other is stopped again", lambda: own.rows("select count(*) from exception where state = 'open'") == [(1,)]
    )
    assert len(own.ledger.documents) == 1
    assert own.rows("select subject, state from run where flow not like 'minute_%' order by subject") == [
        ("ba", "completed"),
        ("bb", "exception"),
    ]
