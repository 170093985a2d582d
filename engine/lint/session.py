"""A checker that lives on: after an edit it reads, compiles and checks only what the edit can have changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.base.clock import Clock, SystemClock
from engine.lint.known import Known
from engine.lint.runner import LintReport, day_of, findings_of
from engine.plan.build import build
from engine.plan.kept import KeptParts
from engine.plan.library import Library
from engine.plan.model import Plan
from engine.spec.kept_files import KeptFiles
from engine.spec.workspace import LoadedWorkspace, load_workspace

NOTHING: Mapping[str, str] = MappingProxyType({})


class Session:
    """Lints one workspace again and again, and finds each time what :func:`engine.lint.runner.lint` would find.

    ``environment`` fills in the settings of connections; the process's own if left out.
    """

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None, clock: Clock | None = None) -> None:
        self._root = root
        self._environment = dict(os.environ) if environment is None else dict(environment)
        self._clock = clock or SystemClock()
        self._files = KeptFiles()
        self._parts = KeptParts()
        self._known = Known()
        self._workspace: LoadedWorkspace | None = None
        self._plan: Plan | None = None
        self._library: Library | None = None

    @property
    def workspace(self) -> LoadedWorkspace | None:
        """What was read when it was last checked; None before."""
        return self._workspace

    @property
    def plan(self) -> Plan | None:
        """What it compiled to when it was last checked; None before, and where it has errors."""
        return self._plan

    @property
    def library(self) -> Library | None:
        """What names and references resolve to, with types, also where there are errors; None before any check."""
        return self._library

    def check(self, overlay: Mapping[str, str] = NOTHING) -> LintReport:
        """Everything found now. ``overlay`` gives texts by relative path, such as an editor's unsaved ones, that count
        instead of those on disk. Raises UserError if there is no workspace any more."""
        began = self._clock.monotonic()
        workspace = load_workspace(self._root, overlay=overlay, kept=self._files)
        built = build(workspace, self._environment, self._parts)
        self._workspace, self._plan, self._library = workspace, built.plan, built.library
        findings = findings_of(workspace, built.plan, built.found, day_of(self._clock), self._known)
        return LintReport(findings, workspace.files, self._clock.monotonic() - began)
