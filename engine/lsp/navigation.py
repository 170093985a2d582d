"""Go to definition, find references, highlight, rename."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from engine.lsp.occurrences import id_spans, name_span, occurrences
from engine.lsp.symbols import (
    FieldOf,
    FileName,
    Local,
    Named,
    Symbol,
    beginnings,
    definition_named,
    definitions,
    symbol_at,
)
from engine.lsp.workbench import View
from engine.source.diagnostic import Level
from engine.source.span import Span

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Kinds whose ids people choose; an operation is named by its connector.
_RENAMED = frozenset({"operation"})


class NotRenamed(Exception):  # says to a person why; becomes the answer's error message
    """A name that cannot be changed here, and why."""


def location(view: View, span: Span) -> types.Location:
    """A place for the client, in any file of the workspace."""
    return types.Location(view.bench.uri(span.file), view.units.range(view.bench.lines(span.file), span))


def define(view: View, position: types.Position) -> list[types.Location]:
    """Where what stands at a place is defined."""
    point = view.units.point(view.lines, position)
    symbol = symbol_at(view, point)
    found = beginnings(view, point) if symbol is None else definitions(view, symbol)
    return [location(view, span) for span in found]


def refer(view: View, position: types.Position, *, declaration: bool) -> list[types.Location]:
    """Everywhere that what stands at a place is named."""
    symbol = symbol_at(view, view.units.point(view.lines, position))
    if symbol is None:
        return []
    defined = set() if declaration else set(definitions(view, symbol))
    return [location(view, span) for span in occurrences(view, symbol) if span not in defined]


def highlight(view: View, position: types.Position) -> list[types.DocumentHighlight]:
    """The same within the document."""
    symbol = symbol_at(view, view.units.point(view.lines, position))
    if symbol is None:
        return []
    here = [span for span in occurrences(view, symbol) if span.file == view.document.file]
    return [types.DocumentHighlight(view.units.range(view.lines, span)) for span in here]


# ----------------------------------------------------------------------------- rename


def prepare_rename(view: View, position: types.Position) -> types.PrepareRenamePlaceholder | None:
    """What would be renamed; None if nothing can be."""
    symbol = symbol_at(view, view.units.point(view.lines, position))
    if symbol is None or not _can_be_renamed(view, symbol):
        return None
    span, name = _written(symbol)
    return types.PrepareRenamePlaceholder(range=view.units.range(view.lines, span), placeholder=name)


def _written(symbol: Symbol) -> tuple[Span, str]:
    """The name under the cursor, without its version."""
    if isinstance(symbol, Named):
        name = symbol.name.partition("@")[0]
        return symbol.span.within(0, len(name)), name
    if isinstance(symbol, FileName):
        return symbol.span, symbol.file
    return name_span(symbol.span, symbol.name), symbol.name


def _can_be_renamed(view: View, symbol: Symbol) -> bool:
    match symbol:
        case Named():
            if symbol.kind == "schema" and symbol.name in of_connectors(view):
                return False
            return symbol.kind not in _RENAMED and definition_named(view, symbol.kind, symbol.name) is not None
        case FieldOf():
            return bool(list(definitions(view, symbol))) and symbol.owner.schema not in of_connectors(view)
        case Local():
            return symbol.group not in {"columns", "roles"} and len(list(definitions(view, symbol))) == 1
        case FileName():
            return False


def of_connectors(view: View) -> frozenset[str]:
    """The schemas that connectors rely on, which lie outside of the workspace and would not be changed with it."""
    library = view.knowledge.library
    waiting: list[tuple[str, int]] = []
    for connected in library.connections.values():
        for operation in connected.manifest.operations.values():
            waiting += [(each.id, each.major) for each in (operation.input, operation.output) if each is not None]
    found: set[tuple[str, int]] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += library.schema_references.get(key, ())
    return frozenset(f"{id_}@{major}" for id_, major in found)


def rename(view: View, position: types.Position, new: str) -> types.WorkspaceEdit:
    """The edits that give a thing another name everywhere. Raises NotRenamed."""
    symbol = symbol_at(view, view.units.point(view.lines, position))
    if symbol is None or not _can_be_renamed(view, symbol):
        raise NotRenamed("this has no name that can be changed here")
    wanted = _FIELD if isinstance(symbol, FieldOf) else _NAME
    if wanted.fullmatch(new) is None and not (isinstance(symbol, Named) and symbol.kind == "schema"):
        raise NotRenamed(f"{new} is not a name: lower-case letters, digits and _, a letter first")
    spans = _spans(view, symbol, new)
    return types.WorkspaceEdit(changes=_changes(view, spans, new))


def refusal(view: View, edit: types.WorkspaceEdit) -> str | None:
    """Why an edit must not be made: the first new error that the workspace would have. Slow: it checks all."""
    texts: dict[str, str] = {}
    for uri, edits in (edit.changes or {}).items():
        file = view.bench.relative(uri)
        if file is not None:
            texts[file] = edited(view, file, edits)
    before = view.bench.report
    known = {(each.code, each.span.file) for each in (before.diagnostics if before is not None else ())}
    for each in view.bench.trial(texts).diagnostics:
        if each.level is Level.ERROR and (each.code, each.span.file) not in known:
            return f"it cannot be renamed everywhere: {each.span} {each.message}"
    return None


def edited(view: View, file: str, edits: Iterable[types.TextEdit]) -> str:
    """The text of a file after edits that do not touch each other."""
    lines = list(view.bench.lines(file))
    ordered = sorted(edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True)
    for each in ordered:
        start, end = view.units.point(lines, each.range.start), view.units.point(lines, each.range.end)
        text = lines[start.line][: start.column] + each.new_text + lines[end.line][end.column :]
        lines[start.line : end.line + 1] = text.split("\n")
    return "\n".join(lines)


def _spans(view: View, symbol: Symbol, new: str) -> Iterable[Span]:
    if isinstance(symbol, Named):
        definition = definition_named(view, symbol.kind, symbol.name)
        assert definition is not None
        for kind, name in view.knowledge.names.definitions:
            if kind == definition.kind and name.partition("@")[0] == new:
                raise NotRenamed(f"there is a {kind} {new} already")
        return id_spans(view, definition)
    if isinstance(symbol, FieldOf) and symbol.owner.property(new) is not None:
        raise NotRenamed(f"there is a field {new} already")
    if isinstance(symbol, Local):
        if len(list(definitions(view, symbol))) > 1:
            raise NotRenamed(f"{symbol.name} stands for several things in this document")
        if list(definitions(view, Local(symbol.file, symbol.group, new, symbol.span))):
            raise NotRenamed(f"there is something called {new} already")
    return occurrences(view, symbol)


def _changes(view: View, spans: Iterable[Span], new: str) -> dict[str, list[types.TextEdit]]:
    changes: dict[str, list[types.TextEdit]] = {}
    for span in sorted(set(spans), key=lambda each: (each.file, each.line, each.column)):
        edit = types.TextEdit(view.units.range(view.bench.lines(span.file), span), new)
        changes.setdefault(view.bench.uri(span.file), []).append(edit)
    return changes
