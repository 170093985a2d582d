"""Advancing a run from one answer to the next request, collecting what must be stored on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.base.crashpoint import reach
from engine.base.errors import Defect, ErrorClass, Failure
from engine.base.identity import json_bytes
from engine.plan.model import BusinessException, CanonicalEvent
from engine.run.closures import Closure
from engine.run.effects import Effects
from engine.run.normalise import cloudevent_bytes
from engine.run.preparing import child_of, publish
from engine.run.records import amount_columns, exception_row
from engine.run.requests import (
    Answer,
    Completed,
    EffectRequest,
    EmitAnswer,
    EmitRequest,
    Excepted,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Refused,
    Result,
    Skipped,
)
from engine.run.state import Run, Work
from engine.store.batch import Batch

if TYPE_CHECKING:
    from engine.run.worker import Worker


class Advance:
    """Drives the runs of a message, one after another."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.effects = Effects(worker, self)

    def next_run(self, work: Work, batch: Batch) -> None:
        """Start (or replay) the next run of the message, or finish the message."""
        if work.index >= len(work.runs):
            self._worker.finish(work, batch)
            return
        run = work.runs[work.index]
        self.advance(work, run, None, batch)

    def advance(self, work: Work, run: Run, answer: Answer | None, batch: Batch) -> None:
        """Feed ``answer`` to the decision and deal with its requests until one needs the world outside."""
        send = run.deciding.send
        while True:
            try:
                request = send(answer)  # type: ignore[arg-type]
            except StopIteration as stop:
                self._end(work, run, stop.value, batch)
                return
            except Exception as error:  # noqa: BLE001 - the worker loop: a defect stops this key, not the process
                self._end(work, run, Excepted((_defect(run, error),), ()), batch)
                return
            if isinstance(request, EffectRequest):
                answer = self.effects.request(work, run, request, batch)
            elif isinstance(request, LinkRequest):
                answer = self._link(run, request)
            elif isinstance(request, HoldRequest):
                answer = self._hold(work, run, request, batch)
            elif isinstance(request, EmitRequest):
                answer = self._emit(work, request, batch)
            else:
                answer = self._read(work, run, request, batch)
            if answer is None:
                return

    # ------------------------------------------------------------------------- requests answered at once

    def _link(self, run: Run, request: LinkRequest) -> LinkAnswer:
        answers, path = run.answers, request.path
        # Where it is needed, "there was none" led to a hold or to a person, who wants it to be asked again.
        if path in answers and (not request.needed or f"hold:{path}" in answers):
            return LinkAnswer(answers[path])
        external = self._worker.store.find_link(request.connection, request.link, request.id)
        if external is not None:
            if answers.pop(path, external) is None:
                run.answers_stored = -1
        else:
            # A found id never changes; that there was none must be remembered, or a replay could see another world.
            answers[path] = None
        return LinkAnswer(external)

    def _emit(self, work: Work, request: EmitRequest, batch: Batch) -> EmitAnswer:
        worker = self._worker
        # The time of an emitted event is that of the fact it follows from, so that a replay gives the same bytes.
        time = work.runs[work.index].event.time
        event = CanonicalEvent(
            request.id, "tieout", request.type, time, request.subject, request.partitionkey, request.data
        )
        child = child_of(
            worker, work.arrival, request.id, request.type, request.partitionkey, cloudevent_bytes(event), "flow"
        )
        publish(worker, work, child, batch)
        return EmitAnswer()

    # ------------------------------------------------------------------------- waiting

    def _hold(self, work: Work, run: Run, request: HoldRequest, batch: Batch) -> HoldAnswer | None:
        worker = self._worker
        recorded = run.answers.get(request.waits_for if request.kind == "approval" else f"hold:{request.path}")
        if recorded is not None and _is_answer_to(request, recorded):
            return HoldAnswer(recorded.get("value"), bool(recorded.get("refused")), bool(recorded.get("expired")))
        if recorded is not None:
            del run.answers[request.waits_for]
            run.answers_stored = -1
        until = self._until(run, request)
        answer = self._released(request, until)
        if answer is not None:
            run.answers[f"hold:{request.path}"] = {"value": answer.value, "expired": answer.expired}
            if request.kind == "approval":
                self._approval_expired(run, batch)
            return answer
        if run.row.waits_for != request.waits_for:
            worker.counts.held += 1
            self._note_wait(run, "held", request.waits_for, batch)
            if request.kind == "approval":
                self._ask_approval(work, run, request, batch)
        self._park(work, run, request.waits_for, until, batch)
        return None

    def wait_for_connection(self, work: Work, run: Run, connection: str, closure: Closure, batch: Batch) -> None:
        """The connection is to be left alone: the run waits until it may be used again, and its key with it."""
        waits_for = f"connection:{connection}"
        if run.row.waits_for != waits_for:
            self._worker.counts.deferred += 1
            self._note_wait(run, "deferred", waits_for, batch)
        work.keeps_key = True
        self._park(work, run, waits_for, closure.until, batch)

    def _note_wait(self, run: Run, kind: str, waits_for: str, batch: Batch) -> None:
        row = run.row
        token = self._worker.store.tokens.get(row.partition, -1)
        batch.audit(kind, row.id, row.partition, row.key, token, {"waits_for": waits_for})

    def _park(self, work: Work, run: Run, waits_for: str, until: int | None, batch: Batch) -> None:
        """Let the run wait in the store, and go on with the message's next one."""
        worker = self._worker
        row = run.row
        row.state, row.waits_for, row.wait_until = "waiting", waits_for, until
        self._store_run(run, batch)
        message_id = row.message_id
        work.after_commit.append(lambda: worker.holds.add(waits_for, message_id, until))
        work.parked = True
        run.deciding.close()
        work.index += 1
        self.next_run(work, batch)

    def _until(self, run: Run, request: HoldRequest) -> int | None:
        if request.until is not None:
            return request.until
        if run.row.waits_for == request.waits_for:
            return run.row.wait_until
        if request.within_seconds is None:
            return None
        return self._worker.clock.now() + request.within_seconds * 1_000_000

    def _released(self, request: HoldRequest, until: int | None) -> HoldAnswer | None:
        store = self._worker.store
        now = self._worker.clock.now()
        kind, _, rest = request.waits_for.partition(":")
        if request.kind == "time":
            return HoldAnswer() if until is not None and until <= now else None
        if kind == "link":
            connection, link, id_ = rest.split(":", 2)
            external = store.find_link(connection, link, id_)
            if external is not None:
                return HoldAnswer(external)
        elif kind == "event":
            event_type, _, subject = rest.partition(":")
            if store.seen(event_type, subject):
                return HoldAnswer()
        if until is not None and until <= now:
            return HoldAnswer(expired=True)
        return None

    def _ask_approval(self, work: Work, run: Run, request: HoldRequest, batch: Batch) -> None:
        worker = self._worker
        group = request.waits_for.split(":", 2)[1]
        exception = BusinessException(
            "approval_needed", request.message, f"Someone of {group} approves or refuses it.", group, ErrorClass.POLICY,
            request.amount, f"{run.row.flow}/{request.path}", request.author or "",
        )  # fmt: skip
        row = exception_row(
            worker.identity.new(), exception, work.arrival, worker.clock.now(), kind="approval", run=run, blocks=False
        )
        batch.open_exception(row)

    def _approval_expired(self, run: Run, batch: Batch) -> None:
        """Nobody may decide any more on what nobody waits for."""
        worker, row = self._worker, run.row
        batch.end_approval(row.id, row.message_id, worker.clock.now(), "expired")
        token = worker.store.tokens.get(row.partition, -1)
        batch.audit("approval_expired", row.id, row.partition, row.key, token, {"waited_for": row.waits_for})

    # ------------------------------------------------------------------------- reading

    def _read(self, work: Work, run: Run, request: ReadRequest, batch: Batch) -> Answer | None:
        recorded = run.answers.get(request.path)
        if recorded is not None:
            return ReadAnswer(recorded["value"])
        closure = self._worker.closures.of(request.connection)
        if closure is not None:
            self.wait_for_connection(work, run, request.connection, closure, batch)
            return None
        # Asked only once what came before is durable: an answer that overtook the commit would mix two batches.
        self._worker.commit_if_any(work, batch, lambda: self._worker.spawn(work, self._ask(work, run, request)))
        return None

    async def _ask(self, work: Work, run: Run, request: ReadRequest) -> None:
        answer: Answer
        try:
            value = await self._worker.connectors[request.connection].read(request.operation, request.content)
            value = orjson.loads(json_bytes(value))
            run.answers[request.path] = {"value": value}
            answer = ReadAnswer(value)
        except Failure as failure:
            answer = Refused(failure.error_class, failure.message, failure.detail)
        except Exception as error:  # noqa: BLE001 - a connector's own mistake stays with its message
            self._worker.counts.connector_defects += 1
            answer = Refused(ErrorClass.DEFECT, "the connector failed", repr(error))
        if not work.abandoned:
            self.advance(work, run, answer, Batch())

    # ------------------------------------------------------------------------- ending

    def _end(self, work: Work, run: Run, result: Result, batch: Batch) -> None:
        worker = self._worker
        row = run.row
        row.waits_for = row.wait_until = None
        row.ended_at = worker.clock.now()
        token = worker.store.tokens.get(row.partition, -1)
        if isinstance(result, Completed):
            row.state, row.output, row.path = (
                "completed",
                (None if result.output is None else json_bytes(result.output)),
                " ".join(result.path),
            )
            worker.counts.completed += 1
            batch.audit("completed", row.id, row.partition, row.key, token, {"flow": row.flow})
            _answer_call(worker, run, run)
        elif isinstance(result, Skipped):
            row.state = "skipped"
            worker.counts.skipped += 1
            batch.audit("passed_over", row.id, row.partition, row.key, token, {"flow": row.flow})
        else:
            assert isinstance(result, Excepted)
            row.state, row.path = "exception", " ".join(result.path)
            work.excepted = True
            reasons = [exception.reason for exception in result.exceptions]
            for exception in result.exceptions:
                worker.counts.exceptions += 1
                batch.open_exception(
                    exception_row(worker.identity.new(), exception, work.arrival, worker.clock.now(), run=run)
                )
            batch.audit("exception", row.id, row.partition, row.key, token, {"flow": row.flow, "reasons": reasons})
            _answer_call(worker, run, result.exceptions[0])
        self._store_run(run, batch)
        if len(worker.holds):
            waits_for = f"event:{row.event_type}:{row.subject}"
            work.after_commit.append(lambda: worker.release(waits_for))
        if worker.on_run is not None:
            worker.on_run(run, row.state)
        reach("CP-12")
        work.index += 1
        self.next_run(work, batch)

    def remember(self, run: Run, batch: Batch) -> None:
        """Store the run and its recorded replies before an effect that follows from them is sent."""
        if not run.stored or len(run.answers) != run.answers_stored:
            self._store_run(run, batch)

    def _store_run(self, run: Run, batch: Batch) -> None:
        run.answers_stored = len(run.answers)
        run.row.answers = json_bytes(run.answers) if run.answers else None
        if not run.stored:
            batch.start_run(run.row)
            run.stored = True
            run.runs_on = run.row.waits_for is None
        elif run.runs_on and run.row.waits_for is None:
            batch.end_run(run.row)
        else:
            batch.move_run(run.row)
            run.runs_on = False


def _answer_call(worker: Worker, run: Run, outcome: Run | BusinessException) -> None:
    """Tell a synchronous caller, if one still waits."""
    future = worker.calls.pop(run.row.message_id, None)
    if future is not None and not future.done():
        future.set_result(outcome)


def _is_answer_to(request: HoldRequest, recorded: dict[str, Any]) -> bool:
    """Whether a recorded answer is one to this question: who approved an amount has not approved another one."""
    asked = recorded.get("asked")
    return asked is None or asked == [request.message, *amount_columns(request.amount)]


def _defect(run: Run, error: Exception) -> BusinessException:
    why = str(error) if isinstance(error, Defect) else "the engine met a defect of its own"
    return BusinessException(
        "engine_defect",
        f"The event for {run.event.subject} could not be worked: {why}.",
        "Send the exported exception to the people who maintain the engine; nothing was posted twice.",
        "platform",
        ErrorClass.DEFECT,
        where=run.row.flow,
        detail=repr(error),
    )
