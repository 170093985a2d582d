"""Cells of tables with blanks around them, and rows that leave one single day without a row."""

from __future__ import annotations

import csv
import datetime
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.source.span import Span
from engine.spec.documents.table import Table


def check(subject: Subject) -> Iterator[Diagnostic]:
    for table in subject.workspace.tables:
        rows = subject.workspace.rows(table, Diagnostics())
        lines = _lines(table, subject)
        texts = [name for name, column in table.columns if str(column.type) == "text"]
        for position, row in enumerate(rows):
            for name in texts:
                cell = row.get(name)
                if isinstance(cell, str) and cell != cell.strip():
                    message = f"'{cell}' in column `{name}` of {table.id} has a blank at its edge, which counts"
                    yield finding("MAP232", message, _place(table, lines, position, cell), f"write {cell.strip()}")
        yield from _days_without(table, rows, lines)


def _days_without(table: Table, rows: tuple[dict[str, Any], ...], lines: list[str]) -> Iterator[Diagnostic]:
    if table.validity is None:
        return
    first, after = table.validity.from_.text, table.validity.to.text
    same: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        same[tuple(row.get(each.text) for each in table.key)].append(position)
    for positions in same.values():
        begins = {rows[each].get(first) for each in positions}
        for position in positions:
            end = rows[position].get(after)
            if not isinstance(end, datetime.date) or end in begins:
                continue
            if end + datetime.timedelta(days=1) in begins:
                message = f"no row of {table.id} applies on {end}: `{after}` is the first day on which a row is over"
                span = _place(table, lines, position, str(end))
                yield finding("VERS223", message, span, f"write {end + datetime.timedelta(days=1)}")


def _lines(table: Table, subject: Subject) -> list[str]:
    name = getattr(table, "file", None)
    if name is None:
        return []
    path = str(PurePosixPath(table.span.file).parent / str(name))
    return subject.workspace.files.get(path, "").splitlines()


def _place(table: Table, lines: list[str], position: int, cell: str) -> Span:
    """The cell in the table's file; the table if its rows stand elsewhere."""
    file = str(PurePosixPath(table.span.file).parent / str(table.file)) if lines else table.span.file
    number = 0
    for line_number, line in enumerate(lines, 1):
        if line_number == 1 or not next(csv.reader([line]), []):
            continue
        if number == position:
            column = line.find(cell)
            start = column + 1 if column >= 0 else 1
            return Span(file, line_number, start, line_number, start + (len(cell) if column >= 0 else 0))
        number += 1
    return table.rows[position].span if table.rows else table.span
