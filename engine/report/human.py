"""Findings for people: each with its source, a mark under the place, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.report.frame import PER_FILE_MAX, capped, counted, source_line
from engine.report.window import BOLD, DIM, Mark, Paint, edited, frame
from engine.source.catalogue import find_code
from engine.source.diagnostic import Diagnostic, Fix, Level

_COLORS = {Level.ERROR: "\x1b[1;31m", Level.WARNING: "\x1b[1;33m", Level.INFO: "\x1b[1;36m"}


def render(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    *,
    color: bool,
    per_file_max: int | None = PER_FILE_MAX,
) -> str:
    """All findings and a line that counts them. ``sources`` gives file texts by the names that spans carry.

    Of a file with more than ``per_file_max`` findings the rest is counted only; None shows them all.
    """
    paint = Paint(color)
    blocks: list[str] = []
    for found, hidden in capped(diagnostics, per_file_max):
        blocks += [render_one(each, sources, color=color) for each in found]
        if hidden:
            blocks.append(f"and {hidden} more in {found[0].span.file} (use --all)")
    blocks.append(paint(BOLD, _summary(diagnostics)))
    return "\n\n".join(blocks) + "\n"


def render_one(diagnostic: Diagnostic, sources: Mapping[str, str], *, color: bool) -> str:
    """One finding, without a line end after it."""
    paint = Paint(color)
    style = _COLORS[diagnostic.level]
    head = paint(style, f"{diagnostic.level}[{diagnostic.code}]")
    lines = [f"{head}: {paint(BOLD, diagnostic.message)}"]
    marks = [Mark(diagnostic.span, "^", style)]
    marks += [Mark(label.span, "-", DIM, label.text) for label in diagnostic.labels]
    gutter = len(str(max(mark.span.end_line for mark in marks)))
    lines += _frames(marks, sources, gutter, paint)
    shown = _edited(diagnostic, sources, gutter, paint)
    title = diagnostic.fix.title if diagnostic.fix and shown else ""
    if diagnostic.help or title:
        lines.append(f"{paint(BOLD, 'help')}: {diagnostic.help or title}")
    lines += [f"{' ' * gutter} {paint(DIM, '│')}", *shown] if shown else []
    notes = diagnostic.notes or _consequence(diagnostic.code)
    lines += [f"{' ' * gutter} {paint(DIM, '=')} {note}" for note in notes]
    explain = f"run `tieout explain {diagnostic.code}` for examples{_fix_at_hand(diagnostic.fix)}"
    lines.append(f"{' ' * gutter} {paint(DIM, '=')} {explain}")
    return "\n".join(lines)


def _frames(marks: Sequence[Mark], sources: Mapping[str, str], gutter: int, paint: Paint) -> list[str]:
    """One frame per file, that of the finding itself first."""
    by_file: dict[str, list[Mark]] = {}
    for mark in marks:
        by_file.setdefault(mark.span.file, []).append(mark)
    lines: list[str] = []
    for file, here in by_file.items():
        first = here[0].span
        shown = frame(here, sources, gutter, paint)
        if not lines:
            lines.append(f"{' ' * gutter} {paint(DIM, '┌─')} {first}")
            lines += [f"{' ' * gutter} {paint(DIM, '│')}", *shown] if shown else []
        elif shown:
            lines += [f"{' ' * gutter} {paint(DIM, '├─')} {first}", *shown]
        else:
            lines += [
                f"{' ' * gutter} {paint(DIM, '=')} {mark.text}: {mark.span}" for mark in marks if file == mark.span.file
            ]
    return lines


def _edited(diagnostic: Diagnostic, sources: Mapping[str, str], gutter: int, paint: Paint) -> list[str]:
    """The line as the fix would leave it, if it is one edit within one line that leaves something new there."""
    fix = diagnostic.fix
    if fix is None or len(fix.edits) != 1:
        return []
    ((span, new),) = ((edit.span, edit.text) for edit in fix.edits)
    text = source_line(sources, span.file, span.line)
    if text is None or span.end_line != span.line or not new or "\n" in new or span.file != diagnostic.span.file:
        return []
    changed = text[: span.column - 1] + new + text[span.end_column - 1 :]
    return edited(span.line, changed, span.column - 1, len(new), gutter, paint)


#: A space behind the end of a clause, outside of text in back quotes.
_SENTENCE_END = re.compile(r"(?<=[.:;]) (?=[^`]*(?:`[^`]*`[^`]*)*$)")


def _consequence(code: str) -> tuple[str, ...]:
    """What would come of it, in the first sentence that the catalogue says of the code."""
    entry = find_code(code)
    why = entry.why if entry is not None else ""
    return (re.split(_SENTENCE_END, why, maxsplit=1)[0].rstrip(".:;"),) if why else ()


def _fix_at_hand(fix: Fix | None) -> str:
    if fix is None or fix.suggestion:
        return ""
    return " (fix available: --fix)" if fix.safe else " (fix available: --fix --unsafe)"


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    levels = [each.level for each in dict.fromkeys(diagnostics)]
    if not levels:
        return "no findings"
    words = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "remark"}
    return ", ".join(counted(levels.count(level), word) for level, word in words.items() if level in levels)
