"""Two fields of one object that are set from each other's namesake."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.narrowing import is_path, path_names
from engine.lint.destinations import Given, Inferred, given
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source import node as source
from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span


def check(subject: Subject) -> Iterator[Diagnostic]:
    for tree in given(subject):
        yield from subject.known.told(_tree, tree)


def _tree(tree: Given) -> Iterator[Diagnostic]:
    for each in tree.destinations:
        if isinstance(each.node, source.Mapping):
            yield from _crossed(dict(_simple(each.node, tree.inferred)))


def _simple(node: source.Mapping, inferred: Inferred) -> Iterator[tuple[str, tuple[tuple[str, ...], Span]]]:
    """Fields that are set to a field of something, as it is."""
    for entry in node.entries:
        checked = inferred.of(entry.value) if isinstance(entry.value, source.Scalar) else None
        if checked is not None and is_path(checked.ast):
            yield entry.key, (tuple(path_names(checked.ast)), entry.value.span)


def _crossed(fields: dict[str, tuple[tuple[str, ...], Span]]) -> Iterator[Diagnostic]:
    for name, (path, span) in fields.items():
        other = fields.get(path[-1])
        if path[-1] != name and other is not None and name < path[-1] and other[0] == (*path[:-1], name):
            message = f"`{name}` and `{path[-1]}` are set from each other's field"
            labels = (Label(other[1], f"`{path[-1]}` takes `{name}` here"),)
            yield finding("MAP227", message, span, "exchange the two", labels)
