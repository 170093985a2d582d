"""Fields that are read of an answer which nothing describes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic

_READ = re.compile(r"\bsteps\.([a-z][a-z0-9_]*)(?:\.|\[)")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        fields: set[str] | None = None
        for step in all_steps(flow):
            if step.read is None:
                continue
            manifest = subject.plan.connections[step.read.connection.text].manifest
            operation = manifest.operation(step.read.operation.text)
            if operation is None or operation.output is not None:
                continue
            if fields is None:
                fields = set(_READ.findall(subject.workspace.files[flow.span.file]))
            if step.id in fields:
                yield finding(
                    "CONN230",
                    f"nothing describes the answer of `{step.read.operation}`: a wrong field name reads null",
                    step.read.operation.span,
                    "check it with a `validate` step, and read the fields of that",
                )
