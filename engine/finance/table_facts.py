"""Facts from a table: a row for each obligation, event or subscription, a column for each of its fields.

It knows declarations of facts and text cells, nothing of any calculation.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from engine.base.errors import UserError
from engine.base.money import Money
from engine.base.record import hints_of
from engine.spec.nearest import suggestion

#: The list of its facts that the rows of a table are, by kind of document.
LISTS = {
    "revenue": "obligations", "journal": "events", "metrics": "subscriptions", "settlement": "documents",
    "proration": "changes",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_BOTH = "currency"


def facts_from_table(kind: str, declared: type[Any], text: str, file: str) -> dict[str, Any]:
    """The facts of a calculation from a CSV file: the list that its rows are, and the currency where all have one.

    Columns are named as fields: ``price``, ``service.start``; of a list inside (``lines.amount``) each row holds one
    element, and rows that differ in nothing else are one entry with several. The currency of an amount stands in a
    column ``price currency`` or in ``currency``. Raises UserError with the line and the column.
    """
    name = LISTS.get(kind)
    if name is None:
        raise UserError(f"{file}: the facts of {kind} are no table; give them as a JSON object")
    element = typing.get_args(hints_of(declared)[name])[0]
    rows = _Rows(element, file, text)
    found: dict[str, Any] = {name: rows.entries()}
    if "currency" in hints_of(declared) and len(rows.currencies) == 1:
        found["currency"] = next(iter(rows.currencies))
    return found


class _Rows:
    """The rows of one file, read as entries of one declaration."""

    def __init__(self, element: type[Any], file: str, text: str) -> None:
        self.file = file
        self.currencies: set[str] = set()
        head = text.lstrip("\ufeff").splitlines()[:1]
        mark = ";" if head and head[0].count(";") > head[0].count(",") else ","
        self.reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=mark)
        self.columns = [column.strip() for column in next(self.reader, [])]
        self.own_currency = _BOTH in hints_of(element)
        self.hints = {
            column: self._hint(element, column)
            for column in self.columns
            if not column.endswith(f" {_BOTH}") and (column != _BOTH or self.own_currency)
        }
        if not self.hints:
            raise UserError(f"{file} has no columns; name the fields in its first line")

    def _hint(self, element: Any, column: str) -> tuple[Any, bool]:
        """The type of a column's cells, and whether it belongs to a list inside the entry."""
        hint, inside = element, False
        for part in column.split("."):
            hint = _bare(hint)
            if typing.get_origin(hint) is tuple:
                if inside:
                    raise UserError(
                        f"{self.file}: the column `{column}` lies in a list inside a list, which no table holds; give "
                        "the facts as a JSON object"
                    )
                hint, inside = _bare(typing.get_args(hint)[0]), True
            if typing.get_origin(hint) is not None and issubclass(typing.get_origin(hint), Mapping):
                hint = typing.get_args(hint)[1]
                continue
            known = _fields(hint)
            if part not in known and f"{part}_" not in known:
                told = suggestion(part, sorted(each.removesuffix("_") for each in known), what="fields are")
                raise UserError(f"{self.file}: the column `{column}` is not known: {told}")
            hint = known[part] if part in known else known[f"{part}_"]
        hint = _bare(hint)
        if dataclasses.is_dataclass(hint) or typing.get_origin(hint) is not None:
            raise UserError(
                f"{self.file}: the column `{column}` holds more than one figure; make a column of each of its fields, "
                f"such as `{column}.{_first(hint)}`"
            )
        return hint, inside

    def entries(self) -> list[dict[str, Any]]:
        """The entries; rows that differ only in lists inside them are one."""
        found: dict[Any, dict[str, Any]] = {}
        for number, cells in self._cells():
            entry: dict[str, Any] = {}
            lists: dict[str, dict[str, Any]] = {}
            for column, cell in cells.items():
                if column not in self.hints or not cell:
                    continue
                hint, inside = self.hints[column]
                value = self._value(hint, column, cell, cells, number)
                path = column.split(".")
                target = lists.setdefault(path[0], {}) if inside else entry
                _put(target, path[1:] if inside else path, value)
            if not entry and not lists:
                continue
            key = repr(entry) if lists else number
            kept = found.setdefault(key, entry)
            for name, element in lists.items():
                kept.setdefault(name, []).append(element)
        return list(found.values())

    def _cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        for row in self.reader:
            if len(row) > len(self.columns) and any(cell.strip() for cell in row[len(self.columns) :]):
                raise UserError(
                    f"{self.file}, line {self.reader.line_num}: {len(row)} cells for {len(self.columns)} columns; put "
                    "text that holds the separator into quotation marks"
                )
            cells = dict(zip(self.columns, (cell.strip() for cell in row), strict=False))
            yield self.reader.line_num, cells

    def _value(self, hint: Any, column: str, cell: str, cells: Mapping[str, str], number: int) -> Any:
        place = f"{self.file}, line {number}, column `{column}`"
        if hint is bool:
            if cell.lower() not in _TRUTH:
                raise UserError(f"{place}: `{cell}` is neither true nor false")
            return _TRUTH[cell.lower()]
        if hint in (Money, Decimal, int) and _NUMBER.fullmatch(cell) is None:
            raise UserError(
                f"{place}: `{cell}` is no number; write 12000.00, nothing between thousands and no currency"
            )
        if hint is not Money:
            return cell
        currency = cells.get(f"{column} {_BOTH}") or cells.get(_BOTH)
        if not currency:
            raise UserError(
                f"{place}: nothing says which currency; add a column `{column} {_BOTH}`, or `{_BOTH}` for all amounts"
            )
        self.currencies.add(currency)
        return {"amount": cell, "currency": currency}


def _bare(hint: Any) -> Any:
    """A type without the None that says it may be left out."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [each for each in typing.get_args(hint) if each is not types.NoneType]
        return rest[0]
    return hint


def _fields(hint: Any) -> dict[str, Any]:
    """The types of the fields of facts; none of anything else."""
    return hints_of(hint) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else {}


def _first(hint: Any) -> str:
    hint = _bare(typing.get_args(hint)[0]) if typing.get_origin(hint) is tuple else hint
    return next(iter(_fields(hint)), "name").removesuffix("_")


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        target = target.setdefault(part, {})
    target[path[-1]] = value
