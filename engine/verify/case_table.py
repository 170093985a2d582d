"""Tables of cases: one case per row, made from the case around the table and the cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostics
from engine.source.node import Entry, Mapping, Node, Scalar
from engine.source.node import Sequence as List
from engine.source.span import Span
from engine.spec.decode import decode, layout
from engine.spec.documents.test import CaseTable, Expect, TestCase
from engine.spec.nearest import suggestion
from engine.spec.shape import Map
from engine.spec.values import Tree

Cells = list[tuple[str, Node]]


def expanded(case: TestCase) -> Iterator[TestCase]:
    """The case itself, or the cases of its table, each called ``case[row]``. Raises UserError for a table whose
    columns or cells say nothing."""
    table = case.table
    if table is None:
        yield case
        return
    _check_columns(table)
    for name, row in table.rows:
        yield _row(case, table, name, row.node)


def _check_columns(table: CaseTable) -> None:
    known = list(layout(Expect).keys)
    for column in table.columns:
        group, _, rest = column.partition(".")
        if group not in ("change", "expect") or not rest:
            raise UserError(f"the column `{column}` says nothing: write `change.PATH` or `expect.WHAT`")
        what = rest.partition(".")[0]
        if group == "expect" and what not in known:
            raise UserError(f"nothing called `{what}` can be expected: {suggestion(what, known)}")


def _row(case: TestCase, table: CaseTable, name: str, node: Node) -> TestCase:
    if not isinstance(node, List):
        raise UserError(f"the row `{name}` is not a list of cells")
    if len(node.items) != len(table.columns):
        raise UserError(f"the row `{name}` has {len(node.items)} cells for {len(table.columns)} columns")
    changes: list[tuple[str, Tree]] = []
    expects: Cells = []
    for column, cell in zip(table.columns, node.items, strict=True):
        group, _, path = column.partition(".")
        if isinstance(cell, Scalar) and cell.value is None:
            continue
        if group == "change":
            changes.append((path, Tree(cell)))
        else:
            expects.append((path, cell))
    return dataclasses.replace(
        case,
        id=f"{case.id}[{name}]",
        change=Map((*case.change, *changes)),
        table=None,
        expect=_expect(case.expect, expects, name, node.span),
        span=node.span,
    )


def _expect(base: Expect, cells: Cells, row: str, span: Span) -> Expect:
    """What the case expects, with the row's cells in place of what they name."""
    found = Diagnostics()
    own = decode(_nested([(path.split("."), cell) for path, cell in cells], span), Expect, found)
    if own is None:
        raise UserError(f"the row `{row}` cannot be read: {found.sorted[0].message}")
    changed = {
        field.name: _merged(getattr(base, field.name), getattr(own, field.name))
        for field in dataclasses.fields(Expect)
        if field.name != "span" and getattr(own, field.name) != field.default
    }
    return dataclasses.replace(base, **changed)


def _nested(cells: Sequence[tuple[list[str], Node]], span: Span) -> Mapping:
    """Cells by path as one object."""
    groups: dict[str, list[tuple[list[str], Node]]] = {}
    for (first, *rest), cell in cells:
        groups.setdefault(first, []).append((rest, cell))
    entries = []
    for name, inner in groups.items():
        whole = next((cell for rest, cell in inner if not rest), None)
        entries.append(Entry(name, span, whole if whole is not None else _nested(inner, span)))
    return Mapping(tuple(entries), span)


def _merged(base: Any, own: Any) -> Any:
    """Objects field by field; anything else is the row's own."""
    if isinstance(base, Tree) and isinstance(own, Tree):
        return Tree(_merged_nodes(base.node, own.node))
    if isinstance(base, Map) and isinstance(own, Map):
        entries = dict(base)
        for name, value in own:
            entries[name] = _merged(entries.get(name), value)
        return Map(tuple(entries.items()))
    if dataclasses.is_dataclass(base) and type(base) is type(own) and not isinstance(base, type):
        changed = {
            field.name: getattr(own, field.name)
            for field in dataclasses.fields(base)
            if field.name != "span" and getattr(own, field.name) != field.default
        }
        return dataclasses.replace(base, **changed)
    return own


def _merged_nodes(base: Node, own: Node) -> Node:
    if not isinstance(base, Mapping) or not isinstance(own, Mapping):
        return own
    entries = {entry.key: entry for entry in base.entries}
    for entry in own.entries:
        known = entries.get(entry.key)
        value = entry.value if known is None else _merged_nodes(known.value, entry.value)
        entries[entry.key] = Entry(entry.key, entry.key_span, value)
    return Mapping(tuple(entries.values()), base.span)
