"""What lenses run: the tests of a definition, and one step of a flow with the event of a test. Nothing is sent."""

from __future__ import annotations

from typing import Any

from engine.base.clock import as_microseconds
from engine.base.errors import Failure, UserError
from engine.base.identity import json_bytes
from engine.lsp.names import definition_of
from engine.lsp.sample_values import tests_of
from engine.lsp.workbench import View
from engine.plan.model import CanonicalEvent, FlowPlan, Plan
from engine.run.decide import Context
from engine.run.normalise import event_scope
from engine.source.diagnostic import Level
from engine.spec.documents.test import Test, TestCase
from engine.verify.given import read_given, with_changes
from engine.verify.runner import run_cases
from engine.verify.script import Script
from engine.verify.trace import TracedStep, trace_flow

_LENGTH_MAX = 2_000


def run_tests(view: View, only: str) -> dict[str, Any]:
    """Run the tests that a lens names: counts, and in words what is not as expected. Raises UserError."""
    workspace, plan = _compiled(view)
    results = run_cases(workspace, plan, only)
    if not results:
        raise UserError(f"no test is called {only}, and none tests it")
    failed = [each for each in results if each.differences or each.problems]
    lines = []
    for each in failed:
        lines.append(f"{each.name} ({each.file}:{each.line})")
        lines += [f"  {problem}" for problem in each.problems]
        lines += [f"  {one.path}: expected {one.expected}, got {one.actual}" for one in each.differences]
    passed = len(results) - len(failed)
    message = f"{passed} passed" if not failed else f"{len(failed)} failed, {passed} passed"
    return {"passed": passed, "failed": len(failed), "message": message, "detail": "\n".join(lines)}


def preview_step(view: View, step: str) -> dict[str, Any]:
    """What a step of a flow is given and makes of the event of its first test that reaches it. Raises UserError."""
    workspace, plan = _compiled(view)
    definition = definition_of(view.document)
    if definition is None or not plan.flows.get(definition.name):
        raise UserError("there is no such flow")
    flow = plan.flows[definition.name][-1]
    stopped = ""
    for test in tests_of(view, "flow", view.document.file):
        for case in test.cases:
            try:
                found, why = _traced(plan, flow, test, case, step, view)
            except Failure as failure:
                raise UserError(f"{test.id}/{case.id}: {failure.message}") from failure
            if found is not None:
                return _shown(found, f"{test.id}/{case.id}")
            stopped = stopped or why
    del workspace
    raise UserError(f"no test of {definition.name} reaches the step {step}{f': {stopped}' if stopped else ''}")


def _compiled(view: View) -> tuple[Any, Plan]:
    bench = view.bench
    if bench.plan is None or bench.workspace is None:
        errors = [each for each in (bench.report.diagnostics if bench.report else ()) if each.level is Level.ERROR]
        first = f": {errors[0].span} {errors[0].message}" if errors else ""
        raise UserError(f"nothing runs before the workspace is free of errors{first}")
    return bench.workspace, bench.plan


def _traced(
    plan: Plan, flow: FlowPlan, test: Test, case: TestCase, step: str, view: View
) -> tuple[TracedStep | None, str]:
    given = with_changes(read_given(test, view.bench.root), case)
    event = _event(flow, given, test.clock)
    scope = event_scope(event) if event is not None else flow.decode(given)
    on = flow.business_date(scope) if event is not None else flow.business_date({"event": {"time": None}})
    context = Context(plan.workspace, "test", "preview", "preview", on)
    trace = trace_flow(plan, flow, scope, context, Script(case))
    reached = [each for each in trace.steps if each.path.rpartition("/")[2].partition("[")[0] == step]
    done = next((each for each in reached if each.state == "done"), None)
    why = trace.problem or next((each.message for each in trace.exceptions), "")
    return done or next((each for each in reached if each.state == "stopped" and each.input is not None), None), why


def _event(flow: FlowPlan, given: dict[str, Any], clock: str) -> CanonicalEvent | None:
    raw = given.get("event")
    if flow.event is None or not isinstance(raw, dict):
        return None
    subject = str(raw.get("subject", "subject"))
    return CanonicalEvent(
        str(raw.get("id", "preview")),
        str(raw.get("source", "preview")),
        flow.event,
        as_microseconds(str(raw.get("time", clock))),
        subject,
        str(raw.get("partitionkey", subject)),
        flow.decode(raw.get("data")),
    )


def _shown(step: TracedStep, case: str) -> dict[str, Any]:
    output = json_bytes(step.output).decode()
    short = output if len(output) <= _LENGTH_MAX else output[: _LENGTH_MAX - 1] + "…"
    message = f"{step.path} with {case}: {step.state}"
    detail = f"output ({step.type}): {short}"
    return {"step": step.path, "case": case, "state": step.state, "input": step.input, "output": step.output,
            "message": message, "detail": detail}  # fmt: skip
