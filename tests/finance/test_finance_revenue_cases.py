"""Worked cases of revenue with published figures, through documents and the public API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cases.adapters import adapters
from cases.model import case_of
from cases.runner import run_case

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "revenue_cases.json").read_bytes())["cases"]


@pytest.mark.parametrize("raw", CASES, ids=[raw["id"] for raw in CASES])
def test_case_gives_its_published_figure(raw: dict[str, Any]) -> None:
    result = run_case(case_of("revenue", raw), adapters())
    assert result.problems == ()
