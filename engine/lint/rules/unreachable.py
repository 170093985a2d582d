"""Steps behind a failure that always happens, and cases behind one that always applies or asks the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.plan.flows import nested
from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span
from engine.spec.documents.flow import Step
from engine.spec.values import Expression


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        yield from _behind_fail(flow.steps)
        for step in all_steps(flow):
            if step.branch is not None:
                for case in step.branch.cases:
                    yield from _behind_fail(case.steps)
                yield from _behind_fail(step.branch.otherwise.steps)
                yield from _cases([(case.id, case.when, case.span) for case in step.branch.cases])
            else:
                yield from _behind_fail(nested(step))
    for source in subject.workspace.sources:
        yield from _cases([(case.id, case.when, case.span) for case in source.cases])


def _behind_fail(steps: Sequence[Step]) -> Iterator[Diagnostic]:
    for position, step in enumerate(steps[:-1]):
        if step.fail is not None and step.when is None:
            later = steps[position + 1]
            yield finding(
                "FLOW201",
                f"step `{later.id}` is never reached",
                later.span,
                f"give `{step.id}` a `when`, or remove what follows it",
                (Label(step.span, "every run stops here"),),
            )
            return


def _cases(cases: Sequence[tuple[str, Expression | None, Span]]) -> Iterator[Diagnostic]:
    seen: dict[str, tuple[str, Span]] = {}
    always: tuple[str, Span] | None = None
    for id, when, span in cases:
        text = None if when is None else when.text.strip()
        earlier = always or (None if text is None else seen.get(text))
        if earlier is not None:
            yield finding(
                "FLOW202",
                f"case `{id}` never applies: `{earlier[0]}` comes first",
                span,
                "put the narrower case first",
                (Label(earlier[1], "this one applies whenever the later one would"),),
            )
        if text is None:
            always = always or (id, span)
        else:
            seen.setdefault(text, (id, span))
