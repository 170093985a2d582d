"""`tieout test`, from options to exit codes and files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from small_workspace import copy_base, replace_in

from cli import tieout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_base(tmp_path)


def ran(root: Path, *arguments: str) -> int:
    """The exit code of the command in the workspace."""
    code = tieout.main(["test", "--workspace", str(root), *arguments], standalone_mode=False)
    assert isinstance(code, int)
    return code


def test_tests_pass_and_fail_by_exit_code(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(root) == 0
    assert capsys.readouterr().out.startswith("8 passed (5 tests, ")
    replace_in(root, "entry.test.yaml", ('account: "4000"', 'account: "4001"'))
    assert ran(root, "--only", "entry") == 1
    assert "expected  '4001'" in capsys.readouterr().out


def test_coverage_is_printed_and_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {kind: root / f"coverage.{kind}" for kind in ("cobertura", "lcov", "json")}
    outputs = [part for kind, file in files.items() for part in ("--coverage-format", f"{kind}={file}")]
    assert ran(root, "--coverage", *outputs) == 0
    out = capsys.readouterr().out
    assert "mappings/entry.mapping.yaml:18  target order" in out
    assert files["cobertura"].read_text("utf-8").startswith("<?xml")
    assert files["lcov"].read_text("utf-8").startswith("TN:\nSF:mappings/")
    assert json.loads(files["json"].read_text("utf-8"))["points"] > 10


def test_too_little_coverage_is_a_finding(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(root, "--coverage-min", "100") == 1
    assert "below the threshold: " in capsys.readouterr().out
    assert ran(root, "--coverage-min-file", "50") == 0
    (root / "tieout.yaml").write_text((root / "tieout.yaml").read_text("utf-8") + "coverage: {overall: 100}\n", "utf-8")
    assert ran(root, "--coverage") == 1
    assert ran(root, "--coverage", "--coverage-min", "10", "--json") == 0
    assert json.loads(capsys.readouterr().out.partition("\n{")[2].join(("{", "")))["coverage"]["passed"] is True


def test_mutants_are_printed_and_counted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(root, "--mutants", "--only", "mapping:entry") == 1
    assert "no test notices" in capsys.readouterr().out
    assert ran(root, "--mutants", "--only", "mapping:entry", "--json", "--seed", "3", "--budget", "60") == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"]["survived"] == 3 and len(shown["changes"]) > 4


def test_a_draft_is_written_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = root / "event.json"
    event.write_text(
        '{"type": "bill.issued@1", "subject": "b1", "data": {"id": "b1", "revision": "1", "customer": "acme", '
        '"due": "2026-02-28", "total": {"amount": "1.00", "currency": "USD"}}}', "utf-8",
    )  # fmt: skip
    out = root / "mappings" / "drafted.test.yaml"
    arguments = ["test", "init", str(event), "--workspace", str(root)]
    assert tieout.main(arguments, standalone_mode=False) == 0
    text = capsys.readouterr().out
    assert text.startswith("spec: test/v1\nid: booked_drafted\n")
    assert tieout.main([*arguments, "--out", str(out)], standalone_mode=False) == 0
    assert out.read_text("utf-8") == text
    assert tieout.main([*arguments, "--out", str(out)], standalone_mode=False) == 2
    assert "is there already" in capsys.readouterr().err
    assert ran(root) == 1
    assert "the case expects nothing yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nothing"], "no test is called nothing"),
        (["--coverage-format", "html=x"], "write KIND=FILE"),
        (["--budget", "3"], "--budget goes with --mutants"),
        (["--mutants", "--format", "junit"], "--mutants is printed as human or json"),
        (["--mutants", "--format", "junit=x"], "--format does not go with --mutants"),
        (["--format", "xml"], "there is no format 'xml'; one of human, json, junit, github"),
        (["--format", "junit="], "names no file"),
        (["--format", "junit", "--json"], "two formats for the terminal"),
        (["--watch", "--json"], "--watch prints for people"),
        (["--watch", "--coverage"], "--coverage does not go with --watch"),
        (["--watch", "--budget", "3"], "--budget does not go with --watch"),
        (["--mutants", "--only", "mapping:entri"], "no test is called mapping:entri"),
        (["--mutants", "--watch"], "--watch does not go with --mutants"),
        (["--mutants", "--coverage-format", "lcov=x"], "--coverage-format does not go with --mutants"),
        (["--mutants", "--changed-since", "HEAD"], "--changed-since does not go with --mutants"),
        (["--changed-since", "nothing"], "is not in a Git repository"),
    ],
)
def test_wrong_options_are_told(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert ran(root, *arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err + captured.out


def test_a_run_that_is_not_there_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["test", "record", "x", "--workspace", str(root), "--state", str(root / "state")]
    assert tieout.main(arguments, standalone_mode=False) == 2
    assert "there is no store here" in capsys.readouterr().err


def test_one_run_is_told_in_several_forms(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace_in(root, "entry.test.yaml", ('account: "4000"', 'account: "4001"'))
    junit, values = root / "out" / "tests.xml", root / "tests.json"
    assert ran(root, "--format", f"junit={junit}", "--format", f"json={values}") == 1
    assert "expected  '4001'" in capsys.readouterr().out
    assert ElementTree.parse(junit).getroot().get("failures") == "1"
    assert json.loads(values.read_text("utf-8"))["failed"] == 1
    assert ran(root, "--json", "--format", f"junit={junit}") == 1
    assert json.loads(capsys.readouterr().out)["failed"] == 1


def test_files_of_reports_are_those_of_the_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = copy_base(tmp_path / "definitions" / "billing")
    (tmp_path / ".git").mkdir()
    out = {kind: tmp_path / kind for kind in ("cobertura", "lcov", "json")}
    outputs = [part for kind, file in out.items() for part in ("--coverage-format", f"{kind}={file}")]
    assert ran(root, "--format", "junit", *outputs) == 0
    suites = ElementTree.fromstring(capsys.readouterr().out)
    assert {str(each.get("file")).rpartition("/")[0] for each in suites} == {"definitions/billing/mappings"}
    classes = ElementTree.fromstring(out["cobertura"].read_text("utf-8")).iter("class")
    traced = [line[3:] for line in out["lcov"].read_text("utf-8").splitlines() if line.startswith("SF:")]
    assert [each.get("filename") for each in classes] == traced
    assert all((tmp_path / file).is_file() for file in traced)
    files = json.loads(out["json"].read_text("utf-8"))["files"]
    assert ["definitions/billing/" + each["file"] for each in files] == traced


def test_junit_has_a_case_for_all_that_makes_the_run_fail(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(root, "--coverage-min", "100", "--format", "junit") == 1
    suites = ElementTree.fromstring(capsys.readouterr().out)
    (error,) = suites.iter("error")
    assert str(error.get("message")).endswith("of the definitions are reached, less than 100 %")
    replace_in(root, "entry.mapping.yaml", ("order: =bill.order", "order: =bill.ordr"))
    assert ran(root, "--format", "junit") == 1
    suites = ElementTree.fromstring(capsys.readouterr().out)
    assert [each.get("name") for each in suites.iter("testcase")] == ["it compiles"]
    (error,) = suites.iter("error")
    assert "bill.ordr" in str(error.text)
    for suite in suites:
        assert {"name", "tests", "failures", "errors"} <= set(suite.keys())


@pytest.mark.parametrize("command", [[], ["init"], ["record"]])
def test_every_command_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    tieout.main(["test", *command, "--help"], standalone_mode=False)
    assert "Example: tieout test" in capsys.readouterr().out


def test_a_draft_is_formatted_and_lint_clean_as_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = root / "event.json"
    event.write_text(
        '{"type": "bill.issued@1", "subject": "b1", "data": {"id": "b1", "revision": "1", "customer": "acme", '
        '"due": "2026-02-28", "total": {"amount": "1.00", "currency": "USD"}}}', "utf-8",
    )  # fmt: skip
    out = root / "mappings" / "drafted.test.yaml"
    place = ["--workspace", str(root)]
    assert tieout.main(["test", "init", str(event), "--out", str(out), "--json", *place], standalone_mode=False) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["written"] == str(out) and shown["document"] == out.read_text("utf-8")
    assert tieout.main(["fmt", "--check", str(out)], standalone_mode=False) == 0
    assert tieout.main(["lint", *place], standalone_mode=False) == 0


def test_failures_are_shown_beside_the_case_on_github(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "mappings" / "entry.test.yaml"
    file.write_text(file.read_text("utf-8").replace('account: "4000"', 'account: "4001"'), "utf-8")
    assert ran(root, "--format", "github") == 1
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error file=mappings/entry.test.yaml,line=")
    assert line.endswith("title=test entry/known::output.account: expected '4001', was '4000'")
    file.write_text(file.read_text("utf-8").replace('account: "4001"', 'account: "4000"'), "utf-8")
    assert ran(root, "--format", "github") == 0
    assert capsys.readouterr().out == ""


def test_a_log_shows_that_mutants_go_on(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(root, "--mutants", "--only", "entry") == 1
    captured = capsys.readouterr()
    assert "changes tried" in captured.err and "changes tried" not in captured.out


def test_on_github_files_are_those_of_the_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    root = copy_base(tmp_path / "finance" / "tieout")
    replace_in(root, "entry.test.yaml", ('account: "4000"', 'account: "4001"'))
    assert ran(root, "--only", "entry", "--format", "github") == 1
    assert capsys.readouterr().out.startswith("::error file=finance/tieout/mappings/entry.test.yaml,line=")
