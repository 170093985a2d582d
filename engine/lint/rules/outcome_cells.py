"""Cells of the outcome table that are there twice, or promise events that their flow does not emit."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, major
from engine.plan.events import emitted
from engine.plan.flows import called_by
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Flow
from engine.spec.documents.outcomes import Outcome


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    seen: dict[tuple[str, str, str], Outcome] = {}
    for table in subject.workspace.outcomes:
        for cell in table.outcomes:
            key = (str(cell.event), cell.case.strip().casefold(), str(cell.flow))
            first = seen.setdefault(key, cell)
            if first is not cell:
                message = f"the case “{_short(cell.case)}” of `{cell.event}` is there twice"
                labels = (Label(first.span, "the other cell"),)
                yield finding("FLOW246", message, cell.span, "keep one of them, or tell the cases apart", labels)
            if cell.flow is None or str(cell.flow) not in flows:
                continue
            made = _emitted(str(cell.flow), flows, set())
            for event in cell.events:
                if str(event) not in made:
                    message = f"flow `{cell.flow}` does not emit `{event}`, which its outcome promises"
                    yield finding("FLOW245", message, event.span, "emit it, or correct the outcome")


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"


def _emitted(name: str, flows: dict[str, list[Flow]], seen: set[str]) -> set[str]:
    """What a flow, and those that it calls, may emit."""
    if name in seen:
        return set()
    seen.add(name)
    found: set[str] = set()
    for flow in flows.get(name, ()):
        found.update(str(event) for event in emitted(flow.steps))
        for called in called_by(flow.steps):
            found |= _emitted(str(called), flows, seen)
    return found
