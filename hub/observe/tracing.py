"""What a tracer is asked for, and where one comes from; nothing of OpenTelemetry is loaded while traces are off."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hub.errors import ConfigError


class Walk(Protocol):
    """The span of a submission that is being received."""

    def stored(self) -> None:
        """Note that its bytes are kept."""
        ...

    def answered(self, status: str) -> None:
        """Note what its sender was told, which ends it."""
        ...


class Sending(Protocol):
    """The span of one attempt at a delivery."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return traceparent and tracestate of this attempt, for the request that goes out."""
        ...

    def ended(self, outcome: str) -> None:
        """Note how the attempt ended, which ends it."""
        ...


class Tracer(Protocol):
    """Traces the walk of each submission; spans name ids, sources and sinks, and never a person."""

    def receive(self, submission: str, source: str, headers: Mapping[str, str]) -> Walk:
        """Begin the trace of a submission that is being received, under its sender's trace where it names one."""
        ...

    def taken(self, submissions: Sequence[str], source: str) -> None:
        """Begin the traces of submissions that a poll or a file brought."""
        ...

    def decided(
        self,
        submission: str,
        headers: Mapping[str, str],
        lead: str | None,
        steps: Sequence[Mapping[str, Any]],
        how: str,
    ) -> None:
        """Note a run that ended just now: its steps, with what each took, and how it ended."""
        ...

    def learn(self, submission: str, headers: Mapping[str, str] | None) -> None:
        """Note the sender's trace of a submission that another process received, or this one before it restarted."""
        ...

    def attempt(self, submission: str, delivery: str, lead: str, sink: str, number: int) -> Sending:
        """Begin the span of an attempt at a delivery."""
        ...

    def flush(self) -> None:
        """Send what is finished; blocks."""
        ...

    def close(self) -> None:
        """Send what is finished, and end; blocks."""
        ...


def open_tracer(name: str, address: str | None, share: float, exporter: Any = None) -> Tracer | None:
    """Return a tracer that sends to an OTLP/HTTP address, or to an exporter; None when neither is named.

    Raises ConfigError when traces are on and OpenTelemetry's SDK is not installed.
    """
    if address is None and exporter is None:
        return None
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        raise ConfigError("hub.traces needs OpenTelemetry. Install it: pip install 'leadhub[otel]'.", key="traces")
    from hub.observe import otel

    return otel.OtelTracer(name, exporter or otel.exporter_to(str(address)), share)
