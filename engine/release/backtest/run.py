"""Runs a backtest: compiles both sides once, sends every recorded event through both, and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from engine.base.errors import UserError
from engine.plan.model import FlowPlan, Plan
from engine.release.backtest.collecting import Collector
from engine.release.backtest.comparing import EventDifference, Verdict, compare
from engine.release.backtest.outside import Memory, NoMemory, StoreMemory
from engine.release.backtest.recorded import Recording, Wanted, read_events
from engine.release.backtest.report import BacktestReport
from engine.release.backtest.side import Side
from engine.release.backtest.stand_in import StandIns
from engine.release.revisions import Revision, opened, working
from engine.spec.nearest import suggestion

#: Called with how many events are done, and how many there are.
Progress = Callable[[int, int], None]
#: Called with every event that comes out differently.
Each = Callable[[EventDifference], None]


def backtest(
    root: Path,
    flow: str,
    against: str,
    events: str,
    *,
    environment: str = "development",
    engine: sa.Engine | None = None,
    connection: str | None = None,
    progress: Progress | None = None,
    asked: str | None = None,
    each: Each | None = None,
) -> BacktestReport:
    """Compare what ``flow`` makes of recorded events under the workspace at ``root`` and as of ``against``.

    ``events`` is as :func:`read_events` takes it; ``engine`` is a store's, for its inbox and recorded replies.
    Of any number of events the report holds the sums, and in full those that it shows; ``asked`` names one that it
    must hold, and ``each`` is called with every event that differs. Nothing is sent and nothing is stored. Raises
    UserError.
    """
    new = working(root)
    with opened(root, against, engine) as old:
        return compare_revisions(
            old, new, flow, events, environment=environment, engine=engine, connection=connection, progress=progress,
            asked=asked, each=each,
        )  # fmt: skip


def compare_revisions(
    old: Revision,
    new: Revision,
    flow: str,
    events: str,
    *,
    environment: str,
    engine: sa.Engine | None = None,
    connection: str | None = None,
    progress: Progress | None = None,
    asked: str | None = None,
    each: Each | None = None,
) -> BacktestReport:
    """The same for two revisions that are open already."""
    _refuse_unknown(flow, (old, new))
    plans = old.compile(), new.compile()
    references = find_references(plans, flow)
    id_ = next(name.partition("@")[0] for name in references if name is not None)
    wanted = _wanted(id_, (old, new), plans, references)
    recording = read_events(events, wanted, plans[1].connections, connection, engine)
    memory: Memory = NoMemory() if engine is None else StoreMemory(engine)
    sides = tuple(
        Side(plan, reference, StandIns(plan, revision.workspace.schemas), memory, environment)
        for plan, reference, revision in zip(plans, references, (old, new), strict=True)
    )
    collector = Collector(asked)
    for difference in _compared(recording, sides, memory, progress):
        collector.add(difference)
        if each is not None and difference.verdict not in (Verdict.IDENTICAL, Verdict.NOTHING):
            each(difference)
    made_up: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for side in sides:  # both sides ask the same, mostly: the larger count is how many were needed
        made_up |= side.made_up
        answered |= side.recorded
    return collector.report(id_, old.label, new.label, events, made_up, answered, _notes(references, plans))


def _refuse_unknown(flow: str, revisions: tuple[Revision, Revision]) -> None:
    """Raise UserError for a flow that neither side has, before anything is compiled."""
    workspaces = [revision.workspace for revision in revisions]
    if any(kind == "flow" for workspace in workspaces for kind, _ in workspace.unread):
        return  # it may be one of those that cannot be read, which compiling says
    known = sorted({each.id for workspace in workspaces for each in workspace.flows})
    if flow.partition("@")[0] not in known:
        raise UserError(f"there is no flow {flow!r}: {suggestion(flow, known, what='flows are')}")


def find_references(plans: tuple[Plan, Plan], flow: str) -> tuple[str | None, str | None]:
    """The flow on either side, as ``id@MAJOR``; None where that side does not have it. Raises UserError."""
    found = tuple(_reference(plan, flow) for plan in plans)
    if found == (None, None):
        known = sorted({each.partition("@")[0] for plan in plans for each in plan.flows})
        raise UserError(f"there is no flow {flow!r}: {suggestion(flow, known, what='flows are')}")
    return found[0], found[1]


def _reference(plan: Plan, flow: str) -> str | None:
    if flow in plan.flows:
        return flow
    majors = [each for each in plan.flows if each.partition("@")[0] == flow]
    return max(majors, key=lambda each: int(each.partition("@")[2]), default=None)


def _wanted(
    id_: str, revisions: tuple[Revision, Revision], plans: tuple[Plan, Plan], references: tuple[str | None, str | None]
) -> Wanted:
    flows = [
        flow
        for plan, reference in zip(plans, references, strict=True)
        if reference is not None
        for flow in plan.flows[reference]
    ]
    events = frozenset(flow.event for flow in flows if flow.event is not None)
    messages = frozenset(
        (source.connection.text, message)
        for revision in revisions
        for source in revision.workspace.sources
        if any(str(emission.event) in events for case in source.cases for emission in case.emit)
        for message in source.messages
    )
    called = frozenset(each for each in references if each is not None) if any(map(_is_called, flows)) else frozenset()
    folders = frozenset(flow.folder[0] for flow in flows if flow.folder is not None)
    return Wanted(id_, events, messages, called, any(flow.schedule is not None for flow in flows), folders)


def _is_called(flow: FlowPlan) -> bool:
    return flow.event is None and flow.schedule is None and flow.folder is None


def _compared(
    recording: Recording, sides: tuple[Side, ...], memory: Memory, progress: Progress | None
) -> Iterator[EventDifference]:
    old, new = sides
    done = 0
    for page in recording.pages:
        memory.about([message.arrival.id for message in page])
        for message in page:
            before, after = old.outcomes(message), new.outcomes(message)
            for event in dict.fromkeys((*before, *after)):
                yield compare(event, message.origin, before.get(event), after.get(event))
            done += 1
            if progress is not None:
                progress(done, max(done, recording.total))


def _notes(references: tuple[str | None, str | None], plans: tuple[Plan, Plan]) -> list[str]:
    notes = []
    if references[0] is None:
        notes.append("The old definitions do not have this flow: everything it does is new.")
    elif references[1] is None:
        notes.append("The new definitions do not have this flow any more.")
    elif references[0] != references[1]:
        notes.append(f"The old side is {references[0]}, the new side {references[1]}.")
    elif plans[0].flows[references[0]] == plans[1].flows[references[1]] or _same(plans, references[0]):
        notes.append("The flow and everything that it refers to are the same on both sides.")
    return notes


def _same(plans: tuple[Plan, Plan], reference: str) -> bool:
    old, new = ([flow.digest for flow in plan.flows[reference]] for plan in plans)
    return old == new
