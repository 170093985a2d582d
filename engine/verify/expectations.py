"""What a case expected against what it led to, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.plan.model import BusinessException, CanonicalEvent
from engine.source.node import plain
from engine.spec.documents.test import Expect, ExpectedException
from engine.spec.shape import Map
from engine.spec.values import Tree
from engine.verify.compare import ABSENT, compare, show
from engine.verify.model import Difference, Observed


def differences(expect: Expect, observed: Observed) -> Iterator[Difference]:
    """Everything that is not as the case expects. What it does not mention may be anything."""
    outcome = expect.outcome
    if outcome is None and expect.exception is None and not expect.violations:
        outcome = "skipped" if observed.outcome == "skipped" else "completed"
    if outcome is not None and outcome != observed.outcome:
        yield Difference("outcome", outcome, _outcome(observed))
    if expect.path is not None and expect.path != observed.path:
        yield Difference("path", ", ".join(expect.path) or "no step", ", ".join(observed.path) or "no step")
    if expect.output is not None:
        yield from compare(plain(expect.output.node), observed.output, "output")
    if expect.sent is not None:
        yield from _sent(expect.sent, observed.sent)
    if expect.emitted is not None:
        yield from compare(
            [plain(tree.node) for tree in expect.emitted], [_event(event) for event in observed.emitted], "emitted"
        )
    if expect.violations is not None and expect.violations != observed.violations:
        yield Difference("violations", ", ".join(expect.violations) or "none", ", ".join(observed.violations) or "none")
    for step, attempts in expect.attempts or ():
        if observed.attempts.get(step, 0) != attempts:
            yield Difference(f"attempts.{step}", str(attempts), str(observed.attempts.get(step, 0)))
    if expect.exception is not None:
        yield from _exception(expect.exception, observed.exceptions)


def _outcome(observed: Observed) -> str:
    """The outcome and what explains it."""
    if observed.exceptions:
        said = "; ".join(f"{each.reason}: {each.message}" for each in observed.exceptions)
        return f"{observed.outcome} ({said})"
    return f"{observed.outcome} ({observed.waits_for})" if observed.waits_for else observed.outcome


def _sent(expected: Map[Tree], actual: Mapping[str, Any]) -> Iterator[Difference]:
    """The steps that are named; an empty object says that nothing at all was sent."""
    for step, tree in expected:
        yield from compare(plain(tree.node), actual.get(step, ABSENT), f"sent.{step}")
    for step, content in () if len(expected) else actual.items():
        yield Difference(f"sent.{step}", "nothing sent", show(content))


def _event(event: CanonicalEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "subject": event.subject,
        "partitionkey": event.partitionkey,
        "id": event.id,
        "data": event.data,
    }


def _exception(expected: ExpectedException, found: Sequence[BusinessException]) -> Iterator[Difference]:
    """None of the differences if one of the exceptions is as expected, else those of the nearest."""
    if not found:
        yield Difference("exception", expected.reason or expected.class_ or "one", "none")
        return
    yield from min((list(_mismatches(expected, each)) for each in found), key=len)


def _mismatches(expected: ExpectedException, found: BusinessException) -> Iterator[Difference]:
    for name, wanted, given in (
        ("reason", expected.reason, found.reason),
        ("class", expected.class_, str(found.error_class)),
        ("owner", expected.owner, found.owner),
        ("message", expected.message, found.message),
    ):
        if wanted is not None and wanted != given:
            yield Difference(f"exception.{name}", wanted, given)
    for part in expected.message_contains:
        if part not in found.message:
            yield Difference("exception.message", f"a text with {part!r}", found.message)
