"""Findings as workflow commands, which GitHub shows beside the changed lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from engine.report.frame import LEVEL_ORDER, ordered
from engine.source.diagnostic import Diagnostic, Level

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}

#: More of one level in a step are hidden without a word, so the last one says how many there are.
PER_LEVEL_MAX = 10

#: GitHub refuses a summary of more than 1 MiB; other steps write to it, too.
SUMMARY_BYTES_MAX = 900_000


def render(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],  # noqa: ARG001 (one signature)
    *,
    color: bool = False,  # noqa: ARG001 (one signature)
    changed: Collection[str] = (),
) -> str:
    """One line per finding, errors first, findings in ``changed`` files before others, at most ten of a level."""
    lines: list[str] = []
    for level in _COMMANDS:
        same = [each for each in _first(diagnostics, changed) if each.level is level]
        hidden = len(same) - PER_LEVEL_MAX
        for position, each in enumerate(same[:PER_LEVEL_MAX], 1):
            last = position == PER_LEVEL_MAX and hidden > 0
            lines.append(_line(each, f" (+{hidden} more, see the summary)" if last else ""))
    return "".join(f"{line}\n" for line in lines)


def summary(diagnostics: Sequence[Diagnostic], changed: Collection[str] = ()) -> str:
    """Every finding as a Markdown table for the job's summary, cut below the size that GitHub takes."""
    rows = ["| Level | Code | Place | Finding |", "|---|---|---|---|"]
    size = sum(map(len, rows))
    found = sorted(_first(diagnostics, changed), key=lambda each: LEVEL_ORDER[each.level])
    for position, each in enumerate(found):
        row = f"| {each.level} | {each.code} | `{_cell(str(each.span))}` | {_cell(each.message)} |"
        size += len(row.encode()) + 1
        if size > SUMMARY_BYTES_MAX:
            rows.append(f"| | | | and {len(found) - position} more |")
            break
        rows.append(row)
    return "### tieout lint\n\n" + ("\n".join(rows) if found else "No findings.") + "\n"


def _first(diagnostics: Sequence[Diagnostic], changed: Collection[str]) -> list[Diagnostic]:
    return sorted(ordered(diagnostics), key=lambda each: each.span.file not in changed)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _line(diagnostic: Diagnostic, suffix: str) -> str:
    span = diagnostic.span
    properties = {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}
    if span.line == span.end_line:  # columns are only understood within one line
        properties |= {"col": str(span.column), "endColumn": str(max(span.column, span.end_column - 1))}
    properties["title"] = diagnostic.code
    message = diagnostic.message + (f". {diagnostic.help}" if diagnostic.help else "") + suffix
    return annotation(_COMMANDS[diagnostic.level], properties, message)


def annotation(command: str, properties: Mapping[str, str], message: str) -> str:
    """A line that GitHub shows at a place; ``command`` is ``error``, ``warning`` or ``notice``."""
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {listed}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
