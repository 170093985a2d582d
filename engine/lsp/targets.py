"""What an object with free keys should hold: a mapping's result, an operation's or callee's input, a row's key."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from engine.finance.calculations import calculation
from engine.finance.facts import type_of
from engine.lsp.case_targets import case_type, next_segments, type_at
from engine.lsp.cursor import Path
from engine.lsp.declared import Declared, declared_at, given, node_at, text_at
from engine.lsp.fields import element, fields_of
from engine.lsp.workbench import View
from engine.plan.flow_scope import event_type
from engine.plan.library import Library
from engine.plan.mapping_targets import list_targets
from engine.schema.types import ANY, TEXT, Money, Object, Type, members
from engine.source.node import Node
from engine.spec.documents.flow import CalculatedBy
from engine.spec.documents.test import Test
from engine.spec.kinds import CALCULATING
from engine.spec.shape import Map

#: Where a test names places of what it gives by their paths.
_PATHS = (("TestCase", "change"), ("TestCase", "append"))


def target_fields(view: View, path: Path, declared: Declared) -> Iterator[tuple[str, Type]]:
    """The keys that may stand in the object at a path, with their types, required ones first."""
    type_ = target_type(view, path, declared)
    if type_ is None:
        return
    required: set[str] = set()
    for member in members(type_):
        if isinstance(member, Object):
            required |= member.required
    found = fields_of(type_)
    if any(isinstance(each, Money) for each in members(type_)):
        found = {**found, "amount": TEXT, "currency": TEXT}
    if (declared.shape, declared.key and declared.key.key, len(path)) == (Test, "given", 2):
        found = {**found, "file": TEXT}
    for name in sorted(found, key=lambda each: each not in required):
        yield name, found[name]


def paths_given(view: View, written: str, declared: Declared) -> Iterator[tuple[str, Type]]:
    """The paths into what a test gives that a path which is being written can become; nothing for other places."""
    shape = "" if declared.shape is None else declared.shape.__name__
    if declared.is_map and declared.key is not None and (shape, declared.key.key) in _PATHS:
        given_ = _root(view, ("given",), "given", "Test")
        yield from () if given_ is None else next_segments(given_, written)


def target_type(view: View, path: Path, declared: Declared) -> Type | None:
    """The type that the value at a path is to have; None if nothing says it."""
    if declared.key is None or declared.shape is None:
        return None
    start = path[: len(path) - len(declared.below)]
    named = declared.is_tree and typing.get_origin(given(declared.key.type)) is Map
    if (declared.shape.__name__, declared.key.key) in _PATHS:
        given_ = _root(view, ("given",), "given", "Test") if named else None
        return None if given_ is None else _inside(type_at(given_, str(start[-1])), declared.below)
    root = _root(view, start[:-1] if named else start, declared.key.key, declared.shape.__name__)
    if root is None:
        return None
    return _inside(fields_of(root).get(str(start[-1]), ANY) if named else root, declared.below)


def _inside(type_: Type, below: Path) -> Type:
    for part in below:
        if isinstance(part, int):
            type_ = element(type_)
        else:
            type_ = fields_of(type_).get(part, ANY)
    return type_


def _root(view: View, path: Path, key: str, shape: str) -> Type | None:
    tree, library = view.document.tree, view.knowledge.library
    beside = path[:-1]
    match (shape, key):
        case ("MapStep" | "EventData", "input"):
            return _inputs(library.mappings.get(_reference(tree, (*beside, "mapping"))))
        case ("Check", "input"):
            return _inputs(library.policies.get(_reference(tree, (*beside, "policy"))))
        case ("CallStep", "input"):
            return _inputs(library.flows.get(_reference(tree, (*beside, "flow"))))
        case ("Lookup" | "TableLookup", "key"):
            return _key(tree, beside, library)
        case ("Mapping", "fields"):
            return _schema(library, tree, ("output",))
        case ("MappedList", "fields"):
            return _of_list(tree, beside, library)
        case ("Post" | "Read", "input"):
            return _operation(tree, beside, library)
        case ("Emit", "data"):
            return _schema(library, tree, (*beside, "event"))
        case ("Calculate", "input"):
            return _facts(tree, beside)
        case ("Connection", "settings" | "secrets"):
            return _settings(view, tree, key)
        case ("Test", "given"):
            return _given(view, tree, library)
    return case_type(view, shape, key, path) if view.document.kind == "test" else None


def _reference(tree: Node, path: Path) -> tuple[str, int]:
    name, _, major = (text_at(tree, path) or "").partition("@")
    return name, int(major) if major.isdecimal() else 0


def _schema(library: Library, tree: Node, path: Path) -> Type | None:
    found = library.schemas.get(*_reference(tree, path))
    return None if found is None else found.type


def _inputs(callee: Any) -> Type | None:
    if callee is None:
        return None
    fields: dict[str, Type] = {name: type_ for each in callee.inputs for name, type_ in each.items()}
    return Object(fields, frozenset(fields), None)


def _key(tree: Node, beside: Path, library: Library) -> Type | None:
    table = library.tables.get(text_at(tree, (*beside, "table")) or "")
    if table is None:
        return Object({"id": TEXT}, frozenset({"id"}), None) if text_at(tree, (*beside, "link")) else None
    columns = fields_of(table.row_type)
    fields = {name: columns.get(name, TEXT) for name in table.plan[-1].key}
    return Object(fields, frozenset(fields), None)


def _of_list(tree: Node, path: Path, library: Library) -> Type | None:
    """The elements of a mapping's list, by the place in its fields where the list is used."""
    if path[-2:-1] != ("lists",) or not isinstance(path[-1], str):
        return None
    around = path[:-2]
    fields = node_at(tree, (*around, "fields"))
    target = _schema(library, tree, ("output",)) if not around else _of_list(tree, around, library)
    if fields is None or target is None:
        return None
    return list_targets(fields, target).get(path[-1])


def _operation(tree: Node, beside: Path, library: Library) -> Type | None:
    connected = library.connections.get(text_at(tree, (*beside, "connection")) or "")
    operation = None if connected is None else connected.manifest.operation(text_at(tree, (*beside, "operation")) or "")
    if operation is None or operation.input is None:
        return None
    found = library.schemas.get(operation.input.id, operation.input.major)
    return None if found is None else found.type


def _facts(tree: Node, beside: Path) -> Type | None:
    by = node_at(tree, (*beside, "by"))
    kind = next((kind for kind in CalculatedBy.KINDS if by is not None and text_at(by, (kind,))), None)
    return None if kind is None else type_of(calculation(kind).facts)


def _settings(view: View, tree: Node, key: str) -> Type | None:
    manifest = next(
        (
            connected.manifest
            for connected in view.knowledge.library.connections.values()
            if connected.manifest.name == text_at(tree, ("connector",))
        ),
        None,
    )
    if manifest is None:
        return None
    names = dict.fromkeys((name for name, _ in getattr(manifest.form, key)), TEXT)
    return Object(names, frozenset(), None)


def _given(view: View, tree: Node, library: Library) -> Type | None:
    """What a test gives: an event, a message, or the inputs of what it is about."""
    if text_at(tree, ("target", "source")):
        return Object({"message": ANY}, frozenset({"message"}), None)
    for kind, callees in (("mapping", library.mappings), ("policy", library.policies)):
        if text_at(tree, ("target", kind)):
            return _inputs(callees.get(_reference(tree, ("target", kind))))
    for kind in CALCULATING:
        if text_at(tree, ("target", kind)):
            return type_of(calculation(kind).facts)
    name = text_at(tree, ("target", "flow")) or ""
    flow = next((each for each in view.knowledge.names.find("flow", name)), None)
    if flow is None:
        return None
    document = view.bench.document(flow.span.file)
    data = _schema(library, document.tree, ("trigger", "event"))
    if data is not None:
        return Object({"event": event_type(data)}, frozenset({"event"}), None)
    return _inputs(library.flows.get(_reference(tree, ("target", "flow"))))


def target_of_key(view: View, path: Path) -> Type | None:
    """The type of the object that holds the key at the end of a path, where it is one with free keys."""
    kind = view.document.kind
    declared = None if kind is None or not path else declared_at(kind, path[:-1])
    return None if declared is None else target_type(view, path[:-1], declared)
