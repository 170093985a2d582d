"""Findings as the protocol has them: the same codes, messages and places that the command line prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types

from engine.lsp.workbench import Workbench
from engine.source.diagnostic import Diagnostic, Level

SOURCE = "tieout"
_SEVERITY = {
    Level.ERROR: types.DiagnosticSeverity.Error,
    Level.WARNING: types.DiagnosticSeverity.Warning,
    Level.INFO: types.DiagnosticSeverity.Information,
}
#: What these codes find could go: an editor shows it faded.
_UNUSED = frozenset({"MAP201", "MAP202", "POL201", "DOC202"})


def by_file(found: Sequence[Diagnostic]) -> Mapping[str, list[Diagnostic]]:
    """Findings by the file they are about, in order."""
    files: dict[str, list[Diagnostic]] = {}
    for each in found:
        files.setdefault(each.span.file, []).append(each)
    return files


def reported(bench: Workbench, file: str) -> list[types.Diagnostic]:
    """What was last found in a file."""
    report = bench.report
    return [] if report is None else [convert(bench, each) for each in report.diagnostics if each.span.file == file]


def convert(bench: Workbench, found: Diagnostic) -> types.Diagnostic:
    """One finding. What to do stands below what is wrong."""
    lines = bench.lines(found.span.file)
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(bench.uri(label.span.file), bench.units.range(bench.lines(label.span.file), label.span)),
            label.text,
        )
        for label in found.labels
    ]
    text = "\n".join([found.message, *([found.help] if found.help else []), *found.notes])
    return types.Diagnostic(
        range=bench.units.range(lines, found.span),
        message=text,
        severity=_SEVERITY[found.level],
        code=found.code,
        source=SOURCE,
        related_information=related or None,
        tags=[types.DiagnosticTag.Unnecessary] if found.code in _UNUSED else None,
    )
