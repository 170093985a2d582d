"""One side of a comparison: a set of definitions, compiled once, through which any number of messages go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from engine.base.errors import Failure
from engine.base.identity import json_bytes
from engine.plan.model import BusinessException, FlowPlan, Plan
from engine.release.backtest.outcome import Outcome
from engine.release.backtest.outside import Memory, Outside
from engine.release.backtest.recorded import Recorded
from engine.release.backtest.stand_in import StandIns
from engine.run.decide import Context, decide
from engine.run.normalise import Started, call_start, event_scope, events_of, start
from engine.run.requests import Completed, Excepted


class Side:
    """One set of definitions, compiled once, through which any number of messages go."""

    def __init__(self, plan: Plan, flow: str | None, stand_ins: StandIns, memory: Memory, environment: str) -> None:
        self.plan = plan
        self.flow = flow
        self.made_up: Counter[str] = Counter()
        self.recorded: Counter[str] = Counter()
        self._versions = plan.flows.get(flow, ()) if flow is not None else ()
        self._stand_ins = stand_ins
        self._memory = memory
        self._environment = environment

    def outcomes(self, recorded: Recorded) -> dict[str, Outcome]:
        """What a message leads to, by event. Nothing if the flow does not take any event of it."""
        if not self._versions:
            return {}
        arrival = recorded.arrival
        try:
            if arrival.kind == "call":
                if arrival.type.removeprefix("call:").partition("@")[0] != self._versions[-1].id:
                    return {}
                started = call_start(self.plan, arrival)
                return {arrival.source_id: self._of(started, recorded, arrival.source_id)}
            events = events_of(self.plan, arrival, recorded.parsed)
        except Failure as failure:
            refused = Outcome(arrival.source_id, arrival.source_id, "refused", exceptions=(_refusal(failure),))
            return {arrival.source_id: refused}
        found: dict[str, Outcome] = {}
        for event in events:
            if not self._takes(event.type):
                continue
            try:
                begun = start(self.plan, self._versions, event, event_scope(event))
            except Failure as failure:
                found[event.id] = Outcome(event.id, event.subject, "refused", exceptions=(_refusal(failure),))
                continue
            found[event.id] = self._of(begun, recorded, event.id)
        return found

    def _takes(self, type_: str) -> bool:
        flow = self._versions[-1]
        kind, _, name = type_.partition(":")
        if kind == "schedule":
            return flow.schedule is not None and flow.id == name
        if kind == "file":
            return flow.folder is not None and flow.folder[0] == name
        return any(each.event == type_ for each in self._versions)

    def _of(self, started: Started, recorded: Recorded, name: str) -> Outcome:
        event, flow = started.event, started.flow
        key = recorded.arrival.key if recorded.arrival.kind == "call" else event.partitionkey
        context = Context(self.plan.workspace, self._environment, event.id, key, started.business_date)
        answers: Mapping[str, Any] = recorded.answers.get(event.id, {})
        outside = Outside(self.plan, self._stand_ins, self._memory, answers, self.made_up, self.recorded)
        state, output, exceptions = _decided(flow, started, context, outside)
        return Outcome(
            name, event.subject, state, f"{flow.id}@{flow.version}", started.business_date.isoformat(),
            tuple(outside.sent), tuple(outside.emitted), output, exceptions,
        )  # fmt: skip


def _decided(
    flow: FlowPlan, started: Started, context: Context, outside: Outside
) -> tuple[str, Any, tuple[BusinessException, ...]]:
    deciding = decide(flow, started.scope, context)
    try:
        request = next(deciding)
        while True:
            request = deciding.send(outside.answer(request))
    except StopIteration as stop:
        result = stop.value
    if isinstance(result, Completed):
        return "completed", orjson.loads(json_bytes(result.output)), ()
    if isinstance(result, Excepted):
        return "exception", None, result.exceptions
    return "skipped", None, ()


def _refusal(failure: Failure) -> BusinessException:
    return BusinessException(
        f"{failure.error_class}_error", failure.message, "", "integration", str(failure.error_class),
        detail=failure.detail,
    )  # fmt: skip
