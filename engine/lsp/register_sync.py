"""Registers what keeps the server's texts and findings current: open, change, close, save, watched files, pulls."""

from __future__ import annotations

from lsprotocol import types

from engine.lsp.reports import by_file, convert, reported
from engine.lsp.server import Server
from engine.lsp.workbench import Workbench

_WATCHED = "**/*.{yaml,yml,json,csv}"


def register(server: Server) -> None:
    """Register the features."""
    _register_texts(server)
    _register_findings(server)


def _register_texts(server: Server) -> None:
    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watches = workspace.did_change_watched_files if workspace is not None else None
        if watches is not None and watches.dynamic_registration:
            watcher = types.FileSystemWatcher(glob_pattern=_WATCHED)
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers=[watcher])
            what = types.Registration("watched", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            server.client_register_capability(types.RegistrationParams([what]))
        for folder in server.workspace.folders.values():
            server.enter(folder.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def changed_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            server.leave(folder.uri)
        for folder in params.event.added:
            server.enter(folder.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.put(params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.put(uri, server.workspace.get_text_document(uri).source)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.put(params.text_document.uri, None)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(_params: types.DidSaveTextDocumentParams) -> None:
        server.changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def changed_on_disk(_params: types.DidChangeWatchedFilesParams) -> None:
        server.changed()


def _register_findings(server: Server) -> None:
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="tieout")

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def pulled(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        known = server.bench_of(params.text_document.uri)
        file = None if known is None else known[0].relative(params.text_document.uri)
        if known is None or file is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        await known[1].settled()
        items = reported(known[0], file)
        id_ = result_id(items)
        if params.previous_result_id == id_:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=id_)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=id_)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def pulled_all(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        before = {each.uri: each.value for each in params.previous_result_ids}
        items: list[types.WorkspaceDocumentDiagnosticReport] = []
        for bench, checks in server.benches:
            await checks.settled()
            items += _of_workspace(bench, before)
        return types.WorkspaceDiagnosticReport(items)


def _of_workspace(bench: Workbench, before: dict[str, str]) -> list[types.WorkspaceDocumentDiagnosticReport]:
    """What was found in every file that has findings, or had some when the client last asked."""
    found = by_file(bench.report.diagnostics if bench.report is not None else ())
    files = set(found) | {file for uri in before if (file := bench.relative(uri)) is not None}
    made: list[types.WorkspaceDocumentDiagnosticReport] = []
    for file in sorted(files):
        items = [convert(bench, each) for each in found.get(file, [])]
        uri, id_ = bench.uri(file), result_id(items)
        if before.get(uri) == id_:
            made.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri=uri, result_id=id_))
        else:
            made.append(types.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=items, result_id=id_))
    return made


def result_id(items: list[types.Diagnostic]) -> str:
    """A name for a list of findings: the same for the same list."""
    from engine.base.identity import digest

    return digest([[each.code, each.message, str(each.range)] for each in items])[:24]
