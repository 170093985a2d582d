"""What changed documents reach: flows, what these send, tests; and the runs that still go by old definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from engine.plan.model import BranchStep, CallStep, EachStep, EmitStep, FlowPlan, Plan, PostStep, StepPlan
from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.contracts import roles_of
from engine.release.documents import Document
from engine.spec.documents.test import Test
from engine.spec.kinds import CALCULATING
from engine.spec.workspace import LoadedWorkspace
from engine.store import tables as t

_TARGETS = ("flow", "mapping", "policy", "source", *CALCULATING)


@dataclass(frozen=True, slots=True)
class InFlight:
    """Runs of one version of a flow that are pinned to definitions which are no longer these."""

    flow: str  # id@version
    unfinished: int
    excepted: int

    @property
    def sentence(self) -> str:
        parts = []
        if self.unfinished:
            runs = "1 run finishes" if self.unfinished == 1 else f"{self.unfinished} runs finish"
            parts.append(f"{runs} under the old definitions")
        if self.excepted:
            runs = "1 run waits" if self.excepted == 1 else f"{self.excepted} runs wait"
            parts.append(f"{runs} for a person, and would go on under them")
        return f"{self.flow}: {'; '.join(parts)}"


def add_reach(
    changes: Iterable[DocumentChange], old: Plan | None, new: Plan | None, workspace: LoadedWorkspace
) -> None:
    """Fill in what each change reaches: by the closures of flows, on whichever side has the document. What changes
    nothing at run time reaches nothing."""
    roles = roles_of(workspace)
    for change in changes:
        if change.level is ChangeClass.NONE:
            continue
        flows: dict[str, FlowPlan] = {}
        for document, plan in ((change.old, old), (change.new, new)):
            if document is not None and plan is not None:
                flows.update({f"{flow.id}@{flow.version}": flow for flow in _flows(document, plan)})
        document = change.document
        change.reached = {
            "fields": [],
            "decisions": [],
            "documents": [],
            "flows": sorted(name for name in flows if f"flow:{name}" != document.key),
            "operations": sorted({each for flow in flows.values() for each in _operations(flow.steps)}),
            "tests": sorted(_tests(workspace, document, {flow.id for flow in flows.values()})),
        }
        if document.kind == "schema" and document.major in roles:
            role = roles[document.major]
            change.reached["documents"] = sorted({*role.producers, *role.consumers})


def _flows(document: Document, plan: Plan) -> Iterator[FlowPlan]:
    events: set[str] = set()
    if document.kind == "source":
        events = {str(emission.event) for case in document.definition.cases for emission in case.emit}
    for versions in plan.flows.values():
        for flow in versions:
            uses = document.kind == "connection" and any(
                each.endswith(f" to {document.id}") for each in _operations(flow.steps)
            )
            if uses or document.kind == "workspace" or document.key in flow.bundle or flow.event in events:
                yield flow


def _operations(steps: Iterable[StepPlan]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, PostStep):
            yield f"{step.operation} to {step.connection}"
        elif isinstance(step, EmitStep):
            yield f"event {step.event}"
        elif isinstance(step, EachStep):
            yield from _operations(step.steps)
        elif isinstance(step, BranchStep):
            for case in step.cases:
                yield from _operations(case.steps)
        elif isinstance(step, CallStep):
            continue  # the flow that is called is in the closure itself


def _tests(workspace: LoadedWorkspace, document: Document, flows: set[str]) -> Iterator[str]:
    for test in workspace.tests:
        target = _target(test)
        if target == (document.kind, document.id) or (target[0] == "flow" and target[1] in flows):
            yield test.id


def _target(test: Test) -> tuple[str, str]:
    for kind in _TARGETS:
        named = getattr(test.target, kind, None)
        if named is not None:
            return kind, named.id if hasattr(named, "id") else named.text
    return "", ""


def runs_in_flight(engine: sa.Engine, plan: Plan) -> list[InFlight]:
    """The runs in a store that are pinned to bundles which the plan does not have, by flow and version."""
    r = t.run.c
    statement = (
        sa.select(r.flow, r.bundle, r.state, sa.func.count())
        .where(r.state.in_(("running", "waiting", "exception")))
        .group_by(r.flow, r.bundle, r.state)
    )
    counted: Counter[tuple[str, bool]] = Counter()
    with engine.connect() as connection:
        for flow, bundle, state, count in connection.execute(statement):
            if bundle and bundle not in plan.bundles:
                counted[flow, state == "exception"] += int(count)
    flows = sorted({flow for flow, _ in counted})
    return [InFlight(flow, counted[flow, False], counted[flow, True]) for flow in flows]
