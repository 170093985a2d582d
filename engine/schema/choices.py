"""Reads ``allOf`` and ``oneOf``: several objects as one, and one of several objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.schema.forms import AnyForm, ChoiceForm, Form, NullableForm, NullForm, ObjectForm, TextForm
from engine.source import node as tree

if TYPE_CHECKING:
    from engine.schema.profile import Place

_OWN = ("properties", "required", "additionalProperties")


def read_all_of(place: Place, node: tree.Mapping) -> Form:
    """The objects of ``allOf`` and the keywords beside it as one object."""
    place.allow(node, ("allOf", "type", "unevaluatedProperties", *_OWN))
    listed = node.get("allOf")
    if not isinstance(listed, tree.Sequence):
        return place.report("SCHEMA011", "`allOf` is a list of schemas", node.span)
    parts: list[tuple[ObjectForm, tree.Node]] = []
    for each in listed:
        form = place.reader.content(place.form(each), each.span)
        if form is None or isinstance(form, AnyForm):
            return AnyForm()  # reported already, or a vendor's own
        if not isinstance(form, ObjectForm):
            return place.outside("only objects can be joined by `allOf`", each.span, code="SCHEMA013")
        parts.append((form, each))
    if any(node.get(keyword) is not None for keyword in _OWN):
        entries = tuple(entry for entry in node.entries if entry.key in _OWN)
        own = place.object_(tree.Mapping(entries, node.span))
        parts.append((own, node))
    return _joined(place, node, parts)


def _joined(place: Place, node: tree.Mapping, parts: list[tuple[ObjectForm, tree.Node]]) -> Form:
    fields: dict[str, Form] = {}
    for form, part in parts:
        for name, field in form.fields.items():
            if fields.setdefault(name, field) != field:
                message = f"`{name}` is declared in two parts of `allOf`, differently"
                return place.outside(message, part.span, "declare it once", "SCHEMA013")
    for form, part in parts:
        others = [name for name in fields if name not in form.fields]
        if others and not isinstance(form.extra, AnyForm):
            message = f"a part of `allOf` is closed and does not know `{others[0]}` of another part"
            help = 'leave its `additionalProperties` out and close the whole with `"unevaluatedProperties": false`'
            return place.outside(message, part.span, help, "SCHEMA013")
    extras = [form.extra for form, _ in parts]
    extra = next((each for each in extras if not isinstance(each, AnyForm)), AnyForm())
    if isinstance(extra, AnyForm) and node.get("unevaluatedProperties") is not None:
        extra = place.extra_form(node, "unevaluatedProperties")
    required = frozenset[str]().union(*(form.required for form, _ in parts))
    unknown = sorted(name for name in required if extra is None and name not in fields)
    if unknown:
        message = f"`{unknown[0]}` is required, but the closed object has no such field"
        return place.outside(message, node.span, code="SCHEMA010")
    return ObjectForm(fields, required, extra, frozenset[str]().union(*(form.sensitive for form, _ in parts)))


def read_one_of(place: Place, node: tree.Mapping) -> Form:
    """One of several objects, told apart by a constant field; or one schema and null."""
    place.allow(node, ("oneOf",))
    listed = node.get("oneOf")
    if not isinstance(listed, tree.Sequence) or not listed.items:
        return place.report("SCHEMA011", "`oneOf` is a list of schemas", node.span)
    forms = [place.form(each) for each in listed]
    present = [form for form in forms if not isinstance(form, NullForm)]
    if len(present) == 1 and len(forms) == 2:
        return NullableForm(present[0])
    contents: list[ObjectForm] = []
    for form, each in zip(forms, listed, strict=True):
        content = place.reader.content(form, each.span)
        if content is None or isinstance(content, AnyForm):
            return AnyForm()
        if not isinstance(content, ObjectForm):
            return place.outside("the cases of `oneOf` are objects", each.span, code="SCHEMA012")
        contents.append(content)
    for name in contents[0].fields:
        cases = _cases_by(name, forms, contents)
        if cases is not None:
            return ChoiceForm(name, cases)
    help = "give every case a required field with a constant text of its own"
    return place.outside("the cases of `oneOf` are not told apart by a field", node.span, help, "SCHEMA012")


def _cases_by(name: str, forms: list[Form], contents: list[ObjectForm]) -> dict[str, Form] | None:
    cases: dict[str, Form] = {}
    for form, content in zip(forms, contents, strict=True):
        field = content.fields.get(name)
        if name not in content.required or not isinstance(field, TextForm) or not field.values:
            return None
        if any(value in cases for value in field.values):
            return None
        cases.update(dict.fromkeys(sorted(field.values), form))
    return cases
