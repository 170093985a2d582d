"""The large workspace compiles, and the measurement says what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import copy_base

from benchmarks.lint import GOALS, commands, edits, table
from benchmarks.lint_workspace import documents_of, write_workspace
from engine.api import shipped_workspace
from engine.lint.runner import lint


def test_a_large_workspace_has_the_documents_that_were_asked_for_and_compiles(tmp_path: Path) -> None:
    shipped = len(documents_of(shipped_workspace()))
    assert write_workspace(tmp_path, shipped + 60) == shipped + 60 == len(documents_of(tmp_path))
    report = lint(tmp_path, environment={})
    assert not report.has_errors, report.diagnostics[:5]
    assert len({path.name for path in documents_of(tmp_path)}) > shipped


def test_the_command_and_a_session_are_measured(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")
    taken = commands(root, 1)
    assert taken["warm_seconds"] > 0
    assert 0 < taken["cold_seconds"] < 60
    files = sorted((root / "mappings").glob("*.yaml"))
    found = edits(root, files)
    assert 0 < found["edit_median_milliseconds"] <= found["edit_p95_milliseconds"] <= found["edit_max_milliseconds"]


def test_figures_are_shown_beside_their_goals() -> None:
    assert {name for name, _ in GOALS} == {"shipped", "large"}
    shown = table({"shipped": {"cold_seconds": 0.9}, "large": {"cold_seconds": 3.5, "documents": 500}}).splitlines()
    assert shown[0].endswith("goal 1: reached")
    assert shown[1].endswith("goal 3: not reached")
    assert "goal" not in shown[2]


def test_an_edit_that_changes_what_is_found_is_no_measurement(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")
    with pytest.raises(RuntimeError, match="changed what is found"):
        edits(root, [root / "tieout.yaml", root / "schemas" / "money@1.schema.json"])
