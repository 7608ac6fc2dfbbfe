"""Alarms over the API: what is open, who looks after it, and counting on request."""

from __future__ import annotations

import pytest

from tests.api.calling import calling
from tests.conftest import MakeHub
from tests.core.test_alarms import started, wait
from tests.core.test_polls import config, lead


async def test_open_alarms_are_listed_and_one_is_looked_after(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.dispatcher.pause("crm", "answered 401")
    await wait(hub, 1)
    async with calling(hub) as http:
        (row,) = (await http.get("/api/alarms")).json()["items"]
        assert (row["about"], row["says"]) == ("Sink crm", "It is paused and its leads wait: answered 401")
        assert row["says_zh"] == "已暂停，线索在等待：answered 401"
        assert list(row["told"]) == ["ops"]
        said = (await http.post(f"/api/alarms/{row['id']}/acknowledge")).json()
        assert said == {"alarm": row["id"], "acknowledged_by": "local"}
        (row,) = (await http.get("/api/alarms")).json()["items"]
        assert (row["acknowledged_by"], row["acknowledged_at"] is None) == ("local", False)
        (entry,) = (await http.get("/api/audit", params={"what": "alarm.acknowledged"})).json()["items"]
        assert (entry["who"], entry["target"]) == ("local", str(row["id"]))
        await hub.dispatcher.resume("crm")
        await wait(hub, 1)
        assert (await http.get("/api/alarms")).json()["items"] == []
        assert [r["state"] for r in (await http.get("/api/alarms?state=closed")).json()["items"]] == ["closed"]
        assert (await http.post(f"/api/alarms/{row['id']}/acknowledge")).status_code == 404
        assert (await http.get("/api/alarms?state=odd")).status_code == 422


async def test_health_has_the_reasons(make_hub: MakeHub):
    hub = await started(make_hub)
    async with calling(hub) as http:
        assert (await http.get("/health")).json() == {"status": "ok", "reasons": []}
        hub.plan.sources["ads"].check = fail
        hub.plan.sources["ads"].held = [lead(1)]
        await hub.polls.poll("ads")
        await wait(hub, 1)
        said = (await http.get("/health")).json()
    assert said == {"status": "degraded", "reasons": ["Source ads: It cannot be read: KeyError: 'data'"]}


def fail(at: int) -> None:
    raise KeyError("data")


@pytest.mark.parametrize(("since", "status"), [("7d", 200), ("2026-05-01", 200), ("soon", 422), ("2099-01-01", 422)])
async def test_counting_goes_back_as_far_as_is_asked(make_hub: MakeHub, since, status):
    hub = await make_hub(config())
    hub.plan.sources["platform"].held = [lead(0), lead(1)]
    async with calling(hub) as http:
        answer = await http.post("/api/sources/platform/reconcile", params={"since": since})
    assert answer.status_code == status
    assert answer.json().get("ours", 2) == 2
