"""What a case expected against what it led to, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.lint.rules.test_names import step_of
from engine.plan.model import BusinessException, CanonicalEvent
from engine.source.node import plain
from engine.spec.documents.test import Expect, ExpectedException, ExpectedWait
from engine.spec.nearest import suggestion
from engine.spec.shape import Map
from engine.spec.values import Tree
from engine.verify.compare import ABSENT, compare, show
from engine.verify.model import Difference, Observed
from engine.verify.postings import Entry, entries_in, posting_differences, unbalanced


def differences(expect: Expect, observed: Observed) -> Iterator[Difference]:
    """Everything that is not as the case expects. What it does not mention may be anything."""
    outcome = expect.outcome
    if outcome is None and expect.exception is None and not expect.violations:
        outcome = "skipped" if observed.outcome == "skipped" else "completed"
    if outcome is not None and outcome != observed.outcome:
        yield Difference("outcome", outcome, _outcome(observed))
    yield from _visited(expect, observed)
    if expect.output is not None:
        yield from compare(plain(expect.output.node), observed.output, "output")
    if expect.sent is not None:
        yield from _sent(expect.sent, observed.sent, "sent")
    if expect.sent_exactly is not None:
        yield from _sent(expect.sent_exactly, observed.sent, "sent_exactly")
    if expect.emitted is not None:
        yield from compare(
            [plain(tree.node) for tree in expect.emitted], [_event(event) for event in observed.emitted], "emitted"
        )
    yield from _posted(expect, observed)
    if expect.violations is not None and expect.violations != observed.violations:
        yield Difference("violations", ", ".join(expect.violations) or "none", ", ".join(observed.violations) or "none")
    for step, attempts in expect.attempts or ():
        if observed.attempts.get(step, 0) != attempts:
            yield Difference(f"attempts.{step}", str(attempts), str(observed.attempts.get(step, 0)))
    for step, wait in expect.waits or ():
        yield from _waited(step, wait, observed.waits.get(step, 0.0))
    if expect.exception is not None:
        yield from _exception(expect.exception, observed)


def strangers(expect: Expect, known: frozenset[str]) -> Iterator[str]:
    """A sentence about every step that is expected to do something and does not exist. ``known`` are the flow's."""
    named = [*expect.not_visited, *(expect.path or ())]
    for steps in (expect.sent, expect.sent_exactly, expect.attempts, expect.waits):
        named += [step for step, _ in steps or ()]
    if expect.exception is not None and expect.exception.at is not None:
        named.append(expect.exception.at)
    for name in dict.fromkeys(named):
        step = step_of(name)
        if step not in known:
            yield f"there is no step `{name}`: {suggestion(step, [each for each in known if ':' not in each])}"


def _visited(expect: Expect, observed: Observed) -> Iterator[Difference]:
    if expect.path is not None and expect.path != observed.path:
        yield Difference("path", ", ".join(expect.path) or "no step", ", ".join(observed.path) or "no step")
    ran = {name for step in observed.path for name in (step, step.partition(":")[0], *_plainly(step))}
    for step in expect.not_visited:
        if step in ran:
            yield Difference("not_visited", f"{step} does not run", "it ran")


def _plainly(step: str) -> tuple[str, str]:
    """A step inside others by its own name, with its case and without."""
    own = step.rpartition("/")[2]
    return own, own.partition(":")[0]


def entries_of(observed: Observed) -> list[Entry]:
    """The entries that came out: those that were sent, and those of the result."""
    sent = [entry for step, content in observed.sent.items() for entry in entries_in([content], step)]
    return sent or list(entries_in(observed.output, "output"))


def _posted(expect: Expect, observed: Observed) -> Iterator[Difference]:
    if expect.postings is None and not expect.balanced:
        return
    entries = entries_of(observed)
    if expect.postings is not None:
        yield from posting_differences([plain(tree.node) for tree in expect.postings], entries)
    if expect.balanced:
        yield from unbalanced(entries)


def _waited(step: str, expected: ExpectedWait, seconds: float) -> Iterator[Difference]:
    actual = f"{seconds:.1f} s"
    if expected.at_least is not None and seconds < expected.at_least.seconds:
        yield Difference(f"waits.{step}", f"at least {expected.at_least.text}", actual)
    if expected.at_most is not None and seconds > expected.at_most.seconds:
        yield Difference(f"waits.{step}", f"at most {expected.at_most.text}", actual)


def _outcome(observed: Observed) -> str:
    """The outcome and what explains it."""
    if observed.exceptions:
        said = "; ".join(f"{each.reason}: {each.message}" for each in observed.exceptions)
        return f"{observed.outcome} ({said})"
    return f"{observed.outcome} ({observed.waits_for})" if observed.waits_for else observed.outcome


def _sent(expected: Map[Tree], actual: Mapping[str, Any], name: str) -> Iterator[Difference]:
    """The steps that are named; an empty object says that nothing at all was sent."""
    for step, tree in expected:
        content = actual.get(step, ABSENT)
        yield from compare(plain(tree.node), content, f"{name}.{step}", exactly=name == "sent_exactly")
    for step, content in () if len(expected) else actual.items():
        yield Difference(f"{name}.{step}", "nothing sent", show(content))


def _event(event: CanonicalEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "subject": event.subject,
        "partitionkey": event.partitionkey,
        "id": event.id,
        "data": event.data,
    }


def _exception(expected: ExpectedException, observed: Observed) -> Iterator[Difference]:
    """None of the differences if one of the exceptions is as expected, else those of the nearest."""
    found, last = observed.exceptions, observed.path[-1] if observed.path else ""
    if not found:
        yield Difference("exception", expected.reason or expected.class_ or "one", "none")
        return
    yield from min((list(_mismatches(expected, each, last)) for each in found), key=len)


def _mismatches(expected: ExpectedException, found: BusinessException, last: str) -> Iterator[Difference]:
    for name, wanted, given in (
        ("reason", expected.reason, found.reason),
        ("class", expected.class_, str(found.error_class)),
        ("owner", expected.owner, found.owner),
        ("message", expected.message, found.message),
    ):
        if wanted is not None and wanted != given:
            yield Difference(f"exception.{name}", wanted, given, found.message if name == "reason" else "")
    at = places(found, last)
    if expected.at is not None and expected.at not in at:
        yield Difference("exception.at", expected.at, at[0] or "no step")
    if expected.amount is not None:
        yield from compare(plain(expected.amount.node), found.amount, "exception.amount")
    for part in expected.message_contains:
        if part not in found.message:
            yield Difference("exception.message", f"a text with {part!r}", found.message)


def places(exception: BusinessException, last: str) -> tuple[str, ...]:
    """The step of an exception as `path` names it, in full and without what it was checked against; the ``last`` step
    that ran, where the exception names something else, such as the table that lacks a row."""
    step = exception.where.partition("/")[2] or last
    return step, step.partition(":")[0], *_plainly(step)
