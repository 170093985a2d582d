"""Inputs, rows, values and lists of mappings that nothing in them uses, and rows that are looked up twice."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.lint.finding import finding
from engine.lint.paths_read import WHOLE, paths_of
from engine.lint.subject import Subject
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.common import TableLookup
from engine.spec.documents.mapping import MappedList, Mapping
from engine.spec.shape import Map

Read = set[tuple[str, ...]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for mapping in subject.workspace.mappings:
        yield from subject.known.told(_mapping, mapping, subject.checked.get(mapping.span.file, ()))


def _mapping(mapping: Mapping, every: tuple[Checked, ...]) -> Iterator[Diagnostic]:
    read = {beginning for checked in every for beginning in _beginnings(checked)}
    if WHOLE in read:
        return
    for name, declared in mapping.input:
        if (name,) not in read:
            message = f"the input `{name}` is given by every caller and read by nothing"
            yield finding("MAP220", message, declared.span, "use it, or remove it here and where it is given")
    yield from _unused_rows(mapping.lookups, read)
    for name, expression in mapping.values:
        if ("values", name) not in read:
            message = f"the value `{name}` is worked out for every message and read by nothing"
            yield finding("MAP221", message, expression.span, "use it, or remove it")
    yield from _lists(mapping.lists, read)
    yield from _twice(mapping.lookups)


def _beginnings(checked: Checked) -> Iterator[tuple[str, ...]]:
    for path in paths_of(checked):
        yield path[:1]
        yield path[:2]


def _unused_rows(lookups: Map[TableLookup], read: Read) -> Iterator[Diagnostic]:
    for name, lookup in lookups:
        if ("lookups", name) not in read:
            message = f"the row `{name}` is read by nothing, yet a missing one stops every message"
            yield finding("MAP222", message, lookup.table.span, "use it, or remove it")


def _lists(lists: Map[MappedList], read: Read) -> Iterator[Diagnostic]:
    for name, declared in lists:
        if ("lists", name) not in read:
            message = f"the list `{name}` is made for every message and used by nothing"
            yield finding("MAP223", message, declared.span, f"use it in `fields` as =lists.{name}, or remove it")
        if (declared.as_,) not in read:
            message = f"every element comes out the same: nothing reads `{declared.as_}`"
            yield finding("MAP224", message, declared.span, f"read fields of {declared.as_}, or make no list")
        yield from _unused_rows(declared.lookups, read)
        for inner, expression in declared.values:
            if ("values", inner) not in read:
                message = f"the value `{inner}` is worked out for every element and read by nothing"
                yield finding("MAP221", message, expression.span, "use it, or remove it")
        yield from _twice(declared.lookups)
        yield from _lists(declared.lists, read)


def _twice(lookups: Map[TableLookup]) -> Iterator[Diagnostic]:
    """The same row of the same table under two names."""
    known: dict[object, tuple[str, TableLookup]] = {}
    for name, lookup in lookups:
        key = (lookup.table.text, frozenset((column, syntax(each)) for column, each in lookup.key))
        if key in known:
            first, earlier = known[key]
            message = f"`{name}` is the same row of {lookup.table} as `{first}`"
            labels = (Label(earlier.table.span, f"`{first}` is looked up here"),)
            yield finding("MAP225", message, lookup.table.span, f"use lookups.{first}", labels)
        else:
            known[key] = (name, lookup)
