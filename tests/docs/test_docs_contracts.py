"""The guide to contracts: its commands make a workspace without a finding, and its examples are what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from cli import tieout
from engine.api import new_document
from engine.lint.runner import lint

GUIDE = (Path(__file__).parents[2] / "docs/guides/contracts.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def test_the_way_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line.removeprefix("$ ").partition("#")[0].strip() for line in block("console").splitlines()]
    for line in lines[1:]:  # the first makes the folder
        for command in line.split(" && "):
            assert tieout.main(shlex.split(command)[1:], standalone_mode=False) == 0, command
    out = capsys.readouterr().out
    assert "no findings" in out and re.search(r"^\d+ passed", out, re.MULTILINE)
    assert (tmp_path / "connectors/ledgerline/manifest.yaml").is_file()


def codes(root: Path) -> set[str]:
    return {each.code for each in lint(root).diagnostics if each.level == "error"}


def test_the_contract_and_the_version_are_read_as_they_stand(tmp_path: Path) -> None:
    new_document(tmp_path, "workspace", "books")
    new_document(tmp_path, "schema", "money")
    for name in ("bill_line", "ledger_invoice"):
        new_document(tmp_path, "schema", name)
    line = json.loads((tmp_path / "schemas/ledger_invoice@1.schema.json").read_text("utf-8"))
    line |= {"required": ["text"], "properties": {"text": {"type": "string", "description": "What it says."}}}
    (tmp_path / "schemas/ledger_invoice@1.schema.json").write_text(json.dumps(line), "utf-8")
    (tmp_path / "schemas/bill@1.schema.json").write_text(block("json"), "utf-8")
    (tmp_path / "mappings/second.mapping.yaml").write_text(block("yaml"), "utf-8")
    first = block("yaml").replace('"1.1.0"', '"1.0.0"').replace("effective:\n  from: 2026-07-01\n", "")
    (tmp_path / "mappings/first.mapping.yaml").write_text(first, "utf-8")
    assert codes(tmp_path) == set()
    (tmp_path / "mappings/first.mapping.yaml").write_text(block("yaml"), "utf-8")
    assert codes(tmp_path) == {"SPEC103"}, "the same version twice"
