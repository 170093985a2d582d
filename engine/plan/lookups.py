"""The key of a look-up in a reference table, as a step of a flow gives it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.plan.expressions import computed
from engine.plan.library import Library
from engine.plan.model import Computed
from engine.plan.tables import TableSpec
from engine.schema.types import ANY, Type
from engine.source.about import About
from engine.source.span import Span
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.shape import Map
from engine.spec.values import Expression


def compile_key(
    table: str, spec: TableSpec, given: Map[Expression], span: Span, scope: Mapping[str, Type], library: Library
) -> tuple[Computed, ...]:
    """The values for a table's key columns, in their order; reports missing, unknown and wrongly typed ones."""
    missing = [column for column in spec.key_types if given.get(column) is None]
    if missing:
        named = ", ".join(f"`{column}`" for column in missing)
        message = f"the key of table `{table}` also needs {named}"
        about = About(missing=tuple(missing), kind="key column", owner=table)
        library.diagnostics.error("MAP105", message, span, "give a value for every key column", about=about)
    values: dict[str, Computed] = {}
    for column, expression in given:
        wanted = spec.key_types.get(column)
        if wanted is None:
            message = f"`{column}` is not a key column of table `{table}`"
            about = about_unknown(column, spec.key_types, kind="key column", owner=table)
            advice = suggestion(column, spec.key_types)
            library.diagnostics.error("MAP105", message, expression.span, advice, about=about)
        values[column] = computed(expression, scope, library.diagnostics, ANY if wanted is None else wanted).value
    return tuple(values[column] for column in spec.key_types if column in values)
