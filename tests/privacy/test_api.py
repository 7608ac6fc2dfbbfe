"""What the API and the commands say about people's rights."""

from __future__ import annotations

import json

import pytest

from tests.api.calling import calling, keys_of_all_roles
from tests.conftest import MakeHub, settled
from tests.core.inputs import one_sink
from tests.privacy.people import CANARY, send, traces

EMAIL = "canary.byrd@example.com"


async def test_a_person_is_erased_looked_up_and_let_back_in(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    await settled(hub)
    async with calling(hub) as http:
        shown = (await http.post("/api/erase", json={"email": EMAIL, "dry_run": True})).json()
        assert (shown["dry_run"], shown["leads"]) == (True, [first["lead"]])
        done = (await http.post("/api/erase", json={"key": first["lead"]})).json()
        assert done["leads"] == [first["lead"]]
        assert (await http.get(f"/api/erasures/{done['erasure']}")).json() == done
        assert (await http.get("/api/erasures/era_404")).status_code == 404
        assert (await http.post("/api/erase", json={})).status_code == 422
        assert await traces(hub) == []
        assert (await http.post("/api/unerase", json={"email": EMAIL})).json() == {"lifted": [done["erasure"]]}
        assert (await http.post("/api/unerase", json={"email": EMAIL})).status_code == 404


async def test_consents_are_listed_given_and_withdrawn(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    path = f"/api/leads/{first['lead']}"
    async with calling(hub) as http:
        body = {"wording": "You may call me.", "channel": "phone"}
        assert (await http.post(f"{path}/consents", json=body)).json()["channel"] == "phone"
        assert (await http.post(f"{path}/withdraw", json={"channel": "phone"})).json()["lead"] == first["lead"]
        assert (await http.post(f"{path}/withdraw", json={"channel": "fax"})).status_code == 422
        assert (await http.post(f"{path}/withdraw", json={"recipient": "nobody"})).status_code == 422
        assert (await http.post("/api/leads/lead_404/withdraw", json={})).status_code == 404
        listed = (await http.get(f"{path}/consents")).json()["items"]
    assert [(row["state"], row["channel"]) for row in listed] == [("given", "phone"), ("withdrawn", "phone")]


async def test_holds_are_set_and_lifted(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    path = f"/api/leads/{first['lead']}/hold"
    async with calling(hub) as http:
        assert (await http.post(path, json={"reason": "case 7"})).json()["new"] is True
        assert (await http.post(path, json={"reason": "case 7"})).json()["new"] is False
        assert (await http.delete(path)).json() == {"lead": first["lead"], "held": False}
        assert (await http.delete(path)).status_code == 404


async def test_retention_is_previewed_and_done(make_hub: MakeHub, clock):
    hub = await make_hub(f"{one_sink()}retention: {json.dumps({'bodies': '1d'})}\n")
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(2 * 86_400)
    async with calling(hub) as http:
        rules = (await http.get("/api/retention")).json()["items"]
        assert [(rule["kind"], rule["now"]) for rule in rules] == [("bodies", 1), ("consent", 0)]
        assert (await http.post("/api/retention")).json() == {"bodies": 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/erase", {"email": EMAIL}), ("POST", "/api/unerase", {"email": EMAIL}),
        ("POST", "/api/retention", None), ("POST", "/api/people/export", {"key": EMAIL}),
        ("POST", "/api/leads/lead_1/hold", {"reason": "x"}), ("GET", "/api/leads/lead_1/consents", None),
        ("POST", "/api/leads/lead_1/withdraw", {}),
    ],
)  # fmt: skip
async def test_a_viewer_may_do_none_of_it(make_hub: MakeHub, method, path, body):
    hub = await make_hub()
    async with calling(hub, (await keys_of_all_roles(hub))["viewer"]) as http:
        assert (await http.request(method, path, json=body)).status_code == 403
