"""Tests of definitions, kept beside them; side effects are denied."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Duration, Expression, Name, Reference, Tree


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
    """A business exception; what is not mentioned may be anything."""

    reason: str | None = declare("Its reason code.", default=None)
    class_: str | None = declare("Its class. Written as the key `class`.", default=None)
    at: str | None = declare("The step that it came from, as `path` names it.", default=None)
    owner: str | None = declare("Its owner.", default=None)
    amount: Tree | None = declare("The amount at risk, as money.", default=None)
    message: str | None = declare("Its whole message.", default=None)
    message_contains: tuple[str, ...] = declare("Parts of its message.", default=())
    span: Span


@shape
class ExpectedWait:
    """How long the engine waits between the tries of a step, all pauses together. Pauses grow and are spread by
    chance that belongs to the effect, so both ends are given."""

    at_least: Duration | None = declare("No less than this.", default=None)
    at_most: Duration | None = declare("No more than this.", default=None)
    span: Span


@shape
class Expect:
    """What must come out. Objects are compared field by field, and only the fields that are given; lists in
    full; money and decimals by value."""

    outcome: str | None = declare(
        "Flow: `completed`, `exception`, `waiting`, `skipped`. Mapping: `completed`, `exception`.", default=None
    )
    path: tuple[str, ...] | None = declare("Flow: the ids of the steps that ran, in order.", default=None)
    not_visited: tuple[str, ...] = declare("Flow: ids of steps that must not run.", default=())
    output: Tree | None = declare("Mapping: the result. Policy: not used. Flow: its output.", default=None)
    sent: Map[Tree] | None = declare(
        "Flow: what the named post steps sent: their operation's input. An empty object: nothing was sent.",
        default=None,
    )
    sent_exactly: Map[Tree] | None = declare(
        "Flow: the same as `sent`, and the step sent no other field.", default=None
    )
    emitted: tuple[Tree, ...] | None = declare(
        "Source or flow: the events, as `{type, subject, partitionkey, data}`.", default=None
    )
    postings: tuple[Tree, ...] | None = declare(
        "Flow, mapping or journal: all lines of entries that come out, in any order, each as `{account, debit}` or "
        "`{account, credit}` with money (`role` where a line names a role); further fields as the line has them.",
        default=None,
    )
    balanced: bool | None = declare(
        "Flow, mapping or journal: in every entry that comes out, debits equal credits in each currency, and there is "
        "one at least.",
        default=None,
    )
    violations: tuple[str, ...] | None = declare("Policy: the ids of the violated rules.", default=None)
    attempts: Map[int] | None = declare("Flow: how often each post step was tried.", default=None)
    waits: Map[ExpectedWait] | None = declare("Flow: how long each post step waited between its tries.", default=None)
    exception: ExpectedException | None = declare("The business exception.", default=None)
    span: Span


@shape
class CaseTable:
    """One case per row. A cell says what its column names; `null` leaves the case as it is there."""

    columns: tuple[str, ...] = declare(
        "What each cell stands for: `change.PATH`, `expect.outcome`, `expect.violations`, `expect.output.PATH`, "
        "`expect.sent.STEP.PATH`, `expect.exception.reason` and so on.",
        example="[change.line.country, expect.output.account]",
    )
    rows: Map[Tree] = declare("A list of cells by the row's name.")
    span: Span


@shape
class Conserved:
    """Parts that must make up a whole, whatever comes in. Names in scope: `given`, `output`, and `sent` by step."""

    parts: Expression = declare("An array of money or numbers.", example="=output.lines[].amount")
    total: Expression = declare("What they must add up to.", example="=output.total")
    span: Span


@shape
class ForAll:
    """Inputs made from a contract, many of them; the smallest one that breaks something is shown.

    Every one must lead to a result that fits its contract, to entries that balance, or to a business exception that
    speaks about the input; never to a mapping that fails.
    """

    event: Reference | None = declare("Flow: the event whose data is made.", default=None)
    contract: Reference | None = declare("Mapping or policy: every input with this schema is made.", default=None)
    among: Map[Tree] = declare(
        "Fields that are drawn from a list, as `path: [one, another]`; `[]` in a path stands for every element.",
        default=Map(),
        example="{event.data.invoice.legal_entity: [NW-US, NW-EU]}",
    )
    derive: Map[Tree] = declare(
        "Fields that follow from others, as `path: =expression`, in this order; null takes a field away. Names in "
        "scope: those of `given` (`event`, or the inputs), and `element`, the element that a path with `[]` has come "
        "to.",
        default=Map(),
        example="{event.data.bill.total: =sum_money(event.data.bill.lines[].amount, event.data.bill.currency)}",
    )
    examples: int = declare("How many inputs are tried.", default=50)
    seed: int = declare("From which the inputs follow.", default=0)
    conserve: tuple[Conserved, ...] = declare("What must be neither lost nor made on the way.", default=())
    span: Span

    RULES = (ExactlyOne(("event", "contract")),)


@shape
class TestCase:
    """One case. `change`, `remove` and `append` are applied to a copy of `given`, in this order."""

    __test__ = False

    id: str = declare("Name of the case.", pattern=NAME)
    summary: str | None = declare("What it shows.", default=None)
    clock: str | None = declare("The time that this case sees, RFC 3339; the test's if left out.", default=None)
    change: Map[Tree] = declare(
        "Changes to `given`, as `path.to[0].field: value`; `null` takes a field away.", default=Map()
    )
    remove: tuple[str, ...] = declare("Paths of fields and elements of `given` to take away.", default=())
    append: Map[Tree] = declare("Elements to add at the end of lists of `given`, as `path: element`.", default=Map())
    links: tuple[Tree, ...] = declare("Learned ids present, as `{connection, link, id, external}`.", default=())
    seen: tuple[Tree, ...] = declare("Events seen before, as `{event, subject}`.", default=())
    replies: Map[Tree] = declare(
        "What the outside answers, per step id (`each` elements: `step[key]`): a list consumed in order of "
        "`{document: {id, number}, fields: {...}}`, `{rejected: {class, message}}`, `{unknown: text}`, "
        "`{found: {document: ...}}`, `{absent: true}`, `{unclear: text}`, `{value: ...}` (reads and released waits), "
        "`{approved: name}`, `{refused: name}`, `{expired: true}`, `{fault: name}`. Faults: `timeout_after_commit`, "
        "`lost_reply`, `unreadable_reply` (all with the `document` that was made), `timeout_before_commit`, "
        "`connection_refused`, `duplicate` (with `document`), `slow` (with `after` and `document`), `rate_limited` "
        "and `server_error`, or an HTTP status as text (with `retry_after`); the engine then retries, looks up and "
        "sends again as in production.",
        default=Map(),
    )
    table: CaseTable | None = declare("The case once per row.", default=None)
    forall: ForAll | None = declare("The case for inputs made from a contract.", default=None)
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
