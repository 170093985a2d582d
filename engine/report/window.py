"""Lines of a source with marks under the places that a finding is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.report.frame import screen_width, source_line
from engine.source.span import Span

RESET = "\x1b[0m"
BOLD, DIM, GREEN = "\x1b[1m", "\x1b[2m", "\x1b[32m"
_TAB = "    "
#: A longer line is cut around the place, so that frames stay readable.
_LINE_MAX = 160


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text, or leaves it as it is."""

    on: bool

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{RESET}" if self.on and text else text


@dataclass(frozen=True, slots=True)
class Mark:
    """A place, the sign it is underlined with, the colour of the sign, and its words."""

    span: Span
    sign: str
    style: str
    text: str = ""


def frame(marks: Sequence[Mark], sources: Mapping[str, str], gutter: int, paint: Paint) -> list[str]:
    """The lines that the marks stand on, in order, each with its marks below it. All marks are in one file."""
    edge = paint(DIM, "│")
    lines: list[str] = []
    shown = 0
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.span.line, []).append(mark)
    for number in sorted(by_line):
        text = source_line(sources, by_line[number][0].span.file, number)
        if text is None:
            continue
        if shown and number > shown + 1:
            lines.append(f"{' ' * gutter} {paint(DIM, '⋮')}")
        shown = number
        lines += _line(number, text, by_line[number], gutter, paint, edge)
    return lines


def _line(number: int, text: str, marks: Sequence[Mark], gutter: int, paint: Paint, edge: str) -> list[str]:
    cut, offset = _window(text, marks[0].span.column)
    lines = [f"{paint(DIM, str(number).rjust(gutter))} {edge} {_expanded(cut)}".rstrip()]
    return lines + [f"{' ' * gutter} {edge} {_underline(mark, cut, offset, paint)}" for mark in marks]


def edited(line: int, text: str, start: int, width: int, gutter: int, paint: Paint) -> list[str]:
    """A line as a fix would leave it, with a sign below the ``width`` characters at ``start`` that are new."""
    edge = paint(DIM, "│")
    cut, offset = _window(text, start + 1)
    begin = max(0, start - offset)
    before = screen_width(_expanded(cut[:begin]))
    under = max(1, screen_width(_expanded(cut[begin : begin + width])))
    return [
        f"{paint(DIM, str(line).rjust(gutter))} {edge} {_expanded(cut)}".rstrip(),
        f"{' ' * gutter} {edge} {' ' * before}{paint(GREEN, '+' * under)}",
    ]


def _window(text: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and how many characters were left out before it."""
    if len(text) <= _LINE_MAX:
        return text, 0
    start = max(0, min(column - 1 - _LINE_MAX // 3, len(text) - _LINE_MAX))
    return text[start : start + _LINE_MAX], start


def _expanded(text: str) -> str:
    """As shown: tabs of a fixed width, other control characters as a sign that takes one column."""
    return "".join(_TAB if char == "\t" else char if char.isprintable() else "\ufffd" for char in text)


def _underline(mark: Mark, text: str, offset: int, paint: Paint) -> str:
    start = max(0, mark.span.column - 1 - offset)
    several = mark.span.end_line > mark.span.line
    end = len(text) if several else min(len(text), mark.span.end_column - 1 - offset)
    before = screen_width(_expanded(text[:start]))
    width = max(1, screen_width(_expanded(text[start:end])))
    words = f" {mark.text}" if mark.text else ""
    more = f" to line {mark.span.end_line}" if several and mark.sign == "^" else ""
    return " " * before + paint(mark.style, mark.sign * width + more + words)
