"""Two fields of one object, or two columns of one key, that are set from each other's namesake."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Ast, Call, Literal
from engine.lint.destinations import Given, Inferred, given, inferred
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.source import node as source
from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import MappedList, Mapping
from engine.spec.shape import Map
from engine.spec.values import Expression

#: Names of one thing and of its opposite.
_OPPOSITES = (
    (frozenset({"net", "untaxed", "subtotal", "net_amount"}), frozenset({"total", "gross", "gross_amount"})),
    (
        frozenset({"start", "from", "begin", "starts_on", "valid_from", "start_date"}),
        frozenset({"end", "to", "until", "ends_on", "valid_to", "valid_until", "end_date"}),
    ),
)

#: What a field is set to: the path that is read, what is made of it, and where it stands.
Source = tuple[tuple[str, ...], object, Span]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for tree in given(subject):
        yield from subject.known.told(_tree, tree)
    for flow in subject.workspace.flows:
        yield from subject.known.told(_facts, flow, inferred(subject, flow.span.file))
    documents: tuple[Mapping | Flow, ...] = (*subject.workspace.mappings, *subject.workspace.flows)
    for document in documents:
        yield from subject.known.told(_keys, document)


def _facts(flow: Flow, known: Inferred) -> Iterator[Diagnostic]:
    """What calculations are told."""
    for step in all_steps(flow):
        if step.calculate is not None and step.calculate.input is not None:
            yield from _objects(step.calculate.input.node, known)


def _objects(node: source.Node, known: Inferred) -> Iterator[Diagnostic]:
    if isinstance(node, source.Mapping):
        fields = dict(_simple(node, known))
        yield from _crossed(fields)
        yield from _opposed(fields)
        for entry in node.entries:
            yield from _objects(entry.value, known)
    elif isinstance(node, source.Sequence):
        for each in node.items:
            yield from _objects(each, known)


def _tree(tree: Given) -> Iterator[Diagnostic]:
    for each in tree.destinations:
        if isinstance(each.node, source.Mapping):
            fields = dict(_simple(each.node, tree.inferred))
            yield from _crossed(fields)
            yield from _opposed(fields)


def _simple(node: source.Mapping, inferred: Inferred) -> Iterator[tuple[str, Source]]:
    """Fields that are set to a field of something, as it is or through a function."""
    for entry in node.entries:
        checked = inferred.of(entry.value) if isinstance(entry.value, source.Scalar) else None
        if checked is not None:
            found = _read(checked.ast)
            if found is not None:
                yield entry.key, (*found, entry.value.span)


def _read(ast: Ast) -> tuple[tuple[str, ...], object] | None:
    """The one path that is read, and what is made of it: the function and its constants."""
    if is_path(ast):
        return tuple(path_names(ast)), None
    if isinstance(ast, Call):
        paths = [each for each in ast.arguments if is_path(each)]
        rest = [each for each in ast.arguments if not is_path(each)]
        if len(paths) == 1 and all(isinstance(each, Literal) for each in rest):
            return tuple(path_names(paths[0])), (ast.name, *rest)
    return None


def _keys(document: Mapping | Flow) -> Iterator[Diagnostic]:
    if isinstance(document, Flow):
        for step in all_steps(document):
            if step.lookup is not None and step.lookup.table is not None:
                yield from _key(step.lookup.key)
            for called in (step.map, step.check, step.call):
                if called is not None:
                    yield from _key(called.input, "input ")
        return
    yield from _of_mapping(document)


def _of_mapping(part: Mapping | MappedList) -> Iterator[Diagnostic]:
    for _, lookup in part.lookups:
        yield from _key(lookup.key)
    for _, inner in part.lists:
        yield from _of_mapping(inner)


def _key(key: Map[Expression], what: str = "column ") -> Iterator[Diagnostic]:
    fields: dict[str, Source] = {}
    for name, expression in key:
        ast = syntax(expression)
        found = None if ast is None else _read(ast)
        if found is not None:
            fields[name] = (*found, expression.span)
    yield from _crossed(fields, what, loose=True)


def _opposed(fields: dict[str, Source]) -> Iterator[Diagnostic]:
    """The start set from an end and the end from a start, the net amount from a total and the total from a net one."""
    for one, other in _OPPOSITES:
        first = next((name for name in fields if name in one and fields[name][0][-1] in other), None)
        second = next((name for name in fields if name in other and fields[name][0][-1] in one), None)
        if first is None or second is None or fields[first][0][:-1] != fields[second][0][:-1]:
            continue
        (path, made, span), (behind, also, place) = fields[first], fields[second]
        namesakes = path[-1] == second and behind[-1] == first
        if made == also and not namesakes:
            message = f"`{first}` is set from `{path[-1]}`, and `{second}` from `{behind[-1]}`"
            labels = (Label(place, f"`{second}` takes `{behind[-1]}` here"),)
            yield finding("MAP227", message, span, "exchange the two", labels)


def _crossed(fields: dict[str, Source], what: str = "", *, loose: bool = False) -> Iterator[Diagnostic]:
    """``loose``: the two may be fields of different things, as the columns of a key are."""
    for name, (path, made, span) in fields.items():
        other = fields.get(path[-1])
        if path[-1] == name or other is None or name >= path[-1] or other[0][-1] != name:
            continue
        if other[1] != made and not loose:
            continue
        if loose or other[0] == (*path[:-1], name):
            message = f"{what}`{name}` and `{path[-1]}` are set from each other's field"
            labels = (Label(other[2], f"`{path[-1]}` takes `{name}` here"),)
            yield finding("MAP227", message, span, "exchange the two", labels)
