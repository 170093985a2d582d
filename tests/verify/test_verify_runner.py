"""Tests of definitions: the real decision, the outside scripted, nothing sent that a case does not answer."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from booked_case import GIVEN, nested, run_case, said
from small_workspace import copy_base, replace_in

from engine.base.errors import UserError
from engine.verify.model import TestReport
from engine.verify.render import render_human, render_json, render_junit
from engine.verify.runner import run_tests


def test_the_small_workspace_passes(tmp_path: Path) -> None:
    report = run_tests(copy_base(tmp_path))
    assert report.passed
    assert [result.name for result in report.results] == [
        "bill/read", "billed/issued", "billed/draft", "booked/good", "controls/good", "controls/negative",
        "entry/known", "entry/unknown",
    ]  # fmt: skip


def test_a_post_that_the_case_does_not_answer_is_denied_and_says_what_it_would_have_sent(tmp_path: Path) -> None:
    (problem,) = said(run_case(tmp_path, "expect: {outcome: completed}"))
    assert problem.startswith("step `posted` has no reply; it would have sent document.create to ledger: {bill: 'b1'")
    assert "120.00 USD" in problem


def test_differences_are_shown_field_by_field(tmp_path: Path) -> None:
    result = run_case(
        tmp_path,
        "replies: {posted: [{document: {id: d1}}]}\n"
        "expect:\n"
        "  outcome: completed\n"
        "  path: [entry, posted]\n"
        "  sent: {posted: {account: '4100', amount: {amount: '119.00', currency: USD}}}\n"
        "  output: {document: d2}\n"
        "  attempts: {posted: 2}\n",
    )
    assert said(result) == [
        "path: entry, posted / entry, checked, posted",
        "output.document: 'd2' / 'd1'",
        "sent.posted.account: '4100' / '4000'",
        "sent.posted.amount.amount: '119.00' / 120.00",
        "attempts.posted: 2 / 1",
    ]


@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ("posted: [{document: {id: d1}}, {document: {id: d2}}]", "reply 2 of 2 for step `posted` was not used"),
        ("posted: [{document: {id: d1}}]\n  postd: []", "there is no step `postd`: did you mean `posted`?"),
        ("posted: [{document: {number: x}}]", "a document in a reply has at least an `id`, as text"),
        (
            "posted: [{found: {document: {id: d1}}}]",
            "step `posted` was sent: answer with document, rejected, unknown or fault",
        ),
        (
            "posted: [{unknown: x}, {document: {id: d1}}]",
            "step `posted` is looked up: answer with found, absent or unclear",
        ),
        ("posted: [{documents: {id: d1}}]", "a reply of `posted` is one of"),
        ("posted: {document: {id: d1}}", "the replies of `posted` are a list of objects"),
        ("posted: [{rejected: {class: closed}}]", "`rejected` says its `class`, one of"),
    ],
)
def test_a_script_that_does_not_fit_the_run_is_a_failure(tmp_path: Path, replies: str, problem: str) -> None:
    result = run_case(tmp_path, f"replies:\n  {replies}\nexpect: {{outcome: completed}}")
    assert not result.passed
    assert result.problems[0].startswith(problem), result.problems


@pytest.mark.parametrize(
    ("replies", "expect"),
    [
        ("[{unknown: no answer}, {found: {document: {id: d1}}}]", "{outcome: completed, attempts: {posted: 1}}"),
        ("[{unknown: no answer}, {absent: true}, {document: {id: d1}}]", "{outcome: completed, attempts: {posted: 2}}"),
        (
            "[{unknown: x}, {unclear: down}, {absent: true}, {document: {id: d1}}]",
            "{outcome: completed, attempts: {posted: 2}}",
        ),
        (
            "[{rejected: {class: transient, message: busy}}, {document: {id: d1}}]",
            "{outcome: completed, attempts: {posted: 2}}",
        ),
        (
            "[{rejected: {class: period_closed, message: January is closed}}]",
            "{outcome: exception, exception: {class: period_closed, owner: accounting, message_contains: [is closed]}}",
        ),
        (
            "[{unknown: x}, {found: {document: {id: d1}, conflict: other amount}}]",
            "{outcome: exception, exception: {class: conflict}}",
        ),
        ("[{unknown: no answer}]", "{outcome: waiting, attempts: {posted: 1}}"),
        ("[{rejected: {class: auth, message: expired}}]", "{outcome: waiting, attempts: {posted: 1}}"),
    ],
)
def test_effects_are_settled_as_in_production(tmp_path: Path, replies: str, expect: str) -> None:
    assert said(run_case(tmp_path, f"replies: {{posted: {replies}}}\nexpect: {expect}")) == []


def test_retries_end_where_the_budget_ends(tmp_path: Path) -> None:
    busy = "{rejected: {class: transient, message: busy}}"
    result = run_case(
        tmp_path,
        f"replies: {{posted: [{busy}, {busy}]}}\n"
        "expect: {outcome: exception, attempts: {posted: 2}, exception: {class: transient}}",
        ("  - id: posted\n", "  - id: posted\n    retry: {attempts_max: 2}\n"),
    )
    assert said(result) == []


LOOKUP = (
    "  - id: entry\n",
    "  - id: known\n    lookup: {link: customer, connection: ledger, key: {id: =event.data.customer}, missing: hold, "
    "hold_for: P3D}\n  - id: entry\n",
)


@pytest.mark.parametrize(
    ("case", "expect"),
    [
        ("links: [{connection: ledger, link: customer, id: acme, external: '7'}]", "{outcome: completed}"),
        ("", "{outcome: waiting, path: [known], sent: {}}"),
        ("replies: {known: [{value: '7'}], posted: [{document: {id: d1}}]}", "{outcome: completed}"),
        ("replies: {known: [{expired: true}]}", "{outcome: exception, exception: {reason: unknown_customer}}"),
    ],
)
def test_links_are_those_of_the_case(tmp_path: Path, case: str, expect: str) -> None:
    replies = "" if "replies" in case or "waiting" in expect else "replies: {posted: [{document: {id: d1}}]}\n"
    assert said(run_case(tmp_path, f"{case}\n{replies}expect: {expect}\n", LOOKUP)) == []


def test_an_id_that_was_learned_is_known_to_later_steps(tmp_path: Path) -> None:
    result = run_case(
        tmp_path,
        "replies: {posted: [{document: {id: d1}}]}\nexpect: {outcome: completed, output: {document: d1}}",
        (
            "output:\n  document: =steps.posted.document.id",
            "  - id: own\n    lookup: {link: bill, connection: ledger, key: {id: =event.data.id}}\n"
            "output:\n  document: =steps.own.id",
        ),
    )
    assert said(result) == []


WAIT = (
    "  - id: entry\n",
    "  - id: first\n    wait: {event: bill.issued@1, subject: =event.subject, timeout: P1D}\n"
    "  - id: later\n    wait: {until: =event.time}\n  - id: entry\n",
)


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ("seen: [{event: bill.issued@1, subject: b1}]", "completed"),
        ("seen: [{event: bill.issued@1, subject: b2}]", "waiting"),
        ("seen: []", "waiting"),
    ],
)
def test_waits_are_over_when_the_case_says_so(tmp_path: Path, case: str, outcome: str) -> None:
    replies = "replies: {posted: [{document: {id: d1}}]}\n" if outcome == "completed" else ""
    assert said(run_case(tmp_path, f"{case}\n{replies}expect: {{outcome: {outcome}}}", WAIT)) == []


def test_elements_are_answered_by_their_key(tmp_path: Path) -> None:
    copy_base(tmp_path)
    flow = (tmp_path / "mappings" / "booked.flow.yaml").read_text("utf-8")
    head, post = flow.split("  - id: posted\n")
    post = post.split("output:")[0].replace("=event.data.id", "=line.id")
    each = (
        "  - id: lines\n    each:\n      over: =event.data.lines || `[]`\n"
        "      as: line\n      key: =line.id\n      steps:\n"
    )
    inner = "".join(f"      {line}\n" for line in f"  - id: posted\n{post}".splitlines())
    (tmp_path / "mappings" / "booked.flow.yaml").write_text(head + each + inner, "utf-8")
    case = (
        "change:\n  event.data.lines:\n"
        "    - {id: l1, amount: {amount: '1', currency: USD}}\n"
        "    - {id: l2, amount: {amount: '2', currency: USD}}\n"
        "replies:\n  posted[l1]: [{document: {id: d1}}]\n  posted[l2]: [{rejected: {class: data, message: no}}]\n"
        "expect: {outcome: exception, exception: {class: data}}\n"
    )
    (tmp_path / "mappings" / "booked.test.yaml").write_text(GIVEN + nested(case), "utf-8")
    (result,) = run_tests(tmp_path, only="booked").results
    assert said(result) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            "event.data.lines[0].id: x",
            "the change `event.data.lines[0].id` leads nowhere: the input has nothing at `lines`",
        ),
        ("evnt.data.id: x", "the change `evnt.data.id` leads nowhere: the input has nothing at `evnt`"),
        ("event..id: x", "`event..id` is not a path"),
    ],
)
def test_a_change_that_leads_nowhere_is_a_failure(tmp_path: Path, change: str, problem: str) -> None:
    result = run_case(tmp_path, f"change:\n  {change}\nexpect: {{outcome: completed}}")
    assert result.problems[0].startswith(problem)


def test_null_takes_a_field_away(tmp_path: Path) -> None:
    result = run_case(
        tmp_path, "change: {event.data.customer: null}\nexpect: {outcome: exception, exception: {class: schema}}"
    )
    assert said(result) == []


def test_an_event_of_another_type_is_a_failure(tmp_path: Path) -> None:
    result = run_case(tmp_path, "change: {event.type: entry@1}\nexpect: {outcome: completed}")
    assert result.problems == ("the flow is started by bill.issued@1, but the test gives entry@1",)


def test_a_file_outside_the_workspace_is_not_read(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "inside")
    (tmp_path / "secret.json").write_text("{}", "utf-8")
    replace_in(root, "bill.test.yaml", ("message: {id", "message: {file: ../../secret.json}\n  more: {id"))
    (result,) = run_tests(root, only="bill").results
    assert result.problems == ("the file ../../secret.json lies outside the workspace",)


def test_tests_are_chosen_by_name_target_or_file(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    chosen = {
        only: [result.name for result in run_tests(root, only=only).results]
        for only in ("entry", "entry/known", "flow:booked", "flow:booked@1", "billed.test.yaml", "entry/k*")
    }
    assert chosen == {
        "entry": ["entry/known", "entry/unknown"],
        "entry/known": ["entry/known"],
        "flow:booked": ["booked/good"],
        "flow:booked@1": ["booked/good"],
        "billed.test.yaml": ["billed/issued", "billed/draft"],
        "entry/k*": ["entry/known"],
    }
    everything = [result.name for result in run_tests(root).results]
    assert [result.name for result in run_tests(root, only="./mappings/").results] == everything
    with pytest.raises(UserError, match="did you mean entry/known"):
        run_tests(root, only="entry/knwon")
    with pytest.raises(UserError, match="no test is called nothing"):
        run_tests(root, only="nothing")


def failing(tmp_path: Path) -> TestReport:
    root = copy_base(tmp_path)
    replace_in(root, "entry.test.yaml", ('output: {account: "4000"}', 'output: {account: "<4100>"}'))
    return run_tests(root)


def test_results_for_people(tmp_path: Path) -> None:
    lines = render_human(failing(tmp_path)).splitlines()
    assert lines[:3] == [
        "FAILED entry/known  mapping:entry@1 mappings/entry.test.yaml:15",
        "  output.account  expected  '<4100>'",
        "                  was       '4000'   (account 4000 120.00 USD)",
    ]
    assert lines[-1].startswith("1 failed, 7 passed (5 tests, ")


def test_results_as_json(tmp_path: Path) -> None:
    report = json.loads(render_json(failing(tmp_path)))
    assert (report["passed"], report["cases"], report["failed"]) == (False, 8, 1)
    (failed,) = [each for each in report["results"] if not each["passed"]]
    assert failed["differences"] == [
        {
            "path": "output.account",
            "expected": "'<4100>'",
            "actual": "'4000'",
            "about": "account 4000 120.00 USD",
        }
    ]


def test_results_as_junit(tmp_path: Path) -> None:
    suites = ElementTree.fromstring(render_junit(failing(tmp_path)))
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("8", "1", "0")
    (failure,) = suites.iter("failure")
    assert "'<4100>'" in (failure.text or "")


def test_a_workspace_that_does_not_compile_runs_no_test(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "entry.mapping.yaml", ("order: =bill.order", "order: =bill.ordr"))
    report = run_tests(root)
    assert (report.passed, report.results) == (False, ())
    assert [each.code for each in report.diagnostics] == ["EXPR010"]
    assert "bill.ordr" in render_human(report)
    assert ElementTree.fromstring(render_junit(report)).get("errors") == "1"


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        ('entry.amount: "12"', "amount must be money, an amount and a currency, not '12'"),
        ("entry.account: null", "account is missing"),
    ],
)
@pytest.mark.parametrize(
    "expect", ["violations: []", "violations: [not_negative]", "exception: {reason: negative_entry}"]
)
def test_an_input_that_breaks_its_contract_is_named_instead_of_what_it_leads_to(
    tmp_path: Path, change: str, said_of_it: str, expect: str
) -> None:
    root = copy_base(tmp_path)
    file = root / "mappings" / "controls.test.yaml"
    case = f"  - id: broken\n    change:\n      {change}\n    expect:\n      {expect}\n"
    file.write_text(file.read_text("utf-8") + case, "utf-8")
    (result,) = run_tests(root, only="controls/broken").results
    assert result.differences == ()
    (problem,) = result.problems
    assert problem.startswith("the input `entry` does not fit its contract, so nothing was asked of what is tested: ")
    assert said_of_it in problem
    assert problem.endswith("correct `given` or `change`, or expect `exception: {class: schema}`")


def test_a_case_may_expect_that_its_input_breaks_the_contract(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    file = root / "mappings" / "controls.test.yaml"
    case = '  - id: broken\n    change:\n      entry.amount: "12"\n    expect:\n      exception: {class: schema}\n'
    file.write_text(file.read_text("utf-8") + case, "utf-8")
    assert run_tests(root, only="controls/broken").passed
