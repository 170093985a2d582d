"""Deciding what an event leads to: pure, replayable, free of any input or output.

``decide`` is a generator. It walks a flow's steps, computes what can be computed, and yields a request where
the world has to be asked or changed. Given the same flow, event and answers it yields the same requests with
the same effect keys, whoever runs it, when, and how often.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeAlias

import msgspec

from engine.base.clock import as_microseconds
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import deterministic_key, digest_bytes
from engine.plan import model as plan
from engine.plan.model import BusinessException, FlowPlan, Scope, StepPlan, Stopped
from engine.run.calculated import calculated
from engine.run.refusals import refusal, unknown_link
from engine.run.requests import (
    Answer,
    Completed,
    EffectAnswer,
    EffectRequest,
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
    Skipped,
)
from engine.run.words import without_place

Deciding: TypeAlias = Generator[Request, Answer, Result]
Stepping: TypeAlias = Generator[Request, Answer, Any]


class Context(msgspec.Struct, frozen=True):
    """What a decision may know besides the event: whose store it is, the business date, the ordering key."""

    workspace: str
    environment: str
    event_id: str
    partitionkey: str
    business_date: date


class _Failed(Exception):
    """A step failed with a class that ``on_error`` may name; becomes a business exception if it does not."""

    def __init__(self, error_class: ErrorClass, exception: BusinessException) -> None:
        super().__init__(exception.reason)
        self.error_class = error_class
        self.exception = exception


class _Several(Exception):
    def __init__(self, exceptions: tuple[BusinessException, ...]) -> None:
        super().__init__(f"{len(exceptions)} elements failed")
        self.exceptions = exceptions


def effect_key(context: Context, connection: str, object_: str, revision: str, purpose: str, element: str) -> str:
    """The effect key of a business identity (architecture.md section 7): never of a message, attempt or version."""
    return deterministic_key(
        "effect", context.workspace, context.environment, connection, object_, revision, purpose, element
    )


def decide(
    flow: FlowPlan,
    scope: Scope,
    context: Context,
    walk: Callable[[FlowPlan, Context, list[str]], Decision] | None = None,
) -> Deciding:
    """Run ``flow`` on ``scope`` (``event`` or the inputs of a call); returns the result when it ends.

    ``walk`` makes the decision's walk where somebody wants to watch it.
    """
    path: list[str] = []
    decision = Decision(flow, context, path) if walk is None else walk(flow, context, path)
    try:
        if flow.when is not None and not flow.when(scope):
            return Skipped()
        scope["steps"] = {}
        yield from decision.run(flow.steps, scope, "", "")
        output = None if flow.output is None else flow.output(scope)
        return Completed(output, tuple(path))
    except Stopped as stopped:
        return Excepted((decision.placed(stopped.exception),), tuple(path))
    except _Failed as failed:
        return Excepted((decision.placed(failed.exception),), tuple(path))
    except _Several as several:
        return Excepted(several.exceptions, tuple(path))
    except Failure as failure:
        return Excepted((decision.placed(_of_failure(failure, flow)),), tuple(path))


def _of_failure(failure: Failure, flow: FlowPlan) -> BusinessException:
    text, detail = without_place(failure.message, failure.detail)
    return BusinessException(
        reason=f"{failure.error_class}_error",
        message=f"The event does not fit the rules of “{flow.summary.rstrip('.')}”: {text}",
        action="Correct the mapping or the source system's record, then retry.",
        owner=flow.owner,
        error_class=failure.error_class,
        detail=detail,
    )


class Decision:
    """The walk through one flow's steps. Holds no state but the list of step ids that ran."""

    def __init__(self, flow: FlowPlan, context: Context, path: list[str]) -> None:
        self.flow = flow
        self.context = context
        self.path = path
        self.at = ""

    def placed(self, exception: BusinessException) -> BusinessException:
        if exception.where:
            return exception
        return replace(exception, where=f"{self.flow.id}@{self.flow.version}/{self.at}")

    def run(self, steps: tuple[StepPlan, ...], scope: Scope, prefix: str, element: str) -> Stepping:
        outputs = scope["steps"]
        for step in steps:
            if step.when is not None and not step.when(scope):
                outputs[step.id] = None
                continue
            self.at = where = prefix + step.id
            self.path.append(where)
            kind = step.kind
            try:
                pure = _PURE.get(kind)
                if pure is not None:
                    outputs[step.id] = pure(self, step, scope)
                else:
                    outputs[step.id] = yield from _ASKING[kind](self, step, scope, where, element)
            except _Failed as failed:
                if failed.error_class not in step.skip_on:
                    raise
                outputs[step.id] = None
            except Failure as failure:
                if failure.error_class not in step.skip_on:
                    raise
                outputs[step.id] = None

    # ------------------------------------------------------------------------- steps that only compute

    def _validate(self, step: plan.ValidateStep, scope: Scope) -> Any:
        return step.decode(step.input(scope))

    def _map(self, step: plan.MapStep, scope: Scope) -> Any:
        on = self.context.business_date
        return step.mapping(on).apply({name: value(scope) for name, value in step.input}, on)

    def _calculate(self, step: plan.CalculateStep, scope: Scope) -> Any:
        return calculated(step, scope, self.context.business_date)

    def _check(self, step: plan.CheckStep, scope: Scope) -> Any:
        on = self.context.business_date
        policy = step.policy(on)
        violations = policy.check({name: value(scope) for name, value in step.input}, on)
        if violations:
            self.at = f"{self.at}:{policy.id}"
            raise _Several(tuple(self.placed(violation) for violation in violations))
        return {"passed": list(policy.rules)}

    def _fail(self, step: plan.FailStep, scope: Scope) -> Any:
        raise Stopped(step.complaint(scope))

    # ------------------------------------------------------------------------- steps that ask

    def _lookup(self, step: plan.LookupStep, scope: Scope, where: str, _element: str) -> Stepping:
        key = tuple(part(scope) for part in step.key)
        if step.link is None:
            return self._row(step, key)
        id_ = str(key[0])
        answer = yield LinkRequest(where, step.connection or "", step.link, id_, step.missing != "null_value")
        assert isinstance(answer, LinkAnswer)
        external = answer.external
        if external is None and step.missing == "hold":
            released = yield HoldRequest(
                where,
                "link",
                f"link:{step.connection}:{step.link}:{id_}",
                f"waits until {step.link.replace('_', ' ')} {id_} is known in {step.connection}",
                within_seconds=step.hold_seconds,
            )
            assert isinstance(released, HoldAnswer)
            external = released.value
        if external is None and step.missing != "null_value":
            raise Stopped(unknown_link(step, id_, self.flow))
        return None if external is None else {"id": external}

    def _row(self, step: plan.LookupStep, key: tuple[Any, ...]) -> Any:
        on = self.context.business_date
        for table in step.tables:
            row = table.find(key, on)
            if row is not None:
                return row
        if step.missing == "null_value":
            return None
        raise Stopped(step.tables[-1].missing(key))

    def _read(self, step: plan.ReadStep, scope: Scope, where: str, _element: str) -> Stepping:
        answer = yield ReadRequest(where, step.connection, step.operation, step.input(scope))
        if isinstance(answer, Refused):
            raise _Failed(answer.error_class, refusal(answer, step.connection, step.operation, "", self.flow))
        assert isinstance(answer, ReadAnswer)
        return answer.value

    def _post(self, step: plan.PostStep, scope: Scope, where: str, element: str) -> Stepping:
        object_, revision = step.object(scope), step.revision(scope)
        if not isinstance(object_, str) or not isinstance(revision, str) or not object_:
            raise Failure(ErrorClass.MAPPING, f"the identity of step {where!r} must be text, and its object not empty")
        content = step.input(scope)
        raw = step.encode(content)
        learn = None
        if step.learn is not None:
            kind, key = step.learn
            learn = (kind, str(key(scope)))
        answer = yield EffectRequest(
            where,
            effect_key(self.context, step.connection, object_, revision, step.purpose, element),
            step.connection,
            step.operation,
            object_,
            revision,
            step.purpose,
            element,
            content,
            raw,
            digest_bytes(raw),
            learn,
            step,
        )
        if isinstance(answer, Refused):
            exception = refusal(answer, step.connection, step.operation, object_, self.flow)
            raise _Failed(answer.error_class, exception)
        assert isinstance(answer, EffectAnswer)
        document = answer.receipt.document
        return {
            "document": {"id": document.id, "number": document.number, "status": document.status},
            "fields": dict(answer.receipt.fields),
        }

    def _approve(self, step: plan.ApproveStep, scope: Scope, where: str, _element: str) -> Stepping:
        author = None if step.author is None else step.author(scope)
        answer = yield HoldRequest(
            where,
            "approval",
            f"approval:{step.group}:{self.context.event_id}:{where}",
            step.message(scope),
            within_seconds=step.expires_seconds,
            amount=None if step.amount is None else step.amount(scope),
            author=author,
        )
        assert isinstance(answer, HoldAnswer)
        if answer.refused or answer.expired:
            how = "was refused" if answer.refused else "was not given in time"
            raise Stopped(
                BusinessException(
                    "approval_refused" if answer.refused else "approval_expired",
                    f"The approval by {step.group} {how}: {step.message(scope)}",
                    "Correct the change in the source system, or resolve this exception with a reason.",
                    step.group,
                    ErrorClass.POLICY,
                )
            )
        return {"approved_by": answer.value}

    def _wait(self, step: plan.WaitStep, scope: Scope, where: str, _element: str) -> Stepping:
        if step.until is not None:
            moment = step.until(scope)
            if not isinstance(moment, datetime):
                raise Failure(ErrorClass.MAPPING, f"step {where!r} waits until {moment!r}, which is not a timestamp")
            yield HoldRequest(where, "time", "time", f"waits until {moment}", until=as_microseconds(moment))
            return None
        assert step.subject is not None
        subject = str(step.subject(scope))
        answer = yield HoldRequest(
            where,
            "event",
            f"event:{step.event}:{subject}",
            f"waits for {str(step.event).partition('@')[0]} of {subject}",
            within_seconds=step.timeout_seconds,
        )
        assert isinstance(answer, HoldAnswer)
        if answer.expired:
            raise Stopped(
                BusinessException(
                    "earlier_event_missing",
                    f"The event “{str(step.event).partition('@')[0]}” of {subject} never arrived, so this later change "
                    "cannot be posted.",
                    "Have the source system send it again (or backfill it), then retry.",
                    self.flow.owner,
                    ErrorClass.MISSING_REFERENCE,
                )
            )
        return None

    def _emit(self, step: plan.EmitStep, scope: Scope, where: str, element: str) -> Stepping:
        subject = str(step.subject(scope))
        key = self.context.partitionkey if step.partitionkey is None else str(step.partitionkey(scope))
        id_ = deterministic_key("emitted", self.context.event_id, where, element)
        yield EmitRequest(where, id_, step.event, subject, key, step.encode(step.data(scope)))
        return {"id": id_}

    def _call(self, step: plan.CallStep, scope: Scope, where: str, element: str) -> Stepping:
        inner: Scope = {name: value(scope) for name, value in step.input}
        inner["steps"] = {}
        called = step.flow(self.context.business_date)
        yield from self.run(called.steps, inner, f"{where}/", element)
        return None if called.output is None else called.output(inner)

    def _branch(self, step: plan.BranchStep, scope: Scope, where: str, element: str) -> Stepping:
        for case in step.cases:
            if case.when is None or case.when(scope):
                self.path[-1] = f"{where}:{case.id}"
                prefix = where[: len(where) - len(step.id)]
                yield from self.run(case.steps, scope, prefix, element)
                return None if case.output is None else case.output(scope)
        return None

    def _each(self, step: plan.EachStep, scope: Scope, where: str, element: str) -> Stepping:
        results: list[dict[str, Any]] = []
        failures: list[BusinessException] = []
        for value in step.over(scope):
            inner: Scope = dict(scope)
            inner[step.name] = value
            inner["steps"] = dict(scope["steps"])
            key = step.key(inner)
            if not isinstance(key, str):
                raise Failure(ErrorClass.MAPPING, f"the key of an element in step {where!r} must be text")
            nested = f"{element}/{key}" if element else key
            try:
                yield from self.run(step.steps, inner, f"{where}[{key}]/", nested)
            except (Stopped, _Failed) as stopped:
                failures.append(self.placed(stopped.exception))
                results.append({"key": key, "outcome": "exception", "output": None})
                continue
            except _Several as several:
                failures.extend(several.exceptions)
                results.append({"key": key, "outcome": "exception", "output": None})
                continue
            output = None if step.output is None else step.output(inner)
            results.append({"key": key, "outcome": "completed", "output": output})
        if failures:
            raise _Several(tuple(failures))
        return results


_PURE: dict[str, Any] = {
    "validate": Decision._validate,
    "map": Decision._map,
    "calculate": Decision._calculate,
    "check": Decision._check,
    "fail": Decision._fail,
}
_ASKING: dict[str, Any] = {
    "lookup": Decision._lookup,
    "read": Decision._read,
    "post": Decision._post,
    "approve": Decision._approve,
    "wait": Decision._wait,
    "emit": Decision._emit,
    "call": Decision._call,
    "branch": Decision._branch,
    "each": Decision._each,
}
