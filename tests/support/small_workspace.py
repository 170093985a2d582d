"""A small workspace on disk, whole and clean, that tests change file by file."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import load_workspace

BASE = Path(__file__).parents[1] / "lint" / "fixtures" / "base"


def copy_base(root: Path) -> Path:
    """The small workspace in a folder of its own."""
    shutil.copytree(BASE, root, dirs_exist_ok=True)
    return root


def replace_in(root: Path, file: str, *pairs: tuple[str, str]) -> None:
    """Change a file of the workspace; every old text must be there."""
    path = root / "mappings" / file
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text, f"{file} does not hold {old!r}"
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def compile_at(root: Path) -> tuple[Plan | None, Diagnostics]:
    """The plan of a workspace and all findings."""
    workspace = load_workspace(root)
    found = Diagnostics()
    found.extend(workspace.diagnostics)
    return build_plan(workspace, found, {}), found


def codes_at(root: Path) -> list[str]:
    """The codes of all findings, in order of place."""
    return [each.code for each in compile_at(root)[1].sorted]


def plan_at(root: Path) -> Plan:
    """The plan of a workspace that must be clean."""
    plan, found = compile_at(root)
    assert plan is not None, [f"{each.code} {each.span} {each.message}" for each in found.sorted]
    return plan
