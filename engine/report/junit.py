"""Findings as JUnit XML: a suite per file, a case per finding, for systems that show test results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.report.frame import ordered
from engine.report.human import render_one
from engine.report.xml_text import xml_attribute, xml_text
from engine.source.diagnostic import Diagnostic, Level


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """Errors are failures; warnings and remarks are passed cases that carry their text."""
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in sorted(sources)}
    for each in ordered(diagnostics):
        by_file.setdefault(each.span.file, []).append(each)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    total = sum(max(1, len(found)) for found in by_file.values())
    lines.append(f'<testsuites name="tieout" tests="{total}" failures="{_failures(diagnostics)}" errors="0">')
    for file, found in by_file.items():
        name = xml_attribute(file)
        counts = f'tests="{max(1, len(found))}" failures="{_failures(found)}" errors="0"'
        lines.append(f"  <testsuite name={name} {counts}>")
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
    body = xml_text(render_one(diagnostic, sources, color=False))
    head = f"    <testcase classname={classname} name={xml_attribute(name)}>"
    if diagnostic.level is Level.ERROR:
        message = xml_attribute(diagnostic.message)
        inner = f'      <failure type="{diagnostic.code}" message={message}>{body}</failure>'
    else:
        inner = f"      <system-out>{body}</system-out>"
    return [head, inner, "    </testcase>"]
