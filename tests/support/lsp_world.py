"""A language server as a real process, and a client of a library that drives it over the protocol."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

WAIT_SECONDS = 60

T = TypeVar("T")


class Editor:
    """An editor with open documents: what it was told, and requests by a file and a piece of its text."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.found: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.news = asyncio.Event()
        self.capabilities: types.ServerCapabilities | None = None

    def uri(self, file: str) -> str:
        return (self.root / file).as_uri()

    def open(self, file: str, text: str | None = None) -> str:
        """Open a file, with another text than on disk if one is given."""
        content = (self.root / file).read_text("utf-8") if text is None else text
        self.texts[file], self.versions[file] = content, 1
        item = types.TextDocumentItem(self.uri(file), "yaml", 1, content)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return content

    def close(self, file: str) -> None:
        del self.texts[file]
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(file)))
        )

    def replace(self, file: str, old: str, new: str) -> types.Position:
        """Type ``new`` in the place of ``old``, as an incremental change; where ``|`` stands in ``new``, or at its end,
        the cursor is then."""
        text = self.texts[file]
        assert text.count(old) >= 1, f"{file} does not hold {old!r}"
        start = text.index(old)
        cursor = new.index("|") if "|" in new else len(new)
        new = new.replace("|", "", 1)
        place = types.Range(position(text, start), position(text, start + len(old)))
        self.texts[file] = text = text[:start] + new + text[start + len(old) :]
        self.versions[file] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[file], self.uri(file)),
                [types.TextDocumentContentChangePartial(range=place, text=new)],
            )
        )
        return position(text, start + cursor)

    def at(self, file: str, text: str, inside: str = "") -> types.Position:
        """The place of a piece of text, or of a smaller piece in it."""
        found = self.texts[file].index(text)
        return position(self.texts[file], found + (text.index(inside) if inside else 0))

    def on(self, file: str, place: types.Position) -> dict[str, Any]:
        return {"text_document": types.TextDocumentIdentifier(self.uri(file)), "position": place}

    async def diagnostics(self, file: str, until: Any = None) -> list[types.Diagnostic]:
        """What the server pushed about a file, once ``until`` holds of it."""
        uri = self.uri(file)

        async def wait() -> list[types.Diagnostic]:
            while uri not in self.found or (until is not None and not until(self.found[uri])):
                self.news.clear()
                await self.news.wait()
            return self.found[uri]

        return await asyncio.wait_for(wait(), WAIT_SECONDS)

    async def eventually(self, ask: Callable[[], Awaitable[T]], is_there: Callable[[T], object]) -> T:
        """The first answer of which ``is_there`` holds: what a check finds is known a little after its diagnostics."""

        async def wait() -> T:
            while not is_there(found := await ask()):
                await asyncio.sleep(0.1)
            return found

        return await asyncio.wait_for(wait(), WAIT_SECONDS)

    async def labels(self, file: str, place: types.Position) -> list[str]:
        """The labels that completion offers at a place, in the order in which an editor shows them."""
        answer = await self.client.text_document_completion_async(types.CompletionParams(**self.on(file, place)))
        items = answer.items if isinstance(answer, types.CompletionList) else list(answer or [])
        return [item.label for item in sorted(items, key=lambda each: each.sort_text or each.label)]

    async def hover(self, file: str, place: types.Position) -> str:
        answer = await self.client.text_document_hover_async(types.HoverParams(**self.on(file, place)))
        return answer.contents.value if answer is not None else ""  # type: ignore[union-attr]


def position(text: str, offset: int) -> types.Position:
    """The place of an offset as the protocol counts: UTF-16 units."""
    line = text.count("\n", 0, offset)
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    return types.Position(line, len(before.encode("utf-16-le")) // 2)


@asynccontextmanager
async def editor(root: Path, *, pull: bool = False, encodings: Sequence[str] = ()) -> AsyncIterator[Editor]:
    """An editor connected to a server process of its own, which may offer ``encodings`` of columns."""
    client = LanguageClient("tests", "1")
    made = Editor(client, root)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        made.found[params.uri] = list(params.diagnostics)
        made.news.set()

    @client.feature(types.WINDOW_SHOW_MESSAGE)
    def shown(params: types.ShowMessageParams) -> None:
        made.messages.append(params.message)

    @client.feature(types.WINDOW_LOG_MESSAGE)
    def logged(_params: types.LogMessageParams) -> None:
        """Logs are not looked at."""

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def registered(_params: types.RegistrationParams) -> None:
        """Whatever the server wants to watch."""

    @client.feature(types.WORKSPACE_DIAGNOSTIC_REFRESH)
    def refreshed(_params: Any) -> None:
        made.news.set()

    await client.start_io(sys.executable, "-m", "cli", "lsp", "--stdio", cwd=str(Path(__file__).parents[2]))
    documents = types.TextDocumentClientCapabilities(
        diagnostic=types.DiagnosticClientCapabilities() if pull else None,
        rename=types.RenameClientCapabilities(prepare_support=True),
    )
    workspace = types.WorkspaceClientCapabilities(
        diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True) if pull else None,
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    )
    general = types.GeneralClientCapabilities(position_encodings=list(encodings)) if encodings else None
    answer = await asyncio.wait_for(
        client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(text_document=documents, workspace=workspace, general=general),
                workspace_folders=[types.WorkspaceFolder(root.as_uri(), "workspace")],
            )
        ),
        WAIT_SECONDS,
    )
    made.capabilities = answer.capabilities
    client.initialized(types.InitializedParams())
    try:
        yield made
    finally:
        await asyncio.wait_for(client.shutdown_async(None), WAIT_SECONDS)
        client.exit(None)
        await client.stop()
