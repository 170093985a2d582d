"""The business date of a flow that runs by the clock is the date where that clock stands."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from engine.api import new_document
from engine.serve.assembly import compile_workspace

FLOW = """spec: flow/v1
id: monthly
version: "1.0.0"
owner: billing
summary: Every month something is billed.
trigger:
  schedule:
    cron: "0 0 1 * *"
    zone: ZONE
steps:
  - id: told
    emit:
      event: month.begun@1
      subject: =event.id
      data:
        id: =event.id
"""


@pytest.mark.parametrize(
    ("zone", "due", "on"),
    [
        ("UTC", "2026-03-01T00:00:00+00:00", date(2026, 3, 1)),
        ("Europe/Berlin", "2026-02-28T23:00:00+00:00", date(2026, 3, 1)),
        ("Europe/Berlin", "2026-06-30T22:00:00+00:00", date(2026, 7, 1)),
        ("America/New_York", "2026-03-01T05:00:00+00:00", date(2026, 3, 1)),
        ("Pacific/Auckland", "2026-02-28T11:00:00+00:00", date(2026, 3, 1)),
    ],
)
def test_the_first_of_a_month_is_the_first_wherever_it_begins(tmp_path: Path, zone: str, due: str, on: date) -> None:
    new_document(tmp_path, "workspace", "mine")
    new_document(tmp_path, "schema", "month.begun")
    (tmp_path / "mappings/monthly.flow.yaml").write_text(FLOW.replace("ZONE", zone), "utf-8")
    ((flow,),) = compile_workspace(tmp_path).plan.flows.values()
    assert flow.business_date({"event": {"time": datetime.fromisoformat(due)}}) == on
