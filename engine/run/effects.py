"""The effect protocol at work: intend, send, confirm, look up, send again, or ask a person.

``intended`` and ``sent`` are one commit, before the socket is touched. A restart finds an effect that was
sent without an outcome and treats it as unknown. The key waits meanwhile; others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from engine.base.crashpoint import reach
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import json_bytes
from engine.connect.port import Confirmed, LookUp, Rejected, Reply, Unclear, Unknown
from engine.connect.transport import may_leave
from engine.run.lanes import Lane
from engine.run.records import conflict_text, effect_row, receipt_content, receipt_of
from engine.run.requests import Answer, EffectAnswer, EffectRequest, Refused
from engine.run.settle import Ask, Confirm, GiveUp, SendAgain, Settlement, after_look_up, after_reply
from engine.run.state import Run, Work
from engine.run.tries import call_of, history_of
from engine.store.batch import Batch
from engine.store.store import FoundEffect

if TYPE_CHECKING:
    from engine.run.advance import Advance
    from engine.run.worker import Worker

_UNREACHED = frozenset({ErrorClass.TRANSIENT, ErrorClass.TIMEOUT, ErrorClass.AUTH, ErrorClass.CONFIG})


class Effects:
    """Every effect that is open in this process, by key."""

    def __init__(self, worker: Worker, advance: Advance) -> None:
        self._worker = worker
        self._advance = advance
        self._open: dict[str, list[Callable[[], None]]] = {}

    # ------------------------------------------------------------------------- asking for one

    def request(self, work: Work, run: Run, request: EffectRequest, batch: Batch) -> Answer | None:
        """Answer from the record if the effect is settled; else see to it and answer later."""
        key = request.key
        waiters = self._open.get(key)
        if waiters is not None:
            waiters.append(lambda: self._worker.attempt(work, lambda: self._again(work, run, request)))
            self._worker.commit_if_any(work, batch, lambda: None)
            return None
        found = self._worker.store.find_effect(key)
        if found is None:
            self._hold_open(work, key)
            self._new(work, run, request, batch)
            return None
        return self._known(work, run, request, found, batch)

    def _again(self, work: Work, run: Run, request: EffectRequest) -> None:
        if work.abandoned:
            return
        batch = Batch()
        answer = self.request(work, run, request, batch)
        if answer is not None:
            self._advance.advance(work, run, answer, batch)

    def _known(self, work: Work, run: Run, request: EffectRequest, found: FoundEffect, batch: Batch) -> Answer | None:
        worker = self._worker
        same = found.digest == request.digest
        if found.state == "confirmed":
            if not same:
                worker.counts.conflicts += 1
                return Refused(ErrorClass.CONFLICT, conflict_text(request), found.key, "conflict")
            if found.message_id != work.arrival.id:
                worker.counts.absorbed += 1
                batch.audit(
                    "absorbed", run.row.id, run.row.partition, run.row.key, self._token(run), {"effect": found.key}
                )
            self._learn_late(work, request, found, batch)
            return EffectAnswer(receipt_of(found.receipt or {}))
        if not same and found.state in ("sent", "unknown"):
            worker.counts.conflicts += 1
            return Refused(ErrorClass.CONFLICT, conflict_text(request), found.key, "conflict")
        self._hold_open(work, request.key)
        run.request = request
        run.effect = effect_row(run, request, self._token(run), worker.clock.now())
        run.effect.attempt = found.attempt
        run.effect.created_at = found.created_at
        run.tries_before, run.tries_from = worker.store.find_retry(found.key) or (0, found.created_at)
        run.effect.sent_at = found.sent_at
        run.effect.state = found.state
        run.absent_reads = run.asked = 0
        if found.state in ("sent", "unknown"):
            worker.commit_if_any(work, batch, lambda: self._look_up_later(work, run, 0.0))
            return None
        wait = 0.0
        if found.state == "intended" and found.next_at is not None:
            wait = max(0.0, (found.next_at - worker.clock.now()) / 1_000_000)
        worker.commit_if_any(work, batch, lambda: self._resend_later(work, run, wait))
        return None

    def _learn_late(self, work: Work, request: EffectRequest, found: FoundEffect, batch: Batch) -> None:
        """An outcome recorded by a person teaches the link that the system's own answer would have taught."""
        if request.learn is None or found.receipt is None:
            return
        worker = self._worker
        kind, id_ = request.learn
        if worker.store.find_link(request.connection, kind, id_) is not None:
            return
        batch.learn(request.connection, kind, id_, found.receipt["document"]["id"], found.key, worker.clock.now())
        waits_for = f"link:{request.connection}:{kind}:{id_}"
        work.after_commit.append(lambda: worker.release(waits_for))

    # ------------------------------------------------------------------------- intended and sent

    def _new(self, work: Work, run: Run, request: EffectRequest, batch: Batch) -> None:
        run.request = request
        run.absent_reads = run.asked = 0
        if self._is_left_alone(work, run, batch):
            return
        lane = self._worker.lane(request.connection)
        if lane.acquire(lambda: self._turn_came(work, run, lane, lambda: self._intend(work, run, Batch()))):
            self._with_slot(work, lane, lambda: self._intend(work, run, batch))
        else:
            self._worker.commit_if_any(work, batch, lambda: None)

    def _is_left_alone(self, work: Work, run: Run, batch: Batch) -> bool:
        """Whether the run waits until the connection may be used again; the effect stays as it is stored."""
        request = run.request
        assert request is not None
        closure = self._worker.closures.of(request.connection)
        if closure is None:
            return False
        key = request.key
        work.after_commit.append(lambda: self.release(work, key))
        run.effect = run.request = None
        self._advance.wait_for_connection(work, run, request.connection, closure, batch)
        return True

    def _turn_came(self, work: Work, run: Run, lane: Lane, act: Callable[[], None]) -> None:
        """A slot came free. Meanwhile the connection may have to be left alone."""
        request = run.request
        if work.abandoned or request is None or self._worker.closures.of(request.connection) is None:
            self._with_slot(work, lane, act)
            return

        def give_way() -> None:
            lane.release()
            self._worker.attempt(work, lambda: self._unless_left_alone(work, run, act))

        self._worker.loop.call_soon(give_way)  # at once, each slot given back would call the next one deeper down

    def _unless_left_alone(self, work: Work, run: Run, act: Callable[[], None]) -> None:
        if work.abandoned or self._is_left_alone(work, run, Batch()):
            return
        request = run.request
        assert request is not None
        lane = self._worker.lane(request.connection)
        if lane.acquire(lambda: self._turn_came(work, run, lane, act)):
            self._with_slot(work, lane, act)

    def _with_slot(self, work: Work, lane: Lane, act: Callable[[], None]) -> None:
        """Use a slot of the connection's budget, or give it back at once."""
        if work.abandoned:
            lane.release()
            return

        def stretch() -> None:
            try:
                act()
            except Exception:
                lane.release()
                raise

        self._worker.attempt(work, stretch)

    def _intend(self, work: Work, run: Run, batch: Batch) -> None:
        worker = self._worker
        request = run.request
        assert request is not None
        reach("CP-06")
        row = run.effect = effect_row(run, request, self._token(run), worker.clock.now())
        run.tries_before, run.tries_from = 0, row.created_at
        self._advance.remember(run, batch)
        batch.intend(row)
        batch.audit(
            "sent", run.row.id, row.partition, row.pkey, row.token,
            {"effect": row.key, "request": row.digest, "flow": run.row.flow, "bundle": run.row.bundle, "attempt": 1},
        )  # fmt: skip
        self._commit(work, run, batch, lambda: self._send(work, run))

    def _commit(self, work: Work, run: Run, batch: Batch, then: Callable[[], None]) -> None:
        """Commit; if that fails, the effect is no longer ours to hold open."""
        request = run.request
        assert request is not None
        worker = self._worker
        batch.fence(work.arrival.partition, self._token(run))

        def done(_batch: Batch, error: Exception | None) -> None:
            lane = worker.lane(request.connection)
            if error is not None:
                lane.release()
                worker.not_committed(work, error)
            else:
                self._with_slot(work, lane, lambda: worker.go_on(work, then))

        worker.commits.submit(batch, done)

    def _hold_open(self, work: Work, key: str) -> None:
        self._open[key] = []
        work.open_effects.add(key)

    def release(self, work: Work, key: str) -> None:
        """The effect is settled, or this process has let go of it: whoever waited for it asks again."""
        work.open_effects.discard(key)
        for waiter in self._open.pop(key, []):
            self._worker.loop.call_soon(waiter)

    def _send(self, work: Work, run: Run) -> None:
        run.sent_monotonic = self._worker.clock.monotonic()
        self._worker.spawn(work, self._perform(work, run))

    async def _perform(self, work: Work, run: Run) -> None:
        request = run.request
        assert request is not None
        lane = self._worker.lane(request.connection)
        try:
            reply = await self._reply(run, request)
            if isinstance(reply, Rejected) and reply.error_class in _UNREACHED:
                lane.failed()
            elif not isinstance(reply, Unknown):
                lane.succeeded()
        finally:
            lane.release()
        if isinstance(reply, Confirmed):  # the usual end, which no history changes
            self._settled(work, run, Confirm(reply.receipt, "duplicate" if reply.duplicate else "reply"))
        else:
            self._settled(work, run, after_reply(reply, history_of(self._worker, run), request.step.guarantees))

    async def _reply(self, run: Run, request: EffectRequest) -> Reply:
        reply: Reply
        reach("CP-08")
        worker = self._worker
        if not worker.store.may_send(worker.clock.monotonic()):
            return Rejected(ErrorClass.TRANSIENT, "another process may have taken over the work", detail="not sent")
        may_leave.set(lambda: worker.store.has_leases(worker.clock.monotonic()))  # in this task alone
        try:
            reply = await self._worker.connectors[request.connection].perform(call_of(run))
        except Failure as failure:
            if failure.error_class is ErrorClass.UNKNOWN_OUTCOME:
                reply = Unknown(failure.message, failure.detail)
            else:
                reply = Rejected(failure.error_class, failure.message, failure.detail, failure.retry_after_seconds)
        except Exception as error:  # noqa: BLE001 - the plugin boundary: a connector's crash stays with its message
            self._worker.counts.connector_defects += 1
            reply = Unknown("the connector failed while it was sending", repr(error))
        reach("CP-10")
        return reply

    # ------------------------------------------------------------------------- settled, or not yet

    def _settled(self, work: Work, run: Run, settlement: Settlement) -> None:
        if work.abandoned:
            return
        if isinstance(settlement, Confirm):
            self._confirm(work, run, settlement)
        elif isinstance(settlement, SendAgain):
            self._send_again(work, run, settlement)
        elif isinstance(settlement, Ask):
            self._ask(work, run, settlement)
        else:
            self._give_up(work, run, settlement)

    def _confirm(self, work: Work, run: Run, settlement: Confirm) -> None:
        worker = self._worker
        row, request = run.effect, run.request
        assert row is not None
        assert request is not None
        now = worker.clock.now()
        batch = Batch()
        content = receipt_content(settlement.receipt)
        document = settlement.receipt.document
        batch.confirm(row.key, document.id, document.number, content, now)
        batch.audit(
            "confirmed", run.row.id, row.partition, row.pkey, self._token(run),
            {"effect": row.key, "request": row.digest, "document": document.id, "number": document.number,
             "how": settlement.how},
        )  # fmt: skip
        worker.counts.confirmed += 1
        if settlement.how == "read_back":
            worker.counts.read_back += 1
        if request.learn is not None:
            kind, id_ = request.learn
            batch.learn(row.connection, kind, id_, document.id, row.key, now)
            waits_for = f"link:{row.connection}:{kind}:{id_}"
            work.after_commit.append(lambda: worker.release(waits_for))
        key = row.key
        work.after_commit.append(lambda: self.release(work, key))
        receipt = settlement.receipt
        if receipt.fields:
            receipt = receipt_of(orjson.loads(json_bytes(content)))
        run.effect = run.request = None
        self._advance.advance(work, run, EffectAnswer(receipt), batch)

    def _send_again(self, work: Work, run: Run, settlement: SendAgain) -> None:
        row, request = run.effect, run.request
        assert row is not None
        assert request is not None
        worker = self._worker
        worker.counts.retried += 1
        if settlement.pause_connection:
            worker.lane(request.connection).pause(settlement.seconds)
        row.state, row.error_class, row.error = "intended", settlement.error_class, settlement.message
        row.next_at = worker.clock.now() + round(settlement.seconds * 1_000_000)
        batch = Batch()
        batch.move_effect(row)
        batch.audit(
            "retry", run.row.id, row.partition, row.pkey, self._token(run),
            {"effect": row.key, "attempt": row.attempt, "class": str(settlement.error_class)},
        )  # fmt: skip
        reach("CP-14")
        worker.commit(work, batch, lambda: self._resend_later(work, run, settlement.seconds))

    def _resend_later(self, work: Work, run: Run, seconds: float) -> None:
        def due() -> None:
            self._worker.attempt(work, lambda: self._unless_left_alone(work, run, lambda: self._resend(work, run)))

        self._worker.loop.call_later(seconds, due)

    def _resend(self, work: Work, run: Run) -> None:
        worker = self._worker
        row = run.effect
        assert row is not None
        row.state, row.sent_at, row.next_at = "sent", worker.clock.now(), None
        row.attempt += 1
        row.token = self._token(run)
        run.absent_reads = run.asked = 0
        batch = Batch()
        self._advance.remember(run, batch)
        batch.move_effect(row)
        batch.audit(
            "sent", run.row.id, row.partition, row.pkey, row.token,
            {"effect": row.key, "request": row.digest, "attempt": row.attempt},
        )  # fmt: skip
        self._commit(work, run, batch, lambda: self._send(work, run))

    def _ask(self, work: Work, run: Run, settlement: Ask) -> None:
        row = run.effect
        assert row is not None
        if row.state == "unknown":
            self._look_up_later(work, run, settlement.seconds)
            return
        worker = self._worker
        worker.counts.unknown += 1
        run.sent_monotonic = worker.clock.monotonic()  # nobody knows when in this try the last byte left
        row.state, row.error_class, row.error = "unknown", ErrorClass.UNKNOWN_OUTCOME, settlement.message
        batch = Batch()
        batch.move_effect(row)
        batch.audit(
            "unknown", run.row.id, row.partition, row.pkey, self._token(run),
            {"effect": row.key, "attempt": row.attempt, "why": settlement.message},
        )  # fmt: skip
        worker.commit(work, batch, lambda: self._look_up_later(work, run, settlement.seconds))

    def _look_up_later(self, work: Work, run: Run, seconds: float) -> None:
        worker = self._worker

        def due() -> None:
            if not work.abandoned and not self._is_left_alone(work, run, Batch()):
                worker.spawn(work, self._look_up(work, run))

        worker.loop.call_later(seconds, lambda: worker.attempt(work, due))

    async def _look_up(self, work: Work, run: Run) -> None:
        request = run.request
        assert request is not None
        answer: LookUp
        try:
            answer = await self._worker.connectors[request.connection].look_up(call_of(run))
        except Failure as failure:
            answer = Unclear(failure.message, failure.error_class)
        except Exception as error:  # noqa: BLE001 - the plugin boundary: a connector's crash stays with its message
            self._worker.counts.connector_defects += 1
            answer = Unclear(f"the connector failed while it was asking ({type(error).__name__})")
        settlement = after_look_up(answer, history_of(self._worker, run), request.step.guarantees)
        if isinstance(settlement, Ask):
            if isinstance(answer, Unclear):
                run.asked += 1
            elif history_of(self._worker, run).since_send_seconds >= request.step.guarantees.commit_within_seconds:
                run.absent_reads += 1
        self._settled(work, run, settlement)

    def _give_up(self, work: Work, run: Run, settlement: GiveUp) -> None:
        row = run.effect
        assert row is not None
        refused = settlement.refused
        row.state = "unknown" if settlement.written else "rejected"
        row.error_class, row.error = refused.error_class, refused.message
        batch = Batch()
        batch.move_effect(row)
        batch.audit(
            "rejected" if not settlement.written else "undecided", run.row.id, row.partition, row.pkey,
            self._token(run), {"effect": row.key, "class": str(refused.error_class)},
        )  # fmt: skip
        key = row.key
        work.after_commit.append(lambda: self.release(work, key))
        run.effect = run.request = None
        self._advance.advance(work, run, replace(refused, effect=key), batch)

    def _token(self, run: Run) -> int:
        return self._worker.store.tokens.get(run.row.partition, -1)
