"""One trial: sink, subject and load as three processes; what they did and what the subject used for it."""

from __future__ import annotations

import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.process import Child, cpu_seconds, peak_rss_megabytes, python
from benchmarks.subject import Subject

WARM_EVENTS = 1_000
_POLL_SECONDS = 0.05
#: After the last document the subject still commits its outcome.
_SETTLE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Size:
    """How much is delivered, by how many producers, for how many customers."""

    events: int = 20_000
    producers: int = 64
    customers: int = 500
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """One run from webhook to document. Milliseconds are of the acknowledgement."""

    events_per_second: float
    cpu_milliseconds_per_event: float
    acks_per_second: float
    ack_p50_milliseconds: float
    ack_p99_milliseconds: float
    peak_rss_megabytes: float
    refused: int


@dataclass(frozen=True, slots=True)
class Intake:
    """One run of the intake alone, with the work paused."""

    acks_per_second: float
    cpu_milliseconds_per_event: float
    ack_p50_milliseconds: float
    ack_p99_milliseconds: float


@dataclass(frozen=True, slots=True)
class Stage:
    """The three processes, ready to deliver."""

    sink_port: int
    subject: Child
    load: Child

    def deliver(self, first: int, count: int, per_second: float, timeout_seconds: float) -> dict[str, Any]:
        """Have a range of events delivered; the load generator's report when all are acknowledged."""
        self.load.write_line(f"deliver {first} {count} {per_second}" if per_second else f"deliver {first} {count}")
        report: dict[str, Any] = orjson.loads(self.load.read_line(timeout_seconds))
        return report


def counts(sink_port: int) -> dict[str, Any]:
    """What the sink holds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{sink_port}/count", timeout=10) as reply:
        found: dict[str, Any] = orjson.loads(reply.read())
    return found


def await_documents(sink_port: int, documents: int, timeout_seconds: float) -> dict[str, Any]:
    """Wait until the sink holds that many documents; its counts then. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        found = counts(sink_port)
        if found["documents"] >= documents:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"the sink has {found['documents']} of {documents} documents: {found}")
        time.sleep(_POLL_SECONDS)


@contextmanager
def _staged(subject: Subject, size: Size, *, intake_only: bool) -> Iterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="tieout-bench-"))
    try:
        with Child(python("benchmarks.sink"), folder / "sink.log") as sink:
            sink_port = int(sink.read_line(20))
            launch = subject.launch(folder, sink_port, intake_only=intake_only)
            with Child(launch.command, folder / "subject.log", launch.environment) as running:
                url = subject.webhook_url(running.read_line(60))
                arguments = [
                    "--url", url, "--events", str(WARM_EVENTS + size.events), "--producers", str(size.producers),
                    "--customers", str(size.customers),
                ]  # fmt: skip
                with Child(python("benchmarks.load", *arguments), folder / "load.log") as load:
                    load.read_line(120)
                    yield Stage(sink_port, running, load)
    finally:
        shutil.rmtree(folder)


def run_end_to_end(subject: Subject, size: Size) -> EndToEnd:
    """Deliver everything and wait until the sink has it all."""
    timeout = 60 + size.events / 100
    with _staged(subject, size, intake_only=False) as stage:
        stage.deliver(0, WARM_EVENTS, 0.0, timeout)
        await_documents(stage.sink_port, WARM_EVENTS, timeout)
        time.sleep(_SETTLE_SECONDS)
        used_before = cpu_seconds(stage.subject.pid)
        report = stage.deliver(WARM_EVENTS, size.events, size.per_second, timeout)
        found = await_documents(stage.sink_port, WARM_EVENTS + size.events, timeout)
        time.sleep(_SETTLE_SECONDS)
        used = cpu_seconds(stage.subject.pid) - used_before
        peak = peak_rss_megabytes(stage.subject.pid)
    if found["documents"] != WARM_EVENTS + size.events or found["duplicates"] or found["conflicts"]:
        raise RuntimeError(f"{subject.name} did not post every invoice exactly once: {found}")
    return EndToEnd(
        events_per_second=size.events / (found["last_at"] - report["started_at"]),
        cpu_milliseconds_per_event=1000 * used / size.events,
        acks_per_second=report["acks_per_second"],
        ack_p50_milliseconds=report["p50_milliseconds"],
        ack_p99_milliseconds=report["p99_milliseconds"],
        peak_rss_megabytes=peak,
        refused=sum(report["refused"].values()),
    )


def run_intake(subject: Subject, size: Size) -> Intake:
    """Deliver everything to a subject whose work is paused."""
    timeout = 60 + size.events / 100
    with _staged(subject, size, intake_only=True) as stage:
        stage.deliver(0, WARM_EVENTS, 0.0, timeout)
        time.sleep(_SETTLE_SECONDS)
        used_before = cpu_seconds(stage.subject.pid)
        report = stage.deliver(WARM_EVENTS, size.events, 0.0, timeout)
        used = cpu_seconds(stage.subject.pid) - used_before
    return Intake(
        acks_per_second=report["acks_per_second"],
        cpu_milliseconds_per_event=1000 * used / size.events,
        ack_p50_milliseconds=report["p50_milliseconds"],
        ack_p99_milliseconds=report["p99_milliseconds"],
    )
