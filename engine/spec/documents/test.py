"""Tests of definitions, kept beside them; side effects are denied."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Name, Reference, Tree


@shape
class Target:
    """What is tested: exactly one of these."""

    flow: Reference | None = declare("A flow.", default=None)
    mapping: Reference | None = declare("A mapping.", default=None)
    policy: Reference | None = declare("A policy.", default=None)
    source: Name | None = declare("A source.", default=None)
    meter: Reference | None = declare("A `meter` document.", default=None)
    pricing: Reference | None = declare("A `pricing` document.", default=None)
    proration: Reference | None = declare("A `proration` document.", default=None)
    totals: Reference | None = declare("A `totals` document.", default=None)
    wallet: Reference | None = declare("A `wallet` document.", default=None)
    commission: Reference | None = declare("A `commission` document.", default=None)
    revenue: Reference | None = declare("A `revenue` document.", default=None)
    journal: Reference | None = declare("A `journal` document.", default=None)
    settlement: Reference | None = declare("A `settlement` document.", default=None)
    metrics: Reference | None = declare("A `metrics` document.", default=None)
    span: Span


@shape
class ExpectedException:
    reason: str | None = declare("Its reason code.", default=None)
    class_: str | None = declare("Its class. Written as the key `class`.", default=None)
    owner: str | None = declare("Its owner.", default=None)
    message: str | None = declare("Its whole message.", default=None)
    message_contains: tuple[str, ...] = declare("Parts of its message.", default=())
    span: Span


@shape
class Expect:
    """What must come out. Objects are compared field by field, and only the fields that are given; lists in
    full; money and decimals by value."""

    outcome: str | None = declare(
        "Flow: `completed`, `exception`, `waiting`, `skipped`. Mapping: `completed`, `exception`.", default=None
    )
    path: tuple[str, ...] | None = declare("Flow: the ids of the steps that ran, in order.", default=None)
    output: Tree | None = declare("Mapping: the result. Policy: not used. Flow: its output.", default=None)
    sent: Map[Tree] | None = declare(
        "Flow: what the named post steps sent: their operation's input. An empty object: nothing was sent.",
        default=None,
    )
    emitted: tuple[Tree, ...] | None = declare(
        "Source or flow: the events, as `{type, subject, partitionkey, data}`.", default=None
    )
    violations: tuple[str, ...] | None = declare("Policy: the ids of the violated rules.", default=None)
    attempts: Map[int] | None = declare("Flow: how often each post step was tried.", default=None)
    exception: ExpectedException | None = declare("The business exception.", default=None)
    span: Span


@shape
class TestCase:
    """One case. `change` is applied to a copy of `given`."""

    __test__ = False

    id: str = declare("Name of the case.", pattern=NAME)
    summary: str | None = declare("What it shows.", default=None)
    change: Map[Tree] = declare(
        "Changes to `given`, as `path.to[0].field: value`; `null` takes a field away.", default=Map()
    )
    links: tuple[Tree, ...] = declare("Learned ids present, as `{connection, link, id, external}`.", default=())
    seen: tuple[Tree, ...] = declare("Events seen before, as `{event, subject}`.", default=())
    replies: Map[Tree] = declare(
        "What the outside answers, per step id (`each` elements: `step[key]`): a list consumed in order of "
        "`{document: {id, number}, fields: {...}}`, `{rejected: {class, message}}`, `{unknown: text}`, "
        "`{found: {document: ...}}`, `{absent: true}`, `{unclear: text}`, `{value: ...}` (reads and released waits), "
        "`{approved: name}`, `{refused: name}`, `{expired: true}`.",
        default=Map(),
    )
    expect: Expect = declare("What must come out.")
    span: Span


@shape
class Test:
    """A test (`*.test.yaml`)."""

    __test__ = False

    id: str = declare("Name of the test.", pattern=NAME)
    summary: str = declare("What it shows.")
    target: Target = declare("What is tested.")
    clock: str = declare("The time that the case sees, RFC 3339.", default="2026-01-31T12:00:00Z")
    given: Map[Tree] = declare(
        "The input. Flow: `event` with `type, id, time, subject, partitionkey, data`. Source: `message`. "
        "Mapping and policy: a value per input. Documents that calculate: their facts, field by field. `{file: NAME}` "
        "as a value reads a JSON file beside the test.",
        default=Map(),
    )
    cases: tuple[TestCase, ...] = declare("The cases.")
    span: Span
