"""Places as the protocol counts them and as spans do: the one module that knows both.

A span counts lines from 1 and columns in characters from 1. The protocol counts lines from 0 and columns from 0 in
units of an encoding that client and server agree on: UTF-16 if nothing else was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from engine.source.span import Span


@dataclass(frozen=True, slots=True)
class Point:
    """A place between two characters: line and column from 0, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Units:
    """How the client counts columns."""

    encoding: str = types.PositionEncodingKind.Utf16

    def width(self, text: str) -> int:
        """The length of a text in the client's units."""
        if self.encoding == types.PositionEncodingKind.Utf32 or text.isascii():
            return len(text)
        if self.encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(char > "\uffff" for char in text)

    def position(self, lines: Sequence[str], line: int, column: int) -> types.Position:
        """The client's position of a place counted from 0; one behind the end of a line is its end."""
        if line >= len(lines):
            last = max(0, len(lines) - 1)
            return types.Position(last, self.width(lines[last]) if lines else 0)
        return types.Position(line, self.width(lines[line][:column]))

    def range(self, lines: Sequence[str], span: Span) -> types.Range:
        """The client's range of a span in a file with these lines."""
        return types.Range(
            self.position(lines, span.line - 1, span.column - 1),
            self.position(lines, span.end_line - 1, span.end_column - 1),
        )

    def point(self, lines: Sequence[str], position: types.Position) -> Point:
        """The place that a client's position means; one beyond the text is the nearest in it."""
        if position.line >= len(lines):
            last = max(0, len(lines) - 1)
            return Point(last, len(lines[last]) if lines else 0)
        text = lines[position.line]
        if self.encoding == types.PositionEncodingKind.Utf32 or text.isascii():
            return Point(position.line, min(position.character, len(text)))
        units = 0
        for column, char in enumerate(text):
            if units >= position.character:
                return Point(position.line, column)
            units += self.width(char)
        return Point(position.line, len(text))


def lines_of(text: str) -> list[str]:
    """The lines of a text as YAML has them, without their ends."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def contains(span: Span, point: Point) -> bool:
    """Whether a place lies in a span or at its end."""
    here = (point.line + 1, point.column + 1)
    return (span.line, span.column) <= here <= (span.end_line, span.end_column)
