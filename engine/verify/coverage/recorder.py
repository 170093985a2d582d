"""Writes down what cases reach while they run: watches flows step by step, and what mappings and policies give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from engine.plan.model import (
    ApproveStep,
    BranchStep,
    CalculationPlan,
    FlowPlan,
    LookupStep,
    MappingPlan,
    Plan,
    PolicyPlan,
    Scope,
    SourcePlan,
    StepPlan,
    Stopped,
)
from engine.run.decide import Context, Decision, Stepping
from engine.run.requests import HoldRequest, Request
from engine.source import node as source
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.shape import Map
from engine.spec.workspace import LoadedWorkspace
from engine.verify.coverage.points import (
    LIST_AS_IT_IS,
    Point,
    PointKind,
    case_point,
    clause_point,
    skipped_point,
    step_point,
    target_point,
)
from engine.verify.exchange import exchanged
from engine.verify.flow_case import WAITING


class Recorder:
    """The points that were reached, and by case the files whose definitions took part."""

    def __init__(self, workspace: LoadedWorkspace) -> None:
        self.hits: dict[Point, int] = {}
        self.reached: dict[str, set[str]] = {}
        self._case: set[str] = set()
        self._step: StepPlan | None = None
        self._documents = _by_name(workspace)

    def begin(self, case: str) -> None:
        """From here on, what is reached is reached by this case."""
        self._case = self.reached.setdefault(case, set())

    def hit(self, point: Point) -> None:
        self.hits[point] = self.hits.get(point, 0) + 1
        self._case.add(point.file)

    def uses(self, file: str) -> None:
        """A definition in this file took part."""
        self._case.add(file)

    # ------------------------------------------------------------------ flows

    def walk(self, flow: FlowPlan, context: Context, path: list[str]) -> Decision:
        """A walk through the flow's steps that is written down."""
        document = self._documents.get(("flow", flow.id, flow.version))
        if document is not None:
            self.uses(document.span.file)
        return _Watched(flow, context, path, self)

    def at(self, step: StepPlan) -> None:
        """The walk is at this step now."""
        self._step = step

    def asked(self, request: Request) -> None:
        """The step that the walk is at asks the outside."""
        if isinstance(request, HoldRequest) and request.kind == "link" and self._step is not None:
            self.hit(clause_point(self._step.span, self._step.id, "missing"))

    # ------------------------------------------------------------------ everything else

    @contextmanager
    def watching(self, plan: Plan) -> Iterator[None]:
        """Write down what the plan's mappings, policies, sources and calculations do, until the block ends."""
        with ExitStack() as stack:
            for mappings in plan.mappings.values():
                for mapping in mappings:
                    stack.enter_context(exchanged(mapping, apply=self._mapping(mapping)))
            for policies in plan.policies.values():
                for policy in policies:
                    stack.enter_context(exchanged(policy, check=self._policy(policy)))
            for each in {id(each): each for each in plan.sources.values()}.values():
                stack.enter_context(exchanged(each, normalise=self._source(each)))
            for calculations in plan.calculations.values():
                for calculation in calculations:
                    stack.enter_context(exchanged(calculation, run=self._calculation(calculation)))
            yield

    def _mapping(self, mapping: MappingPlan) -> Callable[..., Any]:
        document, apply = self._documents[("mapping", mapping.id, mapping.version)], mapping.apply

        def watched(inputs: Any, on: Any) -> Any:
            self.uses(document.span.file)
            result = apply(inputs, on)
            for point in reached_targets(document, result):
                self.hit(point)
            return result

        return watched

    def _policy(self, policy: PolicyPlan) -> Callable[..., Any]:
        document, check = self._documents[("policy", policy.id, policy.version)], policy.check
        rules = {f"rule {rule.id} of policy": rule for rule in document.rules}

        def watched(inputs: Any, on: Any) -> Any:
            self.uses(document.span.file)
            violations = check(inputs, on)
            for violation in violations:
                rule = rules.get(" ".join(violation.detail.split(" ")[:4]))
                if rule is not None:
                    self.hit(Point(rule.span.file, rule.span.line, PointKind.RULE, rule.id))
            return violations

        return watched

    def _source(self, plan: SourcePlan) -> Callable[..., Any]:
        document, normalise = self._documents[("source", plan.id, plan.version)], plan.normalise
        cases = {case.id: case for case in document.cases}

        def watched(message: Any, vendor_id: str, on: Any) -> Any:
            self.uses(document.span.file)
            name, events = normalise(message, vendor_id, on)
            self.hit(Point(cases[name].span.file, cases[name].span.line, PointKind.CASE, name))
            return name, events

        return watched

    def _calculation(self, calculation: CalculationPlan) -> Callable[..., Any]:
        document = self._documents[(calculation.kind, calculation.id, calculation.version)]
        templates = {each.id: each for each in getattr(document, "templates", ())}
        run = calculation.run

        def watched(facts: Any) -> Any:
            self.uses(document.span.file)
            result = run(facts)
            for entry in (result.get("entries") or ()) if templates else ():
                template = templates.get(entry.get("template"))
                if template is not None:
                    self.hit(Point(template.span.file, template.span.line, PointKind.RULE, template.id))
            return result

        return watched


def _by_name(workspace: LoadedWorkspace) -> dict[tuple[str, str, str], Any]:
    groups: dict[str, Sequence[Any]] = {
        "flow": workspace.flows,
        "mapping": workspace.mappings,
        "policy": workspace.policies,
        "source": workspace.sources,
        **workspace.calculating,
    }
    return {(kind, each.id, each.version): each for kind, documents in groups.items() for each in documents}


class _Watched(Decision):
    """A walk that tells a recorder which steps, cases and clauses it comes through."""

    def __init__(self, flow: FlowPlan, context: Context, path: list[str], recorder: Recorder) -> None:
        super().__init__(flow, context, path)
        self._recorder = recorder

    def run(self, steps: tuple[StepPlan, ...], scope: Scope, prefix: str, element: str) -> Stepping:
        recorder = self._recorder
        for step in steps:
            recorder.at(step)
            before = len(self.path)
            try:
                yield from super().run((step,), scope, prefix, element)
            except Stopped as stopped:
                if stopped.exception.reason != WAITING:
                    self._stopped(step, before)
                raise
            finally:
                self._ran(step, before)
            if len(self.path) > before and scope["steps"][step.id] is None:
                self._nothing(step)

    def _ran(self, step: StepPlan, before: int) -> None:
        if len(self.path) == before:
            if step.when is not None:
                self._recorder.hit(skipped_point(step.span, step.id))
            return
        self._recorder.hit(step_point(step.span, step.id))
        if isinstance(step, BranchStep):
            _, chosen, case = self.path[before].rpartition(":")
            if chosen:
                self._recorder.hit(case_point(step.span, step.id, case))

    def _stopped(self, step: StepPlan, before: int) -> None:
        if len(self.path) > before:
            if isinstance(step, LookupStep):
                self._recorder.hit(clause_point(step.span, step.id, "missing"))
            elif isinstance(step, ApproveStep):
                self._recorder.hit(clause_point(step.span, step.id, "not_approved"))

    def _nothing(self, step: StepPlan) -> None:
        """A step that ran and came to nothing: its failure was one to go on after, or no row was found."""
        if isinstance(step, LookupStep) and step.missing == "null_value":
            self._recorder.hit(clause_point(step.span, step.id, "missing"))
        elif step.skip_on:
            self._recorder.hit(clause_point(step.span, step.id, "on_error"))


def reached_targets(document: MappingDocument, result: Any) -> Iterator[Point]:
    """The fields of a mapping that got a value in a result."""
    yield from _reached(document.fields.node, result, "", document.lists)


def _reached(node: source.Node, value: Any, prefix: str, lists: Map[MappedList]) -> Iterator[Point]:
    for point, below, part in _fields(node, value, prefix):
        yield point
        used = LIST_AS_IT_IS.fullmatch(below.value) if _is_text(below) else None
        made = None if used is None else lists.get(used.group(1))
        if used is not None and made is not None and isinstance(part, list):
            inner = f"{_outer(prefix)}{used.group(1)}[]."
            for element in part:
                yield from _reached(made.fields.node, element, inner, made.lists)


def _fields(node: source.Node, value: Any, prefix: str) -> Iterator[tuple[Point, Any, Any]]:
    """Every field with a value: its point, what is written there, the value."""
    if isinstance(node, source.Mapping) and isinstance(value, Mapping):
        for entry in node.entries:
            part, name = value.get(entry.key), prefix + entry.key
            if part is not None and isinstance(entry.value, source.Mapping):
                yield from _fields(entry.value, part, f"{name}.")
            elif part is not None:
                yield target_point(entry, name), entry.value, part


def _is_text(node: Any) -> bool:
    return isinstance(node, source.Scalar) and isinstance(node.value, str)


def _outer(prefix: str) -> str:
    """The list around, without the objects within its element."""
    return prefix[: prefix.rfind("[].") + 3] if "[]." in prefix else ""
