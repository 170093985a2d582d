"""One case of the small workspace's flow, written to disk and run."""

from __future__ import annotations

from pathlib import Path

from small_workspace import copy_base, replace_in

from engine.verify.model import CaseResult
from engine.verify.runner import run_tests

GIVEN = """spec: test/v1
id: booked
summary: A bill is booked once.
target:
  flow: booked@1
clock: "2026-02-01T12:00:00Z"
given:
  event:
    type: bill.issued@1
    subject: b1
    data: {id: b1, revision: "1", customer: acme, due: "2026-02-28", total: {amount: "120.00", currency: USD}}
cases:
  - id: case
"""


def nested(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def run_case(root: Path, case: str, *changes: tuple[str, str]) -> CaseResult:
    """The result of one case of the flow, which is changed first."""
    copy_base(root)
    (root / "mappings" / "booked.test.yaml").write_text(GIVEN + nested(case), "utf-8")
    if changes:
        replace_in(root, "booked.flow.yaml", *changes)
    report = run_tests(root, only="booked")
    assert report.diagnostics == (), [str(each) for each in report.diagnostics]
    (result,) = report.results
    return result


def said(result: CaseResult) -> list[str]:
    return [*result.problems, *(f"{each.path}: {each.expected} / {each.actual}" for each in result.differences)]
