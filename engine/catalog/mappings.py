"""Mappings as tables: one row per target field with its type, its expression, what it reads, and its tests."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.report.export.cells import safe_text
from engine.schema.types import Array, Object, Type, describe, without_null
from engine.source.node import Mapping as ObjectNode
from engine.source.node import Node, Scalar
from engine.source.node import Sequence as ListNode
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.mapping import Mapping as MappingDocument

#: A path of names: what a person calls a source field. Texts in quotes and names of functions are left out before.
_PATH = re.compile(r"[a-z_][a-z0-9_]*(?:(?:\[[^\]]*\])?\.[a-z_][a-z0-9_]*)+(?:\[\])?")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|`[^`]*`")


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One target field. ``sources`` are the fields that its expression reads, as written; ``line`` is in the file."""

    target: str
    type: str
    required: bool
    expression: str
    sources: tuple[str, ...]
    line: int
    tests: tuple[str, ...] = ()


def rows_of(
    mapping: MappingDocument, output: Type | None, tests: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> list[MappingRow]:
    """A row per target field in the order of the document; values and lookups that others use come first.

    ``tests`` gives the cases that say what a field must hold, by its path.
    """
    rows = [_row(f"lookups.{name}.{key}", None, f"={value.text}", value.span.line)
            for name, lookup in mapping.lookups for key, value in lookup.key]  # fmt: skip
    rows += [_row(f"values.{name}", None, f"={value.text}", value.span.line) for name, value in mapping.values]
    lists = dict(mapping.lists)
    rows += _fields("", mapping.fields.node, output, lists)
    return [replace(row, tests=tests.get(row.target, ())) for row in rows]


def _fields(path: str, node: Node, type_: Type | None, lists: Mapping[str, MappedList]) -> Iterator[MappingRow]:
    known = without_null(type_) if type_ is not None else None
    if isinstance(node, ObjectNode):
        for entry in node.entries:
            inner = known.fields.get(entry.key) if isinstance(known, Object) else None
            name = f"{path}.{entry.key}" if path else entry.key
            yield from _fields(name, entry.value, inner, lists)
    elif isinstance(node, ListNode):
        element = known.element if isinstance(known, Array) else None
        for each in node:
            yield from _fields(f"{path}[]", each, element, lists)
    elif isinstance(node, Scalar):
        text = "null" if node.value is None else str(node.value)
        yield _row(path, type_, text, node.span.line)
        made = lists.get(text.removeprefix("=lists.")) if text.startswith("=lists.") else None
        if made is not None:
            element = known.element if isinstance(known, Array) else None
            yield from _list(f"{path}[]", made, element)


def _list(path: str, made: MappedList, element: Type | None) -> Iterator[MappingRow]:
    yield _row(path, None, f"={made.over.text}", made.over.span.line)
    for name, value in made.values:
        yield _row(f"{path} values.{name}", None, f"={value.text}", value.span.line)
    yield from _fields(path, made.fields.node, element, dict(made.lists))


def _row(target: str, type_: Type | None, text: str, line: int) -> MappingRow:
    sources = tuple(dict.fromkeys(_PATH.findall(_TEXT.sub(" ", text[1:])))) if text.startswith("=") else ()
    shown = describe(type_) if type_ is not None else ""
    return MappingRow(target, shown, type_ is not None and without_null(type_) == type_, text, sources, line)


def as_csv(rows: Sequence[MappingRow]) -> bytes:
    """The table for a spreadsheet (RFC 4180, UTF-8 with a mark); texts that it would run begin with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["source fields", "expression", "target", "type", "required", "tests"])
    for row in rows:
        cells = (
            ", ".join(row.sources),
            row.expression,
            row.target,
            row.type,
            "yes" if row.required else "",
            "; ".join(row.tests),
        )
        writer.writerow([safe_text(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
