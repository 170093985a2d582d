"""Rows of reference tables, looked up by name before the rest of a policy is evaluated, or by a step of a flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.plan.expressions import computed
from engine.plan.library import Library, Parts
from engine.plan.model import Computed, Scope, Stopped, TablePlan
from engine.plan.tables import TableSpec
from engine.schema.types import ANY, Type
from engine.source.span import Span
from engine.spec.documents.common import TableLookup
from engine.spec.nearest import suggestion
from engine.spec.shape import Map
from engine.spec.values import Expression


@dataclass(frozen=True, slots=True)
class RowLookup:
    """One declared look-up. ``find`` raises Stopped with the table's complaint if there is no row."""

    name: str
    table: TablePlan
    key: tuple[Computed, ...]
    row_type: Type

    def find(self, names: Scope, on: date) -> dict[str, Any]:
        """The row for the key's values on a business date."""
        values = tuple([part(names) for part in self.key])
        row = self.table.find(values, on)
        if row is None:
            raise Stopped(self.table.missing(values))
        return row


def compile_lookups(
    declared: Map[TableLookup], scope: Mapping[str, Type], library: Library, parts: Parts
) -> tuple[RowLookup, ...]:
    """Compile look-ups in order."""
    compiled = []
    for name, lookup in declared:
        spec = library.table(lookup.table, parts)
        if spec is not None:
            key = compile_key(lookup.table.text, spec, lookup.key, lookup.span, scope, library)
            compiled.append(RowLookup(name, spec.plan[-1], key, spec.row_type))
        else:
            for _, expression in lookup.key:
                computed(expression, scope, library.diagnostics)
    return tuple(compiled)


def compile_key(
    table: str, spec: TableSpec, given: Map[Expression], span: Span, scope: Mapping[str, Type], library: Library
) -> tuple[Computed, ...]:
    """The values for a table's key columns, in their order; reports missing, unknown and wrongly typed ones."""
    missing = [column for column in spec.key_types if given.get(column) is None]
    if missing:
        named = ", ".join(f"`{column}`" for column in missing)
        message = f"the key of table `{table}` also needs {named}"
        library.diagnostics.error("MAP105", message, span, "give a value for every key column")
    values: dict[str, Computed] = {}
    for column, expression in given:
        wanted = spec.key_types.get(column)
        if wanted is None:
            message = f"`{column}` is not a key column of table `{table}`"
            library.diagnostics.error("MAP105", message, expression.span, suggestion(column, spec.key_types))
        values[column] = computed(expression, scope, library.diagnostics, ANY if wanted is None else wanted).value
    return tuple(values[column] for column in spec.key_types if column in values)
