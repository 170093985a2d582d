"""Findings as SARIF 2.1.0, the form that code scanning services read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import orjson

from engine.report.fingerprint import fingerprints
from engine.report.frame import ordered
from engine.source.catalogue import Code, load_all, sections
from engine.source.diagnostic import Diagnostic, Fix, Level
from engine.source.span import Span

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
#: What services take for the root of the code.
_BASE = "%SRCROOT%"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """One run with its rules and results. ``sources`` makes fingerprints that survive moved lines."""
    found = ordered(diagnostics)
    catalogue = load_all()
    codes = sorted({each.code for each in found})
    index = {code: position for position, code in enumerate(codes)}
    prints = fingerprints(found, sources)
    results = [_result(each, index[each.code], prints[each]) for each in found]
    driver = {"name": "tieout", "rules": [_rule(code, catalogue.get(code)) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository, or of the workspace."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _rule(code: str, entry: Code | None) -> dict[str, Any]:
    if entry is None:
        return {"id": code}
    told = [
        f"{title}:\n\n```yaml\n{text}\n```" if is_fragment else f"{title}: {text}"
        for title, text, is_fragment in sections(entry)
    ]
    return {
        "id": code,
        "name": entry.name,
        "shortDescription": {"text": entry.summary},
        "fullDescription": {"text": entry.why or entry.summary},
        "help": {"text": entry.why or entry.summary, "markdown": "\n\n".join([entry.summary, *told])},
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
    return {"physicalLocation": {"artifactLocation": _artifact(span.file), "region": _region(span)}}


def _artifact(file: str) -> dict[str, str]:
    """A file inside by its path from the root, another by its address: a path that begins with `/` is none."""
    path = PurePath(file)
    return {"uri": path.as_uri()} if path.is_absolute() else {"uri": quote(path.as_posix()), "uriBaseId": _BASE}


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
        {"artifactLocation": _artifact(file), "replacements": replacements} for file, replacements in by_file.items()
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}
