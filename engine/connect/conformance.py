"""What every connector must do, as checks to run against its sandbox, or against a counterpart made of its manifest.

A connector's tests make a :class:`Subject` and run every function of :data:`CHECKS` on a fresh one each::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conformance(check): ...

A check ends without a word or with AssertionError, whose text is for the person who wrote the connector. The first
line of a check's own text is its title. ``tieout connector check`` runs the same checks, by
:mod:`engine.connect.rehearsal`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from engine.base.errors import RETRYABLE, ErrorClass
from engine.base.record import frozen
from engine.connect.port import Absent, Call, Confirmed, Connector, Found, LookUp, Rejected, Reply, Unclear, Unknown
from engine.connect.sandbox import Fault

#: The change may or may not be made: nobody could tell from the answer.
_LOST_BEFORE = (Fault.HANG, Fault.DROP)
_LOST_AFTER = (
    Fault.COMMIT_HANG,
    Fault.COMMIT_DROP,
    Fault.COMMIT_SERVER_ERROR,
    Fault.COMMIT_GARBAGE,
    Fault.COMMIT_OVERSIZE,
    Fault.COMMIT_CUT_SHORT,
)
_READS_BADLY = (Fault.HANG, Fault.DROP, Fault.SERVER_ERROR, Fault.COMMIT_GARBAGE, Fault.UNAUTHORISED)
_MET = {
    Fault.HANG: "no answer came",
    Fault.DROP: "the connection was cut",
    Fault.SERVER_ERROR: "the system answered with a fault of its own",
    Fault.UNAUTHORISED: "the credentials were refused",
    Fault.COMMIT_HANG: "no answer came after the change",
    Fault.COMMIT_DROP: "the connection was cut after the change",
    Fault.COMMIT_SERVER_ERROR: "the system answered with a fault of its own after the change",
    Fault.COMMIT_GARBAGE: "the answer was not JSON",
    Fault.COMMIT_OVERSIZE: "the answer was far too large",
    Fault.COMMIT_CUT_SHORT: "the answer was cut short",
}


@frozen
class Subject:
    """A connector, open on its sandbox, with a short time-out.

    ``call(n)`` is the n-th of any number of independent calls of a write operation, each with its own key;
    ``changes(call)`` counts what it made over there (None where nobody can count); ``script`` and ``script_reads``
    tell the sandbox what the next requests meet; ``refuse`` makes it stop accepting connections. ``secrets`` must
    never be shown.
    The last three are what the connector declares about the operation: whether there is a read-back, whether it can
    tell that nothing is there, and whether the system itself refuses duplicates.
    """

    connector: Connector
    call: Callable[[int], Call]
    changes: Callable[[Call], int] | None
    script: Callable[[Fault], None]
    script_reads: Callable[[Fault], None]
    refuse: Callable[[], Awaitable[None]]
    secrets: tuple[str, ...] = ()
    looks_up: bool = True
    tells_absence: bool = True
    refuses_duplicates: bool = True

    async def expect_absent(self, call: Call, when: str) -> None:
        """A look-up finds nothing, or, where it cannot tell that, does not find anything either."""
        if self.looks_up:
            found = await self.connector.look_up(call)
            wanted = Absent if self.tells_absence else Unclear
            expect(isinstance(found, wanted), f"{when}, the look-up says: {in_words(found)}; there is nothing to find")

    def expect_changes(self, call: Call, wanted: int, when: str) -> None:
        """What was made over there for one key."""
        made = wanted if self.changes is None else self.changes(call)
        expect(made == wanted, f"{when}, {made} documents were made for one key instead of {wanted}")


Check: TypeAlias = Callable[[Subject], Awaitable[None]]


def expect(holds: bool, otherwise: str) -> None:
    """Raise AssertionError with these words unless it holds."""
    if not holds:
        raise AssertionError(otherwise)


def in_words(answer: Reply | LookUp) -> str:
    """What a connector answered, for a person."""
    match answer:
        case Confirmed():
            return f"confirmed as document {answer.receipt.document.id}"
        case Rejected():
            return f"refused ({answer.error_class.value}): {answer.message}"
        case Unknown():
            return f"unknown: {answer.message}"
        case Found():
            differs = f", but {answer.conflict}" if answer.conflict else ""
            return f"found document {answer.receipt.document.id}{differs}"
        case Absent():
            return "nothing is there"
        case Unclear():
            return f"no clear answer ({answer.error_class.value}): {answer.message}"


async def confirms_with_proof(subject: Subject) -> None:
    """A plain call is confirmed, with the id of the document that was made."""
    call = subject.call(1)
    reply = await subject.connector.perform(call)
    if not isinstance(reply, Confirmed):
        raise AssertionError(f"a plain call was {in_words(reply)}")
    expect(bool(reply.receipt.document.id), "a confirmation must name the document")
    subject.expect_changes(call, 1, "after a plain call")


async def a_repeated_key_gives_the_same_document(subject: Subject) -> None:
    """The same call once more gives the same document and makes no second one."""
    call = subject.call(1)
    first = await subject.connector.perform(call)
    second = await subject.connector.perform(replace(call, attempt=2))
    if not isinstance(first, Confirmed) or not isinstance(second, Confirmed):
        raise AssertionError(f"said twice, a call was first {in_words(first)}, then {in_words(second)}")
    same = first.receipt.document == second.receipt.document
    expect(same, f"said twice, a call was first {in_words(first)}, then {in_words(second)}: one key, one document")
    subject.expect_changes(call, 1, "after the same call twice")


async def looks_up_what_was_made(subject: Subject) -> None:
    """A look-up by the key finds what was made, and nothing before it was made."""
    call = subject.call(1)
    await subject.expect_absent(call, "before anything was sent")
    reply = await subject.connector.perform(call)
    found = await subject.connector.look_up(call)
    if not isinstance(reply, Confirmed) or not isinstance(found, Found):
        raise AssertionError(f"the call was {in_words(reply)}, the look-up said: {in_words(found)}")
    same = found.receipt.document == reply.receipt.document
    expect(same, f"the call was {in_words(reply)}, the look-up {in_words(found)}: id, number and status must agree")
    expect(not found.conflict, f"what was sent is there, yet the look-up reports: {found.conflict}")
    subject.expect_changes(call, 1, "after a look-up")


async def a_refusal_changes_nothing(subject: Subject) -> None:
    """What the system refuses for its content is refused, with a reason, and not sent again as it is."""
    call = subject.call(1)
    subject.script(Fault.REFUSE)
    reply = await subject.connector.perform(call)
    if not isinstance(reply, Rejected):
        raise AssertionError(f"content that the system refused was {in_words(reply)}")
    expect(reply.error_class not in RETRYABLE, f"content that was {in_words(reply)} would be sent again as it is")
    expect(bool(reply.message), "a refusal must say why")
    subject.expect_changes(call, 0, "after a refusal")


async def lost_before_the_change_is_unknown(subject: Subject) -> None:
    """When no answer comes, the outcome is unknown; sent again later, it is made once."""
    for number, fault in enumerate(_LOST_BEFORE):
        call = subject.call(number)
        subject.script(fault)
        reply = await subject.connector.perform(call)
        expect(isinstance(reply, Unknown), f"when {_MET[fault]}, the call was {in_words(reply)}")
        await subject.expect_absent(call, f"after {_MET[fault]}")
        again = await subject.connector.perform(replace(call, attempt=2))
        expect(isinstance(again, Confirmed), f"after {_MET[fault]}, sending again was {in_words(again)}")
        subject.expect_changes(call, 1, "sent again")


async def lost_after_the_change_is_unknown_and_found(subject: Subject) -> None:
    """When the change is made and its answer is lost or unreadable, the outcome is unknown; the look-up finds it."""
    for number, fault in enumerate(_LOST_AFTER):
        call = subject.call(number)
        subject.script(fault)
        reply = await subject.connector.perform(call)
        expect(isinstance(reply, Unknown), f"when {_MET[fault]}, the call was {in_words(reply)}")
        found = await subject.connector.look_up(call) if subject.looks_up else None
        if found is not None:
            expect(isinstance(found, Found), f"after {_MET[fault]}, the look-up says: {in_words(found)}")
        if subject.refuses_duplicates:
            again = await subject.connector.perform(replace(call, attempt=2))
            if not isinstance(again, Confirmed):
                raise AssertionError(f"after {_MET[fault]}, sending again was {in_words(again)}")
            if isinstance(found, Found):
                same = again.receipt.document == found.receipt.document
                expect(same, f"sending again was {in_words(again)}, the look-up {in_words(found)}")
        subject.expect_changes(call, 1, f"after {_MET[fault]}")


async def a_server_error_is_never_a_success(subject: Subject) -> None:
    """A fault of the system's own is never taken for a success."""
    call = subject.call(1)
    subject.script(Fault.SERVER_ERROR)
    reply = await subject.connector.perform(call)
    retried = isinstance(reply, Rejected) and reply.error_class in RETRYABLE
    expect(isinstance(reply, Unknown) or retried, f"a fault of the system's own was {in_words(reply)}")
    await subject.expect_absent(call, "after a fault of the system's own")


async def a_rate_limit_is_one(subject: Subject) -> None:
    """A rate limit is told apart from a refusal: the call waits and is sent again."""
    call = subject.call(1)
    subject.script(Fault.RATE_LIMIT)
    reply = await subject.connector.perform(call)
    if not isinstance(reply, Rejected) or reply.error_class is not ErrorClass.RATE_LIMITED:
        raise AssertionError(f"a rate limit was {in_words(reply)}")
    expect(reply.retry_after_seconds is None or 0 <= reply.retry_after_seconds <= 3600, "it would wait for too long")
    subject.expect_changes(call, 0, "after a rate limit")


async def refused_credentials_stop_the_connection(subject: Subject) -> None:
    """Refused credentials are told apart from a refused document: the connection pauses, nothing is given up."""
    call = subject.call(1)
    subject.script(Fault.UNAUTHORISED)
    reply = await subject.connector.perform(call)
    refused = isinstance(reply, Rejected) and reply.error_class is ErrorClass.AUTH
    expect(refused, f"when the credentials were refused, the call was {in_words(reply)}")
    subject.expect_changes(call, 0, "after refused credentials")


async def a_refused_connection_was_not_sent(subject: Subject) -> None:
    """A system that takes no connections was sent nothing: it is tried again."""
    await subject.refuse()
    reply = await subject.connector.perform(subject.call(1))
    later = isinstance(reply, Rejected) and reply.error_class is ErrorClass.TRANSIENT
    expect(later, f"without a connection, the call was {in_words(reply)}")
    found = await subject.connector.look_up(subject.call(1))
    expect(isinstance(found, Unclear), f"without a connection, the look-up says: {in_words(found)}")


async def a_look_up_that_fails_is_not_absence(subject: Subject) -> None:
    """A look-up that fails is never taken for \"nothing is there\"."""
    call = subject.call(1)
    for fault in _READS_BADLY:
        subject.script_reads(fault)
        found = await subject.connector.look_up(call)
        expect(isinstance(found, Unclear), f"when {_MET[fault]}, the look-up says: {in_words(found)}")


async def many_at_once_do_not_mix(subject: Subject) -> None:
    """Twenty calls at once make twenty documents, each with an id of its own."""
    calls = [subject.call(number) for number in range(20)]
    replies: list[Reply] = await asyncio.gather(*(subject.connector.perform(call) for call in calls))
    for reply in replies:
        expect(isinstance(reply, Confirmed), f"of twenty calls at once, one was {in_words(reply)}")
    documents = {reply.receipt.document.id for reply in replies if isinstance(reply, Confirmed)}
    expect(len(documents) == len(calls), f"twenty calls at once gave {len(documents)} different documents")
    for call in calls:
        subject.expect_changes(call, 1, "of twenty calls at once")


async def secrets_are_never_shown(subject: Subject) -> None:
    """No secret of the connection stands in a message, whatever the system answers."""
    shown: list[str] = []
    for number, fault in enumerate(Fault):
        call = subject.call(number)
        subject.script(fault)
        shown.append(repr(await subject.connector.perform(call)))
        subject.script_reads(fault)
        shown.append(repr(await subject.connector.look_up(call)))
    shown.append(repr(subject.connector) + str(subject.connector))
    for secret in subject.secrets:
        expect(not any(secret in text for text in shown), "a secret of the connection is shown in a message")


CHECKS: tuple[Check, ...] = (
    confirms_with_proof,
    a_repeated_key_gives_the_same_document,
    looks_up_what_was_made,
    a_refusal_changes_nothing,
    lost_before_the_change_is_unknown,
    lost_after_the_change_is_unknown_and_found,
    a_server_error_is_never_a_success,
    a_rate_limit_is_one,
    refused_credentials_stop_the_connection,
    a_refused_connection_was_not_sent,
    a_look_up_that_fails_is_not_absence,
    many_at_once_do_not_mix,
    secrets_are_never_shown,
)
