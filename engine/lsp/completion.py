"""Completion: keys, alternatives, names, references, fields, functions, whatever can stand at the cursor."""

from __future__ import annotations

import itertools
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lsprotocol import types

from engine.expr.formats import FORMATS
from engine.expr.functions import FUNCTIONS
from engine.lsp.case_targets import step_ids
from engine.lsp.cursor import Cursor, cursor_at
from engine.lsp.declared import Declared, declared_at, node_at, role_of, text_at
from engine.lsp.expressions import offer
from engine.lsp.positions import Point
from engine.lsp.sample_values import names_in_samples
from engine.lsp.targets import paths_given, target_fields, target_type
from engine.lsp.workbench import View
from engine.schema.types import BOOLEAN, Text, Type, describe, members
from engine.spec.decode import Key, layout
from engine.spec.editor_schema import HOLDS, inner_type, meaning
from engine.spec.editor_snippets import snippet_text
from engine.spec.values import Expression, Name, Reference, Template, Tree

#: The key under which a document of a kind declares the names that its other parts use.
_OWN_NAMES = {"table": ("columns", "column"), "journal": ("roles", "account role")}

Item = types.CompletionItem
Kind = types.CompletionItemKind


def complete(view: View, position: types.Position) -> types.CompletionList:
    """What can be written at a place."""
    point = view.units.point(view.lines, position)
    cursor = cursor_at(view.lines, point)
    items = list(_items(view, cursor, point))
    return types.CompletionList(is_incomplete=False, items=items)


def _items(view: View, cursor: Cursor, point: Point) -> Iterator[Item]:
    kind = view.document.kind
    if kind is None:
        return
    if cursor.path == ("spec",) and not cursor.is_key:
        yield _plain(view, cursor, point, f"{kind}/v1", Kind.Constant, "the kind of document")
        return
    declared = declared_at(kind, cursor.path)
    if declared is None:
        return
    if cursor.is_key:
        yield from _keys(view, cursor, point, declared)
        if cursor.written or not declared.is_shape:
            yield from _values(view, cursor, point, declared)
    else:
        yield from _values(view, cursor, point, declared)


# ----------------------------------------------------------------------------- keys


def _keys(view: View, cursor: Cursor, point: Point, declared: Declared) -> Iterator[Item]:
    dash = "- " if cursor.in_list else ""
    if cursor.in_list and isinstance(view.document.kind, str):
        below = declared_at(view.document.kind, (*cursor.path, 0))
        declared = declared if below is None else below
    if declared.is_shape:
        if not cursor.path and "spec" not in cursor.siblings:
            yield _key(view, cursor, point, "spec", f"{view.document.kind}/v1", "the kind of document", "!")
        yield from _shape_keys(view, cursor, point, declared.hint, dash)
    elif declared.is_tree or declared.is_map:
        computed = declared.is_map and Expression in typing.get_args(declared.hint)
        fields = list(paths_given(view, cursor.written, declared)) or list(target_fields(view, cursor.path, declared))
        for name, type_ in fields:
            if name not in cursor.siblings:
                yield _key(view, cursor, point, name, "=" if computed else "", describe(type_), "2", dash)


def _shape_keys(view: View, cursor: Cursor, point: Point, shape: type[Any], dash: str) -> Iterator[Item]:
    plan = layout(shape)
    line = view.lines[point.line] if point.line < len(view.lines) else ""
    indent = cursor.start.column + len(dash) - (len(line) - len(line.lstrip(" ")))
    chosen = {key for rule in plan.rules for key in rule.keys if set(rule.keys) & cursor.siblings}
    for at, key in enumerate(plan.keys.values()):
        if key.key in cursor.siblings or key.key in chosen:
            continue
        body = snippet_text(key, indent, itertools.count(1))
        text = f"{dash}{key.key}:{body}"
        item = _item(view, cursor, point, key.key, text, Kind.Property)
        item.insert_text_format = types.InsertTextFormat.Snippet
        item.insert_text_mode = types.InsertTextMode.AdjustIndentation
        item.detail = ("required: " if key.required else "") + _holds(key)
        item.documentation = types.MarkupContent(types.MarkupKind.Markdown, _about(key))
        item.sort_text = f"{0 if key.required else 1}{at:03}"
        yield item


def _holds(key: Key) -> str:
    inner = inner_type(key.type)
    name = getattr(inner, "__name__", "")
    words = {"str": "text", "int": "whole number", "bool": "true or false", "Decimal": "number"}
    return HOLDS.get(inner, words.get(name, name.lower())).replace("`", "")


def _about(key: Key) -> str:
    text = meaning(key.declared)
    return f"{text}\n\nExample: `{key.declared.example}`" if key.declared.example else text


def _key(
    view: View, cursor: Cursor, point: Point, name: str, value: str, detail: str, sort: str, dash: str = ""
) -> Item:
    item = _item(view, cursor, point, name, f"{dash}{name}: {value}", Kind.Field)
    item.detail = detail
    item.sort_text = f"{sort}{name}"
    return item


# ----------------------------------------------------------------------------- values


def _values(view: View, cursor: Cursor, point: Point, declared: Declared) -> Iterator[Item]:
    hint = declared.hint
    if declared.alternatives is not None:
        for each in declared.alternatives:
            yield _plain(view, cursor, point, str(each.value), Kind.EnumMember)
    elif hint is bool:
        yield from (_plain(view, cursor, point, word, Kind.Keyword) for word in ("true", "false"))
    elif hint in (Name, Reference):
        yield from _names(view, cursor, point, declared)
    elif hint in (Expression, Tree, Template):
        yield from _computed(view, cursor, point, declared)
        if hint is Tree and not cursor.written.startswith("="):
            yield from _literals(view, cursor, point, declared)
    elif hint is str and declared.key is not None:
        yield from _texts(view, cursor, point, declared.key.key)


def _literals(view: View, cursor: Cursor, point: Point, declared: Declared) -> Iterator[Item]:
    """The texts that are possible where any value could be written, but a type says which."""
    type_ = target_type(view, cursor.path, declared)
    for member in members(type_) if type_ is not None else ():
        if isinstance(member, Text) and member.values is not None:
            yield from (_plain(view, cursor, point, text, Kind.EnumMember) for text in sorted(member.values))
        elif member == BOOLEAN:
            yield from (_plain(view, cursor, point, word, Kind.Keyword) for word in ("true", "false"))


def _names(view: View, cursor: Cursor, point: Point, declared: Declared) -> Iterator[Item]:
    role = role_of(declared)
    if role == "operation":
        yield from _operations(view, cursor, point)
    elif role is not None:
        for found in view.knowledge.names.of_kind(role):
            item = _plain(view, cursor, point, found.name, Kind.Reference, found.summary.partition(". ")[0])
            item.label_details = types.CompletionItemLabelDetails(description=found.span.file)
            yield item
        if role == "schema":
            yield from _schemas_of_connectors(view, cursor, point)
    elif declared.key is not None and view.document.kind in _OWN_NAMES:
        key, what = _OWN_NAMES[view.document.kind]
        for entry in getattr(node_at(view.document.tree, (key,)), "entries", ()):
            yield _plain(view, cursor, point, entry.key, Kind.Field, what)


def _schemas_of_connectors(view: View, cursor: Cursor, point: Point) -> Iterator[Item]:
    """The schemas that come with connectors, which are in no file of the workspace."""
    own = {found.name for found in view.knowledge.names.of_kind("schema")}
    for schema in view.knowledge.library.schemas:
        if schema.reference not in own:
            yield _plain(view, cursor, point, schema.reference, Kind.Reference, "comes with its connector")


def _operations(view: View, cursor: Cursor, point: Point) -> Iterator[Item]:
    connection = text_at(view.document.tree, (*cursor.path[:-1], "connection"))
    connected = view.knowledge.library.connections.get(connection or "")
    if connected is None:
        return
    kind = "read" if "read" in cursor.path else "write"
    for name, operation in connected.manifest.operations.items():
        if operation.kind.value == kind:
            summary = getattr(operation.form, "summary", "") or getattr(operation.form, "doc", "")
            yield _plain(view, cursor, point, name, Kind.Method, str(summary))


def _texts(view: View, cursor: Cursor, point: Point, key: str) -> Iterator[Item]:
    """Owners and the like: what other documents say under the same key; in tests steps and paths."""
    if view.document.kind == "test" and key in {"path", "not_visited", "at"}:
        yield from (_plain(view, cursor, point, step, Kind.Reference, "step") for step in step_ids(view))
    if view.document.kind == "test" and key == "remove":
        declared = declared_at("test", ("cases", 0, "change"))
        for path, type_ in () if declared is None else paths_given(view, cursor.written, declared):
            yield _plain(view, cursor, point, path, Kind.Field, describe(type_))
    if key not in {"owner", "group", "link", "purpose", "reason", "zone", "connector"}:
        return
    known: dict[str, int] = {}
    for document in view.knowledge.names.documents.values():
        for place in document.places:
            if place.declared.key is not None and place.declared.key.key == key and place.declared.hint is str:
                value = getattr(place.node, "value", None)
                if isinstance(value, str):
                    known[value] = known.get(value, 0) + 1
    for value in sorted(known, key=lambda each: (-known[each], each)):
        yield _plain(view, cursor, point, value, Kind.Value)


def _computed(view: View, cursor: Cursor, point: Point, declared: Declared) -> Iterator[Item]:
    written = cursor.written.lstrip("\"'")
    continued = cursor.start.line < point.line or not written.startswith("=")
    if declared.hint is Template or (declared.is_tree and "{{" in written):
        yield from _blank(view, cursor, point, written)
        return
    if not written.startswith("=") and not (continued and declared.hint is Expression and written):
        if declared.hint is Expression:
            scope = view.bench.scopes.at(view.document, cursor, view.knowledge, in_text=False)
            for name in scope:
                yield _plain(view, cursor, point, f"={name}", Kind.Variable, describe(scope[name]))
        return
    scope = view.bench.scopes.at(view.document, cursor, view.knowledge, in_text=False)
    yield from expression_items(view, written.removeprefix("="), scope, point)


def _blank(view: View, cursor: Cursor, point: Point, written: str) -> Iterator[Item]:
    inside = written.rpartition("{{")[2] if "{{" in written else None
    if inside is None or "}}" in inside:
        return
    if "|" in inside:
        partial = inside.rpartition("|")[2].strip()
        for name in (*FORMATS, "default"):
            yield _at_end(view, point, partial, name, "default('$1')" if name == "default" else name, Kind.Function)
        return
    scope = view.bench.scopes.at(view.document, cursor, view.knowledge, in_text=True)
    yield from expression_items(view, inside.lstrip(" "), scope, point, functions=False)


def expression_items(
    view: View, written: str, scope: Mapping[str, Type], point: Point, *, functions: bool = True
) -> Iterator[Item]:
    """What can be written next in an expression."""
    found = offer(written, scope, view.lines[point.line][point.column :] if point.line < len(view.lines) else "")
    for name, type_ in found.fields.items():
        item = _at_end(view, point, found.partial, name, name, Kind.Field)
        item.detail = describe(type_)
        item.sort_text = f"0{name}"
        yield item
    for name in names_in_samples(view, found.path) if not found.fields else ():
        item = _at_end(view, point, found.partial, name, name, Kind.Field)
        item.detail = "seen in a sample of a test"
        yield item
    for text in found.texts:
        yield _at_end(view, point, found.partial, text, text, Kind.EnumMember)
    if found.functions and functions:
        for name, function in FUNCTIONS.items():
            item = _at_end(view, point, found.partial, name, f"{name}($0)", Kind.Function)
            item.detail = function.usage
            example = f"{function.doc}\n\n`{function.example}` gives `{function.gives}`"
            item.documentation = types.MarkupContent(types.MarkupKind.Markdown, example)
            item.sort_text = f"1{name}"
            yield item


# ----------------------------------------------------------------------------- edits


def _item(view: View, cursor: Cursor, point: Point, label: str, text: str, kind: Kind) -> Item:
    start = cursor.start if cursor.start.line == point.line else point
    place = types.Range(
        view.units.position(view.lines, start.line, start.column),
        view.units.position(view.lines, point.line, point.column),
    )
    return Item(label=label, kind=kind, text_edit=types.TextEdit(place, text), filter_text=label)


def _plain(view: View, cursor: Cursor, point: Point, value: str, kind: Kind, detail: str = "") -> Item:
    text = view.lines[point.line][: point.column] if point.line < len(view.lines) else ""
    glued = text.endswith(":") and cursor.start == point
    item = _item(view, cursor, point, value, f" {value}" if glued else value, kind)
    item.detail = detail or None
    return item


def _at_end(view: View, point: Point, partial: str, label: str, text: str, kind: Kind) -> Item:
    place = types.Range(
        view.units.position(view.lines, point.line, point.column - len(partial)),
        view.units.position(view.lines, point.line, point.column),
    )
    item = Item(label=label, kind=kind, text_edit=types.TextEdit(place, text), filter_text=label)
    if "$" in text:
        item.insert_text_format = types.InsertTextFormat.Snippet
    return item


def labels(items: Iterable[Item]) -> list[str]:
    """The labels, in the order in which an editor shows them."""
    return [each.label for each in sorted(items, key=lambda item: item.sort_text or item.label)]
