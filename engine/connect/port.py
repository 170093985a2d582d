"""What a connector is: the whole contract between the engine and another system.

The engine owns identity, order, retries, read-back and the record of what happened. A connector owns one
thing: saying a declared operation in the system's own protocol, and saying honestly what came back.

The rules, all checked by the conformance suite (:mod:`engine.connect.conformance`):

1. ``perform`` is called with a durable intent behind it. It may be called again with the same ``effect_key``
   and the same content after a crash; it must hand the key to the system in whatever form that has.
2. The answer is one of three. ``Confirmed`` needs proof: the system's own id or number of the document.
   ``Rejected`` means that nothing was written and says why, in one of the closed classes. Everything else
   is ``Unknown``: a time-out, a cut connection, an answer that cannot be read.
3. A refusal to connect, before any byte was sent, is ``Rejected(transient)``: sending again is safe.
4. ``look_up`` finds out what became of an effect, by its key, without changing anything.
5. A connector keeps no state that matters: the process may die between any two lines.
6. Errors raised by a connector other than :class:`engine.base.errors.Failure` are defects of the connector;
   the engine treats the effect as unknown and isolates the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol, TypeAlias

from engine.base.errors import ErrorClass
from engine.base.record import frozen
from engine.base.secret import Secret


@frozen
class Call:
    """One operation to be said to the system.

    ``content`` is the operation's input: dicts and lists with ``Money``, ``Decimal``, ``date`` and text.
    ``raw`` is the same as the exact JSON bytes that were recorded with the intent. ``external_key`` is the
    effect key cut to the length that the manifest declares. ``attempt`` counts from 1. ``trace`` is a W3C
    ``traceparent``.
    """

    operation: str
    effect_key: str
    external_key: str
    content: Any
    raw: bytes
    attempt: int = 1
    trace: str = ""


@frozen
class Document:
    """What the other side calls the thing: its id, its number for people, its status there."""

    id: str
    number: str | None = None
    status: str | None = None


@frozen
class Receipt:
    """The other side's proof. ``fields`` hold what else the operation's manifest declares as output
    (JSON-like values). ``digest`` is the digest of what the system now holds, where it can tell."""

    document: Document
    fields: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Confirmed:
    """The change is made. ``duplicate`` is true when the system said it had it already."""

    receipt: Receipt
    duplicate: bool = False


@frozen
class Rejected:
    """Nothing was written. ``message`` is the system's reason in plain words; ``detail`` is for engineers."""

    error_class: ErrorClass
    message: str
    detail: str = ""
    retry_after_seconds: float | None = None


@frozen
class Unknown:
    """Nobody can say yet whether the change was made."""

    message: str
    detail: str = ""


Reply: TypeAlias = Confirmed | Rejected | Unknown


@frozen
class Found:
    """The document of the effect key exists. ``conflict`` says what differs from what was sent, if anything does."""

    receipt: Receipt
    conflict: str = ""


@frozen
class Absent:
    """A primary read found nothing under the key."""


@frozen
class Unclear:
    """The system could not be asked, or cannot tell. ``error_class`` says why, for the retry table."""

    message: str
    error_class: ErrorClass = ErrorClass.TRANSIENT


LookUp: TypeAlias = Found | Absent | Unclear


@frozen
class Guarantees:
    """What a manifest declares about one operation, as the effect protocol needs it (architecture.md section 7).

    ``refuses_duplicates``: the system itself never makes a second document under one key.
    ``commit_within_seconds``: an upper bound from sending to the latest moment the system may still commit.
    ``visible_within_seconds``: after a commit, the longest time until a look-up sees it.
    ``window_seconds``: how long the system remembers a key; None is for ever.
    ``can_look_up``: there is a read-back.
    """

    refuses_duplicates: bool
    commit_within_seconds: float
    visible_within_seconds: float
    window_seconds: float | None
    can_look_up: bool
    key_length: int = 64


class Connector(Protocol):
    """One open connection to one system. Methods may be called concurrently, up to the connection's budget."""

    async def perform(self, call: Call) -> Reply:
        """Say the operation. Never raises for anything the system did."""
        ...

    async def look_up(self, call: Call) -> LookUp:
        """Find the document that ``call`` would have made, by its key."""
        ...

    async def read(self, operation: str, content: Any) -> Any:
        """Answer a read operation with a JSON-like value. Raises Failure."""
        ...

    async def check(self) -> str:
        """For ``doctor``: a line on what is reachable there. Raises Failure."""
        ...

    async def close(self) -> None:
        """Give back sockets. The connector is not used again."""
        ...


@frozen
class Settings:
    """What a connector is opened with: the connection document with environment and secrets filled in."""

    connection: str
    values: Mapping[str, Any]
    secrets: Mapping[str, Secret]
    hosts: tuple[str, ...]
    concurrency: int = 8
    timeout_seconds: float = 30.0
