"""Findings that were there before: accepted for now, known by fingerprints that survive moved lines.

An entry whose finding is gone is reported, so that a baseline only ever shrinks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.base.errors import UserError
from engine.report.fingerprint import fingerprints
from engine.source.diagnostic import Diagnostic, Diagnostics, Level
from engine.source.json_reader import read_json
from engine.source.node import plain
from engine.source.span import Span

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """One finding of a baseline. ``code``, ``file`` and ``message`` are for people; the fingerprint counts."""

    fingerprint: str
    code: str
    file: str
    message: str
    span: Span


def written(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    """The text of a baseline that accepts these findings: one line each, in order of place."""
    prints = fingerprints(diagnostics, sources)
    entries = [
        {"fingerprint": prints[each], "code": each.code, "file": each.span.file, "message": each.message}
        for each in prints
    ]
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    inner = f"\n{lines}\n  " if lines else ""
    return f'{{\n  "format_version": {FORMAT_VERSION},\n  "findings": [{inner}]\n}}\n'


def read_baseline(path: Path) -> tuple[Accepted, ...]:
    """The findings that a baseline accepts. Raises UserError if it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        help = "`--write-baseline` makes one"
        raise UserError(f"cannot read the baseline {path}: {error.strerror}; {help}") from error
    found = Diagnostics()
    node = read_json(content, str(path), found)
    found.raise_errors(f"{path} is not a baseline")
    document: Any = plain(node) if node is not None else None
    if not isinstance(document, dict) or document.get("format_version") != FORMAT_VERSION:
        raise UserError(f"{path} is not a baseline of format {FORMAT_VERSION}; write it anew with --write-baseline")
    lines = content.decode().split("\n")
    return tuple(_accepted(entry, path, lines) for entry in document.get("findings", []))


def _accepted(entry: Any, path: Path, lines: Sequence[str]) -> Accepted:
    names = ("fingerprint", "code", "file", "message")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in names):
        raise UserError(f"{path} is not a baseline: an entry needs {', '.join(names)}")
    number = next((number for number, line in enumerate(lines, 1) if entry["fingerprint"] in line), 1)
    span = Span(str(path), number, 1, number, len(lines[number - 1]) + 1)
    return Accepted(entry["fingerprint"], entry["code"], entry["file"], entry["message"], span)


def apply_baseline(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], accepted: Sequence[Accepted]
) -> tuple[Diagnostic, ...]:
    """The findings that are new, and one for every entry whose finding is gone."""
    prints = fingerprints(diagnostics, sources)
    known = {each.fingerprint for each in accepted}
    new = [each for each, fingerprint in prints.items() if fingerprint not in known]
    stale = [each for each in accepted if each.fingerprint not in set(prints.values())]
    return (*new, *map(_stale, stale))


def _stale(entry: Accepted) -> Diagnostic:
    message = f"{entry.code} in {entry.file} is mended; the baseline still accepts it"
    help = "take the line out, or write the baseline anew with --write-baseline"
    return Diagnostic("DOC204", message, entry.span, Level.WARNING, help)
