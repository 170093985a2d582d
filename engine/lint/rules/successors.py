"""Definitions that are still used in a major version which has a successor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.rules.effective import uses
from engine.lint.subject import Subject, all_steps
from engine.plan.versions import version_number
from engine.source.diagnostic import Diagnostic, Label


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    newest: dict[tuple[str, str], Any] = {}
    kinds: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("flow", workspace.flows),
        ("mapping", workspace.mappings),
        ("policy", workspace.policies),
        *workspace.calculating.items(),
    )
    for kind, documents in kinds:
        for document in documents:
            known = newest.setdefault((kind, document.id), document)
            if version_number(document.version) > version_number(known.version):
                newest[kind, document.id] = document
    for flow in workspace.flows:
        for step in all_steps(flow):
            for kind, reference in uses(step):
                document = newest.get((kind, reference.id))
                if document is not None and version_number(document.version)[0] > reference.major:
                    later = f"{document.id}@{version_number(document.version)[0]}"
                    yield finding(
                        "VERS222",
                        f"step `{step.id}` still uses `{reference}`, and there is `{later}`",
                        reference.span,
                        f"use `{later}`; what differs is what `tieout plan` tells",
                        (Label(document.span, "its successor"),),
                    )
