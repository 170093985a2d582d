"""Cells of tables with blanks around them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.table_cells import place_of_cell
from engine.source.diagnostic import Diagnostic, Diagnostics


def check(subject: Subject) -> Iterator[Diagnostic]:
    for table in subject.workspace.tables:
        rows = subject.workspace.rows(table, Diagnostics())
        texts = [name for name, column in table.columns if str(column.type) == "text"]
        for position, row in enumerate(rows):
            for name in texts:
                cell = row.get(name)
                if isinstance(cell, str) and cell != cell.strip():
                    message = f"'{cell}' in column `{name}` of {table.id} has a blank at its edge, which counts"
                    yield finding(
                        "MAP232", message, place_of_cell(table, name, position, subject), f"write {cell.strip()}"
                    )
