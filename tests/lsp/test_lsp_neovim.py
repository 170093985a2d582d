"""The language server in a real editor: Neovim, without a screen, on the shipped workspace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_workspace import copy_base

from engine.api import init_workspace
from engine.lint.runner import lint

FILE = "mappings/flows/invoice_posted.flow.yaml"


@pytest.mark.editor
def test_neovim_shows_the_findings_of_the_command_line_and_completes_a_key(tmp_path: Path) -> None:
    editor = shutil.which("nvim")
    assert editor is not None, "Neovim is not installed: apt-get install neovim"
    root = tmp_path / "ws"
    init_workspace(root)
    flow = root / FILE
    text = flow.read_text("utf-8").replace("policy: invoice_facts@1", "policy: invoice_fact@1")
    flow.write_text(text, "utf-8")
    expected = [each for each in lint(root).diagnostics if each.span.file == FILE]
    assert [each.code for each in expected] == ["POL101"]
    line = text[: text.index("steps:\n")].count("\n") + 1
    result = tmp_path / "result.json"
    subprocess.run(
        [editor, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(Path(__file__).parent / "neovim.lua")],
        check=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=root,
        env=os.environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TIEOUT_COMMAND": json.dumps([sys.executable, "-m", "cli", "lsp", "--stdio"]),
            "TIEOUT_FILE": str(flow),
            "TIEOUT_ROOT": str(root),
            "TIEOUT_RESULT": str(result),
            "TIEOUT_LINE": str(line),
            "TIEOUT_TEXT": "  - look",
        },
    )
    seen = json.loads(result.read_text("utf-8"))
    assert [(each["code"], each["line"], each["column"]) for each in seen["diagnostics"]] == [
        (each.code, each.span.line, each.span.column) for each in expected
    ]
    assert seen["diagnostics"][0]["message"].startswith(expected[0].message)
    assert "lookup" in seen["labels"]


def test_the_configuration_of_the_guide_attaches_one_server_to_all_files(tmp_path: Path) -> None:
    editor = shutil.which("nvim")
    assert editor is not None, "Neovim is not installed: apt-get install neovim"
    root = copy_base(tmp_path / "ws").resolve()
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "editors.md").read_text("utf-8")
    command = tmp_path / "bin" / "tieout"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cli "$@"\n', "utf-8")
    command.chmod(0o755)
    files = sorted((root / "mappings").glob("*.mapping.yaml"))[:2]
    (tmp_path / "init.lua").write_text(guide.split("```lua\n")[1].partition("```")[0], "utf-8")
    lines = [f'vim.cmd("edit {each}")' for each in files]
    lines += [
        "local function begun() local c = vim.lsp.buf_get_clients(0)[1] return c and c.initialized end",
        "local ready = vim.wait(60000, begun)",
        "local answer = vim.lsp.buf_request_sync(0, 'textDocument/documentSymbol',"
        " { textDocument = vim.lsp.util.make_text_document_params() }, 60000) or {}",
        "local said = { ready = ready, clients = #vim.lsp.get_active_clients() }",
        "said.symbols = #((answer[1] or {}).result or {})",
        f"vim.fn.writefile({{ vim.fn.json_encode(said) }}, '{tmp_path}/said.json')",
        "vim.cmd('qall!')",
    ]
    (tmp_path / "steps.lua").write_text("\n".join(lines), "utf-8")
    subprocess.run(
        [editor, "--headless", "-u", str(tmp_path / "init.lua"), "-i", "NONE", "-n", "-S", str(tmp_path / "steps.lua")],
        check=True,
        timeout=150,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=root,
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": f"{command.parent}:{os.environ['PATH']}"},
    )
    said = json.loads((tmp_path / "said.json").read_text("utf-8"))
    assert (said["ready"], said["clients"]) == (True, 1) and said["symbols"] > 3
