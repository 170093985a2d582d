"""Events that start their own flow again, that nobody takes, or that are waited for though they are here already or
never seen."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.nodes import Current, Field, walk
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.plan.events import awaited
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Flow
from engine.spec.values import Expression, Reference
from engine.spec.workspace import LoadedWorkspace


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    yield from _taken(workspace)
    yield from _round(workspace)
    started = {str(flow.trigger.event) for flow in workspace.flows if flow.trigger.event is not None}
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.emit is not None:
                yield from _attributes(subject=step.emit.subject, partitionkey=step.emit.partitionkey)
            wait, event = step.wait, flow.trigger.event
            if wait is None or wait.event is None:
                continue
            if str(wait.event) not in started:
                message = f"step `{step.id}` waits for `{wait.event}`, and no flow takes that event"
                yield finding("FLOW257", message, wait.event.span, f"add a flow that takes `{wait.event}`")
            if wait.subject is None or event is None:
                continue
            if str(wait.event) == str(event) and wait.subject.text.strip() == "event.subject":
                message = f"step `{step.id}` waits for the very event that started the flow"
                yield finding("FLOW233", message, wait.span, "wait for another event, or for another subject")
    for source in workspace.sources:
        for case in source.cases:
            for emission in case.emit:
                yield from _attributes(subject=emission.subject, partitionkey=emission.partitionkey, time=emission.time)


_FOLLOWS = {
    "subject": "nobody can tell the events apart",
    "partitionkey": "every event waits for all before it",
    "time": "every event happens at that moment",
}


def _attributes(**given: Expression | None) -> Iterator[Diagnostic]:
    for name, expression in given.items():
        ast = None if expression is None else syntax(expression)
        if expression is None or ast is None or any(isinstance(node, Field | Current) for node in walk(ast)):
            continue
        message = f"the `{name}` is the same for all: {_FOLLOWS[name]}"
        yield finding("FLOW235", message, expression.span, f"read the `{name}` from what has happened")


def _taken(workspace: LoadedWorkspace) -> Iterator[Diagnostic]:
    taken = {str(flow.trigger.event) for flow in workspace.flows if flow.trigger.event is not None}
    for flow in workspace.flows:
        taken.update(str(event) for event in awaited(flow.steps))
    for table in workspace.outcomes:
        for cell in table.outcomes:
            taken.update((str(cell.event), *(str(event) for event in cell.events)))
    reported: set[str] = set()
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.emit is not None and str(step.emit.event) not in taken | reported:
                event = step.emit.event
                reported.add(str(event))
                message = f"nothing takes the event `{event}` that step `{step.id}` emits"
                yield finding("FLOW234", message, event.span, "consume it, or list it in `events` of an outcome")


def _round(workspace: LoadedWorkspace) -> Iterator[Diagnostic]:
    """Flows that start each other for ever: every one always emits what starts the next."""
    always: dict[str, list[tuple[Flow, Reference]]] = {}
    for flow in workspace.flows:
        if flow.trigger.event is not None and flow.trigger.when is None:
            always.setdefault(str(flow.trigger.event), []).extend((flow, event) for event in _always_emitted(flow))
    told: set[str] = set()
    for start in always:
        if start in told:
            continue
        trail = _way(start, start, always, set())
        if trail:
            told.update(str(flow.trigger.event) for flow, _ in trail)
            flow, event = trail[-1]
            names = " → ".join(dict.fromkeys(each.id for each, _ in trail))
            yield finding(
                "FLOW236",
                f"`{event}` starts `{names}` again and again, without end",
                event.span,
                "emit another event, or put the emission under a condition",
                tuple(Label(other.span, "and this one") for _, other in trail[:-1]),
            )


def _always_emitted(flow: Flow) -> Iterator[Reference]:
    for step in flow.steps:
        if step.fail is not None and step.when is None:
            return
        if step.emit is not None and step.when is None:
            yield step.emit.event


def _way(
    at: str, start: str, always: dict[str, list[tuple[Flow, Reference]]], seen: set[str]
) -> list[tuple[Flow, Reference]]:
    """The emissions that lead from one event back to the start; none if they do not."""
    seen.add(at)
    for flow, event in always.get(at, ()):
        if str(event) == start:
            return [(flow, event)]
        further = [] if str(event) in seen else _way(str(event), start, always, seen)
        if further:
            return [(flow, event), *further]
    return []
