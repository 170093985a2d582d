"""Cells of tables that fail where they are used: as a zone, a currency or a divisor; and shares for percents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from engine.base.errors import Failure
from engine.base.money import minor_units
from engine.base.zones import zones
from engine.expr.checked import Checked
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Arithmetic, Ast, Call
from engine.lint.finding import finding
from engine.lint.rules.target_limits import lookups_of
from engine.lint.subject import Subject, all_steps
from engine.lint.table_cells import place_of_cell
from engine.source.diagnostic import Diagnostic, Diagnostics, Label
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping
from engine.spec.documents.table import Table

#: The last number in a code such as DE-VAT-19 or US-SALES-8.25.
_NUMBER = re.compile(r"(?<![0-9.])([0-9]+(?:\.[0-9]+)?)$")
_HUNDRED = Decimal(100)

#: A column as an expression uses it: as what, and where.
Use = tuple[str, tuple[str, ...], Span]


def check(subject: Subject) -> Iterator[Diagnostic]:
    tables = {table.id: table for table in subject.workspace.tables}
    told: set[tuple[str, str, str]] = set()
    documents: tuple[Mapping | Flow, ...] = (*subject.workspace.mappings, *subject.workspace.flows)
    for document in documents:
        every = subject.checked.get(document.span.file, ())
        looked_up = subject.known.of(_rows_of, document)
        for as_what, path, span in subject.known.of(_uses, every):
            found = looked_up.get(path[1], set()) if path[0] == _SCOPE[isinstance(document, Flow)] else set()
            name = next(iter(found)) if len(found) == 1 else ""
            if name in tables and (name, path[2], as_what) not in told:
                told.add((name, path[2], as_what))
                yield from _column(tables[name], path[2], as_what, span, subject)
    for table in tables.values():
        yield from _shares(table, subject)


#: The name in scope that holds the rows: of a mapping, and of a flow.
_SCOPE = {False: "lookups", True: "steps"}


def _rows_of(document: Mapping | Flow) -> dict[str, set[str]]:
    """The tables behind each name of a row."""
    if not isinstance(document, Flow):
        return lookups_of(document)
    found: dict[str, set[str]] = {}
    for step in all_steps(document):
        table = None if step.lookup is None else step.lookup.table
        found.setdefault(step.id, set()).add("" if table is None else table.text)
    return found


def _uses(every: tuple[Checked, ...]) -> tuple[Use, ...]:
    found: list[Use] = []
    for checked in every:
        for node in checked.nodes:
            match node:
                case Call(name="date_of", arguments=(_, zone)):
                    _add(found, "zone", zone)
                case Call(name="money" | "from_minor_units", arguments=(_, currency)):
                    _add(found, "currency", currency)
                case Arithmetic(operator="/" | "%", right=right):
                    _add(found, "divisor", right)
    return tuple(found)


def _add(found: list[Use], as_what: str, node: Ast) -> None:
    if is_path(node):
        names = tuple(path_names(node))
        if len(names) == 3 and names[0] in _SCOPE.values():
            found.append((as_what, names, node.span))


def _no_zone(cell: Any) -> str:
    return f"there is no time zone '{cell}'" if isinstance(cell, str) and not _is_zone(cell) else ""


def _is_zone(cell: str) -> bool:
    return cell == "UTC" or cell in zones()


def _no_currency(cell: Any) -> str:
    if not isinstance(cell, str):
        return ""
    try:
        minor_units(cell)
    except Failure:
        return f"'{cell}' is no currency of ISO 4217"
    return ""


def _no_divisor(cell: Any) -> str:
    zero = isinstance(cell, int | Decimal) and not isinstance(cell, bool) and cell == 0
    return "nothing can be divided by 0" if zero else ""


_WRONG: dict[str, Callable[[Any], str]] = {"zone": _no_zone, "currency": _no_currency, "divisor": _no_divisor}


def _column(table: Table, column: str, as_what: str, used: Span, subject: Subject) -> Iterator[Diagnostic]:
    rows = subject.workspace.rows(table, Diagnostics())
    if len(rows) > 1 and all(_WRONG[as_what](row.get(column)) for row in rows):
        message = f"no cell in column `{column}` of {table.id} is a {as_what}: every message fails here"
        yield finding("MAP234", message, used, f"take the column that holds the {as_what}")
        return
    for position, row in enumerate(rows):
        why = _WRONG[as_what](row.get(column))
        if why:
            message = f"{why}: every message that comes to this row fails"
            place = place_of_cell(table, column, position, subject)
            yield finding("MAP234", message, place, "correct the cell", (Label(used, f"used as a {as_what} here"),))


def _shares(table: Table, subject: Subject) -> Iterator[Diagnostic]:
    """Percents written as shares of one: the code of the same row says the percent."""
    percents = [name for name, column in table.columns if "percent" in name and str(column.type) == "decimal"]
    texts = [name for name, column in table.columns if str(column.type) == "text"]
    if not percents or not texts:
        return
    for position, row in enumerate(subject.workspace.rows(table, Diagnostics())):
        said = {number: row[name] for name in texts for number in _numbers(row.get(name))}
        for name in percents:
            cell = row.get(name)
            if isinstance(cell, Decimal) and 0 < cell < 1 and cell * _HUNDRED in said and cell not in said:
                percent = f"{cell * _HUNDRED:f}"
                whole = percent.rstrip("0").rstrip(".") if "." in percent else percent
                message = f"{cell} percent, in a row that is about {said[cell * _HUNDRED]}"
                place = place_of_cell(table, name, position, subject)
                yield finding("MAP235", message, place, f"write {whole}")


def _numbers(text: Any) -> Iterator[Decimal]:
    if isinstance(text, str):
        for found in _NUMBER.finditer(text):
            yield Decimal(found[1])
