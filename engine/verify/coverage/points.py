"""What can be reached in the definitions of a workspace: every step, case, rule, mapped field and error clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.lint.subject import all_steps
from engine.source import node as source
from engine.source.span import Span
from engine.spec.documents.flow import Flow, Step
from engine.spec.documents.mapping import MappedList, Mapping
from engine.spec.shape import Map
from engine.spec.workspace import LoadedWorkspace

#: A list that goes into the result as it was made.
LIST_AS_IT_IS = re.compile(r"=\s*lists\.([a-z][a-z0-9_]*)\s*")


class PointKind(StrEnum):
    """What is reached."""

    STEP = "step"
    CASE = "case"
    RULE = "rule"
    TARGET = "target"
    CLAUSE = "clause"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One thing to be reached: where it stands, what it is, what it is called there."""

    file: str
    line: int
    kind: PointKind
    name: str


def points_of(workspace: LoadedWorkspace) -> tuple[Point, ...]:
    """All points of a workspace, by place."""
    found: set[Point] = set()
    for flow in workspace.flows:
        found.update(_flow(flow))
    for mapping in workspace.mappings:
        found.update(target_points(mapping))
    for policy in workspace.policies:
        found.update(Point(rule.span.file, rule.span.line, PointKind.RULE, rule.id) for rule in policy.rules)
    for each in workspace.sources:
        found.update(Point(case.span.file, case.span.line, PointKind.CASE, case.id) for case in each.cases)
    for journal in workspace.calculating.get("journal", ()):
        found.update(
            Point(template.span.file, template.span.line, PointKind.RULE, template.id) for template in journal.templates
        )
    return tuple(sorted(found))


def _flow(flow: Flow) -> Iterator[Point]:
    for step in all_steps(flow):
        yield step_point(step.span, step.id)
        if step.when is not None:
            yield skipped_point(step.span, step.id)
        if step.branch is not None:
            for name in (*(case.id for case in step.branch.cases), "otherwise"):
                yield case_point(step.span, step.id, name)
        yield from _clauses(step)


def _clauses(step: Step) -> Iterator[Point]:
    if step.on_error is not None:
        yield clause_point(step.span, step.id, "on_error")
    if step.lookup is not None:
        yield clause_point(step.span, step.id, "missing")
    if step.approve is not None:
        yield clause_point(step.span, step.id, "not_approved")


def step_point(span: Span, step: str) -> Point:
    """The step at ``span`` runs."""
    return Point(span.file, span.line, PointKind.STEP, step)


def skipped_point(span: Span, step: str) -> Point:
    """The step's `when` is false."""
    return Point(span.file, span.line, PointKind.CASE, f"{step} is skipped")


def case_point(span: Span, step: str, case: str) -> Point:
    """A branch takes this case."""
    return Point(span.file, span.line, PointKind.CASE, f"{step}:{case}")


def clause_point(span: Span, step: str, clause: str) -> Point:
    """What a step does where it fails."""
    return Point(span.file, span.line, PointKind.CLAUSE, f"{step}.{clause}")


def target_points(mapping: Mapping) -> Iterator[Point]:
    """Every field that a mapping sets, those of its lists by the name of the list."""
    yield from _targets(mapping.fields.node, "")
    yield from _lists(mapping.fields.node, mapping.lists, "")


def _lists(fields: source.Node, lists: Map[MappedList], prefix: str) -> Iterator[Point]:
    """The fields of the lists that go into the result as they were made: those can be seen there."""
    used = set(lists_used(fields))
    for name, each in lists:
        if name in used:
            yield from _targets(each.fields.node, f"{prefix}{name}[].")
            yield from _lists(each.fields.node, each.lists, f"{prefix}{name}[].")


def lists_used(node: source.Node) -> Iterator[str]:
    """The names of lists that stand in a tree as they are."""
    if isinstance(node, source.Mapping):
        for entry in node.entries:
            yield from lists_used(entry.value)
    elif isinstance(node, source.Sequence):
        for each in node.items:
            yield from lists_used(each)
    elif isinstance(node.value, str) and (used := LIST_AS_IT_IS.fullmatch(node.value)):
        yield used.group(1)


def _targets(node: source.Node, prefix: str) -> Iterator[Point]:
    if not isinstance(node, source.Mapping):
        return
    for entry in node.entries:
        name = prefix + entry.key
        if isinstance(entry.value, source.Mapping):
            yield from _targets(entry.value, f"{name}.")
        elif not (isinstance(entry.value, source.Scalar) and entry.value.value is None):
            yield target_point(entry, name)


def target_point(entry: source.Entry, name: str) -> Point:
    """A field gets a value."""
    return Point(entry.key_span.file, entry.key_span.line, PointKind.TARGET, name)
