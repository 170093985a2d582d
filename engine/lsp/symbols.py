"""What stands under the cursor: something that has a name, here or in another file."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, replace
from typing import TypeAlias

from engine.expr.checked import Checked
from engine.lsp.declared import Place, text_at
from engine.lsp.fields import Owner, Read, fields_of, fields_read
from engine.lsp.knowledge import Knowledge
from engine.lsp.names import Definition, definition_of, use_at, uses_in, within_quotes
from engine.lsp.positions import Point, contains
from engine.lsp.scopes import checked_in
from engine.lsp.targets import target_of_key
from engine.lsp.trees import Document
from engine.lsp.workbench import View, Workbench
from engine.lsp.written import names_in
from engine.schema.types import Type
from engine.source.node import Mapping, Scalar, Sequence
from engine.source.span import Span
from engine.spec.values import Name

#: Groups of names that a document gives to its own parts, by the shape and key that hold them.
_GROUPS: dict[tuple[str, str], str] = {
    ("Mapping", "input"): "input",
    ("Policy", "input"): "input",
    ("CallTrigger", "input"): "input",
    ("Mapping", "values"): "values",
    ("MappedList", "values"): "values",
    ("Policy", "values"): "values",
    ("Mapping", "lookups"): "lookups",
    ("MappedList", "lookups"): "lookups",
    ("Policy", "lookups"): "lookups",
    ("Mapping", "lists"): "lists",
    ("MappedList", "lists"): "lists",
    ("Table", "columns"): "columns",
    ("Journal", "roles"): "roles",
}
_CALLS = {"MapStep": "mapping", "EventData": "mapping", "Check": "policy", "CallStep": "flow"}


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a document of its own: ``name`` as references say it."""

    kind: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class FieldOf:
    """A field that a schema declares."""

    owner: Owner
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Local:
    """A part of one document that has a name there: a step, an input, a value, an element."""

    file: str
    group: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class FileName:
    """A file that a document names, by its path relative to the workspace."""

    file: str
    span: Span


Symbol: TypeAlias = Named | FieldOf | Local | FileName


def symbol_at(view: View, point: Point) -> Symbol | None:
    """What has a name at a place; None if nothing does."""
    document = view.document
    defined = definition_of(document)
    if defined is not None and contains(defined.span, point):
        return Named(defined.kind, defined.name, defined.span)
    if document.is_schema:
        return _in_schema(document, view.knowledge, point)
    for place in document.places:
        if place.entry is not None and contains(place.entry.key_span, point):
            return key_symbol(view, place)
    inner = innermost(document, point)
    if inner is None:
        return None
    use = use_at(inner)
    if use is not None:
        return Named(use.kind, use.name, use.span)
    return value_symbol(document, inner) or _in_expression(view, point)


def innermost(document: Document, point: Point) -> Place | None:
    """The smallest declared value that holds a place."""
    found: Place | None = None
    for place in document.places:
        if contains(place.node.span, point) and not isinstance(place.node, Mapping | Sequence):
            found = place
    return found


# ----------------------------------------------------------------------------- keys and values


def key_symbol(view: View, place: Place) -> Symbol | None:
    """What a key names, where keys are free."""
    entry = place.entry
    declared = place.declared
    if entry is None or declared.key is None or declared.shape is None:
        return None
    if declared.is_tree:
        owner = view.knowledge.fields.owner_or_none(target_of_key(view, place.path))
        if owner is not None and owner.property(entry.key) is not None:
            return FieldOf(owner, entry.key, entry.key_span)
    if entry.key == declared.key.key:
        return None
    group = _GROUPS.get((declared.shape.__name__, declared.key.key))
    if group is not None:
        return Local(place.node.span.file, group, entry.key, entry.key_span)
    called = _CALLS.get(declared.shape.__name__)
    if called is not None and declared.key.key == "input":
        name = text_at(view.document.tree, (*place.path[:-2], called)) or ""
        for definition in view.knowledge.names.find(called, name):
            return Local(definition.span.file, "input", entry.key, entry.key_span)
    return None


def value_symbol(document: Document, place: Place) -> Symbol | None:
    """What a text names that its document declares here, or a file beside it."""
    node, declared = place.node, place.declared
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or declared.shape is None:
        return None
    key = place.entry.key if place.entry is not None else ""
    if declared.shape.__name__ == "Step" and key == "id":
        return Local(document.file, "steps", node.value, within_quotes(node))
    if declared.shape.__name__ in {"Each", "MappedList", "Elements"} and key == "as":
        return Local(document.file, "as", node.value, within_quotes(node))
    if document.kind == "journal" and declared.hint is Name and declared.key is not None and declared.key.key != "id":
        return Local(document.file, "roles", node.value, within_quotes(node))
    if key == "file" and (declared.is_tree or declared.shape.__name__ == "Table"):
        return FileName(Workbench.beside(document.file, node.value), within_quotes(node))
    return None


# ----------------------------------------------------------------------------- expressions


def read_at(checked: tuple[Checked, ...], point: Point, lines: Sequence_[str]) -> tuple[Checked, Read] | None:
    """The name or field of a computed value at a place."""
    for each in checked:
        if contains(each.span, point):
            here = next((name for name, span in names_in(each, lines) if contains(span, point)), None)
            for read in fields_read(each):
                if read.node is here:
                    return each, read
    return None


def read_span(read: Read, point: Point, checked: Checked, lines: Sequence_[str]) -> Span:
    """Where the name of a field that is read at a place is written."""
    found = (span for name, span in names_in(checked, lines) if name is read.node and contains(span, point))
    return next(found, read.node.span)


def _in_expression(view: View, point: Point) -> Symbol | None:
    found = read_at(checked_in(view.document, view.knowledge), point, view.lines)
    if found is None:
        return None
    symbol = read_symbol(view.document, view.knowledge, found[1])
    return None if symbol is None else replace(symbol, span=read_span(found[1], point, found[0], view.lines))


def read_symbol(document: Document, knowledge: Knowledge, read: Read) -> Symbol | None:
    """What a name or field of a computed value means."""
    name, span = read.node.name, read.node.span
    if read.owner is None:
        for group in ("input", "as"):
            for local in locals_in(document):
                if (local.group, local.name) == (group, name):
                    return Local(document.file, group, name, span)
        return None
    if read.group in {"steps", "values", "lookups", "lists"}:
        return Local(document.file, read.group, name, span)
    owner = knowledge.fields.owner(read.owner)
    if owner is not None:
        return FieldOf(owner, name, span)
    table = _table_of(read.owner, knowledge)
    return None if table is None else Local(table, "columns", name, span)


def _table_of(type_: Type, knowledge: Knowledge) -> str | None:
    """The file of the one table whose rows are of a type."""
    fields = set(fields_of(type_))
    found = [name for name, spec in knowledge.library.tables.items() if set(fields_of(spec.row_type)) == fields]
    places = knowledge.names.find("table", found[0]) if len(found) == 1 else []
    return places[0].span.file if places else None


def locals_in(document: Document) -> Iterator[Local]:
    """Every part of a document that has a name there, where it gets it."""
    for place in document.places:
        entry, declared = place.entry, place.declared
        if entry is None or declared.shape is None or declared.key is None:
            continue
        group = _GROUPS.get((declared.shape.__name__, declared.key.key))
        if group is not None and len(place.path) > 1 and place.path[-2] == declared.key.key:
            yield Local(document.file, group, entry.key, entry.key_span)
        found = value_symbol(document, place)
        if isinstance(found, Local) and found.group != "roles":
            yield found


# ----------------------------------------------------------------------------- schemas


def _in_schema(document: Document, knowledge: Knowledge, point: Point) -> Symbol | None:
    for use in uses_in(document):
        if contains(use.span, point):
            return Named(use.kind, use.name, use.span)
    for owner in knowledge.fields.owners:
        for node in owner.nodes:
            listed = node.get("properties") if node.span.file == document.file else None
            for entry in listed.entries if isinstance(listed, Mapping) else ():
                if contains(entry.key_span, point):
                    return FieldOf(owner, entry.key, inside_quotes(entry.key_span))
    return None


def inside_quotes(span: Span) -> Span:
    """The place of a key of a JSON file without its quotation marks."""
    return span.within(1, span.end_column - span.column - 1)


def property_span(owner: Owner, name: str) -> Span | None:
    """Where a schema declares a field."""
    entry = owner.property(name)
    return None if entry is None else inside_quotes(entry.key_span)


def definitions(view: View, symbol: Symbol) -> Iterator[Span]:
    """Where what a symbol names is defined."""
    names = view.knowledge.names
    match symbol:
        case Named(kind="operation"):
            yield from _operation(view, symbol.name)
        case Named():
            yield from (each.span for each in names.find(symbol.kind, symbol.name))
        case FieldOf():
            span = property_span(symbol.owner, symbol.name)
            if span is not None:
                yield span
        case Local():
            for local in locals_in(view.bench.document(symbol.file)):
                if (local.group, local.name) == (symbol.group, symbol.name):
                    yield local.span
        case FileName():
            if (view.bench.root / symbol.file).is_file():
                yield Span(symbol.file)


def beginnings(view: View, point: Point) -> Iterator[Span]:
    """Where a name that only leads to others comes from: of ``steps`` and ``lookups`` the key, of ``event`` the
    schema of what starts the flow."""
    found = read_at(checked_in(view.document, view.knowledge), point, view.lines)
    read = None if found is None else found[1]
    if read is None or not (read.owner is None or read.group == "event"):
        return
    trigger = text_at(view.document.tree, ("trigger", "event"))
    if "event" in (read.node.name, read.group) and trigger is not None:
        yield from (each.span for each in view.knowledge.names.find("schema", trigger))
        return
    groups = [
        place.entry.key_span
        for place in view.document.places
        if place.entry is not None
        and place.entry.key == read.node.name
        and place.declared.key is not None
        and place.entry.key == place.declared.key.key
        and contains(place.parents[-1].span, point)
    ]
    yield from groups[-1:]


def _operation(view: View, name: str) -> Iterator[Span]:
    """An operation in its connector's manifest, where that lies in the workspace."""
    connection, _, operation = name.partition(":")
    connected = view.knowledge.library.connections.get(connection)
    if connected is None:
        return
    file = f"connectors/{connected.manifest.name}/manifest.yaml"
    document = view.bench.document(file)
    for place in document.places:
        if place.path[-1:] == ("name",) and getattr(place.node, "value", None) == operation:
            yield place.node.span


def definition_named(view: View, kind: str, name: str) -> Definition | None:
    """The definition that a name means, the last version of it."""
    found = view.knowledge.names.find(kind, name)
    return found[-1] if found else None
