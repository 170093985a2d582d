"""Business identities that change with the message, or that two flows share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Step

_OF_MESSAGE = re.compile(r"\bevent\s*\.\s*(id|time)\b")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow) if flow.trigger.event is not None else ():
            if step.post is None:
                continue
            for expression in (step.post.identity.object, step.post.identity.revision):
                found = _OF_MESSAGE.search(expression.text)
                if found is not None:
                    yield finding(
                        "FLOW231",
                        f"the same fact in another message is sent again: `event.{found[1]}` differs",
                        expression.span,
                        "use the object's own id and revision, from `event.data`",
                    )
    yield from _shared(subject)


def _shared(subject: Subject) -> Iterator[Diagnostic]:
    """Posts of two flows that run for every event of one type and make the same effect."""
    seen: dict[tuple[str, ...], tuple[str, Step]] = {}
    for flow in subject.workspace.flows:
        if flow.trigger.event is None or flow.trigger.when is not None:
            continue
        for step in flow.steps:
            if step.post is None or step.when is not None:
                continue
            identity = step.post.identity
            key = (
                str(flow.trigger.event),
                step.post.connection.text,
                "".join(identity.object.text.split()),
                "".join(identity.revision.text.split()),
                identity.purpose,
            )
            name, first = seen.setdefault(key, (flow.id, step))
            reads_event = "event" in identity.object.text and "steps" not in identity.object.text
            if name != flow.id and reads_event:
                yield finding(
                    "FLOW232",
                    f"flow `{name}` makes the same effect of every `{flow.trigger.event}`",
                    identity.span,
                    "give each effect a `purpose` of its own",
                    (Label(first.span, "the other step"),),
                )
