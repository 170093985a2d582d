"""How long an editor waits: the language server as a process, over its protocol, on the shipped workspace.

First load is from the start of the process to the first findings. Then, in documents of every kind in turn: an edit
until its findings arrive (with the moment of quiet that the server waits for), completion of a key, a name and a field
path, and hover.

    python -m benchmarks.lsp [--repetitions 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.load import percentile
from benchmarks.process import ROOT
from engine.api import shipped_workspace

RESULTS = Path(__file__).parent / "results" / "lsp.json"
#: What is to be reached, in milliseconds at the 95th percentile, on a machine that does nothing else.
GOALS: Mapping[str, float] = {"completion": 50.0, "diagnostics": 200.0, "hover": 50.0}
WAIT_SECONDS = 120


class Waiting:
    """A client that knows when findings about a file last came."""

    def __init__(self) -> None:
        self.client = LanguageClient("benchmark", "1")
        self.came: dict[str, float] = {}
        self.news = asyncio.Event()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.came[params.uri] = time.perf_counter()
            self.news.set()

    async def findings(self, uri: str, since: float) -> float:
        """Seconds from a moment until findings about a file came."""

        async def wait() -> float:
            while self.came.get(uri, 0) < since:
                self.news.clear()
                await self.news.wait()
            return self.came[uri] - since

        return await asyncio.wait_for(wait(), WAIT_SECONDS)


def places(text: str) -> Iterator[types.Position]:
    """Places in a document where people ask: behind dots of computed values, behind keys, at the end of keys."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        _, colon, value = line.partition(": ")
        if colon and value.startswith("=") and "." in value and "'" not in value:
            yield types.Position(number, line.index("=") + value.index(".") + 1)
        elif colon and not value.startswith(("=", '"', "'")):
            yield types.Position(number, len(line) - len(value))
        elif line.endswith(":"):
            yield types.Position(number, len(line) - 1)


async def measure(root: Path, files: list[str], repetitions: int) -> dict[str, Any]:
    """Milliseconds of everything that was asked, and the seconds of the first load."""
    waiting = Waiting()
    client = waiting.client
    taken: dict[str, list[float]] = {"completion": [], "diagnostics": [], "hover": []}
    began = time.perf_counter()
    await client.start_io(sys.executable, "-m", "cli", "lsp", cwd=str(ROOT))
    folder = types.WorkspaceFolder(root.as_uri(), "workspace")
    asked = types.InitializeParams(capabilities=types.ClientCapabilities(), workspace_folders=[folder])
    await client.initialize_async(asked)
    client.initialized(types.InitializedParams())
    loaded = 0.0
    for file in files:
        text, uri = (root / file).read_text("utf-8"), (root / file).as_uri()
        opened = time.perf_counter()
        item = types.TextDocumentItem(uri, "yaml", 0, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await waiting.findings(uri, opened)
        loaded = loaded or time.perf_counter() - began
        for repetition in range(repetitions):
            taken["diagnostics"].append(await edited(waiting, uri, repetition))
        await asyncio.sleep(0.6)  # names and types are learned now
        document = types.TextDocumentIdentifier(uri)
        for place in list(places(text))[:: max(1, text.count("\n") // 10)]:
            for name, ask in requests(client, document, place).items():
                start = time.perf_counter()
                await ask()
                taken[name].append((time.perf_counter() - start) * 1000)
        client.text_document_did_close(types.DidCloseTextDocumentParams(document))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return {"first_load_seconds": round(loaded, 3), **{name: figures(each) for name, each in taken.items()}}


def requests(
    client: LanguageClient, document: types.TextDocumentIdentifier, place: types.Position
) -> dict[str, Callable[[], Any]]:
    """What is asked at a place."""
    return {
        "completion": lambda: client.text_document_completion_async(types.CompletionParams(document, place)),
        "hover": lambda: client.text_document_hover_async(types.HoverParams(document, place)),
    }


async def edited(waiting: Waiting, uri: str, repetition: int) -> float:
    """Milliseconds from a typed comment line to findings: every edit changes the text, none the meaning."""
    start = types.Position(0, 0)
    change = types.TextDocumentContentChangePartial(range=types.Range(start, start), text=f"# {repetition}\n")
    version = types.VersionedTextDocumentIdentifier(repetition + 1, uri)
    began = time.perf_counter()
    waiting.client.text_document_did_change(types.DidChangeTextDocumentParams(version, [change]))
    return await waiting.findings(uri, began) * 1000


def figures(taken: list[float]) -> dict[str, float]:
    """Median, 95th percentile and count of milliseconds."""
    return {"median": round(median(taken), 2), "p95": round(percentile(sorted(taken), 0.95), 2), "count": len(taken)}


def sample(root: Path) -> list[str]:
    """Two documents of every kind, the longest and one in the middle."""
    by_kind: dict[str, list[Path]] = {}
    for folder in ("mappings", "policies"):
        for path in sorted((root / folder).rglob("*.yaml")):
            by_kind.setdefault(path.name.split(".")[-2], []).append(path)
    chosen: list[str] = []
    for paths in by_kind.values():
        ordered = sorted(paths, key=lambda path: path.stat().st_size)
        for path in dict.fromkeys((ordered[-1], ordered[len(ordered) // 2])):
            chosen.append(path.relative_to(root).as_posix())
    return chosen


def table(measured: Mapping[str, Any]) -> str:
    """The figures beside their goals."""
    lines = [f"first load     {measured['first_load_seconds']:.2f} s"]
    for name, goal in GOALS.items():
        each = measured[name]
        reached = "reached" if each["p95"] <= goal else "not reached"
        lines.append(
            f"{name:<15}median {each['median']:7.1f} ms  p95 {each['p95']:7.1f} ms  of {each['count']:>5}"
            f"  goal {goal:.0f} ms: {reached} ({each['p95'] / goal:.2f} of it)"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--no-save", action="store_true", help="print only")
    options = parser.parse_args()
    root = shipped_workspace()
    load = round(os.getloadavg()[0], 2)  # what else the machine did: figures are worth something near 0
    measured = asyncio.run(measure(root, sample(root), options.repetitions))
    sys.stdout.write(table(measured))
    if not options.no_save:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": load}
        RESULTS.write_text(json.dumps({"machine": machine, **measured}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
