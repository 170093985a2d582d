"""The shipped workspace compiles without a finding, and all of its own cases hold."""

from __future__ import annotations

from pathlib import Path

from engine.plan.build import build_plan
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import load_workspace
from engine.verify.runner import run_tests

ROOT = Path(__file__).parents[2]


def test_it_compiles_without_a_finding() -> None:
    findings = Diagnostics()
    plan = build_plan(load_workspace(ROOT), findings)
    assert [f"{each.span.file}:{each.span.line} {each.code} {each.message}" for each in findings.sorted] == []
    assert plan is not None
    assert {flow[-1].id for flow in plan.flows.values()} >= {"invoice_posted", "credit_note_posted", "payment_applied"}


def test_all_cases_hold() -> None:
    report = run_tests(ROOT)
    failed = [f"{each.test}/{each.case}" for each in report.results if each.differences or each.problems]
    assert failed == []
    assert len(report.results) >= 150
