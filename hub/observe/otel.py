"""Traces by OpenTelemetry: one trace per submission, whose ids follow from the submission's, on every node."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.status import Status, StatusCode

REMEMBERED = 10_000  # submissions whose sender named a trace; older ones are looked up
EXPORT_SECONDS = 5

_WELL = frozenset({"sent", "accepted", "duplicate", "quarantined", "rejected", "put off"})


def exporter_to(address: str) -> SpanExporter:
    """Return what sends spans to an OTLP/HTTP address."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)


class OtelTracer:
    """Traces submissions; only the event loop's thread may call it."""

    def __init__(self, name: str, exporter: SpanExporter, share: float) -> None:
        self._ids, self._share = _ChosenIds(), TraceIdRatioBased(share)
        self._provider = TracerProvider(
            sampler=ParentBased(self._share), resource=Resource.create({"service.name": name}), id_generator=self._ids,
            shutdown_on_exit=False,
        )  # fmt: skip
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("leadhub")
        self._senders: OrderedDict[str, SpanContext] = OrderedDict()

    def receive(self, submission: str, source: str, headers: Mapping[str, str]) -> _Walk:
        """Begin the trace of a submission that is being received, under its sender's trace where it names one."""
        self.learn(submission, headers)
        return _Walk(self, submission, self._root(submission, source, SpanKind.SERVER))

    def taken(self, submissions: Sequence[str], source: str) -> None:
        """Begin the traces of submissions that a poll or a file brought."""
        for submission in submissions:
            self._root(submission, source, SpanKind.CONSUMER).end()

    def decided(
        self,
        submission: str,
        headers: Mapping[str, str],
        lead: str | None,
        steps: Sequence[Mapping[str, Any]],
        how: str,
    ) -> None:
        """Note a run that ended just now: its steps, with what each took, and how it ended."""
        self.learn(submission, headers)
        at = end = time.time_ns()
        at -= 1000 * sum(int(step["us"]) for step in steps)
        span = self._below(submission, "decide", SpanKind.INTERNAL, at)
        for step in steps:
            at += 1000 * int(step["us"])
            span.add_event(str(step["step"]), {"outcome": str(step["outcome"])}, timestamp=at)
        _finish(span, how, {"leadhub.lead": lead} if lead else {}, end)

    def learn(self, submission: str, headers: Mapping[str, str] | None) -> None:
        """Note the sender's trace of a submission that another process received, or this one before it restarted."""
        if not headers or "traceparent" not in headers:
            return
        context = TraceContextTextMapPropagator().extract(headers, Context())
        said = get_current_span(context).get_span_context()
        if said.is_valid:
            self._senders[_whole(submission)] = said
            while len(self._senders) > REMEMBERED:
                self._senders.popitem(last=False)

    def attempt(self, submission: str, delivery: str, lead: str, sink: str, number: int) -> _Sending:
        """Begin the span of an attempt at a delivery."""
        span = self._below(submission, "deliver", SpanKind.CLIENT, time.time_ns())
        said = {"leadhub.delivery": delivery, "leadhub.lead": lead, "leadhub.sink": sink}
        span.set_attributes({**said, "leadhub.attempt": number})
        return _Sending(span)

    def flush(self) -> None:
        """Send what is finished; blocks."""
        self._provider.force_flush(EXPORT_SECONDS * 1000)

    def close(self) -> None:
        """Send what is finished, and end; blocks."""
        self._provider.shutdown()

    def _root(self, submission: str, source: str, kind: SpanKind) -> Span:
        sender = self._senders.get(_whole(submission))
        trace, self._ids.span = _ids_of(submission)
        self._ids.trace = None if sender else trace
        context = set_span_in_context(NonRecordingSpan(sender), Context()) if sender else Context()
        said = {"leadhub.submission": submission, "leadhub.source": source}
        return self._tracer.start_span("receive", context, kind, said)

    def _below(self, submission: str, name: str, kind: SpanKind, at: int) -> Span:
        """Begin a span under the submission's first one, which may have ended long ago and elsewhere."""
        sender = self._senders.get(_whole(submission))
        own, root = _ids_of(submission)
        trace, state = (sender.trace_id, sender.trace_state) if sender else (own, None)
        flags = sender.trace_flags if sender else TraceFlags(self._sampled(own))
        parent = NonRecordingSpan(SpanContext(trace, root, True, flags, state))
        said = {"leadhub.submission": submission}
        return self._tracer.start_span(name, set_span_in_context(parent, Context()), kind, said, start_time=at)

    def _sampled(self, trace: int) -> bool:
        return self._share.should_sample(None, trace, "receive").decision is Decision.RECORD_AND_SAMPLE


class _Walk:
    """The span of a submission that is being received."""

    def __init__(self, tracer: OtelTracer, submission: str, span: Span) -> None:
        self._tracer, self._submission, self._span, self._began = tracer, submission, span, time.time_ns()

    def stored(self) -> None:
        """Note that its bytes are kept."""
        self._tracer._below(self._submission, "store", SpanKind.INTERNAL, self._began).end()

    def answered(self, status: str) -> None:
        """Note what its sender was told, which ends it."""
        _finish(self._span, status)


class _Sending:
    """The span of one attempt at a delivery."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.headers: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(self.headers, set_span_in_context(span, Context()))

    def ended(self, outcome: str) -> None:
        """Note how the attempt ended, which ends it."""
        _finish(self._span, outcome)


class _ChosenIds(RandomIdGenerator):
    """Gives the ids that were set for the next span, once; random ones otherwise."""

    trace: int | None = None
    span: int | None = None

    def generate_trace_id(self) -> int:
        chosen, self.trace = self.trace, None
        return chosen or super().generate_trace_id()

    def generate_span_id(self) -> int:
        chosen, self.span = self.span, None
        return chosen or super().generate_span_id()


def _finish(span: Span, outcome: str, said: Mapping[str, str] | None = None, at: int | None = None) -> None:
    span.set_attributes({"leadhub.outcome": outcome, **(said or {})})
    if outcome not in _WELL:
        span.set_status(Status(StatusCode.ERROR))
    span.end(at)


def _whole(submission: str) -> str:
    """Return the submission that a further lead of it came in."""
    return submission.partition(".")[0]


def _ids_of(submission: str) -> tuple[int, int]:
    """Return the trace id and first span id of a submission: every process finds the same."""
    digest = hashlib.sha256(f"leadhub:{_whole(submission)}".encode()).digest()
    return int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:24], "big") or 1
