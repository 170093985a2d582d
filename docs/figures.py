"""Writes the measured figures into the README, from the last whole run of the benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"

#: Key of the results, what it is, how it is written.
FIGURES: tuple[tuple[str, str, str], ...] = (
    ("events_per_second_per_process", "Events per second, end to end, one process", "{:,.0f}"),
    ("cpu_ratio_to_script", "Processor time per event, of the hand-written program's", "{:.2f} times"),
    ("intake_acks_per_second", "Durable acknowledgements per second, intake alone", "{:,.0f}"),
    ("ack_p99_milliseconds", "Acknowledgement at saturation, 99th percentile", "{:.1f} ms"),
    ("peak_rss_megabytes", "Peak memory", "{:.0f} MB"),
    ("mapping_ratio_to_hand_written", "A compiled mapping, of the hand-written one's time", "{:.2f} times"),
    ("lint_seconds", "`tieout lint` of the shipped workspace", "{:.2f} s"),
    ("help_milliseconds", "`tieout --help`", "{:.0f} ms"),
)


def figures_text(results: dict[str, Any]) -> str:
    """The table, and on what it was measured."""
    machine, size = results["details"]["machine"], results["details"]["size"]
    lines = ["| | |", "|---|---:|"]
    lines += [f"| {title} | {form.format(results[key])} |" for key, title, form in FIGURES if key in results]
    script = results["details"]["end_to_end"]["script"]
    lines += [
        "",
        f"SQLite, `synchronous=FULL`, lineage and audit on; invoices of eight lines, {size['events']:,} events, "
        f"{size['producers']} producers; medians of {results['details']['repetitions']} runs.",
        f"One machine with {machine['processors']} processors ({machine['system']}, Python {machine['python']}), "
        f"which also ran the load and the receiving server; load before: {machine['load_before']:.1f}.",
        f"The hand-written program in the same run: {script['events_per_second']:,.0f} events/s, "
        f"{script['cpu_milliseconds_per_event']:.3f} ms of processor time per event.",
    ]
    return "\n".join(lines) + "\n"


def write_figures() -> bool:
    """Bring the README up to the last results; whether anything changed. Without results nothing does."""
    if not RESULTS.exists():
        return False
    text = README.read_text("utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    new = head + begin + figures_text(orjson.loads(RESULTS.read_bytes())) + end + tail
    if not begin or not end or new == text:
        return False
    README.write_text(new, "utf-8")
    return True
