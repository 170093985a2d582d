"""Hover: what a key means, what a name stands for, which type an expression has and what it was in a sample."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from engine.expr.checked import Checked
from engine.expr.functions import FUNCTIONS
from engine.expr.nodes import Ast, Call, Chain, Field, children
from engine.expr.signature import Function
from engine.lsp.declared import Place
from engine.lsp.fields import Owner, Read, element, names_of
from engine.lsp.names import use_at
from engine.lsp.positions import Point, contains
from engine.lsp.sample_values import sample_of
from engine.lsp.scopes import checked_in
from engine.lsp.symbols import definition_named, innermost, read_at, read_span
from engine.lsp.targets import target_of_key
from engine.lsp.workbench import View
from engine.schema.types import Array, Object, Type, describe, members
from engine.source.node import Mapping, Scalar
from engine.source.span import Span
from engine.spec.documents.flow import Step
from engine.spec.editor_schema import HOLDS, inner_type, meaning, summary

_FIELDS_MAX = 12


def hover(view: View, position: types.Position) -> types.Hover | None:
    """What there is to say about a place."""
    point = view.units.point(view.lines, position)
    found = _said(view, point)
    if found is None:
        return None
    span, text = found
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), view.units.range(view.lines, span))


def _said(view: View, point: Point) -> tuple[Span, str] | None:
    for place in view.document.places:
        if place.entry is not None and contains(place.entry.key_span, point):
            return place.entry.key_span, "\n\n".join(_about_key(view, place))
    computed = _about_expression(view, point)
    if computed is not None:
        return computed
    place_ = innermost(view.document, point)
    text = None if place_ is None else _about_value(view, place_)
    return None if place_ is None or text is None else (place_.node.span, text)


# ----------------------------------------------------------------------------- keys and values


def _about_key(view: View, place: Place) -> Iterator[str]:
    entry, declared = place.entry, place.declared
    assert entry is not None
    key = declared.key
    target = target_of_key(view, place.path)
    if target is not None and (key is None or entry.key != key.key or declared.below):
        yield from _field(view, entry.key, target)
        return
    if key is None or entry.key != key.key:
        yield f"**{entry.key}**"
        if key is not None:
            yield meaning(key.declared)
        return
    holds = HOLDS.get(inner_type(key.type), "")
    yield f"**{key.key}**" + (" (required)" if key.required else "") + (f": {holds}" if holds else "")
    yield meaning(key.declared)
    if declared.shape is Step and declared.is_shape:
        yield summary(declared.hint)
    if key.declared.example:
        yield f"Example: `{key.declared.example}`"


def _field(view: View, name: str, target: Type) -> Iterator[str]:
    for member in members(target):
        if isinstance(member, Object) and name in member.fields:
            needed = " (required)" if name in member.required else ""
            yield f"**{name}**{needed}: {in_words(member.fields[name])}"
            break
    owner = view.knowledge.fields.owner(target)
    if owner is not None:
        yield from _described(owner, name)


def _described(owner: Owner, name: str) -> Iterator[str]:
    """What the schema says about a field."""
    entry = owner.property(name)
    if entry is None:
        return
    text = entry.value.get("description") if isinstance(entry.value, Mapping) else None
    if isinstance(text, Scalar) and isinstance(text.value, str):
        yield text.value
    yield f"Declared in schema `{owner.schema}`."


def _about_value(view: View, place: Place) -> str | None:
    declared = place.declared
    use = use_at(place)
    if use is not None:
        return _about_name(view, use.kind, use.name)
    if declared.alternatives is not None and declared.key is not None:
        return meaning(declared.key.declared)
    return None


def _about_name(view: View, kind: str, name: str) -> str | None:
    if kind == "operation":
        connection, _, operation = name.partition(":")
        connected = view.knowledge.library.connections.get(connection)
        found = None if connected is None else connected.manifest.operation(operation)
        return None if found is None else f"**{operation}** ({found.kind.value})\n\n{found.form.summary}"
    definition = definition_named(view, kind, name)
    if definition is None:
        return None
    version = f" {definition.version}" if definition.version else ""
    parts = [f"**{kind} {definition.id}**{version}", definition.summary, f"`{definition.span.file}`"]
    if kind == "schema":
        schema = next((each for each in view.knowledge.library.schemas if each.reference == name), None)
        parts += [] if schema is None else [in_words(schema.type)]
    return "\n\n".join(filter(None, parts))


# ----------------------------------------------------------------------------- expressions


def _about_expression(view: View, point: Point) -> tuple[Span, str] | None:
    for checked in checked_in(view.document, view.knowledge):
        if not contains(checked.span, point):
            continue
        call = _call_at(checked.ast, point) if _is_placed(checked) else None
        if call is not None:
            span = call.span.within(0, len(call.name))
            return span, _function(FUNCTIONS[call.name])
        found = read_at((checked,), point, view.lines)
        if found is not None:
            span = read_span(found[1], point, checked, view.lines)
            return span, "\n\n".join(_about_read(view, checked, found[1]))
        return checked.span, f"`{describe(checked.type)}`"
    return None


def _call_at(node: Ast, point: Point) -> Call | None:
    """The call whose name is at a place."""
    if isinstance(node, Call) and node.name in FUNCTIONS and contains(node.span.within(0, len(node.name)), point):
        return node
    return next((found for child in children(node) if (found := _call_at(child, point)) is not None), None)


def _function(function: Function) -> str:
    usage = f"```\n{function.usage}\n```"
    return f"{usage}\n\n{function.doc}\n\nExample: `{function.example}` gives `{function.gives}`"


def _is_placed(checked: Checked) -> bool:
    """Whether the parts of an expression have places of their own: YAML neither folds nor escapes it."""
    return checked.span.line == checked.span.end_line and all(
        each.span != checked.span for each in children(checked.ast)
    )


def _about_read(view: View, checked: Checked, read: Read) -> Iterator[str]:
    node = read.node
    path = _path_to(checked.ast, node) or node
    type_ = checked.of(path)
    yield f"**{node.name}**: {in_words(type_)}"
    owner = view.knowledge.fields.owner_or_none(read.owner)
    if owner is not None:
        yield from _described(owner, node.name)
    sample = sample_of(view, names_of(path))
    if sample is not None:
        yield f"In a sample: `{sample}`"


def _path_to(node: Ast, field: Field) -> Ast | None:
    """The whole path that ends in a field."""
    if node is field:
        return node
    if isinstance(node, Chain) and node.right is field:
        return node
    return next((found for child in children(node) if (found := _path_to(child, field)) is not None), None)


def in_words(type_: Type) -> str:
    """A type in words; of an object also its fields."""
    lines = [f"`{describe(type_)}`"]
    shown = element(type_) if any(isinstance(each, Array) for each in members(type_)) else type_
    for member in members(shown):
        if isinstance(member, Object):
            for name, field in list(member.fields.items())[:_FIELDS_MAX]:
                optional = "" if name in member.required else "?"
                lines.append(f"- `{name}{optional}`: {describe(field)}")
            if len(member.fields) > _FIELDS_MAX:
                lines.append(f"- and {len(member.fields) - _FIELDS_MAX} more")
    return "\n".join(lines)
