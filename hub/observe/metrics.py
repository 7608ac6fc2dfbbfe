"""Counts and times what this process does, for Prometheus; one object per hub, handed to those who count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from hub.observe.measures import BY_NAME, MEASURES

Labels = tuple[str, ...]
Readings = Mapping[str, Mapping[Labels, float]]
"""What is measured when somebody asks: the value for each set of labels, by the name of the metric."""


class Metrics:
    """The counters and histograms of one process; no label is ever the id of a lead."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        made: dict[str, Any] = {}
        for measure in MEASURES:
            if measure.kind == "histogram":
                made[measure.name] = Histogram(
                    measure.name, measure.words, measure.labels, buckets=measure.buckets, registry=self._registry
                )
            elif measure.kind == "counter" and measure.name != "leadhub_intake_answers_total":  # the door counts those
                made[measure.name] = Counter(measure.name, measure.words, measure.labels, registry=self._registry)
        ProcessCollector(registry=self._registry)
        self._made = made
        self._intake: dict[str, Any] = {}

    def answered(self, source: str, seconds: float) -> None:
        """Note that the intake answered."""
        child = self._intake.get(source)
        if child is None:
            child = self._intake[source] = self._made["leadhub_intake_seconds"].labels(source)
        child.observe(seconds)

    def decided(self, submissions: int, seconds: float) -> None:
        """Note that a batch was decided and stored."""
        self._made["leadhub_pipeline_batch_seconds"].observe(seconds)
        self._made["leadhub_pipeline_batch_submissions"].observe(submissions)

    def written(self, writes: int, seconds: float) -> None:
        """Note that a transaction was committed."""
        self._made["leadhub_database_write_seconds"].observe(seconds)
        self._made["leadhub_database_write_group"].observe(writes)

    def polled(self, source: str, outcome: str) -> None:
        """Note how a poll ended."""
        self._made["leadhub_poll_runs_total"].labels(source, outcome).inc()

    def lost(self, leases: int) -> None:
        """Note attempts whose outcome did not count any more."""
        self._made["leadhub_leases_lost_total"].inc(leases)

    def rescued(self, leases: int) -> None:
        """Note deliveries taken back from processes that ended."""
        self._made["leadhub_leases_rescued_total"].inc(leases)

    def of_sink(self, sink: str) -> SinkMeter:
        """Return what counts the attempts of one sink."""
        return SinkMeter(self._made, sink)

    def text(self, readings: Readings) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry) + generate_latest(_read(readings))


class SinkMeter:
    """Counts the attempts at one sink's deliveries."""

    def __init__(self, made: Mapping[str, Any], sink: str) -> None:
        self._sink, self._attempts = sink, made["leadhub_delivery_attempts_total"]
        self._seconds = made["leadhub_delivery_seconds"].labels(sink)
        self._retries = made["leadhub_delivery_retries_total"].labels(sink)
        self._outcomes = {outcome: self._attempts.labels(sink, outcome) for outcome in ("sent", "retry")}

    def tried(self, outcome: str, number: int, seconds: float) -> None:
        """Note how an attempt ended, the how-many-eth it was, and how long it took."""
        self.noted(outcome)
        self._seconds.observe(seconds)
        if number > 1:
            self._retries.inc()

    def noted(self, outcome: str) -> None:
        """Note an outcome without an attempt: the delivery was put off."""
        child = self._outcomes.get(outcome)
        if child is None:
            child = self._outcomes[outcome] = self._attempts.labels(self._sink, outcome)
        child.inc()


def _read(readings: Readings) -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, values in readings.items():
        measure = BY_NAME[name]
        kind = Counter if measure.kind == "counter" else Gauge
        family: Any = kind(name, measure.words, measure.labels, registry=registry)
        for labels, value in values.items():
            child = family.labels(*labels) if labels else family
            child.inc(value) if kind is Counter else child.set(value)
    return registry
