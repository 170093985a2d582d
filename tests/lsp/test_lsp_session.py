"""A session over the protocol's bare bytes: it begins and ends as it should, and nothing that a client sends ends
it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from small_workspace import copy_base

ROOT = Path(__file__).parents[2]
FILE = "mappings/bill.mapping.yaml"
WAIT_SECONDS = 60


class Wire:
    """A server process, and messages as bytes. Whatever it writes that is no message fails the test."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.number = 0
        self.root = Path()

    def send(self, method: str, params: Any, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.raw(json.dumps(message if number is None else {**message, "id": number}).encode())

    def raw(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            assert name in {b"Content-Length", b"Content-Type"}, line
            length = int(value) if name == b"Content-Length" else length
        assert length, "the server ended, or wrote something that is no message"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """A request and its answer; what else the server says before is passed over."""
        self.number += 1
        self.send(method, params, self.number)
        while True:
            message = self.receive()
            if message.get("id") == self.number and "method" not in message:
                return message

    def begin(self, root: Path) -> dict[str, Any]:
        self.root = root
        answer = self.ask(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "capabilities": {},
             "workspaceFolders": [{"uri": root.as_uri(), "name": "ws"}]},
        )  # fmt: skip
        self.send("initialized", {})
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, root: Path, file: str = FILE) -> dict[str, Any]:
        text = (root / file).read_text("utf-8")
        item = {"uri": (root / file).as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})
        return {"textDocument": {"uri": item["uri"]}}


@contextmanager
def wire() -> Iterator[Wire]:
    command = [sys.executable, "-m", "cli", "lsp"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield Wire(process)
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.kill()
        process.wait(WAIT_SECONDS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_base(tmp_path / "ws").resolve()


def test_it_begins_answers_and_ends_with_zero(root: Path) -> None:
    with wire() as made:
        capabilities = made.begin(root)["capabilities"]
        assert capabilities["completionProvider"]["triggerCharacters"] and capabilities["signatureHelpProvider"]
        where = made.open(root)
        assert made.ask("textDocument/documentSymbol", where)["result"]
        assert made.ask("shutdown", None)["result"] is None
        made.send("exit", None)
        assert made.process.wait(WAIT_SECONDS) == 0


def test_it_ends_when_the_editor_is_gone(root: Path) -> None:
    with wire() as made:
        made.begin(root)
        made.open(root)
        assert made.process.stdin is not None
        made.process.stdin.close()
        assert made.process.wait(WAIT_SECONDS) is not None


START = {"line": 0, "character": 0}


def test_what_comes_out_of_turn_is_refused_as_the_protocol_says(root: Path) -> None:
    where = {"textDocument": {"uri": (root / FILE).as_uri()}}
    with wire() as made:
        early = made.ask("textDocument/hover", {**where, "position": START})["error"]
        assert (early["code"], early.get("data")) == (-32002, None)
        made.open(root)  # passed over: nobody waits for an answer
        made.begin(root)
        again = made.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        assert again["error"]["code"] == -32600
        assert made.ask("textDocument/documentSymbol", where)["result"]
        assert made.ask("shutdown", None)["result"] is None
        assert made.ask("textDocument/documentSymbol", where)["error"]["code"] == -32600
        made.send("exit", None)
        assert made.process.wait(WAIT_SECONDS) == 0


def test_an_editor_that_goes_without_a_shutdown_is_told_by_the_exit_code(root: Path) -> None:
    with wire() as made:
        made.begin(root)
        made.send("exit", None)
        assert made.process.wait(WAIT_SECONDS) == 1


def test_what_fails_inside_is_answered_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from pygls.exceptions import JsonRpcInternalError

    from engine.lsp.server import make_server

    said: list[Any] = []
    protocol = make_server().protocol
    monkeypatch.setattr(protocol, "_send_data", said.append)
    try:
        raise KeyError("mappings")
    except KeyError:
        error = JsonRpcInternalError.of(sys.exc_info())
    protocol._send_response(1, error=error.to_response_error())
    assert (said[0].error.message, said[0].error.data) == ("this could not be answered: 'mappings'", None)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", {"nonsense": True}),
        ("textDocument/hover", {"textDocument": {"uri": "untitled:Untitled-1"}, "position": START}),
        ("textDocument/completion", {"textDocument": {"uri": "file:///nowhere/x.flow.yaml"}, "position": START}),
        ("textDocument/neverHeardOf", {}),
        ("workspace/executeCommand", {"command": "tieout.runTests", "arguments": ["file:///nowhere", 7]}),
        ("workspace/executeCommand", {"command": "tieout.previewStep", "arguments": []}),
        ("workspace/executeCommand", {"command": "no.such.command"}),
    ],
)
def test_a_request_that_cannot_be_answered_gets_an_answer_all_the_same(broken: Wire, method: str, params: Any) -> None:
    answer = broken.ask(method, params)
    assert answer.get("result") in (None, {"isIncomplete": False, "items": []}) or "error" in answer
    where = {"textDocument": {"uri": (broken.root / FILE).as_uri()}}
    assert broken.ask("textDocument/documentSymbol", where)["result"]


def test_messages_that_are_no_messages_do_not_end_it(root: Path) -> None:
    with wire() as made:
        made.begin(root)
        where = made.open(root)
        made.raw(b"{not json")
        made.raw(b"[]")
        made.raw(b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": 3}}')
        made.send("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened.flow.yaml"}})
        assert made.ask("textDocument/documentSymbol", where)["result"]


BROKEN = [
    *(
        "",
        "\n",
        "\r\n\r\n",
        "{",
        "- - - [",
        "a: |\n  b",
        "\t",
        "id: \x00",
        "steps:\n- id: a\n  when: =((((",
        "= ",
        "{{",
    ),
    *("a" * 50_000, "[" * 5_000, "a: &x [*x]", "id: 😀\nsteps: {a: 'ü", "given: {{{{", "cases:\n  - change:\n      a["),
    *("spec: test/v1\ntarget: {flow: }\ncases:\n- replies: {", "x: =@.[?a==", "x: '=a.b[", "lists: {a: {over: ="),
]


@pytest.mark.parametrize("text", BROKEN)
def test_every_request_is_answered_at_every_place_of_a_broken_document(broken: Wire, text: str) -> None:
    for file in ("mappings/strange.flow.yaml", "mappings/strange.test.yaml"):
        uri = (broken.root / file).as_uri()
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        broken.send("textDocument/didOpen", {"textDocument": item})
        lines = text.split("\n")
        last = {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}
        for position in (last, {"line": 99, "character": 99}):
            for method in ("completion", "hover", "definition", "documentHighlight", "prepareRename", "signatureHelp"):
                where = {"textDocument": {"uri": uri}, "position": position}
                assert "error" not in broken.ask(f"textDocument/{method}", where), (method, position)
        for method in ("documentSymbol", "foldingRange", "codeLens", "semanticTokens/full", "formatting"):
            extra = {"options": {"tabSize": 2, "insertSpaces": True}} if method == "formatting" else {}
            assert "error" not in broken.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, **extra}), method
        broken.send("textDocument/didClose", {"textDocument": {"uri": uri}})


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One server for all broken documents."""
    with wire() as made:
        made.begin(copy_base(tmp_path_factory.mktemp("broken") / "ws").resolve())
        yield made
