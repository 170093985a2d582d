"""Kills the daemon and the ERP at random moments under load, again and again, and counts what is left.

``python -m benchmarks.kill_loop --kills 200`` prints one line of JSON: zero lost and zero duplicate documents,
counted in the ERP's own file, and the invariants, checked by a process of its own. Exits with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from benchmarks.engine_subject import WORKSPACE
from benchmarks.kill_sender import Sender
from benchmarks.payloads import SECRET
from benchmarks.process import ROOT, Child, python
from demo.ports import free_port

CUSTOMERS = 20
PRODUCERS = 8
START_SECONDS = 60.0
DRAIN_SECONDS = 90.0  # without any progress
INVARIANTS = ROOT / "tests" / "support" / "invariants.py"


@dataclass
class Outcome:
    """What a loop ended with. ``violations`` names every invariant that did not hold."""

    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    deliveries: int = 0
    acknowledged: int = 0
    invoices: int = 0
    documents: int = 0
    lost: int = 0
    duplicates: int = 0
    settled_by_read_back: int = 0
    sent_again: int = 0
    drain_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.duplicates or self.violations)


class Loop:
    """A daemon, an ERP and a sender in one folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.documents = folder / "documents.log"
        self._chance = random.Random(seed)
        self._seed = seed
        self._lives = 0
        self._ports = {"daemon": free_port(), "erp": free_port()}
        self._children: dict[str, Child] = {}
        self.kills: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(WORKSPACE, folder / "workspace")

    def _start(self, name: str) -> None:
        self._lives += 1
        port = str(self._ports[name])
        if name == "erp":
            command = python("benchmarks.keeping_sink", "--documents", str(self.documents), "--port", port)
        else:
            command = python(
                "benchmarks.engine_subject", "--root", str(self.folder / "workspace"), "--state", str(self.state),
                "--port", port,
            )  # fmt: skip
        environment = {
            "BENCHMARK_WEBHOOK_SECRET": SECRET,
            "BENCHMARK_API_KEY": "not_used",
            "BENCHMARK_SINK_URL": f"http://127.0.0.1:{self._ports['erp']}",
        }
        child = Child(command, self.folder / f"{name}-{self._lives}.log", environment)
        self._children[name] = child
        child.read_line(START_SECONDS)  # it listens

    async def _fault(self) -> None:
        """One disturbance: a kill and a new start, or a process that stands still for a while."""
        name = "daemon" if self._chance.random() < 0.7 else "erp"
        if self._chance.random() < 0.15:
            os.kill(self._children[name].pid, signal.SIGSTOP)
            await asyncio.sleep(self._chance.uniform(0.2, 1.0))
            os.kill(self._children[name].pid, signal.SIGCONT)
            self.kills[f"{name}_paused"] += 1
            return
        self._children[name].kill()
        self.kills[name] += 1
        await asyncio.to_thread(self._start, name)

    async def run(self, kills: int, progress: bool) -> Outcome:
        """Disturb until so many kills were made, then let it drain and check."""
        began = time.monotonic()
        self._start("erp")
        self._start("daemon")
        sender = Sender(self._ports["daemon"], CUSTOMERS, self._seed)
        try:
            async with asyncio.TaskGroup() as producers:
                for _ in range(PRODUCERS):
                    producers.create_task(sender.produce())
                while self.kills["daemon"] + self.kills["erp"] < kills:
                    await asyncio.sleep(self._chance.uniform(0.2, 2.0))
                    await self._fault()
                    done = self.kills["daemon"] + self.kills["erp"]
                    if progress and done % 10 == 0:
                        print(f"{done} kills, {len(sender.acknowledged)} acknowledged", file=sys.stderr, flush=True)
                sender.stop()
            drain_seconds = await asyncio.to_thread(self._drain)
        finally:
            for child in self._children.values():
                child.stop()
        outcome = self.counted(sender)
        outcome.drain_seconds = drain_seconds
        outcome.seconds = round(time.monotonic() - began, 1)
        return outcome

    def _drain(self) -> float:
        began = moved = time.monotonic()
        least = sys.maxsize
        while time.monotonic() - moved < DRAIN_SECONDS:
            with sqlite3.connect(f"file:{self.state / 'store.db'}?mode=ro", uri=True) as store:
                (left,) = store.execute("SELECT count(*) FROM queue").fetchone()
            if not left:
                break
            if left < least:
                least, moved = left, time.monotonic()
            time.sleep(0.1)
        return round(time.monotonic() - began, 1)

    def counted(self, sender: Sender) -> Outcome:
        """What is in the ERP's file and in the store, against what the sender was promised."""
        outcome = Outcome(self._seed, dict(self.kills), deliveries=sender.deliveries)
        made = Counter(orjson.loads(line)["content"]["number"] for line in self.documents.read_bytes().splitlines())
        wanted = {f"R-{number:08d}" for number in sender.invoices}
        outcome.acknowledged, outcome.invoices = len(sender.acknowledged), len(wanted)
        outcome.documents = sum(made.values())
        outcome.lost = len(wanted - made.keys())
        outcome.duplicates = sum(count - 1 for count in made.values())
        with sqlite3.connect(f"file:{self.state / 'store.db'}?mode=ro", uri=True) as store:
            stored = {row[0] for row in store.execute("SELECT source_id FROM message")}
            (outcome.settled_by_read_back,) = store.execute(
                "SELECT count(*) FROM audit WHERE json_extract(entry, '$.how') = 'read_back'"
            ).fetchone()
            (outcome.sent_again,) = store.execute("SELECT count(*) FROM effect WHERE attempt > 1").fetchone()
        outcome.lost += len(sender.acknowledged - stored)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(INVARIANTS.parent)))}
        command = [sys.executable, str(INVARIANTS), str(self.state / "store.db"), str(self.documents), str(self.state)]
        checked = subprocess.run(command, env=environment, capture_output=True, check=True)
        outcome.violations = orjson.loads(checked.stdout)
        return outcome


async def kill_loop(folder: Path, kills: int, seed: int, *, progress: bool = False) -> Outcome:
    """Run a loop in an empty folder."""
    return await Loop(folder, seed).run(kills, progress)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, help="a folder that does not exist yet, kept for looking into")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tieout-kills-") as name:
        folder = chosen.keep or Path(name) / "loop"
        outcome = asyncio.run(kill_loop(folder, chosen.kills, chosen.seed, progress=True))
    print(orjson.dumps({**asdict(outcome), "holds": outcome.holds}).decode())
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
