"""Tests that expect, or change, what the contract of their target does not have."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping

from engine.base.record import frozen
from engine.lint.finding import finding
from engine.lint.fit import misfits
from engine.lint.places import place_of
from engine.lint.rules.test_names import step_of
from engine.lint.subject import Subject, all_steps, major
from engine.schema.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NULL,
    NUMBER,
    TEXT,
    Array,
    Money,
    Object,
    Text,
    Type,
    Union,
)
from engine.source import node as source
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.test import Test, TestCase
from engine.spec.nearest import suggestion

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@frozen
class Lost:
    """A name that there is not, and those that there are."""

    name: str
    known: list[str]


#: What is wrong in words, where, and what may have been meant.
Wrong = tuple[str, Span, str]


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    results = {major(each.id, each.version): each for each in subject.workspace.mappings}
    for test in subject.workspace.tests:
        versions = flows.get(str(test.target.flow), []) if test.target.flow is not None else []
        mapping = results.get(str(test.target.mapping))
        for case in test.cases:
            if len(versions) == 1:
                yield from _of_flow(case, versions[0], subject)
            elif mapping is not None and case.expect.output is not None:
                contract = subject.plan.contracts.get(str(mapping.output))
                if contract is not None:
                    node = case.expect.output.node
                    yield from subject.known.told(_told, case, "output", node, contract.type)
        yield from _changes(test, _inputs(test, versions, subject), subject)


def _of_flow(case: TestCase, flow: Flow, subject: Subject) -> Iterator[Diagnostic]:
    sends = _sends(flow, subject)
    for name, tree in (*(case.expect.sent or ()), *(case.expect.sent_exactly or ())):
        type_ = sends.get(step_of(name))
        if type_ is not None:
            yield from subject.known.told(_told, case, name, tree.node, type_)
    events = {str(step.emit.event) for step in all_steps(flow) if step.emit is not None}
    calls = any(step.call is not None for step in all_steps(flow))
    for tree in case.expect.emitted or ():
        said = tree.node.get("type") if isinstance(tree.node, source.Mapping) else None
        if not isinstance(said, source.Scalar) or not isinstance(said.value, str):
            continue
        if said.value not in events and not calls:
            message = f"case `{case.id}` never holds: the flow emits no `{said.value}`"
            yield finding("TEST237", message, said.span, suggestion(said.value, events))
            continue
        data = tree.node.get("data") if isinstance(tree.node, source.Mapping) else None
        contract = subject.plan.contracts.get(said.value)
        if data is not None and contract is not None:
            yield from subject.known.told(_told, case, "data", data, contract.type)


def _goes_through(case: TestCase) -> bool:
    """Whether the case expects that its input is taken."""
    return case.expect.exception is None and case.expect.outcome in (None, "completed") and case.forall is None


def _sends(flow: Flow, subject: Subject) -> dict[str, Type]:
    """What each post takes, by the id of its step; without those whose id stands for two."""
    found: dict[str, Type] = {}
    for step in all_steps(flow):
        connected = None if step.post is None else subject.plan.connections.get(step.post.connection.text)
        if step.post is None or connected is None:
            continue
        operation = connected.manifest.operation(step.post.operation.text)
        contract = None if operation is None else subject.plan.contracts.get(str(operation.input))
        if contract is not None and not contract.vendor and step.id not in found:
            found[step.id] = contract.type
    return found


def _told(case: TestCase, name: str, node: source.Node, type_: Type) -> Iterator[Diagnostic]:
    for words, span, help in contradictions(node, type_, name):
        yield finding("TEST237", f"case `{case.id}` never holds: {words}", span, help)


def contradictions(node: source.Node, type_: Type, path: str) -> Iterator[Wrong]:
    """What a value of the type can never be equal to: only the fields that are written count."""
    if isinstance(node, source.Scalar) and (node.value is None or _made(node.value)):
        return
    if isinstance(type_, Union):
        parts = [each for each in type_.members if each is not NULL]
        if len(parts) == 1:
            yield from contradictions(node, parts[0], path)
    elif isinstance(type_, Object):
        yield from _of_object(node, type_, path)
    elif isinstance(type_, Array):
        if isinstance(node, source.Sequence):
            for number, element in enumerate(node):
                yield from contradictions(element, type_.element, f"{path}[{number}]")
        else:
            yield f"`{path}` is a list", node.span, "write a list"
    elif isinstance(type_, Money):
        yield from _of_money(node, path)
    else:
        yield from _of_simple(node, type_, path)


def _made(value: object) -> bool:
    return isinstance(value, str) and (value.startswith("=") or "{{" in value)


def _of_object(node: source.Node, type_: Object, path: str) -> Iterator[Wrong]:
    if not isinstance(node, source.Mapping):
        yield f"`{path}` is an object", node.span, "write its fields"
        return
    if [entry.key for entry in node.entries] == ["file"]:
        return
    for entry in node.entries:
        declared = type_.fields.get(entry.key, type_.extra)
        if declared is not None:
            yield from contradictions(entry.value, declared, f"{path}.{entry.key}")
        elif not (isinstance(entry.value, source.Scalar) and entry.value.value is None):
            yield f"there is no `{path}.{entry.key}`", entry.key_span, suggestion(entry.key, list(type_.fields))


def _of_money(node: source.Node, path: str) -> Iterator[Wrong]:
    if not isinstance(node, source.Mapping):
        yield f"`{path}` is an amount with its currency", node.span, "write {amount: ..., currency: ...}"
        return
    for entry in node.entries:
        value = entry.value.value if isinstance(entry.value, source.Scalar) else ""
        if entry.key == "amount" and isinstance(value, str) and not _made(value) and not _AMOUNT.fullmatch(value):
            yield f"'{value}' is no amount", entry.value.span, "write the digits with a point, such as 1234.50"
        elif entry.key == "currency" and isinstance(value, str) and not _made(value) and value.upper() != value:
            yield f"no currency is called '{value}'", entry.value.span, f"write {value.upper()}"
        elif entry.key not in ("amount", "currency"):
            yield f"there is no `{path}.{entry.key}`", entry.key_span, suggestion(entry.key, ["amount", "currency"])


def _of_simple(node: source.Node, type_: Type, path: str) -> Iterator[Wrong]:
    if not isinstance(type_, Text) and type_ not in (BOOLEAN, DATE, INTEGER, NUMBER):
        return
    if not isinstance(node, source.Scalar):
        yield f"`{path}` has no parts", node.span, "write the value itself"
        return
    value = node.value
    if isinstance(type_, Text):
        if isinstance(value, str) and type_.values is not None and value not in type_.values:
            yield f"`{path}` cannot be '{value}'", node.span, suggestion(value, sorted(type_.values), what="one of")
    elif type_ == BOOLEAN and isinstance(value, str):
        yield f"`{path}` is true or false, not text", node.span, "write true or false"
    elif type_ == DATE and isinstance(value, str) and not _is_day(value):
        help = "correct the day" if _DAY.fullmatch(value) else "write it as YYYY-MM-DD"
        yield f"`{path}` is a date, and '{value}' is none", node.span, help
    elif type_ in (INTEGER, NUMBER) and isinstance(value, str) and not _AMOUNT.fullmatch(value):
        yield f"`{path}` is a number, and '{value}' is none", node.span, "write the digits with a point"


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return _DAY.fullmatch(text) is not None


def _inputs(test: Test, versions: list[Flow], subject: Subject) -> dict[str, Type]:
    """What a change may reach into, by how it is called."""
    contracts = subject.plan.contracts
    if len(versions) == 1:
        event = versions[0].trigger.event
        contract = contracts.get(str(event))
        return {} if contract is None else {"event.data": contract.type}
    named = str(test.target.mapping or test.target.policy)
    documents = subject.workspace.mappings if test.target.mapping is not None else subject.workspace.policies
    found: dict[str, Type] = {}
    for document in documents:
        if major(document.id, document.version) == named:
            for name, declared in document.input:
                contract = contracts.get(str(declared.schema))
                if contract is not None and not contract.vendor:
                    found[name] = contract.type
    return found


def _changes(test: Test, inputs: Mapping[str, Type], subject: Subject) -> Iterator[Diagnostic]:
    for case in test.cases:
        exception = case.expect.exception
        if (exception is not None or case.expect.outcome == "exception") and getattr(exception, "reason", None) is None:
            continue  # that it does not fit may be just what the case is about
        if _goes_through(case):
            yield from _removed(case, inputs, subject)
        for path, tree in case.change:
            root = next((name for name in inputs if path.startswith(f"{name}.")), None)
            if root is None:
                continue
            found = reached(path[len(root) + 1 :], inputs[root])
            if isinstance(found, Lost):
                message = f"case `{case.id}` changes `{path}`, and there is no `{found.name}`"
                span = place_of(path, Span(case.span.file, case.span.line, 1, case.span.line, 1), subject)
                help = suggestion(found.name, found.known)
                yield finding("TEST238", message, tree.span if span is case.span else span, help)
            elif found is not None and _goes_through(case) and not _made(getattr(tree.node, "value", None)):
                wrong = next(misfits(tree.node, found, path), None)
                if wrong is not None and getattr(wrong[1], "value", "") is not None:
                    message = f"case `{case.id}` never holds: the contract refuses the change, as {wrong[0]}"
                    yield finding("TEST242", message, wrong[1].span, "change it to what the contract allows")


def _removed(case: TestCase, inputs: Mapping[str, Type], subject: Subject) -> Iterator[Diagnostic]:
    """Fields that are taken away although the contract requires them."""
    for path in case.remove:
        before, _, name = path.rpartition(".")
        root = next((each for each in inputs if before == each or before.startswith(f"{each}.")), None)
        found = None if root is None else reached(before[len(root) + 1 :], inputs[root])
        if isinstance(found, Object) and name in found.required:
            message = f"case `{case.id}` never holds: the contract refuses it without `{path}`"
            yield finding("TEST242", message, place_of(path, case.span, subject), "expect the exception, or keep it")


def reached(path: str, type_: Type) -> Type | Lost | None:
    """The type at the end of a path, or the first name on the way that there surely is not; None where it is not
    known."""
    current: Type = type_
    for name, number in _STEP.findall(path):
        if isinstance(current, Union):
            parts = [each for each in current.members if each is not NULL]
            if len(parts) != 1:
                return None
            current = parts[0]
        if number:
            if not isinstance(current, Array):
                return None
            current = current.element
        elif isinstance(current, Money):
            return TEXT if name in ("amount", "currency") else Lost(name, ["amount", "currency"])
        elif isinstance(current, Object):
            below = current.fields.get(name, current.extra)
            if below is None:
                return Lost(name, list(current.fields))
            current = below
        else:
            return None
    return current
