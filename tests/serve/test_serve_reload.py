"""Changed definitions that the store could not take at once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from daemon_world import WORKSPACE, environment

from engine.base.clock import SystemClock
from engine.base.identity import Identity
from engine.serve import reload
from engine.serve.daemon import Daemon
from engine.serve.reload import WorkspaceWatch
from engine.serve.settings import ServeSettings


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
        for _ in range(3000):
            if tries >= 2:
                break
            await asyncio.sleep(0.02)
        watch.stop()
        assert tries >= 2

    asyncio.run(main())
    assert "reload_not_stored" in [record.message for record in caplog.records]


def test_connections_change_with_the_definitions_and_never_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(WORKSPACE, root)
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)

    def no_room(_work: object) -> None:
        raise sa.exc.OperationalError("commit", {}, Exception("database or disk is full"))

    async def main() -> None:
        clock = SystemClock()
        daemon = Daemon(ServeSettings(root, tmp_path / "state", watch=False), clock, Identity(clock))
        await daemon.start()
        before, generation = dict(daemon.connectors), daemon.generation
        document = root / "mappings" / "ledger.connection.yaml"
        document.write_text(document.read_text().replace("127.0.0.1:9", "127.0.0.1:10"))
        with monkeypatch.context() as full:
            full.setattr(daemon.writer, "transact", no_room)
            with pytest.raises(sa.exc.OperationalError):
                await daemon.reload()
        assert daemon.connectors == before
        assert daemon.generation == generation
        assert (await daemon.reload()).number == generation.number + 1
        assert {name for name in before if daemon.connectors[name] is not before[name]} == {"ledger"}
        await daemon.stop()

    asyncio.run(main())
