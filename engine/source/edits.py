"""Applying edits to a text, so that everything they do not touch stays as it was written."""

from __future__ import annotations

from collections.abc import Iterable

from engine.base.errors import Defect
from engine.source.diagnostic import Edit


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits that do not overlap. Raises Defect for a place outside of it."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, key=lambda each: (each.span.line, each.span.column), reverse=True):
        span = edit.span
        if span.end_line >= len(starts):
            raise Defect(f"an edit ends after the last line of {span.file}")
        begin, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
        if not 0 <= begin <= end <= len(text):
            raise Defect(f"an edit lies outside of {span.file}: {span}")
        text = text[:begin] + edit.text + text[end:]
    return text
