"""Worked cases that continue the vocabulary of the published ones: every key of their input, in forms sources use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cases.adapters import adapters
from cases.model import case_of
from cases.runner import continued, run_case

FIXTURE = Path(__file__).parent / "fixtures" / "cases_revenue_more.json"
CASES: list[dict[str, Any]] = continued(json.loads(FIXTURE.read_bytes())["cases"])


@pytest.mark.parametrize("raw", CASES, ids=[raw["id"] for raw in CASES])
def test_case_gives_its_figure(raw: dict[str, Any]) -> None:
    assert run_case(case_of("revenue", raw), adapters()).problems == ()
