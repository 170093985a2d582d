"""How long checks take: the command on the shipped workspace and on five hundred documents, and an editor's session.

Cold is a process that knows nothing from before; warm is one that finds an answer in the cache. A session is asked
again after an edit of one document; its figures are over edits of sixty documents of a workspace, of all kinds.

    python -m benchmarks.lint [--documents 500] [--repetitions 5]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.lint_workspace import documents_of, write_workspace
from benchmarks.load import percentile
from benchmarks.process import ROOT
from engine.api import shipped_workspace
from engine.lint.session import Session

EDITS = 60
RESULTS = Path(__file__).parent / "results" / "lint.json"
#: What is to be reached: seconds of the command, and milliseconds of a session after an edit.
GOALS: Mapping[tuple[str, str], float] = {
    ("shipped", "cold_seconds"): 1.0,
    ("large", "cold_seconds"): 3.0,
    ("large", "warm_seconds"): 0.3,
    ("shipped", "edit_p95_milliseconds"): 200.0,
}


def command_seconds(root: Path, state: Path, *options: str) -> tuple[float, float]:
    """Wall and processor time of a ``tieout lint`` in a process of its own, with modules compiled as installed ones."""
    command = [sys.executable, "-m", "cli", "lint", "--workspace", str(root), "--state", str(state)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(state / "compiled")}
    began, used = time.perf_counter(), _processor_seconds_of_children()
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, check=False, env=environment)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return seconds, _processor_seconds_of_children() - used


def _processor_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def commands(root: Path, repetitions: int) -> dict[str, float]:
    """Seconds of the command, cold and warm: medians. Processor time says more where other programs run beside it."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        command_seconds(root, state)  # from here on Python has the program compiled, and the cache an answer
        cold = [command_seconds(root, state, "--no-cache") for _ in range(repetitions)]
        warm = [command_seconds(root, state) for _ in range(repetitions)]
    return {
        "cold_seconds": median(wall for wall, _ in cold),
        "cold_processor_seconds": median(used for _, used in cold),
        "warm_seconds": median(wall for wall, _ in warm),
        "warm_processor_seconds": median(used for _, used in warm),
    }


def edits(root: Path, files: Sequence[Path]) -> dict[str, float]:
    """Milliseconds that a session takes after an edit of each of these files, which are not written."""
    session = Session(root)
    taken: list[tuple[float, float]] = []
    expected = _checked(session, {}, taken)
    for number, file in enumerate(files):
        text = f"{file.read_text('utf-8')}\n# {number}\n"
        if _checked(session, {file.relative_to(root).as_posix(): text}, taken) != expected:
            raise RuntimeError(f"a comment in {file} changed what is found")
    first, *others = taken
    wall = sorted(1000 * each for each, _ in others)
    return {
        "first_milliseconds": 1000 * first[0],
        "edit_median_milliseconds": median(wall),
        "edit_p95_milliseconds": percentile(wall, 0.95),
        "edit_max_milliseconds": wall[-1],
        "edit_median_processor_milliseconds": 1000 * median(used for _, used in others),
    }


def _checked(session: Session, overlay: Mapping[str, str], taken: list[tuple[float, float]]) -> list[str]:
    """The codes that a session finds; ``taken`` receives the wall time and the processor time."""
    began, used = time.perf_counter(), time.process_time()
    report = session.check(overlay)
    taken.append((time.perf_counter() - began, time.process_time() - used))
    return [each.code for each in report.diagnostics]


def measure(documents: int, repetitions: int) -> dict[str, Any]:
    """Everything, of both workspaces."""
    shipped = shipped_workspace()
    found: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    }
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder)
        count = write_workspace(large, documents)
        for name, root, size in (("shipped", shipped, len(documents_of(shipped))), ("large", large, count)):
            print(f"{name}: {size} documents")
            files = documents_of(root)[:: max(1, size // EDITS)]
            found[name] = {"documents": size, **commands(root, repetitions), **edits(root, files)}
    return found


def table(found: Mapping[str, Any]) -> str:
    """The figures in lines, with what was to be reached."""
    lines = []
    for name in ("shipped", "large"):
        for key, value in found[name].items():
            goal = GOALS.get((name, key))
            against = "" if goal is None else f"   goal {goal:g}: {'reached' if value <= goal else 'not reached'}"
            lines.append(f"{name:8} {key:34} {value:9.2f}{against}")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    found = measure(given.documents, given.repetitions)
    print(table(found))
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
