"""trace and run, and the operators' commands on a store that no daemon has open."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from daemon_world import ROOT, Ledger, bill, event

from engine import api
from engine.base.clock import FixedClock
from engine.commands.trace_text import trace_lines
from engine.serve.preview import preview


def raw(content: Any) -> bytes:
    return json.dumps(content).encode()


def made(ledger: Ledger, object_: str) -> int:
    return len([each for each in ledger.requests if each.changes and f'"{object_}"'.encode() in each.body])


def test_trace_shows_every_step_and_sends_nothing(tieout: Any, place: Path, ledger: Ledger) -> None:
    before = len(ledger.requests)
    said = tieout("trace", "bill_posted", "--event", "-", "--json", stdin=raw(event("t1")))
    assert said.code == 0
    trace = said.json
    assert [(step["path"], step["kind"], step["state"]) for step in trace["steps"]] == [
        ("controls", "check", "done"),
        ("posted", "post", "done"),
    ]
    assert trace["steps"][0]["output"] == {"passed": ["total_positive"]}
    assert trace["steps"][1]["type"] == "object with document, fields"
    (effect,) = trace["effects"]
    assert (effect["operation"], effect["content"]["total"]) == ("post_json", {"amount": "12.00", "currency": "EUR"})
    assert trace["output"] == "<number of post_json>"
    human = tieout("trace", "bill_posted@1", "--event", "-", stdin=raw(event("t1"))).out
    assert "would send: post_json to ledger" in human
    assert "type    object with document, fields" in human
    assert len(ledger.requests) == before
    assert not (place / ".tieout").exists()


def test_trace_takes_a_vendors_message_a_calls_inputs_and_replies(tieout: Any, place: Path) -> None:
    vendor = tieout("trace", "bill_posted", "--connection", "billing", "--event", "-", "--json", stdin=raw(bill("t2")))
    assert vendor.json["effects"][0]["identity"]["object"] == "bt2"
    order = {"order": {"id": "o1", "customer": "c", "total": {"amount": "20000.00", "currency": "EUR"}}}
    refused = tieout("trace", "order_quoted", "--event", "-", "--json", stdin=raw(order))
    assert (refused.code, refused.json["outcome"]) == (1, "exception")
    assert refused.json["exceptions"][0]["reason"] == "order_too_large"
    replies = place / "replies.yaml"
    replies.write_text("posted:\n  - unknown: no answer\n  - document: {id: '9', number: INV-9}\n")
    answered = tieout(
        "trace", "bill_posted", "--event", "-", "--replies", str(replies), "--json", stdin=raw(event("t3"))
    )
    assert answered.json["output"] == "INV-9"
    replies.write_text("posted:\n  - rejected: {class: data, message: the customer is on hold}\n")
    stopped = tieout("trace", "bill_posted", "--event", "-", "--replies", str(replies), stdin=raw(event("t3")))
    assert (stopped.code, "the customer is on hold" in stopped.out) == (1, True)


def test_every_event_of_the_shipped_tests_can_be_traced() -> None:
    compiled = api.compile_workspace(ROOT)
    clock = FixedClock("2026-02-28T12:00:00Z")
    outcomes = set()
    for file in sorted((ROOT / "mappings" / "flows" / "fixtures").glob("*.json")):
        raw_event = file.read_bytes()
        for versions in compiled.plan.by_event[json.loads(raw_event)["type"]]:
            flow = f"{versions[-1].id}@1"
            (trace,) = preview(compiled, "test", flow, raw_event, None, None, clock)
            assert trace.steps, file.name
            assert "\n".join(trace_lines(trace.as_json()))
            assert all(step.type for step in trace.steps if step.state != "stopped")
            outcomes.add(trace.outcome)
            assert (trace.outcome == "unanswered") == bool(trace.problem)
    assert {"completed", "unanswered"} >= outcomes > set()


def test_events_that_do_not_fit_are_refused_in_words(tieout: Any, place: Path) -> None:
    for content, words in (
        (b"{", "cannot be read"),
        (b"[]", "one JSON object"),
        (raw(event("x", type="order.placed@1")), "is started by bill.issued@1"),
        (raw(event("x", id="")), "needs an `id`"),
        (raw(bill("x")), "--connection"),
        (raw(event("x", data={"id": "b"})), "does not fit"),
    ):
        said = tieout("trace", "bill_posted", "--event", "-", stdin=content)
        assert (said.code, words in said.err) == (2, True), (content, said)
    unknown = tieout("trace", "bill_postd", "--event", "-", stdin=raw(event("x")))
    assert (unknown.code, "did you mean `bill_posted@1`" in unknown.err) == (2, True)
    assert tieout("trace", "bill_posted", "--event", "/nowhere.json").code == 2


def test_run_posts_once_and_lineage_tells_the_chain_from_any_id(tieout: Any, place: Path, ledger: Ledger) -> None:
    first = tieout("run", "bill_posted", "--event", "-", "--json", stdin=raw(event("r1")))
    assert (first.code, first.json["outcome"]) == (0, "completed")
    again = tieout("run", "bill_posted", "--event", "-", stdin=raw(event("r1")))
    assert (again.code, "was here before" in again.out) == (0, True)
    other_id = tieout("run", "bill_posted", "--event", "-", "--json", stdin=raw(event("r1", id="other")))
    assert other_id.json["outcome"] == "completed"
    assert made(ledger, "br1") == 1
    (message,) = first.json["messages"]
    run = message["runs"][0]
    effect = run["effects"][0]
    for id_ in (message["message"]["id"], "event-r1", run["id"], effect["key"], effect["document_number"], "br1"):
        said = tieout("lineage", id_)
        assert said.code == 0
        for part in (run["id"], effect["document_number"], "bill_posted@1.0.0  completed", "event-r1"):
            assert part in said.out, (id_, part)
    assert tieout("lineage", "br1", "--json").json[0]["runs"][0]["id"] == run["id"]
    nothing = tieout("lineage", "unheard")
    assert (nothing.code, "nothing is known" in nothing.err) == (1, True)
    conflict = tieout("run", "bill_posted", "--event", "-", stdin=raw(event("r1", total="13.00")))
    assert (conflict.code, "other content" in conflict.err) == (2, True)


def test_an_exception_is_listed_shown_exported_retried_and_skipped_without_a_daemon(
    tieout: Any, place: Path, ledger: Ledger
) -> None:
    stopped = tieout("run", "bill_posted", "--event", "-", "--json", stdin=raw(event("z1", "c-z", "0.00")))
    assert (stopped.code, stopped.json["outcome"]) == (1, "exception")
    (found,) = tieout("exceptions", "--json").json
    listed = tieout("exceptions")
    assert (listed.code, found["id"] in listed.out, "0.00 EUR" in listed.out) == (0, True, True)
    assert "What to do: Issue a credit note" in tieout("exceptions", "show", found["run_id"]).out
    behind = tieout("run", "bill_posted", "--event", "-", stdin=raw(event("z2", "c-z")))
    assert (behind.code, "come first" in behind.err) == (2, True)
    exported = place / "exception.json"
    assert tieout("exceptions", "export", found["id"], "--output", str(exported)).code == 0
    assert json.loads(exported.read_text())["exception"]["id"] == found["id"]
    retried = tieout("retry", found["id"], "--by", "maria", "--json")
    assert (retried.code, retried.json["again"]) == (0, True)
    settled = tieout("exceptions", "list", "--all", "--json").json
    assert [(each["state"], each["settled_by"]) for each in settled] == [("resolved", "maria")]
    assert tieout("exceptions").out == "nothing waits for a person\n"
    twice = tieout("retry", found["id"])
    assert (twice.code, "already settled" in twice.err) == (2, True)
    assert tieout("exceptions", "skip", "unheard", "--why", "x").code == 2
    assert tieout("exceptions", "outcome", found["id"]).code == 2


def test_status_runs_and_doctor_report(tieout: Any, place: Path) -> None:
    missing = tieout("status")
    assert (missing.code, "tieout serve" in missing.err) == (2, True)
    tieout("run", "bill_posted", "--event", "-", stdin=raw(event("s1")))
    status = tieout("status", "--json").json
    assert (status["messages"]["total"], status["runs"], status["effects"]) == (1, {"completed": 1}, {"confirmed": 1})
    assert "no daemon runs on this store" in tieout("status").out
    assert [run["subject"] for run in tieout("runs", "--json", "--flow", "bill_posted").json] == ["bs1"]
    assert tieout("runs", "--run-state", "exception").out == "no runs\n"
    assert "bs1" in tieout("runs").out
    wrong = tieout("run", "bill_posted", "--event", "-", "--environment", "production", stdin=raw(event("s2")))
    assert (wrong.code, "belongs to environment 'development'" in wrong.err) == (2, True)
    assert tieout("exceptions", "invalid").out == "every message could be read\n"


def test_doctor_looks_at_everything_and_names_no_secret(tieout: Any, place: Path, monkeypatch: Any) -> None:
    tieout("run", "bill_posted", "--event", "-", stdin=raw(event("d1")))
    healthy = tieout("doctor", "--json")
    assert healthy.code == 0
    names = [check["name"] for check in healthy.json]
    wanted = {
        "python",
        "packages",
        "workspace",
        "disk",
        "store",
        "store journal",
        "clock",
        "audit",
        "connection ledger",
    }
    assert wanted <= set(names)
    assert "canary" not in healthy.out
    monkeypatch.delenv("SMALL_WEBHOOK_SECRET")
    ill = tieout("doctor")
    assert (ill.code, "SMALL_WEBHOOK_SECRET" in ill.out) == (1, True)
    monkeypatch.setenv("SMALL_WEBHOOK_SECRET", "x")
    deep = tieout("doctor", "--deep", "--json")
    unreachable = [check["name"] for check in deep.json if not check["holds"]]
    assert (deep.code, unreachable) == (1, ["connection billing"])
    assert any(check["name"] == "store pages" and check["holds"] for check in deep.json)


def test_a_state_folder_that_cannot_be_one_is_said_in_words(tieout: Any, place: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file", "utf-8")
    below = str(taken / "state")
    for command in (("serve", "--port", "0"), ("run", "bill_posted", "--event", "-")):
        said = tieout(*command, "--state", below, stdin=raw(event("w1")))
        assert (said.code, f"cannot use {taken}" in said.err) == (2, True), said.err
    ill = tieout("doctor", "--state", below)
    assert (ill.code, f"{taken} is a file" in ill.out) == (1, True)
    as_json = tieout("run", "bill_posted", "--event", "-", "--state", below, "--json", stdin=raw(event("w1")))
    assert (as_json.code, f"cannot use {taken}" in as_json.json["error"]) == (2, True)


def test_a_broken_chain_fails_audit_verify_and_doctor(tieout: Any, place: Path) -> None:
    tieout("run", "bill_posted", "--event", "-", stdin=raw(event("a1")))
    assert tieout("audit", "verify").code == 0
    assert tieout("audit", "verify", "--json").json["holds"] is True
    connection = sqlite3.connect(place / ".tieout" / "store.db")
    with connection:
        connection.execute("update audit set entry = ? where seq = 2", (b'{"kind":"nothing"}',))
    connection.close()
    said = tieout("audit", "verify")
    assert (said.code, "entry 2 was changed" in said.out) == (1, True)
    assert tieout("doctor").code == 1
    assert tieout("audit", "verify", "--json").code == 1


def test_a_file_that_is_no_store_is_said_in_words(tieout: Any, place: Path) -> None:
    (place / "other.db").write_bytes(b"not a database, but long enough to be taken for one" * 20)
    for command in (("status",), ("audit", "verify"), ("retry", "x"), ("lineage", "x")):
        said = tieout(*command, "--store", str(place / "other.db"))
        assert (said.code, "cannot read this as a store" in said.err) == (2, True), said
    opened = tieout("run", "bill_posted", "--event", "-", "--store", str(place / "other.db"), stdin=raw(event("n1")))
    assert (opened.code, "cannot be opened" in opened.err) == (2, True)
    ill = tieout("doctor", "--store", str(place / "other.db"))
    assert (ill.code, "FAIL  store" in ill.out) == (1, True)


def test_a_store_in_use_without_a_daemon_is_said_in_words(tieout: Any, place: Path) -> None:
    from engine.store.lock import StoreLock

    tieout("run", "bill_posted", "--event", "-", stdin=raw(event("l1")))
    lock = StoreLock(place / ".tieout" / "store.db")
    try:
        for command in (("status",), ("retry", "x"), ("call", "order_quoted@1", "--input", "-")):
            said = tieout(*command, stdin=b"{}")
            assert (said.code, "in use" in said.err) == (2, True), command
    finally:
        lock.close()
    assert tieout("call", "order_quoted@1", "--input", "-", stdin=b"{}").code == 2
