"""The guide for editors is true: its settings are settings, its schemas exist, its Neovim configuration attaches."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

from engine.api.editing import editor_schemas
from engine.spec.editor_modeline import modeline
from engine.spec.kinds import KINDS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "editors.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)


def test_the_patterns_of_the_settings_are_those_of_the_kinds() -> None:
    (settings,) = blocks("json")
    for file, pattern in json.loads(settings)["yaml.schemas"].items():
        kind = Path(file).stem
        assert (ROOT / file).is_file() and kind in editor_schemas()
        assert pattern == f"*{KINDS[kind].suffix}"


def test_the_lines_in_front_of_documents_are_those_that_are_written() -> None:
    (example,) = blocks("yaml")
    assert example.startswith(modeline("flow", "mappings/flows/x.flow.yaml"))


def test_the_configuration_of_helix_starts_the_server() -> None:
    (text,) = blocks("toml")
    read = tomllib.loads(text)
    assert read["language-server"]["tieout"] == {"command": "tieout", "args": ["lsp"]}
    assert read["language"][0]["language-servers"] == ["tieout"]


def test_every_kind_of_answer_that_is_promised_is_registered() -> None:
    from engine.lsp.server import make_server

    features = set(make_server().protocol.fm.features)
    promised = {
        "completion", "hover", "definition", "references", "documentHighlight", "rename", "prepareRename", "codeAction",
        "codeLens", "documentSymbol", "semanticTokens/full", "formatting", "diagnostic",
    }  # fmt: skip
    assert {f"textDocument/{name}" for name in promised} | {"workspace/symbol", "workspace/diagnostic"} <= features


def test_the_words_about_new_documents_are_what_the_command_says(tmp_path: Path) -> None:
    from engine.api import new_document

    new_document(tmp_path, "workspace", "mine")
    made = new_document(tmp_path, "flow", "payment_reminder")
    said = "\n".join(f"made {file}" for file in made)
    assert said in GUIDE and os.linesep.join(made)
