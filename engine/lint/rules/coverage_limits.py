"""A coverage that no tests can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span
from engine.spec.workspace import WORKSPACE_FILE

_LIMIT = re.compile(r"\b(overall|per_file): *([0-9]+)")
_PERCENT_MAX = 100


def check(subject: Subject) -> Iterator[Diagnostic]:
    text = subject.workspace.files.get(WORKSPACE_FILE, "")
    if "coverage:" not in text:
        return
    for number, line in enumerate(text.split("\n"), 1):
        for found in _LIMIT.finditer(line.partition("#")[0]):
            if int(found[2]) > _PERCENT_MAX:
                span = Span(WORKSPACE_FILE, number, found.start(2) + 1, number, found.end(2) + 1)
                message = f"no tests reach {found[2]} per cent, so that `tieout test --coverage` always fails"
                yield finding("TEST244", message, span, "write 100 or less")
