"""Slips in tables: codes of no country or currency, rows for nobody, look-alike signs, validity exchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.base.errors import Failure
from engine.base.money import minor_units
from engine.lint.countries import COUNTRIES
from engine.lint.finding import finding
from engine.lint.look_alikes import plain_signs
from engine.lint.subject import Subject
from engine.lint.table_cells import place_of_cell
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix
from engine.spec.documents.table import Table
from engine.spec.nearest import distance, nearest

_MEANT = {"UK": "GB", "EL": "GR", "EURO": "EUR", "€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "¥": "JPY"}
_LAST_DAY = re.compile(r"(?:^|_)(?:until|till|to|end|ends|last|expires)(?:_|$)")
_FIRST_DAY = re.compile(r"(?:^|_)(?:from|start|starts|since|begin|begins|first)(?:_|$)")
#: Fewer other values say nothing about what a column holds.
_OTHERS_MIN = 2
_SLIPS_MAX = 1

Rows = tuple[dict[str, Any], ...]


def check(subject: Subject) -> Iterator[Diagnostic]:
    keys = {table.id: _own_key(table) for table in subject.workspace.tables}
    rows = {table.id: subject.workspace.rows(table, Diagnostics()) for table in subject.workspace.tables}
    for table in subject.workspace.tables:
        yield from _exchanged(table)
        for name, column in table.columns:
            if str(column.type) != "text":
                continue
            yield from _codes(table, name, column.summary, rows[table.id], subject)
            yield from _look_alikes(table, name, rows[table.id], subject)
            other = next((each for each in keys if each in (f"{name}s", f"{name[:-1]}ies")), None)
            key = keys.get(other or "")
            if other is not None and other != table.id and key is not None:
                known = {row.get(key) for row in rows[other]}
                yield from _nobody(table, name, rows[table.id], (other, known), subject)


def _own_key(table: Table) -> str | None:
    return table.key[0].text if len(table.key) == 1 else None


def _exchanged(table: Table) -> Iterator[Diagnostic]:
    if table.validity is None:
        return
    first, last = table.validity.from_, table.validity.to
    if _LAST_DAY.search(first.text) and _FIRST_DAY.search(last.text) and first.text != last.text:
        message = f"rows would begin on `{first.text}` and end on `{last.text}`"
        edits = (Edit(first.span, last.text), Edit(last.span, first.text))
        fix = Fix("exchange the two", edits, safe=False)
        yield finding("VERS225", message, first.span, "exchange the two", fix=fix)


def _codes(table: Table, name: str, summary: str, rows: Rows, subject: Subject) -> Iterator[Diagnostic]:
    """Cells that are no code of what the column says it holds, or that its name and all other cells say."""
    country, currency = "ISO 3166" in summary, "ISO 4217" in summary
    named = name == "currency" or name.endswith("_currency")
    for position, row in enumerate(rows):
        cell = row.get(name)
        if not isinstance(cell, str) or not cell:
            continue
        upper = _MEANT.get(cell.upper(), cell.upper())
        if country and len(cell) == 2 and cell not in COUNTRIES:
            help = f"write {upper}" if upper in COUNTRIES else "write the two letters of ISO 3166"
            what = "country of ISO 3166"
        elif (currency and not _is_currency(cell)) or (named and cell != upper and _is_currency(upper)):
            help = f"write {upper}" if _is_currency(upper) else "write the three capital letters of ISO 4217"
            what = "currency of ISO 4217"
        else:
            continue
        message = f"'{cell}' in column `{name}` of {table.id} is no {what}"
        yield finding("MAP236", message, place_of_cell(table, name, position, subject), help)


def _is_currency(code: str) -> bool:
    try:
        minor_units(code)
    except Failure:
        return False
    return True


def _look_alikes(table: Table, name: str, rows: Rows, subject: Subject) -> Iterator[Diagnostic]:
    for position, row in enumerate(rows):
        cell = row.get(name)
        if not isinstance(cell, str) or cell.isascii() or " " in cell:
            continue
        meant = plain_signs(cell)
        if meant is not None:
            message = f"'{cell}' in column `{name}` of {table.id} looks like '{meant}' and is not"
            yield finding("MAP238", message, place_of_cell(table, name, position, subject), f"type {meant} anew")


def _nobody(table: Table, name: str, rows: Rows, other: tuple[str, set[Any]], subject: Subject) -> Iterator[Diagnostic]:
    """A cell that names no row of the other table, where all the others do, and is one slip away from one which has no
    such row here itself. Any other may wait for a row that is still to come."""
    there, known = other
    texts = {each for each in known if isinstance(each, str)}
    cells = {cell for row in rows if isinstance(cell := row.get(name), str) and cell}
    lost = sorted(cell for cell in cells - texts if cell.strip() not in texts)
    if len(lost) != 1 or len(cells & texts) < _OTHERS_MIN or any(plain_signs(each) for each in (*texts, *lost)):
        return
    meant = nearest(lost[0], sorted(texts))
    if meant is None or distance(lost[0], meant) > _SLIPS_MAX:
        return
    position = next(number for number, row in enumerate(rows) if row.get(name) == lost[0])
    same = {each.text: rows[position].get(each.text) for each in table.key} | {name: meant}
    if any(all(row.get(column) == cell for column, cell in same.items()) for row in rows):
        return
    message = f"'{lost[0]}' in column `{name}` of {table.id} is no row of `{there}`"
    place = place_of_cell(table, name, position, subject)
    yield finding("MAP237", message, place, f"did you mean `{meant}`?")
