"""Worked cases of every pricing model beyond the published ones, through documents and the public API.

Their figures are those of public test suites and documentation (named in ``source``), or worked out by hand.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from cases.adapters import adapters
from cases.model import Case, case_of
from cases.runner import run_case

FILE = Path(__file__).parent / "fixtures" / "cases_pricing_more.json"


def _by_model() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    for raw in json.loads(FILE.read_bytes())["cases"]:
        case = case_of("pricing", raw)
        found[case.name].append(case)
    return dict(found)


CASES = _by_model()


@pytest.mark.parametrize("model", sorted(CASES))
def test_every_further_case_of_a_model_gives_its_figure(model: str) -> None:
    known = adapters()
    results = [run_case(case, known) for case in CASES[model]]
    assert {result.case.id: result.problems for result in results if not result.passed} == {}
    assert results


def test_every_pricing_model_of_the_worked_cases_has_further_ones() -> None:
    rating = {name for name in adapters() if "." not in name and " " not in name}
    assert set(CASES) <= rating
    assert len(CASES) >= 38
