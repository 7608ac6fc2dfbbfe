"""HubSpot in the sandbox: conflicts, rows, leads, search and paging."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

CONTACTS = "/hubspot/crm/v3/objects/contacts"
DATED = "/hubspot/crm/objects/2026-09/contacts"


@pytest.fixture
def http(http: httpx.AsyncClient, sandbox: Sandbox) -> httpx.AsyncClient:
    http.headers["authorization"] = "Bearer t"
    sandbox.configure("hubspot", limits=False)
    return http


def row(key: str, **properties: Any) -> dict[str, Any]:
    return {"idProperty": "hub_id", "id": key, "properties": properties, "objectWriteTraceId": f"trace-{key}"}


async def contact(http: httpx.AsyncClient, **properties: Any) -> str:
    return str((await http.post(CONTACTS, json={"properties": properties})).json()["id"])


async def test_a_known_email_is_a_conflict_that_names_the_contact(http: httpx.AsyncClient) -> None:
    number = await contact(http, email="a@b.de")
    answer = await http.post(CONTACTS, json={"properties": {"email": "A@B.de"}})
    assert answer.status_code == 409
    assert answer.json()["category"] == "CONFLICT"
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {number}"


async def test_a_bad_row_is_told_beside_the_good_ones(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    rows = [row("h1", email="a@b.de"), row("h2", email="not an address")]
    answer = await http.post(f"{CONTACTS}/batch/upsert", json={"inputs": rows})
    assert answer.status_code == 207
    told = answer.json()
    assert [one["properties"]["hub_id"] for one in told["results"]] == ["h1"]
    assert told["numErrors"] == 1
    assert told["errors"][0]["context"] == {"objectWriteTraceId": ["trace-h2"]}
    assert "INVALID_EMAIL" in told["errors"][0]["message"]
    assert [(r.key, r.seen) for entry in sandbox.entries() for r in entry.records] == [("h1", "new")]


async def test_an_upsert_changes_what_it_finds(http: httpx.AsyncClient) -> None:
    first = await http.post(f"{CONTACTS}/batch/upsert", json={"inputs": [row("h1", phone="1")]})
    second = await http.post(f"{DATED}/batch/upsert", json={"inputs": [row("h1", phone="2")]})
    (old,), (new,) = first.json()["results"], second.json()["results"]
    assert (old["id"], old["new"], new["new"]) == (new["id"], True, False)
    read = await http.get(f"{CONTACTS}/h1", params={"idProperty": "hub_id", "properties": "phone,fax"})
    assert read.json()["properties"] == {"phone": "2", "fax": None}


@pytest.mark.parametrize(
    "inputs",
    [
        [row("h1"), row("h1")],
        [row("h1"), {"idProperty": "email", "id": "a@b.de", "properties": {}}],
        [row(f"h{n}") for n in range(101)],
    ],
    ids=["the same id twice", "two id properties", "101 rows"],
)
async def test_a_batch_that_is_wrong_as_a_whole_is_refused(
    inputs: list[dict[str, Any]], http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    answer = await http.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert sandbox.records("hubspot") == []


async def test_an_unknown_property_is_refused_once_the_known_ones_are_set(
    http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.configure("hubspot", properties=["hub_id"])
    assert (await http.post(CONTACTS, json={"properties": {"hub_id": "1", "email": "a@b.de"}})).status_code == 201
    answer = await http.post(CONTACTS, json={"properties": {"utm_source": "x"}})
    assert answer.status_code == 400
    assert "PROPERTY_DOESNT_EXIST" in answer.json()["message"]


async def test_a_unique_property_has_one_owner(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("hubspot", unique=["hub_id"])
    await contact(http, hub_id="1")
    answer = await http.post(CONTACTS, json={"properties": {"hub_id": "1"}})
    assert answer.status_code == 400
    assert "CONFLICTING_UNIQUE_VALUE" in answer.json()["message"]


async def test_an_update_moves_the_unique_value_along(http: httpx.AsyncClient) -> None:
    number = await contact(http, email="old@b.de")
    await http.patch(f"{CONTACTS}/old@b.de", params={"idProperty": "email"}, json={"properties": {"email": "new@b.de"}})
    assert (await http.get(f"{CONTACTS}/old@b.de", params={"idProperty": "email"})).status_code == 404
    assert (await http.get(f"{CONTACTS}/new%40b.de", params={"idProperty": "email"})).json()["id"] == number


async def test_a_lead_needs_a_contact_of_its_own(http: httpx.AsyncClient) -> None:
    link = {"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]}
    lead = {"properties": {"hs_lead_name": "Ann - demo"}, "associations": [{"to": {"id": "999"}, **link}]}
    assert (await http.post("/hubspot/crm/v3/objects/leads", json=lead)).status_code == 400
    lead["associations"] = [{"to": {"id": await contact(http, email="a@b.de")}, **link}]
    assert (await http.post("/hubspot/crm/v3/objects/0-136", json=lead)).status_code == 201


async def test_a_search_is_paged_and_sorted(http: httpx.AsyncClient) -> None:
    for name in ("c", "a", "d", "b", "e"):
        await contact(http, lastname=name, email=f"{name}@b.de")
    asked: dict[str, Any] = {"limit": 2, "sorts": [{"propertyName": "lastname"}], "properties": ["lastname"]}
    names = []
    after: str | None = "0"
    while after:
        page = (await http.post(f"{CONTACTS}/search", json={**asked, "after": after})).json()
        assert page["total"] == 5
        names.append([one["properties"]["lastname"] for one in page["results"]])
        after = page.get("paging", {}).get("next", {}).get("after")
    assert names == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ({"operator": "EQ", "propertyName": "email", "value": "ANN@b.de"}, ["ann"]),
        ({"operator": "NEQ", "propertyName": "lastname", "value": "ann"}, ["bo", "cy"]),
        ({"operator": "IN", "propertyName": "lastname", "values": ["ann", "cy"]}, ["ann", "cy"]),
        ({"operator": "NOT_IN", "propertyName": "lastname", "values": ["ann", "cy"]}, ["bo"]),
        ({"operator": "HAS_PROPERTY", "propertyName": "phone"}, ["bo"]),
        ({"operator": "NOT_HAS_PROPERTY", "propertyName": "phone"}, ["ann", "cy"]),
        ({"operator": "CONTAINS_TOKEN", "propertyName": "phone", "value": "*0100"}, ["bo"]),
        ({"operator": "GT", "propertyName": "lastmodifieddate", "value": "1777881600000"}, ["bo", "cy"]),
        (
            {
                "operator": "BETWEEN",
                "propertyName": "createdate",
                "value": "1777881605000",
                "highValue": "1777881615000",
            },
            ["bo"],
        ),
    ],
    ids=lambda value: value["operator"] if isinstance(value, dict) else "",
)
async def test_a_filter_finds(
    test: dict[str, Any], found: list[str], http: httpx.AsyncClient, clock: HandClock
) -> None:
    await contact(http, lastname="ann", email="ann@b.de")
    clock.turn(10)
    await contact(http, lastname="bo", email="bo@b.de", phone="+1 415 5550100")
    clock.turn(10)
    await contact(http, lastname="cy", email="cy@b.de")
    answer = await http.post(f"{CONTACTS}/search", json={"filterGroups": [{"filters": [test]}], "limit": 10})
    assert [one["properties"]["lastname"] for one in answer.json()["results"]] == found


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 201},
        {"limit": 100, "after": "9950"},
        {"filterGroups": [{"filters": []}] * 7},
        {"filterGroups": [{"filters": [{"operator": "LIKE", "propertyName": "email"}]}]},
    ],
    ids=["page", "10,000 results", "groups", "operator"],
)
async def test_a_search_past_the_limits_is_refused(asked: dict[str, Any], http: httpx.AsyncClient) -> None:
    await contact(http, email="a@b.de")
    assert (await http.post(f"{CONTACTS}/search", json=asked)).status_code == 400


async def test_the_search_index_lags_behind(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    sandbox.configure("hubspot", search_lag=5)
    await contact(http, email="a@b.de")
    assert (await http.post(f"{CONTACTS}/search", json={"limit": 1})).json()["total"] == 0
    clock.turn(5)
    assert (await http.post(f"{CONTACTS}/search", json={"limit": 1})).json()["total"] == 1


async def test_searches_have_a_limit_of_their_own(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    sandbox.configure("hubspot", limits=None)
    answers = [await http.post(f"{CONTACTS}/search", json={"limit": 1}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert "x-hubspot-ratelimit-remaining" not in answers[-1].headers
    clock.turn(1)
    assert (await http.post(f"{CONTACTS}/search", json={"limit": 1})).status_code == 200


async def test_the_rate_headers_count_down(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("hubspot", limits=None)
    answer = await http.post(CONTACTS, json={"properties": {}})
    assert answer.headers["x-hubspot-ratelimit-remaining"] == "99"
    assert answer.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"


async def test_two_objects_can_be_linked(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    number = await contact(http, email="a@b.de")
    company = (await http.post("/hubspot/crm/v3/objects/companies", json={"properties": {"name": "Acme"}})).json()["id"]
    path = f"contacts/{number}/associations/default/companies/{company}"
    assert (await http.put(f"/hubspot/crm/v4/objects/{path}")).status_code == 200
    assert (await http.put(f"/hubspot/crm/objects/2026-09/{path}")).status_code == 200
    assert sandbox.records("hubspot")[0]["associations"][0]["to"] == {"id": company}


async def test_an_oauth_token_opens_the_door(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("hubspot", token="only this", client_id="id", client_secret="secret")
    form = {"grant_type": "refresh_token", "client_id": "id", "client_secret": "wrong", "refresh_token": "r"}
    assert (await http.post("/hubspot/oauth/v1/token", data=form)).status_code == 400
    told = (await http.post("/hubspot/oauth/v1/token", data={**form, "client_secret": "secret"})).json()
    http.headers["authorization"] = f"Bearer {told['access_token']}"
    assert (await http.post(CONTACTS, json={"properties": {}})).status_code == 201
