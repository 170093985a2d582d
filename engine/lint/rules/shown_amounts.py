"""Amounts in messages to people, shown as programs write them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.expr.lattice import kinds
from engine.expr.text import Blank, has_blanks, read_text
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.schema.types import without_null
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.source.span import Span
from engine.spec.values import Template


def check(subject: Subject) -> Iterator[Diagnostic]:
    by_place: dict[Span, list[Checked]] = {}
    for checked in subject.plan.checked:
        by_place.setdefault(checked.span, []).append(checked)
    for template in _messages(subject):
        if not has_blanks(template.text):
            continue
        for part in read_text(template.text, template.span, Diagnostics()) or ():
            if isinstance(part, Blank) and part.format == "plain" and _is_money(part, by_place):
                message = f"`{part.written}` is shown as programs write amounts: 1234567.5 EUR"
                yield finding("MONEY229", message[:90], part.span, f"write {{{{ {part.written} | money }}}}")


def _is_money(blank: Blank, by_place: dict[Span, list[Checked]]) -> bool:
    found = [each for each in by_place.get(blank.path.span, ()) if each.ast == blank.path]
    return bool(found) and all(kinds(without_null(each.type)) == {"money"} for each in found)


def _messages(subject: Subject) -> Iterator[Template]:
    """What people read: of rules, approvals and stops."""
    for policy in subject.workspace.policies:
        for rule in policy.rules:
            yield rule.message
            yield rule.action
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.approve is not None:
                yield step.approve.message
            if step.fail is not None:
                yield step.fail.complaint.message
                yield step.fail.complaint.action
