"""Kills of the daemon and of the real ERP: every invoice is in the ERP once."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.kill_real_erp import run

STATE = Path(__file__).resolve().parents[2] / ".test-state"


def test_kills_of_daemon_and_erp_lose_nothing_and_post_nothing_twice() -> None:
    outcome = run(4, 3, STATE, lambda text: print(text, file=sys.stderr))
    assert (outcome.lost, outcome.duplicate, outcome.unposted) == ([], [], [])
    assert outcome.kills_of_the_daemon + outcome.kills_of_the_erp == 4
    assert outcome.confirmed == outcome.invoices
    assert outcome.exceptions == 0
    assert outcome.audit_holds
