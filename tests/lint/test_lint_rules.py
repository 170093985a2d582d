"""Every rule with a workspace that breaks it and a near one that does not; suppressions; the reference page."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from small_workspace import BASE, compile_at, copy_base, plan_at

from engine.lint.codes import LINT_CODES, as_markdown
from engine.lint.rules import retries
from engine.lint.runner import lint
from engine.lint.subject import Subject
from engine.lint.suppressions import read_suppressions
from engine.plan.model import PostStep
from engine.source.diagnostic import Level
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]
FIXTURES = BASE.parent
CODES = sorted(folder.name for folder in FIXTURES.iterdir() if folder != BASE)


def workspace(root: Path, code: str, side: str) -> Path:
    copy_base(root)
    shutil.copytree(FIXTURES / code / side, root, dirs_exist_ok=True)
    return root


def test_the_base_has_no_findings() -> None:
    report = lint(BASE, environment={})
    assert [str(each) for each in report.diagnostics] == []


@pytest.mark.parametrize("code", CODES)
def test_a_workspace_that_breaks_a_rule_is_told_so_and_nothing_else(tmp_path: Path, code: str) -> None:
    report = lint(workspace(tmp_path, code, "bad"), environment={})
    levels = {each.code: each.level for each in LINT_CODES}
    assert {each.code for each in report.diagnostics} == {code}, [each.message for each in report.diagnostics]
    assert {each.level for each in report.diagnostics} == {levels[code]}
    assert all(each.span.file in report.files and each.span.line >= 1 for each in report.diagnostics)


@pytest.mark.parametrize("code", CODES)
def test_a_near_workspace_that_keeps_it_is_not(tmp_path: Path, code: str) -> None:
    report = lint(workspace(tmp_path, code, "good"), environment={})
    assert [f"{each.code} {each.span} {each.message}" for each in report.diagnostics] == []


def test_every_rule_has_its_pair() -> None:
    # No workspace is at fault, or none that the shipped connectors allow.
    by_hand = {"CONN201", "CONN226", "CONN227", "CONN228", "CONN229", "DOC204", "SAFE222"}
    assert set(CODES) | by_hand == {each.code for each in LINT_CODES}


def test_retries_beyond_the_memory_of_a_system_that_cannot_be_asked(tmp_path: Path) -> None:
    plan = plan_at(copy_base(tmp_path))
    (flow,) = plan.flows["booked@1"]
    post = flow.steps[-1]
    assert isinstance(post, PostStep)

    def found(window: float | None, can_look_up: bool) -> list[str]:
        guarantees = dataclasses.replace(post.guarantees, window_seconds=window, can_look_up=can_look_up)
        steps = (*flow.steps[:-1], dataclasses.replace(post, guarantees=guarantees))
        changed = dataclasses.replace(plan, flows={"booked@1": (dataclasses.replace(flow, steps=steps),)})
        return [each.message for each in retries.check(Subject(load_workspace(tmp_path), changed))]

    assert found(3600.0, False) == [
        "step `posted` is tried for 24 h, but `ledger` remembers its key for 1 h only and cannot be asked"
    ]
    assert found(3600.0, True) == found(None, False) == found(86_400.0, False) == []


def test_rules_do_not_run_on_a_workspace_that_does_not_compile(tmp_path: Path) -> None:
    root = workspace(tmp_path, "MAP202", "bad")
    text = (root / "mappings" / "booked.flow.yaml").read_text("utf-8")
    (root / "mappings" / "booked.flow.yaml").write_text(text.replace("mapping: entry@1", "mapping: entri@1"), "utf-8")
    assert [each.code for each in lint(root, environment={}).diagnostics] == ["MAP101"]


def test_a_suppression_speaks_for_its_line_or_the_next() -> None:
    text = "a: 1 # ignore[MAP202]: kept\n# ignore[FLOW203]: one of a kind\nb: '# ignore'\n  # ignore[SEC201]\n"
    found = [(each.code, each.reason, each.line) for each in read_suppressions({"a.yaml": text, "b.csv": text})]
    assert found == [("MAP202", "kept", 1), ("FLOW203", "one of a kind", 3), ("SEC201", "", 5)]


def test_an_error_of_the_compiler_is_not_suppressed(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    text = (root / "mappings" / "booked.flow.yaml").read_text("utf-8")
    text = text.replace("mapping: entry@1", "mapping: entri@1 # ignore[MAP101]: later")
    (root / "mappings" / "booked.flow.yaml").write_text(text, "utf-8")
    assert "MAP101" in [each.code for each in compile_at(root)[1].sorted]
    assert "MAP101" in [each.code for each in lint(root, environment={}).diagnostics]


def test_the_shipped_workspace_has_no_findings() -> None:
    report = lint(ROOT, environment={})
    assert [f"{each.code} {each.span} {each.message}" for each in report.diagnostics] == []


def test_the_reference_page_is_current() -> None:
    assert (ROOT / "docs" / "reference" / "rules.md").read_text("utf-8") == as_markdown()


def test_levels_leave_room_for_doubt() -> None:
    certain = {each.code for each in LINT_CODES if each.level is Level.ERROR}
    assert {"FLOW203", "FLOW204", "SEC201", "TEST203"} <= certain
    assert "FLOW209" not in certain
