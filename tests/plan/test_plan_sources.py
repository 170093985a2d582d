"""Sources: the first case that applies, one event per element by its key, nothing made twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import codes_at, copy_base, plan_at, replace_in

from engine.base.errors import Failure
from engine.plan.model import SourcePlan

ON = date(2026, 2, 1)
LINE = {"revision": "1", "customer": "acme", "due": "2026-02-28", "total": "1.00"}
EACH = (
    ("  - id: issued\n", "  - id: issued\n    when: =message.status == 'open'\n"),
    ("        time:", "        each: {over: =message.bills, as: line, key: =line.id}\n        time:"),
    ("subject: =message.id", "subject: =line.id"),
    ("            message: =message", "            message: =line"),
)


def source_at(root: Path) -> SourcePlan:
    replace_in(copy_base(root), "billed.source.yaml", *EACH)
    return plan_at(root).sources["billing", "bill.created"]


def message(*ids: Any, status: str = "open") -> dict[str, Any]:
    bills = [{**LINE, "id": id} for id in ids]
    return {"id": "m", "status": status, "created": "2026-02-01T10:00:00Z", "customer": "acme", "bills": bills}


def test_an_element_keeps_its_id_wherever_it_stands(tmp_path: Path) -> None:
    source = source_at(tmp_path)
    _, events = source.normalise(message("a", "b"), "evt", ON)
    _, turned = source.normalise(message("c", "b", "a"), "evt", ON)
    assert [event.subject for event in events] == ["a", "b"]
    by_subject = {event.subject: event.id for event in turned}
    assert [event.id for event in events] == [by_subject["a"], by_subject["b"]]
    assert len(set(by_subject.values())) == 3


@pytest.mark.parametrize("ids", [("a", "a"), ("a", None), ("a", ""), ("a", 5)])
def test_elements_that_cannot_be_told_apart_are_refused(tmp_path: Path, ids: tuple[Any, ...]) -> None:
    with pytest.raises(Failure) as raised:
        source_at(tmp_path).normalise(message(*ids), "evt", ON)
    assert raised.value.error_class == "mapping"


def test_a_message_that_no_case_expects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no case of source billed applies"):
        source_at(tmp_path).normalise(message("a", status="strange"), "evt", ON)


def test_an_element_needs_a_name_of_its_own(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(tmp_path, "billed.source.yaml", *(EACH[0], (EACH[1][0], EACH[1][1].replace("as: line", "as: message"))))
    assert "FLOW006" in codes_at(tmp_path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourcePlan:
    return source_at(tmp_path_factory.mktemp("source"))


@given(ids=st.lists(st.text("abcdef", min_size=1), unique=True, max_size=6), vendor=st.text("xyz", min_size=1))
def test_equal_messages_make_equal_events(source: SourcePlan, ids: list[str], vendor: str) -> None:
    first = source.normalise(message(*ids), vendor, ON)
    again = source.normalise(message(*ids), vendor, ON)
    assert first == again
    assert len({event.id for event in first[1]}) == len(ids)
