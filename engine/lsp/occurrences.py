"""Everywhere that a symbol is named: in documents, in expressions, in schemas, in tests and their fixtures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.expr.nodes import Ast, Chain, MultiList, MultiObject, Project, children
from engine.lsp.declared import Place, declared_at, places, text_at
from engine.lsp.fields import Owner, element, fields_of, fields_read
from engine.lsp.names import Definition, uses_in, within_quotes
from engine.lsp.scopes import checked_in
from engine.lsp.symbols import (
    FieldOf,
    FileName,
    Local,
    Named,
    Symbol,
    definitions,
    inside_quotes,
    key_symbol,
    locals_in,
    property_span,
    read_symbol,
    value_symbol,
)
from engine.lsp.targets import target_of_key, target_type
from engine.lsp.trees import Document
from engine.lsp.workbench import View
from engine.lsp.written import Key, names_in
from engine.schema.types import ANY, Type
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span


def occurrences(view: View, symbol: Symbol) -> list[Span]:
    """The places where a symbol is named, its definitions included, each once, in order."""
    match symbol:
        case Named():
            found = _of_named(view, symbol)
        case FieldOf():
            found = _of_field(view, symbol)
        case Local():
            found = _of_local(view, symbol)
        case FileName():
            found = iter((symbol.span,))
    return sorted(set(found), key=lambda span: (span.file, span.line, span.column))


def documents(view: View) -> Iterator[Document]:
    """Every document of the workspace as it is now."""
    for file in view.knowledge.names.documents:
        yield view.bench.document(file)


# ----------------------------------------------------------------------------- names of documents


def _of_named(view: View, symbol: Named) -> Iterator[Span]:
    yield from definitions(view, symbol)
    for document in documents(view):
        for use in uses_in(document):
            if (use.kind, use.name) == (symbol.kind, symbol.name):
                yield use.span


def id_spans(view: View, definition: Definition) -> Iterator[Span]:
    """Where the id of a definition stands, in every major version, without ``@MAJOR``."""
    for (kind, _), found in view.knowledge.names.definitions.items():
        if kind == definition.kind:
            yield from (each.span for each in found if each.id == definition.id)
    for document in documents(view):
        for use in uses_in(document):
            id_, at, _ = use.name.partition("@")
            if use.kind == definition.kind and id_ == definition.id and (at or use.name == definition.name):
                yield use.span.within(0, len(id_))


# ----------------------------------------------------------------------------- fields of schemas


def _of_field(view: View, symbol: FieldOf) -> Iterator[Span]:
    declared = property_span(symbol.owner, symbol.name)
    if declared is not None:
        yield declared
    yield from _required(symbol)
    for document in documents(view):
        if document.is_schema:
            continue
        yield from _in_expressions(view, document, symbol)
        yield from _in_keys(view, document, symbol)


def _required(symbol: FieldOf) -> Iterator[Span]:
    for node in symbol.owner.nodes:
        listed = node.get("required")
        for item in listed.items if isinstance(listed, Sequence) else ():
            if isinstance(item, Scalar) and item.value == symbol.name:
                yield inside_quotes(item.span)


def _checked(view: View, document: Document) -> tuple[Checked, ...]:
    """The computed values of a document: as they were checked last, or checked now if it changed since."""
    seen = view.knowledge.good.get(document.file)
    if seen is not None and seen.document.text == document.text:
        return seen.checked
    return checked_in(document, view.knowledge)


def _in_expressions(view: View, document: Document, symbol: FieldOf) -> Iterator[Span]:
    if symbol.name not in document.text:
        return
    for checked in _checked(view, document):
        meant: set[int] = set()
        for read in fields_read(checked):
            if read.node.name == symbol.name and read.owner is not None:
                found = read_symbol(document, view.knowledge, read)
                if isinstance(found, FieldOf) and _same(found.owner, symbol.owner):
                    meant.add(id(read.node))
        made = _objects_made(view, document, checked, symbol)
        yield from _spans_of(checked, document, meant, made, symbol.name)


def _spans_of(checked: Checked, document: Document, meant: set[int], made: set[int], name: str) -> Iterator[Span]:
    """Where some of an expression's fields, and the keys of some objects that it makes, are written."""
    if not meant and not made:
        return
    for each, span in names_in(checked, document.lines):
        chosen = id(each.made) in made if isinstance(each, Key) else id(each) in meant
        if chosen and each.name == name:
            yield span


def _objects_made(view: View, document: Document, checked: Checked, symbol: FieldOf) -> set[int]:
    """The objects that an expression makes which are to be what the schema declares."""
    if document.kind is None or not any(isinstance(each, MultiObject) for each in _nodes(checked.ast)):
        return set()
    inside = View(document, view.bench.uri(document.file), view.knowledge, view.units, view.bench)
    here = (checked.span.line, checked.span.column)
    for place in document.places:
        span = place.node.span
        if isinstance(place.node, Scalar) and (span.line, span.column) <= here <= (span.end_line, span.end_column):
            type_ = _wanted(inside, place)
            found: set[int] = set()
            if type_ is not None:
                _match(view, checked.ast, type_, symbol.owner, found)
            return found
    return set()


def _wanted(view: View, place: Place) -> Type | None:
    """The type that the value at a place is to have."""
    if place.declared.is_tree:
        return target_type(view, place.path, place.declared)
    target = target_of_key(view, place.path)
    return None if target is None else fields_of(target).get(str(place.path[-1]))


def _match(view: View, node: Ast, type_: Type, owner: Owner, found: set[int]) -> None:
    if isinstance(node, MultiObject):
        declared = view.knowledge.fields.owner(type_)
        if declared is not None and _same(declared, owner):
            found.add(id(node))
        fields = fields_of(type_)
        for name, value in node.pairs:
            _match(view, value, fields.get(name, ANY), owner, found)
    elif isinstance(node, MultiList):
        for each in node.elements:
            _match(view, each, element(type_), owner, found)
    elif isinstance(node, Project | Chain) and isinstance(node.right, MultiObject):
        _match(view, node.right, element(type_) if isinstance(node, Project) else type_, owner, found)


def _nodes(node: Ast) -> Iterator[Ast]:
    yield node
    for child in children(node):
        yield from _nodes(child)


def name_span(span: Span, name: str) -> Span:
    """The part of a field's place that is its name: not the quotation marks it may stand in."""
    extra = span.end_column - span.column - len(name)
    return span.within(1, len(name) + 1) if extra == 2 else span


def _same(one: Owner, other: Owner) -> bool:
    return one is other or one.nodes == other.nodes


def _in_keys(view: View, document: Document, symbol: FieldOf) -> Iterator[Span]:
    if document.kind is None:
        return
    inside = View(document, view.bench.uri(document.file), view.knowledge, view.units, view.bench)
    for place in document.places:
        entry = place.entry
        if entry is not None and entry.key == symbol.name:
            found = key_symbol(inside, place)
            if isinstance(found, FieldOf) and _same(found.owner, symbol.owner):
                yield name_span(entry.key_span, entry.key)
        if document.kind == "test":
            yield from _in_fixture(inside, place, symbol)
            yield from _in_change(inside, place, symbol)


def _in_fixture(view: View, place: Place, symbol: FieldOf) -> Iterator[Span]:
    """The fields of a JSON file that a test gives, by the type of what it gives."""
    declared = place.declared
    file = place.node.get("file") if isinstance(place.node, Mapping) else None
    if not isinstance(file, Scalar) or not declared.is_tree or declared.below:
        return
    type_ = _given_type(view, place)
    document = view.bench.document(view.bench.beside(view.document.file, str(file.value)))
    if type_ is not None and symbol.name in document.text and document.strict is not None:
        yield from _fields_in(view, document.strict, type_, symbol)


def _given_type(view: View, place: Place) -> Type | None:
    whole = _given(view)
    return None if whole is None else fields_of(whole).get(str(place.path[-1]))


def _given(view: View) -> Type | None:
    """The type of everything that a test gives."""
    declared = declared_at("test", ("given",))
    return None if declared is None else target_type(view, ("given",), declared)


_SEGMENT = re.compile(r"(?P<name>[^.\[\]]+)|\[[0-9]+\]")


def _in_change(view: View, place: Place, symbol: FieldOf) -> Iterator[Span]:
    """The fields of a path such as ``event.data.lines[0].product`` under ``change`` of a case."""
    if place.path[-2:-1] not in (("change",), ("append",), ("remove",)):
        return
    text, span = _path_text(place)
    type_ = _given(view) if symbol.name in text else None
    for found in _SEGMENT.finditer(text) if type_ is not None else ():
        name = found["name"]
        if name is None:
            type_ = element(type_ or ANY)
            continue
        owner = view.knowledge.fields.owner_or_none(type_)
        if name == symbol.name and owner is not None and _same(owner, symbol.owner):
            yield span.within(found.start(), found.end())
        type_ = fields_of(type_ or ANY).get(name, ANY)


def _fields_in(view: View, node: Node, type_: Type, symbol: FieldOf) -> Iterator[Span]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _fields_in(view, item, element(type_), symbol)
    elif isinstance(node, Mapping):
        owner = view.knowledge.fields.owner(type_)
        fields = fields_of(type_)
        for entry in node.entries:
            if entry.key == symbol.name and owner is not None and _same(owner, symbol.owner):
                yield inside_quotes(entry.key_span)
            if entry.key in fields:
                yield from _fields_in(view, entry.value, fields[entry.key], symbol)


# ----------------------------------------------------------------------------- parts of one document


def _of_local(view: View, symbol: Local) -> Iterator[Span]:
    document = view.bench.document(symbol.file)
    for local in locals_in(document):
        if (local.group, local.name) == (symbol.group, symbol.name):
            yield name_span(local.span, local.name)
    everywhere = symbol.group == "columns"
    for each in documents(view) if everywhere else (document,):
        yield from _reads_of(view, each, symbol)
    if symbol.group == "steps":
        yield from _in_tests(view, document, symbol)
    elif symbol.group == "input":
        yield from _in_calls(view, symbol)
    elif symbol.group == "roles":
        for place in document.places:
            found = value_symbol(document, place)
            if isinstance(found, Local) and (found.group, found.name) == ("roles", symbol.name):
                yield found.span


def _reads_of(view: View, document: Document, symbol: Local) -> Iterator[Span]:
    for checked in _checked(view, document) if symbol.name in document.text else ():
        meant: set[int] = set()
        for read in fields_read(checked):
            if read.node.name == symbol.name:
                found = read_symbol(document, view.knowledge, read)
                if isinstance(found, Local) and (found.file, found.group) == (symbol.file, symbol.group):
                    meant.add(id(read.node))
        yield from _spans_of(checked, document, meant, set(), symbol.name)


def _in_tests(view: View, flow: Document, symbol: Local) -> Iterator[Span]:
    """A step's id in the tests of its flow."""
    id_ = text_at(flow.tree, ("id",))
    pattern = re.compile(rf"(?:^|(?<=/)){re.escape(symbol.name)}(?=$|\[|/)")
    for document in documents(view):
        if document.kind != "test" or (text_at(document.tree, ("target", "flow")) or "").partition("@")[0] != id_:
            continue
        for place in document.places:
            if place.path[-2:-1] and place.path[-2] in {"replies", "sent", "attempts"} and place.entry is not None:
                yield from _matches(pattern, place.entry.key, name_span(place.entry.key_span, place.entry.key))
            elif place.path[-2:-1] == ("path",) and isinstance(place.node, Scalar):
                yield from _matches(pattern, str(place.node.value), within_quotes(place.node))


def _matches(pattern: re.Pattern[str], text: str, span: Span) -> Iterator[Span]:
    for found in pattern.finditer(text):
        yield span.within(found.start(), found.end())


def _in_calls(view: View, symbol: Local) -> Iterator[Span]:
    """An input's name where another document gives a value for it."""
    for document in documents(view):
        if document.kind is None or document.is_schema or document.file == symbol.file:
            continue
        inside = View(document, view.bench.uri(document.file), view.knowledge, view.units, view.bench)
        for place in places(document.tree, document.kind):
            if place.entry is not None and place.entry.key == symbol.name:
                found = key_symbol(inside, place)
                called = isinstance(found, Local) and (found.file, found.group) == (symbol.file, "input")
                tested = document.kind == "test" and place.path == ("given", symbol.name) and _is_about(inside, symbol)
                if called or tested:
                    yield name_span(place.entry.key_span, symbol.name)
            elif document.kind == "test" and place.path[-2:-1] in (("change",), ("append",), ("remove",)):
                path, span = _path_text(place)
                if _FIRST.split(path)[0] == symbol.name and _is_about(inside, symbol):
                    yield span.within(0, len(symbol.name))


_FIRST = re.compile(r"[.\[]")


def _path_text(place: Place) -> tuple[str, Span]:
    """The path that a case's change, addition or removal names, and where it stands."""
    if place.entry is not None:
        return place.entry.key, name_span(place.entry.key_span, place.entry.key)
    node = place.node
    return (str(node.value), within_quotes(node)) if isinstance(node, Scalar) else ("", node.span)


def _is_about(view: View, symbol: Local) -> bool:
    """Whether a test is about the definition in a file."""
    return any(
        use.kind in {"mapping", "policy", "flow"} and use.path[:1] == ("target",)
        for use in uses_in(view.document)
        for definition in view.knowledge.names.find(use.kind, use.name)
        if definition.span.file == symbol.file
    )
