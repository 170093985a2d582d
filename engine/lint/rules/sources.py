"""Sources whose events are lost, or that have no case for any message."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.source import Emission, Source, SourceCase


def check(subject: Subject) -> Iterator[Diagnostic]:
    for source in subject.workspace.sources:
        yield from _names(source)
        if not source.cases:
            message = f"source `{source.id}` has no case, so every message fails"
            yield finding("FLOW248", message, source.span, "add a case for what comes in")


def _names(source: Source) -> Iterator[Diagnostic]:
    cases: dict[str, SourceCase] = {}
    for case in source.cases:
        first = cases.setdefault(case.id, case)
        if first is not case:
            message = f"two cases of source `{source.id}` are called `{case.id}`"
            labels = (Label(first.span, "the other case"),)
            yield finding("FLOW247", message, case.span, "give every case a name of its own", labels)
        emissions: dict[str, Emission] = {}
        for emission in case.emit:
            other = emissions.setdefault(emission.id, emission)
            if other is not emission:
                message = f"two events of case `{case.id}` are called `{emission.id}`: the second may be lost"
                labels = (Label(other.span, "the other event"),)
                yield finding("FLOW247", message, emission.span, "give every event a name of its own", labels)
