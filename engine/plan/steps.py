"""Steps as plans: each kind resolved, type-checked and compiled, in the scope of the steps before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.base.errors import ErrorClass
from engine.plan import model as plan
from engine.plan.complaints import compile_complaint
from engine.plan.expressions import computed, computed_or_none, condition, text
from engine.plan.flow_scope import APPROVED, LINK, PASSED, RESERVED, FlowScope
from engine.plan.library import Library, Parts
from engine.plan.lookups import compile_key
from engine.plan.step_settings import check_settings
from engine.schema.types import ANY, MONEY, NULL, TEXT, TIMESTAMP, Type, nullable
from engine.spec.documents import flow as document
from engine.spec.documents.flow import Missing, Step

#: What every step plan begins with: id, kind, span, when, skip_on.
Head: TypeAlias = tuple[str, str, Any, plan.Computed | None, frozenset[str]]
#: A compiled step and the type of its output; None if something that it needs is missing.
Made: TypeAlias = tuple[plan.StepPlan | None, Type]


@dataclass(slots=True)
class StepCompiler:
    """Compiles the steps of one flow. ``parts`` gathers what it refers to, ``seen`` the ids it used."""

    library: Library
    parts: Parts
    seen: dict[str, Step] = field(default_factory=dict)
    reaches_outside: bool = False

    def steps(self, steps: tuple[Step, ...], scope: FlowScope) -> tuple[tuple[plan.StepPlan, ...], FlowScope]:
        """Compile steps in order; gives the scope behind the last."""
        compiled = []
        for step in steps:
            made, scope = self.step(step, scope)
            if made is not None:
                compiled.append(made)
        return tuple(compiled), scope

    def step(self, step: Step, scope: FlowScope) -> tuple[plan.StepPlan | None, FlowScope]:
        """Compile one step; gives the scope behind it."""
        from engine.plan.calculations import compile_step as compile_calculate
        from engine.plan.step_blocks import compile_branch, compile_each
        from engine.plan.step_effects import compile_call, compile_emit, compile_post, compile_read

        found = self.library.diagnostics
        self._unique(step)
        kind = next(kind for kind in Step.KINDS if getattr(step, kind) is not None)
        check_settings(step, kind, found)
        when = None if step.when is None else condition(step.when, scope.types(), found)
        skip_on = frozenset() if step.on_error is None else frozenset(step.on_error.classes)
        head: Head = (step.id, kind, step.span, None if when is None else when.value, skip_on)
        inside = scope
        if step.when is not None and when is not None:
            inside = scope.where(step.when.text)
            inside = inside.known_as(when.holding(inside.types()))
        types = inside.types()
        made: plan.StepPlan | None
        if step.branch is not None:
            made, output, inside = compile_branch(self, head, step.branch, inside)
            scope = scope.rejoined(inside) if step.when is not None or skip_on else inside
        elif step.each is not None:
            made, output = compile_each(self, head, step.each, inside)
        else:
            compilers: Mapping[str, Callable[[StepCompiler, Head, Step, Mapping[str, Type]], Made]] = {
                "validate": _validate,
                "lookup": _lookup,
                "read": compile_read,
                "map": _map,
                "calculate": compile_calculate,
                "check": _check,
                "approve": _approve,
                "post": compile_post,
                "call": compile_call,
                "wait": _wait,
                "emit": compile_emit,
                "fail": _fail,
            }
            made, output = compilers[kind](self, head, step, types)
        if step.fail is not None and when is not None:
            scope = scope.known_as(when.failing(scope.types()))
        return made, scope.after(step.id, output, None if step.when is None else step.when.text, not skip_on)

    def new_name(self, name: str, scope: FlowScope, span: Any) -> None:
        """Report an element's name that would hide another."""
        if name in RESERVED or name in scope.names:
            self.library.diagnostics.error(
                "FLOW006", f"`{name}` is already the name of something here", span, "choose another name in `as`"
            )

    def _unique(self, step: Step) -> None:
        if step.id in self.seen:
            first = self.seen[step.id].span
            self.library.diagnostics.error(
                "FLOW003",
                f"the flow has two steps `{step.id}`",
                step.span,
                f"give every step a name of its own; the other is in line {first.line}",
            )
        self.seen[step.id] = step


def _validate(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.validate is not None
    value = computed(step.validate.input, types, compiler.library.diagnostics).value
    schema = compiler.library.schema(step.validate.schema, compiler.parts)
    if schema is None:
        return None, ANY
    return plan.ValidateStep(*head, decode=schema.decode, input=value), schema.type


def _lookup(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.lookup is not None
    make = _link if step.lookup.table is None else _row
    made, output = make(compiler, head, step.lookup, types)
    return made, nullable(output) if step.lookup.missing is Missing.NULL else output


def _row(compiler: StepCompiler, head: Head, lookup: document.Lookup, types: Mapping[str, Type]) -> Made:
    assert lookup.table is not None
    found = compiler.library.diagnostics
    if lookup.missing is Missing.HOLD or lookup.hold_for is not None:
        found.error(
            "FLOW009",
            "only a `link` lookup can be held until its id is learned",
            lookup.span,
            "rows do not arrive by themselves: use `missing: fail` or `missing: null_value`",
        )
    spec = compiler.library.table(lookup.table, compiler.parts)
    if spec is None:
        for _, expression in lookup.key:
            computed(expression, types, found)
        return None, ANY
    key = compile_key(lookup.table.text, spec, lookup.key, lookup.span, types, compiler.library)
    made = plan.LookupStep(
        *head, tables=spec.plan, key=key, link=None, connection=None, missing=str(lookup.missing), hold_seconds=None
    )
    return made, spec.row_type


def _link(compiler: StepCompiler, head: Head, lookup: document.Lookup, types: Mapping[str, Type]) -> Made:
    found = compiler.library.diagnostics
    if lookup.connection is None:
        found.error("FLOW009", "a `link` lookup must say whose id is wanted", lookup.span, "add `connection: NAME`")
    else:
        compiler.library.connection(lookup.connection)
    if [name for name, _ in lookup.key] != ["id"]:
        found.error("FLOW009", "the key of a `link` lookup is `id`, our own id of the object", lookup.span)
    key = tuple(computed(expression, types, found, TEXT).value for _, expression in lookup.key)
    made = plan.LookupStep(
        *head,
        tables=(),
        key=key,
        link=lookup.link,
        connection=None if lookup.connection is None else lookup.connection.text,
        missing=str(lookup.missing),
        hold_seconds=None if lookup.hold_for is None else lookup.hold_for.seconds,
    )
    return made, LINK


def _map(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.map is not None
    mapping = compiler.library.mapping(step.map.mapping, compiler.parts)
    if mapping is None:
        for _, expression in step.map.input:
            computed(expression, types, compiler.library.diagnostics)
        return None, ANY
    given = compiler.library.arguments(mapping, step.map.input, step.map.mapping.span, types)
    return plan.MapStep(*head, mapping=mapping.select, input=given), mapping.output


def _check(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.check is not None
    policy = compiler.library.policy(step.check.policy, compiler.parts)
    if policy is None:
        for _, expression in step.check.input:
            computed(expression, types, compiler.library.diagnostics)
        return None, PASSED
    given = compiler.library.arguments(policy, step.check.input, step.check.policy.span, types)
    return plan.CheckStep(*head, policy=policy.select, input=given), PASSED


def _approve(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.approve is not None
    found = compiler.library.diagnostics
    compiler.reaches_outside = True
    expires = step.approve.expires or step.timeout
    made = plan.ApproveStep(
        *head,
        group=step.approve.group,
        author=computed_or_none(step.approve.author, types, found, nullable(TEXT)),
        message=text(step.approve.message, types, found),
        amount=computed_or_none(step.approve.amount, types, found, nullable(MONEY)),
        expires_seconds=None if expires is None else expires.seconds,
    )
    return made, APPROVED


def _wait(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.wait is not None
    wait, found = step.wait, compiler.library.diagnostics
    compiler.reaches_outside = True
    if wait.event is not None:
        compiler.library.schema(wait.event, compiler.parts)
        if wait.subject is None:
            found.error("FLOW011", "which event is waited for is not said", wait.span, "add its `subject`")
    elif wait.subject is not None or wait.timeout is not None:
        found.error("FLOW011", "`subject` and `timeout` belong to a wait for an event", wait.span, "remove them")
    timeout = wait.timeout or step.timeout
    made = plan.WaitStep(
        *head,
        until=computed_or_none(wait.until, types, found, TIMESTAMP),
        event=None if wait.event is None else str(wait.event),
        subject=computed_or_none(wait.subject, types, found, TEXT),
        timeout_seconds=None if timeout is None else timeout.seconds,
    )
    return made, NULL


def _fail(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    assert step.fail is not None
    complain = compile_complaint(step.fail.complaint, types, compiler.library.diagnostics, ErrorClass.POLICY)
    return plan.FailStep(*head, complaint=lambda scope: complain(scope, "")), NULL
