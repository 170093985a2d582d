"""The comments of a YAML text: what the reader does not keep, and a rewritten text must."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment from its ``#`` on; ``alone`` if nothing stands before it on its line. 1-based places."""

    line: int
    column: int
    text: str
    alone: bool


def scalar_spans(node: Node) -> Iterator[Span]:
    """Where the keys and scalars of a tree stand, in order."""
    if isinstance(node, Scalar):
        yield node.span
    elif isinstance(node, Sequence):
        for each in node:
            yield from scalar_spans(each)
    else:
        assert isinstance(node, Mapping)
        for entry in node.entries:
            yield entry.key_span
            yield from scalar_spans(entry.value)


def read_comments(lines: list[str], root: Node) -> list[Comment]:
    """Every comment outside of scalars. One on the line of ``|`` or ``>`` belongs to that scalar's text."""
    spans = sorted(scalar_spans(root), key=lambda each: (each.line, each.column))
    starts = [(each.line, each.column) for each in spans]
    found: list[Comment] = []
    for number, line in enumerate(lines, 1):
        at = line.find("#")
        while at >= 0:
            inside = _covering(spans, starts, number, at + 1)
            if inside is None and (at == 0 or line[at - 1] in " \t"):
                found.append(Comment(number, at + 1, line[at:].rstrip(), not line[:at].strip()))
                break
            if inside is not None and inside.end_line > number:
                break
            at = line.find("#", at + 1 if inside is None else inside.end_column - 1)
    return found


def _covering(spans: list[Span], starts: list[tuple[int, int]], line: int, column: int) -> Span | None:
    at = bisect_right(starts, (line, column)) - 1
    if at < 0:
        return None
    span = spans[at]
    return span if (line, column) < (span.end_line, span.end_column) else None
