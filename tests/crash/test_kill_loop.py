"""Real processes, killed at random under load: the daemon and the ERP, with a sender that repeats itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.kill_loop import kill_loop


@pytest.mark.xdist_group("kill_loop")
def test_kills_of_daemon_and_erp_lose_nothing_and_make_nothing_twice(tmp_path: Path) -> None:
    outcome = asyncio.run(kill_loop(tmp_path / "loop", 8, seed=3))
    assert (outcome.lost, outcome.duplicates, outcome.violations) == (0, 0, [])
    assert outcome.documents == outcome.invoices > 100
    assert outcome.kills["daemon"] + outcome.kills["erp"] == 8
