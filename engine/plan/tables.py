"""Reference tables as plans: look-up by key and business date, the type of a row, what to say of a missing key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from engine.base.errors import ErrorClass
from engine.base.record import frozen
from engine.plan.complaints import compile_complaint
from engine.plan.model import BusinessException, TablePlan
from engine.schema.types import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, Object, Type, nullable
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.table import Column, ColumnType, Table

Row = dict[str, Any]
Key = tuple[Any, ...]
Find = Callable[[Key, date], Row | None]
#: The rows of a table; what is wrong with them goes to the findings.
RowsOf = Callable[[Table, Diagnostics], Sequence[Row]]

CELL_TYPES: Mapping[ColumnType, Type] = {
    ColumnType.TEXT: TEXT,
    ColumnType.INTEGER: INTEGER,
    ColumnType.DECIMAL: NUMBER,
    ColumnType.DATE: DATE,
    ColumnType.BOOLEAN: BOOLEAN,
}


@frozen
class TableSpec:
    """What compiling against a table needs: its plan, the type of its rows and of its key columns."""

    plan: tuple[TablePlan, ...]
    row_type: Type
    key_types: Mapping[str, Type]


def compile_table(table: Table, rows_of: RowsOf, digest: str, diagnostics: Diagnostics) -> TableSpec | None:
    """The plan of a table and its rows. None if its declaration contradicts itself; its findings are reported."""
    columns = dict(table.columns)
    rows = rows_of(table, diagnostics)
    if not _declared(table, columns, diagnostics):
        return None
    key = tuple(name.text for name in table.key)
    types = {name: _cell_type(column) for name, column in columns.items()}
    key_types = {name: types[name] for name in key}
    by_key: dict[Key, Row] | None = None
    if table.validity is None:
        by_key = {tuple(row[name] for name in key): row for row in rows}
        find = _undated(by_key)
    else:
        find = _dated(key, rows, table.validity.from_.text, table.validity.to.text)
    complaint = compile_complaint(table.missing, key_types, diagnostics, ErrorClass.MISSING_REFERENCE)
    where = f"table {table.id}"

    def missing(values: Key) -> BusinessException:
        return complaint(dict(zip(key, values, strict=True)), where)

    plan = TablePlan(table.id, table.version, digest, key, find, missing, by_key)
    return TableSpec((plan,), Object(types, frozenset(types), None), key_types)


def _cell_type(column: Column) -> Type:
    cell = CELL_TYPES[column.type]
    return cell if column.required else nullable(cell)


def _declared(table: Table, columns: Mapping[str, Column], diagnostics: Diagnostics) -> bool:
    """Whether key and validity name columns that can serve; reading the rows has reported names of none."""
    dates = () if table.validity is None else (table.validity.from_, table.validity.to)
    sound = all(name.text in columns for name in (*table.key, *dates))
    for name in table.key:
        if name.text in columns and not columns[name.text].required:
            sound = False
            message = f"the key column `{name.text}` may be empty"
            help = "a key must be complete: remove `required: false` from the column"
            diagnostics.error("MAP106", message, name.span, help)
    return sound and all(columns[name.text].type is ColumnType.DATE for name in dates)


def _undated(rows: Mapping[Key, Row]) -> Find:
    return lambda values, _on: rows.get(values)


def _dated(key: Sequence[str], rows: Sequence[Row], first: str, end: str) -> Find:
    index: dict[Key, list[tuple[date, date | None, Row]]] = {}
    for row in rows:
        span = (row[first] or date.min, row[end], row)
        index.setdefault(tuple(row[name] for name in key), []).append(span)
    for spans in index.values():
        spans.sort(key=lambda span: span[0], reverse=True)

    def find(values: Key, on: date) -> Row | None:
        for begins, ends, row in index.get(values, ()):
            if begins <= on:
                return row if ends is None or on < ends else None
        return None

    return find
