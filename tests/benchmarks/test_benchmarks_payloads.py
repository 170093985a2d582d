"""The measured webhooks are what they say: signed, of the stated size, and valid."""

from __future__ import annotations

import time
from decimal import Decimal

import jsonschema_rs
import orjson
import pytest
import stripe

from benchmarks.by_hand import document_of, violations
from benchmarks.mapping import ON, measure, normalised, overall_ratio, pairs, posted, workspace_plan
from benchmarks.payloads import LINES, SECRET, body, event_id, request, signature, webhook
from benchmarks.script import SCHEMA
from engine.base.identity import json_bytes
from engine.plan.model import Plan
from engine.source.json_reader import parse_json


@pytest.fixture(scope="module")
def plan() -> Plan:
    return workspace_plan()


def test_a_webhook_has_eight_lines_and_three_and_a_half_kilobytes() -> None:
    content = body(123_456)
    assert 3_300 <= len(content) <= 3_600
    assert len(orjson.loads(content)["data"]["object"]["lines"]["data"]) == LINES == 8


def test_numbers_give_distinct_events_and_repeat_customers() -> None:
    made = [webhook(number, customers=7) for number in range(50)]
    assert len({event["id"] for event in made}) == 50
    assert len({event["data"]["object"]["id"] for event in made}) == 50
    assert len({event["data"]["object"]["customer"] for event in made}) == 7


def test_stripes_own_library_accepts_the_signature() -> None:
    content = body(5)
    event = stripe.Webhook.construct_event(content, signature(content, int(time.time())), SECRET)
    assert event.id == event_id(5)


def test_the_request_is_complete() -> None:
    content = body(9)
    head, _, sent = request("/webhooks", content, 1_700_000_000).partition(b"\r\n\r\n")
    assert sent == content
    assert head.startswith(b"POST /webhooks HTTP/1.1\r\n")
    assert b"\r\nContent-Length: %d" % len(content) in head


@pytest.mark.parametrize("number", [0, 7, 499, 500, 31_337])
def test_every_event_fits_the_schema_and_passes_the_checks_by_hand(number: int) -> None:
    event = webhook(number)
    jsonschema_rs.validator_for(orjson.loads(SCHEMA.read_bytes())).validate(event)
    assert violations(document_of(event)) == []


def test_the_checks_by_hand_find_what_they_are_for() -> None:
    document = document_of(webhook(3))
    document["total"]["amount"] = "-1.00"
    document["journal"]["tax"]["amount"]["amount"] = "0.00"
    assert violations(document) == ["total_not_positive", "total_differs", "journal_unbalanced"]


@pytest.mark.parametrize("number", [0, 7, 501, 31_337])
def test_the_engine_and_the_hand_written_program_make_the_same_document(plan: Plan, number: int) -> None:
    message = parse_json(body(number))
    source = plan.sources[("billing", "invoice.finalized")]
    _, events = source.normalise(message, event_id(number), ON)
    document = plan.mappings["posted_invoice@1"][0].apply({"invoice": events[0].data["invoice"]}, ON)
    assert json_bytes(document) == orjson.dumps(document_of(webhook(number)))
    assert plan.policies["benchmark_controls@1"][0].check({"document": document}, ON) == []


def test_both_forms_of_each_timed_mapping_give_equal_results(plan: Plan) -> None:
    for pair in pairs(plan):
        assert pair.compiled() == pair.by_hand(), pair.name
    document = posted(normalised(parse_json(body(7)))["invoice"])
    assert document["net"].amount + document["tax"].amount == document["total"].amount == Decimal("3018.00")


def test_timing_reports_a_ratio_of_sums(plan: Plan) -> None:
    timings = measure(pairs(plan), repetitions=3, calls=3)
    assert [timing.name for timing in timings] == ["stripe_invoice", "posted_invoice"]
    compiled = sum(timing.compiled for timing in timings)
    assert overall_ratio(timings) == pytest.approx(compiled / sum(timing.by_hand for timing in timings))
