"""Lints a workspace of which nothing is known yet with two processes: one reads documents while the other still loads
the compiler, and both ask rules."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.beside import Beside
from engine.base.clock import Clock
from engine.spec.kinds import CALCULATING
from engine.spec.workspace import Ahead, LoadedWorkspace

if TYPE_CHECKING:
    from engine.lint.cache import Watched
    from engine.lint.report import LintReport


def lint_beside(root: Path, environment: Mapping[str, str], clock: Clock) -> tuple[LintReport, Watched]:
    """What :func:`engine.lint.runner.lint_watched` finds, sooner where a second processor is free. It copies the
    process, so that only a command that owns its process uses it."""
    began = clock.monotonic()
    ahead = Ahead(root)
    with ExitStack() as open_:
        shared = open_.enter_context(Beside(ahead.read, *ahead.counts))
        from engine.lint.runner import LintReport, day_of, lint_loaded

        _load_for(ahead.kinds)
        steps = ahead.load(shared.results)
        compiled, whole = next(steps), []

        def last() -> LoadedWorkspace:
            whole.append(next(steps))
            open_.close()  # the other process has nothing left to do
            return whole[0]

        findings, watched = lint_loaded(compiled, last, environment, day_of(clock), beside=True)
    return LintReport(findings, whole[0].files, clock.monotonic() - began), watched


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
