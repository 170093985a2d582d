"""Runs the tests of a workspace, all of them or those that are asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from engine.base.clock import Clock, SystemClock, as_datetime, as_microseconds
from engine.base.errors import Defect, ErrorClass, UserError
from engine.plan.build import build
from engine.plan.model import FlowPlan, Plan
from engine.source.diagnostic import Diagnostics, Level
from engine.spec.documents.test import Expect, Target, Test, TestCase
from engine.spec.kinds import CALCULATING
from engine.spec.nearest import nearest
from engine.spec.workspace import LoadedWorkspace, load_workspace
from engine.verify.affected import affected_tests
from engine.verify.case_table import expanded
from engine.verify.coverage.measure import Thresholds, measured
from engine.verify.coverage.points import points_of
from engine.verify.coverage.recorder import Recorder
from engine.verify.expectations import differences, strangers
from engine.verify.flow_case import run_flow_case
from engine.verify.given import read_given, with_changes
from engine.verify.model import CaseResult, Observed, TestReport
from engine.verify.pure_case import Inputs, run_calculation, run_mapping, run_policy, run_source
from engine.verify.reference import ReferenceValidator

#: What a test can be about, as its target names it.
TARGETS = ("flow", "mapping", "policy", "source", *CALCULATING)


#: How a definition that was changed on purpose may break a run.
BREAKS = (UserError, Defect, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases to run: ``only`` chooses by test id, ``test id/case id``, target (``flow:invoice_posted``), file,
    folder or a pattern of these (``invoice_*``); ``tests`` by test id. What is None chooses all."""

    only: str | None = None
    tests: frozenset[str] | None = None

    def cases(self, test: Test) -> list[TestCase]:
        """The cases of a test that are chosen."""
        if self.tests is not None and test.id not in self.tests:
            return []
        return [case for case in test.cases if self.only is None or _chosen(test, case, self.only)]


def run_tests(
    root: Path,
    *,
    only: str | None = None,
    clock: Clock | None = None,
    changed: frozenset[str] | None = None,
    coverage: Thresholds | None = None,
    seed: int | None = None,
) -> TestReport:
    """Run the tests of the workspace at ``root``.

    ``only`` chooses by test id, ``test id/case id``, target (``flow:invoice_posted``), file, folder or a pattern of
    these (``invoice_*``); with ``changed``, paths of files below the root, only tests that these can affect run. With
    ``coverage`` the report also says what the tests reach, against these thresholds. ``seed`` replaces that of
    property cases. Raises UserError if nothing is chosen by ``only``. If the workspace does not compile, the report
    holds its findings and no results.
    """
    time = clock or SystemClock()
    began = time.monotonic()
    workspace = load_workspace(root)
    found = Diagnostics()
    found.extend(workspace.diagnostics)
    built = build(workspace)
    found.extend(built.found)
    if built.plan is None:
        errors = tuple(each for each in found.sorted if each.level is Level.ERROR)
        return TestReport((), errors, workspace.files, time.monotonic() - began)
    tests = None if changed is None else affected_tests(workspace, built.plan, built.library, changed)
    recorder = None if coverage is None else Recorder(workspace)
    results = run_cases(workspace, built.plan, only, recorder, tests=tests, seed=seed)
    if only is not None and not results and tests is None:
        raise UserError(nothing_chosen(workspace.tests, only))
    reached = None
    if recorder is not None and coverage is not None:
        reached = measured(points_of(workspace), recorder.hits, coverage)
    return TestReport(results, (), workspace.files, time.monotonic() - began, reached)


def run_cases(
    workspace: LoadedWorkspace,
    plan: Plan,
    only: str | None = None,
    recorder: Recorder | None = None,
    *,
    tests: frozenset[str] | None = None,
    seed: int | None = None,
) -> tuple[CaseResult, ...]:
    """Run the tests of a workspace that is compiled already; ``recorder`` writes down what they reach, ``tests`` are
    the ids of those to choose from."""
    selection = Selection(only, tests)
    with nullcontext() if recorder is None else recorder.watching(plan):
        runner = CaseRunner(workspace, plan, recorder, seed=seed)
        results: list[CaseResult] = []
        for test in workspace.tests:
            results.extend(runner.test(test, selection.cases(test)))
        return tuple(results)


def target_name(target: Target) -> str:
    """What is tested, such as ``flow:invoice_posted@1``."""
    for kind in TARGETS:
        name = getattr(target, kind)
        if name is not None:
            return f"{kind}:{name}"
    return "nothing"


def _misfit(case: TestCase, observed: Observed) -> Iterator[str]:
    """Why a target was not asked at all, where the case expects something else."""
    if observed.misfit and any(differences(case.expect, observed)):
        (refused,) = observed.exceptions
        yield (
            f"the input `{observed.misfit}` does not fit its contract, so nothing was asked of what is tested: "
            f"{refused.message}; correct `given` or `change`, or expect `exception: {{class: {refused.error_class}}}`"
        )


def _names(test: Test, case: TestCase) -> tuple[str, ...]:
    """By what a case can be asked for."""
    target, file = target_name(test.target), PurePosixPath(test.span.file)
    folders = (str(each) for each in file.parents)
    return (test.id, f"{test.id}/{case.id}", target, target.partition("@")[0], str(file), file.name, *folders)


def _chosen(test: Test, case: TestCase, only: str) -> bool:
    wanted = only.removeprefix("./").rstrip("/")
    return any(fnmatchcase(name, wanted) for name in _names(test, case)) or test.span.file.endswith(f"/{wanted}")


def nothing_chosen(tests: Iterable[Test], only: str) -> str:
    """Why ``only`` chooses nothing, and what it probably meant."""
    known = {name for test in tests for case in test.cases for name in _names(test, case)}
    meant = nearest(only, known)
    return f"no test is called {only}, tests it or lies there" + ("" if meant is None else f": did you mean {meant}?")


def _day(clock: str) -> date:
    """The date of a case's clock. Raises UserError."""
    try:
        return as_datetime(as_microseconds(clock)).date()
    except ValueError as error:
        raise UserError(f"`clock: {clock}` is not a time with its zone, such as 2026-01-31T12:00:00Z") from error


def _expects_nothing(expect: Expect) -> bool:
    return all(
        getattr(expect, field.name) == field.default for field in dataclasses.fields(Expect) if field.name != "span"
    )


class CaseRunner:
    """Runs cases against one plan. A ``second_opinion`` on events is that of the reference validator."""

    def __init__(
        self,
        workspace: LoadedWorkspace,
        plan: Plan,
        recorder: Recorder | None = None,
        *,
        second_opinion: bool = True,
        seed: int | None = None,
    ) -> None:
        self._workspace = workspace
        self._given: dict[str, dict[str, Any]] = {}
        self._second_opinion = second_opinion
        self._seed = seed
        self._recorder = recorder
        self._plan = plan
        self._reference = ReferenceValidator(workspace.schemas)
        self._inputs = Inputs(plan, {table.id: table for table in workspace.tables})

    def test(self, test: Test, cases: Iterable[TestCase]) -> Iterable[CaseResult]:
        """The results of a test's cases, in order; of a case with a table, one per row."""
        try:
            given = self._given.get(test.id)
            if given is None:
                given = self._given[test.id] = read_given(test, self._workspace.root)
        except UserError as error:
            for case in cases:
                yield self._result(test, case, problems=(error.message,))
            return
        for case in cases:
            yield from self._case(test, case, given)

    def _case(self, test: Test, case: TestCase, given: dict[str, Any]) -> Iterator[CaseResult]:
        at = case
        try:
            for at in expanded(case):
                yield self._single(test, at, given)
        except UserError as error:
            yield self._result(test, at, problems=(error.message,))

    def _single(self, test: Test, case: TestCase, given: dict[str, Any]) -> CaseResult:
        if self._recorder is not None:
            self._recorder.begin(f"{test.id}/{case.id}")
        try:
            on = _day(test.clock if case.clock is None else case.clock)
            if case.forall is not None:
                return self._forall(test, case, given, on)
            observed = self._observe(test, case, with_changes(given, case), on)
        except UserError as error:
            return self._result(test, case, problems=(error.message,))
        problems = observed.problems or tuple(_misfit(case, observed))
        if not problems and observed.steps:
            problems = tuple(strangers(case.expect, observed.steps))
        if not problems and _expects_nothing(case.expect):
            problems = ("the case expects nothing yet: write under `expect` what must come out",)
        return self._result(test, case, observed, problems)

    def observed(self, test: Test, case: TestCase) -> list[tuple[TestCase, Observed]]:
        """What a case leads to, whatever it expects; of a case with a table, row by row. Nothing of a row that cannot
        be run."""
        found: list[tuple[TestCase, Observed]] = []
        with suppress(*BREAKS):
            if test.id not in self._given:
                self._given[test.id] = read_given(test, self._workspace.root)
            given = self._given[test.id]
            for row in expanded(case):
                on = _day(test.clock if row.clock is None else row.clock)
                found.append((row, self._observe(test, row, with_changes(given, row), on)))
        return found

    def _forall(self, test: Test, case: TestCase, given: Mapping[str, Any], on: date) -> CaseResult:
        """A case for all inputs of a contract."""
        from engine.verify.forall import Contracts, check_target, inputs_made, run_forall, shows_nothing
        from engine.verify.property_case import in_words, outcomes_in_words

        forall, target = case.forall, test.target
        assert forall is not None
        check_target(test, case)
        names: tuple[str, ...] = ()
        if target.flow is None:
            names = inputs_made(case, self._target(test, on)[1])
        seed = forall.seed if self._seed is None else self._seed
        clock = test.clock if case.clock is None else case.clock
        verdict = run_forall(
            self._plan, test, case, given, Contracts(self._workspace.schemas, on.year), seed, clock,
            lambda given: self._pure(test, given, on), names, self._recorder,
        )  # fmt: skip
        problems = in_words(verdict, seed) or shows_nothing(case, verdict)
        return replace(self._result(test, case, problems=problems), tried=outcomes_in_words(verdict))

    def _result(
        self, test: Test, case: TestCase, observed: Observed | None = None, problems: tuple[str, ...] = ()
    ) -> CaseResult:
        unlike = () if observed is None or problems else tuple(differences(case.expect, observed))
        return CaseResult(
            test.id,
            case.id,
            target_name(test.target),
            case.span.file,
            case.span.line,
            unlike,
            problems,
            () if case.summary is None else (case.summary,),
        )

    def _observe(self, test: Test, case: TestCase, given: Mapping[str, Any], on: date) -> Observed:
        target = test.target
        if target.flow is not None:
            flows = self._plan.flows.get(str(target.flow))
            if not flows:
                raise UserError(f"there is no flow {target.flow}")
            clock = test.clock if case.clock is None else case.clock
            observed = run_flow_case(self._plan, flows, given, case, clock, self._recorder)
            return self._seconded(flows[-1], given, observed)
        if len(case.replies):
            raise UserError("only a flow asks the outside: remove `replies`")
        if target.mapping is not None or target.policy is not None:
            return self._pure(test, given, on)
        for kind in CALCULATING:
            reference = getattr(target, kind)
            if reference is not None:
                versions = self._plan.calculations.get((kind, str(reference)), ())
                return run_calculation(self._version(versions, f"{kind} document {reference}", on), given)
        return self._source(test, given, on)

    def _pure(self, test: Test, given: Mapping[str, Any], on: date) -> Observed:
        """What a mapping or policy makes of its inputs."""
        part, declared = self._target(test, on)
        run = run_mapping if test.target.mapping is not None else run_policy
        return run(part, lambda: self._inputs.typed(declared, given), on)

    def _target(self, test: Test, on: date) -> tuple[Any, Any]:
        """The version of a mapping or policy that a test is about, and its declared inputs."""
        target = test.target
        if target.mapping is not None:
            mapping = self._version(self._plan.mappings.get(str(target.mapping), ()), target.mapping, on)
            return mapping, self._declared(self._workspace.mappings, mapping)
        policy = self._version(self._plan.policies.get(str(target.policy), ()), target.policy, on)
        return policy, self._declared(self._workspace.policies, policy)

    def _seconded(self, flow: FlowPlan, given: Mapping[str, Any], observed: Observed) -> Observed:
        """What our own code took as an event, the reference validator must take as well."""
        event = given.get("event")
        refused = any(each.error_class == ErrorClass.SCHEMA for each in observed.exceptions)
        if flow.event is None or not isinstance(event, dict) or refused or not self._second_opinion:
            return observed
        objection = self._reference.objection(flow.event, event.get("data"))
        return observed if objection is None else replace(observed, problems=(*observed.problems, objection))

    def _version(self, versions: Any, reference: object, on: date) -> Any:
        found = self._plan.select(versions, on) if versions else None
        if found is None:
            missing = "there is no" if not versions else f"on {on} applies no version of"
            raise UserError(f"{missing} {reference}")
        return found

    @staticmethod
    def _declared(documents: Iterable[Any], plan: Any) -> Any:
        return next(each.input for each in documents if (each.id, each.version) == (plan.id, plan.version))

    def _source(self, test: Test, given: Mapping[str, Any], on: date) -> Observed:
        name = test.target.source
        if name is None:
            raise UserError("the test does not say what it tests")
        if set(given) != {"message"}:
            raise UserError("the test of a source gives one `message`")
        source = next((each for each in self._plan.sources.values() if each.id == name.text), None)
        if source is None:
            raise UserError(f"there is no source {name.text}")
        message = given["message"]
        vendor_id = message.get("id") if isinstance(message, dict) else None
        return run_source(source, message, vendor_id if isinstance(vendor_id, str) else test.id, on)
