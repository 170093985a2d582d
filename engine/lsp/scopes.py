"""Which names an expression may use at a place of a document, with their types, while the document is being edited.

The expression under the cursor is replaced by one that is always valid, the document compiled alone against what is
known of the workspace, and the checker asked what it saw there. Where the rest of the document is broken, its last
good state answers for the nearest place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.expr.checked import Checked
from engine.lsp.cursor import Cursor, Path
from engine.lsp.declared import node_at, places, shape_of
from engine.lsp.knowledge import Knowledge, Seen
from engine.lsp.positions import Point
from engine.lsp.tolerant import read_tolerant
from engine.lsp.trees import Document
from engine.plan.calculations import compile_calculation
from engine.plan.flows import compile_flow
from engine.plan.mapping_plan import compile_mapping
from engine.plan.policies import compile_policy
from engine.plan.sources import compile_source
from engine.schema.types import Type
from engine.source.diagnostic import Diagnostics
from engine.source.node import Entry, Node
from engine.source.node import Mapping as MappingNode
from engine.source.node import Sequence as SequenceNode
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode
from engine.spec.kinds import CALCULATING

#: Stands for the expression that is being written, alone and in a text.
STUB, STUB_IN_TEXT = "=@", "{{ x }}"


def checked_in(document: Document, knowledge: Knowledge) -> tuple[Checked, ...]:
    """The computed values of a document as it is now, if it can be compiled, else as it last was."""
    if document.strict is not None and document.kind is not None:
        seen = compile_alone(document.strict, document.kind, knowledge)
        if seen:
            return seen
    known = knowledge.good.get(document.file)
    return () if known is None or known.document.text != document.text else known.checked


def compile_alone(node: Node, kind: str, knowledge: Knowledge) -> tuple[Checked, ...]:
    """What the checker sees in one document, the rest of the workspace being as it is known; nothing if its form is
    wrong."""
    definition = decode(node, shape_of(kind), Diagnostics())
    if definition is None:
        return ()
    found = Diagnostics()
    library = replace(knowledge.library, diagnostics=found)
    match kind:
        case "flow":
            compile_flow(definition, "", library)
        case "mapping":
            compile_mapping(
                definition, schemas=library.schemas, tables=library.tables.get, digest="", diagnostics=found
            )
        case "policy":
            compile_policy(definition, "", library)
        case "source":
            compile_source(definition, "", library, {})
        case _ if kind in CALCULATING:
            compile_calculation(kind, definition, "", found)
    return tuple(each for each in found.observed if isinstance(each, Checked))


class Scopes:
    """Answers for one document after another; what was compiled for one place is kept while only it changes."""

    def __init__(self) -> None:
        self._last: tuple[object, str, Mapping[str, Type] | None] | None = None

    def at(self, document: Document, cursor: Cursor, knowledge: Knowledge, *, in_text: bool) -> Mapping[str, Type]:
        """The names and types at a cursor that stands in a computed value, or in a blank of a text."""
        text, place = _with_stub(document.lines, cursor, STUB_IN_TEXT if in_text else STUB)
        if self._last is not None and self._last[0] is knowledge and self._last[1] == text:
            known = self._last[2]
        else:
            known = self._compiled(document, text, place, knowledge, cursor.path)
            self._last = (knowledge, text, known)
        if known is not None:
            return known
        return _of_last_good(knowledge.good.get(document.file), cursor.path)

    @staticmethod
    def _compiled(
        document: Document, text: str, place: Point, knowledge: Knowledge, path: Path
    ) -> Mapping[str, Type] | None:
        node = read_yaml(text, document.file, Diagnostics())
        if node is None or document.kind is None:
            return None
        for each in compile_alone(_only(node, path, document.kind), document.kind, knowledge):
            if each.span.line == place.line + 1 and 0 <= each.span.column - place.column - 1 <= 4:
                return each.scope
        return None


#: Lists whose entries say nothing about each other: to know the names in one, the others need not be looked at.
_APART = {"journal": "templates", "policy": "rules"}


def _only(node: Node, path: Path, kind: str) -> Node:
    """A document with no other entry than that of a path in a list of entries that stand apart."""
    if (
        len(path) < 2
        or path[0] != _APART.get(kind)
        or not isinstance(node, MappingNode)
        or not isinstance(path[0], str)
    ):
        return node
    listed, at = node.get(path[0]), path[1]
    if not isinstance(listed, SequenceNode) or not isinstance(at, int) or at >= len(listed.items):
        return node
    alone = SequenceNode((listed.items[at],), listed.span)
    entries = (Entry(each.key, each.key_span, alone) if each.value is listed else each for each in node.entries)
    return MappingNode(tuple(entries), node.span)


def _with_stub(lines: Sequence[str], cursor: Cursor, stub: str) -> tuple[str, Point]:
    """The document with the value at the cursor replaced, and where the replacement stands."""
    node = node_at(read_tolerant(lines, ""), cursor.path)
    line, column = cursor.start.line, cursor.start.column
    text = lines[line] if line < len(lines) else ""
    owner = len(text) - len(text.lstrip(" -"))
    end_line, end = line, len(text)
    if node is not None and node.span.line == line + 1 and node.span.column == column + 1:
        end = max(node.span.end_column - 1, column)
    elif node is not None and node.span.line <= line:
        # The value began above: replace it all.
        line, column = node.span.line - 1, node.span.column - 1
        text, owner = lines[line], len(lines[line]) - len(lines[line].lstrip(" -"))
        end, end_line = len(text), line
    if end >= len(text.rstrip()):
        while end_line + 1 < len(lines) and _deeper(lines[end_line + 1], owner):
            end_line += 1
    kept = text[end:] if end_line == line else ""
    made = [*lines[:line], text[:column] + _spaced(text[:column]) + stub + kept, *lines[end_line + 1 :]]
    return "\n".join(made), Point(line, column + len(_spaced(text[:column])))


def _deeper(text: str, column: int) -> bool:
    return bool(text.strip()) and len(text) - len(text.lstrip(" ")) > column


def _spaced(before: str) -> str:
    return " " if before.endswith(":") else ""


def _of_last_good(seen: Seen | None, path: Path) -> Mapping[str, Type]:
    """The scope of the computed value whose path shares most with this one; of equals the last before it."""
    if seen is None or seen.document.kind is None:
        return {}
    by_place = {(each.span.line, each.span.column): each for each in seen.checked}
    best: Checked | None = None
    best_shared = -1
    for place in places(seen.document.tree, seen.document.kind):
        inside = [each for at, each in by_place.items() if _holds(place.node.span, at)]
        shared = _shared(place.path, path)
        if inside and shared >= best_shared and not _behind(place.path, path):
            best, best_shared = inside[-1], shared
    return {} if best is None else best.scope


def _holds(span: Span, at: tuple[int, int]) -> bool:
    return (span.line, span.column) <= at <= (span.end_line, span.end_column)


def _shared(left: Path, right: Path) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _behind(left: Path, right: Path) -> bool:
    """Whether a path comes later in a list than another, so that it may see names that the other does not."""
    for one, other in zip(left, right, strict=False):
        if one != other:
            return isinstance(one, int) and isinstance(other, int) and one > other
    return False
