"""What the flows' cases start from is what the sources really make of the billing system's messages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import parse_json
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "mappings/sources/stripe/fixtures"
EVENTS = ROOT / "mappings/flows/fixtures"

PAIRS = [
    ("customer_created", 0, "customer_created"),
    ("subscription_created", 0, "subscription_created"),
    ("subscription_upgraded", 0, "amendment_upgrade"),
    ("schedule_downgrade", 0, "amendment_downgrade"),
    ("invoice_upgrade", 0, "invoice_upgrade"),
    ("invoice_voided", 0, "invoice_voided"),
    ("invoice_uncollectible", 0, "invoice_uncollectible"),
    ("invoice_payment_partial", 0, "payment_partial"),
    ("invoice_payment_failed", 0, "payment_failed"),
    ("credit_note_cancellation", 0, "credit_cancellation"),
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    compiled = build_plan(load_workspace(ROOT), Diagnostics())
    assert compiled is not None
    return compiled


def _events(plan: Plan, message: str) -> list[Any]:
    arrived = parse_json((MESSAGES / f"{message}.json").read_bytes())
    source = plan.sources[("billing", arrived["type"])]
    return source.normalise(arrived, arrived["id"], date(2026, 2, 10))[1]


@pytest.mark.parametrize(("message", "position", "expected"), PAIRS)
def test_an_event_of_the_cases_is_what_the_message_becomes(
    plan: Plan, message: str, position: int, expected: str
) -> None:
    event = _events(plan, message)[position]
    wanted = json.loads((EVENTS / f"{expected}.json").read_text("utf-8"))
    assert event.type == wanted["type"]
    assert event.subject == wanted["subject"]
    assert event.partitionkey == wanted["partitionkey"]
    assert event.data == plan.event_types[event.type](wanted["data"])


def test_the_same_payment_by_two_messages_is_the_same_fact(plan: Plan) -> None:
    alone = _events(plan, "invoice_payment_partial")[0]
    with_invoice = _events(plan, "invoice_paid")[0]
    assert alone.id != with_invoice.id
    assert (alone.subject, alone.partitionkey, alone.data) == (
        with_invoice.subject,
        with_invoice.partitionkey,
        with_invoice.data,
    )


def test_ids_depend_on_the_message_only(plan: Plan) -> None:
    first, again = _events(plan, "credit_note_cancellation"), _events(plan, "credit_note_cancellation")
    assert [event.id for event in first] == [event.id for event in again]
    assert len({event.id for event in first}) == len(first) == 2
