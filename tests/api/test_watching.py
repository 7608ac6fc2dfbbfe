"""What monitors read: every metric is what it says, health tells strangers one word, probes tell life from readiness."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.app import Hub
from hub.errors import Retry
from hub.observe.measures import MEASURES
from hub.store.deliveries import Result
from hub.testing.fakes import HandClock
from hub.web.app import create_app
from tests.api.calling import KEY, calling
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person

OWN = ("process_", "leadhub_")


async def read(hub: Hub) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and labels, as Prometheus would."""
    async with calling(hub) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    families = list(text_string_to_metric_families(answer.text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def names_of(found: dict[tuple[str, ...], float]) -> set[str]:
    ends = ("_bucket", "_count", "_sum", "_created")
    return {next((key[0].removesuffix(end) for end in ends if key[0].endswith(end)), key[0]) for key in found}


async def test_nothing_is_exported_that_is_not_described(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    await post(hub, person(1))
    await settled(hub)
    names = {name.removesuffix("_total") for name in names_of(await read(hub))}
    described = {measure.name.removesuffix("_total") for measure in MEASURES}
    assert {name for name in names if not name.startswith("process_")} <= described


async def test_queues_tell_their_age_and_how_overdue_they_are_by_sink(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1))
    await settled(hub)
    clock.turn(1_000)
    found = await read(hub)
    assert found["leadhub_deliveries", "crm", "ready"] == 1
    assert found["leadhub_delivery_queue_age_seconds", "crm"] == pytest.approx(1_000, abs=5)
    assert found["leadhub_delivery_lag_seconds", "crm"] == pytest.approx(1_000, abs=5)
    assert found["leadhub_delivery_queue_age_seconds", "chat"] == 0
    assert found["leadhub_submission_queue_age_seconds", "website"] == 0
    assert (found["leadhub_sink_paused", "crm"], found["leadhub_sink_paused", "chat"]) == (1, 0)


async def test_attempts_retries_and_breakers_are_counted_by_sink(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    hub.plan.sinks["chat"].answer = lambda lead: Retry("answered 503")
    for number in range(12):
        await post(hub, person(number))
        await settled(hub)
    found = await read(hub)
    assert found["leadhub_delivery_attempts_total", "sent", "crm"] == 12
    assert found["leadhub_delivery_attempts_total", "retry", "chat"] >= 10
    assert found["leadhub_sink_breaker", "chat", "open"] == 1
    assert found["leadhub_sink_breaker", "crm", "closed"] == 1
    assert found["leadhub_delivery_seconds_count", "crm"] == 12


async def test_a_later_attempt_is_a_retry(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    hub.plan.sinks["chat"].answer = lambda lead: Retry("answered 503")
    await post(hub, person(1))
    await settled(hub)
    clock.turn(3_600)
    await settled(hub)
    found = await read(hub)
    assert found["leadhub_delivery_retries_total", "chat"] >= 1
    assert found["leadhub_delivery_retries_total", "crm"] == 0


async def test_test_leads_are_in_no_metric_of_deliveries(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, person(1, test=True))
    await settled(hub)
    found = await read(hub)
    assert found.get(("leadhub_delivery_attempts_total", "sent", "chat"), 0) == 0
    assert found["leadhub_intake_answers_total", "website", "202"] == 1


async def test_intake_pipeline_and_database_are_timed(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, person(1))
    await post(hub, person(2), source="nobody")
    await settled(hub)
    found = await read(hub)
    assert found["leadhub_intake_seconds_count", "website"] == 1
    assert found["leadhub_intake_seconds_count", ""] == 1
    assert found["leadhub_pipeline_batch_seconds_count",] >= 1
    assert found["leadhub_pipeline_batch_submissions_sum",] == 1
    assert found["leadhub_database_write_seconds_count",] >= 2
    assert found["leadhub_database_write_group_sum",] >= found["leadhub_database_write_seconds_count",]


async def test_dead_rows_are_told_by_postgresql_only(make_hub: MakeHub):
    hub = await make_hub()
    tables = {key[1] for key in await read(hub) if key[0] == "leadhub_database_dead_tuples"}
    assert ("delivery" in tables) is not hub.db.sqlite


async def test_an_outcome_that_came_too_late_is_counted_as_a_lost_lease(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    await post(hub, person(1))
    await settled(hub)
    late = Result("dlv_000001", 1, 0, "sent", "sent", clock.now())  # whoever holds it has fence 1 by now
    await hub.dispatcher.record([late])
    assert (await read(hub))["leadhub_leases_lost_total",] == 1


async def test_reading_metrics_again_within_five_seconds_asks_the_database_once(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "for this test")
    await read(hub)
    await post(hub, person(1))
    await settled(hub)
    assert ("leadhub_deliveries", "crm", "ready") not in await read(hub)
    clock.turn(5)
    assert (await read(hub))["leadhub_deliveries", "crm", "ready"] == 1


async def asked(hub: Hub, path: str, *, client: str, key: str | None = None, **headers: str) -> httpx.Response:
    """Ask as somebody at that address."""
    transport = httpx.ASGITransport(create_app(hub, local_key=KEY), client=(client, 4711))
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    said |= {"authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=said) as http:
        return await http.get(path)


@pytest.mark.parametrize(
    ("client", "key", "headers", "told"),
    [
        ("127.0.0.1", None, {}, True),
        ("::1", None, {}, True),
        ("192.0.2.7", None, {}, False),
        ("192.0.2.7", KEY, {}, True),
        ("192.0.2.7", "lh_wrong", {}, False),
        ("127.0.0.1", None, {"x_forwarded_for": "192.0.2.7"}, False),
        ("127.0.0.1", None, {"via": "1.1 proxy"}, False),
        ("127.0.0.1", KEY, {"x_forwarded_for": "192.0.2.7"}, True),
        ("192.0.2.7", None, {"x_forwarded_for": "127.0.0.1"}, False),
    ],
)
async def test_strangers_are_told_the_status_and_nothing_else(make_hub: MakeHub, client, key, headers, told):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "for this test")
    answer = await asked(hub, "/health", client=client, key=key, **headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert ("reasons" in answer.json()) is told
    assert ("crm" in answer.text) is told


async def test_a_hub_whose_database_is_closed_lives_and_is_not_ready(make_hub: MakeHub):
    hub = await make_hub()
    hub.db.close()
    live, ready, health = [await asked(hub, path, client="192.0.2.7") for path in PROBES]
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (503, {"status": "down"})
    assert (health.status_code, health.json()) == (503, {"status": "down"})
    await make_hub.crash(hub)


PROBES = ("/health/live", "/health/ready", "/health")


async def test_a_hub_that_is_being_stopped_is_not_ready(make_hub: MakeHub):
    hub = await make_hub()
    assert (await asked(hub, "/health/ready", client="192.0.2.7")).status_code == 200
    hub.wind_down()
    assert (await asked(hub, "/health/ready", client="192.0.2.7")).status_code == 503
    assert (await asked(hub, "/health/live", client="192.0.2.7")).status_code == 200
