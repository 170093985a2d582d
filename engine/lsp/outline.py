"""Symbols: the outline of a document, and the definitions of a workspace by name."""

from __future__ import annotations

from lsprotocol import types

from engine.lsp.navigation import location
from engine.lsp.positions import Units
from engine.lsp.workbench import View, Workbench
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span

_KINDS = {
    "flow": types.SymbolKind.Event,
    "mapping": types.SymbolKind.Function,
    "policy": types.SymbolKind.Interface,
    "table": types.SymbolKind.Array,
    "source": types.SymbolKind.Module,
    "connection": types.SymbolKind.Namespace,
    "test": types.SymbolKind.Method,
    "schema": types.SymbolKind.Struct,
}
_DEEP = 8
_WORKSPACE_MAX = 200


def outline(view: View) -> list[types.DocumentSymbol]:
    """The objects and named entries of a document, as deep as they go."""
    return _symbols(view.document.tree, view.units, view.lines, 0)


def _symbols(node: Node, units: Units, lines: list[str], depth: int) -> list[types.DocumentSymbol]:
    if depth > _DEEP:
        return []
    found: list[types.DocumentSymbol] = []
    if isinstance(node, Mapping):
        for entry in node.entries:
            below = _symbols(entry.value, units, lines, depth + 1)
            kind = types.SymbolKind.Object if below else types.SymbolKind.Property
            whole = _covering(entry.key_span, entry.value.span)
            found.append(
                types.DocumentSymbol(
                    name=entry.key or "?",
                    kind=kind,
                    range=units.range(lines, whole),
                    selection_range=units.range(lines, entry.key_span),
                    detail=_detail(entry.value),
                    children=below,
                )
            )
    elif isinstance(node, Sequence):
        for at, item in enumerate(node.items):
            if isinstance(item, Scalar):
                continue
            place = units.range(lines, item.span)
            below = _symbols(item, units, lines, depth + 1)
            name = _name(item) or f"[{at}]"
            found.append(types.DocumentSymbol(name, types.SymbolKind.Struct, place, place, children=below))
    return found


def _covering(first: Span, last: Span) -> Span:
    if (last.end_line, last.end_column) < (first.end_line, first.end_column):
        return first
    return Span(first.file, first.line, first.column, last.end_line, last.end_column)


def _detail(node: Node) -> str | None:
    return str(node.value)[:80] if isinstance(node, Scalar) and node.value is not None else None


def _name(node: Node) -> str | None:
    for key in ("id", "name", "what"):
        found = node.get(key) if isinstance(node, Mapping) else None
        if isinstance(found, Scalar) and isinstance(found.value, str) and found.value:
            return found.value
    return None


def workspace_symbols(bench: Workbench, query: str) -> list[types.WorkspaceSymbol]:
    """The definitions whose names hold the letters of a query in order."""
    found: list[types.WorkspaceSymbol] = []
    view = bench.view(bench.uri("tieout.yaml"))
    if view is None:
        return []
    for definitions in view.knowledge.names.definitions.values():
        for each in definitions:
            if _matches(query.lower(), each.name) and len(found) < _WORKSPACE_MAX:
                kind = _KINDS.get(each.kind, types.SymbolKind.Class)
                place = location(view, each.span)
                found.append(types.WorkspaceSymbol(place, each.name, kind, container_name=each.kind))
    return found


def _matches(query: str, name: str) -> bool:
    letters = iter(name.lower())
    return all(letter in letters for letter in query)
