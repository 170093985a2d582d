"""What every connector must do, as checks to run against its sandbox.

A connector's tests make a :class:`Subject` and run every function of :data:`CHECKS` on a fresh one each::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conformance(check): ...

A check ends without a word or with AssertionError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from engine.base.errors import RETRYABLE, ErrorClass
from engine.base.record import frozen
from engine.connect.port import Absent, Call, Confirmed, Connector, Found, Rejected, Reply, Unclear, Unknown
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


@frozen
class Subject:
    """A connector, open on its sandbox, with a short time-out.

    ``call(n)`` is the n-th of any number of independent calls of a write operation, each with its own key;
    ``changes(call)`` counts what it made over there; ``script`` and ``script_reads`` tell the sandbox what the
    next requests meet; ``refuse`` makes it stop accepting connections. ``secrets`` must never be shown.
    """

    connector: Connector
    call: Callable[[int], Call]
    changes: Callable[[Call], int]
    script: Callable[[Fault], None]
    script_reads: Callable[[Fault], None]
    refuse: Callable[[], Awaitable[None]]
    secrets: tuple[str, ...] = ()


Check: TypeAlias = Callable[[Subject], Awaitable[None]]


async def confirms_with_proof(subject: Subject) -> None:
    call = subject.call(1)
    reply = await subject.connector.perform(call)
    assert isinstance(reply, Confirmed), f"a plain call gave {reply}"
    assert reply.receipt.document.id, "a confirmation must name the document"
    assert subject.changes(call) == 1, "exactly one change must be made"


async def a_repeated_key_gives_the_same_document(subject: Subject) -> None:
    call = subject.call(1)
    first = await subject.connector.perform(call)
    second = await subject.connector.perform(replace(call, attempt=2))
    assert isinstance(first, Confirmed) and isinstance(second, Confirmed), f"repeating gave {first} and {second}"
    assert first.receipt.document == second.receipt.document, "the same key must give the same document"
    assert subject.changes(call) == 1, "the second call must change nothing"


async def looks_up_what_was_made(subject: Subject) -> None:
    call = subject.call(1)
    assert isinstance(await subject.connector.look_up(call), Absent), "nothing was made yet"
    reply = await subject.connector.perform(call)
    found = await subject.connector.look_up(call)
    assert isinstance(reply, Confirmed) and isinstance(found, Found), f"a look-up gave {found}"
    assert found.receipt.document == reply.receipt.document, "the look-up must name the same document"
    assert not found.conflict, f"what was sent is there, yet the look-up reports {found.conflict}"
    assert subject.changes(call) == 1, "a look-up must change nothing"


async def a_refusal_changes_nothing(subject: Subject) -> None:
    call = subject.call(1)
    subject.script(Fault.REFUSE)
    reply = await subject.connector.perform(call)
    assert isinstance(reply, Rejected), f"a refusal gave {reply}"
    assert reply.error_class not in RETRYABLE, "what is refused for its content must not be sent again as it is"
    assert reply.message, "a refusal must say why"
    assert subject.changes(call) == 0, "a refusal means that nothing was written"


async def lost_before_the_change_is_unknown(subject: Subject) -> None:
    for number, fault in enumerate(_LOST_BEFORE):
        call = subject.call(number)
        subject.script(fault)
        reply = await subject.connector.perform(call)
        assert isinstance(reply, Unknown), f"{fault.value} gave {reply}"
        assert isinstance(await subject.connector.look_up(call), Absent), f"after {fault.value} nothing is there"
        again = await subject.connector.perform(replace(call, attempt=2))
        assert isinstance(again, Confirmed), f"after {fault.value} sending again gave {again}"
        assert subject.changes(call) == 1


async def lost_after_the_change_is_unknown_and_found(subject: Subject) -> None:
    for number, fault in enumerate(_LOST_AFTER):
        call = subject.call(number)
        subject.script(fault)
        reply = await subject.connector.perform(call)
        assert isinstance(reply, Unknown), f"{fault.value} gave {reply}"
        found = await subject.connector.look_up(call)
        assert isinstance(found, Found), f"after {fault.value} the look-up gave {found}"
        again = await subject.connector.perform(replace(call, attempt=2))
        assert isinstance(again, Confirmed), f"after {fault.value} sending again gave {again}"
        assert again.receipt.document == found.receipt.document
        assert subject.changes(call) == 1, f"after {fault.value} there must still be one change"


async def a_server_error_is_never_a_success(subject: Subject) -> None:
    call = subject.call(1)
    subject.script(Fault.SERVER_ERROR)
    reply = await subject.connector.perform(call)
    retried = isinstance(reply, Rejected) and reply.error_class in RETRYABLE
    assert isinstance(reply, Unknown) or retried, f"a server error gave {reply}"
    assert isinstance(await subject.connector.look_up(call), Absent)


async def a_rate_limit_is_one(subject: Subject) -> None:
    call = subject.call(1)
    subject.script(Fault.RATE_LIMIT)
    reply = await subject.connector.perform(call)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.RATE_LIMITED, f"a rate limit gave {reply}"
    assert reply.retry_after_seconds is None or 0 <= reply.retry_after_seconds <= 3600
    assert subject.changes(call) == 0


async def refused_credentials_stop_the_connection(subject: Subject) -> None:
    call = subject.call(1)
    subject.script(Fault.UNAUTHORISED)
    reply = await subject.connector.perform(call)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.AUTH, f"refused credentials gave {reply}"
    assert subject.changes(call) == 0


async def a_refused_connection_was_not_sent(subject: Subject) -> None:
    await subject.refuse()
    reply = await subject.connector.perform(subject.call(1))
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.TRANSIENT, f"no connection gave {reply}"
    found = await subject.connector.look_up(subject.call(1))
    assert isinstance(found, Unclear), f"without a connection the look-up gave {found}"


async def a_look_up_that_fails_is_not_absence(subject: Subject) -> None:
    call = subject.call(1)
    for fault in (Fault.HANG, Fault.DROP, Fault.SERVER_ERROR, Fault.COMMIT_GARBAGE, Fault.UNAUTHORISED):
        subject.script_reads(fault)
        found = await subject.connector.look_up(call)
        assert isinstance(found, Unclear), f"a look-up that met {fault.value} gave {found}"


async def many_at_once_do_not_mix(subject: Subject) -> None:
    calls = [subject.call(number) for number in range(20)]
    replies: list[Reply] = await asyncio.gather(*(subject.connector.perform(call) for call in calls))
    documents = [reply.receipt.document.id for reply in replies if isinstance(reply, Confirmed)]
    assert len(documents) == len(set(documents)) == len(calls), f"20 calls at once gave {replies}"
    assert [subject.changes(call) for call in calls] == [1] * len(calls)


async def secrets_are_never_shown(subject: Subject) -> None:
    shown: list[str] = []
    for number, fault in enumerate(Fault):
        call = subject.call(number)
        subject.script(fault)
        shown.append(repr(await subject.connector.perform(call)))
        subject.script_reads(fault)
        shown.append(repr(await subject.connector.look_up(call)))
    shown.append(repr(subject.connector) + str(subject.connector))
    for secret in subject.secrets:
        for text in shown:
            assert secret not in text, "a secret is shown in a message"


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
