"""Cases worked out in plain fractions from what vendors and standards say, apart from the engine, through documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases.adapters import adapters
from cases.model import Case
from cases.runner import load, run_case

CASES = load(Path(__file__).parent / "fixtures" / "worked")


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_worked_case_gives_its_figure(case: Case) -> None:
    assert run_case(case, adapters()).problems == ()


def test_the_cases_cover_both_families_widely() -> None:
    names = {(case.family, case.name) for case in CASES}
    assert sum(family == "pricing" for family, _ in names) >= 20
    assert sum(family == "revenue" for family, _ in names) >= 25
