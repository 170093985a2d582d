"""What a flow would do with an event, step by step, with nothing sent.

The real decision runs; the outside is answered from replies that were given, and otherwise by symbols that
say what they stand for, such as ``<number of invoice.create>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from engine.base.errors import Failure
from engine.base.identity import json_bytes
from engine.connect.port import Document, Found, Receipt, Rejected
from engine.expr.typing_of_values import type_of_value
from engine.plan import model as plan
from engine.plan.model import BusinessException, FlowPlan, Plan, Scope, StepPlan, Stopped
from engine.run.decide import Context, Decision, Stepping, decide
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
)
from engine.schema.types import TEXT, Array, Text, Type, describe
from engine.verify.script import Script, as_look_up, as_reply


@dataclass(slots=True)
class TracedStep:
    """One step: what went in, what came out, and of which type that is. ``state`` is ``done``, ``skipped``
    (its condition was false, or its failure is one to go on after) or ``stopped``."""

    path: str
    kind: str
    state: str = "stopped"
    input: Any = None
    output: Any = None
    type: str = ""


@dataclass(slots=True)
class Trace:
    """What happened in thought. ``outcome`` is completed, exception, skipped or unanswered."""

    flow: str
    business_date: str
    outcome: str = ""
    output: Any = None
    steps: list[TracedStep] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    emitted: list[dict[str, Any]] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    exceptions: list[BusinessException] = field(default_factory=list)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The trace as a JSON-like value."""
        return {
            "flow": self.flow,
            "business_date": self.business_date,
            "outcome": self.outcome,
            "output": shown(self.output),
            "steps": [
                {name: getattr(step, name) for name in ("path", "kind", "state", "input", "output", "type")}
                for step in self.steps
            ],
            "effects": self.effects,
            "emitted": self.emitted,
            "assumed": self.assumed,
            "exceptions": [
                {
                    "reason": each.reason,
                    "message": each.message,
                    "action": each.action,
                    "owner": each.owner,
                    "where": each.where,
                }
                for each in self.exceptions
            ],
            "problem": self.problem,
        }


def shown(value: Any) -> Any:
    """A typed value as it would stand in JSON."""
    if isinstance(value, timedelta):
        return f"PT{int(value.total_seconds())}S"
    if isinstance(value, Mapping):
        return {str(name): shown(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [shown(part) for part in value]
    return orjson.loads(json_bytes(value))


def type_in_words(value: Any) -> str:
    """The type of a value, with texts as ``text`` and not as the one text that they are."""
    return describe(_widened(type_of_value(value)))


def _widened(type_: Type) -> Type:
    if isinstance(type_, Text):
        return TEXT
    return Array(_widened(type_.element)) if isinstance(type_, Array) else type_


class _Unanswered(Exception):  # ends the trace where an answer cannot be made up
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Watched(Decision):
    """A walk that writes down every step."""

    def __init__(self, flow: FlowPlan, context: Context, path: list[str], steps: list[TracedStep]) -> None:
        super().__init__(flow, context, path)
        self._steps = steps

    def run(self, steps: tuple[StepPlan, ...], scope: Scope, prefix: str, element: str) -> Stepping:
        for step in steps:
            traced = TracedStep(prefix + step.id, step.kind)
            self._steps.append(traced)
            before = len(self.path)
            try:
                yield from super().run((step,), scope, prefix, element)
            finally:
                if len(self.path) > before:
                    traced.path = self.path[before]
                    traced.input = _input(step, scope)
            output = scope["steps"][step.id]
            traced.state = "done" if len(self.path) > before and not (step.skip_on and output is None) else "skipped"
            traced.output, traced.type = shown(output), type_in_words(output)


def _input(step: StepPlan, scope: Scope) -> Any:
    """What the step was given; None where that itself is what failed (the step then says why)."""
    try:
        return shown(_given(step, scope))
    except (Failure, Stopped):
        return None


def _given(step: StepPlan, scope: Scope) -> Any:
    match step:
        case plan.MapStep() | plan.CheckStep() | plan.CallStep():
            return {name: value(scope) for name, value in step.input}
        case plan.ValidateStep() | plan.ReadStep() | plan.PostStep():
            return step.input(scope)
        case plan.CalculateStep():
            given = {"figures": step.figures, "facts": step.input}
            return {name: value(scope) for name, value in given.items() if value is not None}
        case plan.LookupStep():
            return {"look_up": step.link or step.tables[-1].id, "key": [part(scope) for part in step.key]}
        case plan.ApproveStep():
            return {"group": step.group, "message": step.message(scope)}
        case plan.WaitStep():
            if step.until is not None:
                return {"until": step.until(scope)}
            return {"event": step.event, "subject": None if step.subject is None else step.subject(scope)}
        case plan.EmitStep():
            return {"event": step.event, "data": step.data(scope)}
        case plan.EachStep():
            return step.over(scope)
    return None


class _Outside:
    """The world, as replies tell it or as symbols."""

    def __init__(self, script: Script, plan_: Plan, trace: Trace) -> None:
        self._script = script
        self._plan = plan_
        self._trace = trace
        self._links: dict[tuple[str, str, str], str] = {}

    def answer(self, request: Request) -> Answer:
        """An answer to whatever the decision asks. Raises _Unanswered where none can be made up."""
        match request:
            case EffectRequest():
                return self._effect(request)
            case LinkRequest():
                return LinkAnswer(self._link(request))
            case HoldRequest():
                return self._hold(request)
            case ReadRequest():
                return self._read(request)
        return self._emit(request)

    def _link(self, request: LinkRequest) -> str | None:
        """The id that this event taught, or a stand-in where the flow cannot go on without one."""
        learned = self._links.get((request.connection, request.link, request.id))
        return learned or (f"<{request.link} {request.id} in {request.connection}>" if request.needed else None)

    def _effect(self, request: EffectRequest) -> Answer:
        self._trace.effects.append(
            {
                "path": request.path,
                "connection": request.connection,
                "operation": request.operation,
                "key": request.key,
                "identity": {
                    "object": request.object,
                    "revision": request.revision,
                    "purpose": request.purpose,
                    "element": request.element,
                },
                "content": orjson.loads(request.raw),
            }
        )
        while (scripted := self._script.take(request.path)) is not None:
            reply = as_reply(scripted)
            found = as_look_up(scripted)
            if isinstance(found, Found):
                return EffectAnswer(found.receipt)
            if isinstance(reply, Rejected):
                return Refused(reply.error_class, reply.message)
            if reply is not None and "document" in scripted:
                return EffectAnswer(reply.receipt)  # type: ignore[union-attr]
        return EffectAnswer(self._symbolic(request))

    def _symbolic(self, request: EffectRequest) -> Receipt:
        operation = request.operation
        manifest = self._plan.connections[request.connection].manifest
        declared = manifest.operations[operation].form.fields
        document = Document(f"<id of {operation}>", f"<number of {operation}>", f"<status of {operation}>")
        if request.learn is not None:
            kind, id_ = request.learn
            self._links[(request.connection, kind, id_)] = document.id
        return Receipt(document, {name: f"<{name} of {operation}>" for name, _ in declared})

    def _hold(self, request: HoldRequest) -> HoldAnswer:
        scripted = self._script.take(request.path)
        if scripted is not None:
            for name in ("approved", "value"):
                if name in scripted:
                    return HoldAnswer(scripted[name])
            return HoldAnswer(scripted.get("refused"), refused="refused" in scripted, expired="expired" in scripted)
        if request.kind == "approval":
            self._trace.assumed.append(f"{request.path}: approved ({request.message})")
            return HoldAnswer("<approver>")
        self._trace.assumed.append(f"{request.path}: {request.message}, and it has come")
        return HoldAnswer(f"<{request.waits_for}>" if request.kind == "link" else None)

    def _read(self, request: ReadRequest) -> Answer:
        scripted = self._script.take(request.path)
        if scripted is not None and "value" in scripted:
            return ReadAnswer(scripted["value"])
        reply = None if scripted is None else as_reply(scripted)
        if isinstance(reply, Rejected):
            return Refused(reply.error_class, reply.message)
        raise _Unanswered(
            f"step {request.path} asks {request.operation} of {request.connection}, and what it answers cannot be made "
            f"up: give --replies with `{request.path}: [{{value: …}}]`"
        )

    def _emit(self, request: EmitRequest) -> EmitAnswer:
        self._trace.emitted.append(
            {"type": request.type, "subject": request.subject, "partitionkey": request.partitionkey,
             "data": shown(request.data)}
        )  # fmt: skip
        return EmitAnswer()


def trace_flow(plan_: Plan, flow: FlowPlan, scope: Scope, context: Context, script: Script) -> Trace:
    """Walk ``flow`` through ``scope`` and write down everything."""
    trace = Trace(f"{flow.id}@{flow.version}", context.business_date.isoformat())
    outside = _Outside(script, plan_, trace)
    deciding = decide(flow, scope, context, lambda f, c, path: _Watched(f, c, path, trace.steps))
    try:
        request = next(deciding)
        while True:
            request = deciding.send(outside.answer(request))
    except _Unanswered as unanswered:
        trace.outcome, trace.problem = "unanswered", unanswered.problem
    except StopIteration as stop:
        result = stop.value
        if isinstance(result, Completed):
            trace.outcome, trace.output = "completed", result.output
        elif isinstance(result, Excepted):
            trace.outcome, trace.exceptions = "exception", list(result.exceptions)
        else:
            trace.outcome = "skipped"
    return trace
