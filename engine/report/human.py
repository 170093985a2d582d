"""Findings for people: each with its source, a mark under the place, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.report.frame import capped, counted, screen_width, source_line
from engine.source.diagnostic import Diagnostic, Level
from engine.source.span import Span

_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLORS = {Level.ERROR: "\x1b[1;31m", Level.WARNING: "\x1b[1;33m", Level.INFO: "\x1b[1;36m"}
_TAB = "    "
#: A longer line is cut around the place, so that frames stay readable.
_LINE_MAX = 160


@dataclass(frozen=True, slots=True)
class _Paint:
    on: bool

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if self.on and text else text


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place within a frame, the sign it is underlined with, and its words."""

    span: Span
    sign: str
    text: str


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool) -> str:
    """All findings and a line that counts them. ``sources`` gives file texts by the names that spans carry."""
    paint = _Paint(color)
    blocks: list[str] = []
    for found, hidden in capped(diagnostics):
        blocks += [render_one(each, sources, color=color) for each in found]
        if hidden:
            blocks.append(f"and {hidden} more in {found[0].span.file}")
    blocks.append(paint(_BOLD, _summary(diagnostics)))
    return "\n\n".join(blocks) + "\n"


def render_one(diagnostic: Diagnostic, sources: Mapping[str, str], *, color: bool) -> str:
    """One finding, without a line end after it."""
    paint = _Paint(color)
    head = paint(_COLORS[diagnostic.level], f"{diagnostic.level}[{diagnostic.code}]")
    lines = [f"{head}: {paint(_BOLD, diagnostic.message)}"]
    marks = [_Mark(diagnostic.span, "^", "")]
    marks += [_Mark(label.span, "-", label.text) for label in diagnostic.labels]
    here = [mark for mark in marks if mark.span.file == diagnostic.span.file]
    gutter = len(str(max(mark.span.end_line for mark in here)))
    lines += _frame(here, diagnostic.span, sources, gutter, paint, _COLORS[diagnostic.level])
    for mark in marks:
        if mark.span.file != diagnostic.span.file:
            lines.append(f"{' ' * gutter} {paint(_DIM, '=')} {mark.text}: {mark.span}")
    if diagnostic.help:
        lines.append(f"{paint(_BOLD, 'help')}: {diagnostic.help}")
    lines += [f"{' ' * gutter} {paint(_DIM, '=')} {note}" for note in diagnostic.notes]
    explain = f"run `tieout explain {diagnostic.code}` for examples"
    if diagnostic.fix is not None and diagnostic.fix.safe:
        explain += "; a fix is at hand"
    lines.append(f"{' ' * gutter} {paint(_DIM, '=')} {explain}")
    return "\n".join(lines)


def _frame(
    marks: Sequence[_Mark], primary: Span, sources: Mapping[str, str], gutter: int, paint: _Paint, color: str
) -> list[str]:
    indent = " " * gutter
    lines = [f"{indent} {paint(_DIM, '┌─')} {primary}"]
    if source_line(sources, primary.file, primary.line) is None:
        return lines
    edge = paint(_DIM, "│")
    lines.append(f"{indent} {edge}")
    shown = 0
    by_line: dict[int, list[_Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.span.line, []).append(mark)
    for number in sorted(by_line):
        text = source_line(sources, primary.file, number)
        if text is None:
            continue
        if shown and number > shown + 1:
            lines.append(f"{indent} {paint(_DIM, '⋮')}")
        shown = number
        cut, offset = _window(text, by_line[number][0].span.column)
        lines.append(f"{paint(_DIM, str(number).rjust(gutter))} {edge} {_expanded(cut)}".rstrip())
        for mark in by_line[number]:
            style = color if mark.sign == "^" else _DIM
            lines.append(f"{indent} {edge} {_underline(mark, cut, offset, style, paint)}")
    return lines


def _window(text: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and how many characters were left out before it."""
    if len(text) <= _LINE_MAX:
        return text, 0
    start = max(0, min(column - 1 - _LINE_MAX // 3, len(text) - _LINE_MAX))
    return text[start : start + _LINE_MAX], start


def _expanded(text: str) -> str:
    """As shown: tabs of a fixed width, other control characters as a sign that takes one column."""
    return "".join(_TAB if char == "\t" else char if char.isprintable() else "\ufffd" for char in text)


def _underline(mark: _Mark, text: str, offset: int, style: str, paint: _Paint) -> str:
    start = max(0, mark.span.column - 1 - offset)
    several = mark.span.end_line > mark.span.line
    end = len(text) if several else min(len(text), mark.span.end_column - 1 - offset)
    before = screen_width(_expanded(text[:start]))
    width = max(1, screen_width(_expanded(text[start:end])))
    words = f" {mark.text}" if mark.text else ""
    more = f" to line {mark.span.end_line}" if several and mark.sign == "^" else ""
    return " " * before + paint(style, mark.sign * width + more + words)


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    levels = [each.level for each in dict.fromkeys(diagnostics)]
    if not levels:
        return "no findings"
    words = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "remark"}
    return ", ".join(counted(levels.count(level), word) for level, word in words.items() if level in levels)
