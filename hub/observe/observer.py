"""What those who work are handed so that they can be watched."""

from __future__ import annotations

from hub.observe.metrics import Metrics
from hub.observe.tracing import Tracer


class Observer:
    """The metrics of a hub, and its tracer where traces are on."""

    __slots__ = ("metrics", "tracer")

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.metrics, self.tracer = Metrics(), tracer
