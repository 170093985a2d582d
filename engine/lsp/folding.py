"""Folding: every object, list and long text of a document, from its key's line to its last."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from engine.lsp.workbench import View
from engine.source.node import Mapping, Node, Sequence


def folds(view: View) -> list[types.FoldingRange]:
    """The stretches that an editor can fold away, each once, in order."""
    found = sorted({*_comments(view.lines), *_below(view.document.tree, view.lines)})
    return [types.FoldingRange(start_line=start, end_line=end) for start, end in found]


def _below(node: Node, lines: list[str]) -> Iterator[tuple[int, int]]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from _stretch(entry.key_span.line - 1, entry.value.span.end_line - 1, lines)
            yield from _below(entry.value, lines)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _stretch(item.span.line - 1, item.span.end_line - 1, lines)
            yield from _below(item, lines)


def _stretch(start: int, end: int, lines: list[str]) -> Iterator[tuple[int, int]]:
    """A stretch without the blank lines at its end; none if it is one line."""
    end = min(end, len(lines) - 1)
    while end > start and (not lines[end].strip() or _indent(lines[end]) < _indent(lines[start])):
        end -= 1
    if end > start:
        yield start, end


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _comments(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Comments of several lines."""
    start = None
    for number, text in enumerate([*lines, ""]):
        comment = text.lstrip().startswith("#")
        if comment and start is None:
            start = number
        elif not comment and start is not None:
            if number - 1 > start:
                yield start, number - 1
            start = None
