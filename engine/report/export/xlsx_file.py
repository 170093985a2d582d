"""Tables as an Excel workbook, one sheet each: numbers are numbers, dates are dates, text is never a formula."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.report.export.cells import figure_of, safe_text, spread
from engine.report.pivot import pivot
from engine.report.tables import ResultTable, tables_of
from engine.report.views import LEADS, VIEWS

#: A spreadsheet holds fifteen significant digits; a figure with more of them is written as text, whole.
DIGITS_MAX = 15
_SHEET_NAME_MAX = 31
_WIDTH_MIN, _WIDTH_MAX = 8, 48
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def render(result: Mapping[str, Any], kind: str) -> dict[str, bytes]:
    """The workbook's bytes."""
    from openpyxl import Workbook

    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    tables = tables_of(result, LEADS.get(kind)) or [ResultTable("empty", (), ())]
    for table in [*tables[:1], *_turned(tables, kind), *tables[1:]]:
        _sheet(book, table)
    content = io.BytesIO()
    book.save(content)
    return {"": content.getvalue()}


def _turned(tables: list[ResultTable], kind: str) -> list[ResultTable]:
    """Tables as people read them, months down and obligations across, beside the rows that programs read."""
    found = []
    for view in VIEWS.get(kind, ()):
        for table in tables:
            if table.name == view.table and view.across is not None and table.rows:
                columns, rows = pivot(table, *view.across)
                currency = rows[-1][-1].currency
                named = (columns[0], *(f"{column} ({currency})" for column in columns[1:]))
                figures = tuple((row[0], *(None if cell is None else cell.amount for cell in row[1:])) for row in rows)
                found.append(ResultTable(view.title or view.table, named, figures))
    return found


def _sheet(book: Any, table: ResultTable) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns, rows = spread(table)
    title = table.name.translate(_FORBIDDEN)[-_SHEET_NAME_MAX:]
    sheet = book.create_sheet(title)
    for position, name in enumerate(columns, 1):
        cell = sheet.cell(1, position)
        _put_text(cell, name)
        cell.font = Font(bold=True)
    for line, row in enumerate(rows, 2):
        for position, value in enumerate(row, 1):
            if value is not None:
                _put(sheet.cell(line, position), value)
    sheet.freeze_panes = "A2"
    for position, name in enumerate(columns, 1):
        longest = max([len(name), *(len(safe_text(row[position - 1])) for row in rows)])
        sheet.column_dimensions[get_column_letter(position)].width = min(max(longest + 2, _WIDTH_MIN), _WIDTH_MAX)


def _put(cell: Any, value: Any) -> None:
    digits = figure_of(value)
    if digits is not None and len(digits.strip("-").replace(".", "").lstrip("0")) <= DIGITS_MAX:
        cell.value = value
        if isinstance(value, Decimal):
            places = max(0, -int(value.as_tuple().exponent))
            cell.number_format = "#,##0" + ("." + "0" * places if places else "")
    elif isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)  # a spreadsheet knows no zones; ours are UTC
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        cell.value = value
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, bool):
        cell.value = value
    else:
        _put_text(cell, digits if digits is not None else value)


def _put_text(cell: Any, value: Any) -> None:
    cell.value = safe_text(value)
    cell.data_type = "s"
