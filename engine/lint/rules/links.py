"""Learned ids that are looked up and that nothing ever learns."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Missing

_FOLLOWS = {
    Missing.HOLD: "it waits in vain",
    Missing.FAIL: "it always fails",
    Missing.NULL: "it is always null",
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    learned: set[tuple[str, str]] = set()
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.post is not None and step.post.learn is not None:
                learned.add((step.post.connection.text, step.post.learn.link))
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            lookup = step.lookup
            if lookup is None or lookup.link is None or lookup.connection is None:
                continue
            if (lookup.connection.text, lookup.link) not in learned:
                message = (
                    f"no step learns the `{lookup.link}` that step `{step.id}` looks up: {_FOLLOWS[lookup.missing]}"
                )
                help = f"add `learn: {{link: {lookup.link}, ...}}` to the `post` that makes it"
                yield finding("FLOW243", message, lookup.span, help)
