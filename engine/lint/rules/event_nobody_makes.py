"""Events that flows take and nothing in the workspace makes. A wait has a flow that takes its event (FLOW257)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.plan.events import emitted, made_by_sources
from engine.source.diagnostic import Diagnostic


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    made = {str(event) for event in made_by_sources(workspace)}
    for flow in workspace.flows:
        made.update(str(event) for event in emitted(flow.steps))
    for flow in workspace.flows:
        event = flow.trigger.event
        if event is not None and str(event) not in made:
            message = f"no source makes `{event}` and no flow emits it"
            yield finding("FLOW209", message, event.span, "it can only come in as a CloudEvent from outside")
