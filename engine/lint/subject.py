"""What rules look at: a workspace that compiles, its plan, and walks through steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from engine.expr.checked import Checked, PlainText
from engine.lint.known import Known
from engine.plan.flows import nested
from engine.plan.model import BranchStep, EachStep, Plan, PostStep, StepPlan
from engine.plan.versions import version_number
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow, Step
from engine.spec.workspace import LoadedWorkspace

V = TypeVar("V", Checked, PlainText)


@dataclass(frozen=True)
class Subject:
    """A workspace without errors, and the plan that it compiled to. ``known`` is what rules worked out earlier, of
    parts that may have changed since or not."""

    workspace: LoadedWorkspace
    plan: Plan
    known: Known = field(default_factory=Known)

    @cached_property
    def checked(self) -> Mapping[str, tuple[Checked, ...]]:
        """Every computed value by the file that it stands in; the same tuple while the file's are the same."""
        return self._by_file("checked", self.plan.checked)

    @cached_property
    def plain_texts(self) -> Mapping[str, tuple[PlainText, ...]]:
        """Every literal text among computed values by its file, as :attr:`checked`."""
        return self._by_file("plain texts", self.plan.plain_texts)

    def _by_file(self, name: str, every: Sequence[V]) -> Mapping[str, tuple[V, ...]]:
        found: dict[str, list[V]] = {}
        for each in every:
            found.setdefault(each.span.file, []).append(each)
        return {file: self.known.row((name, file), tuple(each)) for file, each in found.items()}


#: A rule looks at a workspace that compiles, and reports only what is certain.
Rule = Callable[[Subject], Iterator[Diagnostic]]


def kind_of(step: Step) -> str:
    """The kind key that a step has."""
    return next(kind for kind in Step.KINDS if getattr(step, kind) is not None)


def all_steps(flow: Flow) -> Iterator[Step]:
    """Every step of a flow, nested ones included."""
    yield from walk(flow.steps)


def walk(steps: Sequence[Step]) -> Iterator[Step]:
    """Steps and the steps within them, in order."""
    for step in steps:
        yield step
        if step.each is not None or step.branch is not None:
            yield from walk(nested(step))


def posts(steps: Sequence[StepPlan]) -> Iterator[PostStep]:
    """Every compiled post, nested ones included."""
    for step in steps:
        if isinstance(step, PostStep):
            yield step
        elif isinstance(step, EachStep):
            yield from posts(step.steps)
        elif isinstance(step, BranchStep):
            for case in step.cases:
                yield from posts(case.steps)


def major(id: str, version: str) -> str:
    """The reference to a definition: ``id@MAJOR``."""
    return f"{id}@{version_number(version)[0]}"
