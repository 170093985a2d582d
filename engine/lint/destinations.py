"""Where values go: every leaf of a tree beside what the schema it goes to says about it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.expr.checked import Checked
from engine.lint.subject import Subject, all_steps
from engine.schema.forms import ArrayForm, Definitions, Form, NullableForm, ObjectForm
from engine.schema.schema import Schema
from engine.source import node as source
from engine.source.span import Span
from engine.spec.documents.mapping import MappedList
from engine.spec.shape import Map
from engine.spec.values import Reference

_LIST = re.compile(r"=\s*lists\.([a-z][a-z0-9_]*)\s*")


@dataclass(frozen=True, slots=True)
class Destination:
    """A leaf, or an object or list, and the form of its field; ``nullable`` says that null may stand there."""

    node: source.Node
    form: Form
    nullable: bool
    path: str
    definitions: Definitions


def destinations(subject: Subject) -> Iterator[Destination]:
    """Every place of mappings, posts, reads and emissions whose schema is known."""
    contracts = subject.plan.contracts
    for mapping in subject.workspace.mappings:
        schema = contracts.get(str(mapping.output))
        if schema is not None:
            yield from _of_schema(mapping.fields.node, schema, mapping.lists)
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.emit is not None and str(step.emit.event) in contracts:
                yield from _of_schema(step.emit.data.node, contracts[str(step.emit.event)], Map())
            for asked in (step.post, step.read):
                if asked is None or asked.connection.text not in subject.plan.connections:
                    continue
                connected = subject.plan.connections[asked.connection.text]
                operation = connected.manifest.operation(asked.operation.text)
                reference: Reference | None = None if operation is None else operation.input
                if reference is not None and str(reference) in contracts:
                    yield from _of_schema(asked.input.node, contracts[str(reference)], Map())


def _of_schema(node: source.Node, schema: Schema, lists: Map[MappedList]) -> Iterator[Destination]:
    if not schema.vendor:
        yield from _walk(node, schema.form, "", dict(lists), schema.definitions)


def _walk(
    node: source.Node, form: Form, path: str, lists: Mapping[str, MappedList], definitions: Definitions
) -> Iterator[Destination]:
    form, nullable = _opened(form, definitions)
    yield Destination(node, form, nullable, path, definitions)
    if isinstance(node, source.Mapping) and isinstance(form, ObjectForm):
        for entry in node.entries:
            below = form.fields.get(entry.key, form.extra)
            if below is not None:
                where = f"{path}.{entry.key}" if path else entry.key
                yield from _walk(entry.value, below, where, lists, definitions)
    elif isinstance(node, source.Sequence) and isinstance(form, ArrayForm):
        for each in node.items:
            yield from _walk(each, form.element, f"{path}[]", lists, definitions)
    elif isinstance(node, source.Scalar) and isinstance(node.value, str) and isinstance(form, ArrayForm):
        used = _LIST.fullmatch(node.value)
        declared = lists.get(used[1]) if used else None
        if declared is not None:
            inner = {**lists, **dict(declared.lists)}
            yield from _walk(declared.fields.node, form.element, f"{path}[]", inner, definitions)


def _opened(form: Form, definitions: Definitions) -> tuple[Form, bool]:
    form, nullable = definitions.open(form), False
    while isinstance(form, NullableForm):
        form, nullable = definitions.open(form.form), True
    return form, nullable


class Inferred:
    """Finds what the checker saw of a leaf, by its place."""

    def __init__(self, subject: Subject) -> None:
        self._by_file: dict[str, list[tuple[tuple[int, int], Checked]]] = {}
        for checked in subject.plan.checked:
            place = (checked.span.line, checked.span.column)
            self._by_file.setdefault(checked.span.file, []).append((place, checked))
        for found in self._by_file.values():
            found.sort(key=lambda each: each[0])

    def of(self, node: source.Scalar) -> Checked | None:
        """The computed value that a leaf holds; None for a literal or a text with blanks."""
        if not isinstance(node.value, str) or not node.value.startswith("="):
            return None
        return self.within(node.span)

    def within(self, span: Span) -> Checked | None:
        """The first computed value that begins at a place or within it."""
        found = self._by_file.get(span.file, [])
        at = bisect_left(found, (span.line, span.column), key=lambda each: each[0])
        if at < len(found) and found[at][0] < (span.end_line, span.end_column):
            return found[at][1]
        return None
