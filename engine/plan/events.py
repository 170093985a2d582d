"""Which event types a workspace makes and consumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.plan.flows import nested
from engine.spec.documents.flow import Step
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace


def event_references(workspace: LoadedWorkspace) -> Iterable[Reference]:
    """Every mention of an event type in sources and flows."""
    yield from made_by_sources(workspace)
    for flow in workspace.flows:
        if flow.trigger.event is not None:
            yield flow.trigger.event
        yield from emitted(flow.steps)
        yield from awaited(flow.steps)


def made_by_sources(workspace: LoadedWorkspace) -> Iterable[Reference]:
    """The event types of all emissions of sources."""
    for source in workspace.sources:
        for case in source.cases:
            for emission in case.emit:
                yield emission.event


def emitted(steps: Sequence[Step]) -> Iterable[Reference]:
    """The event types that steps emit, nested ones included."""
    for step in steps:
        if step.emit is not None:
            yield step.emit.event
        yield from emitted(nested(step))


def awaited(steps: Sequence[Step]) -> Iterable[Reference]:
    """The event types that steps wait for, nested ones included."""
    for step in steps:
        if step.wait is not None and step.wait.event is not None:
            yield step.wait.event
        yield from awaited(nested(step))
