"""Flows and policies called over HTTP: answers, exceptions, keys, and what operators may ask."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path
from typing import Any

import pytest
from daemon_world import ROOT, Daemon, bill, until

#: One daemon for these tests, also where tests are spread over processes.
pytestmark = pytest.mark.xdist_group("daemon")


def order(id_: str, amount: str = "120.00") -> dict[str, Any]:
    return {"order": {"id": id_, "customer": "c1", "total": {"amount": amount, "currency": "EUR"}}}


def test_a_flow_that_only_computes_answers_at_once(daemon: Daemon) -> None:
    answer = daemon.post("/flows/order_quoted@1/call", order("o1"))
    assert answer.status_code == 200
    total = {"amount": "120.00", "currency": "EUR"}
    assert answer.json() == {"outcome": "completed", "output": {"order": "o1", "total": total}}
    assert daemon.rows("select count(*) from message where type = 'call:order_quoted@1'") == [(0,)]
    assert daemon.post("/flows/order_quoted/call", order("o1")).json() == answer.json(), "it has one major version"


def test_a_broken_rule_is_answered_in_words(daemon: Daemon) -> None:
    answer = daemon.post("/flows/order_quoted@1/call", order("o2", "10000.01"))
    assert answer.status_code == 422
    found = answer.json()
    assert (found["outcome"], found["reason"], found["owner"]) == ("exception", "order_too_large", "sales-operations")
    assert found["message"] == "Order o2 of customer c1 is over the limit, with 10,000.01 EUR."


def test_a_flow_that_changes_something_needs_a_key_and_runs_once_per_key(daemon: Daemon) -> None:
    path = "/flows/order_placed@1/call"
    assert "Idempotency-Key" in daemon.post(path, order("o3")).json()["error"]
    first = daemon.post(path, order("o3"), idempotency_key="k-o3")
    assert first.status_code == 200
    again = daemon.post(path, order("o3"), idempotency_key="k-o3")
    assert (again.status_code, again.json()) == (200, first.json())
    other = daemon.post(path, order("o3", "99.00"), idempotency_key="k-o3")
    assert (other.status_code, "other inputs" in other.json()["error"]) == (409, True)
    assert len([each for each in daemon.ledger.requests if each.changes and b'"o3"' in each.body]) == 1


def test_a_call_that_stops_for_a_person_is_422_also_the_second_time(daemon: Daemon) -> None:
    path = "/flows/order_placed@1/call"
    for _ in range(2):
        answer = daemon.post(path, order("o4", "20000.00"), idempotency_key="k-o4")
        assert (answer.status_code, answer.json()["reason"]) == (422, "order_too_large")


def test_a_slow_outcome_is_202_with_a_message_to_follow(daemon: Daemon) -> None:
    daemon.ledger.script("hang")
    answer = daemon.post("/flows/order_placed@1/call?wait_seconds=0.2", order("o5"), idempotency_key="k-o5")
    assert (answer.status_code, answer.json()["outcome"]) == (202, "under_way")
    chain = daemon.get(f"/api/lineage/{answer.json()['message']}").json()
    assert chain[0]["runs"][0]["effects"][0]["state"] == "sent"


def test_wrong_calls_are_refused_before_anything_is_stored(daemon: Daemon) -> None:
    before = daemon.rows("select count(*) from message where kind <> 'schedule'")
    path = "/flows/order_placed@1/call"
    assert daemon.post("/flows/nothing@1/call", {}).status_code == 400
    assert daemon.post("/flows/bill_posted@1/call", {}).status_code == 400
    assert daemon.post("/flows/minute_noted@1/call", {}).status_code == 400
    assert daemon.post(path, b"[1]", idempotency_key="k").status_code == 400
    assert daemon.post(path, b"{", idempotency_key="k").status_code == 400
    wrong = daemon.post(path, {"order": {"id": "o6", "customer": "c1"}}, idempotency_key="k")
    assert (wrong.status_code, "total" in wrong.json()["error"]) == (422, True)
    assert daemon.post(path, order("o6"), None, idempotency_key="k").status_code == 401
    assert daemon.post(f"{path}?wait_seconds=soon", order("o6"), idempotency_key="k").status_code == 400
    assert daemon.rows("select count(*) from message where kind <> 'schedule'") == before


def test_a_policy_is_checked_over_http(daemon: Daemon) -> None:
    path = "/policies/order_limits@1/check"
    passed = daemon.post(path, order("o7"))
    assert (passed.status_code, passed.json()) == (200, {"passed": True, "violations": []})
    failed = daemon.post(path, order("o7", "20000.00"))
    assert failed.status_code == 422
    assert [each["reason"] for each in failed.json()["violations"]] == ["order_too_large"]
    assert daemon.post("/policies/nothing@1/check", {}).status_code == 400


def test_operators_ask_and_need_the_token(daemon: Daemon) -> None:
    daemon.webhook(bill("asked", "c-asked"))
    until("the run is done", lambda: daemon.rows("select id from run where subject = 'basked' and state = 'completed'"))
    for path in ("status", "runs", "exceptions", "invalid", "unused", "generation", "audit/verify", "lineage/basked"):
        assert daemon.get(f"/api/{path}").status_code == 200, path
        assert daemon.get(f"/api/{path}", None).status_code == 401, path
    (chain,) = daemon.get("/api/lineage/basked").json()
    number = chain["runs"][0]["effects"][0]["document_number"]
    for id_ in (chain["message"]["id"], chain["runs"][0]["id"], chain["runs"][0]["effects"][0]["key"], number):
        assert [each["message"]["id"] for each in daemon.get(f"/api/lineage/{id_}").json()] == [chain["message"]["id"]]
    assert daemon.get("/api/lineage/unheard").status_code == 404
    assert daemon.get("/api/exceptions/unheard").status_code == 404
    assert daemon.get("/api/runs?limit=0").status_code == 400
    assert daemon.get("/api/runs?limit=2&state=completed&flow=bill_posted").json()[0]["state"] == "completed"
    assert daemon.get("/api/audit/verify").json()["holds"] is True


def test_it_is_not_ready_while_nothing_can_be_written(daemon: Daemon) -> None:
    assert daemon.process is not None
    unlimited = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    try:
        answer = daemon.get("/readyz", None)
    finally:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert (answer.status_code, answer.json()["status"]) == (503, "the store does not accept writes")
    assert daemon.get("/readyz", None).status_code == 200


def test_it_is_alive_ready_and_says_its_metrics(daemon: Daemon) -> None:
    assert daemon.get("/healthz", None).json() == {"status": "alive"}
    assert daemon.get("/readyz", None).json() == {"status": "ready", "generation": 1}
    text = daemon.get("/metrics", None).text
    names = {name.removesuffix("_total") for name in re.findall(r"^# TYPE (tieout_\w+)", text, re.M)}
    documented = set(re.findall(r"`(tieout_\w+)`", (ROOT / "docs/reference/metrics.md").read_text("utf-8")))
    assert names == documented
    assert re.search(r"^tieout_arrived_total [1-9]", text, re.M)


def test_commands_go_through_the_daemon_that_has_the_store(daemon: Daemon) -> None:
    daemon.webhook(bill("stuck", "c-stuck", total=0))
    (id_,) = until("the exception", lambda: daemon.rows("select id from exception where message like '%bstuck%'"))[0]
    status = daemon.run("status", "--json")
    assert json.loads(status.stdout)["engine"]["generation"] == 1
    listed = daemon.run("exceptions")
    assert (listed.returncode, id_ in listed.stdout, "c-stuck" in listed.stdout) == (0, True, True)
    shown = daemon.run("exceptions", "show", id_)
    assert "What to do: Issue a credit note" in shown.stdout
    retried = daemon.run("retry", id_, "--json")
    assert json.loads(retried.stdout)["status"] == "done"
    until(
        "it stops again",
        lambda: daemon.rows("select id from exception where message like '%bstuck%' and state = 'open'"),
    )
    call = daemon.run("call", "order_quoted@1", "--input", str(_written(daemon, order("o8"))))
    assert (call.returncode, json.loads(call.stdout)["order"]) == (0, "o8")
    over = daemon.run("call", "order_quoted@1", "--input", str(_written(daemon, order("o9", "20000.00"))))
    assert (over.returncode, "order_too_large" in over.stdout) == (1, True)
    wrong = daemon.run("status", TIEOUT_API_TOKEN="wrong")
    assert (wrong.returncode, "does not accept the token" in wrong.stderr) == (2, True)


def _written(daemon: Daemon, content: dict[str, Any]) -> Path:
    path = daemon.folder / "inputs.json"
    path.write_text(json.dumps(content))
    return path


def test_a_key_of_one_flow_does_not_answer_for_another(daemon: Daemon) -> None:
    first = daemon.post("/flows/order_placed@1/call", order("o7"), idempotency_key="k-o7")
    assert first.status_code == 200
    for _ in range(2):
        other = daemon.post("/flows/order_kept@1/call", order("o7"), idempotency_key="k-o7")
        assert (other.status_code, "used to call the flow order_placed@1" in other.json()["error"]) == (409, True)
    long = daemon.post("/flows/order_placed@1/call", order("o8"), idempotency_key="k" * 513)
    assert (long.status_code, "512 characters" in long.json()["error"]) == (400, True)
