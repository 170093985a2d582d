"""Findings as workflow commands, which GitHub shows beside the changed lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.report.frame import ordered
from engine.source.diagnostic import Diagnostic, Level

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}

#: More of one level in a step are hidden without a word, so the last one says how many there are.
PER_LEVEL_MAX = 10


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """One line per finding, errors first, at most ten of a level."""
    found = ordered(diagnostics)
    lines: list[str] = []
    for level in _COMMANDS:
        same = [each for each in found if each.level is level]
        hidden = len(same) - PER_LEVEL_MAX
        for position, each in enumerate(same[:PER_LEVEL_MAX], 1):
            last = position == PER_LEVEL_MAX and hidden > 0
            lines.append(_line(each, f" (and {hidden} more of this level)" if last else ""))
    return "".join(f"{line}\n" for line in lines)


def _line(diagnostic: Diagnostic, suffix: str) -> str:
    span = diagnostic.span
    properties = {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}
    if span.line == span.end_line:  # columns are only understood within one line
        properties |= {"col": str(span.column), "endColumn": str(max(span.column, span.end_column - 1))}
    properties["title"] = diagnostic.code
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = diagnostic.message + (f". {diagnostic.help}" if diagnostic.help else "") + suffix
    return f"::{_COMMANDS[diagnostic.level]} {listed}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
