"""The sandbox in a process of its own, as tests use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from demo.ports import free_port


class SandboxProcess:
    """One sandbox process; ``kill`` and ``start`` again go on with the same file."""

    def __init__(self, file: Path, *options: str) -> None:
        self._file = file
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "connectors.tryton.sandbox", "--port", str(self.port)]
        command += ["--file", str(self._file), *self._options]
        root = Path(__file__).resolve().parents[2]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        self.port = int(said.rpartition(":")[2])

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def script(self, method: str, fault: str, count: int = 1, seconds: float = 0.0) -> None:
        """Let the next calls of a method meet a fault."""
        content = {"method": method, "fault": fault, "count": count, "seconds": seconds}
        assert httpx.post(f"{self.url}/sandbox/faults", json=content, trust_env=False).status_code == 200

    def counts(self) -> dict[str, Any]:
        """What the sandbox holds."""
        counted: dict[str, Any] = httpx.get(f"{self.url}/sandbox/counts", trust_env=False).json()
        return counted

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None


@contextmanager
def running_sandbox(file: Path, *options: str) -> Iterator[SandboxProcess]:
    """A sandbox process while the block runs."""
    sandbox = SandboxProcess(file, *options)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
