"""A table of figures turned: one row for each value of a column, one column for each value of another, sums of both."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from engine.base.money import Money
from engine.report.months import missing_months
from engine.report.tables import ResultTable

TOTAL = "total"


def pivot(
    table: ResultTable, down: str, across: str, figure: str
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The columns (``down``, the values of ``across``, the total) and the rows of amounts, the last of them the totals.

    Rows are in the order of their names, months without anything between others come to nothing, and what is only
    expected has rows of its own. The table has rows, and all amounts are in one currency.
    """
    at = {column: table.columns.index(column) for column in (down, across, figure)}
    expected = table.columns.index("forecast") if "forecast" in table.columns else None
    heads = tuple(dict.fromkeys(str(row[at[across]]) for row in table.rows))
    cells: dict[str, dict[str, Money]] = {}
    for row in table.rows:
        mark = " forecast" if expected is not None and row[expected] else ""
        line = cells.setdefault(f"{row[at[down]]}{mark}", {})
        head, amount = str(row[at[across]]), row[at[figure]]
        line[head] = line[head] + amount if head in line else amount
    first = table.rows[0][at[figure]]
    nothing = first - first
    for name in missing_months(name.removesuffix(" forecast") for name in cells):
        cells[name] = {heads[0]: nothing} if len(heads) == 1 else {}
    rows: list[tuple[Any, ...]] = [
        (name, *(line.get(head) for head in heads), _sum(line.values(), nothing)) for name, line in cells.items()
    ]
    rows.sort(key=lambda row: row[0])
    sums = [_sum((row[place] for row in rows if row[place] is not None), nothing) for place in range(1, len(heads) + 2)]
    return (down, *heads, TOTAL), (*rows, (TOTAL, *sums))


def _sum(amounts: Iterable[Money], nothing: Money) -> Money:
    return reduce(lambda left, right: left + right, amounts, nothing)
