"""Registers what changes documents or runs something: rename, code actions, formatting, lenses and their commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.base.errors import UserError
from engine.lsp.actions import actions
from engine.lsp.formatting import format_document
from engine.lsp.lenses import PREVIEW_STEP, RUN_TESTS, lenses
from engine.lsp.navigation import NotRenamed, prepare_rename, refusal, rename
from engine.lsp.runs import preview_step, run_tests
from engine.lsp.server import Server
from engine.lsp.workbench import View

_REQUEST_FAILED = types.LSPErrorCodes.RequestFailed.value


def register(server: Server) -> None:
    """Register the features."""
    _register_rename(server)
    _register_edits(server)
    _register_commands(server)


def _register_rename(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        return await server.answer(params.text_document.uri, lambda view: prepare_rename(view, params.position))

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        uri = params.text_document.uri
        await server.caught_up(uri, names=True)
        try:
            edit = await server.answer(uri, lambda view: rename(view, params.position, params.new_name))
        except NotRenamed as refused:
            raise JsonRpcException(str(refused), _REQUEST_FAILED) from refused
        known = server.bench_of(uri)
        view = None if known is None else known[0].view(uri)
        if edit is not None and view is not None:
            why = await server.compute(partial(refusal, view, edit))
            if why is not None:
                raise JsonRpcException(why, _REQUEST_FAILED)
        return edit


def _register_edits(server: Server) -> None:
    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor, types.CodeActionKind.SourceFixAll]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def offered(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        only = (
            None if params.context.only is None else [str(getattr(each, "value", each)) for each in params.context.only]
        )
        await server.caught_up(params.text_document.uri)
        return await server.answer(params.text_document.uri, lambda view: actions(view, params.range, only))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return await server.answer(params.text_document.uri, format_document)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    async def lensed(params: types.CodeLensParams) -> list[types.CodeLens] | None:
        return await server.answer(params.text_document.uri, lenses)


def _register_commands(server: Server) -> None:
    @server.command(RUN_TESTS)
    async def run(uri: str, only: str) -> dict[str, Any]:
        return await _run(server, uri, lambda view: run_tests(view, only))

    @server.command(PREVIEW_STEP)
    async def preview(uri: str, step: str) -> dict[str, Any]:
        return await _run(server, uri, lambda view: preview_step(view, step))


async def _run(server: Server, uri: str, work: Callable[[View], dict[str, Any]]) -> dict[str, Any]:
    """Run what a lens names on the texts as they are, and show what came of it."""
    known = server.bench_of(uri)
    if known is None:
        raise JsonRpcException("the file lies in no workspace", _REQUEST_FAILED)
    bench, checks = known
    await checks.settled()

    def compute() -> dict[str, Any]:
        view = bench.view(uri)
        assert view is not None
        return work(view)

    try:
        made = await server.compute(compute)
    except UserError as wrong:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, wrong.message))
        raise JsonRpcException(wrong.message, _REQUEST_FAILED) from wrong
    failed = bool(made.get("failed"))
    kind = types.MessageType.Error if failed else types.MessageType.Info
    text = "\n".join(filter(None, (made["message"], made["detail"])))
    server.window_log_message(types.LogMessageParams(kind, text))
    server.window_show_message(types.ShowMessageParams(kind, text[:500]))
    return made
