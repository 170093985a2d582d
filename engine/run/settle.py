"""What an answer means for an effect: pure decisions of the effect protocol (architecture.md section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from engine.base.errors import STOPS_CONNECTION, ErrorClass
from engine.connect.port import (
    Absent,
    Confirmed,
    Found,
    Guarantees,
    LookUp,
    Receipt,
    Rejected,
    Reply,
    Unclear,
    Unknown,
)
from engine.run.requests import Refused
from engine.run.retry import delay_seconds, is_spent


class Confirm(msgspec.Struct, frozen=True):
    """Proved: store the receipt. ``how`` is ``reply``, ``duplicate`` or ``read_back``."""

    receipt: Receipt
    how: str


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Nothing was written: back to intended, and send again after ``seconds``."""

    seconds: float
    error_class: ErrorClass
    message: str
    pause_connection: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Nobody knows: stay unknown, and look it up after ``seconds``."""

    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A person must act. ``written`` is false where the system definitely wrote nothing."""

    refused: Refused
    written: bool


Settlement: TypeAlias = Confirm | SendAgain | Ask | GiveUp


class History(msgspec.Struct, frozen=True, gc=False):
    """What is known about an effect's tries. Times in microseconds; ``since_send_seconds`` is the lower of the
    wall clock's and the process's own measure, so that a jumping clock cannot shorten it. ``tries_from`` is from
    when the longest time for tries counts, if that is later than ``first_at``."""

    key: str
    attempt: int
    first_at: int
    now: int
    attempts_max: int
    elapsed_max_seconds: int
    since_send_seconds: float
    absent_reads: int = 0
    asked: int = 0
    tries_from: int = 0

    def is_spent(self, tries: int, tries_max: int) -> bool:
        """Whether no further try is allowed."""
        return is_spent(tries, max(self.first_at, self.tries_from), self.now, tries_max, self.elapsed_max_seconds)


def after_reply(reply: Reply, history: History, guarantees: Guarantees) -> Settlement:
    """What to do after the system answered an operation, or did not."""
    if isinstance(reply, Confirmed):
        return Confirm(reply.receipt, "duplicate" if reply.duplicate else "reply")
    if isinstance(reply, Unknown):
        if not guarantees.can_look_up and not guarantees.refuses_duplicates:
            return GiveUp(Refused(ErrorClass.UNKNOWN_OUTCOME, reply.message, reply.detail, "unknown_outcome"), True)
        return Ask(0.0, reply.message)
    return _after_rejection(reply, history)


def _after_rejection(reply: Rejected, history: History) -> Settlement:
    retry = reply.error_class
    if retry in STOPS_CONNECTION:
        wait = delay_seconds(max(history.attempt, 5), history.key, reply.retry_after_seconds)
        return SendAgain(wait, retry, reply.message, pause_connection=True)
    if retry in (ErrorClass.TRANSIENT, ErrorClass.RATE_LIMITED, ErrorClass.TIMEOUT):
        if history.is_spent(history.attempt, history.attempts_max):
            return GiveUp(Refused(retry, reply.message, reply.detail), False)
        wait = delay_seconds(history.attempt, history.key, reply.retry_after_seconds)
        return SendAgain(wait, retry, reply.message, pause_connection=retry is ErrorClass.RATE_LIMITED)
    return GiveUp(Refused(retry, reply.message, reply.detail), False)


def _refuses_duplicates(history: History, guarantees: Guarantees) -> bool:
    """Whether the system still remembers the key: within its window, counted from the first send."""
    window = guarantees.window_seconds
    return guarantees.refuses_duplicates and (
        window is None or history.now - history.first_at < round(window * 1_000_000)
    )


def _without_looking(answer: Unclear, history: History, guarantees: Guarantees) -> Settlement:
    """A system that cannot be asked: if it refuses duplicates, sending again is the way to ask; else a person is."""
    if not _refuses_duplicates(history, guarantees) or history.is_spent(history.attempt, history.attempts_max):
        return GiveUp(Refused(ErrorClass.UNKNOWN_OUTCOME, answer.message, "", "unknown_outcome"), True)
    return SendAgain(delay_seconds(history.attempt, history.key), ErrorClass.UNKNOWN_OUTCOME, answer.message)


def after_look_up(answer: LookUp, history: History, guarantees: Guarantees) -> Settlement:
    """What to do after a read-back by key.

    "Absent" is believed only if the system itself refuses duplicates, or if it can no longer commit the last
    send and two reads, as far apart as a commit may stay invisible, found nothing.
    """
    if isinstance(answer, Found):
        if answer.conflict:
            return GiveUp(Refused(ErrorClass.CONFLICT, answer.conflict, "", "conflict"), True)
        return Confirm(answer.receipt, "read_back")
    if isinstance(answer, Unclear):
        if not guarantees.can_look_up:
            return _without_looking(answer, history, guarantees)
        if history.is_spent(history.asked, max(history.attempts_max, 8)):
            return GiveUp(Refused(ErrorClass.UNKNOWN_OUTCOME, answer.message, "", "unknown_outcome"), True)
        return Ask(delay_seconds(history.asked + 1, history.key), answer.message)
    assert isinstance(answer, Absent)
    if _refuses_duplicates(history, guarantees):
        return SendAgain(0.0, ErrorClass.UNKNOWN_OUTCOME, "the read-back found nothing")
    left = guarantees.commit_within_seconds - history.since_send_seconds
    if left > 0:
        return Ask(left, "the system may still commit the last send")
    if history.absent_reads + 1 < 2:
        return Ask(guarantees.visible_within_seconds, "one read-back found nothing; a second one decides")
    if history.is_spent(history.attempt, history.attempts_max):
        message = "it was sent several times without an answer, and the system does not have it"
        return GiveUp(Refused(ErrorClass.UNKNOWN_OUTCOME, message), False)
    return SendAgain(0.0, ErrorClass.UNKNOWN_OUTCOME, "two read-backs found nothing")
