"""Where something stands in a file."""

from __future__ import annotations

from functools import total_ordering

from engine.base.record import frozen


@total_ordering
@frozen
class Span:
    """A stretch of text: file as given, 1-based lines and columns in characters, the end exclusive.

    ``file`` is relative to the workspace where it lies inside one. A place that is a whole file is line 1,
    column 1, empty.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __lt__(self, other: Span) -> bool:
        """By file, then by place in it."""
        return self._order() < other._order()

    def _order(self) -> tuple[str, int, int, int, int]:
        return self.file, self.line, self.column, self.end_line, self.end_column

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def within(self, start: int, end: int) -> Span:
        """The part from character ``start`` to ``end`` of a one-line text that begins where this span begins."""
        return Span(self.file, self.line, self.column + start, self.line, self.column + end)
