"""What a cell of a spreadsheet holds: numbers as numbers, money as a number beside its currency, text that is inert."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.base.money import Money, decimal_text
from engine.report.tables import ResultTable, cell_text

#: What a spreadsheet takes for the beginning of a formula or command.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def spread(table: ResultTable) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows with every column of money as two: the amount, and its currency after it."""
    money = [any(isinstance(row[index], Money) for row in table.rows) for index in range(len(table.columns))]
    columns: list[str] = []
    for name, is_money in zip(table.columns, money, strict=True):
        columns += [name, f"{name} currency"] if is_money else [name]
    rows: list[list[Any]] = []
    for row in table.rows:
        cells: list[Any] = []
        for value, is_money in zip(row, money, strict=True):
            if isinstance(value, Money):
                cells += [value.amount, value.currency]
            else:
                cells += [value, None] if is_money else [value]
        rows.append(cells)
    return columns, rows


def figure_of(value: Any) -> str | None:
    """The digits of a number; None for what is none."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def safe_text(value: Any) -> str:
    """Text that no spreadsheet runs: what looks like a formula gets an apostrophe before it."""
    text = cell_text(value)
    return f"'{text}" if text.lstrip(" ").startswith(_ACTIVE) else text
