"""Every metric of leadhub as data: its kind, name, labels and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric. `shared` ones are read from the database: every process of a hub says the same."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    words: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    shared: bool = False


MEASURES = (
    Measure("gauge", "leadhub_build_info", "1, with the version and the kind of database.", ("version", "database")),
    Measure(
        "counter",
        "leadhub_intake_answers_total",
        "Answers at the intake address; an empty source: there is none of that name.",
        ("source", "status"),
    ),
    Measure("histogram", "leadhub_intake_seconds", "Time until the intake answered.", ("source",), SECONDS),
    Measure("gauge", "leadhub_intake_open", "1 while the intake takes leads, 0 while it refuses them with 503."),
    Measure("gauge", "leadhub_sources_held", "1 while polls and imports pause, because the hub has too much to do."),
    Measure("gauge", "leadhub_pipeline_waiting", "Submissions that wait in this process to be decided."),
    Measure("histogram", "leadhub_pipeline_batch_seconds", "Time to decide and store a batch.", (), SECONDS),
    Measure("histogram", "leadhub_pipeline_batch_submissions", "Submissions in a batch.", (), SIZES),
    Measure(
        "counter",
        "leadhub_delivery_attempts_total",
        "Attempts at deliveries by how they ended: sent, rejected, retry, unclear, misconfigured; put off: not tried.",
        ("sink", "outcome"),
    ),
    Measure("counter", "leadhub_delivery_retries_total", "Attempts that were not a delivery's first.", ("sink",)),
    Measure("histogram", "leadhub_delivery_seconds", "Time an attempt at a delivery took.", ("sink",), SECONDS),
    Measure(
        "gauge", "leadhub_sink_open", "1 while a sink may be sent to, 0 while it is off, paused or rests.", ("sink",)
    ),
    Measure("gauge", "leadhub_sink_paused", "1 while a sink is paused until a person resumes it.", ("sink",)),
    Measure("gauge", "leadhub_sink_breaker", "1 for the state its breaker is in.", ("sink", "state")),
    Measure(
        "counter",
        "leadhub_leases_lost_total",
        "Attempts whose delivery another process had taken over meanwhile; their outcome did not count.",
    ),
    Measure(
        "counter",
        "leadhub_leases_rescued_total",
        "Deliveries taken back from processes that ended while they were sending.",
    ),
    Measure("counter", "leadhub_poll_runs_total", "Polls by how they ended: ok, failed, held.", ("source", "outcome")),
    Measure("gauge", "leadhub_bells_broken", "Regular jobs whose last run failed."),
    Measure("gauge", "leadhub_bell_broken", "1 for a regular job whose last run failed.", ("bell",)),
    Measure("histogram", "leadhub_database_write_seconds", "Time a transaction took, with its sync.", (), SHORT),
    Measure("histogram", "leadhub_database_write_group", "Writes that shared a transaction.", (), SIZES),
    Measure("gauge", "leadhub_disk_free_bytes", "Space left on the disk of a SQLite database."),
    Measure("gauge", "leadhub_disk_size_bytes", "Size of the disk of a SQLite database."),
    Measure(
        "gauge",
        "leadhub_submissions",
        "Submissions by state: received (to be decided), quarantined.",
        ("source", "state"),
        shared=True,
    ),
    Measure(
        "gauge",
        "leadhub_submission_queue_age_seconds",
        "Age of the oldest submission that waits to be decided.",
        ("source",),
        shared=True,
    ),
    Measure(
        "gauge",
        "leadhub_deliveries",
        "Deliveries by state: ready, sending, unclear, dead, rejected.",
        ("sink", "state"),
        shared=True,
    ),
    Measure(
        "gauge",
        "leadhub_delivery_queue_age_seconds",
        "Age of the oldest delivery that is not sent yet.",
        ("sink",),
        shared=True,
    ),
    Measure(
        "gauge",
        "leadhub_delivery_lag_seconds",
        "How long the delivery that is most overdue has been due.",
        ("sink",),
        shared=True,
    ),
    Measure(
        "gauge",
        "leadhub_poll_last_success_timestamp_seconds",
        "When a source was last polled well.",
        ("source",),
        shared=True,
    ),
    Measure("gauge", "leadhub_poll_failing", "1 while the last poll of a source failed.", ("source",), shared=True),
    Measure(
        "gauge",
        "leadhub_database_dead_tuples",
        "Dead rows that PostgreSQL has not vacuumed yet.",
        ("table",),
        shared=True,
    ),
)
"""All of them, as they are exported; the process's own (process_…) come beside them."""

BY_NAME = {measure.name: measure for measure in MEASURES}
