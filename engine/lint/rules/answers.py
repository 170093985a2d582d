"""What connectors make of answers that say nothing about whether something was written."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.errors import ErrorClass
from engine.connect.declaration import ErrorRule, ManifestForm, OperationForm
from engine.lint.finding import finding
from engine.lint.subject import Subject, posts
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import Node, Sequence, plain

#: Answers of something in between, or of a server that broke off: what was asked may have been done.
_UNSURE = (500, 502, 504)
_NOTHING_SAID = frozenset({ErrorClass.UNKNOWN_OUTCOME})
_WANTED = {
    429: frozenset({ErrorClass.RATE_LIMITED, ErrorClass.TRANSIENT}),
    401: frozenset({ErrorClass.AUTH, ErrorClass.CONFIG}),
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[str, str]] = set()
    for versions in subject.plan.flows.values():
        for flow in versions:
            for post in posts(flow.steps):
                manifest = subject.plan.connections[post.connection].manifest
                operation = manifest.operation(post.operation)
                if operation is None or operation.form.request is None or (manifest.name, post.operation) in told:
                    continue
                told.add((manifest.name, post.operation))
                for code, message, rule in _wrong(manifest.form, operation.form):
                    labels = () if rule is None else (Label(rule.span, "said here"),)
                    yield finding(code, message, post.span, "correct the error map of the connector", labels)


def _wrong(form: ManifestForm, operation: OperationForm) -> Iterator[tuple[str, str, ErrorRule | None]]:
    rules = (*operation.errors, *form.errors)
    for status in _UNSURE:
        rule = _surely(status, rules)
        if rule is not None and rule.class_ not in _NOTHING_SAID:
            yield "CONN227", f"status {status} counts as `{rule.class_}`, but the document may have been made", rule
            break
    for status, wanted in _WANTED.items():
        rule = _surely(status, rules)
        class_ = rule.class_ if rule is not None else form.otherwise.class_ if form.otherwise is not None else None
        if class_ is not None and class_ not in wanted and not _maybe(status, rules):
            right = min(wanted)
            yield "CONN228", f"status {status} counts as `{class_}` instead of `{right}`, so a person is asked", rule


def _surely(status: int, rules: tuple[ErrorRule, ...]) -> ErrorRule | None:
    """The first rule that applies whatever else the answer says."""
    return next((rule for rule in rules if rule.when is None and _covers(rule, status)), None)


def _maybe(status: int, rules: tuple[ErrorRule, ...]) -> bool:
    return any(rule.when is not None and _covers(rule, status) for rule in rules)


def _covers(rule: ErrorRule, status: int) -> bool:
    return rule.status is None or _names(rule.status.node, status)


def _names(node: Node, status: int) -> bool:
    if isinstance(node, Sequence):
        return any(_names(each, status) for each in node)
    written = str(plain(node))
    return written in (str(status), f"{str(status)[0]}xx")
