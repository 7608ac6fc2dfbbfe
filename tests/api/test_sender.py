"""A key of a source posts to its own address and does nothing else; a source may ask for it, and for a network."""

from __future__ import annotations

import logging

import pytest

from hub.app import Hub
from tests.api.calling import calling
from tests.conftest import BASIC, MakeHub, settled
from tests.core.inputs import person
from tests.core.looking import all_rows

TWO = BASIC.replace(
    "{connector: open_source}", "{connector: open_source, needs_key: true}\n  other: {connector: open_source}"
).replace("from: [website]", "from: [website, other]")


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


async def key_of(hub: Hub, source: str = "website", **more: object) -> str:
    async with calling(hub) as http:
        answer = await http.post("/api/keys", json={"role": "source", "source": source, **more})
        return str(answer.json()["key"])


async def send(hub: Hub, path: str, bearer: str | None = None, address: str = "127.0.0.1") -> int:
    async with calling(hub, bearer, address) as http:
        return (await http.post(path, content=person(1))).status_code


async def test_a_source_that_needs_a_key_takes_nothing_without_its_own(make_hub: MakeHub):
    hub = await make_hub(TWO)
    own, others = await key_of(hub), await key_of(hub, "other")
    async with calling(hub) as http:
        owners = (await http.post("/api/keys", json={"role": "owner"})).json()["key"]
    assert await send(hub, "/in/website") == 401
    assert await send(hub, "/in/website", "lh_wrong") == 401
    assert await send(hub, "/in/website/lh_wrong") == 401
    assert await send(hub, "/in/website/", None) in (401, 404)
    assert await send(hub, "/in/website", others) == 401
    assert await send(hub, "/in/website", owners) == 401
    assert await all_rows(hub, "submission") == []
    assert await send(hub, "/in/website", own) == 202
    assert await send(hub, f"/in/website/{own}") == 202


async def test_a_key_of_one_source_opens_no_other_though_it_needs_none(make_hub: MakeHub):
    hub = await make_hub(TWO)
    own = await key_of(hub)
    assert await send(hub, "/in/other") == 202
    assert await send(hub, "/in/other", own) == 401
    assert await send(hub, f"/in/other/{own}") == 401


async def test_a_key_is_worthless_when_it_has_expired(make_hub: MakeHub, clock):
    hub = await make_hub(TWO)
    own = await key_of(hub, days=1)
    assert await send(hub, "/in/website", own) == 202
    clock.turn(86_400)
    assert await send(hub, "/in/website", own) == 401


async def test_a_key_in_the_address_is_kept_nowhere(make_hub: MakeHub, caplog):
    hub = await make_hub(TWO)
    own = await key_of(hub)
    with caplog.at_level(logging.DEBUG):
        assert await send(hub, f"/in/website/{own}") == 202
        assert await send(hub, f"/in/other/{own}") == 401
        await settled(hub)
        await hub.auditor.round(last=True)
    tables = ("submission", "decision", "event", "audit", "api_key", "delivery", "lead", "touch")
    kept = str([await all_rows(hub, table) for table in tables])
    assert own not in kept
    assert own not in str([one.getMessage() for one in caplog.records if one.name.startswith("leadhub")])
    assert (await all_rows(hub, "submission"))[0]["url"] == "http://hub/in/website"


async def test_who_comes_without_the_key_is_counted_once_for_a_minute(make_hub: MakeHub):
    hub = await make_hub(TWO)
    for _ in range(9):
        await send(hub, "/in/website")
    await hub.auditor.round(last=True)
    rows = [row for row in await all_rows(hub, "audit") if row["what"] == "signature.failed"]
    assert [(row["target"], row["data"]["requests"]) for row in rows] == [("website", 9)]


@pytest.mark.parametrize(
    ("address", "status"), [("192.0.2.9", 202), ("198.51.100.1", 403), ("2001:db8::1", 202), ("", 403)]
)
async def test_a_source_takes_only_from_its_networks(make_hub: MakeHub, address, status):
    networks = "{connector: open_source, networks: [192.0.2.0/24, '2001:db8::/32']}"
    hub = await make_hub(BASIC.replace("{connector: open_source}", networks))
    assert await send(hub, "/in/website", None, address) == status


@pytest.mark.parametrize(
    "body",
    [
        {"role": "source"}, {"role": "source", "source": "nowhere"}, {"role": "viewer", "source": "website"},
        {"role": "god"}, {"role": "viewer", "days": 0}, {"role": "viewer", "digest": "x"},
    ],
)  # fmt: skip
async def test_a_key_that_makes_no_sense_is_not_made(make_hub: MakeHub, body):
    hub = await make_hub()
    async with calling(hub) as http:
        assert (await http.post("/api/keys", json=body)).status_code == 422
    assert await all_rows(hub, "api_key") == []


async def test_the_list_of_keys_tells_them_apart_and_says_when_they_were_used(make_hub: MakeHub, clock):
    hub = await make_hub()
    async with calling(hub) as http:
        made = (await http.post("/api/keys", json={"role": "viewer", "name": "for the wall"})).json()
    async with calling(hub, made["key"]) as http:
        await http.get("/api/me")
    async with calling(hub) as http:
        (row,) = (await http.get("/api/keys")).json()["items"]
    assert (row["name"], row["prefix"]) == ("for the wall", made["key"][:7])
    assert row["last_used_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert made["key"] not in str(row)
