"""Places of what a definition keeps without one: plain texts such as a summary or a host."""

from __future__ import annotations

from engine.lint.subject import Subject
from engine.source.span import Span


def place_of(text: str, within: Span, subject: Subject) -> Span:
    """Where a text first stands in the file of ``within``, from the line of that on; that itself if it does not."""
    return place_in(text, within, subject.workspace.files.get(within.file, ""))


def place_in(text: str, within: Span, content: str) -> Span:
    """As :func:`place_of`, in the content of the file."""
    lines = content.splitlines()
    for number, line in enumerate(lines[within.line - 1 :], within.line):
        column = line.find(text)
        if column >= 0:
            return Span(within.file, number, column + 1, number, column + 1 + len(text))
    return within
