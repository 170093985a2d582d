"""Renderers against golden files, and what each form needs to be understood by its reader."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from engine.report import compact, github, gitlab, human, sarif
from engine.report import json as report_json
from engine.report.frame import screen_width
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label, Level
from engine.source.span import Span

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {
    "human": "txt",
    "json": "json",
    "sarif": "sarif",
    "junit": "xml",
    "github": "txt",
    "gitlab": "json",
    "compact": "txt",
}

SOURCES = {
    "mappings/a.flow.yaml": "spec: flow/v1\nid: 5\nowner: billing\n"
    "steps:\n  - id: a\n    when: >-\n      =x\n      + y\n",
    "mappings/größe.table.yaml": '名前: 日本語 # 価格\nnote:\t"x"\n',
    "tieout.yaml": "spec: workspace/v1\nid: shop\n",
}
A, B = "mappings/a.flow.yaml", "mappings/größe.table.yaml"


def found(code: str, span: Span, **more: object) -> Diagnostic:
    return Diagnostic(code, "this is wrong", span, **more)  # type: ignore[arg-type]


CASES: dict[str, list[Diagnostic]] = {
    "none": [],
    "one": [
        found(
            "SPEC013",
            Span(A, 2, 5, 2, 6),
            help='write "5"',
            fix=Fix("quote it", (Edit(Span(A, 2, 5, 2, 6), '"5"'),)),
        )
    ],
    "labels": [
        found(
            "YAML002",
            Span(A, 3, 1, 3, 6),
            labels=(
                Label(Span(A, 1, 1, 1, 5), "written here first"),
                Label(Span("tieout.yaml", 2, 1, 2, 3), "see here"),
            ),
            notes=("it never applies",),
        )
    ],
    "multi_line": [found("EXPR001", Span(A, 6, 11, 8, 10), level=Level.WARNING)],
    "unicode": [
        found("YAML015", Span(B, 1, 5, 1, 8), level=Level.WARNING),
        found("YAML006", Span(B, 2, 7, 2, 10), level=Level.INFO),
    ],
    "fixes": [
        found(
            "SPEC010",
            Span(A, 3, 1, 3, 6),
            fix=Fix("rename", (Edit(Span(A, 3, 1, 3, 6), "steward"),), safe=False),
        ),
        found("SPEC011", Span(A, 4, 1, 4, 6), fix=Fix("or this", (Edit(Span(A, 4, 1, 4, 1), "x: 1\n"),), False, True)),
    ],
    "no_source": [found("SPEC101", Span("gone.yaml"), help="100% sure: a, b\nand c")],
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", FORMATS)
def test_golden(form: str, case: str) -> None:
    render: Callable[..., str] = import_module(f"engine.report.{form}").render
    made = render(CASES[case], SOURCES, color=False)
    path = GOLDEN / f"{case}.{form}.{FORMATS[form]}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_every_form_says_what_the_json_says() -> None:
    for diagnostics in CASES.values():
        told = json.loads(report_json.render(diagnostics, SOURCES))
        read = [report_json.from_json(each) for each in told["diagnostics"]]
        for form in FORMATS:
            render: Callable[..., str] = import_module(f"engine.report.{form}").render
            assert render(read, SOURCES, color=False) == render(diagnostics, SOURCES, color=False), form


def test_color_changes_nothing_but_color() -> None:
    import re

    for diagnostics in CASES.values():
        colored = human.render(diagnostics, SOURCES, color=True)
        assert "\x1b[" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == human.render(diagnostics, SOURCES, color=False)


def test_marks_stand_below_wide_characters() -> None:
    text = human.render(CASES["unicode"][:1], SOURCES, color=False)
    lines = text.split("\n")
    line = next(index for index, each in enumerate(lines) if "日本語" in each)
    before = screen_width(lines[line][: lines[line].index("日本語")])
    assert lines[line + 1].index("^") == before
    assert lines[line + 1].count("^") == screen_width("日本語") == 6


def test_screen_width() -> None:
    assert [screen_width(each) for each in ("abc", "日本", "é", "e\u0301", "\u200b")] == [3, 4, 1, 1, 0]


def test_at_most_fifty_of_a_file_and_errors_before_warnings() -> None:
    warnings = [found("YAML015", Span(A, number), level=Level.WARNING) for number in range(1, 61)]
    errors = [found("SPEC010", Span(A, 100))]
    text = human.render(warnings + errors, SOURCES, color=False)
    assert "and 11 more in mappings/a.flow.yaml (use --all)" in text
    everything = human.render(warnings + errors, SOURCES, color=False, per_file_max=None)
    assert everything.count("YAML015]: ") == 60 and "more in" not in everything
    assert "SPEC010" in text
    assert text.endswith("1 error, 60 warnings\n")


def test_equal_findings_are_shown_once() -> None:
    one = CASES["one"][0]
    assert human.render([one, one], SOURCES, color=False) == human.render([one], SOURCES, color=False)


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    text = human.render([found("YAML014", Span("x.yaml", 1, 1, 1, 2))], {"x.yaml": "a\x1b[31m\x07\n"}, color=False)
    assert "\x1b" not in text and "\x07" not in text


def test_long_lines_are_cut_around_the_place() -> None:
    source = {"x.yaml": "a" * 5_000 + "HERE" + "b" * 5_000}
    text = human.render([found("SPEC017", Span("x.yaml", 1, 5_001, 1, 5_005))], source, color=False)
    shown = next(each for each in text.split("\n") if "HERE" in each)
    mark = next(each for each in text.split("\n") if "^" in each)
    assert len(shown) < 200
    assert shown.index("HERE") == mark.index("^") and mark.count("^") == 4


def test_sarif_fingerprints_survive_moved_lines() -> None:
    def prints(source: str, *lines: int) -> list[str]:
        made = json.loads(sarif.render([found("SPEC010", Span("x.yaml", line)) for line in lines], {"x.yaml": source}))
        return [each["partialFingerprints"]["tieout/v1"] for each in made["runs"][0]["results"]]

    before = prints("a: 1\nb: 2\na: 1\n", 1, 3)
    assert len(set(before)) == 2
    assert prints("# new\na: 1\n\nb: 2\n  a:  1\n", 2, 5) == before


def test_sarif_rules_are_those_of_the_results() -> None:
    document = json.loads(sarif.render([*CASES["one"], *CASES["unicode"]], SOURCES))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == A


def test_junit_is_xml_with_a_failure_per_error() -> None:
    from engine.report import junit

    bad = found("YAML014", Span("x.yaml", 1, 1, 1, 2), help="<&\x00>")
    root = ElementTree.fromstring(junit.render([bad, *CASES["unicode"]], {**SOURCES, "x.yaml": "\x07]]>\n"}))
    assert root.get("failures") == "1"
    assert len(root.findall(".//failure")) == 1
    assert int(root.get("tests") or 0) == len(root.findall(".//testcase"))


def test_github_shows_ten_of_a_level_and_says_how_many_more() -> None:
    many = [found("SPEC010", Span(A, number)) for number in range(1, 15)]
    lines = github.render([*many, *CASES["unicode"]], SOURCES).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning", "::notice"]
    assert lines[9].endswith("(+4 more, see the summary)")
    escaped = github.render(CASES["no_source"], SOURCES)
    assert escaped.count("\n") == 1 and "100%25 sure: a, b%0Aand c" in escaped


def test_github_tells_changed_files_first_and_everything_in_the_summary() -> None:
    many = [found("SPEC010", Span(A, number)) for number in range(1, 15)]
    late = found("SPEC010", Span("z.yaml", 9), help="a | b")
    first = github.render([*many, late], SOURCES, changed={"z.yaml"}).splitlines()[0]
    assert first.startswith("::error file=z.yaml,line=9,")
    table = github.summary([*many, late], {"z.yaml"}).splitlines()
    assert table[:3] == ["### tieout lint", "", "| Level | Code | Place | Finding |"]
    assert len(table) == 4 + 15 and "`z.yaml:9:1`" in table[4]
    assert github.summary([]) == "### tieout lint\n\nNo findings.\n"


def test_the_summary_of_github_stays_below_its_limit() -> None:
    many = [found("SPEC010", Span("a" * 200, number)) for number in range(1, 6_000)]
    text = github.summary(many)
    assert len(text.encode()) < 1_048_576
    assert int(text.rsplit("and ", 1)[1].split()[0]) == 5_999 - text.count("| SPEC010 |")


def test_gitlab_fingerprints_differ_within_a_file_and_survive_moved_lines() -> None:
    def prints(source: str, *lines: int) -> list[str]:
        made = json.loads(gitlab.render([found("SPEC010", Span("x.yaml", line)) for line in lines], {"x.yaml": source}))
        assert {each["severity"] for each in made} <= {"info", "minor", "major", "critical", "blocker"}
        return [each["fingerprint"] for each in made]

    before = prints("a: 1\na: 1\na: 1\n", 1, 2, 3)
    assert len(set(before)) == 3
    assert prints("# new\na: 1\na: 1\na: 1\n", 2, 3, 4) == before


def test_the_problem_matcher_reads_every_compact_line() -> None:
    import re

    (matcher,) = compact.MATCHER["problemMatcher"]
    (pattern,) = matcher["pattern"]
    everything = [each for diagnostics in CASES.values() for each in diagnostics]
    lines = compact.render(everything, SOURCES).splitlines()
    read = [re.fullmatch(pattern["regexp"], line) for line in lines]
    assert [(each[1], each[5], each[6]) for each in read if each] == [
        (each.span.file, each.code, "this is wrong") for each in sorted(everything, key=Diagnostic.sort_key)
    ]


def test_a_fix_within_a_line_is_shown_as_the_line_would_be() -> None:
    text = human.render(CASES["one"], SOURCES, color=False).split("\n")
    line = next(index for index, each in enumerate(text) if 'id: "5"' in each)
    assert text[line + 1].index("+") == text[line].index('"5"')
    assert text[line + 1].count("+") == 3
    assert any("(fix available: --fix)" in each for each in text[line + 2 :])
