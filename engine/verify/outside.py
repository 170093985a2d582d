"""The world as a case tells it: answers to what a decision asks, from the case's script and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, UserError
from engine.connect.port import Absent, Receipt
from engine.plan.model import CanonicalEvent, ConnectionPlan
from engine.run.requests import (
    Answer,
    EffectAnswer,
    EffectRequest,
    EmitAnswer,
    EmitRequest,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Refused,
    Request,
)
from engine.run.settle import Ask, Confirm, GiveUp, History, SendAgain, Settlement, after_look_up, after_reply
from engine.verify.compare import show
from engine.verify.faults import judged, status_of
from engine.verify.remote import Remote
from engine.verify.script import Script, Scripted, as_reply


class Waiting(Exception):  # ends a case whose run waits for something that the case does not bring
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unanswered(Exception):  # ends a case that asks for something the case says nothing about
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class Tries:
    """What is known of the tries of one effect so far. Times in microseconds."""

    first_at: int
    sent_at: int
    attempt: int = 0
    absent_reads: int = 0
    asked: int = 0

    def history(self, request: EffectRequest, now: int) -> History:
        """As the effect protocol wants it."""
        return History(
            key=request.key,
            attempt=self.attempt,
            first_at=self.first_at,
            now=now,
            attempts_max=request.step.attempts_max,
            elapsed_max_seconds=request.step.elapsed_max_seconds,
            since_send_seconds=(now - self.sent_at) / 1_000_000,
            absent_reads=self.absent_reads,
            asked=self.asked,
        )


@dataclass(slots=True)
class Outside:
    """The world of one case, and what was done to it."""

    script: Script
    clock: FixedClock
    links: dict[tuple[str, str, str], str]
    seen: set[tuple[str, str]]
    source: str
    connections: dict[str, ConnectionPlan] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    emitted: list[CanonicalEvent] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """The answer to one request of the decision."""
        if isinstance(request, EffectRequest):
            return self.effect(request)
        if isinstance(request, LinkRequest):
            return LinkAnswer(self.links.get((request.connection, request.link, request.id)))
        if isinstance(request, HoldRequest):
            return self.hold(request)
        if isinstance(request, ReadRequest):
            return self.read(request)
        return self._emit(request)

    def effect(self, request: EffectRequest) -> Answer:
        """Send, look up and send again as the effect protocol says, on the case's answers."""
        if not self.script.has(request.path):
            raise Unanswered(
                f"step `{request.path}` has no reply; it would have sent {request.operation} to "
                f"{request.connection}: {show(request.content, 2000)}"
            )
        remote = Remote(request, self.connections.get(request.connection), self.script, self.clock)
        tries = Tries(self.clock.now(), self.clock.now())
        asking = False
        while True:
            settled = self._looked_up(remote, tries) if asking else self._sent(remote, tries)
            if isinstance(settled, Confirm):
                return self._confirmed(request, settled.receipt)
            if isinstance(settled, GiveUp):
                return settled.refused
            self._pause(request, settled.seconds)
            asking = isinstance(settled, Ask)
            assert asking or isinstance(settled, SendAgain)

    def _sent(self, remote: Remote, tries: Tries) -> Settlement:
        request = remote.request
        tries.attempt += 1
        tries.sent_at, tries.absent_reads = self.clock.now(), 0
        self.sent[request.path] = request.content
        reply = remote.send()
        if reply is None:
            if tries.attempt == 1:
                self.attempts[request.path] = 1
            question = f"is sent again (attempt {tries.attempt})"
            raise Waiting(f"step `{request.path}` {question}, and there is no further reply")
        self.attempts[request.path] = tries.attempt
        return after_reply(reply, tries.history(request, self.clock.now()), request.step.guarantees)

    def _looked_up(self, remote: Remote, tries: Tries) -> Settlement:
        request, guarantees = remote.request, remote.request.step.guarantees
        answer = remote.look_up()
        if answer is None:
            raise Waiting(f"step `{request.path}` asks what became of it, and there is no further reply")
        tries.asked += 1
        settled = after_look_up(answer, tries.history(request, self.clock.now()), guarantees)
        while isinstance(answer, Absent) and isinstance(settled, Ask):
            # One absence speaks for all the reads that the protocol wants to be sure.
            self._pause(request, settled.seconds)
            since = (self.clock.now() - tries.sent_at) / 1_000_000
            tries.absent_reads += since >= guarantees.commit_within_seconds
            settled = after_look_up(answer, tries.history(request, self.clock.now()), guarantees)
        return settled

    def _pause(self, request: EffectRequest, seconds: float) -> None:
        self.clock.advance(seconds)
        self.waits[request.path] = self.waits.get(request.path, 0.0) + seconds

    def _confirmed(self, request: EffectRequest, receipt: Receipt) -> EffectAnswer:
        if request.learn is not None:
            link, id_ = request.learn
            self.links[(request.connection, link, id_)] = receipt.document.id
        return EffectAnswer(receipt)

    def hold(self, request: HoldRequest) -> Answer:
        """Released as the case says, or by what has happened already."""
        scripted = self.script.take(request.path)
        if scripted is not None:
            return _released(request, scripted)
        if request.kind == "event" and tuple(request.waits_for.split(":", 2)[1:]) in self.seen:
            return HoldAnswer()
        if request.kind == "time" and request.until is not None and request.until <= self.clock.now():
            return HoldAnswer()
        raise Waiting(f"step `{request.path}` {request.message}")

    def read(self, request: ReadRequest) -> Answer:
        """The answer of the case to a query."""
        scripted = self.script.take(request.path)
        if scripted is None:
            raise Unanswered(
                f"step `{request.path}` has no reply; it would have asked {request.operation} of "
                f"{request.connection}: {show(request.content, 2000)}"
            )
        if "value" in scripted:
            return ReadAnswer(scripted["value"])
        if "fault" in scripted:
            return self._unread(request, scripted)
        reply = as_reply(scripted)
        error_class = getattr(reply, "error_class", None)
        if error_class is None:
            raise UserError(f"step `{request.path}` reads: answer with value, rejected or fault")
        return Refused(error_class, getattr(reply, "message", ""))

    def _unread(self, request: ReadRequest, scripted: Scripted) -> Refused:
        """A query that failed: reading changed nothing, so whatever is undecided is transient."""
        status, message = status_of(scripted), str(scripted.get("message", ""))
        connection = self.connections.get(request.connection)
        manifest = None if connection is None else connection.manifest
        if status is None:
            return Refused(ErrorClass.TRANSIENT, message or f"{scripted['fault']} while reading".replace("_", " "))
        reply = judged(manifest, request.operation, status, message, None)
        return Refused(getattr(reply, "error_class", ErrorClass.TRANSIENT), reply.message, reply.detail)

    def _emit(self, request: EmitRequest) -> Answer:
        self.emitted.append(
            CanonicalEvent(
                request.id,
                self.source,
                request.type,
                self.clock.now(),
                request.subject,
                request.partitionkey,
                request.data,
            )
        )
        return EmitAnswer()


def _released(request: HoldRequest, scripted: Scripted) -> HoldAnswer:
    if "approved" in scripted:
        return HoldAnswer(scripted["approved"])
    if "refused" in scripted:
        return HoldAnswer(scripted["refused"], refused=True)
    if "expired" in scripted:
        return HoldAnswer(expired=True)
    if "value" in scripted:
        return HoldAnswer(scripted["value"])
    raise UserError(f"step `{request.path}` waits: answer with approved, refused, expired or value")
