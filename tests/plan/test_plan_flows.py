"""Scopes of steps, controls on every path, versions by business date, calls in order."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_workspace import codes_at, compile_at, copy_base, plan_at, replace_in

from engine.plan import model

HEAD = """spec: flow/v1
id: booked
version: "1.0.0"
owner: accounting
summary: A bill is booked in the ledger.
trigger:
  event: bill.issued@1
steps:
"""
ENTRY = """  - id: entry
    map: {mapping: entry@1, input: {bill: =event.data}}
"""
CHECK = """  - id: checked
    check: {policy: controls@1, input: {entry: =steps.entry}}
"""
POST = """  - id: posted
    post:
      connection: ledger
      operation: document.create
      identity: {object: =event.data.id, revision: =event.data.revision, purpose: entry}
      input: =steps.entry
"""


def nested(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.splitlines())


def conditional(step: str, when: str) -> str:
    first, rest = step.split("\n", 1)
    return f"{first}\n    when: {when}\n{rest}"


def branch(case: str, otherwise: str) -> str:
    return (
        "  - id: choice\n    branch:\n      cases:\n        - id: large\n"
        "          when: =event.data.total > money(`100`, 'USD')\n"
        f"          steps:{' []' if not case else chr(10) + nested(case, 10).rstrip()}\n"
        f"      otherwise:\n        steps:{' []' if not otherwise else chr(10) + nested(otherwise, 8).rstrip()}\n"
    )


def flow_codes(root: Path, steps: str) -> list[str]:
    copy_base(root)
    (root / "mappings" / "booked.flow.yaml").write_text(HEAD + steps, "utf-8")
    return codes_at(root)


EACH = """  - id: lines
    each:
      over: =event.data.lines || `[]`
      as: line
      key: =line.id
      steps:
"""
SMALL = "=event.data.total < money(`5`, 'USD')"
FAIL = """  - id: stop
    fail:
      complaint: {reason: stop, message: No., action: None., owner: accounting}
"""


@pytest.mark.parametrize(
    ("steps", "certain"),
    [
        (ENTRY + CHECK + POST, True),
        (ENTRY + POST + CHECK, False),
        (ENTRY + POST, False),
        (ENTRY + conditional(CHECK, SMALL) + POST, False),
        (ENTRY + conditional(CHECK, SMALL) + conditional(POST, SMALL), True),
        (ENTRY + conditional(CHECK, SMALL) + conditional(POST, "=event.data.id == 'x'"), False),
        (ENTRY + branch(CHECK, "") + POST, False),
        (ENTRY + branch(CHECK, CHECK.replace("checked", "other")) + POST, True),
        (ENTRY + branch(CHECK, FAIL) + POST, True),
        (ENTRY + branch(CHECK + POST, ""), True),
        (ENTRY + branch(CHECK, POST), False),
        (ENTRY + FAIL + POST, True),
        (ENTRY + conditional(FAIL, SMALL) + POST, False),
        (ENTRY + CHECK + branch(POST, POST.replace("posted", "later")), True),
        (ENTRY + POST.replace("document.create", "document.annotate"), True),
    ],
)
def test_the_controls_must_come_first_on_every_path(tmp_path: Path, steps: str, certain: bool) -> None:
    assert flow_codes(tmp_path, steps) == ([] if certain else ["FLOW005"])


def test_a_check_inside_each_speaks_for_its_own_element_only(tmp_path: Path) -> None:
    inner = POST.replace("=event.data.id", "=line.id")
    assert flow_codes(tmp_path, ENTRY + EACH + nested(CHECK + inner, 6)) == []
    assert flow_codes(tmp_path, ENTRY + EACH + nested(CHECK, 6) + POST) == ["FLOW005"]


def test_a_policy_without_the_mark_is_no_control(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(tmp_path, "controls.policy.yaml", ("posting_controls: true\n", ""))
    assert codes_at(tmp_path) == ["FLOW005"]


@pytest.mark.parametrize(
    ("steps", "codes"),
    [
        # A step is not visible before itself, and null where it may have been left out.
        (CHECK + ENTRY, ["EXPR010"]),
        (conditional(ENTRY, SMALL) + CHECK, ["TYPE001"]),
        (conditional(ENTRY, SMALL) + conditional(CHECK, SMALL), []),
        (conditional(ENTRY, SMALL) + conditional(CHECK, "=steps.entry != `null`"), []),
        (branch(ENTRY, "") + CHECK, ["TYPE001"]),
        (branch(ENTRY + CHECK, ""), []),
        # What a condition tested is known in its step, and what a failure excluded is known behind it.
        (
            ENTRY + CHECK + POST.replace("=event.data.id,", "=event.data.order,"),
            ["TYPE001"],
        ),
        (
            ENTRY
            + CHECK
            + conditional(POST.replace("=event.data.id,", "=event.data.order,"), "=event.data.order != `null`"),
            [],
        ),
        (
            ENTRY
            + CHECK
            + conditional(FAIL, "=event.data.order == `null`")
            + POST.replace("=event.data.id,", "=event.data.order,"),
            [],
        ),
        # Rows do not arrive; links need a connection and the key id.
        (
            "  - id: row\n    lookup: {table: accounts, key: {customer: =event.data.customer}, missing: hold}\n",
            ["FLOW009"],
        ),
        ("  - id: row\n    lookup: {table: accounts, key: {customer: =event.data.customer}}\n", []),
        ("  - id: row\n    lookup: {table: accounts, key: {customers: =event.data.customer}}\n", ["MAP105", "MAP105"]),
        ("  - id: row\n    lookup: {table: acounts, key: {customer: =event.data.customer}}\n", ["MAP104"]),
        ("  - id: link\n    lookup: {link: bill, key: {id: =event.subject}}\n", ["FLOW009"]),
        ("  - id: link\n    lookup: {link: bill, connection: ledger, key: {bill: =event.subject}}\n", ["FLOW009"]),
        ("  - id: wait\n    wait: {event: bill.issued@1}\n", ["FLOW011"]),
        ("  - id: wait\n    wait: {until: =event.time, timeout: P1D}\n", ["FLOW011"]),
        ("  - id: wait\n    wait: {until: =event.data.due}\n", ["TYPE002"]),
        (
            "  - id: sums\n    calculate:\n      {subject: sums, mode: calculate, owner: billing,"
            "\n      figures: =event.data.total}\n",
            ["FLOW014", "FLOW015"],
        ),
        (
            "  - id: sums\n    calculate: {subject: sums, mode: accept, owner: billing, figures: =event.data.total}\n",
            [],
        ),
        (
            "  - id: sums\n    calculate:\n      {subject: sums, mode: calculate, owner: tieout, by: {pricing: none@1},"
            "\n      input: {}}\n",
            ["FIN002"],
        ),
        (
            EACH.replace("as: line", "as: event").replace("=line.id", "=event.id")
            + nested("  - id: e\n    wait:\n      until: =timestamp(event.id)\n", 6),
            ["FLOW006"],
        ),
    ],
)
def test_steps_are_typed_by_what_stands_before_them(tmp_path: Path, steps: str, codes: list[str]) -> None:
    assert flow_codes(tmp_path, steps) == codes


def test_an_emitted_event_must_fit_its_schema(tmp_path: Path) -> None:
    emit = (
        "  - id: said\n    emit:\n      event: entry@1\n      subject: =event.subject\n"
        "      data: {bill: =event.data.id, acount: x}\n"
    )
    assert flow_codes(tmp_path, emit) == ["MAP001", "MAP001", "MAP002"]


CALLED = """spec: flow/v1
id: NAME
version: "1.0.0"
owner: accounting
summary: Books a bill that is given.
trigger:
  call:
    input:
      bill: {schema: bill.issued@1}
steps:
  - id: entry
    map: {mapping: entry@1, input: {bill: =bill}}
BODY
output: {account: =steps.entry.account}
"""


def call(flow: str, value: str) -> str:
    return f"  - id: inner\n    call: {{flow: {flow}, input: {{bill: {value}}}}}\n"


def write_called(root: Path, name: str, body: str = "") -> None:
    text = CALLED.replace("NAME", name).replace("BODY\n", body)
    (root / "mappings" / f"{name}.flow.yaml").write_text(text, "utf-8")


def test_a_called_flow_is_compiled_first_and_typed(tmp_path: Path) -> None:
    copy_base(tmp_path)
    write_called(tmp_path, "zz_inner")
    steps = (
        call("zz_inner@1", "=event.data")
        + "  - id: row\n    lookup: {table: accounts, key: {customer: =steps.inner.account}}\n"
    )
    (tmp_path / "mappings" / "booked.flow.yaml").write_text(HEAD + steps, "utf-8")
    plan = plan_at(tmp_path)
    (booked,) = plan.flows["booked@1"]
    assert "flow:zz_inner@1.0.0" in booked.bundle
    (inner,) = plan.flows["zz_inner@1"]
    assert (inner.inputs, inner.event, inner.may_change_outside) == (("bill",), None, False)
    step = booked.steps[0]
    assert isinstance(step, model.CallStep)
    assert step.flow(date(2026, 1, 1)) is inner


def test_flows_that_call_each_other_are_refused(tmp_path: Path) -> None:
    copy_base(tmp_path)
    write_called(tmp_path, "one", call("two@1", "=bill"))
    write_called(tmp_path, "two", call("three@1", "=bill"))
    write_called(tmp_path, "three", call("one@1", "=bill"))
    (finding,) = compile_at(tmp_path)[1].sorted
    assert finding.code == "FLOW002"
    assert finding.message == "flows call each other in a circle: one@1 → two@1 → three@1 → one@1"


def test_only_a_callable_flow_is_called(tmp_path: Path) -> None:
    copy_base(tmp_path)
    write_called(tmp_path, "inner", call("booked@1", "=bill"))
    assert codes_at(tmp_path) == ["FLOW012"]


def test_the_controls_of_a_called_flow_count_for_its_caller(tmp_path: Path) -> None:
    copy_base(tmp_path)
    write_called(tmp_path, "inner", "  - id: checked\n    check: {policy: controls@1, input: {entry: =steps.entry}}\n")
    steps = call("inner@1", "=event.data") + ENTRY + POST
    (tmp_path / "mappings" / "booked.flow.yaml").write_text(HEAD + steps, "utf-8")
    assert codes_at(tmp_path) == []


def second_version(root: Path, version: str, first: str, end: str | None = None) -> None:
    text = (root / "mappings" / "booked.flow.yaml").read_text("utf-8")
    until = f'\n  to: "{end}"' if end else ""
    text = text.replace('version: "1.0.0"', f'version: "{version}"').replace(
        'from: "2026-01-01"', f'from: "{first}"{until}'
    )
    (root / "mappings" / f"booked_{version}.flow.yaml").write_text(text, "utf-8")


def test_a_later_version_takes_over_on_its_first_day(tmp_path: Path) -> None:
    copy_base(tmp_path)
    second_version(tmp_path, "1.1.0", "2026-07-01")
    plan = plan_at(tmp_path)
    ((versions),) = plan.by_event["bill.issued@1"]
    chosen = [plan.select(versions, on) for on in (date(2025, 1, 1), date(2026, 6, 30), date(2026, 7, 1))]
    assert [flow and flow.version for flow in chosen] == [None, "1.0.0", "1.1.0"]


@pytest.mark.parametrize(
    ("version", "first", "end", "codes"),
    [
        ("1.1.0", "2026-01-01", None, ["VERS102"]),
        ("1.1.0", "2026-03-01", "2026-02-01", ["VERS101"]),
        ("0.9.0", "2026-07-01", None, ["VERS104"]),
        ("2.0.0", "2026-01-01", None, ["VERS102"]),
        ("2.0.0", "2026-07-01", None, []),
        ("1.1.0", "2025-01-01", "2025-06-01", ["VERS104", "VERS103"]),
    ],
)
def test_versions_that_contradict_each_other_are_refused(
    tmp_path: Path, version: str, first: str, end: str | None, codes: list[str]
) -> None:
    copy_base(tmp_path)
    second_version(tmp_path, version, first, end)
    assert sorted(codes_at(tmp_path)) == sorted(codes)
