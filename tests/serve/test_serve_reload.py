"""Changed definitions that the store could not take at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from engine.serve import reload
from engine.serve.reload import WorkspaceWatch


def test_definitions_that_could_not_be_stored_are_taken_over_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reload, "AGAIN_SECONDS", 0.01)
    tries = 0

    async def take_over() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise sa.exc.OperationalError("commit", {}, Exception("database or disk is full"))

    async def main() -> None:
        daemon = SimpleNamespace(reload=take_over, settings=SimpleNamespace(root=tmp_path), folders=())
        watch = WorkspaceWatch(cast(Any, daemon))
        watch.start()
        (tmp_path / "tieout.yaml").write_text("spec: workspace/v1")
        for _ in range(500):
            if tries == 2:
                break
            await asyncio.sleep(0.02)
        watch.stop()
        assert tries == 2

    asyncio.run(main())
    assert "reload_not_stored" in [record.message for record in caplog.records]
