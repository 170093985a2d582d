"""The computed values of a workspace as the checker saw them, for rules: every node with its type, and its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from engine.base.record import frozen
from engine.expr.checked import Checked
from engine.expr.lattice import kinds, may_be_null
from engine.expr.nodes import Ast
from engine.lint.subject import Subject
from engine.schema.types import ANY, NEVER, Type, members
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span

#: Longer texts are cut in messages.
_SHOWN_MAX = 32


@frozen
class Inspected:
    """A computed value that rules look at, and the text of its file."""

    value: Checked
    text: str

    def of(self, node: Ast) -> Type:
        """The type of a part of it."""
        return self.value.of(node)

    def written(self, node: Ast, otherwise: str = "this") -> str:
        """A node in the words of the file; ``otherwise`` where they are too long or over several lines."""
        text = text_at(self.text, node.span)
        return otherwise if text is None or len(text) > _SHOWN_MAX else f"`{text}`"

    def shortened(self, whole: Ast, kept: Ast, title: str) -> Fix | None:
        """The fix that leaves only one part of a node, where the file writes both on one line."""
        outer, inner = whole.span, kept.span
        text, part = text_at(self.text, outer), text_at(self.text, inner)
        if text is None or part is None or part not in text or outer == inner:
            return None
        before = Span(outer.file, outer.line, outer.column, outer.line, inner.column)
        behind = Span(outer.file, outer.line, inner.end_column, outer.line, outer.end_column)
        cut = [(span, text_at(self.text, span) or "") for span in (before, behind)]
        # A bracket that stands alone in what is cut belongs to what is kept.
        if any(words.count("(") != words.count(")") for _, words in cut) and not cut[0][1].endswith("("):
            return None
        return Fix(title, tuple(Edit(span, "") for span, words in cut if words))


#: A rule about one kind of node: the value that the node belongs to, and the node.
NodeRule: TypeAlias = Callable[[Inspected, Any], Iterator[Diagnostic]]


def check_nodes(subject: Subject, rules: Mapping[type, Sequence[NodeRule]]) -> Iterator[Diagnostic]:
    """Ask the rules for each kind of node about every node, in one pass."""
    for file, every in subject.checked.items():
        if file in subject.workspace.files:
            yield from subject.known.told(_of_file, every, subject.workspace.files[file], rules)


def _of_file(every: Sequence[Checked], text: str, rules: Mapping[type, Sequence[NodeRule]]) -> Iterator[Diagnostic]:
    for checked in every:
        at = Inspected(checked, text)
        for node in checked.nodes:
            for rule in rules.get(node.__class__, ()):
                yield from rule(at, node)


def text_at(text: str, span: Span) -> str | None:
    """What a file says at a place on one line; None for a place over several."""
    if span.line != span.end_line:
        return None
    lines = text.split("\n")
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


def never_null(type_: Type) -> bool:
    """Whether it is known what the value is, and null is not among it."""
    return type_ not in (ANY, NEVER) and bool(kinds(type_)) and not may_be_null(type_)


def surely(type_: Type, *wanted: str) -> bool:
    """Whether the value, null apart, is surely of these kinds."""
    found = kinds(type_) - {"null"}
    return bool(members(type_)) and bool(found) and found <= set(wanted)
