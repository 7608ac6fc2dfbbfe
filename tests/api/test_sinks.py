"""One sink over the API: how it does, what waits for it, what it was sent, and whether it answers when it is tried."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hub.errors import Misconfigured, Retry
from hub.lead import Rejected, Sent
from hub.testing.fakes import MemorySink
from tests.api.calling import calling, keys_of_all_roles
from tests.api.test_login import audited
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s}
sources:
  website: {connector: open_source}
sinks:
  crm: {connector: searchable_sink}
  chat: {connector: telling_sink}
  plain: {connector: memory_sink}
  keyed: {connector: keyed_sink}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: all, to: [crm, plain]}
"""


class KeyedSink(MemorySink):
    """A sink whose vendor says when its key ends."""

    name = "keyed_sink"
    title = "Keyed sink"
    ends = None

    async def expiry(self, http):
        """Say it, or refuse."""
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends


@pytest.fixture
async def hub(make_hub: MakeHub):
    return await make_hub(CONFIG, things=(KeyedSink,))


async def sent(hub, number):
    for one in range(number):
        said = {"id": f"n{one}", "full_name": "Max", "email": f"max{one}@example.com", "country": "DE"}
        await post(hub, json.dumps(said))
    await settled(hub)


async def test_a_sink_tells_what_it_took_and_what_waits(hub):
    hub.plan.sinks["plain"].answer = lambda lead: Rejected("no") if lead.email.startswith("max1@") else Sent("x")
    await sent(hub, 3)
    async with calling(hub) as http:
        said = (await http.get("/api/sinks/plain")).json()
    assert (said["health"], said["routes"], said["day"]) == ("healthy", ["inbound: all"], 2)
    assert said["numbers"] == {"ready": 0, "sending": 0, "unclear": 0, "rejected": 1, "dead": 0}
    assert said["hours"][-1]["number"] == 2
    assert said["oldest"] is None


async def test_leads_of_a_paused_sink_wait_and_it_says_why(hub):
    async with calling(hub) as http:
        await http.post("/api/sinks/plain/pause", json={"reason": "the vendor moves house"})
        await sent(hub, 2)
        said = (await http.get("/api/sinks/plain")).json()
        assert (said["health"], said["paused"]) == ("paused", "the vendor moves house")
        assert said["numbers"]["ready"] == 2
        assert said["oldest"] is not None
        await http.post("/api/sinks/plain/resume")
        hub.clock.turn(60)
        await settled(hub)
        assert (await http.get("/api/sinks/plain")).json()["numbers"]["ready"] == 0


async def test_deliveries_are_paged_by_key_through_all_states(hub):
    hub.plan.sinks["plain"].answer = lambda lead: Rejected("no") if int(lead.email[3]) % 2 else Sent("x")
    await sent(hub, 7)
    seen, after = [], None
    async with calling(hub) as http:
        for _ in range(4):
            page = (await http.get("/api/sinks/plain/deliveries", params={"limit": 2, **({"after": after} if after else {})})).json()  # fmt: skip
            seen += [row["id"] for row in page["items"]]
            after = page["next"]
        trouble = (await http.get("/api/sinks/plain/deliveries", params={"state": "trouble"})).json()["items"]
    rows = [row["id"] for row in await all_rows(hub, "delivery") if row["sink"] == "plain"]
    assert seen == sorted(rows, reverse=True)
    assert after is None
    assert {row["state"] for row in trouble} == {"rejected"}


@pytest.mark.parametrize(
    ("sink", "way"), [("crm", "search"), ("chat", "tell"), ("keyed", "credential"), ("plain", None)]
)
async def test_how_a_sink_is_tried_depends_on_what_it_can_be_asked(hub, sink, way):
    async with calling(hub) as http:
        assert (await http.get(f"/api/sinks/{sink}")).json()["trial"] == way
        answer = await http.post(f"/api/sinks/{sink}/try")
    assert answer.status_code == (200 if way else 409)
    assert [row["data"]["way"] for row in await audited(hub, "test.sent")] == [one for one in (way,) if one]


async def test_a_trial_leaves_no_lead_behind(hub):
    async with calling(hub) as http:
        for sink in ("crm", "chat", "keyed", "plain"):
            await http.post(f"/api/sinks/{sink}/try")
    assert [hub.plan.sinks[name].sent for name in ("crm", "chat", "keyed", "plain")] == [[], [], [], []]
    assert [len(await all_rows(hub, table)) for table in ("submission", "lead", "delivery")] == [0, 0, 0]
    assert "test" in hub.plan.sinks["chat"].told[0].title


@pytest.mark.parametrize(
    ("error", "words"),
    [(Misconfigured("the key is refused"), "the key is refused"), (Retry("it is busy"), "it is busy"),
     (ValueError("a secret may stand in here"), "ValueError")],
)  # fmt: skip
async def test_what_a_trial_trips_over_is_said(hub, error, words):
    hub.plan.sinks["keyed"].ends = error
    async with calling(hub) as http:
        said = (await http.post("/api/sinks/keyed/try")).json()
    assert said["ok"] is False
    assert words in said["said"]
    assert "may stand in here" not in said["said"]


async def test_trials_are_limited(hub):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["operator"]) as http:
        answers = [(await http.post("/api/sinks/chat/try")).status_code for _ in range(12)]
    assert answers[0] == 200
    assert answers[-1] == 429


async def test_the_hours_of_before_are_not_counted(hub):
    await sent(hub, 2)
    hub.clock.turn(timedelta(hours=50).total_seconds())
    async with calling(hub) as http:
        said = (await http.get("/api/sinks/plain")).json()
    assert (said["day"], sum(one["number"] for one in said["hours"])) == (0, 0)


@pytest.mark.parametrize("path", ["", "/deliveries", "/secrets"])
async def test_a_sink_that_is_not_there_is_not_found(hub, path):
    async with calling(hub) as http:
        assert (await http.get(f"/api/sinks/nobody{path}")).status_code in (404, 422)
