"""Steps that reach outside the flow: post, read, emit and call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.connect.declaration import OperationKind
from engine.plan import model as plan
from engine.plan.connections import Connected, find_operation
from engine.plan.expressions import computed, computed_or_none, tree
from engine.plan.flow_scope import EMITTED
from engine.schema.json_writer import json_writer
from engine.schema.types import ANY, TEXT, Type
from engine.spec.documents.flow import Post, Step
from engine.spec.values import Reference

if TYPE_CHECKING:
    from engine.plan.steps import Head, Made, StepCompiler


def compile_post(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    """A ``post`` step: identity is text, the input fits the operation, the output is the receipt."""
    assert step.post is not None
    post, library = step.post, compiler.library
    compiler.reaches_outside = True
    connected = library.connection(post.connection)
    operation = None
    if connected is not None:
        operation = find_operation(post.operation, connected, OperationKind.WRITE, library.diagnostics)
        compiler.parts[f"connector:{connected.manifest.name}"] = connected.manifest.digest
    wanted = _schema_type(compiler, None if operation is None else operation.input)
    object_ = computed(post.identity.object, types, library.diagnostics, TEXT).value
    revision = computed(post.identity.revision, types, library.diagnostics, TEXT).value
    content = tree(post.input, types, library.diagnostics, wanted)
    learn = None
    if post.learn is not None:
        learn = (post.learn.link, computed(post.learn.key, types, library.diagnostics, TEXT).value)
    if connected is None or operation is None:
        return None, ANY
    reverse = _reverse(post, connected, compiler)
    attempts, elapsed = _limits(step, connected)
    made = plan.PostStep(
        *head,
        connection=post.connection.text,
        operation=operation.name,
        object=object_,
        revision=revision,
        purpose=post.identity.purpose,
        input=content.value,
        encode=json_writer(content.type),
        learn=learn,
        reverse=reverse or operation.reverse,
        guarantees=operation.guarantees_with(connected.plan.settings),
        attempts_max=attempts,
        elapsed_max_seconds=elapsed,
    )
    return made, operation.receipt_type


def _reverse(post: Post, connected: Connected, compiler: StepCompiler) -> str | None:
    if post.reverse is None:
        return None
    found = find_operation(post.reverse, connected, OperationKind.WRITE, compiler.library.diagnostics)
    return None if found is None else found.name


def _limits(step: Step, connected: Connected) -> tuple[int, int]:
    """How often and how long an effect is tried: the step's own limits before the connection's."""
    attempts, elapsed = connected.attempts_max, connected.elapsed_max_seconds
    if step.retry is not None:
        attempts = attempts if step.retry.attempts_max is None else step.retry.attempts_max
        elapsed = elapsed if step.retry.elapsed_max is None else step.retry.elapsed_max.seconds
    return attempts, elapsed if step.timeout is None else min(elapsed, step.timeout.seconds)


def compile_read(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    """A ``read`` step: the output is the operation's answer."""
    assert step.read is not None
    read, library = step.read, compiler.library
    connected = library.connection(read.connection)
    operation = None
    if connected is not None:
        operation = find_operation(read.operation, connected, OperationKind.READ, library.diagnostics)
        compiler.parts[f"connector:{connected.manifest.name}"] = connected.manifest.digest
    wanted = _schema_type(compiler, None if operation is None else operation.input)
    content = tree(read.input, types, library.diagnostics, wanted).value
    if operation is None:
        return None, ANY
    made = plan.ReadStep(*head, connection=read.connection.text, operation=operation.name, input=content)
    return made, _schema_type(compiler, operation.output)


def compile_emit(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    """An ``emit`` step: the data fits the event's schema."""
    assert step.emit is not None
    emit, library = step.emit, compiler.library
    compiler.reaches_outside = True
    schema = library.schema(emit.event, compiler.parts)
    subject = computed(emit.subject, types, library.diagnostics, TEXT).value
    partitionkey = computed_or_none(emit.partitionkey, types, library.diagnostics, TEXT)
    content = tree(emit.data, types, library.diagnostics, ANY if schema is None else schema.type).value
    if schema is None:
        return None, EMITTED
    made = plan.EmitStep(
        *head,
        event=str(emit.event),
        subject=subject,
        partitionkey=partitionkey,
        data=content,
        encode=schema.decode,
    )
    return made, EMITTED


def compile_call(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    """A ``call`` step: another flow with trigger ``call``, in the version of the run's business date."""
    assert step.call is not None
    call, library = step.call, compiler.library
    callee = library.flow(call.flow, compiler.parts)
    if callee is None:
        for _, expression in call.input:
            computed(expression, types, library.diagnostics)
        return None, ANY
    if any(
        version.plan.event is not None or version.plan.schedule or version.plan.folder for version in callee.versions
    ):
        library.diagnostics.error(
            "FLOW012", f"{callee.label} cannot be called", call.flow.span, "only a flow with `trigger: call` can"
        )
        return None, ANY
    given = library.arguments(callee, call.input, call.flow.span, types)
    outside: Any = any(version.plan.may_change_outside for version in callee.versions)
    compiler.reaches_outside = compiler.reaches_outside or bool(outside)
    return plan.CallStep(*head, flow=callee.select, input=given), callee.output


def _schema_type(compiler: StepCompiler, reference: Reference | None) -> Type:
    if reference is None:
        return ANY
    schema = compiler.library.schema(reference, compiler.parts)
    return ANY if schema is None else schema.type
