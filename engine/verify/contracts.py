"""Replies of a case against what the operations declare: a reply that the real system could not give is a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.base.errors import Failure
from engine.base.money import Money
from engine.connect.declaration import FieldType
from engine.lint.rules.test_names import step_of
from engine.plan.model import Plan, PostStep, ReadStep, StepPlan
from engine.source.span import Span
from engine.spec.nearest import suggestion
from engine.verify.script import Script, Scripted, typed

_WORDS: dict[FieldType, str] = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "a whole number",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.MONEY: "money: an amount with a currency",
    FieldType.DATE: "a date",
    FieldType.TIMESTAMP: "a time with its zone",
}


def misfits(script: Script, plan: Plan, steps: Mapping[str, StepPlan]) -> Iterator[str]:
    """A sentence with its place about every reply that its operation could not give. ``steps`` are those of the
    flow, by id."""
    for named, position, reply, span in script.all():
        step = steps.get(step_of(named))
        if isinstance(step, PostStep):
            found = _receipt(reply, step, plan)
        elif isinstance(step, ReadStep):
            found = _answer(reply, step, plan)
        else:
            continue
        for said in found:
            yield f"reply {position} of step `{named}` {said} ({_place(span)})"


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}"


def _receipt(reply: Scripted, step: PostStep, plan: Plan) -> Iterator[str]:
    found = reply.get("found")
    given = (found if isinstance(found, dict) else reply).get("fields")
    if not given:
        return
    if not isinstance(given, dict):
        yield "has `fields` that are no object"
        return
    operation = plan.connections[step.connection].manifest.operation(step.operation)
    declared = {name: field.type for name, field in operation.form.fields}
    for name, value in given.items():
        if name not in declared:
            yield (
                f"has the field `{name}`, which {step.operation} of {step.connection} does not give: "
                f"{suggestion(name, declared, what='its fields are') if declared else 'it has no further fields'}"
            )
        elif value is not None and not _is(declared[name], typed(value)):
            yield f"has `{name}: {value}`, but {step.operation} of {step.connection} gives {_WORDS[declared[name]]}"


def _is(type_: FieldType, value: Any) -> bool:
    match type_:
        case FieldType.BOOLEAN:
            return isinstance(value, bool)
        case FieldType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case FieldType.NUMBER:
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case FieldType.MONEY:
            return isinstance(value, Money)
        case FieldType.TEXT:
            return isinstance(value, str)
        case FieldType.DATE:
            return isinstance(value, str) and _reads(date.fromisoformat, value)
        case FieldType.TIMESTAMP:
            return isinstance(value, str) and _reads(datetime.fromisoformat, value)
    return True


def _reads(read: Any, text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _answer(reply: Scripted, step: ReadStep, plan: Plan) -> Iterator[str]:
    if "value" not in reply:
        return
    operation = plan.connections[step.connection].manifest.operation(step.operation)
    decode = None if operation.output is None else plan.schemas.get(str(operation.output))
    if decode is None:
        return
    try:
        decode(reply["value"])
    except Failure as failure:
        yield f"does not fit {operation.output}, which {step.operation} of {step.connection} answers: {failure.message}"
