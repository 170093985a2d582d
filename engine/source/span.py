"""Where something stands in a file."""

from __future__ import annotations

from functools import total_ordering

from msgspec import Struct


@total_ordering
class Span(Struct, frozen=True, eq=False, gc=False):
    """A stretch of text: file as given, 1-based lines and columns in characters, the end exclusive.

    ``file`` is relative to the workspace where it lies inside one. A place that is a whole file is line 1,
    column 1, empty. ``lines`` is known of text that the file writes over several lines: for each of them the offset
    in the text, the line, and the column at which it stands; two spans are equal whether or not it is known.

    A struct, as reading a workspace makes a hundred thousand of them.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    lines: tuple[tuple[int, int, int], ...] = ()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self._order() == other._order() if isinstance(other, Span) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._order())

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

    def behind(self, count: int) -> tuple[tuple[int, int, int], ...]:
        """The ``lines`` of the text without its first ``count`` characters, which stand on its first line."""
        if not self.lines or self.lines[0][0] or (len(self.lines) > 1 and self.lines[1][0] < count):
            return ()
        (_, line, column), *rest = self.lines
        return (0, line, column + count), *((offset - count, line, column) for offset, line, column in rest)

    def part(self, start: int, end: int) -> Span:
        """The part from character ``start`` to ``end`` of a text over several lines; itself if they are not known."""
        before = [each for each in self.lines if each[0] <= start]
        until = [each for each in self.lines if each[0] < max(end, 1)]
        if not before or not until:
            return self
        (first, line, column), (last, end_line, end_column) = before[-1], until[-1]
        return Span(self.file, line, column + start - first, end_line, end_column + end - last)
