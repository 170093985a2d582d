"""What changed documents reach: flows, what these send, tests; and the runs that still go by old definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from engine.base.errors import UserError
from engine.plan.lineage import FieldGraph, field_graph
from engine.plan.model import BranchStep, CallStep, EachStep, EmitStep, FlowPlan, Plan, PostStep, StepPlan
from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
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
    """Fill in what each change reaches: by the closures of flows, on whichever side has the document."""
    for change in changes:
        flows: dict[str, FlowPlan] = {}
        for document, plan in ((change.old, old), (change.new, new)):
            if document is not None and plan is not None:
                flows.update({f"{flow.id}@{flow.version}": flow for flow in _flows(document, plan)})
        document = change.document
        change.reached = {
            "fields": [],
            "flows": sorted(name for name in flows if f"flow:{name}" != document.key),
            "operations": sorted({each for flow in flows.values() for each in _operations(flow.steps)}),
            "tests": sorted(_tests(workspace, document, {flow.id for flow in flows.values()})),
        }


def add_fields(changes: Iterable[DocumentChange], plan: Plan) -> None:
    """Fill in which fields of effects the changed fields end up in."""
    graph: FieldGraph | None = None
    for change in changes:
        addresses = list(dict.fromkeys(_addresses(change)))
        if not addresses:
            continue
        graph = graph or field_graph(plan)
        found: set[str] = set()
        for address in addresses:
            try:
                reached = graph.reaches(address)
            except UserError:
                continue  # a place without a name of its own, such as an intermediate value
            found.update(f"{each.address} ({each.effect})" for each in reached if each.effect and not each.decides)
        change.reached["fields"] = sorted(found)


def _addresses(change: DocumentChange) -> Iterator[str]:
    """The fields of a changed document that changed, as lineage names them."""
    document = change.new
    if document is None or change.old is None:
        return
    for reason in change.reasons:
        first, _, rest = reason.path.partition(".")
        if document.kind == "mapping" and first == "fields" and rest:
            yield f"mapping:{document.major}/{rest}"
        elif document.kind == "mapping" and first == "lists" and ".fields." in rest:
            name, _, field = rest.partition(".fields.")
            yield f"mapping:{document.major}/{name}[].{field}"
        elif document.kind == "table" and first == "rows" and rest:
            yield from (f"table:{document.id}.{column}" for column in rest.split(","))
        elif document.kind == "schema" and reason.level is ChangeClass.BREAKING and reason.path:
            yield f"schema:{document.major}/{reason.path}"


def _flows(document: Document, plan: Plan) -> Iterator[FlowPlan]:
    events: set[str] = set()
    if document.kind == "source":
        events = {str(emission.event) for case in document.definition.cases for emission in case.emit}
    for versions in plan.flows.values():
        for flow in versions:
            uses = document.kind == "connection" and any(
                each.endswith(f" to {document.id}") for each in _operations(flow.steps)
            )
            if uses or document.key in flow.bundle or flow.event in events:
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
