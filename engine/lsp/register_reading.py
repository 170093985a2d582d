"""Registers what tells about a document: completion, hover, places of names, outline, colours."""

from __future__ import annotations

from lsprotocol import types

from engine.lsp.completion import complete
from engine.lsp.folding import folds
from engine.lsp.hover import hover
from engine.lsp.navigation import define, highlight, refer
from engine.lsp.outline import outline, workspace_symbols
from engine.lsp.semantic import LEGEND, tokens
from engine.lsp.server import Server
from engine.lsp.signature import signature_help


def register(server: Server) -> None:
    """Register the features."""
    _register_completion(server)
    _register_places(server)
    _register_outline(server)


def _register_completion(server: Server) -> None:
    triggers = types.CompletionOptions(trigger_characters=[".", "=", ":", " ", "'", "{", "|"])

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, triggers)
    async def completed(params: types.CompletionParams) -> types.CompletionList | None:
        return await server.answer(params.text_document.uri, lambda view: complete(view, params.position))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        return await server.answer(params.text_document.uri, lambda view: hover(view, params.position))

    @server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(trigger_characters=["(", ","]))
    async def called(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        return await server.answer(params.text_document.uri, lambda view: signature_help(view, params.position))


def _register_places(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> list[types.Location] | None:
        return await server.answer(params.text_document.uri, lambda view: define(view, params.position))

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def referred(params: types.ReferenceParams) -> list[types.Location] | None:
        wanted = params.context.include_declaration
        return await server.answer(
            params.text_document.uri, lambda view: refer(view, params.position, declaration=wanted)
        )

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlighted(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
        return await server.answer(params.text_document.uri, lambda view: highlight(view, params.position))


def _register_outline(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        return await server.answer(params.text_document.uri, outline)

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    async def folded(params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
        return await server.answer(params.text_document.uri, folds)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def found(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        symbols: list[types.WorkspaceSymbol] = []
        for bench, _ in server.benches:
            symbols += workspace_symbols(bench, params.query)
        return symbols

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def coloured(params: types.SemanticTokensParams) -> types.SemanticTokens | None:
        return await server.answer(params.text_document.uri, tokens)
