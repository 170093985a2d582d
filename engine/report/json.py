"""Findings as JSON: our own form, complete, for tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine.report.frame import ordered
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label, Level
from engine.source.span import Span

FORMAT_VERSION = 1


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """Every finding, none left out. ``sources`` and ``color`` make no difference here."""
    found = ordered(diagnostics)
    document = {
        "format_version": FORMAT_VERSION,
        "errors": sum(each.level is Level.ERROR for each in found),
        "warnings": sum(each.level is Level.WARNING for each in found),
        "diagnostics": [as_json(each) for each in found],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding."""
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "level": diagnostic.level.value,
        "message": diagnostic.message,
        "span": span_as_json(diagnostic.span),
        "help": diagnostic.help,
        "labels": [{"span": span_as_json(label.span), "text": label.text} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "fix": None
        if fix is None
        else {
            "title": fix.title,
            "safe": fix.safe,
            "suggestion": fix.suggestion,
            "edits": [{"span": span_as_json(edit.span), "text": edit.text} for edit in fix.edits],
        },
    }


def span_as_json(span: Span) -> dict[str, Any]:
    """1-based lines and columns in characters, the end exclusive."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def from_json(finding: Mapping[str, Any]) -> Diagnostic:
    """The finding that :func:`as_json` wrote: nothing is lost on the way."""
    fix = finding["fix"]
    return Diagnostic(
        code=finding["code"],
        message=finding["message"],
        span=Span(**finding["span"]),
        level=Level(finding["level"]),
        help=finding["help"],
        labels=tuple(Label(Span(**each["span"]), each["text"]) for each in finding["labels"]),
        fix=None if fix is None else _fix_from_json(fix),
        notes=tuple(finding["notes"]),
    )


def _fix_from_json(fix: Mapping[str, Any]) -> Fix:
    edits = tuple(Edit(Span(**each["span"]), each["text"]) for each in fix["edits"])
    return Fix(fix["title"], edits, fix["safe"], fix["suggestion"])
