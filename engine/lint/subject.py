"""What rules look at: a workspace that compiles, its plan, and walks through steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.plan.flows import nested
from engine.plan.model import BranchStep, EachStep, Plan, PostStep, StepPlan
from engine.plan.versions import version_number
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow, Step
from engine.spec.workspace import LoadedWorkspace


@dataclass(frozen=True, slots=True)
class Subject:
    """A workspace without errors, and the plan that it compiled to."""

    workspace: LoadedWorkspace
    plan: Plan


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
