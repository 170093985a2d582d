"""What services ask of the forms that they read: addresses of files, places, names that are unique and stay."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from engine.api import report_outputs, write_findings
from engine.report import github, gitlab, junit, sarif
from engine.report.repository import Repository
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label, Level
from engine.source.span import Span

FILE = "mappings/über uns, a:b.yaml"
TEXT = "id: a\nname: größe # x\nname: größe # x\n"
SOURCES = {FILE: TEXT}


def found(code: str, *place: int, file: str = FILE, message: str = "this is wrong", **more: object) -> Diagnostic:
    return Diagnostic(code, message, Span(file, *place), **more)  # type: ignore[arg-type]


def sarif_run(*findings: Diagnostic, sources: dict[str, str] = SOURCES) -> dict[str, object]:
    (run,) = json.loads(sarif.render(list(findings), sources))["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_names_files_from_the_root_of_the_code_and_others_by_their_address() -> None:
    inside = found("SPEC010", 2, 7, 2, 12, labels=(Label(Span("/srv/other place/b.yaml", 1, 1, 1, 2), "see"),))
    run = sarif_run(inside)
    (result,) = run["results"]  # type: ignore[misc,attr-defined]
    (location,), (related,) = result["locations"], result["relatedLocations"]
    artifact = location["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "mappings/%C3%BCber%20uns%2C%20a%3Ab.yaml", "uriBaseId": "%SRCROOT%"}
    assert "%SRCROOT%" in run["originalUriBaseIds"]  # type: ignore[operator]
    assert related["physicalLocation"]["artifactLocation"] == {"uri": "file:///srv/other%20place/b.yaml"}


def test_sarif_counts_characters_from_one_and_ends_behind_the_last() -> None:
    fix = Fix("rename", (Edit(Span(FILE, 2, 1, 2, 5), "title"),))
    run = sarif_run(found("SPEC010", 2, 7, 2, 12, fix=fix))
    assert run["columnKind"] == "unicodeCodePoints"
    (result,) = run["results"]  # type: ignore[misc,attr-defined]
    region = result["locations"][0]["physicalLocation"]["region"]
    line = TEXT.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "größe"
    (change,) = result["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    deleted = replacement["deletedRegion"]
    assert line[deleted["startColumn"] - 1 : deleted["endColumn"] - 1] == "name"
    assert replacement["insertedContent"] == {"text": "title"}


def test_sarif_rules_are_found_by_their_index_and_levels_are_words_of_the_standard() -> None:
    levels = {"SPEC011": Level.ERROR, "EXPR001": Level.WARNING, "SPEC010": Level.INFO}
    run = sarif_run(*(found(code, 1, 1, 1, 3, level=level) for code, level in levels.items()))
    rules = run["tool"]["driver"]["rules"]  # type: ignore[index]
    words = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
    for result in run["results"]:  # type: ignore[attr-defined]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == words[levels[result["ruleId"]]]


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_are_unique_and_stay_when_lines_move(form: str) -> None:
    def prints(text: str, first: int) -> list[str]:
        findings = [found("SPEC010", first, 1, first, 5), found("SPEC010", first + 1, 1, first + 1, 5)]
        if form == "gitlab":
            return [each["fingerprint"] for each in json.loads(gitlab.render(findings, {FILE: text}))]
        run = sarif_run(*findings, sources={FILE: text})
        return [each["partialFingerprints"]["tieout/v1"] for each in run["results"]]  # type: ignore[attr-defined]

    before, after = prints(TEXT, 2), prints("# new\n\n" + TEXT.replace("name:", "  name:"), 4)
    assert before == after and len(set(before)) == 2


def test_gitlab_is_told_in_its_own_words() -> None:
    levels = (Level.ERROR, Level.WARNING, Level.INFO)
    report = json.loads(gitlab.render([found("SPEC010", 1, 1, 1, 3, level=each) for each in levels], SOURCES))
    assert {each["severity"] for each in report} <= {"info", "minor", "major", "critical", "blocker"}
    assert {each["location"]["path"] for each in report} == {FILE}
    assert {each["location"]["lines"]["begin"] for each in report} == {1}


def test_junit_gives_every_finding_of_one_place_a_name_of_its_own() -> None:
    findings = [found("MAP001", 1, 1, 1, 3, message=f"the field {name} is not set") for name in "abc"]
    root = ElementTree.fromstring(junit.render(findings, SOURCES).encode())
    names = [each.get("name") for each in root.iter("testcase")]
    assert names == ["MAP001 line 1 column 1", "MAP001 line 1 column 1 (2)", "MAP001 line 1 column 1 (3)"]
    assert root.get("tests") == root.get("failures") == "3"


def test_junit_holds_texts_that_xml_cannot() -> None:
    made = junit.render([found("YAML014", 1, 1, 1, 3, message="a\x00b\udc80c]]>")], SOURCES)
    (failure,) = ElementTree.fromstring(made.encode()).iter("failure")
    assert failure.get("message") == "a\ufffdb\ufffdc]]>"


def test_github_reads_commands_whatever_they_hold() -> None:
    line = github.render([found("SPEC010", 2, 7, 2, 12, message="50% of a: b,\nc", help="\r")], SOURCES)
    assert line == (
        "::error file=mappings/über uns%2C a%3Ab.yaml,line=2,endLine=2,col=7,endColumn=11,title=SPEC010"
        "::50%25 of a: b,%0Ac. %0D\n"
    )


# ----------------------------------------------------------------------------- a workspace inside a repository


def test_paths_count_from_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = tmp_path / "repository" / "billing rules"
    (workspace / "mappings").mkdir(parents=True)
    (workspace / FILE).write_text(TEXT, "utf-8")
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "repository" / "accepted.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "repository")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    fix = Fix("rename", (Edit(Span(FILE, 2, 1, 2, 5), "title"),))
    finding = found("SPEC010", 2, 7, 2, 12, fix=fix, labels=(Label(Span(FILE, 1, 1, 1, 3), "here"),))
    stale = found("DOC204", 1, 1, 1, 2, file="accepted.json", level=Level.WARNING)

    def shown(form: str, root: Path | None) -> str:
        return write_findings(report_outputs([form]), [finding, stale], SOURCES, root=root)

    paths = [each["location"]["path"] for each in json.loads(shown("gitlab", workspace))]
    assert sorted(paths) == ["accepted.json", f"billing rules/{FILE}"]
    assert "file=billing rules/mappings/" in shown("github", workspace)
    assert shown("sarif", workspace).count("billing%20rules/mappings/") == 3
    assert "billing rules" not in shown("human", workspace) + shown("gitlab", None)


def test_without_a_repository_paths_stay_as_they_are(tmp_path: Path) -> None:
    assert Repository(tmp_path, None).path("a.yaml") == "a.yaml"
    assert Repository(tmp_path, tmp_path).is_workspace
    assert Repository(tmp_path / "a", tmp_path).path("/elsewhere/b.yaml") == "/elsewhere/b.yaml"
