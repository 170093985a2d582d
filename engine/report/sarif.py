"""Findings as SARIF 2.1.0, the form that code scanning services read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from engine.base.identity import deterministic_key
from engine.report.frame import ordered, source_line
from engine.source.catalogue import Code, load_all
from engine.source.diagnostic import Diagnostic, Fix, Level
from engine.source.span import Span

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """One run with its rules and results. ``sources`` makes fingerprints that survive moved lines."""
    found = ordered(diagnostics)
    catalogue = load_all()
    codes = sorted({each.code for each in found})
    index = {code: position for position, code in enumerate(codes)}
    seen: Counter[tuple[str, str, str]] = Counter()
    results = [_result(each, index[each.code], _fingerprint(each, sources, seen)) for each in found]
    driver = {"name": "tieout", "rules": [_rule(code, catalogue.get(code)) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _rule(code: str, entry: Code | None) -> dict[str, Any]:
    if entry is None:
        return {"id": code}
    example = "".join(
        f"\n\n{title}:\n\n```yaml\n{text}\n```"
        for title, text in (("Avoid", entry.avoid), ("Prefer", entry.prefer))
        if text
    )
    return {
        "id": code,
        "name": entry.name,
        "shortDescription": {"text": entry.summary},
        "fullDescription": {"text": entry.why or entry.summary},
        "help": {"text": entry.why or entry.summary, "markdown": (entry.why or entry.summary) + example},
        "defaultConfiguration": {"level": _LEVELS[entry.level]},
    }


def _result(diagnostic: Diagnostic, rule_index: int, fingerprint: str) -> dict[str, Any]:
    text = diagnostic.message + (f". {diagnostic.help}" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[diagnostic.level],
        "message": {"text": text},
        "locations": [_location(diagnostic.span)],
        "partialFingerprints": {"tieout/v1": fingerprint},
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": label.text}, **_location(label.span)}
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(span: Span) -> dict[str, Any]:
    artifact = {"uri": quote(span.file)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": _region(span)}}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        by_file.setdefault(edit.span.file, []).append(replacement)
    changes = [
        {"artifactLocation": {"uri": quote(file)}, "replacements": replacements}
        for file, replacements in by_file.items()
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _fingerprint(diagnostic: Diagnostic, sources: Mapping[str, str], seen: Counter[tuple[str, str, str]]) -> str:
    """Code, file, the line's text and which of its equals it is: a line number would change with every edit above."""
    line = " ".join((source_line(sources, diagnostic.span.file, diagnostic.span.line) or "").split())
    place = (diagnostic.code, diagnostic.span.file, line)
    seen[place] += 1
    return deterministic_key("sarif", *place, str(seen[place]))
