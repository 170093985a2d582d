"""Tests whose input no longer fits the contract, and exceptions expected of an owner whom there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.fit import misfits
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps, major
from engine.schema.types import Type
from engine.source.about import About
from engine.source.diagnostic import Diagnostic
from engine.source.node import Mapping, Node
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy
from engine.spec.documents.test import Test
from engine.spec.nearest import suggestion

#: Where a value stands in the input, the value, and the type that its contract gives it.
Given = tuple[str, Node, Type]


def check(subject: Subject) -> Iterator[Diagnostic]:
    owners = _owners(subject)
    for test in subject.workspace.tests:
        for case in test.cases:
            exception = case.expect.exception
            if exception is not None and exception.owner is not None and exception.owner not in owners:
                span = place_of(exception.owner, exception.span, subject)
                message = f"case `{case.id}` never holds: nothing belongs to `{exception.owner}`"
                yield finding("TEST234", message, span, suggestion(exception.owner, owners))
        yield from _not_given(test, subject)
        if all(_takes_it_as_it_is(case) for case in test.cases) and test.cases:
            yield from _fits(test, subject)


def _not_given(test: Test, subject: Subject) -> Iterator[Diagnostic]:
    """Inputs that neither the test nor any of its cases gives."""
    for document in _tested(test, subject):
        for name, _ in document.input:
            changed = [path for case in test.cases for path, _ in case.change]
            made = any(case.forall is not None or case.table is not None for case in test.cases)
            goes = any(case.expect.exception is None and case.expect.outcome != "exception" for case in test.cases)
            given = test.given.get(name) is not None or any(re.match(rf"{name}\b", path) for path in changed)
            if not given and not made and goes:
                message = f"no case of test `{test.id}` can hold: the input `{name}` is not given"
                place = place_of("given:", test.span, subject)
                about = About(named=(name,), kind="input")
                yield finding("TEST233", message, place, f"give `{name}` under `given`", about=about)


def _takes_it_as_it_is(case: Any) -> bool:
    """Whether the case uses the input unchanged and expects that something comes of it."""
    changed = any(len(part) for part in (case.change, getattr(case, "remove", ()), getattr(case, "append", ())))
    made = getattr(case, "forall", None) is not None or getattr(case, "table", None) is not None
    return not changed and not made and case.expect.exception is None and case.expect.outcome in (None, "completed")


def _fits(test: Test, subject: Subject) -> Iterator[Diagnostic]:
    for path, tree, type_ in _given(test, subject):
        for wrong, node in misfits(tree, type_, path):
            message = f"no case of test `{test.id}` can hold: {wrong}"
            yield finding("TEST233", message, node.span, "bring the input up to date with its contract")
            return


def _given(test: Test, subject: Subject) -> Iterator[Given]:
    """The inputs that are written in the test itself, with the types of their contracts."""
    contracts = subject.plan.contracts
    if test.target.flow is not None:
        event = test.given.get("event")
        versions = subject.plan.flows.get(str(test.target.flow), ())
        data = event.node.get("data") if event is not None and isinstance(event.node, Mapping) else None
        contract = contracts.get(str(versions[-1].event)) if versions else None
        if data is not None and contract is not None:
            yield "event.data", data, contract.type
        return
    for document in _tested(test, subject):
        for name, declared in document.input:
            given, contract = test.given.get(name), contracts.get(str(declared.schema))
            if given is not None and contract is not None:
                yield name, given.node, contract.type


def _tested(test: Test, subject: Subject) -> Iterator[MappingDocument | Policy]:
    """The mapping or policy that the test is about, if there is one version of it."""
    workspace, target = subject.workspace, test.target
    documents: tuple[MappingDocument | Policy, ...] = workspace.mappings if target.mapping else workspace.policies
    name = str(target.mapping or target.policy)
    versions = [each for each in documents if major(each.id, each.version) == name]
    if len(versions) == 1:
        yield versions[0]


def _owners(subject: Subject) -> set[str]:
    """Everybody to whom an exception can go."""
    workspace = subject.workspace
    owned: list[Any] = [*workspace.flows, *(table.missing for table in workspace.tables)]
    owned += [rule for policy in workspace.policies for rule in policy.rules]
    owned += [document for documents in workspace.calculating.values() for document in documents]
    owners = {each.owner for each in owned}
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.fail is not None:
                owners.add(step.fail.complaint.owner)
            if step.approve is not None:
                owners.add(step.approve.group)
            if step.calculate is not None:
                owners.add(step.calculate.owner)
    return owners
