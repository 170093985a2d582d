"""Tests of definitions: run them, say what they reach, find what they do not notice, draft and record them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.verify.coverage.measure import Thresholds
    from engine.verify.model import TestReport
    from engine.verify.mutants.trial import MutantReport


def run_tests(
    root: Path,
    only: str | None = None,
    *,
    changed_since: str | None = None,
    coverage: Thresholds | None = None,
    seed: int | None = None,
) -> TestReport:
    """Run the tests beside the definitions; with ``changed_since``, those that changes since a revision can affect.

    With ``coverage`` the report says what they reach. Raises UserError if ``only`` chooses nothing, or if what has
    changed cannot be told.
    """
    from engine.verify.runner import run_tests as run

    changed = None
    if changed_since is not None:
        from engine.lint.changed import changed_files

        changed = changed_files(root, changed_since)
    return run(root, only=only, changed=changed, coverage=coverage, seed=seed)


def thresholds(root: Path, overall: int | None = None, per_file: int | None = None) -> Thresholds:
    """The least coverage that is asked for: what is given here before what the workspace file says."""
    from engine.source.diagnostic import Diagnostics
    from engine.source.yaml_reader import read_yaml
    from engine.spec.documents.workspace import Workspace
    from engine.spec.kinds import decode_document
    from engine.spec.workspace import WORKSPACE_FILE
    from engine.verify.coverage.measure import Thresholds

    found = Diagnostics()
    node = read_yaml((root / WORKSPACE_FILE).read_bytes(), WORKSPACE_FILE, found)
    document = None if node is None else decode_document(node, found, "workspace")
    declared = document.coverage if isinstance(document, Workspace) else None
    least = Thresholds() if declared is None else Thresholds(declared.overall, declared.per_file)
    return Thresholds(least.overall if overall is None else overall, least.per_file if per_file is None else per_file)


def find_mutants(
    root: Path, only: str | None = None, *, budget_seconds: float | None = None, seed: int = 0, processes: int = 2
) -> MutantReport:
    """Change the definitions line by line, and see which changes no test notices. Raises UserError if the workspace
    does not compile."""
    from engine.base.clock import SystemClock
    from engine.base.errors import UserError
    from engine.plan.build import build
    from engine.spec.workspace import load_workspace
    from engine.verify.mutants.trial import try_mutants

    workspace = load_workspace(root)
    built = build(workspace)
    if built.plan is None:
        found = (*workspace.diagnostics.sorted, *built.found.sorted)
        raise UserError("the workspace does not compile, so nothing can be changed in it", found)
    return try_mutants(
        workspace, built.plan, built.library, clock=SystemClock(), only=only, budget_seconds=budget_seconds,
        seed=seed, processes=processes,
    )  # fmt: skip


def write_text(file: Path, text: str) -> None:
    """Write a text file. Raises UserError if it cannot be written."""
    from engine.base.errors import UserError

    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error
