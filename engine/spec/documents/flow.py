"""Flows: what happens, step by step, when an event arrives."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Complaint, Effective, InputType
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Duration, Expression, Name, Reference, Template, Tree


class LatencyClass(StrEnum):
    SYNCHRONOUS = "synchronous"
    NEAR_REAL_TIME = "near_real_time"
    MICRO_BATCH = "micro_batch"
    SCHEDULED = "scheduled"
    FILE = "file"


@shape
class Latency:
    """How fast the outcome is wanted, and why."""

    class_: LatencyClass = declare("The latency class. Written as the key `class`.")
    target: Duration = declare("From arrival to outcome.", example="PT15M")
    reason: str = declare("The business reason for the target.")
    span: Span


@shape
class CallTrigger:
    """The flow is called over HTTP or by another flow."""

    input: Map[InputType] = declare("The named inputs of a call.")
    span: Span


@shape
class ScheduleTrigger:
    """The flow runs by the clock. Steps see `event.time`, the minute that was due, and `event.id`, which names flow
    and minute; its business date is that minute's date in `zone`."""

    cron: str = declare("Five cron fields.", example="0 6 * * *")
    zone: str = declare("IANA time zone of the cron fields.", default="UTC")
    span: Span


@shape
class FileTrigger:
    """The flow runs once for every record of a file that is dropped into a folder. Steps see its cells, as text, in
    `event.data` by the names of the header."""

    folder: str = declare("Folder below the daemon's drop directory.")
    pattern: str = declare("File name pattern.", example="*.csv")
    span: Span


@shape
class Trigger:
    """What starts the flow: exactly one of event, schedule, file, call."""

    event: Reference | None = declare("A canonical event type and its major version.", default=None)
    schedule: ScheduleTrigger | None = declare("A schedule.", default=None)
    file: FileTrigger | None = declare("Files dropped into a folder.", default=None)
    call: CallTrigger | None = declare("A call with named inputs.", default=None)
    when: Expression | None = declare("Start only if this is true. Must be true or false.", default=None)
    span: Span

    RULES = (ExactlyOne(("event", "schedule", "file", "call")),)


@shape
class Retry:
    """Overrides the connection's retry limits for this step."""

    attempts_max: int | None = declare("Tries in all.", default=None)
    elapsed_max: Duration | None = declare("Time from the first try to the last.", default=None)
    span: Span


class ErrorAction(StrEnum):
    SKIP = "skip"


@shape
class OnError:
    """What to do instead of stopping for a person when the step fails with one of these classes."""

    classes: tuple[str, ...] = declare("Failure classes, such as `not_found`.")
    do: ErrorAction = declare("`skip`: the step's output is null and the flow goes on.")
    reason: str = declare("Why that is right.")
    span: Span


@shape
class Validate:
    """Checks a value against a schema; the output is the typed value."""

    schema: Reference = declare("The schema.")
    input: Expression = declare("The value.")
    span: Span


class Missing(StrEnum):
    FAIL = "fail"
    HOLD = "hold"
    NULL = "null_value"


@shape
class Lookup:
    """A row of a reference table, or (with `link`) the id that another system gave to one of our objects."""

    table: Name | None = declare("A reference table.", default=None)
    link: str | None = declare("A kind of learned id, such as `invoice`.", default=None, pattern=NAME)
    connection: Name | None = declare("With `link`: the system whose id is wanted.", default=None)
    key: Map[Expression] = declare("With `table`: a value per key column. With `link`: the one key `id`.")
    missing: Missing = declare(
        "`fail`: a business exception. `hold` (links only): wait until the id is learned. `null_value`: output null.",
        default=Missing.FAIL,
    )
    hold_for: Duration | None = declare("With `hold`: after this time it becomes a business exception.", default=None)
    span: Span

    RULES = (ExactlyOne(("table", "link")),)


@shape
class Read:
    """Asks a connection; the reply is recorded, so that replays see the same."""

    connection: Name = declare("The connection.")
    operation: Name = declare("One of its read operations.")
    input: Tree = declare("The operation's input.")
    span: Span


@shape
class MapStep:
    """Applies a mapping; the output is its typed result."""

    mapping: Reference = declare("The mapping.")
    input: Map[Expression] = declare("A value for every input of the mapping.")
    span: Span


class Mode(StrEnum):
    ACCEPT = "accept"
    VERIFY = "verify"
    CALCULATE = "calculate"


@shape
class CalculatedBy:
    """The document that calculates: exactly one."""

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

    KINDS = (
        "meter", "pricing", "proration", "totals", "wallet", "commission", "revenue", "journal", "settlement",
        "metrics",
    )  # fmt: skip
    RULES = (ExactlyOne(KINDS),)


@shape
class Comparison:
    """One figure of the owner beside our own. Both are money, numbers, dates or texts, or lists of them."""

    what: str = declare("What it is, in words for a person.", example="the invoice's total")
    theirs: Expression = declare("The owner's figure.")
    ours: Expression = declare("Our own, read from `result`.")
    tolerance: Decimal = declare("By how much amounts and numbers may differ, in major units.", default=Decimal(0))
    span: Span


@shape
class Calculate:
    """A calculation and whose figure counts.

    `accept` passes on the owner's figures. `verify` does too, after it calculated them again: a difference beyond the
    tolerance is a business exception. `calculate` is for figures that Tieout owns; its output is the result.
    """

    subject: str = declare("What is calculated.", pattern=NAME, example="invoice_amounts")
    mode: Mode = declare("`accept`, `verify` or `calculate`.")
    owner: str = declare("The system that owns the figure; `tieout` with `calculate`, and only with it.")
    figures: Expression | None = declare("With `accept` and `verify`: the owner's figures, the output.", default=None)
    by: CalculatedBy | None = declare("With `verify` and `calculate`: the document that calculates.", default=None)
    input: Tree | None = declare("With `by`: the facts of the calculation.", default=None)
    compare: tuple[Comparison, ...] = declare("With `verify`: what must agree.", default=())
    span: Span


@shape
class Check:
    """Evaluates a policy. A violated rule is a business exception; the output lists the rules that passed."""

    policy: Reference = declare("The policy.")
    input: Map[Expression] = declare("A value for every input of the policy.")
    span: Span


@shape
class Approve:
    """Waits until someone of a group, other than the author of the change, approves."""

    group: str = declare("Who may approve.")
    author: Expression | None = declare("Who may not: the person behind the change.", default=None)
    message: Template = declare("What is to be approved, in plain words.")
    amount: Expression | None = declare("The amount at stake.", default=None)
    expires: Duration | None = declare("After this time it becomes a business exception.", default=None)
    span: Span


@shape
class BusinessIdentity:
    """What makes the effect the same one, however often and by whichever way it arrives."""

    object: Expression = declare("The object's own id in the source system.")
    revision: Expression = declare("Its revision: changes only when the fact changes.")
    purpose: str = declare("A stable name of what the effect is for.", pattern=NAME, example="ar_invoice")
    span: Span


@shape
class Learn:
    """Stores the id that the other system gave, for later `lookup` steps with `link`."""

    link: str = declare("The kind of id.", pattern=NAME)
    key: Expression = declare("Our id of the object.")
    span: Span


@shape
class Post:
    """One intended external change, made at most once. The output is the receipt: `document.id`, `document.number`,
    `document.status` and `fields`."""

    connection: Name = declare("The connection.")
    operation: Name = declare("One of its operations.")
    identity: BusinessIdentity = declare("The business identity of the effect.")
    input: Tree = declare("The operation's input.")
    learn: Learn | None = declare("An id to remember from the receipt.", default=None)
    reverse: Name | None = declare("The operation that undoes this one.", default=None)
    span: Span


@shape
class CallStep:
    """Runs another flow with trigger `call` in place; the output is its output."""

    flow: Reference = declare("The flow.")
    input: Map[Expression] = declare("A value for every input.")
    span: Span


@shape
class Wait:
    """Waits for a moment, or for an event with the given subject to have been seen (earlier or later)."""

    until: Expression | None = declare("A timestamp.", default=None)
    event: Reference | None = declare("An event type.", default=None)
    subject: Expression | None = declare("With `event`: the subject it must have.", default=None)
    timeout: Duration | None = declare("With `event`: after this time it becomes a business exception.", default=None)
    span: Span

    RULES = (ExactlyOne(("until", "event")),)


@shape
class Emit:
    """Publishes a canonical event, which other flows may consume."""

    event: Reference = declare("The event type.")
    subject: Expression = declare("The object it is about.")
    partitionkey: Expression | None = declare("Its ordering key; that of the run if left out.", default=None)
    data: Tree = declare("Its data; must fit the event type's schema.")
    span: Span


@shape
class Fail:
    """Stops with a business exception."""

    complaint: Complaint = declare("What to tell whom.")
    span: Span


@shape
class Case:
    id: str = declare("Name of the case.", pattern=NAME)
    when: Expression = declare("Must be true or false.")
    steps: tuple[Step, ...] = declare("Its steps.")
    output: Tree | None = declare("The branch's output in this case; null if left out.", default=None)
    span: Span


@shape
class Otherwise:
    steps: tuple[Step, ...] = declare("Steps when no case applies; may be empty.")
    output: Tree | None = declare("The branch's output then.", default=None)
    span: Span


@shape
class Branch:
    """The first case that applies; `otherwise` is mandatory."""

    cases: tuple[Case, ...] = declare("In order.")
    otherwise: Otherwise = declare("When none applies.")
    span: Span


@shape
class Each:
    """Runs steps for every element. The output is an array of `{key, outcome, output}`."""

    over: Expression = declare("An array.")
    as_: str = declare("The element's name inside. Written as the key `as`.", pattern=NAME)
    key: Expression = declare("What identifies the element; never its position.")
    steps: tuple[Step, ...] = declare("Its steps.")
    output: Tree | None = declare("The element's output.", default=None)
    span: Span


@shape
class Step:
    """One step: an id, exactly one kind key, and what applies to any kind."""

    id: str = declare("Name of the step; its output is `steps.<id>`.", pattern=NAME)
    when: Expression | None = declare("Skip unless true; a skipped step's output is null.", default=None)
    timeout: Duration | None = declare("Gives up after this time.", default=None)
    retry: Retry | None = declare("Retry limits.", default=None)
    on_error: OnError | None = declare("An alternative to stopping.", default=None)
    note: str | None = declare("For readers.", default=None)
    validate: Validate | None = declare("Check against a schema.", default=None)
    lookup: Lookup | None = declare("Look up a row or a learned id.", default=None)
    read: Read | None = declare("Ask a connection.", default=None)
    map: MapStep | None = declare("Apply a mapping.", default=None)
    calculate: Calculate | None = declare("Settle whose figure counts.", default=None)
    check: Check | None = declare("Evaluate a policy.", default=None)
    approve: Approve | None = declare("Wait for an approval.", default=None)
    branch: Branch | None = declare("Choose a case.", default=None)
    each: Each | None = declare("Repeat for every element.", default=None)
    post: Post | None = declare("Change something outside.", default=None)
    call: CallStep | None = declare("Run another flow.", default=None)
    wait: Wait | None = declare("Wait for a moment or an event.", default=None)
    emit: Emit | None = declare("Publish an event.", default=None)
    fail: Fail | None = declare("Stop with a business exception.", default=None)
    span: Span

    KINDS = (
        "validate", "lookup", "read", "map", "calculate", "check", "approve",
        "branch", "each", "post", "call", "wait", "emit", "fail",
    )  # fmt: skip
    RULES = (ExactlyOne(KINDS),)


@shape
class Flow:
    """A flow (`*.flow.yaml`): what happens when an event arrives."""

    id: str = declare("Name of the flow.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it does, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    trigger: Trigger = declare("What starts it.")
    latency: Latency | None = declare("How fast the outcome is wanted.", default=None)
    steps: tuple[Step, ...] = declare("In order.")
    output: Tree | None = declare("What a call of this flow answers.", default=None)
    span: Span
