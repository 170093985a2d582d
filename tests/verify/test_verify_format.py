"""What cases can say: faults, waits, postings, tables, changes to lists; and mistakes in a case, told in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from booked_case import run_case, said
from small_workspace import copy_base, replace_in

from engine.verify.runner import run_tests

DOCUMENT = "document: {id: d1}"


@pytest.mark.parametrize(
    ("replies", "expect"),
    [
        (f"[{{fault: timeout_after_commit, {DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 1}}"),
        (f"[{{fault: lost_reply, {DOCUMENT}}}]", "{output: {document: d1}, attempts: {posted: 1}}"),
        (f"[{{fault: unreadable_reply, {DOCUMENT}}}]", "{outcome: completed}"),
        (f"[{{fault: timeout_before_commit}}, {{{DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 2}}"),
        (
            f"[{{fault: connection_refused}}, {{{DOCUMENT}}}]",
            "{outcome: completed, attempts: {posted: 2}, waits: {posted: {at_most: PT2S}}}",
        ),
        (f"[{{fault: duplicate, {DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 1}}"),
        (
            f"[{{fault: rate_limited, retry_after: PT45S}}, {{{DOCUMENT}}}]",
            "{attempts: {posted: 2}, waits: {posted: {at_least: PT45S, at_most: PT45S}}}",
        ),
        (f"[{{fault: '429'}}, {{{DOCUMENT}}}]", "{attempts: {posted: 2}}"),
        (f"[{{fault: server_error}}, {{{DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 2}}"),
        (f"[{{fault: server_error, {DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 1}}"),
        ("[{fault: '422', message: no such account}]", "{outcome: exception, exception: {class: data, at: posted}}"),
        (f"[{{fault: slow, after: PT5S, {DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 1}}"),
        (f"[{{fault: slow, after: PT10M, {DOCUMENT}}}]", "{outcome: completed, attempts: {posted: 1}}"),
    ],
)
def test_faults_lead_through_the_engines_own_retries_and_look_ups(tmp_path: Path, replies: str, expect: str) -> None:
    assert said(run_case(tmp_path, f"replies: {{posted: {replies}}}\nexpect: {expect}")) == []


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("{fault: timeout_after_comit}", "`posted` cannot have the fault `timeout_after_comit`: did you mean"),
        ("{fault: lost_reply}", "the fault `lost_reply` of `posted` needs the `document` that was made"),
        ("{fault: connection_refused, document: {id: d1}}", "after the fault `connection_refused` of `posted` there"),
        ("{fault: slow, document: {id: d1}}", "the fault `slow` of `posted` says `after` how long"),
        ("{fault: rate_limited, retry_after: soon}", "`retry_after: soon` is not a duration such as PT30S"),
        ("{fault: '429', tries: 2}", "a fault of `posted` has no `tries`"),
    ],
)
def test_a_fault_that_says_too_little_or_too_much_is_refused(tmp_path: Path, reply: str, problem: str) -> None:
    result = run_case(tmp_path, f"replies: {{posted: [{reply}]}}\nexpect: {{outcome: completed}}")
    assert result.problems[0].startswith(problem)


def test_a_reply_that_the_operation_cannot_give_is_told_with_its_place(tmp_path: Path) -> None:
    result = run_case(
        tmp_path,
        "replies:\n  posted:\n    - document: {id: d1}\n      fields: {colour: red}\nexpect: {outcome: completed}",
    )
    (problem,) = result.problems
    assert problem.startswith("reply 1 of step `posted` has the field `colour`, which document.create of ledger does")
    assert problem.endswith("(mappings/booked.test.yaml:16)")


@pytest.mark.parametrize(
    "expect",
    [
        "{not_visited: [postd]}",
        "{attempts: {postd: 0}}",
        "{waits: {postd: {at_most: PT1S}}}",
        "{sent_exactly: {postd: {}}}",
        "{exception: {at: postd}}",
    ],
)
def test_an_expectation_about_a_step_that_does_not_exist_fails(tmp_path: Path, expect: str) -> None:
    result = run_case(tmp_path, f"replies: {{posted: [{{{DOCUMENT}}}]}}\nexpect: {expect}")
    assert result.problems == ("there is no step `postd`: did you mean `posted`?",)


def test_a_case_that_expects_nothing_fails_until_somebody_says_what_must_come_out(tmp_path: Path) -> None:
    result = run_case(tmp_path, f"replies: {{posted: [{{{DOCUMENT}}}]}}\nexpect: {{}}")
    assert result.problems == ("the case expects nothing yet: write under `expect` what must come out",)


def test_steps_that_ran_and_fields_that_were_sent_besides_are_differences(tmp_path: Path) -> None:
    result = run_case(
        tmp_path,
        f"replies: {{posted: [{{{DOCUMENT}}}]}}\n"
        "expect:\n"
        "  not_visited: [checked]\n"
        "  sent_exactly: {posted: {bill: b1, amount: {amount: '120.00', currency: USD}}}\n",
    )
    assert said(result) == [
        "not_visited: checked does not run / it ran",
        "sent_exactly.posted.account: nothing / '4000'",
    ]


def test_money_that_is_off_says_how_much_and_on_which_account(tmp_path: Path) -> None:
    result = run_case(
        tmp_path,
        f"replies: {{posted: [{{{DOCUMENT}}}]}}\n"
        "expect: {sent: {posted: {account: '4000', amount: {amount: '119.99', currency: USD}}}}",
    )
    (difference,) = result.differences
    assert difference.about == "0.01 USD too much"


def test_where_an_exception_came_from_and_what_is_at_risk_can_be_expected(tmp_path: Path) -> None:
    negative = 'change:\n  event.data.total: {amount: "-1.00", currency: USD}\n'
    right = "{outcome: exception, exception: {at: checked, amount: {amount: '-1', currency: USD}}}"
    assert said(run_case(tmp_path / "a", f"{negative}expect: {right}")) == []
    unknown = "change: {event.data.customer: nobody}\nexpect: {outcome: exception, exception: {at: entry}}"
    assert said(run_case(tmp_path / "c", unknown)) == []
    wrong = "{outcome: exception, exception: {at: entry, amount: {amount: '-2.00', currency: USD}}}"
    assert said(run_case(tmp_path / "b", f"{negative}expect: {wrong}")) == [
        "exception.at: entry / checked:controls",
        "exception.amount.amount: '-2.00' / -1.00",
    ]


def entry_cases(root: Path, cases: str) -> list[str]:
    """The results of cases of the mapping, as lines."""
    copy_base(root)
    file = root / "mappings" / "entry.test.yaml"
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("cases:")] + "cases:\n" + cases, "utf-8")
    report = run_tests(root, only="entry")
    assert report.diagnostics == (), [str(each) for each in report.diagnostics]
    return [f"{result.case}: {'; '.join(said(result)) or 'passed'}" for result in report.results]


def test_a_table_is_one_case_per_row(tmp_path: Path) -> None:
    assert entry_cases(
        tmp_path,
        """  - id: accounts
    table:
      columns: [change.bill.customer, expect.output.account, expect.exception.reason, expect.outcome]
      rows:
        acme: [acme, "4000", null, null]
        wrong: [acme, "4001", null, null]
        nobody: [nobody, null, unknown_customer, exception]
    expect:
      output: {bill: b1}
""",
    ) == [
        "accounts[acme]: passed",
        "accounts[wrong]: output.account: '4001' / '4000'",
        "accounts[nobody]: output: {bill: 'b1'} / null",
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("columns: [bill.customer]\n      rows: {a: [x]}", "the column `bill.customer` says nothing"),
        ("columns: [expect.outptu.x]\n      rows: {a: [x]}", "nothing called `outptu` can be expected: did you mean"),
        ("columns: [change.bill.id]\n      rows: {a: [x, y]}", "the row `a` has 2 cells for 1 columns"),
        ("columns: [change.bill.id]\n      rows: {a: x}", "the row `a` is not a list of cells"),
        ("columns: [expect.attempts]\n      rows: {a: [x]}", "the row `a` cannot be read: `attempts` must be"),
    ],
)
def test_a_table_that_cannot_be_read_says_which_column_or_row(tmp_path: Path, table: str, problem: str) -> None:
    (line,) = entry_cases(tmp_path, f"  - id: t\n    table:\n      {table}\n    expect: {{outcome: completed}}\n")
    assert problem in line


def test_lists_are_shortened_and_lengthened_by_path(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(
        tmp_path, "entry.mapping.yaml", ("  order: =bill.order", "  order: =to_string(length(bill.lines || `[]`))")
    )
    lines = "{id: l1, amount: {amount: '1.00', currency: USD}}"
    file = tmp_path / "mappings" / "entry.test.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text[: text.index("cases:")].replace("    customer: acme", f"    customer: acme\n    lines: [{lines}]")
        + f"""cases:
  - id: two
    append: {{bill.lines: {lines}}}
    expect: {{output: {{order: "2"}}}}
  - id: none
    remove: ["bill.lines[0]"]
    expect: {{output: {{order: "0"}}}}
  - id: gone
    remove: [bill.lines]
    expect: {{output: {{order: "0"}}}}
  - id: nowhere
    remove: ["bill.lines[3]"]
    expect: {{outcome: completed}}
  - id: no_list
    append: {{bill.id: x}}
    expect: {{outcome: completed}}
  - id: clock
    clock: soon
    expect: {{outcome: completed}}
""",
        "utf-8",
    )
    report = run_tests(tmp_path, only="entry")
    assert [result.passed for result in report.results] == [True, True, True, False, False, False]
    assert [result.problems[0] for result in report.failures] == [
        "the removal `bill.lines[3]` leads nowhere: the input has nothing at `3`",
        "the addition `bill.id` needs a list, and there is none",
        "`clock: soon` is not a time with its zone, such as 2026-01-31T12:00:00Z",
    ]
