"""The official JMESPath compliance suite, when it is at hand beside the repository, holds to the last case."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.base.errors import Failure
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.values import equal
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

_SUITE = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "jmespath"


def _cases(path: Path) -> list[tuple[str, Any, dict[str, Any]]]:
    suites = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    return [(case["expression"], suite["given"], case) for suite in suites for case in suite["cases"]]


def _outcome(expression: str, given: Any) -> tuple[str, Any]:
    found = Diagnostics()
    tree = parse(expression, Span("case", 1, 1, 1, 1 + len(expression)), found)
    if tree is None:
        return "error", found.sorted
    try:
        return "value", compile_expression(tree)(given)
    except Failure as failure:
        return "error", failure.message


@pytest.mark.parametrize("path", [each for each in sorted(_SUITE.glob("*.json")) if each.stem != "benchmarks"], ids=str)
def test_every_case_of_the_official_suite_holds(path: Path) -> None:
    wrong = []
    for expression, given, case in _cases(path):
        how, got = _outcome(expression, given)
        fits = how == "error" if "error" in case else how == "value" and equal(got, case["result"])
        if not fits:
            wrong.append((expression, got, case.get("result", case.get("error"))))
    assert wrong == []


def test_the_runner_tells_right_from_wrong(tmp_path: Path) -> None:
    suite = tmp_path / "suite.json"
    suite.write_text('[{"given": {"a": 1.5}, "cases": [{"expression": "a", "result": 1.5}]}]', "utf-8")
    ((expression, given, case),) = _cases(suite)
    assert _outcome(expression, given) == ("value", case["result"])
    assert _outcome("a.", given)[0] == "error"
