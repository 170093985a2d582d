"""Tries changes: each is put into the plan, the cases that reach its document run until one fails."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from engine.base.clock import Clock
from engine.base.errors import UserError
from engine.base.identity import digest
from engine.plan.library import Library
from engine.plan.model import Plan
from engine.spec.documents.test import Test, TestCase
from engine.spec.workspace import LoadedWorkspace
from engine.verify.coverage.recorder import Recorder
from engine.verify.model import Observed
from engine.verify.mutants.advice import Advice, seen_in
from engine.verify.mutants.definitions import Definition, Known, changed, definitions, posting_controls, tree_of
from engine.verify.mutants.mutations import Mutation, mutations_of
from engine.verify.runner import BREAKS, CaseRunner, Selection, nothing_chosen, run_cases, target_name

#: How many cases are asked what they could have looked at.
ADVISERS_MAX = 8
#: Told how many changes were tried, of how many, and how many no test noticed so far.
Progress = Callable[[int, int, int], None]


class Fate(StrEnum):
    """What became of a change."""

    NOTICED = "noticed"  # a case failed
    REFUSED = "refused"  # it does not compile: lint notices it
    SURVIVED = "survived"  # no case failed
    UNREACHED = "unreached"  # no case comes to its document
    UNTRIED = "untried"  # the time was up


@dataclass(frozen=True, slots=True)
class Tried:
    """A change and its fate; ``by`` is the case that noticed it, ``advice`` what would."""

    mutation: Mutation
    fate: Fate
    by: str = ""
    advice: Advice | None = None  # of a change that no test notices


@dataclass(frozen=True, slots=True)
class MutantReport:
    """All changes with their fates, by place."""

    tried: tuple[Tried, ...]
    seconds: float

    def of(self, *fates: Fate) -> tuple[Tried, ...]:
        """Those with one of these fates."""
        return tuple(each for each in self.tried if each.fate in fates)

    @property
    def score(self) -> float:
        """Per cent of the changes that compile and were tried which a test noticed; 100 if there are none."""
        noticed = len(self.of(Fate.NOTICED))
        all_ = noticed + len(self.of(Fate.SURVIVED, Fate.UNREACHED))
        return 100.0 * noticed / all_ if all_ else 100.0

    @property
    def passed(self) -> bool:
        return not self.of(Fate.SURVIVED, Fate.UNREACHED)


@dataclass(slots=True)
class Bench:
    """What changes are tried on: a compiled workspace, and which cases reach which files."""

    workspace: LoadedWorkspace
    plan: Plan
    library: Library
    cases: dict[str, list[tuple[Test, TestCase]]]
    runner: CaseRunner
    clock: Clock
    ends: float
    controls: frozenset[str]
    normal: dict[str, list[tuple[TestCase, Observed]]] = field(default_factory=dict)

    def attempt(self, definition: Definition, mutation: Mutation) -> Tried:
        """Put the change into the plan and see who notices."""
        if self.clock.monotonic() > self.ends:
            return Tried(mutation, Fate.UNTRIED)
        exchange = changed(definition, mutation.tree, self.library, self.controls)
        if exchange is None:
            return Tried(mutation, Fate.REFUSED)
        cases = self.cases.get(definition.file, [])
        if not cases:
            return Tried(mutation, Fate.UNREACHED, advice=Advice("", "", 0))
        with exchange:
            for test, case in cases:
                if self._fails(test, case):
                    return Tried(mutation, Fate.NOTICED, f"{test.id}/{case.id}")
        return Tried(mutation, Fate.SURVIVED, advice=self._advice(definition, mutation, cases[:ADVISERS_MAX]))

    def _advice(self, definition: Definition, mutation: Mutation, cases: list[tuple[Test, TestCase]]) -> Advice:
        """The first case to which the change makes a difference that it could have looked at."""
        for test, case in cases:
            name = f"{test.id}/{case.id}"
            if name not in self.normal:
                self.normal[name] = self.runner.observed(test, case)
            exchange = changed(definition, mutation.tree, self.library, self.controls)
            assert exchange is not None
            with exchange:
                after = self.runner.observed(test, case)
            for (row, was), (_, is_) in zip(self.normal[name], after, strict=False):
                advice = seen_in(row, f"{test.id}/{row.id}", was, is_)
                if advice is not None:
                    return advice
        test, case = cases[0]
        return Advice(f"{test.id}/{case.id}", case.span.file, case.span.line)

    def _fails(self, test: Test, case: TestCase) -> bool:
        try:
            return not all(result.passed for result in self.runner.test(test, [case]))
        except BREAKS:
            return True  # the changed definition broke the run: that is noticed


def try_mutants(
    workspace: LoadedWorkspace,
    plan: Plan,
    library: Library,
    *,
    clock: Clock,
    only: str | None = None,
    budget_seconds: float | None = None,
    seed: int = 0,
    processes: int = 2,
    progress: Progress | None = None,
) -> MutantReport:
    """Try every change of the definitions that the chosen tests are about (all, if none are chosen).

    The order within a budget follows from the seed and the changes themselves, so that a short run tries a fair part
    of all. ``progress`` hears how far it is. Raises UserError if ``only`` chooses no test.
    """
    began = clock.monotonic()
    recorder = Recorder(workspace)
    results = run_cases(workspace, plan, only, recorder)
    if only is not None and not results:
        if not _wanted(workspace, plan, only):
            raise UserError(nothing_chosen(workspace.tests, only))
        results = run_cases(workspace, plan, None, recorder)  # the file of a definition: any test may come to it
    passing = {result.name.partition("[")[0] for result in results if result.passed}
    passing -= {result.name.partition("[")[0] for result in results if not result.passed}
    cases = _cases(workspace, recorder.reached, passing)
    ends = float("inf") if budget_seconds is None else began + budget_seconds
    bench = Bench(
        workspace,
        plan,
        library,
        cases,
        CaseRunner(workspace, plan, second_opinion=False),
        clock,
        ends,
        posting_controls(workspace),
    )
    wanted = _wanted(workspace, plan, only)
    planned = [(each, mutation) for each in wanted for mutation in _mutations(each, workspace, library)]
    order = sorted(range(len(planned)), key=lambda at: digest([seed, planned[at][1].name]))
    tried: dict[int, Tried] = {}
    unnoticed = 0
    for some in _all(bench, planned, order, processes):
        tried |= some
        unnoticed += sum(each.fate in (Fate.SURVIVED, Fate.UNREACHED) for each in some.values())
        if progress is not None:
            progress(len(tried), len(planned), unnoticed)
    return MutantReport(tuple(tried[at] for at in range(len(planned))), clock.monotonic() - began)


def _mutations(definition: Definition, workspace: LoadedWorkspace, library: Library) -> tuple[Mutation, ...]:
    tree = tree_of(definition, workspace)
    return () if tree is None else mutations_of(tree, Known(definition, tree, library))


def _wanted(workspace: LoadedWorkspace, plan: Plan, only: str | None) -> list[Definition]:
    """The definitions that the chosen tests are about, or those in a chosen file."""
    found = list(definitions(workspace, plan))
    if only is None:
        return found
    targets = {target_name(test.target) for test in workspace.tests if Selection(only).cases(test)}
    return [
        each
        for each in found
        if _target(each) in targets or f"{each.kind}:{each.document.id}" in targets or each.file.endswith(only)
    ]


def _target(definition: Definition) -> str:
    document = definition.document
    return f"{definition.kind}:{document.id}@{str(document.version).partition('.')[0]}"


def _cases(
    workspace: LoadedWorkspace, reached: dict[str, set[str]], passing: set[str]
) -> dict[str, list[tuple[Test, TestCase]]]:
    """By file, the cases that reach it and pass, those that are about it first."""
    found: dict[str, list[tuple[int, Test, TestCase]]] = {}
    for test in workspace.tests:
        for case in test.cases:
            name = f"{test.id}/{case.id}"
            if name not in passing or case.forall is not None:
                continue
            files = set().union(*(files for each, files in reached.items() if each.partition("[")[0] == name))
            for file in files:
                found.setdefault(file, []).append((len(files), test, case))
    return {file: [(test, case) for _, test, case in sorted(each, key=lambda e: e[0])] for file, each in found.items()}


# ------------------------------------------------------------------ several processes

_shared: dict[str, Any] = {}
#: How many changes are tried before somebody hears of it.
_PIECE = 25


def _all(
    bench: Bench, planned: Sequence[tuple[Definition, Mutation]], order: Sequence[int], processes: int
) -> Iterator[dict[int, Tried]]:
    """Try all in this order, piece by piece; in several processes where the system can copy this one."""
    several = processes > 1 and len(planned) >= 50 and "fork" in multiprocessing.get_all_start_methods()
    count = max(1, len(order) // _PIECE)
    pieces = [order[at * len(order) // count : (at + 1) * len(order) // count] for at in range(count)]
    if not several:
        yield from (_some(bench, planned, each) for each in pieces)
        return
    context = multiprocessing.get_context("fork")
    _shared["work"] = (bench, planned)
    try:
        with context.Pool(processes) as pool:
            for piece in pool.imap_unordered(_piece, pieces):
                yield {at: replace(tried, mutation=planned[at][1]) for at, tried in piece}
    finally:
        _shared.clear()


def _piece(order: Sequence[int]) -> list[tuple[int, Tried]]:
    bench, planned = _shared["work"]
    empty = Mutation("", 0, "", "", "", planned[0][1].tree)
    return [(at, replace(tried, mutation=empty)) for at, tried in _some(bench, planned, order).items()]


def _some(bench: Bench, planned: Sequence[tuple[Definition, Mutation]], order: Iterable[int]) -> dict[int, Tried]:
    return {at: bench.attempt(*planned[at]) for at in order}
