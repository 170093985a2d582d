"""The whole measurement: engine and hand-written yardstick in turns, medians, a table and one JSON object.

Compare ratios and CPU per event first: wall time depends on what else the machine does. With ``--parts`` only the
named parts are measured and printed; ``results/latest.json`` is written when all are.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from benchmarks.engine_subject import EngineSubject
from benchmarks.process import ROOT, python
from benchmarks.subject import ScriptSubject, Subject
from benchmarks.trial import EndToEnd, Intake, Size, run_end_to_end, run_intake

RESULTS = Path(__file__).parent / "results" / "latest.json"
PARTS = ("end_to_end", "intake", "half_load", "mapping", "commands")

#: Key, what it is, the floor or cap of the requirements, and whether more is better.
GOALS: tuple[tuple[str, str, float, bool], ...] = (
    ("events_per_second_per_process", "events/s end to end, one process", 3_000, True),
    ("cpu_ratio_to_script", "CPU per event, ratio to the hand-written program", 2.0, False),
    ("intake_acks_per_second", "durable acknowledgements/s, intake alone", 8_000, True),
    ("ack_p99_milliseconds", "acknowledgement p99, ms, at saturation", 60, False),
    ("peak_rss_megabytes", "peak memory, MB", 160, False),
    ("mapping_ratio_to_hand_written", "compiled mappings, ratio to hand-written", 2.5, False),
    ("lint_seconds", "lint of the shipped workspace, s", 1.0, False),
    ("help_milliseconds", "--help, ms", 120, False),
)


def median_of(runs: Sequence[EndToEnd] | Sequence[Intake]) -> dict[str, float]:
    """The median of every figure."""
    rows = [asdict(run) for run in runs]
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def interleaved(
    subjects: Sequence[Subject], repetitions: int, measure: Callable[[Subject], EndToEnd | Intake]
) -> dict[str, dict[str, Any]]:
    """A, B, A, B …: medians and all runs per subject."""
    runs: dict[str, list[Any]] = {subject.name: [] for subject in subjects}
    for repetition in range(repetitions):
        for subject in subjects:
            run = measure(subject)
            runs[subject.name].append(run)
            print(f"  {repetition + 1}/{repetitions} {subject.name:8} {_short(run)}", flush=True)
    return {name: {**median_of(made), "runs": [asdict(run) for run in made]} for name, made in runs.items()}


def _short(run: EndToEnd | Intake) -> str:
    speed = (
        f"{run.events_per_second:8,.0f} events/s"
        if isinstance(run, EndToEnd)
        else f"{run.acks_per_second:8,.0f} acks/s"
    )
    return (
        f"{speed}  {run.cpu_milliseconds_per_event:.3f} ms CPU/event  "
        f"ack p50 {run.ack_p50_milliseconds:.1f} p99 {run.ack_p99_milliseconds:.1f} ms"
    )


def command_seconds(arguments: Sequence[str], repetitions: int) -> float:
    """Median wall time of a cold `tieout` command, with modules compiled as those of an installed package are.

    Raises RuntimeError with its output if it does not end clean.
    """
    taken = []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(python("cli", *arguments), cwd=ROOT, capture_output=True, check=False, env=environment)
    for _ in range(repetitions):
        began = time.monotonic()
        done = subprocess.run(
            python("cli", *arguments), cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )
        taken.append(time.monotonic() - began)
        if done.returncode != 0:
            raise RuntimeError(f"tieout {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return statistics.median(taken)


def measure_mappings() -> dict[str, Any]:
    """Compiled mappings against hand-written ones."""
    from benchmarks import mapping

    timings = mapping.measure(mapping.pairs(mapping.workspace_plan()))
    for timing in timings:
        print(f"  {timing.name:16} {timing.compiled:7.1f} us, by hand {timing.by_hand:7.1f} us, {timing.ratio:.2f}x")
    return {
        "ratio": mapping.overall_ratio(timings),
        "microseconds": {timing.name: {"compiled": timing.compiled, "by_hand": timing.by_hand} for timing in timings},
    }


def measure(parts: Sequence[str], subjects: Sequence[Subject], size: Size, repetitions: int) -> dict[str, Any]:
    """The details of every part, in order."""
    details: dict[str, Any] = {"machine": _machine(), "size": asdict(size), "repetitions": repetitions}
    if "end_to_end" in parts:
        print(f"end to end, {size.events} events, {size.producers} producers, {size.customers} customers")
        details["end_to_end"] = interleaved(subjects, repetitions, lambda subject: run_end_to_end(subject, size))
    if "intake" in parts:
        print("intake alone, work paused")
        details["intake"] = interleaved(subjects, repetitions, lambda subject: run_intake(subject, size))
    if "half_load" in parts:
        full = [each["events_per_second"] for each in details.get("end_to_end", {}).values()]
        rate = round(min(full, default=2_000.0) / 2)
        half = Size(min(size.events, 10 * rate), size.producers, size.customers, rate)
        print(f"half load of the slower one, {rate} events/s")
        details["half_load"] = {
            "per_second": rate,
            **interleaved(subjects, 1, lambda subject: run_end_to_end(subject, half)),
        }
    if "mapping" in parts:
        print("mappings of one document")
        details["mapping"] = measure_mappings()
    if "commands" in parts:
        details["commands"] = {
            "lint_seconds": command_seconds(["lint", "--no-cache"], 3),
            "help_milliseconds": 1000 * command_seconds(["--help"], 9),
        }
    return details


def headline(details: dict[str, Any]) -> dict[str, float]:
    """The figures that the requirements name, as far as they were measured."""
    found: dict[str, float] = {}
    engine = details.get("end_to_end", {}).get("engine")
    if engine is not None:
        found["events_per_second_per_process"] = engine["events_per_second"]
        found["ack_p99_milliseconds"] = engine["ack_p99_milliseconds"]
        found["peak_rss_megabytes"] = engine["peak_rss_megabytes"]
        script = details["end_to_end"].get("script")
        if script is not None:
            found["cpu_ratio_to_script"] = engine["cpu_milliseconds_per_event"] / script["cpu_milliseconds_per_event"]
    if "engine" in details.get("intake", {}):
        found["intake_acks_per_second"] = details["intake"]["engine"]["acks_per_second"]
    if "mapping" in details:
        found["mapping_ratio_to_hand_written"] = details["mapping"]["ratio"]
    found.update(details.get("commands", {}))
    return found


def table(figures: dict[str, float], details: dict[str, Any]) -> str:
    """The figures with their goals, and the yardstick's own beside them, for people."""
    lines = [f"{'':52}{'measured':>12}{'goal':>12}   "]
    for key, title, goal, more_is_better in GOALS:
        if key in figures:
            reached = figures[key] >= goal if more_is_better else figures[key] <= goal
            bound = f"{'>=' if more_is_better else '<='} {goal:,g}"
            lines.append(f"{title:52}{figures[key]:>12,.2f}{bound:>12}   {'reached' if reached else 'not reached'}")
    script = details.get("end_to_end", {}).get("script")
    if script is not None:
        lines.append(
            f"the hand-written program: {script['events_per_second']:,.0f} events/s, "
            f"{script['cpu_milliseconds_per_event']:.3f} ms CPU per event, "
            f"ack p99 {script['ack_p99_milliseconds']:.1f} ms, {script['peak_rss_megabytes']:.0f} MB"
        )
    return "\n".join(lines)


def _machine() -> dict[str, Any]:
    return {
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=20_000)
    options.add_argument("--producers", type=int, default=64)
    options.add_argument("--customers", type=int, default=500)
    options.add_argument("--repetitions", type=int, default=5)
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--subjects", nargs="+", choices=("engine", "script"), default=("script", "engine"))
    chosen = options.parse_args(arguments)
    known: dict[str, Subject] = {"script": ScriptSubject(), "engine": EngineSubject()}
    subjects = [known[name] for name in chosen.subjects]
    size = Size(chosen.events, chosen.producers, chosen.customers)
    details = measure(chosen.parts, subjects, size, chosen.repetitions)
    figures = headline(details)
    print()
    print(table(figures, details))
    if {key for key, *_ in GOALS} <= figures.keys():
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_bytes(orjson.dumps({**figures, "details": details}, option=orjson.OPT_INDENT_2) + b"\n")
        print(f"written to {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
