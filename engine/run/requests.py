"""What a decision asks of the world, and what the world answers: plain values.

``decide`` yields a request and is resumed with the answer to it. Replaying a run is feeding it the recorded
answers; a request that differs from the recorded one is a defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from engine.base.errors import ErrorClass
from engine.connect.port import Receipt
from engine.plan.model import BusinessException, PostStep

# ----------------------------------------------------------------------------- requests


class EffectRequest(msgspec.Struct, frozen=True):
    """One intended external change. ``key`` is the effect key, ``raw`` the exact content as JSON bytes."""

    path: str
    key: str
    connection: str
    operation: str
    object: str
    revision: str
    purpose: str
    element: str
    content: Any
    raw: bytes
    digest: str
    learn: tuple[str, str] | None  # kind of link, our id
    step: PostStep


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """The id that another system gave to one of our objects. ``needed``: the flow cannot go on without it."""

    path: str
    connection: str
    link: str
    id: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Wait. ``kind`` is ``link``, ``event``, ``time`` or ``approval``; ``waits_for`` names what releases it.

    ``until`` is the moment (microseconds) of release for ``time``, of giving up for the others.
    """

    path: str
    kind: str
    waits_for: str
    message: str
    within_seconds: int | None = None
    until: int | None = None
    amount: Any = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class ReadRequest:
    path: str
    connection: str
    operation: str
    content: Any


@dataclass(frozen=True, slots=True)
class EmitRequest:
    """Publish a canonical event. ``id`` is derived from the run's event and the step."""

    path: str
    id: str
    type: str
    subject: str
    partitionkey: str
    data: Any


Request: TypeAlias = EffectRequest | LinkRequest | HoldRequest | ReadRequest | EmitRequest

# ----------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class EffectAnswer:
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Refused:
    """An effect or a read that ended in a failure which nobody will retry by themselves."""

    error_class: ErrorClass
    message: str
    detail: str = ""
    kind: str = ""  # "unknown_outcome" or "conflict" where a person must decide about the effect itself
    effect: str = ""  # the key of the effect that was given up


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    external: str | None


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """Released. ``value`` is the external id of a link, the approver's name, or null."""

    value: Any = None
    refused: bool = False
    expired: bool = False


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    value: Any


@dataclass(frozen=True, slots=True)
class EmitAnswer:
    pass


Answer: TypeAlias = EffectAnswer | Refused | LinkAnswer | HoldAnswer | ReadAnswer | EmitAnswer

# ----------------------------------------------------------------------------- results


@dataclass(frozen=True, slots=True)
class Completed:
    output: Any
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excepted:
    """Ended in one business exception, or in several where elements failed apart from each other."""

    exceptions: tuple[BusinessException, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """The trigger's condition was false: deliberately nothing."""


Result: TypeAlias = Completed | Excepted | Skipped
