"""The reference validator's second opinion on test events."""

from __future__ import annotations

from pathlib import Path

from engine.spec.workspace import load_workspace
from engine.verify.given import read_given
from engine.verify.reference import ReferenceValidator

ROOT = Path(__file__).parents[2]


def test_it_takes_every_event_of_the_shipped_flow_tests_and_refuses_a_broken_one_by_its_place() -> None:
    workspace = load_workspace(ROOT)
    reference = ReferenceValidator(workspace.schemas)
    seen = 0
    for test in workspace.tests:
        flow = next((each for each in workspace.flows if test.target.flow and each.id == test.target.flow.id), None)
        if flow is None or flow.trigger.event is None:
            continue
        event = read_given(test, workspace.root)["event"]
        assert reference.objection(str(flow.trigger.event), event["data"]) is None, test.id
        broken = {**event["data"], "unheard_of": 1}
        objection = reference.objection(str(flow.trigger.event), broken)
        assert objection is not None
        assert "unheard_of" in objection
        seen += 1
    assert seen >= 11
