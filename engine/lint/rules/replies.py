"""Replies and paths of test cases that the flow's steps can never lead to, and reasons that nothing raises."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.errors import ErrorClass
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.rules.test_names import step_of
from engine.lint.subject import Subject, all_steps, major
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.node import Mapping, Scalar, Sequence
from engine.source.span import Span
from engine.spec.documents.flow import Flow, Post
from engine.spec.documents.test import Test, TestCase
from engine.spec.nearest import distance, nearest, suggestion

#: How a reply begins, and what may stand beside it.
_KINDS = ("document", "rejected", "unknown", "found", "absent", "unclear", "value", "approved", "refused", "expired")
_CLASSES = tuple(str(each) for each in ErrorClass)
_OF_DOCUMENT = ("id", "number", "status")
#: As many letters may differ in a slip of the keyboard.
_SLIPS_MAX = 2
#: Reasons that the engine gives itself.
_OF_ENGINE = frozenset(
    {"approval_refused", "approval_expired", "approval_needed", "earlier_event_missing", "calculation_refused",
     "calculation_differs", "engine_defect"}
)  # fmt: skip


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    reasons = _reasons(subject)
    for test in subject.workspace.tests:
        versions = flows.get(str(test.target.flow), [])
        for case in test.cases:
            if len(versions) == 1:
                yield from _replies(case, versions[0], subject)
                yield from _order(case, versions[0], subject)
        yield from _reason(test, reasons, subject)


def _replies(case: TestCase, flow: Flow, subject: Subject) -> Iterator[Diagnostic]:
    posts = {step.id: step.post for step in all_steps(flow) if step.post is not None}
    for name, tree in case.replies:
        for reply in tree.node if isinstance(tree.node, Sequence) else ():
            if not isinstance(reply, Mapping) or reply.get("fault") is not None:
                continue
            for entry in reply.entries:
                if entry.key not in (*_KINDS, "fields"):
                    message = f"case `{case.id}` cannot be run: no reply says `{entry.key}`"
                    meant = nearest(entry.key, _KINDS)
                    fix = None if meant is None else Fix(f"write {meant}", (Edit(entry.key_span, meant),), safe=False)
                    yield finding("TEST240", message, entry.key_span, suggestion(entry.key, _KINDS), fix=fix)
            yield from _class(case, reply)
            post = posts.get(step_of(name))
            if post is not None:
                yield from _receipt(case, name, reply, post, subject)


def _class(case: TestCase, reply: Mapping) -> Iterator[Diagnostic]:
    rejected = reply.get("rejected")
    said = rejected.get("class") if isinstance(rejected, Mapping) else None
    if isinstance(said, Scalar) and isinstance(said.value, str) and said.value not in _CLASSES:
        message = f"case `{case.id}` cannot be run: there is no failure class `{said.value}`"
        yield finding("TEST240", message, said.span, suggestion(said.value, _CLASSES))


def _receipt(case: TestCase, name: str, reply: Mapping, post: Post, subject: Subject) -> Iterator[Diagnostic]:
    connected = subject.plan.connections.get(post.connection.text)
    operation = None if connected is None else connected.manifest.operation(post.operation.text)
    found = reply.get("found")
    inner = found if isinstance(found, Mapping) else reply
    document, fields = inner.get("document"), inner.get("fields")
    for entry in document.entries if isinstance(document, Mapping) else ():
        if entry.key not in _OF_DOCUMENT:
            message = f"the reply of `{name}` has no such part: a document has no `{entry.key}`"
            yield finding("TEST240", message, entry.key_span, suggestion(entry.key, _OF_DOCUMENT))
    if operation is None or operation.form.request is None:
        return
    declared = [each for each, _ in operation.form.fields]
    for entry in fields.entries if isinstance(fields, Mapping) else ():
        if entry.key not in declared:
            message = f"case `{case.id}` cannot be run: {post.operation} of {post.connection} gives no `{entry.key}`"
            help = suggestion(entry.key, declared) if declared else "it gives no further fields: remove it"
            yield finding("TEST240", message, entry.key_span, help)


def _order(case: TestCase, flow: Flow, subject: Subject) -> Iterator[Diagnostic]:
    """Steps of the flow itself come in the order in which they are written."""
    positions = {step.id: number for number, step in enumerate(flow.steps)}
    last = ""
    for name in case.expect.path or ():
        if name not in positions or "/" in name:
            continue
        if last and positions[name] <= positions[last]:
            again = name == last
            message = f"case `{case.id}` never holds: step `{name}` " + (
                "runs once" if again else f"comes before `{last}`"
            )
            help = "name it once" if again else f"write `{name}` before `{last}`"
            yield finding("TEST243", message, _behind(name, last, case, subject), help)
            return
        last = name


def _behind(name: str, last: str, case: TestCase, subject: Subject) -> Span:
    """Where the step is named in the path, behind the other."""
    path = place_of("path:", case.expect.span, subject)
    before = _named(last, path, subject)
    return _named(name, Span(before.file, before.line, before.end_column, before.line, before.end_column), subject)


def _named(name: str, begin: Span, subject: Subject) -> Span:
    """The first time that a name stands alone from a place on."""
    lines = subject.workspace.files.get(begin.file, "").splitlines()
    for number in range(begin.line, len(lines) + 1):
        text, at = lines[number - 1], begin.column - 1 if number == begin.line else 0
        while (at := text.find(name, at)) >= 0:
            end = at + len(name)
            if not (text[at - 1 : at].isalnum() or text[at - 1 : at] in ("_", "/")) and text[end : end + 1] in (
                "", " ", ",", "]", "\t", "#", '"', "'",
            ):  # fmt: skip
                return Span(begin.file, number, at + 1, number, end + 1)
            at = end
    return begin


def _reasons(subject: Subject) -> frozenset[str]:
    """Every reason that the workspace itself gives."""
    workspace = subject.workspace
    found = {table.missing.reason for table in workspace.tables}
    found |= {rule.reason for policy in workspace.policies for rule in policy.rules}
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.fail is not None:
                found.add(step.fail.complaint.reason)
            if step.post is not None and step.post.learn is not None:
                found.add(f"unknown_{step.post.learn.link}")
            if step.lookup is not None and step.lookup.link is not None:
                found.add(f"unknown_{step.lookup.link}")
    return frozenset(found)


def _reason(test: Test, reasons: frozenset[str], subject: Subject) -> Iterator[Diagnostic]:
    """A reason that is nobody's, one slip away from one that is somebody's: connectors have reasons of their own."""
    for case in test.cases:
        exception = case.expect.exception
        reason = None if exception is None else exception.reason
        if exception is None or reason is None or reason in reasons or reason in _OF_ENGINE:
            continue
        if reason.endswith("_error") or reason.startswith("refused_"):
            continue
        meant = nearest(reason, sorted(reasons))
        near = meant is not None and distance(reason, meant) <= _SLIPS_MAX
        if not near and test.target.mapping is None and test.target.policy is None:
            continue
        span = place_of(reason, place_of("reason:", exception.span, subject), subject)
        message = f"case `{case.id}` never holds: nothing gives the reason `{reason}`"
        fix = None if meant is None or not near else Fix(f"write {meant}", (Edit(span, meant),), safe=False)
        help = f"did you mean {meant}?" if near else suggestion(reason, sorted(reasons), what="given here are")
        yield finding("TEST241", message, span, help, fix=fix)
