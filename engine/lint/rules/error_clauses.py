"""What `on_error` leaves out: classes that never come, and outcomes that must not be passed over."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.errors import STOPS_CONNECTION, ErrorClass
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, kind_of
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import OnError, Step

#: Classes that only an answer of another system has, or its silence.
_OF_OTHERS = frozenset(
    {
        ErrorClass.TRANSIENT,
        ErrorClass.RATE_LIMITED,
        ErrorClass.TIMEOUT,
        ErrorClass.UNKNOWN_OUTCOME,
        ErrorClass.AUTH,
        ErrorClass.PERMISSION,
        ErrorClass.NOT_FOUND,
        ErrorClass.DUPLICATE,
        ErrorClass.CONFLICT,
    }
)
#: Kinds of steps that ask nobody; a missing row is a business exception, which nothing skips.
_ALONE = frozenset({"validate", "map", "calculate", "lookup", "emit"})
#: After these nobody knows that nothing was written, or something else is there.
_WRITTEN = frozenset({ErrorClass.UNKNOWN_OUTCOME, ErrorClass.CONFLICT})


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.on_error is not None:
                yield from _clause(step, step.on_error)


def _clause(step: Step, clause: OnError) -> Iterator[Diagnostic]:
    kind = kind_of(step)
    if not clause.classes:
        message = f"`on_error` of step `{step.id}` names no class, so nothing is skipped"
        yield finding("FLOW227", message, clause.span, "name the classes, or remove it")
    for position, name in enumerate(clause.classes):
        class_ = ErrorClass(name)
        if name in clause.classes[:position]:
            message = f"`on_error` of step `{step.id}` names `{name}` twice"
            yield finding("FLOW227", message, clause.span, "name it once")
        elif kind == "post" and class_ in _WRITTEN:
            done = "may be done" if class_ is ErrorClass.UNKNOWN_OUTCOME else "is done with other content"
            yield finding(
                "FLOW228",
                f"step `{step.id}` {done}, and the flow goes on as if it were not",
                clause.span,
                f"leave `{name}` out, so that a person looks",
            )
        elif kind == "post" and class_ in STOPS_CONNECTION:
            message = f"step `{step.id}` never fails with `{name}`: the connection pauses, and it is tried again"
            yield finding("FLOW227", message, clause.span, "leave the class out")
        elif (kind in _ALONE or kind == "each") and class_ in _OF_OTHERS | _missing(kind):
            yield finding("FLOW227", f"`{name}` of step `{step.id}` is never skipped", clause.span, _instead(kind))


def _missing(kind: str) -> frozenset[ErrorClass]:
    return frozenset({ErrorClass.MISSING_REFERENCE}) if kind == "lookup" else frozenset()


def _instead(kind: str) -> str:
    if kind == "lookup":
        return "write `missing: null_value` to go on without a row"
    if kind == "each":
        return "put `on_error` on the step inside that may fail"
    return f"a `{kind}` step asks nobody who could answer that"
