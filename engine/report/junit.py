"""Findings as JUnit XML: a suite per file, a case per finding, for systems that show test results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from engine.report.frame import ordered
from engine.report.human import render_one
from engine.source.diagnostic import Diagnostic, Level


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """Errors are failures; warnings and remarks are passed cases that carry their text."""
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in sorted(sources)}
    for each in ordered(diagnostics):
        by_file.setdefault(each.span.file, []).append(each)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    total = sum(max(1, len(found)) for found in by_file.values())
    lines.append(f'<testsuites name="tieout" tests="{total}" failures="{_failures(diagnostics)}">')
    for file, found in by_file.items():
        name = quoteattr(_allowed(file))
        lines.append(f'  <testsuite name={name} tests="{max(1, len(found))}" failures="{_failures(found)}">')
        if not found:
            lines.append(f'    <testcase classname={name} name="no findings"/>')
        names: Counter[str] = Counter()
        for each in found:
            place = f"{each.code} line {each.span.line} column {each.span.column}"
            names[place] += 1
            # Readers know a case by its name, and of two alike they show one.
            lines += _case(each, name, f"{place} ({names[place]})" if names[place] > 1 else place, sources)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _failures(diagnostics: Sequence[Diagnostic]) -> int:
    return sum(each.level is Level.ERROR for each in dict.fromkeys(diagnostics))


def _case(diagnostic: Diagnostic, classname: str, name: str, sources: Mapping[str, str]) -> list[str]:
    body = escape(_allowed(render_one(diagnostic, sources, color=False)))
    head = f"    <testcase classname={classname} name={quoteattr(name)}>"
    if diagnostic.level is Level.ERROR:
        message = quoteattr(_allowed(diagnostic.message))
        inner = f'      <failure type="{diagnostic.code}" message={message}>{body}</failure>'
    else:
        inner = f"      <system-out>{body}</system-out>"
    return [head, inner, "    </testcase>"]


def _allowed(text: str) -> str:
    """Characters that XML 1.0 cannot hold, replaced."""
    return "".join(
        char
        if char in "\t\n\r" or (char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff")
        else "\ufffd"
        for char in text
    )
