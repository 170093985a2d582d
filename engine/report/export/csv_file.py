"""Tables as CSV (RFC 4180, UTF-8 with a mark that spreadsheets know), safe to open in a spreadsheet.

Numbers are written as numbers. Text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV
injection). The main table is the file itself; others lie beside it, named after their table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from engine.report.export.cells import figure_of, safe_text, spread
from engine.report.tables import SUMMARY, ResultTable, tables_of
from engine.report.views import LEADS, main_table


def render(result: Mapping[str, Any], kind: str) -> dict[str, bytes]:
    """The files by what is added to their name: the main table under an empty text."""
    tables = tables_of(result, LEADS.get(kind))
    if not tables:
        return {"": _written(ResultTable(SUMMARY, ("name", "value"), ()))}
    names = [table.name for table in tables]
    main = main_table(kind, [name for name in names if name != SUMMARY] or names)
    return {"" if table.name == main else f".{table.name}": _written(table) for table in tables}


def _written(table: ResultTable) -> bytes:
    columns, rows = spread(table)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe_text(column) for column in columns])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    figure = figure_of(value)
    return safe_text(value) if figure is None else figure
