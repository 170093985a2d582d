"""Holds and waits without an end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Missing


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            lookup, wait = step.lookup, step.wait
            if lookup is not None and lookup.missing is Missing.HOLD and lookup.hold_for is None:
                message = f"step `{step.id}` may hold its key for ever"
                yield finding("FLOW210", message, lookup.span, "add `hold_for`, such as P3D")
            if wait is not None and wait.event is not None and wait.timeout is None and step.timeout is None:
                message = f"step `{step.id}` may wait for ever"
                yield finding("FLOW211", message, wait.span, "add `timeout`, such as P3D")
