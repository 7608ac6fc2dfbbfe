"""A person gets a copy of everything there is of them, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json

import pytest

from hub.privacy.dossier import PARTS
from hub.store.audit import Actor
from tests.api.calling import calling
from tests.conftest import BASIC, MakeHub, post, settled
from tests.core.looking import rows
from tests.privacy.people import CANARY, planted, send, told

WITH_REGION = BASIC.replace("{connector: updating_sink}", "{connector: updating_sink, region: CN}")
EMAIL = "canary.byrd@example.com"


@pytest.mark.parametrize("key", [EMAIL, "+86 139 1111 2222", "lead"])
async def test_everything_of_a_person_is_in_it_by_whatever_key(make_hub: MakeHub, clock, key):
    hub = await make_hub(WITH_REGION)
    first = await send(hub, {**CANARY, "consent": "yes", "consent_text": "call me", "utm_campaign": "spring"}, clock)
    await send(hub, {**CANARY, "id": "c2", "budget": "10k"}, clock)
    await settled(hub)
    found = await hub.privacy.export(first["lead"] if key == "lead" else key)
    assert [lead["id"] for lead in found["leads"]] == [first["lead"]]
    assert [json.loads(one["body"])["id"] for one in found["submissions"]] == ["c1", "c2"]
    assert [touch["campaign"] for touch in found["touches"]] == ["spring", None]
    assert [one["wording"] for one in found["consents"]] == ["call me"]
    assert found["decisions"][0]["why"]["en"].startswith("Went to crm and chat because")
    assert "已送往" in found["decisions"][0]["why"]["zh"]
    told = {(one["recipient"], one["system"], one["region"]) for one in found["recipients"]}
    assert told == {("crm", "updating_sink", "CN"), ("chat", "memory_sink", None)}
    assert {one["id_there"] for one in found["recipients"]} == {f"ref-{first['lead']}"}


async def test_what_was_corrected_by_hand_is_in_it_with_who_did(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    await hub.replays.correct(first["submission"], {"title": "Chief bird"}, by=Actor("user:ann"))
    found = await hub.privacy.export(EMAIL)
    (said,) = found["submissions"]
    assert {name: (one["value"], one["by"]) for name, one in said["corrections"].items()} == {
        "title": ("Chief bird", "user:ann")
    }
    assert json.loads(said["body"])["title"] == "Canary in chief"
    assert found["leads"][0]["title"] == "Chief bird"
    assert "Chief bird" in await csv_of(hub)


async def csv_of(hub) -> str:
    async with calling(hub) as http:
        return (await http.post("/api/people/export", json={"key": EMAIL, "format": "csv"})).text


async def test_nobody_else_is_in_it(make_hub: MakeHub, clock):
    hub = await make_hub()
    await planted(hub, clock)
    await post(hub, json.dumps([{**CANARY, "id": "l8"}, {"id": "l9", "full_name": "Bo Li", "email": "bo@example.com"}]))
    await settled(hub)
    found = await hub.privacy.export(EMAIL)
    assert len(found["submissions"]) >= 5
    assert "bo@example.com" not in json.dumps(found, default=str)


async def test_a_person_who_only_waits_in_quarantine_gets_a_copy_too(make_hub: MakeHub, clock):
    hub = await make_hub()
    held = await send(hub, {"id": "q", "full_name": "Canary Byrd", "message": f"write to {EMAIL}"}, clock)
    found = await hub.privacy.export(EMAIL)
    assert [one["id"] for one in found["submissions"]] == [held["submission"]]


async def test_as_csv_it_has_every_part_and_no_formula(make_hub: MakeHub, clock):
    hub = await make_hub()
    lead = await send(hub, {**CANARY, "consent": "yes", "message": "=1+1"}, clock)
    await settled(hub)
    await told(hub, clock, lead["lead"])
    async with calling(hub) as http:
        answer = await http.post("/api/people/export", json={"key": EMAIL, "format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["part"] for row in table} == set(PARTS)
    assert {row["value"] for row in table if row["field"] == "message"} == {"'=1+1"}


async def test_each_export_leaves_one_entry_in_the_audit_log(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    async with calling(hub) as http:
        answer = await http.post("/api/people/export", json={"key": EMAIL})
        assert (await http.post("/api/people/export", json={"key": "nobody@example.com"})).status_code == 404
    assert answer.json()["leads"][0]["full_name"] == "Canary Byrd"
    entries = await rows(hub, "audit", what="person.exported")
    assert [entry["target"] for entry in entries] == [first["lead"], None]
