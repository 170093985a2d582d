"""Approvals without an end, by the author himself, or asked for twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Step


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            approve = step.approve
            if approve is None:
                continue
            if approve.expires is None and step.timeout is None:
                message = f"step `{step.id}` may wait for its approval for ever"
                yield finding("FLOW237", message, approve.span, "add `expires`, such as P14D")
            if approve.author is None:
                message = f"whoever asked for it may approve step `{step.id}` himself"
                yield finding("FLOW238", message, approve.span, "name the person behind the change in `author`")
        yield from _twice(flow.steps)


def _twice(steps: Sequence[Step]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str, str], Step] = {}
    for step in steps:
        if step.approve is None:
            continue
        author = "" if step.approve.author is None else step.approve.author.text.strip()
        when = "" if step.when is None else step.when.text.strip()
        first = seen.setdefault((step.approve.group, author, when), step)
        if first is not step:
            yield finding(
                "FLOW239",
                f"one person may give both approvals, `{first.id}` and `{step.id}`",
                step.approve.span,
                f"name the first in `author: =steps.{first.id}.approved_by`",
                (Label(first.span, "the other approval"),),
            )
