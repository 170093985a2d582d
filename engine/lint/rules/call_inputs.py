"""Inputs that callers of a flow must give and no step reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.texts import leaves_of
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow

_NAME = re.compile(r"(?<![.\w])[a-z]\w*")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        call = flow.trigger.call
        if call is None:
            continue
        read = _names(flow, subject)
        for name, declared in call.input:
            if name not in read:
                message = f"no step of flow `{flow.id}` reads the input `{name}`"
                yield finding("FLOW242", message, declared.span, "remove it here and from the calls")


def _names(flow: Flow, subject: Subject) -> set[str]:
    """Every name in a computed value, and every word within a blank."""
    names: set[str] = set()
    for leaf in leaves_of(flow):
        if leaf.computed:
            names.update(_NAME.findall(leaf.text))
    for blank in re.findall(r"\{\{(.*?)\}\}", subject.workspace.files[flow.span.file], re.DOTALL):
        names.update(_NAME.findall(blank))
    return names
