"""Sources whose vendor sends an id and keeps the lead back for a second call: asked until it answers, never lost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import httpx
import pytest

from hub.errors import BadInput, Misconfigured, Retry
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.source import WebhookSource
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink
from tests.core.looking import all_rows, rows


class KeepsBack(WebhookSource):
    """A vendor that pushes ids; `trouble` says what its second answer is for an id, None: the lead."""

    name = "keeps_back"

    def ready(self) -> None:
        self.asked: list[str] = []
        self.trouble: dict[str, Exception] = {}

    def verify(self, inbound: Inbound) -> None:
        """Believe everybody."""

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        for key in inbound.json_object()["ids"]:
            yield RawLead(key, {"id": key})

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        assert raw.key is not None
        self.asked.append(raw.key)
        if raw.key in self.trouble:
            raise self.trouble[raw.key]
        return replace(raw, data={**raw.data, "full_name": f"P {raw.key}", "email": f"{raw.key}@example.com"})


CONFIG = one_sink("updating_sink").replace("open_source", "keeps_back")


async def started(make_hub: MakeHub):
    hub = await make_hub(CONFIG, things=[KeepsBack])
    return hub, hub.plan.sources["website"]


async def push(hub, *ids: str) -> dict:
    said: dict = (await post(hub, json.dumps({"ids": ids}))).json()
    await settled(hub)
    return said


async def later(hub, seconds: float) -> None:
    hub.clock.turn(seconds)
    await hub.pipeline.sweep()
    await settled(hub)


async def emails(hub) -> list[str]:
    return sorted(row["email"] for row in await all_rows(hub, "lead"))


async def test_the_sender_is_answered_before_the_second_call(make_hub: MakeHub):
    hub, source = await started(make_hub)
    said = await push(hub, "a")
    assert (said["status"], said["lead"]) == ("accepted", None)
    assert (source.asked, await emails(hub)) == (["a"], ["a@example.com"])


async def test_each_id_of_one_push_is_completed_by_itself(make_hub: MakeHub):
    hub, source = await started(make_hub)
    source.trouble["b"] = Retry("answered 503")
    await push(hub, "a", "b", "c")
    assert await emails(hub) == ["a@example.com", "c@example.com"]
    source.trouble.clear()
    await later(hub, 6)
    assert await emails(hub) == ["a@example.com", "b@example.com", "c@example.com"]
    assert await rows(hub, "submission", state="quarantined") == []


async def test_the_vendor_is_asked_for_as_long_as_it_takes(make_hub: MakeHub):
    hub, source = await started(make_hub)
    source.trouble["a"] = Retry("answered 503")
    await push(hub, "a")
    for _ in range(20):
        await later(hub, 3601)
    assert len(source.asked) == 21
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["reason"]) == ("received", "keeps_back: answered 503")
    source.trouble.clear()
    await later(hub, 3601)
    assert await emails(hub) == ["a@example.com"]


async def test_it_is_asked_less_and_less_often(make_hub: MakeHub, clock):
    hub, source = await started(make_hub)
    source.trouble["a"] = Retry("answered 503")
    await push(hub, "a")
    for _ in range(1800):
        clock.turn(4)
        if await hub.pipeline.sweep():
            await settled(hub)
    assert 9 <= len(source.asked) <= 14  # in two hours


@pytest.mark.parametrize("error", [Retry("answered 429", after=600.0), Misconfigured("answered 401"), KeyError("x")])
async def test_whatever_goes_wrong_the_lead_waits_and_the_trouble_is_told(make_hub: MakeHub, error):
    hub, source = await started(make_hub)
    source.trouble["a"] = error
    await push(hub, "a")
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["tries"]) == ("received", 0)
    await hub.flush()
    assert len(await rows(hub, "event", kind="source.failed")) == 1
    source.trouble.clear()
    await later(hub, 601)
    assert await emails(hub) == ["a@example.com"]


async def test_what_the_vendor_does_not_know_waits_for_a_person(make_hub: MakeHub):
    hub, source = await started(make_hub)
    source.trouble["a"] = BadInput("there is no such lead")
    await push(hub, "a")
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["problems"][0]["code"]) == ("quarantined", "incomplete")


async def test_a_crash_between_the_answer_and_the_second_call_loses_nothing(make_hub: MakeHub, clock):
    hub, source = await started(make_hub)
    source.trouble.update(dict.fromkeys("ab", Retry("the process is about to die", after=3600.0)))
    await push(hub, "a", "b")
    await make_hub.crash(hub)
    hub, source = await started(make_hub)
    await later(hub, 3601)
    assert (sorted(source.asked), await emails(hub)) == (["a", "b"], ["a@example.com", "b@example.com"])
    assert len(await all_rows(hub, "submission")) == 2


async def test_what_the_vendor_said_is_kept_and_not_asked_for_again(make_hub: MakeHub):
    hub, source = await started(make_hub)
    await push(hub, "a")
    (row,) = await all_rows(hub, "submission")
    source.trouble["a"] = BadInput("leads can be read for 90 days")
    again = await hub.replays.replay(row["id"])
    assert (again.status, source.asked) == ("accepted", ["a"])


async def test_the_same_ids_pushed_again_are_known(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    await push(hub, "a", "b")
    await push(hub, "a", "b")
    states = sorted(row["state"] for row in await all_rows(hub, "submission"))
    assert states == ["done", "done", "duplicate", "duplicate"]
    assert [row["version"] for row in await all_rows(hub, "lead")] == [1, 1]
