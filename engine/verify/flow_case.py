"""Runs a flow's case: the real decision, with the outside answered from the case's script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.base.clock import FixedClock, as_datetime, as_microseconds, as_text
from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import deterministic_key
from engine.connect.port import Absent, Receipt
from engine.plan import model as plan
from engine.plan.model import BusinessException, CanonicalEvent, FlowPlan, Plan, Scope, Stopped
from engine.run.decide import Context, Deciding, decide
from engine.run.normalise import event_scope
from engine.run.requests import (
    Answer,
    Completed,
    EffectAnswer,
    EffectRequest,
    EmitAnswer,
    EmitRequest,
    Excepted,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Refused,
    Request,
    Result,
)
from engine.run.settle import Ask, Confirm, GiveUp, History, SendAgain, after_look_up, after_reply
from engine.source.node import plain
from engine.spec.documents.test import TestCase
from engine.verify.compare import show
from engine.verify.model import Observed
from engine.verify.script import Script, as_look_up, as_reply

ENVIRONMENT = "test"


class _Waiting(Exception):  # ends a case whose run waits for something that the case does not bring
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Unanswered(Exception):  # ends a case that asks for something the case says nothing about
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class _Outside:
    """The world as the case tells it."""

    script: Script
    clock: FixedClock
    links: dict[tuple[str, str, str], str]
    seen: set[tuple[str, str]]
    source: str
    sent: dict[str, Any] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    emitted: list[CanonicalEvent] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """The answer to one request of the decision."""
        if isinstance(request, EffectRequest):
            return self._effect(request)
        if isinstance(request, LinkRequest):
            return LinkAnswer(self.links.get((request.connection, request.link, request.id)))
        if isinstance(request, HoldRequest):
            return self._hold(request)
        if isinstance(request, ReadRequest):
            return self._read(request)
        return self._emit(request)

    def _effect(self, request: EffectRequest) -> Answer:
        """Send, look up and send again as the effect protocol says, on the scripted answers."""
        if not self.script.has(request.path):
            raise _Unanswered(
                f"step `{request.path}` has no reply; it would have sent {request.operation} to "
                f"{request.connection}: {show(request.content, 2000)}"
            )
        guarantees = request.step.guarantees
        first = sent_at = self.clock.now()
        attempt, absent_reads, asked, asking = 0, 0, 0, False
        while True:
            if not asking:
                attempt += 1
                sent_at, absent_reads = self.clock.now(), 0
                self.sent[request.path] = request.content
                self.attempts[request.path] = attempt
            scripted = self.script.take(request.path)
            if scripted is None:
                question = "asks what became of it" if asking else f"is sent again (attempt {attempt})"
                if not asking and attempt > 1:
                    self.attempts[request.path] = attempt - 1
                raise _Waiting(f"step `{request.path}` {question}, and there is no further reply")
            history = self._history(request, attempt, first, sent_at, absent_reads, asked)
            if not asking:
                reply = as_reply(scripted)
                if reply is None:
                    raise UserError(f"step `{request.path}` was sent: answer with document, rejected or unknown")
                settled = after_reply(reply, history, guarantees)
            else:
                answer = as_look_up(scripted)
                if answer is None:
                    raise UserError(f"step `{request.path}` is looked up: answer with found, absent or unclear")
                asked += 1
                settled = after_look_up(answer, history, guarantees)
                while isinstance(answer, Absent) and isinstance(settled, Ask):
                    # One scripted absence speaks for all the reads that the protocol wants to be sure.
                    self.clock.advance(settled.seconds)
                    since = (self.clock.now() - sent_at) / 1_000_000
                    absent_reads += since >= guarantees.commit_within_seconds
                    history = self._history(request, attempt, first, sent_at, absent_reads, asked)
                    settled = after_look_up(answer, history, guarantees)
            if isinstance(settled, Confirm):
                return self._confirmed(request, settled.receipt)
            if isinstance(settled, GiveUp):
                return settled.refused
            self.clock.advance(settled.seconds)
            asking = isinstance(settled, Ask)
            assert asking or isinstance(settled, SendAgain)

    def _history(
        self, request: EffectRequest, attempt: int, first: int, sent_at: int, absent_reads: int, asked: int
    ) -> History:
        now = self.clock.now()
        return History(
            key=request.key,
            attempt=attempt,
            first_at=first,
            now=now,
            attempts_max=request.step.attempts_max,
            elapsed_max_seconds=request.step.elapsed_max_seconds,
            since_send_seconds=(now - sent_at) / 1_000_000,
            absent_reads=absent_reads,
            asked=asked,
        )

    def _confirmed(self, request: EffectRequest, receipt: Receipt) -> EffectAnswer:
        if request.learn is not None:
            link, id_ = request.learn
            self.links[(request.connection, link, id_)] = receipt.document.id
        return EffectAnswer(receipt)

    def _hold(self, request: HoldRequest) -> Answer:
        scripted = self.script.take(request.path)
        if scripted is not None:
            if "approved" in scripted:
                return HoldAnswer(scripted["approved"])
            if "refused" in scripted:
                return HoldAnswer(scripted["refused"], refused=True)
            if "expired" in scripted:
                return HoldAnswer(expired=True)
            if "value" in scripted:
                return HoldAnswer(scripted["value"])
            raise UserError(f"step `{request.path}` waits: answer with approved, refused, expired or value")
        if request.kind == "event" and tuple(request.waits_for.split(":", 2)[1:]) in self.seen:
            return HoldAnswer()
        if request.kind == "time" and request.until is not None and request.until <= self.clock.now():
            return HoldAnswer()
        raise _Waiting(f"step `{request.path}` {request.message}")

    def _read(self, request: ReadRequest) -> Answer:
        scripted = self.script.take(request.path)
        if scripted is None:
            raise _Unanswered(
                f"step `{request.path}` has no reply; it would have asked {request.operation} of "
                f"{request.connection}: {show(request.content, 2000)}"
            )
        if "value" in scripted:
            return ReadAnswer(scripted["value"])
        reply = as_reply(scripted)
        error_class = getattr(reply, "error_class", None)
        if error_class is None:
            raise UserError(f"step `{request.path}` reads: answer with value or rejected")
        return Refused(error_class, getattr(reply, "message", ""))

    def _emit(self, request: EmitRequest) -> Answer:
        self.emitted.append(
            CanonicalEvent(
                request.id,
                self.source,
                request.type,
                self.clock.now(),
                request.subject,
                request.partitionkey,
                request.data,
            )
        )
        return EmitAnswer()


def run_flow_case(
    plan_: Plan, versions: tuple[FlowPlan, ...], given: Mapping[str, Any], case: TestCase, clock: str
) -> Observed:
    """Run one case of a flow. Raises UserError if the case contradicts the flow or itself."""
    script = Script(case)
    fixed = FixedClock(clock)
    outside = _Outside(script, fixed, _links(case), _seen(case), f"/flow/{versions[-1].id}")
    try:
        event, scope = _start(versions, given, fixed)
        on = versions[-1].business_date(scope) if event.type else as_datetime(fixed.now()).date()
        flow = plan_.select(versions, on)
        if flow is None:
            raise UserError(f"no version of the flow applies on {on}")
    except Failure as failure:
        return Observed("exception", exceptions=(_of_failure(failure, versions[-1]),))
    context = Context(plan_.workspace, ENVIRONMENT, event.id, event.partitionkey, on)
    observed = _drive(flow, scope, context, outside)
    problems = observed.problems or tuple(script.unused(set(step_ids(flow.steps, on))))
    return replace(
        observed, sent=outside.sent, attempts=outside.attempts, emitted=tuple(outside.emitted), problems=problems
    )


def _drive(flow: FlowPlan, scope: Scope, context: Context, outside: _Outside) -> Observed:
    """Feed the decision until it ends, waits, or asks what the case does not answer."""
    deciding = decide(flow, scope, context)
    try:
        request = next(deciding)
        while True:
            request = deciding.send(outside.answer(request))
    except StopIteration as stop:
        return _of_result(stop.value)
    except _Waiting as waiting:
        return Observed("waiting", _walked(deciding), waits_for=waiting.why)
    except _Unanswered as unanswered:
        return Observed("unanswered", _walked(deciding), problems=(unanswered.problem,))


def _walked(deciding: Deciding) -> tuple[str, ...]:
    """The steps that a suspended decision has reached: it is made to stop there, and says them."""
    stopped = Stopped(BusinessException("waiting", "", "", "", str(ErrorClass.DEFECT)))
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


def _start(versions: Sequence[FlowPlan], given: Mapping[str, Any], clock: FixedClock) -> tuple[CanonicalEvent, Scope]:
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


def step_ids(steps: Sequence[plan.StepPlan], on: date) -> list[str]:
    ids: list[str] = []
    for step in steps:
        ids.append(step.id)
        if isinstance(step, plan.BranchStep):
            ids += [inner for case in step.cases for inner in step_ids(case.steps, on)]
        elif isinstance(step, plan.EachStep):
            ids += step_ids(step.steps, on)
        elif isinstance(step, plan.CallStep):
            ids += step_ids(step.flow(on).steps, on)
    return ids
