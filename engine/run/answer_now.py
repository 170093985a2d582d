"""Running a flow at once for a caller who waits: only for flows that change nothing outside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.base.clock import Clock
from engine.base.errors import Defect, Failure
from engine.connect.port import Connector
from engine.plan.model import BusinessException, FlowPlan, Plan
from engine.run.decide import Context, decide
from engine.run.requests import Answer, Completed, Excepted, LinkAnswer, LinkRequest, ReadAnswer, ReadRequest, Refused
from engine.store.store import Store


async def answer_now(
    flow: FlowPlan,
    inputs: Mapping[str, Any],
    plan: Plan,
    environment: str,
    store: Store,
    connectors: Mapping[str, Connector],
    clock: Clock,
) -> Any:
    """The flow's output, or the BusinessException it ended in. Raises Failure if the inputs do not fit."""
    scope = dict(flow.decode(dict(inputs)))
    on = datetime.fromtimestamp(clock.now() / 1_000_000, UTC).date()
    deciding = decide(flow, scope, Context(plan.workspace, environment, "call", "call", on))
    answer: Answer | None = None
    while True:
        try:
            request = deciding.send(answer)  # type: ignore[arg-type]
        except StopIteration as stop:
            result = stop.value
            break
        if isinstance(request, LinkRequest):
            answer = LinkAnswer(store.find_link(request.connection, request.link, request.id))
        elif isinstance(request, ReadRequest):
            try:
                answer = ReadAnswer(await connectors[request.connection].read(request.operation, request.content))
            except Failure as failure:
                answer = Refused(failure.error_class, failure.message, failure.detail)
        else:
            raise Defect(f"flow {flow.id} asked for {type(request).__name__} though it was compiled as harmless")
    if isinstance(result, Excepted):
        exception: BusinessException = result.exceptions[0]
        return exception
    assert isinstance(result, Completed)
    return result.output
