"""The language server: which request is answered by what. It speaks over standard input and output."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from engine.base.errors import UserError
from engine.lsp.checks import Checks
from engine.lsp.positions import Units
from engine.lsp.protocol import AnsweringProtocol
from engine.lsp.reports import by_file, convert
from engine.lsp.workbench import View, Workbench, path_of
from engine.spec.workspace import find_workspace

R = TypeVar("R")
#: A thread gives way after so many seconds: completion must not wait for a check.
SWITCH_SECONDS = 0.001
#: A check makes many objects and hardly any that hold each other: looking for such at every turn is a waste.
RARELY = (100_000, 20, 100)


class Server(LanguageServer):
    """The state of one connection: a workbench and its checks for each workspace that files were opened in."""

    def __init__(self) -> None:
        kind = types.TextDocumentSyncKind.Incremental
        super().__init__("tieout", "1", protocol_cls=AnsweringProtocol, text_document_sync_kind=kind)
        self._benches: dict[Path, tuple[Workbench, Checks]] = {}
        self._published: dict[Path, set[str]] = {}
        self._checking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._answering = ThreadPoolExecutor(max_workers=2, thread_name_prefix="answer")

    # ------------------------------------------------------------------ workspaces

    @property
    def units(self) -> Units:
        """How this client counts columns."""
        agreed = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return Units(agreed.value if isinstance(agreed, types.PositionEncodingKind) else agreed)

    def bench_of(self, uri: str) -> tuple[Workbench, Checks] | None:
        """The workspace that a file lies in; made when it is first asked for. None if it lies in none."""
        path = path_of(uri)
        if path is None:
            return None
        try:
            root = find_workspace(path if path.is_dir() else path.parent)
        except UserError:
            return None
        known = self._benches.get(root)
        if known is None:
            bench = Workbench(root, self.units)
            checks = Checks(bench, self._checking, lambda: self.publish(bench), self._refresh_shown, self._say)
            known = self._benches[root] = (bench, checks)
        return known

    @property
    def benches(self) -> list[tuple[Workbench, Checks]]:
        return list(self._benches.values())

    def put(self, uri: str, text: str | None) -> None:
        """A document's text as the editor has it; None if it was closed. Checks what that changed."""
        known = self.bench_of(uri)
        if known is None:
            return
        bench, checks = known
        file = bench.relative(uri)
        if file is not None:
            bench.open(file, text) if text is not None else bench.close(file)
            checks.changed()

    def enter(self, uri: str) -> None:
        """A folder is in the editor: what is wrong in its workspace is said without any file being opened."""
        known = self.bench_of(uri)
        if known is not None:
            known[1].changed(at_once=True)

    def leave(self, uri: str) -> None:
        """A folder was taken out of the editor: what was found there is said no more, if no file of it is open."""
        left, folders = _folder(uri), [_folder(each) for each in self.workspace.folders]
        for root, (bench, checks) in list(self._benches.items()):
            stays = any(each is not None and root.is_relative_to(each) for each in folders)
            if left is None or not root.is_relative_to(left) or stays or bench.open_texts:
                continue
            checks.stop()
            del self._benches[root]
            if self.pulls:
                self.workspace_diagnostic_refresh(None)
            for file in sorted(self._published.pop(root, set())):
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(bench.uri(file), []))

    def changed(self) -> None:
        """Files changed on disk."""
        for _, checks in self.benches:
            checks.changed()

    # ------------------------------------------------------------------ answers

    async def answer(self, uri: str, ask: Callable[[View], R]) -> R | None:
        """What a feature says about a document, asked on another thread so that the loop goes on."""
        known = self.bench_of(uri)
        if known is None:
            return None
        bench = known[0]

        def work() -> R | None:
            view = bench.view(uri)
            return None if view is None else ask(view)

        return await asyncio.get_running_loop().run_in_executor(self._answering, work)

    async def caught_up(self, uri: str, *, names: bool = False) -> None:
        """Wait until what was found is about the texts as they are, and, if asked for, ``names`` as well: what changes
        documents must not go by what they were."""
        known = self.bench_of(uri)
        if known is not None:
            await known[1].settled()
            if names:
                await self.compute(known[0].refresh)

    async def compute(self, work: Callable[[], R]) -> R:
        """Work that uses what was last checked: it takes its turn with the checks."""
        return await asyncio.get_running_loop().run_in_executor(self._checking, work)

    @property
    def pulls(self) -> bool:
        """Whether the client asks for findings by itself and can be told when to."""
        documents, workspace = self.client_capabilities.text_document, self.client_capabilities.workspace
        refreshes = workspace is not None and workspace.diagnostics is not None
        return documents is not None and documents.diagnostic is not None and refreshes

    def publish(self, bench: Workbench) -> None:
        """Tell the client what was found."""
        if self.pulls:
            self.workspace_diagnostic_refresh(None)
            return
        report = bench.report
        found = by_file(report.diagnostics if report is not None else ())
        before = self._published.get(bench.root, set())
        for file in sorted(before | set(found) | set(bench.open_texts)):
            items = [convert(bench, each) for each in found.get(file, [])]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(bench.uri(file), items))
        self._published[bench.root] = set(found)

    def _say(self, text: str) -> None:
        """Tell the user that the workspace could not be checked."""
        message = f"the workspace could not be checked: {text}"
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
        self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A request or message that could not be dealt with goes to the log: nobody is interrupted by it."""
        text = f"{str(error) or type(error).__name__} ({getattr(source, '__name__', source)})"
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, text))

    def _refresh_shown(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.code_lens is not None and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)


def _folder(uri: str) -> Path | None:
    """The folder that a URI names, links followed; None if it names something else."""
    path = path_of(uri)
    return None if path is None else path.resolve()


def make_server() -> Server:
    """A server with all its features."""
    from engine.lsp import register_editing, register_reading, register_sync

    server = Server()
    for module in (register_sync, register_reading, register_editing):
        module.register(server)
    return server


def serve() -> bool:
    """Serve one editor over standard input and output until it ends; whether it ended in order."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*RARELY)
    server = make_server()
    server.start_io()
    return not getattr(server.protocol, "left", False)
