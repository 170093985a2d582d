"""Days on which no row of a key applies, between two that do: one day by a slip of the end, or more."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.table_cells import place_of_cell
from engine.source.diagnostic import Diagnostic, Diagnostics, Label
from engine.spec.documents.table import Table


def check(subject: Subject) -> Iterator[Diagnostic]:
    for table in subject.workspace.tables:
        if table.validity is not None:
            first, after = table.validity.from_.text, table.validity.to.text
            rows = subject.workspace.rows(table, Diagnostics())
            for positions in _of_one_key(table, rows):
                yield from _one_day(table, rows, positions, (first, after), subject)
                yield from _more_days(table, rows, positions, (first, after), subject)


def _of_one_key(table: Table, rows: tuple[dict[str, Any], ...]) -> Iterator[list[int]]:
    same: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        same[tuple(row.get(each.text) for each in table.key)].append(position)
    yield from (positions for positions in same.values() if len(positions) > 1)


def _one_day(
    table: Table, rows: tuple[dict[str, Any], ...], positions: list[int], columns: tuple[str, str], subject: Subject
) -> Iterator[Diagnostic]:
    first, after = columns
    begins = {rows[each].get(first) for each in positions}
    for position in positions:
        end = rows[position].get(after)
        if not isinstance(end, datetime.date) or end in begins:
            continue
        next_day = end + datetime.timedelta(days=1)
        if next_day in begins:
            message = f"no row of {table.id} applies on {end}: `{after}` is the first day on which a row is over"
            yield finding("VERS223", message, place_of_cell(table, after, position, subject), f"write {next_day}")


def _more_days(
    table: Table, rows: tuple[dict[str, Any], ...], positions: list[int], columns: tuple[str, str], subject: Subject
) -> Iterator[Diagnostic]:
    first, after = columns
    for before, next_ in pairwise(sorted(positions, key=lambda each: rows[each].get(first) or datetime.date.min)):
        end, begin = rows[before].get(after), rows[next_].get(first)
        if not isinstance(end, datetime.date) or not isinstance(begin, datetime.date):
            continue
        if (begin - end).days > 1:
            last = begin - datetime.timedelta(days=1)
            message = f"no row of {table.id} applies from {end} to {last}, between two rows of one key"
            place = place_of_cell(table, first, next_, subject)
            labels = (Label(place_of_cell(table, after, before, subject), "the row before is over then"),)
            yield finding("VERS224", message, place, "let one row begin on the day on which the other ends", labels)
