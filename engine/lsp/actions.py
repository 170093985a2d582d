"""Code actions: fixes of findings, accepting a finding with a reason, a test for a definition that has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from engine.lsp.drafts import draft_test
from engine.lsp.names import definition_of
from engine.lsp.reports import convert
from engine.lsp.workbench import View
from engine.source.diagnostic import Diagnostic, Edit, Level

_FIX_ALL = types.CodeActionKind.SourceFixAll
_QUICK = types.CodeActionKind.QuickFix
_REFACTOR = types.CodeActionKind.Refactor


def actions(view: View, place: types.Range, only: Iterable[str] | None = None) -> list[types.CodeAction]:
    """What can be done about a stretch of a document."""
    wanted = None if only is None else tuple(only)
    found = [*_fixes(view, place), *_accepted(view, place), *_fix_all(view), *_test(view, place)]
    return [
        action for action in found if wanted is None or any(str(action.kind or "").startswith(each) for each in wanted)
    ]


def _current(view: View) -> Iterator[Diagnostic]:
    """What was found in the document, if it was found in the text that it has now: edits of another would harm it."""
    report, file = view.bench.report, view.document.file
    if report is None or report.files.get(file) != view.document.text:
        return
    for found in report.diagnostics:
        others = {edit.span.file for edit in found.fix.edits} if found.fix is not None else set()
        if found.span.file == file and all(report.files.get(each, "") == view.bench.text(each) for each in others):
            yield found


def _here(view: View, place: types.Range) -> Iterator[tuple[Diagnostic, types.Diagnostic]]:
    """The findings that touch a stretch."""
    for found in _current(view):
        shown = convert(view.bench, found)
        if shown.range.start <= place.end and place.start <= shown.range.end:
            yield found, shown


def _fixes(view: View, place: types.Range) -> Iterator[types.CodeAction]:
    for found, shown in _here(view, place):
        if found.fix is not None:
            yield types.CodeAction(
                title=found.fix.title[:1].upper() + found.fix.title[1:],
                kind=_QUICK,
                diagnostics=[shown],
                is_preferred=found.fix.safe and not found.fix.suggestion,
                edit=workspace_edit(view, found.fix.edits),
            )


def _fix_all(view: View) -> Iterator[types.CodeAction]:
    """All safe fixes of the document that do not touch each other."""
    edits: list[Edit] = []
    for found in _current(view):
        fix = found.fix
        if fix is None or not fix.safe or fix.suggestion:
            continue
        if all(not _touch(edit, other) for edit in fix.edits for other in edits):
            edits += fix.edits
    if edits:
        yield types.CodeAction(
            title="Apply all safe fixes of this document", kind=_FIX_ALL, edit=workspace_edit(view, edits)
        )


def _touch(one: Edit, other: Edit) -> bool:
    first, second = sorted((one.span, other.span))
    return first.file == second.file and (first.end_line, first.end_column) >= (second.line, second.column)


def workspace_edit(view: View, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    """Edits of files as the client applies them."""
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        lines = view.bench.lines(edit.span.file)
        made = types.TextEdit(view.units.range(lines, edit.span), edit.text)
        changes.setdefault(view.bench.uri(edit.span.file), []).append(made)
    return types.WorkspaceEdit(changes=changes)


def _accepted(view: View, place: types.Range) -> Iterator[types.CodeAction]:
    """A comment that accepts a finding of a rule; what the compiler refuses cannot be accepted."""
    for found, shown in _here(view, place):
        if found.level is Level.ERROR or found.code.startswith("DOC20") or not view.document.file.endswith(".yaml"):
            continue
        line = found.span.line - 1
        indent = len(view.lines[line]) - len(view.lines[line].lstrip(" ")) if line < len(view.lines) else 0
        at = types.Position(line, 0)
        text = f"{' ' * indent}# ignore[{found.code}]: say why this is right\n"
        yield types.CodeAction(
            title=f"Accept {found.code} here, with a reason",
            kind=_QUICK,
            diagnostics=[shown],
            is_preferred=False,
            edit=types.WorkspaceEdit(changes={view.uri: [types.TextEdit(types.Range(at, at), text)]}),
        )


def _test(view: View, place: types.Range) -> Iterator[types.CodeAction]:
    """A draft of a test, where the definition has none."""
    definition = definition_of(view.document)
    if definition is None or place.start.line > 3:
        return
    draft = draft_test(view, definition)
    if draft is None:
        return
    file, text = draft
    uri = view.bench.uri(file)
    start = types.Position(0, 0)
    yield types.CodeAction(
        title=f"Create a test for {definition.kind} {definition.id}",
        kind=_REFACTOR,
        edit=types.WorkspaceEdit(
            document_changes=[
                types.CreateFile(uri=uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False)),
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(uri),
                    [types.TextEdit(types.Range(start, start), text)],
                ),
            ]
        ),
    )
