"""`make cases`: worked cases give exactly their number, counted by group; those beside the repository when at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cases.__main__ import main
from cases.adapters import adapters
from cases.model import case_of
from cases.runner import load, run_case, run_folder

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent / "fixtures"
_SUITE = ROOT.parent / "shared" / "cases"
FOLDERS = [OWN, *([_SUITE] if (_SUITE / "pricing.json").is_file() else [])]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_case_gives_exactly_its_number(folder: Path) -> None:
    results = run_folder(folder)
    assert len(results) >= 7
    assert [f"{result.case.id}: {'; '.join(result.problems)}" for result in results if not result.passed] == []


def test_a_line_for_each_group_and_a_last_one_with_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(OWN)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "graduated 1/1",
        "per_unit 2/2",
        "volume 1/1",
        "metrics.mrr 2/2",
        "recognition.day 1/1",
        "pricing 4/4 revenue 3/3",
    ]


def changed(folder: Path, id_: str, expected: dict[str, Any]) -> Path:
    """A copy of our own cases in which one expects something else."""
    shutil.copytree(OWN, folder)
    for name in ("pricing.json", "revenue.json"):
        content = json.loads((folder / name).read_bytes())
        for case in content["cases"]:
            if case["id"] == id_:
                case["expected"] = expected
        (folder / name).write_text(json.dumps(content), "utf-8")
    return folder


def test_a_wrong_number_is_named_with_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = changed(tmp_path / "cases", "own-graduated", {"amount": "15.01"})
    assert main([str(folder)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "graduated 0/1"
    assert said[-2].startswith("  own-graduated (graduated): amount: 15.01 expected, 15.00")
    assert said[-1] == "pricing 3/4 revenue 3/3"


def test_a_figure_that_nobody_gives_counts_as_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = changed(tmp_path / "cases", "own-yearly", {"mrr": "50.00", "moonlight": "1"})
    assert main(["-v", str(folder)]) == 1
    assert "own-yearly (metrics.mrr): moonlight is missing" in capsys.readouterr().out


def test_a_case_that_cannot_run_fails_alone() -> None:
    raw = {"id": "new", "model": "of_the_future", "input": {}, "expected": {"amount": "1"}}
    assert run_case(case_of("pricing", raw), adapters()).problems == ("no adapter for of_the_future",)
    broken = {
        "id": "broken",
        "model": "per_unit",
        "params": {},
        "input": {"quantity": "x"},
        "expected": {"amount": "1"},
    }
    assert not run_case(case_of("pricing", broken), adapters()).passed


def zeroed(value: Any) -> Any:
    """What is expected with other figures under the same names."""
    if isinstance(value, dict):
        return {key: zeroed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [zeroed(each) for each in value]
    return "0.00" if "." in value else value


def test_what_is_expected_does_not_change_what_comes_out() -> None:
    known = adapters()
    for case in load(OWN):
        again = case_of(case.family, {**case.raw, "expected": zeroed(case.expected)})
        adapter = known.get(f"{case.family} {case.name}") or known[case.name]
        assert str(adapter(case)) == str(adapter(again))


def test_a_folder_without_cases_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "holds neither pricing.json nor revenue.json" in capsys.readouterr().err


def test_one_family_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(OWN / "revenue.json", tmp_path)
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "pricing 0/0 revenue 3/3"


def test_it_runs_as_the_makefile_runs_it() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "support")}
    done = subprocess.run(
        [sys.executable, "-m", "cases", str(OWN)], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "pricing 4/4 revenue 3/3")
    assert "PYTHONPATH=tests/support $(BIN)/python -m cases $(CASES)" in (ROOT / "Makefile").read_text("utf-8")
