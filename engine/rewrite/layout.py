"""The canonical layout of a YAML document: the tree written anew, with its comments, in the order it has.

Two spaces per level, lists further in than their key, one blank line at most, quotes only where they are needed,
no spaces within braces, computed values never in braces or brackets. Text over several lines keeps its lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from engine.base.errors import Defect
from engine.rewrite.comments import Comment, read_comments
from engine.rewrite.spelling import spell_text
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.source.span import Span

WIDTH = 120
#: How far in a block text is said to begin, and that its last empty lines are text.
_INDICATOR = re.compile(r"^([|>][+-]?)[1-9]")
_KEEPS = re.compile(r"[|>][1-9]?\+")


def lay_out(text: str, root: Node) -> str:
    """``text`` in canonical layout; ``root`` is what the reader made of it."""
    return _Layout(text, root).document()


class _Layout:
    def __init__(self, text: str, root: Node) -> None:
        self._lines = text.split("\n")
        self._root = root
        self._comments = read_comments(self._lines, root)
        self._comment_at = 0
        self._trailing = {each.line: each for each in self._comments if not each.alone}
        self._starts = sorted(set(_starts(root, self)))
        self._done = 0  # the last line of the source that has been written
        self._out: list[str] = []

    def document(self) -> str:
        if self.is_flow(self._root) or isinstance(self._root, Scalar):
            self._flush(self._root.span.line, 0)
            self._value("", self._root, 0)
        else:
            self._block(self._root, 0)
        self._flush(len(self._lines) + 1, 0)
        return "\n".join(self._out) + "\n"

    # ------------------------------------------------------------------ collections

    def is_flow(self, node: Node) -> bool:
        """Whether a collection is to be written in braces or brackets, or is a scalar."""
        if isinstance(node, Scalar):
            return True
        if (isinstance(node, Mapping) and not node.entries) or (isinstance(node, Sequence) and not node.items):
            return True
        return self._source_is_flow(node) and (not _computes(node) or self._has_comment(node.span))

    def _source_is_flow(self, node: Node) -> bool:
        return self._lines[node.span.line - 1][node.span.column - 1] in "{["

    def _has_comment(self, span: Span) -> bool:
        return any(span.line <= each.line < span.end_line for each in self._comments)

    def _block(self, node: Node, indent: int) -> None:
        column = node.span.column
        if isinstance(node, Mapping):
            for entry in node.entries:
                self._before(entry.key_span.line, indent)
                self._entry(entry, indent)
        elif isinstance(node, Sequence):
            for each in node:
                self._before(each.span.line, indent)
                self._item(each, indent)
        limit = self._next_start(node.span)
        self._flush(limit, indent, deeper_than=column)

    def _entry(self, entry: Entry, indent: int) -> None:
        key = self._key(entry, flow=False)
        self._done = max(self._done, entry.key_span.line)
        self._value(" " * indent + key + ":", entry.value, indent, key_line=entry.key_span.line)

    def _value(self, head: str, value: Node, indent: int, key_line: int | None = None) -> None:
        """A value after its key: on the same line, or as a block below it."""
        if self.is_flow(value):
            if key_line is not None and value.span.line > key_line:
                self._flush(value.span.line, indent)
            for line in self._inline(head + " " if head else "", value, indent):
                self._out.append(line)
            self._end_line(value.span.end_line)
            return
        self._out.append(head)
        if key_line is not None and not self._source_is_flow(value):
            self._comment_of(key_line)
        self._block(value, indent + 2)
        if self._source_is_flow(value):
            self._end_line(value.span.end_line)

    def _item(self, item: Node, indent: int) -> None:
        dash = " " * indent + "-"
        if self.is_flow(item):
            self._out += self._inline(dash + " ", item, indent)
            self._end_line(item.span.end_line)
            return
        at = len(self._out)
        self._block(item, indent + 2)
        self._out[at] = dash + " " + self._out[at].lstrip(" ")
        if self._source_is_flow(item):
            self._end_line(item.span.end_line)

    # ------------------------------------------------------------------ scalars and flow collections

    def _inline(self, head: str, node: Node, indent: int) -> list[str]:
        if isinstance(node, Scalar):
            return self._scalar(head, node, indent)
        one = self._flow_text(node)
        several = node.span.end_line > node.span.line
        if one is not None and not (several and (self._has_comment(node.span) or len(head) + len(one) > WIDTH)):
            return [head + one]
        lines = self._source(node.span).split("\n")
        left = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
        inner = " " * (indent + 2)
        rest = [inner + line[left:].rstrip() if line.strip() else "" for line in lines[1:]]
        self._skip_comments(node.span)
        return [head + lines[0].rstrip(), *rest]

    def _scalar(self, head: str, node: Scalar, indent: int) -> list[str]:
        span = node.span
        source = self._source(span)
        if span.end_line == span.line and not node.block:
            if not node.quoted or not isinstance(node.value, str):
                return [head + source]
            return [head + (spell_text(node.value, flow=False) or source)]
        if node.block:
            return self._block_text(head, node, " " * (indent + 2))
        lines = source.split("\n")
        inner = " " * (indent + 2)
        return [head + lines[0].rstrip(), *(inner + line.strip() if line.strip() else "" for line in lines[1:])]

    def _block_text(self, head: str, node: Scalar, inner: str) -> list[str]:
        """Text after ``|`` or ``>``, with the spaces at the ends of its lines, which are text; with the empty lines
        below it where they are text, too."""
        span, left = node.span, node.block - 1
        first = self._lines[span.line - 1][span.column - 1 :].rstrip()
        below: list[str] = []
        for line in self._lines[span.end_line : len(self._lines) - 1]:
            if line.strip():
                break
            below.append(line)
        while below and _KEEPS.match(first) is None and len(below[-1]) <= left:
            below.pop()
        self._done = max(self._done, span.end_line + len(below))
        lines = [line[left:] for line in (*self._lines[span.line : span.end_line], *below)]
        return [head + _INDICATOR.sub(r"\g<1>2", first), *(inner + line if line else "" for line in lines)]

    def _flow_text(self, node: Node) -> str | None:
        """A flow collection on one line; None if a text in it needs more than one line or escapes."""
        if isinstance(node, Scalar):
            if node.block or node.span.end_line > node.span.line:
                return None
            source = self._source(node.span)
            return (spell_text(str(node.value), flow=True) or source) if node.quoted else source
        parts: list[str] = []
        if isinstance(node, Sequence):
            for each in node:
                text = self._flow_text(each)
                if text is None:
                    return None
                parts.append(text)
            return "[" + ", ".join(parts) + "]"
        for entry in node.entries:
            text = self._flow_text(entry.value)
            if text is None:
                return None
            parts.append(f"{self._key(entry, flow=True)}: {text}")
        return "{" + ", ".join(parts) + "}"

    def _key(self, entry: Entry, *, flow: bool) -> str:
        source = self._source(entry.key_span)
        return (spell_text(entry.key, flow=flow) or source) if source[0] in "'\"" else source

    def _source(self, span: Span) -> str:
        lines = self._lines[span.line - 1 : span.end_line]
        if len(lines) == 1:
            return lines[0][span.column - 1 : span.end_column - 1]
        return "\n".join([lines[0][span.column - 1 :], *lines[1:-1], lines[-1][: span.end_column - 1]])

    # ------------------------------------------------------------------ comments and blank lines

    def _before(self, line: int, indent: int) -> None:
        """What stands above an entry: its comments, and one blank line where there is at least one."""
        self._flush(line, indent)
        self._blank(line)
        self._done = max(self._done, line)

    def _blank(self, line: int) -> None:
        between = self._lines[self._done : line - 1]
        if self._out and any(not each.strip() for each in between):
            self._out.append("")

    def _flush(self, before: int, indent: int, deeper_than: int = 0) -> None:
        """Write the comments that stand alone above line ``before``, begun at column ``deeper_than`` or later."""
        while self._comment_at < len(self._comments):
            comment = self._comments[self._comment_at]
            if comment.line >= before or (comment.alone and comment.column < deeper_than):
                return
            self._comment_at += 1
            if comment.alone:
                self._blank(comment.line)
                self._out.append(" " * indent + comment.text)
                self._done = comment.line
            elif comment.line in self._trailing:  # behind a dash or a bracket: nothing of its own is written there
                self._out.append(" " * indent + self._trailing.pop(comment.line).text)

    def _end_line(self, line: int) -> None:
        self._comment_of(line)
        self._done = max(self._done, line)

    def _comment_of(self, line: int) -> None:
        comment = self._trailing.pop(line, None)
        if comment is not None:
            self._out[-1] += "  " + comment.text

    def _skip_comments(self, span: Span) -> None:
        while self._comment_at < len(self._comments) and self._comments[self._comment_at].line < span.end_line:
            skipped: Comment = self._comments[self._comment_at]
            self._trailing.pop(skipped.line, None)
            self._comment_at += 1

    def _next_start(self, span: Span) -> int:
        """The first line after a node on which something else begins."""
        at = bisect_right(self._starts, span.end_line)
        return self._starts[at] if at < len(self._starts) else len(self._lines) + 1


def _computes(node: Node) -> bool:
    if isinstance(node, Scalar):
        return isinstance(node.value, str) and node.value.startswith("=")
    if isinstance(node, Sequence):
        return any(_computes(each) for each in node)
    return any(_computes(entry.value) for entry in node.entries)


def _starts(node: Node, layout: _Layout) -> list[int]:
    """The lines on which entries and items begin."""
    if isinstance(node, Mapping):
        return [line for each in node.entries for line in (each.key_span.line, *_starts(each.value, layout))]
    if isinstance(node, Sequence):
        return [line for each in node for line in (each.span.line, *_starts(each, layout))]
    if not isinstance(node, Scalar):
        raise Defect("a tree holds mappings, sequences and scalars only")
    return [node.span.line]
