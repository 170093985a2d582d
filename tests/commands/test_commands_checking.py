"""What `tieout lint` does beside finding: several forms at once, fixes, baselines, changes, annotations."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest


@pytest.fixture
def bad(place: Path) -> Path:
    """A policy with one mistake that is certain, and one that is probable."""
    policy = place / "policies" / "order_limits.policy.yaml"
    text = policy.read_text("utf-8").replace("amount(order.total)", "amount(order.totl)")
    policy.write_text(text.replace('version: "1.0.0"', 'version: "1.0.0" # kept'), "utf-8")
    return policy


def test_several_forms_at_once(tieout: Any, bad: Path, tmp_path: Path) -> None:
    sarif, gitlab = tmp_path / "reports" / "lint.sarif", tmp_path / "reports" / "gitlab.json"
    said = tieout("lint", "--format", "human", "--format", f"sarif={sarif}", "--format", f"gitlab={gitlab}")
    assert (said.code, "EXPR010" in said.out) == (1, True)
    (result,) = orjson.loads(sarif.read_bytes())["runs"][0]["results"]
    (entry,) = orjson.loads(gitlab.read_bytes())
    assert result["ruleId"] == entry["check_name"] == "EXPR010"
    compact = tieout("lint", "--format", "compact").out
    assert re.fullmatch(r"policies/order_limits\.policy\.yaml:\d+:\d+: error\[EXPR010\] [^\n]+\n", compact)
    assert tieout("lint", "--json", "--format", f"compact={tmp_path / 'c.txt'}").json["errors"] == 1
    assert (tmp_path / "c.txt").read_text("utf-8") == compact


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "html"), "there is no format 'html'; one of human, json"),
        (("--format", "sarif="), "names no file after `=`"),
        (("--format", "human", "--format", "json"), "two formats for the terminal"),
        (("--json", "--format", "human"), "--json and another format"),
        (("--format", "sarif=/dev/null/lint.sarif"), "cannot write"),
        (("--unsafe",), "--unsafe and --diff go with --fix"),
        (("--diff",), "--unsafe and --diff go with --fix"),
        (("--write-baseline",), "--write-baseline goes with --baseline"),
        (("--fix", "--write-baseline", "--baseline", "b"), "fix first"),
        (("--baseline", "none.json"), "`--write-baseline` makes one"),
        (("--changed-since", "nowhere"), "Git"),
    ],
)
def test_what_does_not_go_together_is_said_in_words(
    tieout: Any, place: Path, arguments: tuple[str, ...], words: str
) -> None:
    said = tieout("lint", *arguments)
    assert said.code == 2 and words in said.err and "Traceback" not in said.err, said


def test_sarif_holds_what_code_scanning_asks_for(tieout: Any, bad: Path) -> None:
    document = tieout("lint", "--format", "sarif").json
    assert document["version"] == "2.1.0" and document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert set(rule) == {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
        assert len(rule["fullDescription"]["text"]) <= 1024
    for result in run["results"]:
        places = [*result["locations"], *result.get("relatedLocations", [])]
        for each in (place["physicalLocation"] for place in places):
            region = each["region"]
            assert not each["artifactLocation"]["uri"].startswith(("/", "file:"))
            assert 1 <= region["startLine"] <= region["endLine"] and region["startColumn"] >= 1
        assert result["partialFingerprints"]["tieout/v1"]
        for fix in result.get("fixes", []):
            assert fix["description"]["text"] and fix["artifactChanges"][0]["replacements"][0]["deletedRegion"]
    assert run["results"][0]["relatedLocations"], "the place where the type comes from"


def test_fix_mends_what_is_sure_and_diff_changes_nothing(tieout: Any, bad: Path) -> None:
    before = bad.read_text("utf-8")
    quoted = before.replace('version: "1.0.0" # kept', "version: 1.0 # kept").replace(
        "posting_controls", "posting_controls"
    )
    bad.write_text(quoted, "utf-8")
    assert tieout("lint", "--fix", "--diff").out == ""
    diff = tieout("lint", "--fix", "--unsafe", "--diff")
    assert diff.code == 1
    assert '-version: 1.0 # kept\n+version: "1.0.0" # kept\n' in diff.out
    assert bad.read_text("utf-8") == quoted
    done = tieout("lint", "--fix", "--unsafe", "--json", "--fail-on", "error")
    assert (done.code, done.json["errors"]) == (0, 0)
    assert "fixed policies/order_limits.policy.yaml: SPEC013, EXPR010" in done.err
    assert bad.read_text("utf-8") == before.replace("order.totl", "order.total")
    again = tieout("lint", "--fix", "--unsafe", "--diff")
    assert (again.code, again.out) == (0, "")


def test_fix_touches_only_the_paths_that_are_named(tieout: Any, bad: Path) -> None:
    text = bad.read_text("utf-8")
    assert tieout("lint", "schemas", "--fix", "--unsafe", "--fail-on", "error").code == 0
    assert bad.read_text("utf-8") == text


def test_a_baseline_accepts_what_is_there_and_tells_what_is_gone(tieout: Any, bad: Path, place: Path) -> None:
    baseline = str(place / "lint.json")
    assert tieout("lint", "--baseline", baseline, "--write-baseline").code == 0
    assert tieout("lint", "--baseline", baseline).out == "no findings\n"
    bad.write_text("# a new line\n" + bad.read_text("utf-8"), "utf-8")
    assert tieout("lint", "--baseline", baseline).code == 0
    bad.write_text(bad.read_text("utf-8").replace("order.totl", "order.total"), "utf-8")
    gone = tieout("lint", "--baseline", baseline)
    assert (gone.code, "DOC204" in gone.out, "EXPR010 in policies/order_limits" in gone.out) == (1, True, True)
    assert "DOC204" not in tieout("lint", "policies", "--baseline", baseline).out


def test_changed_since_checks_everything_and_shows_what_was_changed(tieout: Any, place: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(place), *identity, *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Begin")
    assert tieout("lint", "--changed-since", "HEAD").out == "no findings\n"
    policy = place / "policies" / "order_limits.policy.yaml"
    policy.write_text(policy.read_text("utf-8").replace("order.total", "order.totl"), "utf-8")
    shown = tieout("lint", "--changed-since", "HEAD", "--json").json
    assert {each["span"]["file"] for each in shown["diagnostics"]} == {"policies/order_limits.policy.yaml"}
    assert tieout("lint", "schemas", "--changed-since", "HEAD").code == 0


def test_annotations_come_with_a_table_in_the_summary(
    tieout: Any, bad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    said = tieout("lint", "--format", "github")
    assert said.out.startswith("::error file=policies/order_limits.policy.yaml,")
    text = summary.read_text("utf-8")
    assert text.startswith("before\n### tieout lint\n") and "| error | EXPR010 |" in text


def test_the_problem_matcher_reads_the_compact_form(tieout: Any, bad: Path) -> None:
    (matcher,) = tieout("lint", "--problem-matcher").json["problemMatcher"]
    pattern = matcher["pattern"][0]
    (line,) = tieout("lint", "--format", "compact").out.splitlines()
    read = re.fullmatch(pattern["regexp"], line)
    assert read is not None
    assert (read[pattern["file"]], read[pattern["code"]]) == ("policies/order_limits.policy.yaml", "EXPR010")


def test_explain_tells_when_it_is_right_to_accept_a_finding(tieout: Any) -> None:
    said = tieout("explain", "YAML015")
    titles = re.findall(r"(?m)^(Avoid|Prefer|Why|Exceptions|Fixable|Since):", said.out)
    assert titles == ["Avoid", "Prefer", "Why", "Exceptions", "Fixable", "Since"]
