"""Findings as a GitLab code quality report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from engine.report.fingerprint import fingerprints
from engine.report.frame import ordered
from engine.source.diagnostic import Diagnostic, Level

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.INFO: "info"}


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """One object per finding. Fingerprints differ within a file: of equal ones all but the first would vanish.

    The code stands in the description too, because the merge request does not show `check_name`.
    """
    prints = fingerprints(diagnostics, sources)
    report = [
        {
            "description": f"{each.code}: {each.message}" + (f". {each.help}" if each.help else ""),
            "check_name": each.code,
            "fingerprint": prints[each],
            "severity": _SEVERITIES[each.level],
            "location": {"path": each.span.file, "lines": {"begin": each.span.line, "end": each.span.end_line}},
        }
        for each in ordered(diagnostics)
    ]
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n"
