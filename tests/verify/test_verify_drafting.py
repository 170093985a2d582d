"""Drafted and recorded cases: what is given and answered, nothing invented, nothing sensitive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from booked_case import said
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import copy_base

from engine.api import Place, draft_test, init_workspace, record_test, run_event, run_tests
from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostics
from engine.source.node import plain
from engine.source.yaml_reader import read_yaml
from engine.verify.drafting import as_yaml
from engine.verify.masking import Mask

EVENT = {
    "specversion": "1.0",
    "type": "bill.issued@1",
    "id": "e1",
    "source": "test",
    "subject": "b1",
    "partitionkey": "acme",
    "time": "2026-02-01T12:00:00Z",
    "data": {
        "id": "b1",
        "revision": "1",
        "customer": "acme",
        "due": "2026-02-28",
        "order": "PO-7",
        "total": {"amount": "120.00", "currency": "USD"},
        "lines": [{"id": "l1", "amount": {"amount": "120.00", "currency": "USD"}}],
    },
}


def drafted(root: Path, event: Any = EVENT, flow: str | None = None) -> str:
    return draft_test(root, json.dumps(event).encode(), flow)


def test_a_draft_gives_what_is_read_and_fails_until_somebody_says_what_must_come_out(tmp_path: Path) -> None:
    copy_base(tmp_path)
    text = drafted(tmp_path)
    assert "order: PO-7" in text and "lines" not in text
    file = tmp_path / "mappings" / "drafted.test.yaml"
    file.write_text(text, "utf-8")
    (result,) = run_tests(tmp_path, "booked_drafted").results
    assert result.problems == ("the case expects nothing yet: write under `expect` what must come out",)
    file.write_text(text.replace("expect: {}", "expect: {sent: {posted: {order: PO-7}}}"), "utf-8")
    (result,) = run_tests(tmp_path, "booked_drafted").results
    assert said(result) == []


@pytest.mark.parametrize(
    ("event", "flow", "problem"),
    [
        ({"data": {}}, None, "this is not an event"),
        ({**EVENT, "type": "bill.isued@1"}, None, "no flow takes bill.isued@1: did you mean `bill.issued@1`?"),
        (EVENT, "boked", "there is no flow boked: did you mean `booked`?"),
        ({**EVENT, "data": {"id": "b1"}}, None, "the event does not fit flow booked"),
    ],
)
def test_what_no_case_can_be_drafted_from_is_told(tmp_path: Path, event: Any, flow: str | None, problem: str) -> None:
    copy_base(tmp_path)
    with pytest.raises(UserError) as caught:
        drafted(tmp_path, event, flow)
    assert problem in caught.value.message


def test_several_flows_for_an_event_need_a_name(tmp_path: Path) -> None:
    copy_base(tmp_path)
    text = (tmp_path / "mappings" / "booked.flow.yaml").read_text("utf-8")
    (tmp_path / "mappings" / "again.flow.yaml").write_text(text.replace("id: booked", "id: again", 1), "utf-8")
    with pytest.raises(UserError, match=r"name one with --flow \((again, booked|booked, again)\)"):
        drafted(tmp_path)
    assert "again@1" in drafted(tmp_path, flow="again")


SCALARS = st.text("abcXYZ 0123456789:-#.'\"{}[]=,&*!|>%@`\nß", max_size=12) | st.integers(-999, 999) | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text("ab_1.", min_size=1), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab_", min_size=1), VALUES, min_size=1, max_size=3))
def test_documents_read_back_as_they_were_written(document: dict[str, Any]) -> None:
    found = Diagnostics()
    node = read_yaml(as_yaml(document).encode(), "x.yaml", found)
    assert node is not None, [str(each) for each in found.sorted]
    assert plain(node) == document


@given(st.lists(st.text("abcdEFGH 0189-@", max_size=16), min_size=1, max_size=6))
def test_masks_keep_the_shape_and_give_the_same_for_the_same(texts: list[str]) -> None:
    mask = Mask()
    mask.learn({"people": [{"name": text} for text in texts]}, ["people[].name"])
    masked = [mask.masked(text) for text in texts]
    for text, made in zip(texts, masked, strict=True):
        assert [(char.isupper(), char.islower(), char.isdecimal()) for char in made] == [
            (char.isupper(), char.islower(), char.isdecimal()) for char in text
        ]
        assert masked[texts.index(text)] == made


def test_masks_reach_texts_around_and_leave_the_rest() -> None:
    mask = Mask()
    mask.learn({"a": {"name": "Anna Example"}, "b": {"x": {"y": "secret"}}}, ["a.name", "b", "*.nothing"])
    made = mask.masked({"text": "Bill for Anna Example, due", "number": 7, "other": "Bert"})
    assert "Anna" not in made["text"] and made["text"].endswith(", due") and made["text"].startswith("Bill for ")
    assert made["number"] == 7 and made["other"] == "Bert"
    assert mask.masked("secret") != "secret"


def recorded(root: Path, event: Any = EVENT) -> tuple[str, dict[str, Any]]:
    """The case of a run on a store of its own, and the run."""
    place = Place(root, root / "state", str(root / "state" / "store.db"), "development")
    outcome = run_event(place, "booked", json.dumps(event).encode(), None, None, 20.0)
    ((run,),) = [message["runs"] for message in outcome["messages"]]
    return record_test(place, run["id"]), run


def test_a_run_becomes_a_case_that_holds_with_its_sensitive_texts_masked(tmp_path: Path) -> None:
    copy_base(tmp_path)
    schema = tmp_path / "schemas" / "bill.issued@1.schema.json"
    text = schema.read_text("utf-8")
    schema.write_text(
        text.replace('"order": {"type": "string"}', '"order": {"type": "string", "x-sensitive": true}'), "utf-8"
    )
    case, run = recorded(tmp_path)
    assert run["state"] == "completed", json.dumps(run, indent=1)
    assert "PO-7" not in case and "bill: b1" in case
    (tmp_path / "mappings" / "recorded.test.yaml").write_text(case, "utf-8")
    results = [each for each in run_tests(tmp_path).results if "recorded" in each.test]
    assert [said(each) for each in results] == [[]]


def test_a_run_that_ended_with_a_person_is_recorded_with_its_reason(tmp_path: Path) -> None:
    copy_base(tmp_path)
    case, _ = recorded(tmp_path, {**EVENT, "data": {**EVENT["data"], "customer": "nobody"}})  # type: ignore[dict-item]
    assert "reason: unknown_customer" in case
    (tmp_path / "mappings" / "recorded.test.yaml").write_text(case, "utf-8")
    results = [each for each in run_tests(tmp_path).results if "recorded" in each.test]
    assert [said(each) for each in results] == [[]]


def test_runs_that_are_not_there_are_told(tmp_path: Path) -> None:
    copy_base(tmp_path)
    place = Place(tmp_path, tmp_path / "state", str(tmp_path / "state" / "store.db"), "development")
    with pytest.raises(UserError, match="there is no store here"):
        record_test(place, "x")
    recorded(tmp_path)
    with pytest.raises(UserError, match="there is no run x"):
        record_test(place, "x")


def test_a_case_is_drafted_from_a_vendors_message(tmp_path: Path) -> None:
    init_workspace(tmp_path / "shop")
    message = (tmp_path / "shop/mappings/sources/stripe/fixtures/subscription_created.json").read_bytes()
    document = draft_test(tmp_path / "shop", message, "subscription_started", "billing")
    assert "flow: subscription_started@1" in document and "type: subscription.created@1" in document
    assert draft_test(tmp_path / "shop", message, None, "billing") == document, "the one flow that takes it"
    with pytest.raises(
        UserError, match=r"makes subscription\.created@1; flow invoice_posted is started by invoice\.fin"
    ):
        draft_test(tmp_path / "shop", message, "invoice_posted", "billing")
    with pytest.raises(UserError, match="say --connection"):
        draft_test(tmp_path / "shop", b'{"id": "evt_1"}')
