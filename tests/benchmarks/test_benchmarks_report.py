"""From runs to figures: medians, goals, and the names that others read."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.load import percentile
from benchmarks.run import GOALS, headline, interleaved, median_of, table
from benchmarks.subject import ScriptSubject
from benchmarks.trial import Intake


def intake(acks: float) -> Intake:
    return Intake(acks, 0.1, 2.0, 9.0)


def details() -> dict[str, Any]:
    engine = {"events_per_second": 3500.0, "ack_p99_milliseconds": 70.0, "peak_rss_megabytes": 90.0}
    script = {"events_per_second": 5000.0, "ack_p99_milliseconds": 40.0, "peak_rss_megabytes": 45.0}
    return {
        "end_to_end": {
            "engine": {**engine, "cpu_milliseconds_per_event": 0.30},
            "script": {**script, "cpu_milliseconds_per_event": 0.20},
        },
        "intake": {"engine": {"acks_per_second": 8100.0}},
        "mapping": {"ratio": 2.2},
        "commands": {"lint_seconds": 0.8, "help_milliseconds": 95.0},
    }


def test_the_median_of_every_figure_counts() -> None:
    assert median_of([intake(1.0), intake(30.0), intake(2.0)])["acks_per_second"] == 2.0


def test_subjects_take_turns() -> None:
    first, second = ScriptSubject(), ScriptSubject()
    second.name = "other"
    order: list[str] = []

    def measure(subject: Any) -> Intake:
        order.append(subject.name)
        return intake(float(len(order)))

    found = interleaved([first, second], 3, measure)
    assert order == ["script", "other"] * 3
    assert (found["script"]["acks_per_second"], found["other"]["acks_per_second"]) == (3.0, 4.0)


def test_a_full_measurement_has_every_required_key() -> None:
    figures = headline(details())
    assert set(figures) == {key for key, *_ in GOALS} == {
        "events_per_second_per_process", "ack_p99_milliseconds", "peak_rss_megabytes", "cpu_ratio_to_script",
        "intake_acks_per_second", "mapping_ratio_to_hand_written", "lint_seconds", "help_milliseconds",
    }  # fmt: skip
    assert figures["cpu_ratio_to_script"] == pytest.approx(1.5)


def test_a_part_that_was_not_measured_has_no_figure() -> None:
    part = {"mapping": {"ratio": 2.2}}
    assert headline(part) == {"mapping_ratio_to_hand_written": 2.2}


def test_the_table_says_what_is_reached_and_what_is_not() -> None:
    shown = table(headline(details()), details()).splitlines()
    by_title = {line[:52].strip(): line.rstrip() for line in shown}
    assert by_title["acknowledgement p99, ms, at saturation"].endswith("not reached")
    assert by_title["events/s end to end, one process"].endswith("   reached")
    assert shown[-1].startswith("the hand-written program: 5,000 events/s, 0.200 ms CPU per event")


def test_percentiles_are_nearest_rank() -> None:
    assert percentile([float(value) for value in range(100)], 0.99) == 99.0
    assert percentile([1.0], 0.99) == 1.0
