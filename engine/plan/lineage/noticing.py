"""Which tests would notice that a field changed: those that expect something of a place which it reaches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.spec.documents.test import Test
from engine.spec.shape import Map
from engine.spec.values import Tree
from engine.spec.workspace import LoadedWorkspace


@dataclass(frozen=True, slots=True)
class Noticing:
    """A test and those of its cases whose expectations name a reached field or rule."""

    test: str
    target: str
    cases: tuple[str, ...]
    span: Span


def noticing(workspace: LoadedWorkspace, addresses: Iterable[str]) -> tuple[Noticing, ...]:
    """The tests that would notice a change at these addresses, in the order of the workspace."""
    names: dict[str, set[str]] = {}
    for address in addresses:
        definition, _, path = address.partition("/")
        names.setdefault(definition, set()).update(path.replace("[]", "").split("."))
    found: list[Noticing] = []
    for test in workspace.tests:
        target = _target(test)
        known = names.get(target) or _of_source(workspace, target, names)
        cases = tuple(case.id for case in test.cases if known & set(_named(case.expect)))
        if cases:
            found.append(Noticing(test.id, target, cases, test.span))
    return tuple(found)


def _target(test: Test) -> str:
    for each in dataclasses.fields(test.target):
        value = getattr(test.target, each.name)
        if value is not None and each.name != "span":
            return f"{each.name}:{value}"
    return ""


def _of_source(workspace: LoadedWorkspace, target: str, names: dict[str, set[str]]) -> set[str]:
    """The names reached in the events that a source makes."""
    kind, _, id_ = target.partition(":")
    if kind != "source":
        return set()
    events = {
        f"event:{emission.event}"
        for source in workspace.sources
        if source.id == id_
        for case in source.cases
        for emission in case.emit
    }
    return {name for event in events for name in names.get(event, ())}


def _named(part: Any) -> Iterator[str]:
    """Every name and text of an expectation."""
    if isinstance(part, Tree):
        yield from _of_node(part.node)
    elif isinstance(part, str):
        yield part
    elif isinstance(part, Map):
        for name, value in part:
            yield name
            yield from _named(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _named(value)
    elif dataclasses.is_dataclass(part) and not isinstance(part, Span | type):
        for each in dataclasses.fields(part):
            yield from _named(getattr(part, each.name))


def _of_node(node: Node) -> Iterator[str]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key
            yield from _of_node(entry.value)
    elif isinstance(node, Sequence):
        for below in node:
            yield from _of_node(below)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.value
