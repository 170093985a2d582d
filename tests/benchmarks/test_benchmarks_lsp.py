"""The measurement of the language server asks what it says, and shows figures beside their goals."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types
from small_workspace import copy_base

from benchmarks.lsp import GOALS, measure, places, sample, table
from engine.api import shipped_workspace


def test_a_small_workspace_is_measured(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")
    file = sorted(path.relative_to(root).as_posix() for path in (root / "mappings").glob("*.flow.yaml"))[0]
    measured = asyncio.run(measure(root, [file], 1))
    assert measured["first_load_seconds"] > 0
    assert all(measured[name]["count"] > 0 and measured[name]["p95"] > 0 for name in GOALS)


def test_documents_of_every_kind_are_asked_about() -> None:
    kinds = {file.split(".")[-2] for file in sample(shipped_workspace())}
    assert {"flow", "mapping", "policy", "table", "source", "connection", "pricing", "revenue", "test"} <= kinds
    found = list(places("id: x\nwhen: =event.data.id\nsteps:\n"))
    assert found == [types.Position(0, 4), types.Position(1, 13), types.Position(2, 5)]


def test_figures_are_shown_beside_their_goals() -> None:
    figures = {"median": 1.0, "p95": 250.0, "count": 3}
    shown = table({"first_load_seconds": 1.5, **dict.fromkeys(GOALS, figures)}).splitlines()
    assert shown[0] == "first load     1.50 s"
    assert "goal 200 ms: not reached (1.25 of it)" in shown[2]
