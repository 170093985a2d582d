"""What a flow would do with an event from a file: from its bytes to a trace, with nothing stored and nothing sent."""

from __future__ import annotations

from pathlib import Path

from engine.base.clock import Clock
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity
from engine.plan.model import FlowPlan, Plan
from engine.run.decide import Context
from engine.run.normalise import Started, call_start, event_scope, events_of, start
from engine.serve.assembly import Compiled
from engine.serve.event_file import FileInput, arrivals_for, find_flow
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.test import Expect, TestCase
from engine.spec.shape import Map
from engine.spec.values import Tree
from engine.store.batch import Arrival
from engine.verify.flow_case import all_steps
from engine.verify.script import Script
from engine.verify.trace import Trace, trace_flow


def preview(
    compiled: Compiled,
    environment: str,
    name: str,
    raw: bytes,
    connection: str | None,
    replies: Path | None,
    clock: Clock,
) -> list[Trace]:
    """One trace per event that the file holds for the flow. Raises UserError for what the user can mend."""
    plan = compiled.plan
    reference, versions = find_flow(plan, name)
    given = FileInput(raw, connection)
    traces = []
    for arrival in arrivals_for(plan, reference, versions, given, Identity(clock), clock.now()):
        try:
            started = _started(plan, versions, arrival)
        except Failure as failure:
            raise UserError(f"the event does not fit flow {reference}: {failure.message}") from failure
        context = Context(plan.workspace, environment, started.event.id, arrival.key, started.business_date)
        script = read_replies(replies)
        strange = list(script.strangers({step.id for step in all_steps(started.flow.steps, started.business_date)}))
        if strange:
            raise UserError(f"the replies do not fit flow {reference}: {'; '.join(strange)}")
        traces.append(trace_flow(plan, started.flow, started.scope, context, script))
    return traces


def _started(plan: Plan, versions: tuple[FlowPlan, ...], arrival: Arrival) -> Started:
    if arrival.kind == "call":
        return call_start(plan, arrival)
    (event,) = events_of(plan, arrival)
    return start(plan, versions, event, event_scope(event))


def read_replies(file: Path | None) -> Script:
    """Replies by step id, in the form that test documents use; none if there is no file. Raises UserError."""
    span = Span("replies" if file is None else str(file))
    entries: tuple[tuple[str, Tree], ...] = ()
    if file is not None:
        found = Diagnostics()
        try:
            node = read_yaml(file.read_bytes(), str(file), found)
        except OSError as error:
            raise UserError(f"the replies cannot be read from {file}: {error.strerror}") from error
        found.raise_errors("the replies cannot be read")
        if not isinstance(node, Mapping):
            raise UserError("the replies are an object: a list of replies by step id")
        entries = tuple((entry.key, Tree(entry.value)) for entry in node.entries)
    return Script(TestCase(id="replies", replies=Map(entries), expect=Expect(span=span), span=span))
