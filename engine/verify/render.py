"""Test results for people, for machines, and for systems that show JUnit files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from engine.report import github, human
from engine.report.xml_text import xml_attribute, xml_text
from engine.verify.coverage import formats
from engine.verify.model import CaseResult, TestReport

FORMAT_VERSION = 1


def render_human(report: TestReport, *, color: bool = False) -> str:
    """Failed cases with their differences, then the count."""
    if report.problem:
        return f"{report.problem}\n"
    if report.diagnostics:
        return human.render(report.diagnostics, report.sources, color=color)
    red, green, dim, end = ("\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m") if color else ("", "", "", "")
    lines: list[str] = []
    for result in report.failures:
        lines.append(f"{red}FAILED{end} {result.name}  {dim}{result.target} {result.file}:{result.line}{end}")
        lines += [f"  {note}" for note in result.notes]
        lines += [f"  {problem}" for problem in result.problems]
        lines += list(_table(result))
        lines.append("")
    lines += [f"{result.name}  {dim}{result.tried}{end}" for result in report.results if result.passed and result.tried]
    count, failed = len(report.results), len(report.failures)
    tests = len({result.test for result in report.results})
    verdict = f"{red}{failed} failed{end}, {count - failed} passed" if failed else f"{green}{count} passed{end}"
    lines.append(f"{verdict} ({tests} {'test' if tests == 1 else 'tests'}, {report.seconds:.2f} s)")
    if report.coverage is not None:
        lines += ["", formats.human(report.coverage).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _table(result: CaseResult) -> Iterator[str]:
    """Field, expected, actual: one line each."""
    width = max((len(each.path) for each in result.differences), default=0)
    for each in result.differences:
        yield f"  {each.path:<{width}}  expected  {each.expected}"
        about = f"   ({each.about})" if each.about else ""
        yield f"  {'':<{width}}  was       {each.actual}{about}"


def as_json(report: TestReport) -> dict[str, Any]:
    """The report as a JSON-like value."""
    return {
        "format_version": FORMAT_VERSION,
        **({} if report.coverage is None else {"coverage": formats.as_json(report.coverage)}),
        "passed": report.passed,
        "cases": len(report.results),
        "failed": len(report.failures),
        "diagnostics": [
            {"code": each.code, "message": each.message, "file": each.span.file, "line": each.span.line}
            for each in report.diagnostics
        ],
        "results": [
            {
                "name": result.name,
                "target": result.target,
                "file": result.file,
                "line": result.line,
                "passed": result.passed,
                "problems": list(result.problems),
                **({"tried": result.tried} if result.tried else {}),
                "differences": [
                    {"path": each.path, "expected": each.expected, "actual": each.actual, "about": each.about}
                    for each in result.differences
                ],
            }
            for result in report.results
        ],
    }


def render_json(report: TestReport) -> str:
    """The report as JSON text."""
    return orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2).decode() + "\n"


def render_junit(report: TestReport) -> str:
    """A suite per test document, a case per case. What keeps tests from running is a case too, in a suite of its own:
    systems count cases, and would call a report without any a success."""
    suites: dict[tuple[str, str], list[CaseResult]] = {}
    for result in report.results:
        suites.setdefault((result.file, result.test), []).append(result)
    wrong = list(_wrong(report))
    total, failed = len(report.results) + len(wrong), len(report.failures)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="tieout" tests="{total}" failures="{failed}" errors="{len(wrong)}">',
    ]
    if wrong:
        lines.append(f'  <testsuite name="workspace" tests="{len(wrong)}" failures="0" errors="{len(wrong)}">')
        for name, message, said in wrong:
            lines += _case_of("workspace", name, "error", message, said)
        lines.append("  </testsuite>")
    for (file, test), results in suites.items():
        failures = sum(not result.passed for result in results)
        about = f"name={xml_attribute(test)} file={xml_attribute(file)}"
        lines.append(f'  <testsuite {about} tests="{len(results)}" failures="{failures}" errors="0">')
        for result in results:
            lines += _case(result)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _wrong(report: TestReport) -> Iterator[tuple[str, str, str]]:
    """What is wrong besides failed cases: its name, a sentence, and all of the text."""
    if report.problem:
        yield "it can be read", report.problem, report.problem
    if report.diagnostics:
        text = human.render(report.diagnostics, report.sources, color=False)
        yield "it compiles", report.diagnostics[0].message, text
    for number, short in enumerate(() if report.coverage is None else report.coverage.shortfalls(), 1):
        yield f"coverage {number}", short, short


def _case(result: CaseResult) -> list[str]:
    if result.passed:
        return [f"    <testcase classname={xml_attribute(result.target)} name={xml_attribute(result.case)}/>"]
    said = "\n".join([*result.problems, *_table(result)])
    first = result.problems[0] if result.problems else f"{result.differences[0].path} differs"
    return _case_of(result.target, result.case, "failure", first, said)


def _case_of(about: str, name: str, kind: str, message: str, said: str) -> list[str]:
    head = f"    <testcase classname={xml_attribute(about)} name={xml_attribute(name)}>"
    return [head, f"      <{kind} message={xml_attribute(message)}>{xml_text(said)}</{kind}>", "    </testcase>"]


def render_github(report: TestReport) -> str:
    """A line per failed case, which GitHub shows beside the case; at most ten, as it hides more without a word."""
    if report.diagnostics:
        return github.render(report.diagnostics, report.sources)
    lines = []
    hidden = len(report.failures) - github.PER_LEVEL_MAX
    for position, result in enumerate(report.failures[: github.PER_LEVEL_MAX], 1):
        place = {"file": result.file, "line": str(result.line), "title": f"test {result.name}"}
        said = [*result.problems, *(f"{e.path}: expected {e.expected}, was {e.actual}" for e in result.differences)]
        more = [f"(+{hidden} more cases fail)"] if hidden > 0 and position == github.PER_LEVEL_MAX else []
        lines.append(github.annotation("error", place, "\n".join([*said, *more])) + "\n")
    for short in () if report.coverage is None else report.coverage.shortfalls():
        lines.append(github.annotation("error", {"title": "coverage"}, short) + "\n")
    return "".join(lines)


#: How a report is printed, by the name of the form.
FORMS: dict[str, Callable[[TestReport], str]] = {"json": render_json, "junit": render_junit, "github": render_github}
