"""Webhooks and canonical events into a running daemon, over real sockets."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from daemon_world import API_TOKEN, SECRETS, Daemon, bill, event, until

#: One daemon for these tests, also where tests are spread over processes.
pytestmark = pytest.mark.xdist_group("daemon")


def stored(daemon: Daemon, source_id: str) -> list[tuple[str, str]]:
    return daemon.rows("select channel, coalesce(note, '') from message where source_id like ?", source_id)


def documents(daemon: Daemon, object_: str) -> list[tuple[str, str]]:
    return daemon.rows(
        "select e.state, r.document_number from effect e join receipt r on r.effect_key = e.key where e.object = ?",
        object_,
    )


def test_a_signed_webhook_becomes_one_document_in_the_ledger(daemon: Daemon) -> None:
    answer = daemon.webhook(bill("hook"))
    assert (answer.status_code, answer.json()) == (200, {"status": "accepted"})
    until("the document is confirmed", lambda: documents(daemon, "bhook"))
    made = [request for request in daemon.ledger.requests if request.changes and b'"bhook"' in request.body]
    assert [json.loads(each.body)["total"] for each in made] == [{"amount": "12.00", "currency": "EUR"}]


def test_the_same_webhook_five_times_is_one_document(daemon: Daemon) -> None:
    message = bill("five", "c5")
    answers = [daemon.webhook(message).json()["status"] for _ in range(5)]
    assert answers == ["accepted", *["duplicate"] * 4]
    until("the document is confirmed", lambda: documents(daemon, "bfive"))
    assert len([each for each in daemon.ledger.requests if each.changes and b'"bfive"' in each.body]) == 1


def test_the_same_fact_by_webhook_and_as_an_event_is_one_document(daemon: Daemon) -> None:
    daemon.webhook(bill("twice", "c6"))
    until("the document is confirmed", lambda: documents(daemon, "btwice"))
    answer = daemon.post("/events", event("twice", "c6"), content_type="application/cloudevents+json")
    assert answer.status_code == 202
    until(
        "both runs are done",
        lambda: len(daemon.rows("select id from run where subject = 'btwice' and state = 'completed'")) == 2,
    )
    assert len(documents(daemon, "btwice")) == 1
    assert len([each for each in daemon.ledger.requests if each.changes and b'"btwice"' in each.body]) == 1


def test_a_bad_signature_is_refused_and_nothing_is_stored(daemon: Daemon) -> None:
    before = daemon.rows("select count(*) from message where kind <> 'schedule'")
    for signature in ("t=1,v1=00", "", "t=1769860800,v1=" + "0" * 64):
        answer = daemon.webhook(bill("forged"), signature)
        assert answer.status_code == 401
    assert daemon.rows("select count(*) from message where kind <> 'schedule'") == before
    assert stored(daemon, "evt_forged%") == []


def test_a_message_over_the_cap_is_refused(daemon: Daemon) -> None:
    answer = daemon.webhook(bill("large" + "x" * 70_000))
    assert answer.status_code == 413
    assert "at most 65536 bytes" in answer.json()["error"]
    assert stored(daemon, "evt_large%") == []


def test_an_unknown_connection_and_a_wrong_method_are_told_apart(daemon: Daemon) -> None:
    assert daemon.post("/webhooks/nobody", b"{}", None).status_code == 404
    assert daemon.post("/webhooks/ledger", b"{}", None).status_code == 404
    assert daemon.get("/webhooks/billing", None).status_code == 405


def test_what_is_signed_and_cannot_be_read_goes_to_the_invalid_channel(daemon: Daemon) -> None:
    bodies = {
        b"{not json": "",
        b'{"id": "evt_x", "id": "evt_y", "type": "bill.issued"}': "",
        b'\xff\xfe{"id": 1}': "",
        b"[" * 2000 + b"]" * 2000: "",
        b'{"type": "bill.issued"}': "",
    }
    for body in bodies:
        answer = daemon.webhook(body)
        assert (answer.status_code, answer.json()) == (202, {"status": "invalid"}), body[:40]
    listed = daemon.get("/api/invalid").json()
    reasons = [each["note"] for each in listed if each["channel"] == "invalid"]
    assert len(reasons) >= len(bodies)
    assert all(reasons)
    shown = daemon.run("exceptions", "invalid")
    assert shown.returncode == 0
    assert reasons[0][:30] in shown.stdout


def test_an_id_used_again_with_other_content_is_quarantined(daemon: Daemon) -> None:
    assert daemon.webhook(bill("reuse", "c7")).json() == {"status": "accepted"}
    assert daemon.webhook(bill("reuse", "c7", total=99)).json() == {"status": "quarantined"}
    channels = [channel for channel, _ in stored(daemon, "evt_reuse%")]
    assert sorted(channels) == ["inbox", "quarantine"]


def test_cloudevents_come_structured_binary_and_in_batches(daemon: Daemon) -> None:
    structured = daemon.post("/events", event("s1", "c8"), content_type="application/cloudevents+json")
    assert (structured.status_code, structured.json()) == (202, {"status": "accepted"})
    whole = event("s2", "c8", partitionkey="ö c8")
    data = whole.pop("data")
    attributes = {f"ce_{name}": quote(str(value)) for name, value in whole.items()}
    binary = daemon.post("/events", data, content_type="application/json", **attributes)
    assert (binary.status_code, binary.json()) == (202, {"status": "accepted"})
    assert daemon.rows("select key from message where source_id = 'event-s2'") == [("ö c8",)]
    batch = daemon.post(
        "/events", [event("s3", "c8"), event("s4", "c9")], content_type="application/cloudevents-batch+json"
    )
    assert batch.status_code == 202
    for number in ("s1", "s2", "s3", "s4"):
        until(f"document {number}", lambda number=number: documents(daemon, f"b{number}"))


def test_events_need_the_token_and_every_attribute(daemon: Daemon) -> None:
    form = "application/cloudevents+json"
    for token in (None, "wrong", API_TOKEN[:-1]):
        assert daemon.post("/events", event("t1"), token, content_type=form).status_code == 401
    for broken, named in (
        (event("t2", type="bill.issued"), "major version"),
        (event("t3", id=""), "'id'"),
        (event("t4", specversion="0.3"), "0.3"),
        (event("t2", partitionkey=5), "'partitionkey'"),
        (event("t2", subject=["b1"]), "'subject'"),
        (event("t2", time="yesterday"), "RFC 3339"),
        (event("t2", time="2026-01-31T12:00:00"), "zone"),
        (event("t2", data_base64="e30="), "data_base64"),
        (event("t2", datacontenttype="application/xml"), "application/xml"),
        (event("t2", id="event-t2\x00"), "null character"),
        (event("t2", source="billing"), "of our own"),
        (event("t2", source="schedule"), "of our own"),
        (event("t2", source="source:billing"), "of our own"),
    ):
        answer = daemon.post("/events", broken, content_type=form)
        assert answer.status_code == 400
        assert named in answer.json()["error"]
    assert daemon.post("/events", b"plain", content_type="text/plain").status_code == 400
    assert daemon.rows("select count(*) from message where source_id in ('event-t1', 'event-t2')") == [(0,)]


def test_an_event_that_no_flow_takes_is_kept_and_told_of(daemon: Daemon) -> None:
    form = "application/cloudevents+json"
    note = "no flow takes bill.forgotten@1 now: the event is kept, and nothing follows from it"
    forgotten = event("w1", "c-w", type="bill.forgotten@1")
    for state in ("accepted", "duplicate"):
        answer = daemon.post("/events", forgotten, content_type=form)
        assert (answer.status_code, answer.json()) == (202, {"status": state, "note": note})
    batch = [event("w2", "c-w", type="bill.forgotten@1"), event("w3", "c-w")]
    answer = daemon.post("/events", batch, content_type="application/cloudevents-batch+json")
    assert answer.json() == {"status": "accepted", "note": note}
    until("the one that a flow takes", lambda: documents(daemon, "bw3"))
    assert daemon.logs().count('"event":"no_flow_takes_event","type":"bill.forgotten@1"') == 1

    def listed() -> list[str]:
        return [each["source_id"] for each in daemon.get("/api/unused?limit=500").json()]

    until("both are listed", lambda: {"event-w1", "event-w2"} <= set(listed()))
    assert "event-w3" not in listed()
    shown = daemon.run("exceptions", "unused", "--limit", "500").stdout
    assert "bill.forgotten@1" in shown and "event-w2" in shown and "event-w3" not in shown
    counted = re.findall(r"^tieout_ignored_total (\d+)", daemon.get("/metrics").text, re.MULTILINE)
    assert int(counted[0]) >= 2
    said = daemon.run("status").stdout
    assert re.search(r"nothing followed from \d+ messages since it began \(tieout exceptions unused\)", said)


def test_a_batch_with_one_wrong_event_stores_none_and_a_large_one_takes_few_commits(daemon: Daemon) -> None:
    form = "application/cloudevents-batch+json"
    answer = daemon.post("/events", [event("u1"), event("u2", time="soon")], content_type=form)
    assert answer.status_code == 400
    assert daemon.rows("select count(*) from message where source_id like 'event-u%'") == [(0,)]

    def groups() -> int:
        (found,) = re.findall(r"^tieout_store_groups(?:_total)? (\d+)", daemon.get("/metrics").text, re.MULTILINE)
        return int(found)

    before = groups()
    many = [event(f"v{number}", "c-v", type="bill.ignored@1") for number in range(200)]
    assert daemon.post("/events", many, content_type=form).status_code == 202
    assert daemon.rows("select count(*) from message where source_id like 'event-v%'") == [(200,)]
    kept = [id_ for (id_,) in daemon.rows("select source_id from message where source_id like 'event-v%' order by seq")]
    assert kept == [each["id"] for each in many]
    assert groups() - before < 200


def test_a_broken_rule_waits_for_a_person_and_its_key_alone_waits(daemon: Daemon) -> None:
    daemon.webhook(bill("zero", "c-zero", total=0))
    daemon.webhook(bill("after", "c-zero"))
    daemon.webhook(bill("other", "c-other"))
    until("the other customer's document", lambda: documents(daemon, "bother"))
    (found,) = [each for each in daemon.get("/api/exceptions").json() if "bzero" in each["message"]]
    assert found["message"] == "Bill bzero of customer c-zero has a total of 0.00 EUR."
    assert (found["reason"], found["amount"], found["currency"]) == ("total_not_positive", "0.00", "EUR")
    assert documents(daemon, "bafter") == []
    refused = daemon.post(f"/api/exceptions/{found['id']}/skip", {"by": "maria"})
    assert (refused.status_code, "reason" in refused.json()["error"]) == (400, True)
    assert daemon.post(f"/api/exceptions/{found['id']}/skip", {"by": "maria", "why": "credited"}).status_code == 200
    until("the document behind it", lambda: documents(daemon, "bafter"))


def test_secrets_are_nowhere_in_what_the_daemon_says(daemon: Daemon) -> None:
    daemon.webhook(bill("secret"), "t=1,v1=00")
    paths = ("/api/status", "/api/runs", "/api/exceptions?state=all", "/api/invalid", "/metrics", "/api/generation")
    said = daemon.logs() + "".join(daemon.get(path).text for path in paths)
    assert "signature_refused" in said
    assert [secret for secret in SECRETS if secret in said] == []
