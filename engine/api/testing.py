"""Tests of definitions: run them, say what they reach, find what they do not notice, draft and record them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine.plan.build import Built
    from engine.plan.model import Plan
    from engine.spec.workspace import LoadedWorkspace
    from engine.verify.coverage.measure import Thresholds
    from engine.verify.model import TestReport
    from engine.verify.mutants.trial import MutantReport, Progress


def run_tests(
    root: Path,
    only: str | None = None,
    *,
    changed_since: str | None = None,
    coverage: Thresholds | None = None,
    seed: int | None = None,
) -> TestReport:
    """Run the tests beside the definitions; with ``changed_since``, those that changes since a revision can affect.

    With ``coverage`` the report says what they reach. Raises UserError if ``only`` chooses nothing, or if what has
    changed cannot be told.
    """
    from engine.verify.runner import run_tests as run

    changed = None
    if changed_since is not None:
        from engine.lint.changed import changed_files

        changed = changed_files(root, changed_since, deleted=True)
    return run(root, only=only, changed=changed, coverage=coverage, seed=seed)


def thresholds(root: Path, overall: int | None = None, per_file: int | None = None) -> Thresholds:
    """The least coverage that is asked for: what is given here before what the workspace file says."""
    from engine.source.diagnostic import Diagnostics
    from engine.source.yaml_reader import read_yaml
    from engine.spec.documents.workspace import Workspace
    from engine.spec.kinds import decode_document
    from engine.spec.workspace import WORKSPACE_FILE
    from engine.verify.coverage.measure import Thresholds

    found = Diagnostics()
    node = read_yaml((root / WORKSPACE_FILE).read_bytes(), WORKSPACE_FILE, found)
    document = None if node is None else decode_document(node, found, "workspace")
    declared = document.coverage if isinstance(document, Workspace) else None
    least = Thresholds() if declared is None else Thresholds(declared.overall, declared.per_file)
    return Thresholds(least.overall if overall is None else overall, least.per_file if per_file is None else per_file)


def find_mutants(
    root: Path, only: str | None = None, *, budget_seconds: float | None = None, seed: int = 0,
    processes: int | None = None, progress: Progress | None = None,
) -> MutantReport:  # fmt: skip
    """Change the definitions line by line, and see which changes no test notices. As many ``processes`` as there are
    processors, if left out. Raises UserError if the workspace does not compile."""
    import os

    from engine.base.clock import SystemClock
    from engine.spec.workspace import load_workspace
    from engine.verify.mutants.trial import try_mutants

    workspace = load_workspace(root)
    built = _built(workspace)
    assert built.plan is not None
    return try_mutants(
        workspace, built.plan, built.library, clock=SystemClock(), only=only, budget_seconds=budget_seconds,
        seed=seed, processes=processes or os.cpu_count() or 1, progress=progress,
    )  # fmt: skip


def draft_test(root: Path, event: bytes, flow: str | None = None, connection: str | None = None) -> str:
    """A test document with a case for an event, for a person to finish: see :mod:`engine.verify.drafting`. With
    ``connection``, for the event that a message of that system becomes. Raises UserError if the workspace does not
    compile, or no flow takes the event."""
    from engine.base.errors import Failure, UserError
    from engine.source.json_reader import parse_json
    from engine.spec.workspace import load_workspace
    from engine.verify.drafting import draft_test as draft

    try:
        content = parse_json(event)
    except Failure as failure:
        raise UserError(f"the event is not JSON: {failure.message}") from failure
    plan = _built(load_workspace(root)).plan
    assert plan is not None
    return draft(plan, content if connection is None else _event_of(plan, connection, content, flow), flow)


def _event_of(plan: Plan, connection: str, message: Any, flow: str | None) -> Any:
    """The event that a vendor's message becomes: the one that ``flow`` takes, or else that any flow takes."""
    import json

    from engine.base.clock import SystemClock
    from engine.base.errors import UserError
    from engine.run.normalise import cloudevent_bytes
    from engine.serve.event_file import find_flow, vendor_events

    events = vendor_events(plan, connection, message, SystemClock().now())
    wanted = {find_flow(plan, flow)[1][-1].event} if flow is not None else set(plan.by_event)
    meant = next((each for each in events if each.type in wanted), None)
    if meant is None:
        made = ", ".join(each.type for each in events) or "no event"
        taken = "no flow is started by that" if flow is None else f"flow {flow} is started by {wanted.pop()}"
        raise UserError(f"the message makes {made}; {taken}")
    return json.loads(cloudevent_bytes(meant))


def record_test(place: Place, run: str) -> str:
    """A test document with a masked case for a run of the store: see :mod:`engine.verify.recording`. Raises UserError
    if there is no store or no such run."""
    from engine.api.review import store_of
    from engine.base.errors import UserError
    from engine.spec.workspace import load_workspace
    from engine.verify.recording import record_run

    built = _built(load_workspace(place.workspace))
    assert built.plan is not None
    with store_of(place) as engine:
        if engine is None:
            raise UserError("there is no store here to take the run from: name one with --store or --state")
        return record_run(engine, run, built.plan, built.library)


def watch_tests(
    root: Path,
    only: str | None,
    show: Callable[[TestReport], None],
    *,
    seed: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Run the tests, and again those that a change can affect, until ``stop`` says so or the process is interrupted."""
    from engine.verify.runner import run_tests as run
    from engine.verify.watching import changes_below, watch

    with changes_below(root, stop) as changes:  # what changes while they run for the first time counts
        watch(lambda changed: run(root, only=only, changed=changed, seed=seed), changes, show)


def _built(workspace: LoadedWorkspace) -> Built:
    """The workspace, compiled. Raises UserError with what was found if it does not compile."""
    from engine.base.errors import UserError
    from engine.plan.build import build

    built = build(workspace)
    if built.plan is None:
        raise UserError("the workspace does not compile", (*workspace.diagnostics.sorted, *built.found.sorted))
    return built


def write_text(file: Path, text: str) -> None:
    """Write a text file, with its folder. Raises UserError if it cannot be written."""
    from engine.base.errors import UserError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error
