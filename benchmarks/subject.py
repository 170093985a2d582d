"""What can be measured: a program that takes the webhooks and posts to the sink, as a command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.process import python


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a subject. Its first line on standard output tells that it is ready."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Subject(Protocol):
    """One program under measurement."""

    name: str

    def launch(self, state: Path, sink_port: int, *, intake_only: bool) -> Launch:
        """The command for a fresh or left-over state folder; ``intake_only`` pauses all work after the intake."""
        ...

    def webhook_url(self, ready_line: str) -> str:
        """Where webhooks go, from the line that it printed when it was ready."""
        ...


class ScriptSubject:
    """The hand-written yardstick."""

    name = "script"

    def launch(self, state: Path, sink_port: int, *, intake_only: bool) -> Launch:
        arguments = ["--database", str(state / "script.db"), "--sink", f"127.0.0.1:{sink_port}"]
        if intake_only:
            arguments.append("--intake-only")
        return Launch(python("benchmarks.script", *arguments))

    def webhook_url(self, ready_line: str) -> str:
        return f"http://127.0.0.1:{int(ready_line)}/webhooks"
