"""Results of calculations as text for people: what matters first, figures to the right, names in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.base.errors import Failure
from engine.base.money import Money, decimal_text, minor_units
from engine.report.pivot import pivot
from engine.report.tables import SUMMARY, ResultTable, cell_text, tables_of
from engine.report.views import ASIDE, VIEWS, View

#: Digits after the point that are shown; figures with more are cut, and end in a mark that says so.
_DIGITS_MAX = 12
_DIGITS_SHOWN = 4
#: What a line comes to: shown also where it is zero throughout.
_KEPT = ("amount", "total", "balance")
#: More columns than this are no table that anyone reads: one row for each figure then.
_COLUMNS_MAX = 8
#: References that are shown of a row.
_REFERENCES_MAX = 3


@dataclass(frozen=True, slots=True)
class _Grid:
    """A table as it is printed, its cells before they are text; ``headings`` where they are not the columns' names."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    headings: tuple[str, ...] = ()


def statement(result: Mapping[str, Any], kind: str, *, explain: bool = False) -> str:
    """A result of a calculation of ``kind`` as aligned text.

    Without ``explain`` it has the tables and columns that people ask for first, and leaves out columns that are empty
    or zero throughout; with it everything is there.
    """
    views = {view.table: view for view in VIEWS.get(kind, ())}
    leads = {name: view.lead for name, view in views.items() if view.lead}
    tables = tables_of(result, leads)
    ordered = [table for name in views for table in tables if table.name == name]
    ordered += [table for table in tables if table.name not in views]
    aside = () if explain else ASIDE.get(kind, ())
    parts = [_summary(table, aside) for table in tables if table.name == SUMMARY]
    for table in ordered:
        if table.name == SUMMARY:
            continue
        view = views.get(table.name)
        if explain or (view is not None and not view.explain) or (view is None and not table.inside):
            parts.append(_text(_grid(table, view, explain=explain)))
    return "\n".join(part for part in parts if part) or "nothing came out: the facts hold nothing that counts here\n"


def _summary(table: ResultTable, aside: Sequence[str]) -> str:
    there = [(str(name), value) for name, value in table.rows if value not in (None, "")]
    rows = [(name, value) for name, value in there if name not in aside or (_is_figure(value) and not _is_zero(value))]
    width = max((len(words(name)) for name, _ in rows), default=0)
    right = max((len(_shown(value)) for _, value in rows if _is_figure(value)), default=0)
    lines = []
    for name, value in rows:
        text = _shown(value)
        lines.append(f"{words(name):<{width}}  {text.rjust(right) if _is_figure(value) else text}\n")
    return "".join(lines)


def _grid(table: ResultTable, view: View | None, *, explain: bool) -> _Grid:
    title = view.title if view is not None and view.title else words(table.name)
    if view is not None and view.across is not None and not explain and _fits(table, view.across[1]):
        return _across(table, title, *view.across)
    order = [column for column in table.columns if column != "number" or view is None]
    if view is not None and view.columns:
        first = [column for name in view.columns for column in order if column == name or column.startswith(f"{name}.")]
        rest = sorted((column for column in order if column not in first), key=lambda column: column != "explanation")
        order = [*first, *rest] if explain else first
    places = [table.columns.index(column) for column in order]
    grid = _Grid(title, tuple(order), tuple(tuple(row[place] for place in places) for row in table.rows))
    if view is not None and view.sides:
        grid = _sides(grid)
    kept = [
        at
        for at, column in enumerate(grid.columns)
        if _is_told([row[at] for row in grid.rows], zeros=explain or column in _KEPT)
    ]
    return _Grid(
        grid.title, tuple(grid.columns[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in grid.rows)
    )


def _is_told(cells: Sequence[Any], *, zeros: bool) -> bool:
    """Whether a column says anything."""
    there = [cell for cell in cells if cell not in (None, "")]
    return bool(there) and (zeros or not all(_is_figure(cell) and _is_zero(cell) for cell in there))


def _is_zero(value: Any) -> bool:
    return bool((value.amount if isinstance(value, Money) else value) == 0)


def _sides(grid: _Grid) -> _Grid:
    """Amounts of entries in two columns, as books have them."""
    side, amount = grid.columns.index("side"), grid.columns.index("amount")
    rest = [
        at
        for at, column in enumerate(grid.columns)
        if at not in (side, amount) and (column != "functional" or any(row[at] != row[amount] for row in grid.rows))
    ]
    before = [at for at in rest if at < side]
    after = [at for at in rest if at > side]
    rows = []
    for row in grid.rows:
        split = (row[amount], None) if row[side] == "debit" else (None, row[amount])
        rows.append((*(row[at] for at in before), *split, *(row[at] for at in after)))
    rows += _totals(grid, side, amount, before, after)
    columns = (*(grid.columns[at] for at in before), "debit", "credit", *(grid.columns[at] for at in after))
    return _Grid(grid.title, columns, tuple(rows))


def _totals(grid: _Grid, side: int, amount: int, before: Sequence[int], after: Sequence[int]) -> list[tuple[Any, ...]]:
    """What debits and credits come to, currency by currency, below more than one entry."""
    sums: dict[str, dict[str, Money]] = {}
    for row in grid.rows:
        found = sums.setdefault(row[amount].currency, {})
        found[row[side]] = found[row[side]] + row[amount] if row[side] in found else row[amount]
    return [
        ("total", *(None for _ in before[1:]), found.get("debit"), found.get("credit"), *(None for _ in after))
        for found in sums.values()
    ]


def _fits(table: ResultTable, across: str) -> bool:
    at = table.columns.index(across)
    return len({row[at] for row in table.rows}) <= _COLUMNS_MAX


def _across(table: ResultTable, title: str, down: str, across: str, figure: str) -> _Grid:
    """One row for each value of ``down`` and one column for each of ``across``, with sums of both."""
    columns, rows = pivot(table, down, across, figure)
    if len(columns) == 3:
        columns, rows = columns[:2], tuple(row[:2] for row in rows)
    return _Grid(title, columns, rows, columns)


def _text(grid: _Grid) -> str:
    currencies = {cell.currency for row in grid.rows for cell in row if isinstance(cell, Money)}
    bare = len(currencies) == 1
    if not grid.columns:
        return f"{grid.title}: {len(grid.rows)}\n"
    right = {at for at in range(len(grid.columns)) if all(_is_figure(row[at]) for row in grid.rows)}
    lines = [[*(grid.headings or _headings(grid.columns))]]
    lines += [
        [_shown(cell, bare=bare, column=column) for column, cell in zip(grid.columns, row, strict=True)]
        for row in grid.rows
    ]
    widths = [max(len(line[at]) for line in lines) for at in range(len(grid.columns))]
    text = [f"{grid.title}{f' ({currencies.pop()})' if bare else ''}"]
    for line in lines:
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(text) + "\n"


def _headings(columns: Sequence[str]) -> list[str]:
    """Names in words; of a dotted one the last part, where no other column ends in it."""
    last = [column.rpartition(".")[2] for column in columns]
    return [words(end if last.count(end) == 1 else column) for column, end in zip(columns, last, strict=True)]


def words(name: str) -> str:
    """A name of a field as people write it."""
    return name.replace(".", ": ").replace("_", " ")


def _shown(value: Any, *, bare: bool = False, column: str = "") -> str:
    """A cell; with thousands apart, and without its currency if ``bare``."""
    if isinstance(value, Money):
        digits = _grouped(_padded(value))
        return digits if bare else f"{digits} {value.currency}"
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return _grouped(Decimal(value))
    text = cell_text(value)
    if column == "references" and text.count(", ") >= _REFERENCES_MAX:
        first = text.split(", ")
        return f"{', '.join(first[:_REFERENCES_MAX])} and {len(first) - _REFERENCES_MAX} more"
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _padded(value: Money) -> Decimal:
    """The amount with at least the digits that its currency has."""
    try:
        digits = minor_units(value.currency)
    except Failure:  # a unit of account of our own
        return value.amount
    missing = digits + int(value.amount.as_tuple().exponent)
    return value.amount if missing <= 0 else value.amount.quantize(Decimal(1).scaleb(-digits))


def _grouped(value: Decimal) -> str:
    whole, point, digits = decimal_text(value).partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if len(digits) > _DIGITS_MAX:
        leading = len(digits) - len(digits.lstrip("0")) if not whole.strip("0") else 0
        digits = f"{digits[: leading + _DIGITS_SHOWN]}…"
    return f"{sign}{int(whole):,}{point}{digits}"


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, Money | Decimal | int) and not isinstance(value, bool))
