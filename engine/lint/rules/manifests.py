"""The workspace's own connectors: error rules that never apply, and schemas that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from engine.connect.declaration import ErrorRule, ManifestForm
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import Node, Sequence, plain
from engine.spec.nearest import about_unknown, suggestion


def check(subject: Subject) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for connection in subject.workspace.connections:
        manifest = subject.plan.connections[connection.id].manifest
        if manifest.name not in told and manifest.form.span.file in subject.workspace.files:
            told.add(manifest.name)
            yield from _schemas(manifest.form, subject)
            for rules in (manifest.form.errors, *(each.errors for each in manifest.form.operations)):
                yield from _never(rules)


def _schemas(form: ManifestForm, subject: Subject) -> Iterator[Diagnostic]:
    for operation in form.operations:
        for reference in (operation.input, operation.output):
            if reference is not None and str(reference) not in subject.plan.contracts:
                message = f"there is no schema `{reference}`, which `{operation.name}` names"
                known = sorted(subject.plan.contracts)
                help, about = suggestion(str(reference), known), about_unknown(str(reference), known, kind="schema")
                yield finding("SCHEMA101", message, reference.span, help, about=about)


def _never(rules: tuple[ErrorRule, ...]) -> Iterator[Diagnostic]:
    """Rules for answers that an earlier one takes, whatever else they say: one finding for each that comes too soon."""
    told: set[int] = set()
    for number, rule in enumerate(rules):
        statuses = () if rule.status is None else tuple(_statuses(rule.status.node))
        for first, before in enumerate(rules[:number] if statuses else ()):
            taken = set(_statuses(before.status.node)) if before.status is not None else {"any"}
            if before.when is None and all(_is_taken(each, taken) for each in statuses) and rule.status is not None:
                if first in told:
                    break
                told.add(first)
                message = f"this rule for {', '.join(statuses)} never applies: an earlier one takes all of them"
                labels = (Label(before.span, "this one comes first"),)
                yield finding("CONN233", message, rule.status.span, "put the narrower rule first", labels)
                break


def _statuses(node: Node) -> Iterator[str]:
    for each in node if isinstance(node, Sequence) else (node,):
        yield str(plain(each))


def _is_taken(status: str, taken: set[str]) -> bool:
    return bool({status, "any", f"{status[:1]}xx"} & taken)
