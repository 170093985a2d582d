"""The plan: a whole workspace, resolved and compiled, as immutable values that run.

``Computed`` values are functions of one scope, a dict from names to values (``event``, ``steps``, ``message``,
the inputs of a mapping, an element's name). They are pure and bounded; they raise
``Failure(ErrorClass.MAPPING)`` with the place in the message when a value is not what the expression needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from engine.base.identity import json_bytes
from engine.base.record import frozen
from engine.connect.port import Guarantees
from engine.expr.checked import Checked, PlainText
from engine.finance.compare import Compared
from engine.plan.windows import Window
from engine.schema.schema import Schema
from engine.source.span import Span
from engine.spec.workspace import LoadedWorkspace

Scope: TypeAlias = dict[str, Any]
Computed: TypeAlias = Callable[[Scope], Any]


@frozen
class BusinessException:
    """Something only a person can settle, in plain words. ``where`` is for engineers: flow and step; ``effect`` is
    the key of the effect that it is about, if it is about one whose outcome can be recorded."""

    reason: str
    message: str
    action: str
    owner: str
    error_class: str
    amount: Any = None
    where: str = ""
    detail: str = ""
    effect: str = ""


class Stopped(Exception):
    """Raised inside decide when a step ends in a business exception; never leaves :mod:`engine.run`."""

    def __init__(self, exception: BusinessException) -> None:
        super().__init__(exception.reason)
        self.exception = exception


@frozen
class TablePlan:
    """A reference table ready for look-ups.

    ``find(key_values, on)`` gives the row (a dict by column name) valid on that business date, or None.
    ``key_values`` are in the order of ``key``. Where rows do not depend on the date, ``rows`` are all of them by
    their keys.
    """

    id: str
    version: str
    digest: str
    key: tuple[str, ...]
    find: Callable[[tuple[Any, ...], date], dict[str, Any] | None]
    missing: Callable[[tuple[Any, ...]], BusinessException]
    rows: Mapping[tuple[Any, ...], dict[str, Any]] | None = None


@frozen
class MappingPlan:
    """A compiled mapping: ``apply(inputs, on)`` gives the typed result; raises Failure(mapping) or
    Stopped (a missing table row). ``check(result)`` raises Failure(schema) if it does not fit the output schema."""

    id: str
    version: str
    digest: str
    inputs: tuple[str, ...]
    apply: Callable[[Mapping[str, Any], date], Any]


@frozen
class PolicyPlan:
    """A compiled policy: ``check(inputs, on)`` gives the violations, in order; none is a pass.
    ``decode`` types inputs that come as JSON; it raises Failure(schema)."""

    id: str
    version: str
    digest: str
    inputs: tuple[str, ...]
    rules: tuple[str, ...]
    check: Callable[[Mapping[str, Any], date], list[BusinessException]]
    decode: Callable[[Any], dict[str, Any]]


@frozen
class CalculationPlan:
    """A compiled document that calculates: ``run(facts)`` gives the result, facts and result as objects of typed
    values; raises Failure where the facts do not fit the document."""

    kind: str
    id: str
    version: str
    digest: str
    owner: str
    run: Callable[[Any], dict[str, Any]]


# ----------------------------------------------------------------------------- steps


@frozen
class StepPlan:
    """What every compiled step has. ``kind`` is the key of its document form."""

    id: str
    kind: str
    span: Span
    when: Computed | None
    skip_on: frozenset[str]


@frozen
class ValidateStep(StepPlan):
    decode: Callable[[Any], Any]  # typed value from JSON-like or typed input; raises Failure(schema)
    input: Computed


@frozen
class LookupStep(StepPlan):
    tables: tuple[TablePlan, ...]  # versions; empty for a link
    key: tuple[Computed, ...]
    link: str | None
    connection: str | None
    missing: str
    hold_seconds: int | None


@frozen
class ReadStep(StepPlan):
    connection: str
    operation: str
    input: Computed


@frozen
class MapStep(StepPlan):
    mapping: Callable[[date], MappingPlan]  # the version that applies on a business date
    input: tuple[tuple[str, Computed], ...]


@frozen
class CalculateStep(StepPlan):
    subject: str
    mode: str
    owner: str
    figures: Computed | None
    calculation: Callable[[date], CalculationPlan] | None  # the version that applies on a business date
    input: Computed | None
    compare: tuple[tuple[Compared, Computed, Computed], ...]  # what, theirs, ours


@frozen
class CheckStep(StepPlan):
    policy: Callable[[date], PolicyPlan]
    input: tuple[tuple[str, Computed], ...]


@frozen
class ApproveStep(StepPlan):
    group: str
    author: Computed | None
    message: Computed
    amount: Computed | None
    expires_seconds: int | None


@frozen
class PostStep(StepPlan):
    connection: str
    operation: str
    object: Computed
    revision: Computed
    purpose: str
    input: Computed
    learn: tuple[str, Computed] | None
    reverse: str | None
    guarantees: Guarantees
    attempts_max: int
    elapsed_max_seconds: int
    encode: Callable[[Any], bytes] = json_bytes  # the input as the JSON that is stored and sent


@frozen
class CallStep(StepPlan):
    flow: Callable[[date], FlowPlan]
    input: tuple[tuple[str, Computed], ...]


@frozen
class WaitStep(StepPlan):
    until: Computed | None
    event: str | None
    subject: Computed | None
    timeout_seconds: int | None


@frozen
class EmitStep(StepPlan):
    event: str
    subject: Computed
    partitionkey: Computed | None
    data: Computed
    encode: Callable[[Any], Any]  # checks the data against the event's schema; raises Failure(schema)


@frozen
class FailStep(StepPlan):
    complaint: Callable[[Scope], BusinessException]


@frozen
class BranchCase:
    id: str
    when: Computed | None  # None: otherwise
    steps: tuple[StepPlan, ...]
    output: Computed | None


@frozen
class BranchStep(StepPlan):
    cases: tuple[BranchCase, ...]


@frozen
class EachStep(StepPlan):
    over: Computed
    name: str
    key: Computed
    steps: tuple[StepPlan, ...]
    output: Computed | None


@frozen
class FlowPlan:
    """A compiled flow. ``digest`` is that of its bundle: the flow and everything it refers to.

    ``business_date(scope)`` gives the date that selects versions; ``decode`` types the event's data.
    ``may_change_outside`` is true if any path reaches post, emit, approve or wait.
    """

    id: str
    version: str
    digest: str
    owner: str
    summary: str
    event: str | None
    when: Computed | None
    business_date: Callable[[Scope], date]
    decode: Callable[[Any], Any]
    steps: tuple[StepPlan, ...]
    output: Computed | None
    inputs: tuple[str, ...]
    may_change_outside: bool
    bundle: Mapping[str, str] = field(default_factory=dict)  # "kind:id@version" -> digest
    schedule: tuple[str, str] | None = None  # cron, zone
    folder: tuple[str, str] | None = None  # folder, pattern


# ----------------------------------------------------------------------------- events and sources


class CanonicalEvent(msgspec.Struct, frozen=True):
    """A canonical event as the source document made it (CloudEvents attributes plus data).

    ``data`` is typed (Money, Decimal, date), ready for flows; ``raw`` is None or its JSON bytes as received.
    """

    id: str
    source: str
    type: str  # with the major version: "invoice.finalized@1"
    time: int
    subject: str
    partitionkey: str
    data: Any


@frozen
class SourcePlan:
    """A compiled source. ``normalise(message, vendor_id, on)`` gives the case's id and its events; raises Failure."""

    id: str
    version: str
    digest: str
    connection: str
    messages: tuple[str, ...]
    normalise: Callable[[Any, str, date], tuple[str, list[CanonicalEvent]]]


@frozen
class ConnectionPlan:
    """A connection, its connector's manifest, and how messages come in by it."""

    id: str
    connector: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, tuple[str, str]]  # name -> ("env" | "file", where)
    hosts: tuple[str, ...]
    concurrency: int
    per_second: int | None
    timeout_seconds: float
    manifest: Any  # engine.connect.manifest.Manifest
    digest: str
    windows: tuple[Window, ...] = ()


V = TypeVar("V", FlowPlan, MappingPlan, PolicyPlan, CalculationPlan)


class Select(Protocol):
    """Of the versions of one definition, the one that applies on a business date; None if none does."""

    def __call__(self, versions: tuple[V, ...], on: date, /) -> V | None: ...


@frozen
class Plan:
    """A compiled workspace."""

    workspace: str
    digest: str
    sources: Mapping[tuple[str, str], SourcePlan]  # (connection, message type)
    flows: Mapping[str, tuple[FlowPlan, ...]]  # by "id@MAJOR", all versions, newest last
    by_event: Mapping[str, tuple[tuple[FlowPlan, ...], ...]]  # event type -> flows, each with its versions
    event_types: Mapping[str, Callable[[Any], Any]]  # event type -> decode of its data; raises Failure(schema)
    connections: Mapping[str, ConnectionPlan]
    tables: Mapping[str, tuple[TablePlan, ...]]
    mappings: Mapping[str, tuple[MappingPlan, ...]]
    policies: Mapping[str, tuple[PolicyPlan, ...]]
    bundles: Mapping[str, FlowPlan]  # by digest
    select: Select
    schemas: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)  # "id@MAJOR" -> decode
    contracts: Mapping[str, Schema] = field(default_factory=dict)  # "id@MAJOR" -> the schema with its types
    calculations: Mapping[tuple[str, str], tuple[CalculationPlan, ...]] = field(
        default_factory=dict
    )  # kind, "id@MAJOR"
    definitions: LoadedWorkspace | None = None  # what it was compiled from
    checked: tuple[Checked, ...] = ()  # every computed value as the checker saw it, in no order
    plain_texts: tuple[PlainText, ...] = ()  # the literal texts among them
