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
#: Fields that identify a row: the first that every row has, and no two rows share.
_IDENTIFYING = ("id", "key", "charge", "obligation", "entry", "line", "name", "period", "date")


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Rows of typed values (Money, Decimal, date, text, ...) under column names; a cell that is missing is None.

    ``inside`` is said of a table that lists what a row of another one is made of.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    inside: bool = False


def tables_of(result: Mapping[str, Any], leads: Mapping[str, tuple[str, ...]] | None = None) -> list[ResultTable]:
    """The tables of a result: the summary first, then its lists in order.

    Rows of a table inside another one begin with what identifies the row that they belong to, or with the fields of
    it that ``leads`` names for that table.
    """
    alone, lists = _split("", result)
    summary = [ResultTable(SUMMARY, ("name", "value"), tuple(alone.items()))] if alone else []
    tables = [table for name, rows in lists.items() for table in _tables(name, [((), row) for row in rows], (), leads)]
    return [*summary, *tables]


def _split(name: str, value: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Mapping[str, Any]]]]:
    """What stands alone in an object, under dotted names, and its lists of objects."""
    alone: dict[str, Any] = {}
    lists: dict[str, list[Mapping[str, Any]]] = {}
    for key, each in value.items():
        inner = f"{name}.{key}" if name else key
        if isinstance(each, Mapping):
            below, tables = _split(inner, each)
            alone |= below
            lists |= tables
        elif isinstance(each, list) and each and all(isinstance(one, Mapping) for one in each):
            lists[inner] = each
        elif isinstance(each, list):
            alone[inner] = ", ".join(cell_text(one) for one in each) or None
        else:
            alone[inner] = each
    return alone, lists


def _tables(
    name: str,
    rows: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]],
    parents: tuple[str, ...],
    leads: Mapping[str, tuple[str, ...]] | None,
) -> Iterator[ResultTable]:
    own = name.rpartition(".")[2]
    split = [_split("", row) for _, row in rows]
    identities = _identities([alone for alone, _ in split])
    numbered = identities is None and any(lists for _, lists in split)
    flat: list[dict[str, Any]] = []
    inner: dict[str, list[tuple[tuple[Any, ...], Mapping[str, Any]]]] = {}
    chosen = {} if leads is None else leads
    for number, ((before, _), (alone, lists)) in enumerate(zip(rows, split, strict=True), 1):
        cells = {**dict(zip(parents, before, strict=True)), **({"number": number} if numbered else {}), **alone}
        identity = number if identities is None else identities[number - 1]
        for key, below in lists.items():
            names = chosen.get(f"{name}.{key}")
            led = (*before, identity) if names is None else tuple(cells.get(each) for each in names)
            inner.setdefault(key, []).extend((led, each) for each in below)
        flat.append(cells)
    columns = tuple(dict.fromkeys(column for cells in flat for column in cells))
    found = tuple(tuple(cells.get(column) for column in columns) for cells in flat)
    yield ResultTable(name, columns, found, inside=bool(parents))
    for key, within in inner.items():
        yield from _tables(f"{name}.{key}", within, chosen.get(f"{name}.{key}") or (*parents, own), leads)


def _identities(rows: Sequence[Mapping[str, Any]]) -> list[Any] | None:
    """What tells the rows apart; None if no field does."""
    for key in _IDENTIFYING:
        found = [row.get(key) for row in rows]
        if None not in found and len(set(found)) == len(found):
            return found
    return None


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
