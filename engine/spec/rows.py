"""The rows of a reference table, typed and checked: from a CSV file or from the document itself."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.base.record import frozen
from engine.source.about import About, Slip
from engine.source.diagnostic import Diagnostics, Label
from engine.source.node import Mapping, Node, Scalar
from engine.source.span import Span
from engine.source.text_rules import DIGITS_MAX, read_text
from engine.spec import codes as codes
from engine.spec import leaves
from engine.spec.documents.table import Column, ColumnType, Table
from engine.spec.files import Files
from engine.spec.leaves import INVALID
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.paths import inside

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEANS = {"true": True, "false": False}

#: A CSV file of a table may be larger than a definition.
CSV_BYTES_MAX = 64 * 1_048_576

_FORMS = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "a whole number",
    ColumnType.DECIMAL: "a number such as 1234.50, without thousands marks",
    ColumnType.DATE: "a date as YYYY-MM-DD",
    ColumnType.BOOLEAN: "true or false",
}


@frozen
class _Row:
    cells: dict[str, Any]
    span: Span


def load_rows(
    table: Table, root: Path, diagnostics: Diagnostics, read: Callable[[str], bytes] | None = None
) -> tuple[dict[str, Any], ...]:
    """The table's rows as dicts by column: text, int, Decimal, date, bool, or None for an empty cell.

    ``root`` is the workspace's folder; ``read`` gives the content of a file of it, where that is not just what is on
    disk. Findings point at file and line: cells of the wrong form, rows that
    end before they begin, rows with equal keys that apply at the same date. Rows with findings in their
    cells are left out.
    """
    if not _check_columns(table, diagnostics):
        return ()
    if table.file is not None:
        rows = list(_csv_rows(table, root, read or Files(root).read, diagnostics))
    else:
        rows = list(_inline_rows(table, diagnostics))
    _check_keys(table, rows, diagnostics)
    return tuple(row.cells for row in rows)


def _check_columns(table: Table, diagnostics: Diagnostics) -> bool:
    declared = dict(table.columns)
    named = list(table.key) + ([table.validity.from_, table.validity.to] if table.validity else [])
    sound = True
    for each in named:
        if each.text not in declared:
            others = {other.text for other in named if other is not each}
            free = [name for name in declared if name not in others]  # no column is named for two purposes
            help = suggestion(each.text, free, what="columns are")
            about = about_unknown(each.text, free, kind="column", owner=table.id)
            diagnostics.error("SPEC205", f"table {table.id} has no column `{each}`", each.span, help, about=about)
            sound = False
    for each in (table.validity.from_, table.validity.to) if table.validity else ():
        column = declared.get(each.text)
        if column is not None and column.type is not ColumnType.DATE:
            message = f"validity column `{each}` holds {column.type}, not dates"
            diagnostics.error("SPEC205", message, each.span, "declare it as `type: date`")
            sound = False
    if not table.key:
        diagnostics.error("SPEC205", f"table {table.id} has no key column", table.span)
    return sound and bool(table.key)


# ----------------------------------------------------------------------------- CSV


def _csv_rows(table: Table, root: Path, read: Callable[[str], bytes], diagnostics: Diagnostics) -> Iterator[_Row]:
    file = (Path(table.span.file).parent / str(table.file)).as_posix()
    if not inside(root, root / file):
        diagnostics.error("SPEC102", f"file `{table.file}` is outside the workspace", table.span)
        return
    try:
        raw = read(file)
    except OSError as error:
        message = f"file `{table.file}` of table {table.id} cannot be read: {error.strerror}"
        diagnostics.error("SPEC201", message, table.span, about=About(slip=Slip.NO_FILE))
        return
    text = read_text(raw, file, diagnostics, size_max=CSV_BYTES_MAX)
    if text is None:
        return
    columns = list(table.columns)
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            span = Span(file, line, 1, reader.line_num, 1)
            if line == 1:
                if not _check_header(table, cells, span, lines[0], diagnostics):
                    return
            elif len(cells) != len(columns):
                message = f"this row has {len(cells)} cells; the table has {len(columns)} columns"
                help = "remove empty lines" if not cells else ""
                diagnostics.error("SPEC201", message, span, help, about=About(slip=Slip.ROW_LENGTH))
            else:
                row = {}
                for index, (cell, (name, column)) in enumerate(zip(cells, columns, strict=True)):
                    problem = _problem(cell, name, column)
                    row[name] = _typed(cell, column.type) if cell and not problem else INVALID if problem else None
                    if problem:
                        place = _cell_span(span, lines[line - 1], index) if reader.line_num == line else span
                        diagnostics.error("SPEC203", problem[0], place, problem[1])
                if INVALID not in row.values():
                    yield _Row(row, span)
            line = reader.line_num + 1
    except csv.Error as error:
        about = About(slip=Slip.OPEN_CELL if "unexpected end of data" in str(error) else None)
        place = Span(file, reader.line_num, 1, reader.line_num, 1)
        diagnostics.error("SPEC201", f"not strict CSV: {error}", place, about=about)
        return
    if line == 1:
        diagnostics.error("SPEC202", "the file has no header", Span(file))


def _check_header(table: Table, cells: list[str], span: Span, line: str, diagnostics: Diagnostics) -> bool:
    wanted = [name for name, _ in table.columns]
    if cells == wanted:
        return True
    help = "the header must be: " + ",".join(wanted)
    message = f"the header differs from the columns of table {table.id}"
    if len(cells) == 1 and ";" in cells[0]:
        message, help = "the cells are separated by `;`; a table's file separates them by commas", f"write {help[16:]}"
    else:
        index = next(
            (i for i, (cell, name) in enumerate(zip(cells, wanted, strict=False)) if cell != name), len(wanted)
        )
        span = _cell_span(span, line, min(index, len(cells) - 1)) if cells else span
    diagnostics.error("SPEC202", message, span, help, about=About(kind="column", near=tuple(wanted)))
    return False


def _cell_span(row: Span, line: str, index: int) -> Span:
    """Where a cell of a row of one line stands: its quotes included, an empty one where it would be."""
    start, quoted, at = 0, False, 0
    for position, char in enumerate(line.rstrip("\r")):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            if at == index:
                return Span(row.file, row.line, start + 1, row.line, position + 1)
            at, start = at + 1, position + 1
    return Span(row.file, row.line, start + 1, row.line, len(line.rstrip("\r")) + 1)


def _problem(text: str, name: str, column: Column) -> tuple[str, str] | None:
    """What is wrong with a cell, and what to do; None if nothing is."""
    if text == "":
        help = "fill it in, or declare the column with `required: false`"
        return (f"column `{name}` is empty", help) if column.required else None
    if _typed(text, column.type) is INVALID:
        return f"column `{name}` must hold {_FORMS[column.type]}, not `{text[:40]}`", ""
    return None


def _typed(text: str, type: ColumnType) -> Any:
    if type is ColumnType.TEXT:
        return text
    if type is ColumnType.BOOLEAN:
        return _BOOLEANS.get(text, INVALID)
    if type is ColumnType.DATE:
        return _date(text)
    form = _INTEGER if type is ColumnType.INTEGER else _DECIMAL
    if form.fullmatch(text) is None or sum(char.isdigit() for char in text) > DIGITS_MAX:
        return INVALID
    return int(text) if type is ColumnType.INTEGER else Decimal(text)


def _date(text: str) -> Any:
    if _DATE.fullmatch(text) is None:
        return INVALID
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return INVALID


# ----------------------------------------------------------------------------- rows in the document


def _inline_rows(table: Table, diagnostics: Diagnostics) -> Iterator[_Row]:
    columns = dict(table.columns)
    for tree in table.rows or ():
        node = tree.node
        if not isinstance(node, Mapping):
            leaves.wrong_type(node, "an object by column", "a row", diagnostics)
            continue
        row: dict[str, Any] = dict.fromkeys(columns)
        for entry in node.entries:
            column = columns.get(entry.key)
            if column is None:
                help = suggestion(entry.key, columns, what="columns are")
                message = f"table {table.id} has no column `{entry.key}`"
                about = about_unknown(entry.key, columns, kind="column", owner=table.id)
                diagnostics.error("SPEC010", message, entry.key_span, help, about=about)
                row[entry.key] = INVALID
            else:
                row[entry.key] = _inline_cell(entry.value, entry.key, column, diagnostics)
        for name, column in columns.items():
            if column.required and node.get(name) is None:
                help = "fill it in, or declare the column with `required: false`"
                diagnostics.error("SPEC203", f"column `{name}` is missing", node.span, help)
                row[name] = INVALID
        if INVALID not in row.values():
            yield _Row(row, node.span)


def _inline_cell(node: Node, name: str, column: Column, diagnostics: Diagnostics) -> Any:
    owner = f"column `{name}`"
    if isinstance(node, Scalar) and node.value is None and not column.required:
        return None
    if column.type is ColumnType.TEXT:
        return leaves.plain_text(node, owner, diagnostics)
    if column.type is ColumnType.INTEGER:
        return leaves.integer(node, owner, diagnostics)
    if column.type is ColumnType.DECIMAL:
        return leaves.decimal(node, owner, diagnostics)
    if column.type is ColumnType.DATE:
        return leaves.date(node, owner, diagnostics)
    return leaves.boolean(node, owner, diagnostics)


# ----------------------------------------------------------------------------- keys and validity


def _check_keys(table: Table, rows: list[_Row], diagnostics: Diagnostics) -> None:
    """At most one row per key at any date."""
    key = [each.text for each in table.key]
    by_key: dict[tuple[Any, ...], list[_Row]] = {}
    for row in rows:
        by_key.setdefault(tuple(row.cells[name] for name in key), []).append(row)
    for values, same in by_key.items():
        spans = [(*_period(table, row), index) for index, row in enumerate(same)]
        for first, last, index in spans:
            if first >= last:
                message = "this row ends before or when it begins, so it never applies"
                diagnostics.error("SPEC206", message, same[index].span)
        ordered = sorted(spans)
        for (_, last, before), (first, _, after) in pairwise(ordered):
            if first < last:
                shown = ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
                when = " at the same date" if table.validity else ""
                label = Label(same[min(before, after)].span, "the other row")
                message = f"two rows apply to {shown}{when}"
                diagnostics.error("SPEC204", message, same[max(before, after)].span, labels=(label,))


def _period(table: Table, row: _Row) -> tuple[int, int]:
    """First day and the day after the last, as ordinals; open ends beyond every date."""
    if table.validity is None:
        return 0, 1
    first, last = row.cells[table.validity.from_.text], row.cells[table.validity.to.text]
    return (first.toordinal() if first else 0), (last.toordinal() if last else datetime.date.max.toordinal() + 1)
