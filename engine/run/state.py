"""What is in memory of the messages and runs that are being worked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.plan.model import CanonicalEvent, FlowPlan, Scope
from engine.run.decide import Deciding
from engine.run.requests import EffectRequest
from engine.store.batch import Arrival, EffectRow, RunRow


@dataclass(slots=True, kw_only=True)
class Run:
    """One flow's run for one event. ``answers`` are the recorded replies by path; ``stored`` says whether the
    store has the run's row."""

    row: RunRow
    flow: FlowPlan
    event: CanonicalEvent
    scope: Scope
    deciding: Deciding
    answers: dict[str, Any] = field(default_factory=dict)
    stored: bool = False
    runs_on: bool = False  # the store has it as it began: it has not waited, nor been moved to other definitions
    answers_stored: int = 0
    request: EffectRequest | None = None
    effect: EffectRow | None = None
    sent_monotonic: float | None = None
    absent_reads: int = 0
    asked: int = 0
    tries_before: int = 0  # of the open effect, that do not count: a person has asked for more since
    tries_from: int = 0  # microseconds: from when the time allowed for them counts


@dataclass(slots=True)
class Work:
    """One message being worked on: its runs, one after another. Once ``abandoned``, because a commit failed, what
    still comes in for it is left aside: the message is taken up anew from what is stored."""

    arrival: Arrival
    runs: list[Run]
    index: int = 0
    excepted: bool = False
    parked: bool = False
    keeps_key: bool = False  # parked, but what comes after it in its key must not overtake it
    resumed: bool = False
    abandoned: bool = False
    open_effects: set[str] = field(default_factory=set)
    after_commit: list[Callable[[], None]] = field(default_factory=list)


@dataclass(slots=True)
class Counts:
    """What the worker counts since it started; plain integers, read by the metrics."""

    arrived: int = 0
    finished: int = 0
    ignored: int = 0
    completed: int = 0
    skipped: int = 0
    held: int = 0
    deferred: int = 0
    exceptions: int = 0
    confirmed: int = 0
    absorbed: int = 0
    duplicates: int = 0
    conflicts: int = 0
    unknown: int = 0
    read_back: int = 0
    retried: int = 0
    commit_failures: int = 0
    connector_defects: int = 0
