"""Limits of time and tries that stop nothing, change nothing or allow nothing."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.lines import removal
from engine.lint.subject import Subject, all_steps
from engine.plan.connections import ELAPSED_MAX_SECONDS
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span
from engine.spec.documents.connection import Connection
from engine.spec.documents.flow import Missing, Step
from engine.spec.values import Duration

DAY_SECONDS = 86_400
#: Nobody waits for longer than a closed month, nor means more tries than this, for one document.
ELAPSED_SANE_SECONDS = 31 * DAY_SECONDS
ATTEMPTS_SANE = 100


def check(subject: Subject) -> Iterator[Diagnostic]:
    elapsed: dict[str, int] = {}
    for connection in subject.workspace.connections:
        budget = connection.budget
        longest = None if budget is None else budget.elapsed_max
        elapsed[connection.id] = ELAPSED_MAX_SECONDS if longest is None else longest.seconds
        yield from _budget(connection)
    for flow in subject.workspace.flows:
        if flow.latency is not None and flow.latency.target.seconds < 1:
            target = flow.latency.target
            message = f"flow `{flow.id}` would have to be done at once: every event counts as late"
            yield finding("FLOW251", message, target.span, "give a time that can be met, such as PT15M")
        for step in all_steps(flow):
            yield from _at_once(step)
            yield from _retry(step, subject)
            yield from _timeout(step, elapsed, subject)
            lookup = step.lookup
            if lookup is not None and lookup.hold_for is not None and lookup.missing is not Missing.HOLD:
                message = f"step `{step.id}` never holds, so `hold_for` has no effect"
                fix = removal("hold_for", lookup.hold_for.span, subject, safe=False)
                help = "add `missing: hold`, or remove `hold_for`"
                yield finding("FLOW226", message, lookup.hold_for.span, help, fix=fix)


def _budget(connection: Connection) -> Iterator[Diagnostic]:
    budget = connection.budget
    if budget is None:
        return
    what = f"connection `{connection.id}`"
    yield from _none_allowed(budget.span, what, concurrency=budget.concurrency, attempts_max=budget.attempts_max)
    if budget.per_second is not None:
        yield from _none_allowed(budget.span, what, per_second=budget.per_second)
    if budget.timeout is not None:
        yield from _none_allowed(budget.timeout.span, what, timeout=budget.timeout.seconds)
    elapsed = None if budget.elapsed_max is None else budget.elapsed_max.seconds
    yield from _as_good_as_none(budget.span, what, budget.attempts_max, elapsed)


def _retry(step: Step, subject: Subject) -> Iterator[Diagnostic]:
    retry = step.retry
    if retry is None:
        return
    what = f"step `{step.id}`"
    elapsed = None if retry.elapsed_max is None else retry.elapsed_max.seconds
    if retry.attempts_max is None and elapsed is None:
        message = f"the `retry` of {what} says nothing, so the connection's limits hold"
        fix = removal("retry", retry.span, subject)
        yield finding("FLOW224", message, retry.span, "remove it, or give `attempts_max` or `elapsed_max`", fix=fix)
    if retry.attempts_max is not None:
        yield from _none_allowed(retry.span, what, attempts_max=retry.attempts_max)
    yield from _as_good_as_none(retry.span, what, retry.attempts_max, elapsed)


def _at_once(step: Step) -> Iterator[Diagnostic]:
    """Times of nothing: what was to be waited for can never come in time."""
    limits: list[tuple[str, Duration | None, str]] = [("timeout", step.timeout, "it is given up before it begins")]
    if step.retry is not None:
        limits.append(("elapsed_max", step.retry.elapsed_max, "it is given up before it begins"))
    if step.lookup is not None:
        limits.append(("hold_for", step.lookup.hold_for, "it never holds"))
    if step.wait is not None:
        limits.append(("timeout", step.wait.timeout, "the event never comes in time"))
    if step.approve is not None:
        limits.append(("expires", step.approve.expires, "nobody can approve in time"))
    for name, duration, follows in limits:
        if duration is not None and duration.seconds < 1:
            message = f"`{name}` of step `{step.id}` is no time at all: {follows}"
            yield finding("FLOW251", message, duration.span, "give a longer time")


def _none_allowed(span: Span, what: str, **limits: int) -> Iterator[Diagnostic]:
    for name, value in limits.items():
        if value < 1:
            yield finding("CONN220", f"`{name}` of {what} is {value}: nothing is ever sent", span, "give at least 1")


def _as_good_as_none(span: Span, what: str, attempts: int | None, elapsed: int | None) -> Iterator[Diagnostic]:
    if attempts is not None and attempts > ATTEMPTS_SANE:
        message = f"{what} tries {attempts} times before a person is asked"
        yield finding("FLOW223", message, span, f"a person should know after {ATTEMPTS_SANE} tries at the latest")
    if elapsed is not None and elapsed > ELAPSED_SANE_SECONDS:
        message = f"{what} tries for {elapsed // DAY_SECONDS} days before a person is asked"
        yield finding("FLOW223", message, span, "a person should know before the month is closed")


def _timeout(step: Step, elapsed: dict[str, int], subject: Subject) -> Iterator[Diagnostic]:
    if step.timeout is None:
        return
    why, help = "", "remove one of them"
    if step.approve is not None and step.approve.expires is not None:
        why = "`expires` decides"
    elif step.wait is not None and step.wait.timeout is not None:
        why = "the `timeout` inside `wait` decides"
    elif step.wait is not None and step.wait.until is not None:
        why, help = "a wait until a moment ends at that moment", "remove it"
    elif step.post is not None:
        retry = step.retry
        own = None if retry is None or retry.elapsed_max is None else retry.elapsed_max.seconds
        limit = elapsed[step.post.connection.text] if own is None else own
        if step.timeout.seconds > limit:
            why, help = f"tries end after {limit} seconds anyway", "shorten it, or raise `elapsed_max`"
    if why:
        message = f"the `timeout` of step `{step.id}` has no effect: {why}"
        fix = removal("timeout", step.timeout.span, subject, safe=False)
        yield finding("FLOW225", message, step.timeout.span, help, fix=fix)
