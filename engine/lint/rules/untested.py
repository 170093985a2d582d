"""Clauses for when things go wrong, of which no test shows that they work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.rules.test_names import step_of
from engine.lint.subject import Subject, all_steps, major
from engine.source.diagnostic import Diagnostic
from engine.source.node import plain
from engine.spec.documents.flow import Flow, Missing
from engine.spec.documents.mapping import MappedList, Mapping
from engine.spec.documents.test import TestCase


def check(subject: Subject) -> Iterator[Diagnostic]:
    by_flow: dict[str, list[TestCase]] = {}
    for test in subject.workspace.tests:
        if test.target.flow is not None:
            by_flow.setdefault(str(test.target.flow), []).extend(test.cases)
    every = [case for test in subject.workspace.tests for case in test.cases]
    said = _reasons(every)
    loose = {name for name, cases in by_flow.items() if any(_leaves_open(case) for case in cases)}
    for flow in subject.workspace.flows:
        name = major(flow.id, flow.version)
        cases = by_flow.get(name)
        if cases is not None:  # a flow without any test is reported as that
            yield from _clauses(flow, cases)
            yield from _failures(flow, said) if name not in loose else ()
    if every and not any(_leaves_open(case) for case in every):
        asked = _looked_up(subject)
        for table in subject.workspace.tables:
            if table.missing.reason not in said and table.id in asked:
                message = f"no test looks for a row that table `{table.id}` does not have"
                help = f"add a case that expects `exception: {{reason: {table.missing.reason}}}`"
                yield finding("TEST232", message, table.missing.span, help)


def _failures(flow: Flow, said: set[str]) -> Iterator[Diagnostic]:
    # What fails in `otherwise` may be there for values that the contract does not have yet: no test can show it.
    last = {each.id for step in all_steps(flow) if step.branch is not None for each in step.branch.otherwise.steps}
    for step in all_steps(flow):
        if step.id in last:
            continue
        if step.fail is not None and step.fail.complaint.reason not in said:
            message = f"no test shows that step `{step.id}` stops the flow"
            help = f"add a case that expects `exception: {{reason: {step.fail.complaint.reason}}}`"
            yield finding("TEST231", message, step.span, help)


def _clauses(flow: Flow, cases: list[TestCase]) -> Iterator[Diagnostic]:
    for step in all_steps(flow):
        if step.on_error is None or not (step.post or step.read):
            continue
        replies = [plain(tree.node) for case in cases for name, tree in case.replies if step_of(name) == step.id]
        if not any(_fails(reply, step.on_error.classes) for reply in replies):
            message = f"no test shows that step `{step.id}` is skipped when it fails"
            classes = step.on_error.classes
            help = f"add a case whose reply is `rejected: {{class: {classes[0] if classes else 'data'}}}`"
            yield finding("TEST230", message, step.on_error.span, help)


def _fails(replies: Any, classes: tuple[str, ...]) -> bool:
    for reply in replies if isinstance(replies, list) else [replies]:
        if isinstance(reply, dict):
            rejected = reply.get("rejected")
            if set(reply) - {"document", "fields", "value", "rejected"}:
                return True  # a fault or a loss, which may come to any class
            if isinstance(rejected, dict) and rejected.get("class") in classes:
                return True
    return False


def _reasons(cases: list[TestCase]) -> set[str]:
    """The reasons that cases expect; with tables of cases, every text of their cells."""
    found = {case.expect.exception.reason for case in cases if case.expect.exception is not None}
    for case in cases:
        table = getattr(case, "table", None)
        for _, row in () if table is None else table.rows:
            cells = plain(row.node)
            found.update(str(cell) for cell in (cells if isinstance(cells, list) else [cells]))
    return {reason for reason in found if reason is not None}


def _leaves_open(case: TestCase) -> bool:
    """Whether the case expects an exception and does not say which."""
    exception = case.expect.exception
    if exception is not None:
        return exception.reason is None and exception.class_ in (None, "policy", "missing_reference")
    return case.expect.outcome == "exception" and not case.expect.violations


def _looked_up(subject: Subject) -> set[str]:
    """The tables without whose row a mapping, policy or step cannot go on."""
    workspace = subject.workspace
    lookups = [lookup for policy in workspace.policies for _, lookup in policy.lookups]
    open_: list[Mapping | MappedList] = list(workspace.mappings)
    while open_:
        part = open_.pop()
        lookups += [lookup for _, lookup in part.lookups]
        open_ += [inner for _, inner in part.lists]
    asked = {lookup.table.text for lookup in lookups}
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.table is not None and step.lookup.missing is Missing.FAIL:
                asked.add(step.lookup.table.text)
    return asked
