"""Look-ups by a literal key that no row has."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.nodes import Literal
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.table import Table
from engine.spec.shape import Map
from engine.spec.values import Expression

#: A table's id and the values given for its key columns.
Asked = tuple[str, Map[Expression]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    tables = {table.id: table for table in subject.workspace.tables}
    known: dict[tuple[str, str], set[object]] = {}
    for name, key in _asked(subject):
        for column, expression in key:
            ast = syntax(expression)
            if not isinstance(ast, Literal) or not isinstance(ast.value, str):
                continue
            if (name, column) not in known:
                known[name, column] = _cells(tables[name], column, subject)
            if ast.value not in known[name, column]:
                message = f"no row of table `{name}` has {ast.value!r} as `{column}`"
                yield finding("MAP203", message, expression.span, "correct the key, or add the row")


def _cells(table: Table, column: str, subject: Subject) -> set[object]:
    return {row.get(column) for row in subject.workspace.rows(table, Diagnostics())}


def _asked(subject: Subject) -> Iterator[Asked]:
    workspace = subject.workspace
    for policy in workspace.policies:
        for _, lookup in policy.lookups:
            yield lookup.table.text, lookup.key
    for mapping in workspace.mappings:
        for _, lookup in mapping.lookups:
            yield lookup.table.text, lookup.key
        yield from _of_lists(mapping.lists)
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.table is not None:
                yield step.lookup.table.text, step.lookup.key


def _of_lists(lists: Map[MappedList]) -> Iterator[Asked]:
    for _, declared in lists:
        for _, lookup in declared.lookups:
            yield lookup.table.text, lookup.key
        yield from _of_lists(declared.lists)
