"""Metrics in Prometheus' text form, from integers that the engine counts anyway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake

#: Counter -> what it counts. docs/reference/metrics.md lists the same names.
COUNTERS = {
    "arrived": "Messages committed in the inbox and taken up.",
    "finished": "Messages settled or parked.",
    "ignored": "Messages that no source or flow consumes.",
    "completed": "Runs that completed.",
    "skipped": "Runs whose trigger condition was false.",
    "held": "Runs that began to wait for something earlier.",
    "deferred": "Runs that began to wait because their connection is left alone.",
    "exceptions": "Exceptions opened for a person.",
    "confirmed": "Effects confirmed with the other side's proof.",
    "absorbed": "Effects that were asked for again and had been made already.",
    "duplicates": "Messages delivered again.",
    "conflicts": "Ids used again with other content.",
    "unknown": "Effects whose outcome was unknown for a time.",
    "read_back": "Unknown outcomes settled by asking the other side.",
    "retried": "Effects sent again after nothing was written.",
    "commit_failures": "Batches that the store could not commit.",
    "connector_defects": "Crashes of connectors, isolated to their message.",
}


class _Collector(Collector):
    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._daemon = daemon
        self._intake = intake

    def collect(self) -> Iterator[Metric]:
        worker = self._daemon.worker
        for each in fields(worker.counts):
            family = CounterMetricFamily(f"tieout_{each.name}", COUNTERS[each.name])
            family.add_metric([], getattr(worker.counts, each.name))
            yield family
        intake = self._intake
        for name, text, value in (
            ("tieout_intake_signatures_refused", "Webhooks with a bad signature; nothing stored.",
             intake.refused_signatures),
            ("tieout_intake_invalid", "Payloads that could not be read.", intake.invalid),
            ("tieout_intake_busy", "Requests answered “busy”.", intake.refused_busy),
            ("tieout_store_groups", "Transactions of the writer.", self._daemon.writer.groups),
            ("tieout_store_batches", "Batches in them.", self._daemon.writer.batches),
        ):  # fmt: skip
            counter = CounterMetricFamily(name, text)
            counter.add_metric([], value)
            yield counter
        for name, text, number in (
            ("tieout_queue_in_memory", "Messages in memory.", len(worker.keys)),
            ("tieout_active", "Messages being worked on.", worker.active),
            ("tieout_blocked_keys", "Keys that wait for a person.", worker.keys.blocked_keys),
            ("tieout_waiting", "Messages that wait for something earlier.", len(worker.holds)),
            ("tieout_intake_waiting", "Requests that wait for their commit.", intake.waiting),
            ("tieout_generation", "Successful loads of the workspace.", self._daemon.generation.number),
        ):
            gauge = GaugeMetricFamily(name, text)
            gauge.add_metric([], number)
            yield gauge
        in_flight = GaugeMetricFamily("tieout_connection_in_flight", "Requests in flight.", labels=["connection"])
        circuit = GaugeMetricFamily("tieout_connection_open_circuit", "1 while nothing is sent.", labels=["connection"])
        for name, lane in worker.lanes.items():
            in_flight.add_metric([name], lane.in_flight)
            circuit.add_metric([name], int(lane.is_open))
        alone = GaugeMetricFamily(
            "tieout_connection_left_alone", "1 in a maintenance window or a pause.", labels=["connection"]
        )
        for name, _ in worker.closures.all():
            alone.add_metric([name], 1)
        yield in_flight
        yield circuit
        yield alone


class Metrics:
    """The registry of one daemon."""

    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(daemon, intake))

    def text(self) -> bytes:
        """Everything, in the text exposition format."""
        return generate_latest(self._registry)
