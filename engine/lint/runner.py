"""Lints a workspace: what the compiler found, then every rule, then suppressions."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.base.beside import Beside
from engine.base.clock import SECOND, Clock, SystemClock
from engine.connect.manifest import folder_of
from engine.lint.astray import at_references
from engine.lint.cache import Watched
from engine.lint.hints import with_hint
from engine.lint.known import Known
from engine.lint.mending import with_fix
from engine.lint.misnamed import told_once
from engine.lint.no_controls import at_policies
from engine.lint.origins import closer, with_names, with_origins
from engine.lint.other_kinds import at_other_kinds
from engine.lint.other_references import at_other_references
from engine.lint.renamed import at_inputs
from engine.lint.report import LintReport as LintReport
from engine.lint.roots import root_causes
from engine.lint.rules import (
    calculation_cases,
    cases,
    contradictions,
    event_nobody_makes,
    identity,
    key_without_row,
    literals,
    namesakes,
    outcomes,
    owners,
    retries,
    secrets,
    test_names,
    tests,
    unbounded,
    unreachable,
    unused,
)
from engine.lint.rules_flows import FLOW_RULES
from engine.lint.rules_values import VALUE_RULES, check_values
from engine.lint.schema_names import at_ids
from engine.lint.short_keys import at_keys
from engine.lint.subject import Rule, Subject
from engine.lint.suppressions import apply, read_suppressions
from engine.plan.build import build
from engine.plan.model import Plan
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.spec.workspace import LoadedWorkspace, load_workspace

RULES: tuple[Rule, ...] = (
    event_nobody_makes.check,
    identity.check,
    key_without_row.check,
    literals.check,
    outcomes.check,
    owners.check,
    retries.check,
    secrets.check,
    test_names.check,
    tests.check,
    unbounded.check,
    unreachable.check,
    unused.check,
    *FLOW_RULES,
    *VALUE_RULES,
)

#: The rules that take the longest.
_LONG = frozenset(
    (check_values, calculation_cases.check, cases.check, contradictions.check, namesakes.check, secrets.check)
)


def lint(root: Path, *, environment: Mapping[str, str] | None = None, clock: Clock | None = None) -> LintReport:
    """Lint the workspace at ``root``. Rules run only if it compiles: a broken part makes other parts look unused."""
    return lint_watched(root, os.environ if environment is None else environment, clock or SystemClock())[0]


def lint_watched(root: Path, environment: Mapping[str, str], clock: Clock) -> tuple[LintReport, Watched]:
    """Like :func:`lint`, with what it depended on besides the files of the workspace."""
    began = clock.monotonic()
    workspace = load_workspace(root)
    findings, watched = lint_loaded(workspace, lambda: workspace, environment, day_of(clock))
    return LintReport(findings, workspace.files, clock.monotonic() - began), watched


def lint_loaded(
    compiled: LoadedWorkspace,
    whole: Callable[[], LoadedWorkspace],
    environment: Mapping[str, str],
    today: datetime.date,
    *,
    beside: bool = False,
) -> tuple[tuple[Diagnostic, ...], Watched]:
    """The findings of a workspace, and what they depend on besides its files.

    ``compiled`` may lack tests, which only rules look at; ``whole`` gives it with them, when that is done. With
    ``beside`` another process may be made that asks rules.
    """
    asked = _Asked(environment)
    built = build(compiled, asked)
    workspace = whole()
    plan = None
    if built.plan is not None and not workspace.diagnostics.has_errors:
        plan = replace(built.plan, definitions=workspace)
    findings = findings_of(workspace, plan, built.found, today, beside=beside)
    folders = [folder_of(each.connector, workspace.own_connectors) for each in workspace.connections]
    connectors = tuple(dict.fromkeys(each for each in folders if each is not None))
    return findings, Watched(workspace.folders, None if None in folders else connectors, asked.names)


class _Asked(Mapping[str, str]):
    """Variables; it remembers which were asked for, and what they were."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.names: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        self.names[name] = self._environment.get(name)
        return self._environment[name]

    def __iter__(self) -> Iterator[str]:
        for name in self._environment:
            self.names[name] = self._environment.get(name)
            yield name

    def __len__(self) -> int:
        return len(self._environment)


def findings_of(
    workspace: LoadedWorkspace,
    plan: Plan | None,
    compiling: Diagnostics,
    today: datetime.date,
    known: Known | None = None,
    *,
    beside: bool = False,
) -> tuple[Diagnostic, ...]:
    """Everything found in a workspace that was read and compiled, by the rules too, without what is suppressed.

    ``compiling`` is what was found while it was compiled; ``today`` is the day that suppressions with an end are
    judged by; ``known`` holds what rules worked out earlier; with ``beside`` another process may be made for rules.
    """
    found = Diagnostics()
    found.extend(workspace.diagnostics)
    found.extend(compiling)
    if plan is None:
        return finished(found.sorted, workspace)
    subject = Subject(workspace, plan, Known() if known is None else known)
    subject.known.begin()
    findings = [*found.sorted, *(each for found_by_rule in _asked(subject, beside) for each in found_by_rule)]
    kept = Diagnostics()
    for diagnostic in apply(findings, read_suppressions(workspace.files), today):
        kept.add(diagnostic)
    return finished(kept.sorted, workspace)


def _asked(subject: Subject, beside: bool) -> Sequence[Sequence[Diagnostic]]:
    """What each rule finds, in the order of the rules."""
    if not beside:
        return [tuple(rule(subject)) for rule in RULES]
    # The longest first, so that neither process waits long for the last of the other.
    order = sorted(range(len(RULES)), key=lambda number: RULES[number] not in _LONG)

    def ask(place: int) -> tuple[Diagnostic, ...]:
        return tuple(RULES[order[place]](subject))

    with Beside(ask, len(order)) as shared:
        found = dict(zip(order, shared.results(), strict=True))
    return [found[number] for number in range(len(RULES))]


#: Each gives findings that follow from one slip as one, at that slip; those behind it do not see what it took up.
_AT_CAUSES = (at_ids, at_keys, at_policies, at_other_kinds, at_other_references, told_once, at_inputs, at_references)


def finished(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> tuple[Diagnostic, ...]:
    """Findings as people see them: without what only follows from another, with the place that a type comes from and
    the edit that mends them, where there is one."""
    if not found:
        return ()
    causes = [with_names(closer(each, workspace.files), workspace) for each in root_causes(found, workspace.unread)]
    for at_cause in _AT_CAUSES:
        causes = at_cause(causes, workspace)
    told = (with_hint(each, workspace.files) for each in with_origins(causes, workspace))
    return tuple(with_fix(each, workspace.files) for each in told)


def day_of(clock: Clock) -> datetime.date:
    """The day in UTC that suppressions with an end are judged by."""
    return datetime.datetime.fromtimestamp(clock.now() // SECOND, datetime.UTC).date()
