"""Latency classes that contradict how a flow is started, or what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, kind_of
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Flow, Latency, LatencyClass, Missing, Step

#: How flows of these classes are started.
_STARTED_BY = {LatencyClass.SYNCHRONOUS: "call", LatencyClass.FILE: "file"}


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        if flow.latency is not None:
            yield from _class(flow, flow.latency)


def _class(flow: Flow, latency: Latency) -> Iterator[Diagnostic]:
    trigger = flow.trigger
    started = next(kind for kind in ("event", "schedule", "file", "call") if getattr(trigger, kind) is not None)
    wanted = _STARTED_BY.get(latency.class_)
    if wanted is not None and wanted != started:
        yield finding(
            "FLOW240",
            f"the latency class `{latency.class_}` does not fit a flow that is started by `{started}`",
            latency.span,
            f"choose another class, or start the flow by `{wanted}`",
            (Label(trigger.span, "started here"),),
        )
    elif latency.class_ is LatencyClass.SYNCHRONOUS:
        for step in all_steps(flow):
            if _waits(step):
                yield finding(
                    "FLOW241",
                    f"the caller cannot have an answer at once: step `{step.id}` waits",
                    step.span,
                    "choose the class `near_real_time`, or move the step into a flow that an event starts",
                    (Label(latency.span, "promised here"),),
                )


def _waits(step: Step) -> bool:
    held = step.lookup is not None and step.lookup.missing is Missing.HOLD
    return held or kind_of(step) in ("approve", "wait")
