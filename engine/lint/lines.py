"""Edits of whole lines: a key that stands alone on its line, taken away."""

from __future__ import annotations

import re

from engine.lint.subject import Subject
from engine.source.diagnostic import Edit, Fix
from engine.source.span import Span


def removal(key: str, value: Span, subject: Subject, *, safe: bool = True) -> Fix | None:
    """The fix that takes ``key: value`` away; None if it is not the only thing on its line."""
    lines = subject.workspace.files[value.file].splitlines()
    if value.end_line != value.line or value.line > len(lines):
        return None
    line = lines[value.line - 1]
    if not re.fullmatch(rf" *{re.escape(key)}: +", line[: value.column - 1].replace("=", "").replace('"', "")):
        return None
    if not re.fullmatch(r"\"?\s*(#.*)?", line[value.end_column - 1 :]):
        return None
    return Fix(f"remove `{key}`", (Edit(Span(value.file, value.line, 1, value.line + 1, 1), ""),), safe)
