"""Runs a flow's case: the real decision, with the outside answered from the case's script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from engine.base.clock import FixedClock, as_datetime, as_microseconds, as_text
from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import deterministic_key
from engine.plan import model as plan
from engine.plan.model import BusinessException, CanonicalEvent, FlowPlan, Plan, Scope, StepPlan, Stopped
from engine.run.decide import Context, Deciding, Decision, decide
from engine.run.normalise import event_scope
from engine.run.requests import Completed, Excepted, Request, Result
from engine.source.node import plain
from engine.spec.documents.test import TestCase
from engine.verify.contracts import misfits
from engine.verify.model import Observed
from engine.verify.outside import Outside, Unanswered, Waiting
from engine.verify.script import Script

#: The reason of what stops a walk that waits when its case ends.
WAITING = "waiting"


class NotInForce(UserError):
    """No version of the flow applies on the business date."""


class Watch(Protocol):
    """Somebody who wants to see how a flow is walked through."""

    def walk(self, flow: FlowPlan, context: Context, path: list[str]) -> Decision:
        """The walk to take."""
        ...

    def asked(self, request: Request) -> None:
        """The walk asks the outside."""
        ...


ENVIRONMENT = "test"


def run_flow_case(
    plan_: Plan,
    versions: tuple[FlowPlan, ...],
    given: Mapping[str, Any],
    case: TestCase,
    clock: str,
    watch: Watch | None = None,
) -> Observed:
    """Run one case of a flow. Raises UserError if the case contradicts the flow or itself."""
    outside = outside_of(plan_, versions, case, FixedClock(clock), Script(case))
    return run_flow(plan_, versions, given, outside, watch)


def outside_of(
    plan_: Plan, versions: tuple[FlowPlan, ...], case: TestCase, clock: FixedClock, script: Script
) -> Outside:
    """The world as a case tells it. Raises UserError for links and events that it tells wrongly."""
    source = f"/flow/{versions[-1].id}"
    return Outside(script, clock, _links(case), _seen(case), source, dict(plan_.connections))


def run_flow(
    plan_: Plan, versions: tuple[FlowPlan, ...], given: Mapping[str, Any], outside: Outside, watch: Watch | None = None
) -> Observed:
    """Run a flow on what is given, against a world. Raises UserError if the world's script contradicts the flow."""
    try:
        event, scope = start_of(versions, given, outside.clock)
        on = versions[-1].business_date(scope) if event.type else as_datetime(outside.clock.now()).date()
        flow = plan_.select(versions, on)
        if flow is None:
            raise NotInForce(f"no version of the flow applies on {on}")
    except Failure as failure:
        return Observed("exception", exceptions=(_of_failure(failure, versions[-1]),))
    context = Context(plan_.workspace, ENVIRONMENT, event.id, event.partitionkey, on)
    steps = {step.id: step for step in all_steps(flow.steps, on)}
    observed = _drive(flow, scope, context, outside, watch)
    known = {name for step in steps.values() for name in _names(step)}
    problems = tuple(misfits(outside.script, plan_, steps)) or observed.problems
    return replace(
        observed,
        sent=outside.sent,
        attempts=outside.attempts,
        waits=outside.waits,
        emitted=tuple(outside.emitted),
        steps=frozenset(known),
        problems=problems or tuple(outside.script.unused(set(steps))),
    )


def _names(step: StepPlan) -> Iterator[str]:
    """How a step may be named: its id, and for a branch also with its cases."""
    yield step.id
    if isinstance(step, plan.BranchStep):
        yield from (f"{step.id}:{case.id}" for case in step.cases)


def _drive(flow: FlowPlan, scope: Scope, context: Context, outside: Outside, watch: Watch | None) -> Observed:
    """Feed the decision until it ends, waits, or asks what the case does not answer."""
    deciding = decide(flow, scope, context, None if watch is None else watch.walk)
    try:
        request = next(deciding)
        while True:
            if watch is not None:
                watch.asked(request)
            request = deciding.send(outside.answer(request))
    except StopIteration as stop:
        return _of_result(stop.value)
    except Waiting as waiting:
        return Observed("waiting", _walked(deciding), waits_for=waiting.why)
    except Unanswered as unanswered:
        return Observed("unanswered", _walked(deciding), problems=(unanswered.problem,))


def _walked(deciding: Deciding) -> tuple[str, ...]:
    """The steps that a suspended decision has reached: it is made to stop there, and says them."""
    stopped = Stopped(BusinessException(WAITING, "", "", "", str(ErrorClass.DEFECT)))
    try:
        while True:
            deciding.throw(stopped)
    except StopIteration as stop:
        return _of_result(stop.value).path


def _of_result(result: Result) -> Observed:
    if isinstance(result, Completed):
        return Observed("completed", result.path, result.output)
    if isinstance(result, Excepted):
        return Observed("exception", result.path, exceptions=result.exceptions)
    return Observed("skipped")


def _of_failure(failure: Failure, flow: FlowPlan) -> BusinessException:
    return BusinessException(
        f"{failure.error_class}_error", failure.message, "", flow.owner, str(failure.error_class), detail=failure.detail
    )


def start_of(versions: Sequence[FlowPlan], given: Mapping[str, Any], clock: FixedClock) -> tuple[CanonicalEvent, Scope]:
    """The event (without a type for a call) and the scope that a run begins with."""
    flow = versions[-1]
    if flow.event is None and flow.inputs:
        inputs = dict(given)
        return CanonicalEvent("call", "call", "", clock.now(), flow.id, flow.id, inputs), flow.decode(inputs)
    raw = given.get("event", {})
    if not isinstance(raw, dict) or (flow.event is not None and raw.get("type") != flow.event):
        found = raw.get("type") if isinstance(raw, dict) else raw
        raise UserError(f"the flow is started by {flow.event}, but the test gives {found}")
    known = {"type", "id", "source", "time", "subject", "partitionkey", "data", "specversion", "datacontenttype"}
    if set(raw) - known:
        raise UserError(f"an event has no attribute {', '.join(sorted(set(raw) - known))}")
    subject = str(raw.get("subject", "subject"))
    event = CanonicalEvent(
        str(raw.get("id") or deterministic_key("test", flow.id, subject)),
        str(raw.get("source", "test")),
        str(raw.get("type", flow.event or flow.id)),
        as_microseconds(str(raw.get("time", as_text(clock.now())))),
        subject,
        str(raw.get("partitionkey", subject)),
        flow.decode(raw.get("data")),
    )
    return event, event_scope(event)


def _links(case: TestCase) -> dict[tuple[str, str, str], str]:
    links = {}
    for tree in case.links:
        link = plain(tree.node)
        if not isinstance(link, dict) or set(link) != {"connection", "link", "id", "external"}:
            raise UserError("a link of a case says connection, link, id and external")
        links[(link["connection"], link["link"], link["id"])] = link["external"]
    return links


def _seen(case: TestCase) -> set[tuple[str, str]]:
    seen = set()
    for tree in case.seen:
        event = plain(tree.node)
        if not isinstance(event, dict) or set(event) != {"event", "subject"}:
            raise UserError("an event that was seen says event and subject")
        seen.add((event["event"], event["subject"]))
    return seen


def all_steps(steps: Sequence[StepPlan], on: date) -> Iterator[StepPlan]:
    """The steps, those inside them, and those of the flows that they call on a business date."""
    for step in steps:
        yield step
        if isinstance(step, plan.BranchStep):
            for case in step.cases:
                yield from all_steps(case.steps, on)
        elif isinstance(step, plan.EachStep):
            yield from all_steps(step.steps, on)
        elif isinstance(step, plan.CallStep):
            yield from all_steps(step.flow(on).steps, on)
