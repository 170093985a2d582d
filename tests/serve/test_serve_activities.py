"""What the daemon does by itself does not end unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_workspace import copy_base

from engine.base.errors import Defect
from engine.serve.schedules import Schedules
from engine.serve.server import serve
from engine.serve.settings import ServeSettings


def test_a_daemon_stops_in_order_when_something_that_it_does_by_itself_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = copy_base(tmp_path / "workspace")

    async def broken(_self: Schedules) -> None:
        raise ZeroDivisionError("a slip of ours")

    monkeypatch.setattr(Schedules, "tick", broken)
    with pytest.raises(Defect, match="keeping the schedules ended") as raised:
        serve(ServeSettings(root, tmp_path / "state", port=0, watch=False))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    logged = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (ended,) = [line for line in logged if line["event"] == "activity_ended"]
    assert (ended["level"], ended["activity"]) == ("critical", "keeping the schedules")
    assert "a slip of ours" in ended["exception"]
    assert [line["event"] for line in logged[-2:]] == ["draining", "stopped"]
