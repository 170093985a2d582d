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
from engine.spec.documents.flow import Flow
from engine.spec.documents.policy import Policy
from engine.spec.values import Template


def check(subject: Subject) -> Iterator[Diagnostic]:
    documents: tuple[Policy | Flow, ...] = (*subject.workspace.policies, *subject.workspace.flows)
    for document in documents:
        yield from subject.known.told(_document, document, subject.checked.get(document.span.file, ()))


def _document(document: Policy | Flow, every: tuple[Checked, ...]) -> Iterator[Diagnostic]:
    for template in _messages(document):
        if not has_blanks(template.text):
            continue
        for part in read_text(template.text, template.span, Diagnostics()) or ():
            if isinstance(part, Blank) and part.format == "plain" and _is_money(part, every):
                message = f"`{part.written}` is shown as programs write amounts: 1234567.5 EUR"
                yield finding("MONEY229", message[:90], part.span, f"write {{{{ {part.written} | money }}}}")


def _is_money(blank: Blank, every: tuple[Checked, ...]) -> bool:
    found = [each for each in every if each.span == blank.path.span and each.ast == blank.path]
    return bool(found) and all(kinds(without_null(each.type)) == {"money"} for each in found)


def _messages(document: Policy | Flow) -> Iterator[Template]:
    """What people read: of rules, approvals and stops."""
    for rule in document.rules if isinstance(document, Policy) else ():
        yield rule.message
        yield rule.action
    for step in all_steps(document) if isinstance(document, Flow) else ():
        if step.approve is not None:
            yield step.approve.message
        if step.fail is not None:
            yield step.fail.complaint.message
            yield step.fail.complaint.action
