"""Processes that outlive the call that started them: found again by a pid file, stopped only if they are ours."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STOP_SECONDS = 15.0


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; others on this machine wait."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_pid(path: Path, pid: int) -> None:
    """Remember a process in a file."""
    path.write_text(str(pid), "utf-8")


def process_runs(path: Path, mark: str) -> bool:
    """Whether the process of a pid file is alive and still the one: its command line has ``mark`` in it."""
    return _own_pid(path, mark) is not None


def stop_process(path: Path, mark: str) -> None:
    """Ask the process of a pid file to end, then make it. Nothing happens if it is gone or no longer ours."""
    pid = _own_pid(path, mark)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        if not _ended(pid, _STOP_SECONDS):
            _signal(pid, signal.SIGKILL)
            _ended(pid, _STOP_SECONDS)
    path.unlink(missing_ok=True)


def kill_process(path: Path, mark: str) -> None:
    """End the process of a pid file at once and wait until it is gone."""
    pid = _own_pid(path, mark)
    if pid is not None:
        _signal(pid, signal.SIGKILL)
        _ended(pid, _STOP_SECONDS)
    path.unlink(missing_ok=True)


def _own_pid(path: Path, mark: str) -> int | None:
    try:
        pid = int(path.read_text("utf-8").split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    return pid if mark in _command_line(pid) else None


def _command_line(pid: int) -> str:
    """How a process was started; empty when it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def _signal(pid: int, which: signal.Signals) -> None:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        return


def _ended(pid: int, seconds: float) -> bool:
    """Wait for the end of a process. A child of ours is reaped, or it would stay as a zombie."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return True
        except ChildProcessError:
            if not _command_line(pid):
                return True
        time.sleep(0.02)
    return False
