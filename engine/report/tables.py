"""Results of calculations as tables: what people read, and what is exported.

Every list of objects in a result is a table; lists inside its rows are tables of their own, each row led by what
identifies its parent. Everything else is one table of names and values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money, decimal_text

#: The table of what stands alone in a result.
SUMMARY = "summary"
#: Fields that identify a row, the first that is there.
_IDENTIFYING = ("id", "charge", "obligation", "entry", "line", "name", "period", "date")


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Rows of typed values (Money, Decimal, date, text, ...) under column names; a cell that is missing is None."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def tables_of(result: Mapping[str, Any]) -> list[ResultTable]:
    """The tables of a result: the summary first, then its lists in order."""
    alone: list[tuple[str, Any]] = []
    tables: list[ResultTable] = []
    for name, value in result.items():
        if _is_table(value):
            tables += _tables(name, [((), row) for row in value], ())
        else:
            alone += _flat(name, value)
    summary = [ResultTable(SUMMARY, ("name", "value"), tuple(alone))] if alone else []
    return [*summary, *tables]


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _tables(
    name: str, rows: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]], parents: tuple[str, ...]
) -> Iterator[ResultTable]:
    flat: list[dict[str, Any]] = []
    inner: dict[str, list[tuple[tuple[Any, ...], Mapping[str, Any]]]] = {}
    own = name.rpartition(".")[2]
    for number, (before, row) in enumerate(rows, 1):
        identity = next((row[key] for key in _IDENTIFYING if _plain(row.get(key))), number)
        cells: dict[str, Any] = dict(zip(parents, before, strict=True))
        for key, value in row.items():
            if _is_table(value):
                inner.setdefault(key, []).extend(((*before, identity), each) for each in value)
            else:
                cells.update(_flat(key, value))
        flat.append(cells)
    columns = tuple(dict.fromkeys(column for cells in flat for column in cells))
    yield ResultTable(name, columns, tuple(tuple(cells.get(column) for column in columns) for cells in flat))
    for key, below in inner.items():
        yield from _tables(f"{name}.{key}", below, (*parents, own))


def _plain(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping | list)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """An object's fields under dotted names; a list of plain values as one text."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(f"{name}.{key}", each)
    elif isinstance(value, list):
        yield name, ", ".join(cell_text(each) for each in value) or None
    else:
        yield name, value


def cell_text(value: Any) -> str:
    """A value as people read it; nothing for what is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Money):
        return f"{decimal_text(value.amount)} {value.currency}"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f}s"
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {cell_text(each)}" for key, each in value.items())
    return str(value)


def text_of(tables: Sequence[ResultTable], *, explain: bool = True) -> str:
    """The tables as aligned text; figures stand to the right. Without ``explain`` explanations and the tables inside
    others are left out."""
    chosen = [table for table in tables if explain or "." not in table.name]
    return "\n".join(_text_of(table, explain=explain) for table in chosen)


def _text_of(table: ResultTable, *, explain: bool) -> str:
    shown = [
        index
        for index, column in enumerate(table.columns)
        if any(row[index] not in (None, "") for row in table.rows) and (explain or column != "explanation")
    ]
    if table.name == SUMMARY:
        width = max(len(str(row[0])) for row in table.rows)
        return "".join(f"{row[0]!s:<{width}}  {cell_text(row[1])}\n" for row in table.rows if row[1] is not None)
    right = {index for index in shown if all(_is_figure(row[index]) for row in table.rows)}
    grid = [[table.columns[index] for index in shown]]
    grid += [[cell_text(row[index]) for index in shown] for row in table.rows]
    widths = [max(len(line[at]) for line in grid) for at in range(len(shown))]
    lines = [f"\n{table.name}"]
    for line in grid:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, cell, width in zip(shown, line, widths, strict=True)
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, Money | Decimal | int) and not isinstance(value, bool))
