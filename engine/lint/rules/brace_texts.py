"""Blanks in one brace in texts for people, as in ``{cash.id}``: they are shown as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.spec.values import Template

_ONE_BRACE = re.compile(r"(?<!\{)\$?\{ *([a-z][a-z0-9_]*)((?:\.[a-z][a-z0-9_]*)*) *\}(?!\})")

#: A text, the names that are in scope, and those of them that are shown themselves.
Text = tuple[Template, frozenset[str], frozenset[str]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for text, scope, simple in _texts(subject):
        for found in _ONE_BRACE.finditer(text.text):
            if found[1] in (scope if found[2] else simple):
                span = place_of(found[0], text.span, subject)
                meant = f"{{{{ {found[1]}{found[2]} }}}}"
                fix = Fix(f"write {meant}", (Edit(span, meant),), safe=False) if span != text.span else None
                message = f"`{found[0]}` is shown as it stands: a blank has two braces"
                yield finding("YAML221", message, span, f"write {meant}", fix=fix)


def _texts(subject: Subject) -> Iterator[Text]:
    none: frozenset[str] = frozenset()
    for policy in subject.workspace.policies:
        scope = frozenset({name for name, _ in policy.input} | {"lookups", "values"})
        for rule in policy.rules:
            for text in (rule.message, rule.action):
                yield text, scope, none
    for table in subject.workspace.tables:
        for text in (table.missing.message, table.missing.action):
            yield text, none, frozenset(each.text for each in table.key)
    in_flows = frozenset({"event", "steps"})
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.fail is not None:
                yield step.fail.complaint.message, in_flows, none
                yield step.fail.complaint.action, in_flows, none
            if step.approve is not None:
                yield step.approve.message, in_flows, none
