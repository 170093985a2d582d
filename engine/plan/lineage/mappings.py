"""Mappings as values: the result over given inputs, every field traced to its place in the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.plan.lineage.origins import OriginKind, Origins
from engine.plan.lineage.rows import looked_up
from engine.plan.lineage.trees import MakeList, Names, expression_value, traced, tree_value
from engine.plan.lineage.values import ELEMENT, Listed, Record, Traced, Value, chosen, joined
from engine.plan.versions import version_number
from engine.spec.documents.common import TableLookup
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.shape import Map
from engine.spec.values import Expression

_GROUPS = ("lookups", "values", "lists")


@dataclass(slots=True)
class _Part:
    """What is in scope in a mapping or in one of its lists."""

    address: str
    names: dict[str, Value]
    lists: dict[str, MakeList]

    def inside(self, name: str, element: Value) -> _Part:
        return _Part(self.address, {**self.names, name: element}, dict(self.lists))

    def add(self, group: str, name: str, value: Value) -> None:
        known = self.names.get(group)
        fields = known.fields if isinstance(known, Record) else {}
        self.names[group] = Record({**fields, name: value})


def mapping_address(document: MappingDocument) -> str:
    """What the mapping is called: ``mapping:ar_invoice@1``."""
    return f"mapping:{document.id}@{version_number(document.version)[0]}"


def mapping_value(document: MappingDocument, inputs: Names) -> Value:
    """The result of a mapping over these inputs."""
    address = mapping_address(document)
    part = _Part(address, {**dict.fromkeys(_GROUPS, Record({})), **inputs}, {})
    _fill(part, document.lookups, document.values, document.lists)
    fields = tree_value(document.fields.node, part.names, f"{address}/", OriginKind.MAPPING, part.lists)
    return Traced(f"{address}/", OriginKind.MAPPING, fields, document.span)


def mapping_parts(document: MappingDocument, inputs: Names) -> Mapping[str, Value]:
    """What a mapping reads besides its fields: conditions of its lists and keys of its look-ups, by address."""
    address = mapping_address(document)
    part = _Part(address, {**dict.fromkeys(_GROUPS, Record({})), **inputs}, {})
    found: dict[str, Value] = {}
    _keys(document.lookups, part, f"{address}/lookups", found)
    _fill(part, document.lookups, document.values, document.lists)
    for name, declared in document.lists:
        if declared.when is not None:
            inner = part.inside(declared.as_, expression_value(declared.over, part.names).element())
            _fill(inner, declared.lookups, declared.values, Map())
            where = f"{address}/lists.{name}.when"
            found[where] = traced(where, OriginKind.MAPPING, declared.when, inner.names)
    return found


def _keys(lookups: Map[TableLookup], part: _Part, prefix: str, found: dict[str, Value]) -> None:
    for name, lookup in lookups:
        for column, expression in lookup.key:
            where = f"{prefix}.{name}.{column}"
            found[where] = traced(where, OriginKind.MAPPING, expression, part.names)


def _fill(part: _Part, lookups: Map[TableLookup], values: Map[Expression], lists: Map[MappedList]) -> None:
    """Add rows, named values and lists to what is in scope, in the order of evaluation."""
    for name, row in looked_up(lookups, part.names):
        part.add("lookups", name, row)
    for name, expression in values:
        where = f"{part.address}/values.{name}"
        part.add("values", name, traced(where, OriginKind.MAPPING, expression, part.names))
    for name, declared in lists:
        make = _list_maker(declared, part)
        part.lists[name] = make
        part.add("lists", name, make(f"{part.address}/lists.{name}"))


def _list_maker(declared: MappedList, outer: _Part) -> MakeList:
    before = _Part(outer.address, dict(outer.names), dict(outer.lists))

    def make(address: str) -> Value:
        array = expression_value(declared.over, before.names)
        part = before.inside(declared.as_, array.element())
        _fill(part, declared.lookups, declared.values, declared.lists)
        each = tree_value(declared.fields.node, part.names, joined(address, ELEMENT), OriginKind.MAPPING, part.lists)
        return Listed(chosen(each, _conditions(declared, part)))

    return make


def _conditions(declared: MappedList, part: _Part) -> Origins:
    if declared.when is None:
        return ()
    return traced(f"{part.address}/when", OriginKind.MAPPING, declared.when, part.names).origins()
