"""The outcome table (requirement B0): complete, resolved, every cell with its proof."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, major
from engine.plan.events import made_by_sources
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.outcomes import Outcome
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.workspace import LoadedWorkspace


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    if not workspace.outcomes:
        return
    cells = [cell for table in workspace.outcomes for cell in table.outcomes]
    cases = {f"{test.id}/{case.id}" for test in workspace.tests for case in test.cases}
    for cell in cells:
        yield from _cell(cell, subject, cases)
    yield from _complete(workspace, cells)


def _cell(cell: Outcome, subject: Subject, cases: set[str]) -> Iterator[Diagnostic]:
    flows, events = subject.plan.flows, subject.plan.schemas
    if cell.flow is not None and str(cell.flow) not in flows:
        help = suggestion(str(cell.flow), flows)
        about = about_unknown(str(cell.flow), flows, kind="flow")
        yield finding("FLOW207", f"there is no flow `{cell.flow}`", cell.flow.span, help, about=about)
    for event in (cell.event, *cell.events):
        if str(event) not in events:
            help, about = suggestion(str(event), events), about_unknown(str(event), events, kind="event type")
            yield finding("FLOW207", f"there is no event type `{event}`", event.span, help, about=about)
    if cell.flow is None and not (cell.none or "").strip():
        message = f"what follows from `{cell.event}` in the case “{cell.case}” is not said"
        yield finding("FLOW208", message, cell.span, "name its flow, or say in `none` why nothing follows")
    if not cell.tests:
        message = f"no test shows what follows from `{cell.event}` in the case “{cell.case}”"
        yield finding("TEST204", message, cell.span, "name the cases as `test id/case id`")
    for name in cell.tests:
        if name not in cases:
            about = about_unknown(name, cases, kind="test case")
            yield finding("TEST203", f"there is no test case `{name}`", cell.span, suggestion(name, cases), about=about)


def _complete(workspace: LoadedWorkspace, cells: list[Outcome]) -> Iterator[Diagnostic]:
    covered = {str(cell.event) for cell in cells}
    named = {str(cell.flow) for cell in cells if cell.flow is not None}
    reported: set[str] = set()
    consumed = [flow.trigger.event for flow in workspace.flows if flow.trigger.event is not None]
    for event in (*consumed, *made_by_sources(workspace)):
        if str(event) not in covered | reported:
            reported.add(str(event))
            message = f"the outcome table has no cell for `{event}`"
            yield finding("FLOW205", message, event.span, "add its outcome, or why deliberately nothing follows")
    for flow in workspace.flows:
        name = major(flow.id, flow.version)
        if flow.trigger.event is not None and name not in named and str(flow.trigger.event) in covered:
            message = f"no cell of the outcome table names flow `{name}`"
            yield finding("FLOW206", message, flow.span, f"name it in a cell of `{flow.trigger.event}`")
