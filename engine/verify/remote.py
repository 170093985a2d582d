"""The other side of one effect as a case tells it: what it answers, and what it has made without saying so."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, UserError
from engine.connect.port import Absent, Confirmed, Found, LookUp, Receipt, Rejected, Reply, Unclear, Unknown
from engine.plan.model import ConnectionPlan
from engine.run.requests import EffectRequest
from engine.verify.faults import FAULTS, judged, seconds, status_of
from engine.verify.script import Script, Scripted, as_look_up, as_reply, receipt


@dataclass(slots=True)
class Remote:
    """One effect's other side. After a fault it answers by itself as far as the fault says what it has: a document
    that was made is found, and not made again."""

    request: EffectRequest
    connection: ConnectionPlan | None
    script: Script
    clock: FixedClock
    _made: Receipt | None = None
    _faulty: bool = False

    def send(self) -> Reply | None:
        """The answer to sending the operation; None if the case has no further one. Raises UserError."""
        path = self.request.path
        if self._made is not None:
            return Confirmed(self._made, duplicate=True)
        scripted = self.script.take(path)
        if scripted is None:
            return None
        if "fault" in scripted:
            return self._fault(scripted)
        reply = as_reply(scripted)
        if reply is None:
            raise UserError(f"step `{path}` was sent: answer with document, rejected, unknown or fault")
        return reply

    def look_up(self) -> LookUp | None:
        """The answer to a read-back by key; None if the case has no further one. Raises UserError."""
        path = self.request.path
        if self._faulty:
            if not self.request.step.guarantees.can_look_up:
                return Unclear(f"{self.request.operation} cannot be looked up", ErrorClass.CONFIG)
            return Absent() if self._made is None else Found(self._made)
        scripted = self.script.take(path)
        if scripted is None:
            return None
        answer = as_look_up(scripted)
        if answer is None:
            raise UserError(f"step `{path}` is looked up: answer with found, absent or unclear")
        return answer

    def _fault(self, scripted: Scripted) -> Reply:
        self._faulty = True
        status = status_of(scripted)
        if status is not None:
            return self._status(scripted, status)
        name = str(scripted["fault"])
        fault = FAULTS[name]
        if fault.made:
            self._made = receipt({key: scripted[key] for key in ("document", "fields") if key in scripted})
        if name == "slow":
            return self._slow(scripted)
        message = str(scripted.get("message", fault.words))
        if not fault.answered:
            return Unknown(message)
        if self._made is None:
            return Rejected(ErrorClass.TRANSIENT, message)
        return Confirmed(self._made, duplicate=True)

    def _slow(self, scripted: Scripted) -> Reply:
        """Confirmed, if it came before the connection's patience ended."""
        assert self._made is not None
        after = seconds(scripted, "after") or 0
        patience = 30.0 if self.connection is None else self.connection.timeout_seconds
        self.clock.advance(min(float(after), patience))
        if after >= patience:
            return Unknown(f"no answer within {patience:g} seconds")
        return Confirmed(self._made)

    def _status(self, scripted: Scripted, status: int) -> Reply:
        if "document" in scripted:
            self._made = receipt({key: scripted[key] for key in ("document", "fields") if key in scripted})
        wait = seconds(scripted, "retry_after")
        manifest = None if self.connection is None else self.connection.manifest
        message = str(scripted.get("message", ""))
        return judged(manifest, self.request.operation, status, message, None if wait is None else float(wait))
