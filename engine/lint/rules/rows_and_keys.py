"""Keys of look-ups that can only be a few values, against the rows that there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lint.destinations import inferred
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.schema.types import Text, Type, members, without_null
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.spec.documents.common import TableLookup
from engine.spec.documents.flow import Missing
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.table import Table
from engine.spec.shape import Map
from engine.spec.values import Expression, Name

#: A table, the key of a look-up, and whether a missing row stops the document.
Asked = tuple[Name, Map[Expression], bool]


def check(subject: Subject) -> Iterator[Diagnostic]:
    tables = {table.id: table for table in subject.workspace.tables}
    asked_for: dict[tuple[str, str], set[str] | None] = {}
    rows: dict[str, tuple[dict[str, Any], ...]] = {}
    handed_in = set(_handed_in(subject))
    for name, key, stops in _asked(subject):
        table = tables[name.text]
        if table.id not in rows:
            rows[table.id] = subject.workspace.rows(table, Diagnostics())
        for column, expression in key:
            checked = inferred(subject, expression.span.file).within(expression.span)
            values = None if checked is None else _texts(without_null(checked.type))
            known = asked_for.setdefault((table.id, column), set())
            asked_for[table.id, column] = None if values is None or known is None else known | values
            if values is not None and len(values) > 1 and stops and table.validity is None:
                cells = {row.get(column) for row in rows[table.id]}
                missing = sorted(values - cells)
                if missing:
                    message = f"'{missing[0]}' can come, and no row of {table.id} has it: every such document stops"
                    yield finding("MAP228", message, expression.span, "add the row, or look up only what has one")
    for (id_, column), values in asked_for.items():
        if values is not None and id_ not in handed_in:
            yield from _never_asked(tables[id_], column, values, rows[id_])


def _never_asked(table: Table, column: str, values: set[str], rows: tuple[dict[str, Any], ...]) -> Iterator[Diagnostic]:
    for row in rows:
        cell = row.get(column)
        if isinstance(cell, str) and cell not in values:
            message = f"the row with {column} '{cell}' is never found: nothing looks that up"
            yield finding("MAP229", message, table.span, "correct the cell, or remove the row")
            return


def _asked(subject: Subject) -> Iterator[Asked]:
    for mapping in subject.workspace.mappings:
        yield from _of(mapping.lookups)
        yield from _of_lists(mapping.lists)
    for policy in subject.workspace.policies:
        yield from _of(policy.lookups)
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.table is not None:
                yield step.lookup.table, step.lookup.key, step.lookup.missing is Missing.FAIL


def _of(lookups: Map[TableLookup]) -> Iterator[Asked]:
    for _, lookup in lookups:
        yield lookup.table, lookup.key, True


def _of_lists(lists: Map[MappedList]) -> Iterator[Asked]:
    for _, declared in lists:
        yield from _of(declared.lookups)
        yield from _of_lists(declared.lists)


def _handed_in(subject: Subject) -> Iterator[str]:
    """Tables whose rows are given as inputs: who looks them up may be outside."""
    inputs = [mapping.input for mapping in subject.workspace.mappings]
    inputs += [policy.input for policy in subject.workspace.policies]
    for named in inputs:
        for _, declared in named:
            if declared.table is not None:
                yield declared.table.text


def _texts(type_: Type) -> set[str] | None:
    """The only texts that a key can be; None if it can be any."""
    found: set[str] = set()
    for member in members(type_):
        if not isinstance(member, Text) or member.values is None:
            return None
        found |= member.values
    return found or None
