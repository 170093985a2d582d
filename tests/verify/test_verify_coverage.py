"""What tests reach: points of every kind, thresholds, and the formats that other systems read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from booked_case import GIVEN, nested
from small_workspace import copy_base, replace_in

from engine.api import run_tests, thresholds
from engine.verify.coverage import formats
from engine.verify.coverage.measure import Coverage, Thresholds
from engine.verify.coverage.points import PointKind

BRANCH = (
    "  - id: entry\n",
    """  - id: known
    lookup: {link: customer, connection: ledger, key: {id: =event.data.customer}, missing: null_value}
  - id: late
    when: =event.data.id == 'late'
    branch:
      cases:
        - id: big
          when: =event.data.total > money('100', 'USD')
          steps: []
      otherwise: {steps: []}
  - id: entry
""",
)


def coverage_of(root: Path, cases: str = "", least: Thresholds = Thresholds()) -> Coverage:  # noqa: B008
    """The coverage of the small workspace, whose flow has a branch, with these further cases of the flow."""
    copy_base(root)
    replace_in(root, "booked.flow.yaml", BRANCH)
    (root / "mappings" / "booked.test.yaml").write_text(
        GIVEN + nested("replies: {posted: [{document: {id: d1}}]}\nexpect: {outcome: completed}") + cases, "utf-8"
    )
    report = run_tests(root, coverage=least)
    assert report.diagnostics == () and not report.failures, report.failures
    assert report.coverage is not None
    return report.coverage


def missed(coverage: Coverage) -> list[str]:
    return [f"{point.kind} {point.name}" for each in coverage.files for point in each.missed]


def test_steps_cases_rules_fields_and_clauses_that_no_case_reaches_are_told(tmp_path: Path) -> None:
    coverage = coverage_of(tmp_path)
    assert missed(coverage) == ["target order", "case late:big", "case late:otherwise", "step late", "target order"]
    assert coverage.by_kind()[PointKind.RULE] == (1, 1)
    assert coverage.by_kind()[PointKind.CLAUSE] == (1, 1)


def test_what_a_further_case_reaches_is_told_no_more(tmp_path: Path) -> None:
    late = """  - id: late
    change: {event.data.id: late}
    replies: {posted: [{document: {id: d1}}]}
    expect: {path: [known, "late:big", entry, checked, posted]}
"""
    assert missed(coverage_of(tmp_path, late)) == ["target order", "case late:otherwise", "target order"]


def test_a_step_that_waits_has_not_failed(tmp_path: Path) -> None:
    copy_base(tmp_path)
    approve = "  - id: allowed\n    approve: {group: controllers, message: Book it?}\n  - id: entry\n"
    replace_in(tmp_path, "booked.flow.yaml", ("  - id: entry\n", approve))
    waits = nested("expect: {outcome: waiting, path: [allowed]}")
    (tmp_path / "mappings" / "booked.test.yaml").write_text(GIVEN + waits, "utf-8")
    report = run_tests(tmp_path, coverage=Thresholds())
    assert report.coverage is not None and not report.failures
    assert "clause allowed.not_approved" in missed(report.coverage)
    refused = GIVEN + nested("replies: {allowed: [{refused: eve}]}\nexpect: {outcome: exception}")
    (tmp_path / "mappings" / "booked.test.yaml").write_text(refused, "utf-8")
    report = run_tests(tmp_path, coverage=Thresholds())
    assert report.coverage is not None and not report.failures
    assert "clause allowed.not_approved" not in missed(report.coverage)


def test_fields_of_lists_are_reached_where_an_element_is_made(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(
        tmp_path,
        "bill.mapping.yaml",
        ("fields:\n", "lists:\n  lines:\n    over: '=[`1`][?@ == `2`]'\n    as: line\n    fields:\n      id: x\n"
         "      amount: =money(number(message.total), 'USD')\nfields:\n  lines: =lists.lines\n"),
    )  # fmt: skip
    report = run_tests(tmp_path, coverage=Thresholds())
    assert report.coverage is not None
    assert [each for each in missed(report.coverage) if "lines" in each] == [
        "target lines[].id",
        "target lines[].amount",
    ]


@pytest.mark.parametrize(
    ("least", "said"),
    [
        (Thresholds(overall=70), []),
        (Thresholds(overall=99), ["of the definitions are reached, less than 99 %"]),
        (Thresholds(per_file=80), ["of mappings/booked.flow.yaml is reached, less than 80 %",
                                   "of mappings/entry.mapping.yaml is reached, less than 80 %"]),
    ],
)  # fmt: skip
def test_thresholds_fail_the_run_overall_and_per_file(tmp_path: Path, least: Thresholds, said: list[str]) -> None:
    coverage = coverage_of(tmp_path, least=least)
    assert [each.partition(" % ")[2] for each in coverage.shortfalls()] == said
    assert coverage.passed == (not said)
    assert all(each in formats.human(coverage) for each in said)


def test_the_workspace_file_states_thresholds_and_the_command_line_wins(tmp_path: Path) -> None:
    file = copy_base(tmp_path) / "tieout.yaml"
    assert thresholds(tmp_path) == Thresholds()
    file.write_text(file.read_text("utf-8") + "coverage: {overall: 90, per_file: 50}\n", "utf-8")
    assert thresholds(tmp_path) == Thresholds(90, 50)
    assert thresholds(tmp_path, 10, 0) == Thresholds(10, 0)


def test_cobertura_has_lines_and_conditions_of_the_yaml_files(tmp_path: Path) -> None:
    root = ElementTree.fromstring(formats.cobertura(coverage_of(tmp_path)))
    (flow,) = [each for each in root.iter("class") if each.get("filename") == "mappings/booked.flow.yaml"]
    lines = {int(str(line.get("number"))): line for line in flow.iter("line")}
    text = (tmp_path / "mappings" / "booked.flow.yaml").read_text("utf-8").splitlines()
    late = next(number for number, line in enumerate(text, 1) if line == "  - id: late")
    assert (lines[late].get("hits"), lines[late].get("condition-coverage")) == ("0", "33% (1/3)")
    assert {line.get("hits") for number, line in lines.items() if number > late} == {"1"}
    assert 0 < float(str(root.get("line-rate"))) < 1


def test_lcov_and_json_say_the_same_lines(tmp_path: Path) -> None:
    coverage = coverage_of(tmp_path)
    lcov = formats.lcov(coverage)
    record = next(part for part in lcov.split("end_of_record\n") if "SF:mappings/booked.flow.yaml" in part)
    shown = json.loads(formats.json(coverage))
    (flow,) = [each for each in shown["files"] if each["file"] == "mappings/booked.flow.yaml"]
    lines = {point["line"] for point in flow["points"]}
    assert f"LF:{len(lines)}" in record
    assert all(f"\nDA:{line}," in record for line in lines)
    assert shown["reached"] == coverage.reached < shown["points"]


#: What the public description of Cobertura's form asks for: by element its children in order and its attributes.
COBERTURA: dict[str, tuple[list[str], set[str]]] = {
    "coverage": (["sources", "packages"], {"line-rate", "branch-rate", "lines-covered", "lines-valid",
                                           "branches-covered", "branches-valid", "complexity", "version", "timestamp"}),
    "package": (["classes"], {"name", "line-rate", "branch-rate", "complexity"}),
    "class": (["methods", "lines"], {"name", "filename", "line-rate", "branch-rate", "complexity"}),
    "line": ([], {"number", "hits"}),
}  # fmt: skip


def test_cobertura_has_the_elements_and_attributes_of_its_public_description(tmp_path: Path) -> None:
    text = formats.cobertura(coverage_of(tmp_path))
    assert text.splitlines()[1] == formats.DOCTYPE
    root = ElementTree.fromstring(text)
    seen = set()
    for each in root.iter():
        if each.tag in COBERTURA:
            seen.add(each.tag)
            children, attributes = COBERTURA[each.tag]
            assert [child.tag for child in each] == children
            assert attributes <= set(each.keys()) <= attributes | {"branch", "condition-coverage"}
    assert seen == set(COBERTURA)
    assert all(not str(each.get("filename")).startswith("/") for each in root.iter("class"))


def test_branches_of_lines_that_ran_have_counts_and_others_a_dash(tmp_path: Path) -> None:
    coverage = coverage_of(tmp_path)
    record = next(part for part in formats.lcov(coverage).split("end_of_record\n") if "SF:mappings/booked.flow" in part)
    hits = dict(line[3:].split(",") for line in record.splitlines() if line.startswith("DA:"))
    branches = [line[5:].split(",") for line in record.splitlines() if line.startswith("BRDA:")]
    assert branches and all((taken == "-") == (hits[line] == "0") for line, _, _, taken in branches)
    assert record.index("BRDA:") < record.index("BRF:") < record.index("\nDA:") < record.index("LF:")
