"""The language server in a real editor: Neovim, without a screen, on the shipped workspace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
