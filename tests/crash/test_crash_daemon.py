"""The points of the daemon that only a whole daemon reaches, and the page that lists all points."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from daemon_world import bill, running, until

from benchmarks.kill_loop import Loop
from benchmarks.kill_sender import Sender

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "crash-points.md"


def wait_for_end(loop: Loop) -> int:
    """The exit code of the daemon, which is to end by itself."""
    process: subprocess.Popen[str] = loop._children["daemon"]._process
    return process.wait(60)


@pytest.mark.xdist_group("kill_loop")
@pytest.mark.parametrize("point", ["CP-01@3", "CP-19@1", "CP-26@1"])
def test_a_daemon_killed_there_starts_again_and_loses_nothing(
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        loop = Loop(tmp_path / "loop", 1)
        loop._start("erp")
        name, _, count = point.partition("@")
        monkeypatch.setenv("TIEOUT_CRASH", f"{name}=kill@{count}")
        if name == "CP-19":
            with pytest.raises(RuntimeError, match=r"ended with -9|printed nothing"):
                loop._start("daemon")
        else:
            loop._start("daemon")
        monkeypatch.delenv("TIEOUT_CRASH")
        if name == "CP-19":
            assert wait_for_end(loop) == -signal.SIGKILL
            loop._start("daemon")
        sender = Sender(loop._ports["daemon"], 4, 1)
        sending = asyncio.create_task(sender.produce())
        if name == "CP-26":
            await asyncio.sleep(0.5)
            os.kill(loop._children["daemon"].pid, signal.SIGTERM)
        if name != "CP-19":
            assert await asyncio.to_thread(wait_for_end, loop) == -signal.SIGKILL
            await asyncio.to_thread(loop._start, "daemon")
        await asyncio.sleep(1.0)
        sender.stop()
        await sending
        await asyncio.to_thread(loop._drain)
        for child in loop._children.values():
            child.stop()
        outcome = loop.counted(sender)
        assert (outcome.lost, outcome.duplicates, outcome.violations) == (0, 0, [])
        assert outcome.documents == outcome.invoices > 0

    asyncio.run(story())


@pytest.mark.xdist_group("kill_loop")
def test_a_daemon_killed_between_a_dropped_file_and_its_move_reads_it_again_and_posts_nothing_twice(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as daemon:
        assert daemon.stop() == 0
        folder = daemon.drop / "billing"
        folder.mkdir()
        (folder / "backfill.jsonl").write_text("\n".join(json.dumps(bill(f"x{at}", f"c{at % 3}")) for at in range(30)))
        daemon.start(TIEOUT_CRASH="CP-24=kill")
        assert daemon.process is not None
        assert daemon.process.wait(90) == -signal.SIGKILL
        # All of it is stored. (Each minute, a flow of the workspace has a message of its own.)
        assert daemon.rows("select count(*) from message where source = 'billing'") == [(30,)]
        assert (folder / "backfill.jsonl").is_file()  # and the file is still where it was dropped
        daemon.start()
        until("the file is done", lambda: (folder / "done" / "backfill.jsonl").is_file())
        until("every document", lambda: len(daemon.ledger.documents) == 30)
        daemon.settled()
        counted = "select count(*), count(distinct source_id) from message where source = 'billing'"
        assert daemon.rows(counted) == [(30, 30)]
        counted = "select count(*), count(distinct object) from effect where purpose = 'bill'"
        assert daemon.rows(counted) == [(30, 30)]
        assert daemon.rows("select count(*) from exception") == [(0,)]
        assert len(daemon.ledger.documents) == 30
        assert daemon.get("/api/audit/verify").json()["holds"]


def test_the_page_lists_every_mark_and_no_other() -> None:
    marks = set()
    for folder in ("engine", "connectors", "tests/support"):
        for path in (ROOT / folder).rglob("*.py"):
            marks.update(re.findall(r"\breach\(\"(CP-\d\d)\"\)", path.read_text("utf-8")))
    page = PAGE.read_text("utf-8")
    marked, _, unmarked = page.partition("## Points of the protocol without a mark")
    listed = set(re.findall(r"^\| (CP-\d\d) \|", marked, re.MULTILINE))
    assert listed == marks - {"CP-07"}, "the module that defines the points mentions CP-07 as an example"
    absent = set(re.findall(r"^\| (CP-\d\d) \|", unmarked, re.MULTILINE))
    assert listed | absent == {f"CP-{number:02d}" for number in range(1, 27)}
    assert not listed & absent


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", PAGE.read_text("utf-8"))
    assert named
    assert all((ROOT / name).exists() for name in named)
