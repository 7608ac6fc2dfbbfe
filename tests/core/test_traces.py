"""A lead's walk is one trace: received, stored, decided, each attempt; the sender's trace goes in and out again."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.app import Hub
from hub.errors import Retry
from hub.testing.fakes import HandClock
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENDER = f"00-{TRACE}-{SPAN}-01"


def finished(hub: Hub, spans: InMemorySpanExporter) -> list[ReadableSpan]:
    """Return the spans that ended, in the order they began."""
    assert hub.observer.tracer
    hub.observer.tracer.flush()
    return sorted(spans.get_finished_spans(), key=lambda span: (span.start_time or 0, span.name != "receive"))


def parent(span: ReadableSpan) -> str | None:
    return f"{span.parent.span_id:016x}" if span.parent else None


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Return where spans end up."""
    return InMemorySpanExporter()


async def test_a_submission_is_one_trace_from_the_door_to_its_sinks(make_hub: MakeHub, spans):
    hub = await make_hub(spans=spans)
    await post(hub, person(1))
    await settled(hub)
    found = finished(hub, spans)
    assert sorted(span.name for span in found) == ["decide", "deliver", "deliver", "receive", "store"]
    assert len({span.context.trace_id for span in found}) == 1
    first = next(span for span in found if span.name == "receive")
    assert first.parent is None
    assert {parent(span) for span in found if span is not first} == {f"{first.context.span_id:016x}"}
    assert {span.attributes["leadhub.submission"] for span in found} == {"sub_000001"}
    assert {s.attributes["leadhub.sink"] for s in found if s.name == "deliver"} == {"crm", "chat"}


async def test_deciding_has_an_event_for_each_step(make_hub: MakeHub, spans):
    hub = await make_hub(spans=spans)
    await post(hub, person(1))
    await settled(hub)
    decide = next(span for span in finished(hub, spans) if span.name == "decide")
    assert [event.name for event in decide.events][:3] == ["map", "normalize", "validate"]
    assert {event.attributes["outcome"] for event in decide.events} == {"passed"}
    assert decide.start_time <= decide.events[0].timestamp <= decide.events[-1].timestamp <= decide.end_time


async def test_no_span_names_a_person(make_hub: MakeHub, spans):
    hub = await make_hub(spans=spans)
    await post(hub, person(1, full_name="Canary Person", phone="13800138000"))
    await settled(hub)
    told = " ".join(span.to_json() for span in finished(hub, spans))
    assert not any(word in told for word in ("Canary", "p1@example.com", "13800138000"))


async def test_the_senders_trace_is_honoured_and_sent_on(make_hub: MakeHub, spans):
    went: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        went.append(request)
        return httpx.Response(200, json={})

    config = one_sink("webhook", url="https://sink.example.com/in")
    hub = await make_hub(config, spans=spans, transport=httpx.MockTransport(answer))
    await post(hub, person(1), traceparent=SENDER, tracestate="vendor=1")
    await settled(hub)
    found = finished(hub, spans)
    assert {f"{span.context.trace_id:032x}" for span in found} == {TRACE}
    assert parent(next(span for span in found if span.name == "receive")) == SPAN
    deliver = next(span for span in found if span.name == "deliver")
    assert went[0].headers["traceparent"] == f"00-{TRACE}-{deliver.context.span_id:016x}-01"
    assert went[0].headers["tracestate"] == "vendor=1"


@pytest.mark.parametrize("odd", ["", "00-zz", f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01", "é" * 60])
async def test_an_odd_traceparent_is_none(make_hub: MakeHub, spans, odd):
    hub = await make_hub(spans=spans)
    assert (await post(hub, person(1), traceparent=odd)).status_code == 202
    await settled(hub)
    assert next(span for span in finished(hub, spans) if span.name == "receive").parent is None


async def test_an_attempt_after_a_restart_belongs_to_the_same_trace(make_hub: MakeHub, spans, clock: HandClock):
    hub = await make_hub(one_sink(), spans=InMemorySpanExporter())
    hub.plan.sinks["crm"].answer = lambda lead: Retry("answered 503")
    await post(hub, person(1), traceparent=SENDER)
    await settled(hub)
    await make_hub.stop(hub)
    clock.turn(3_600)
    again = await make_hub(one_sink(), spans=spans)
    await settled(again)
    (deliver,) = finished(again, spans)
    assert (deliver.name, f"{deliver.context.trace_id:032x}") == ("deliver", TRACE)
    assert deliver.attributes["leadhub.attempt"] == 2
    assert deliver.attributes["leadhub.outcome"] == "sent"


async def test_what_is_not_sampled_leaves_nothing(make_hub: MakeHub, spans):
    hub = await make_hub(one_sink().replace("hub: {", "hub: {trace_share: 0, "), spans=spans)
    await post(hub, person(1))
    await settled(hub)
    assert finished(hub, spans) == []


async def test_without_the_setting_nothing_is_traced_or_sent_on(make_hub: MakeHub):
    went: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        went.append(request)
        return httpx.Response(200, json={})

    config = one_sink("webhook", url="https://sink.example.com/in")
    hub = await make_hub(config, transport=httpx.MockTransport(answer))
    await post(hub, person(1), traceparent=SENDER)
    await settled(hub)
    assert hub.observer.tracer is None
    assert "traceparent" not in went[0].headers


ALONE = """
import asyncio, pathlib, sys, tempfile
from hub.app import Hub, Office
import hub.web.app
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "hub.yaml").write_text("sources: {{site: {{connector: web_form}}}}\\n{more}")
try:
    Hub.open(Office(folder, folder / "hub.yaml"))
except Exception as error:
    print(error)
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))])
"""


def alone(more: str) -> str:
    said = subprocess.run([sys.executable, "-c", ALONE.format(more=more)], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_nothing_of_opentelemetrys_sdk_is_loaded_while_traces_are_off():
    assert alone("").strip() == "[]"


def test_the_sdk_is_loaded_when_traces_are_on():
    assert "opentelemetry.sdk.trace" in alone("hub: {traces: http://127.0.0.1:9/v1/traces}")


def test_traces_without_the_sdk_are_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    from hub.errors import ConfigError
    from hub.observe.tracing import open_tracer

    def missing(name: str, *_: Any) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", missing)
    with pytest.raises(ConfigError, match=r"leadhub\[otel\]"):
        open_tracer("hub", "http://127.0.0.1:9", 1.0)
