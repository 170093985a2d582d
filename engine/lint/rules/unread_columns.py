"""Columns of tables that no expression reads."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.expr.nodes import Field
from engine.lint.finding import finding
from engine.lint.paths_read import WHOLE, paths_of
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.common import TableLookup
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.table import Table
from engine.spec.shape import Map


def check(subject: Subject) -> Iterator[Diagnostic]:
    names: set[str] = set()
    whole: set[tuple[str, ...]] = set()
    for every in subject.checked.values():
        of_file, whole_of_file = subject.known.of(_read, every)
        names |= of_file
        whole |= whole_of_file
    if WHOLE in whole:
        return
    looked_up = {table for name, table in _rows(subject) if name not in whole}
    taken = {table for name, table in _rows(subject) if name in whole}
    for table in subject.workspace.tables:
        if table.id in looked_up - taken:
            yield from _unread(table, names)


def _read(every: tuple[Checked, ...]) -> tuple[set[str], set[tuple[str, ...]]]:
    """The names of all fields that are read, and what is read as a whole."""
    names = {node.name for checked in every for node in checked.nodes if isinstance(node, Field)}
    return names, {path for checked in every for path in paths_of(checked) if len(path) <= 2}


def _unread(table: Table, names: set[str]) -> Iterator[Diagnostic]:
    known = {name.text for name in table.key}
    if table.validity is not None:
        known |= {table.validity.from_.text, table.validity.to.text}
    for name, column in table.columns:
        if name not in known and name not in names:
            message = f"nothing reads the column `{name}`: changing a cell has no effect"
            yield finding("MAP230", message, column.span, "read it, or remove it")


def _rows(subject: Subject) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names under which rows are known, and their tables. A row that is handed in has the name of an input."""
    for mapping in subject.workspace.mappings:
        yield from _looked_up(mapping.lookups)
        yield from _of_lists(mapping.lists)
    for policy in subject.workspace.policies:
        yield from _looked_up(policy.lookups)
    given = [mapping.input for mapping in subject.workspace.mappings]
    given += [policy.input for policy in subject.workspace.policies]
    for inputs in given:
        for name, declared in inputs:
            if declared.table is not None:
                yield (name,), declared.table.text
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.table is not None:
                yield ("steps", step.id), step.lookup.table.text


def _looked_up(lookups: Map[TableLookup]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, lookup in lookups:
        yield ("lookups", name), lookup.table.text


def _of_lists(lists: Map[MappedList]) -> Iterator[tuple[tuple[str, ...], str]]:
    for _, declared in lists:
        yield from _looked_up(declared.lookups)
        yield from _of_lists(declared.lists)
