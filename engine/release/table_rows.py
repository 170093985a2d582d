"""What changed rows of a reference table mean: which keys find other values, or none any more, on which dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from engine.base.money import decimal_text
from engine.release.change_rules import ChangeClass, Reason
from engine.release.documents import Document
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.table import Table
from engine.spec.rows import load_rows

_SHOWN_MAX = 20
_END = date.max.toordinal() + 1

_Key = tuple[Any, ...]
_Cells = dict[str, Any]
#: From when on a row applies (an ordinal), until when, and the cells that are found.
_Period = tuple[int, int, _Cells]


def row_reasons(old: Document, new: Document) -> Iterator[Reason]:
    """A sentence for every key that finds something else on some dates; the first of many, and how many more.

    Rows are compared by what a lookup finds, so that another order, other quotes, and a row that is cut in two
    without another value say nothing.
    """
    key = tuple(name.text for name in new.definition.key)
    before, after = _rows(old, key), _rows(new, key)
    found = [
        reason
        for place in dict.fromkeys((*before, *after))
        for reason in _of_key(_named(place, key), before.get(place, []), after.get(place, []))
    ]
    yield from found[:_SHOWN_MAX]
    rest = found[_SHOWN_MAX:]
    if rest:
        columns = dict.fromkeys(column for each in rest for column in each.path.partition(".")[2].split(",") if column)
        path = f"rows.{','.join(columns)}" if columns else "rows"
        yield Reason(max(each.level for each in rest), f"and {len(rest)} more rows", path)


def _rows(document: Document, key: _Key) -> dict[_Key, list[_Period]]:
    """What each key finds, in the order of the dates on which it applies."""
    table: Table = document.definition
    found: dict[_Key, list[_Period]] = {}
    for row in load_rows(table, document.revision.workspace.root, Diagnostics()):
        first, last, cells = 0, _END, dict(row)
        if table.validity is not None:
            start, end = (cells.pop(name.text, None) for name in (table.validity.from_, table.validity.to))
            first, last = start.toordinal() if start else 0, end.toordinal() if end else _END
        for name in key:
            cells.pop(name, None)
        found.setdefault(tuple(row.get(name) for name in key), []).append((first, last, cells))
    return {place: sorted(periods, key=lambda each: each[:2]) for place, periods in found.items()}


def _of_key(name: str, before: list[_Period], after: list[_Period]) -> Iterator[Reason]:
    """What one key finds now and did not find before, over the stretches of dates on which that is the same."""
    bounds = sorted({bound for first, last, _ in (*before, *after) for bound in (first, last)})
    stretches: list[tuple[int, int, _Cells | None, _Cells | None]] = []
    for first, last in pairwise(bounds):
        was, is_ = _at(before, first), _at(after, first)
        if stretches and stretches[-1][1:] == (first, was, is_):
            stretches[-1] = (stretches[-1][0], last, was, is_)
        else:
            stretches.append((first, last, was, is_))
    for first, last, was, is_ in stretches:
        yield from _of_stretch(f"{name}{_dates(first, last)}", was, is_)


def _at(periods: list[_Period], day: int) -> _Cells | None:
    return next((cells for first, last, cells in periods if first <= day < last), None)


def _of_stretch(name: str, was: _Cells | None, is_: _Cells | None) -> Iterator[Reason]:
    if was is not None and is_ is None:
        text = f"the row {name} is removed; what needs it stops with an exception"
        yield Reason(ChangeClass.BREAKING, text, f"rows.{','.join(was)}")
    elif was is None and is_ is not None:
        text = f"the row {name} is added; what needed it stopped with an exception before"
        yield Reason(ChangeClass.ADDITIVE, text, f"rows.{','.join(is_)}")
    elif was is not None and is_ is not None:
        columns = [column for column in dict.fromkeys((*was, *is_)) if not _same(was.get(column), is_.get(column))]
        if columns:
            cells = [f"{each} was {_text(was.get(each))} and is {_text(is_.get(each))} now" for each in columns]
            text = f"the row {name} changes: {', '.join(cells)}"
            yield Reason(ChangeClass.BEHAVIOURAL, text, f"rows.{','.join(columns)}")


def _same(old: Any, new: Any) -> bool:
    """Whether two cells are one value; decimals of another scale are not, as the scale is kept."""
    return type(old) is type(new) and _text(old) == _text(new)


def _dates(first: int, last: int) -> str:
    """`` from 2026-07-01 until 2027-01-01``, without the ends that are open; a row applies until the day before."""
    start = f" from {date.fromordinal(first).isoformat()}" if first > 0 else ""
    return start + (f" until {date.fromordinal(last).isoformat()}" if last < _END else "")


def _named(place: _Key, key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_text(part)}" for name, part in zip(key, place, strict=True) if part is not None)


def _text(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return decimal_text(value) if hasattr(value, "as_tuple") else str(value)
