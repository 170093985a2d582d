"""Where values go: every leaf of a tree beside what the schema it goes to says about it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from engine.base.record import frozen
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
_NO_LISTS: Map[MappedList] = Map()


@frozen
class Destination:
    """A leaf, or an object or list, and the form of its field; ``nullable`` says that null may stand there."""

    node: source.Node
    form: Form
    nullable: bool
    path: str
    definitions: Definitions


@frozen
class Given:
    """The destinations of one tree, and what the checker saw of the file that it stands in."""

    destinations: tuple[Destination, ...]
    inferred: Inferred


def given(subject: Subject) -> Iterator[Given]:
    """The trees of mappings, posts, reads and emissions whose schema is known; the same objects while neither the tree,
    nor its schema, nor anything that is computed in its file changes."""
    for node, schema, lists in _trees(subject):
        if not schema.vendor:
            of = subject.known.of
            yield of(Given, of(_destinations, node, schema, lists), inferred(subject, node.span.file))


def _trees(subject: Subject) -> Iterator[tuple[source.Node, Schema, Map[MappedList]]]:
    contracts = subject.plan.contracts
    for mapping in subject.workspace.mappings:
        schema = contracts.get(str(mapping.output))
        if schema is not None:
            yield mapping.fields.node, schema, mapping.lists
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.emit is not None and str(step.emit.event) in contracts:
                yield step.emit.data.node, contracts[str(step.emit.event)], _NO_LISTS
            for asked in (step.post, step.read):
                if asked is None or asked.connection.text not in subject.plan.connections:
                    continue
                connected = subject.plan.connections[asked.connection.text]
                operation = connected.manifest.operation(asked.operation.text)
                reference: Reference | None = None if operation is None else operation.input
                if reference is not None and str(reference) in contracts:
                    yield asked.input.node, contracts[str(reference)], _NO_LISTS


def _destinations(node: source.Node, schema: Schema, lists: Map[MappedList]) -> tuple[Destination, ...]:
    return tuple(_walk(node, schema.form, "", dict(lists), schema.definitions))


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
    """Finds what the checker saw of the leaves of one file, by their places."""

    def __init__(self, every: Sequence[Checked]) -> None:
        self._places = [((checked.span.line, checked.span.column), checked) for checked in every]
        self._places.sort(key=_place)

    def of(self, node: source.Scalar) -> Checked | None:
        """The computed value that a leaf holds; None for a literal or a text with blanks."""
        if not isinstance(node.value, str) or not node.value.startswith("="):
            return None
        return self.within(node.span)

    def within(self, span: Span) -> Checked | None:
        """The first computed value that begins at a place or within it."""
        found = self._places
        at = bisect_left(found, (span.line, span.column), key=_place)
        if at < len(found) and found[at][0] < (span.end_line, span.end_column):
            return found[at][1]
        return None


def inferred(subject: Subject, file: str) -> Inferred:
    """What the checker saw in a file."""
    return subject.known.of(Inferred, subject.checked.get(file, ()))


def _place(each: tuple[tuple[int, int], Checked]) -> tuple[int, int]:
    return each[0]
