"""Child processes of a measurement, and what the kernel says they used (Linux ``/proc``)."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, cast

ROOT = Path(__file__).resolve().parent.parent
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Child:
    """One started program that talks in lines. Its errors go to a file, shown when it ends early."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        self._name = " ".join(command[1:4])
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_line(self, timeout_seconds: float) -> str:
        """The next line that it prints. Raises RuntimeError with its errors if it ends or stays silent."""
        out = cast(IO[str], self._process.stdout)
        readable, _, _ = select.select([out], [], [], timeout_seconds)
        line = out.readline() if readable else ""
        if not line:
            state = "printed nothing" if self._process.poll() is None else f"ended with {self._process.returncode}"
            raise RuntimeError(f"{self._name} {state}: {self._log.read_text(errors='replace')[-2000:]}")
        return line.strip()

    def write_line(self, line: str) -> None:
        cast(IO[str], self._process.stdin).write(line + "\n")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Ask it to end; kill it if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def python(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this checkout with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, its living children, and those it waited for."""
    ticks = 0
    for each in _family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS_PER_SECOND


def peak_rss_megabytes(pid: int) -> float:
    """The largest resident size that the process and its living children have had, in MB (2**20 bytes)."""
    kilobytes = 0
    for each in _family(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
