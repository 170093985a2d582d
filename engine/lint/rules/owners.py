"""Owners that are empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    owned: list[Any] = [
        *workspace.flows,
        *workspace.mappings,
        *workspace.policies,
        *workspace.tables,
        *workspace.sources,
        *workspace.connections,
        *workspace.outcomes,
        *(table.missing for table in workspace.tables),
        *(rule for policy in workspace.policies for rule in policy.rules),
    ]
    for flow in workspace.flows:
        owned += [step.fail.complaint for step in all_steps(flow) if step.fail is not None]
    for each in owned:
        if not each.owner.strip():
            yield finding("DOC201", "the owner is empty", each.span, "name the team that acts")
