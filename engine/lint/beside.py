"""Lints a workspace of which nothing is known yet with two processes: one reads documents while the other still loads
the compiler, and both ask rules."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.beside import Beside
from engine.base.clock import Clock
from engine.spec.kept_files import KeptFiles
from engine.spec.kinds import CALCULATING
from engine.spec.workspace import FilesAhead

if TYPE_CHECKING:
    from engine.lint.cache import Watched
    from engine.lint.report import LintReport


def lint_beside(root: Path, environment: Mapping[str, str], clock: Clock) -> tuple[LintReport, Watched]:
    """What :func:`engine.lint.runner.lint_watched` finds, sooner where a second processor is free. It copies the
    process, so that only a command that owns its process uses it."""
    began = clock.monotonic()
    kept = KeptFiles()
    ahead = FilesAhead(root, kept)
    with Beside(ahead.read, len(ahead.paths)) as shared:
        from engine.lint.runner import lint_watched

        _load_for(ahead.kinds)
        ahead.keep(shared.results())
    report, watched = lint_watched(root, environment, clock, kept, beside=True)
    return replace(report, seconds=clock.monotonic() - began), watched


def _load_for(kinds: Collection[str]) -> None:
    """Load what these kinds of documents are compiled with, which would be loaded when the first one is."""
    for kind in CALCULATING:
        if kind in kinds:
            importlib.import_module("engine.plan.calculations")
            importlib.import_module("engine.finance.calculations").calculation(kind)
    if "connection" in kinds:
        importlib.import_module("engine.connect.compiling")
    if "flow" in kinds:
        importlib.import_module("engine.plan.step_blocks")
        importlib.import_module("engine.plan.step_effects")
