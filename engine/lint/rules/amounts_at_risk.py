"""Exceptions and approvals that name an amount in their text only, so that nobody can sort by it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic
from engine.spec.values import Expression, Template

_MONEY = re.compile(r"\{\{[^}]*\|\s*money\b")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for policy in subject.workspace.policies:
        for rule in policy.rules:
            yield from _said_only(f"rule `{rule.id}`", rule.message, rule.amount)
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.approve is not None:
                yield from _said_only(f"step `{step.id}`", step.approve.message, step.approve.amount)


def _said_only(what: str, message: Template, amount: Expression | None) -> Iterator[Diagnostic]:
    if amount is None and _MONEY.search(message.text):
        text = f"the message of {what} names an amount, and nobody can sort or filter by it"
        yield finding("POL227", text, message.span, "give it in `amount`, too")
