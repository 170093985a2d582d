"""Where a cell of a table stands: in the table's document, or in the file beside it."""

from __future__ import annotations

import csv
from pathlib import PurePosixPath

from engine.lint.subject import Subject
from engine.source.node import Mapping as MappingNode
from engine.source.span import Span
from engine.spec.documents.table import Table


def place_of_cell(table: Table, column: str, position: int, subject: Subject) -> Span:
    """Where the cell of a row stands, in the table's document or in its file."""
    if table.rows is not None:
        node = table.rows[position].node
        value = node.get(column) if isinstance(node, MappingNode) else None
        return node.span if value is None else value.span
    path = str(PurePosixPath(table.span.file).parent / str(table.file))
    lines = subject.workspace.files.get(path, "").splitlines()
    written = [number for number, line in enumerate(lines) if line.strip()]
    if len(written) < position + 2:
        return table.span
    header, number = next(csv.reader([lines[written[0]]])), written[position + 1]
    line = lines[number]
    starts = _starts(line)
    at = header.index(column) if column in header else -1
    if not 0 <= at < len(starts) - 1:
        return Span(path, number + 1, 1, number + 1, len(line) + 1)
    return Span(path, number + 1, starts[at] + 1, number + 1, starts[at + 1])


def _starts(line: str) -> list[int]:
    """Where each cell of a line begins, and where one behind the last would."""
    starts, quoted = [0], False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            starts.append(at + 1)
    return [*starts, len(line) + 1]
