"""Deciding is repeatable: the same fact gives the same effects under the same keys, however it came and how often."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from worlds import computed, flow, post, step

from engine.connect.port import Document, Receipt
from engine.plan import model as plan
from engine.run.decide import Context, decide
from engine.run.requests import EffectAnswer, EffectRequest, EmitAnswer, EmitRequest

LINES = st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=6)
EVENTS = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=8), "revision": st.text(max_size=4), "note": st.text(max_size=8)}
)


def bulk() -> plan.FlowPlan:
    element = post("line", object=computed("event.data.id"), revision=computed("event.data.revision"))
    each = step(
        plan.EachStep, "lines", "each", over=computed("event.data.lines"), name="line", key=computed("line.id"),
        steps=(element,), output=None,
    )  # fmt: skip
    told = step(
        plan.EmitStep, "told", "emit", event="posted@1", subject=computed("event.data.id"), partitionkey=None,
        data=computed("event.data"), encode=lambda value: value,
    )  # fmt: skip
    return flow("bulk", "bulk@1", post("whole", "whole"), each, told)


def effects(data: dict[str, Any], event_id: str = "event-1", on: date = date(2026, 1, 31)) -> list[Any]:
    """What a decision asks of the world, answered with proof each time."""
    deciding = decide(bulk(), {"event": {"data": data}}, Context("world", "test", event_id, "cus_1", on))
    asked: list[Any] = []
    request = next(deciding, None)
    while request is not None:
        if isinstance(request, EffectRequest):
            asked.append((request.key, request.path, request.element, request.raw, request.digest))
            answer: Any = EffectAnswer(Receipt(Document(f"doc-{len(asked)}")))
        else:
            assert isinstance(request, EmitRequest)
            asked.append((request.id, request.path))
            answer = EmitAnswer()
        try:
            request = deciding.send(answer)
        except StopIteration:
            request = None
    return asked


@given(EVENTS, LINES)
def test_deciding_again_asks_for_the_same(data: dict[str, Any], lines: list[str]) -> None:
    event = {**data, "lines": [{"id": line} for line in lines]}
    assert effects(event) == effects(event)


@given(EVENTS, LINES)
def test_effect_keys_do_not_depend_on_message_date_or_the_order_of_fields(
    data: dict[str, Any], lines: list[str]
) -> None:
    event = {**data, "lines": [{"id": line} for line in lines]}
    turned = dict(reversed(event.items()))
    by_message = [each[0] for each in effects(event)[:-1]]
    by_backfill = [each[0] for each in effects(turned, "event-of-a-file", date(2027, 3, 1))[:-1]]
    assert by_message == by_backfill


@given(EVENTS, LINES, st.randoms(use_true_random=False))
def test_elements_are_known_by_their_key_not_by_their_place(
    data: dict[str, Any], lines: list[str], chance: Any
) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)
    keys = {each[2]: each[0] for each in effects({**data, "lines": [{"id": line} for line in lines]})[1:-1]}
    again = {each[2]: each[0] for each in effects({**data, "lines": [{"id": line} for line in shuffled]})[1:-1]}
    assert keys == again
    assert len(set(keys.values())) == len(lines)
