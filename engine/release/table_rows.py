"""What changed rows of a reference table mean: which keys have other values, and which have none any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.base.money import decimal_text
from engine.release.change_rules import ChangeClass, Reason
from engine.release.documents import Document
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.table import Table
from engine.spec.rows import load_rows

_SHOWN_MAX = 20


def row_reasons(old: Document, new: Document) -> Iterator[Reason]:
    """A sentence for every row that came, went or changed; the first of many, and how many more."""
    key = _key(new.definition)
    before, after = _rows(old, key), _rows(new, key)
    found = list(_changed(before, after, key))
    yield from found[:_SHOWN_MAX]
    rest = found[_SHOWN_MAX:]
    if rest:
        yield Reason(max(each.level for each in rest), f"and {len(rest)} more rows", "rows")


def _key(table: Table) -> tuple[str, ...]:
    """What tells rows apart: the key's columns, and from when on they apply."""
    names = tuple(name.text for name in table.key)
    return names if table.validity is None else (*names, table.validity.from_.text)


def _rows(document: Document, key: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = load_rows(document.definition, document.revision.workspace.root, Diagnostics())
    return {tuple(row.get(name) for name in key): row for row in rows}


def _changed(
    before: Mapping[tuple[Any, ...], dict[str, Any]],
    after: Mapping[tuple[Any, ...], dict[str, Any]],
    key: tuple[str, ...],
) -> Iterator[Reason]:
    for place, was in before.items():
        is_ = after.get(place)
        name = _named(place, key)
        if is_ is None:
            text = f"the row {name} is removed; what needs it stops with an exception"
            yield Reason(ChangeClass.BREAKING, text, "rows")
            continue
        columns = [column for column in dict.fromkeys((*was, *is_)) if was.get(column) != is_.get(column)]
        if columns:
            cells = [f"{each} was {_text(was.get(each))} and is {_text(is_.get(each))} now" for each in columns]
            text = f"the row {name} changes: {', '.join(cells)}"
            yield Reason(ChangeClass.BEHAVIOURAL, text, f"rows.{','.join(columns)}")
    for place in after:
        if place not in before:
            text = f"the row {_named(place, key)} is added; what needed it stopped with an exception before"
            yield Reason(ChangeClass.ADDITIVE, text, "rows")


def _named(place: tuple[Any, ...], key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_text(part)}" for name, part in zip(key, place, strict=True) if part is not None)


def _text(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return decimal_text(value) if hasattr(value, "as_tuple") else str(value)
