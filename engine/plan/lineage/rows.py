"""Rows of reference tables as values: each column an origin, chosen by what the key is made of."""

from __future__ import annotations

from collections.abc import Iterator

from engine.plan.lineage.origins import OriginKind, Origins, distinct
from engine.plan.lineage.trees import Names, expression_value
from engine.plan.lineage.values import Opened, Source, Value
from engine.spec.documents.common import TableLookup
from engine.spec.shape import Map
from engine.spec.values import Expression, Name


def row_value(table: Name, key: Map[Expression], names: Names) -> Value:
    """A row that is looked up."""
    values = [expression_value(expression, names) for _, expression in key]

    def parts(_path: tuple[str, ...]) -> tuple[Origins, Origins]:
        return (), distinct(origin for value in values for origin in (*value.origins(), *value.decides()))

    written = ", ".join(f"{column}: ={expression.text}" for column, expression in key)
    source = Source(OriginKind.TABLE, table.span, f"row by {written}", parts)
    return Opened(source, f"table:{table.text}.")


def looked_up(lookups: Map[TableLookup], names: Names) -> Iterator[tuple[str, Value]]:
    """The rows of all look-ups, by their names."""
    for name, lookup in lookups:
        yield name, row_value(lookup.table, lookup.key, names)


def whole_row(table: Name) -> Value:
    """A row that is handed in."""
    return Opened(Source(OriginKind.TABLE, table.span), f"table:{table.text}.")
