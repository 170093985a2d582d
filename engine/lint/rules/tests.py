"""Definitions that no test is about, and policy rules that no test violates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject, major
from engine.source.about import About
from engine.source.diagnostic import Diagnostic
from engine.source.node import plain
from engine.spec.documents.test import TestCase


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    tested: set[tuple[str, str]] = set()
    violated: set[tuple[str, str]] = set()
    reasons: set[str] = set()
    for test in workspace.tests:
        for kind in ("flow", "mapping", "policy", "source", *workspace.calculating):
            target = getattr(test.target, kind)
            if target is not None:
                tested.add((kind, str(target)))
                for case in test.cases:
                    violated.update((str(target), rule) for rule in (*(case.expect.violations or ()), *_in_rows(case)))
                    if case.expect.exception is not None and case.expect.exception.reason is not None:
                        reasons.add(case.expect.exception.reason)
    definitions: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("flow", workspace.flows),
        ("mapping", workspace.mappings),
        ("policy", workspace.policies),
        *workspace.calculating.items(),
    )
    for kind, documents in definitions:
        for document in documents:
            name = major(document.id, document.version)
            if (kind, name) not in tested:
                help, about = _help(document.id), About(named=(name,), kind=kind)
                yield finding("TEST201", f"no test is about {kind} `{name}`", document.span, help, about=about)
    for source in workspace.sources:
        if ("source", source.id) not in tested:
            help, about = _help(source.id), About(named=(source.id,), kind="source")
            yield finding("TEST201", f"no test is about source `{source.id}`", source.span, help, about=about)
    for policy in workspace.policies:
        name = major(policy.id, policy.version)
        for rule in policy.rules if ("policy", name) in tested else ():
            if (name, rule.id) not in violated and rule.reason not in reasons:
                help = f"add a case that expects `violations: [{rule.id}]`"
                yield finding("TEST202", f"no test violates rule `{rule.id}`", rule.span, help)


def _in_rows(case: TestCase) -> Iterator[str]:
    """Every text in the cells of a case's table: the rules that its rows violate are among them."""
    for _, row in () if case.table is None else case.table.rows:
        yield from _texts(plain(row.node))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _help(id: str) -> str:
    return f"write `{id}.test.yaml` beside it"
