"""HubSpot: batches whose rows differ, contacts that exist, leads without an address."""

import json

import httpx
import pytest
import respx

from connectors.crm.hubspot import HubSpot
from hub import Lead, Misconfigured, Rejected, Retry, Sent, Unclear
from hub.testing.fakes import HandClock

UPSERT = "https://api.hubapi.com/crm/objects/2026-09/contacts/batch/upsert"
CONTACT = "https://api.hubapi.com/crm/objects/2026-09/contacts/"


def sink(**settings: object) -> HubSpot:
    return HubSpot("crm", HubSpot.Config(token="t", **settings), HandClock())


def upserted(request: httpx.Request) -> httpx.Response:
    inputs = json.loads(request.content)["inputs"]
    rows = [{"id": f"hs-{one['id']}", "objectWriteTraceId": one["objectWriteTraceId"]} for one in inputs]
    return httpx.Response(200, json={"status": "COMPLETE", "results": rows[::-1]})


@pytest.fixture
def hubspot():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as client:
        yield client


async def test_a_hundred_leads_go_in_one_call_and_each_gets_its_own_id(hubspot, http):
    route = hubspot.post(UPSERT).mock(side_effect=upserted)
    said = await sink().send([Lead(id=f"lead_{n}") for n in range(100)], http)
    assert said == [Sent(f"hs-lead_{n}") for n in range(100)]
    assert len(route.calls) == 1


async def test_the_address_as_id_is_compared_without_case_and_a_second_lead_with_it_waits(hubspot, http):
    route = hubspot.post(UPSERT).mock(side_effect=upserted)
    leads = [Lead(id="a", email="Ann@Acme.com"), Lead(id="b", email="ann@acme.com"), Lead(id="c")]
    said = await sink(id_property="email").send(leads, http)
    assert [type(one) for one in said] == [Sent, Retry, Rejected]
    (sent,) = json.loads(route.calls.last.request.content)["inputs"]
    assert (sent["idProperty"], sent["id"], sent["properties"]["email"]) == ("email", "ann@acme.com", "Ann@Acme.com")


async def test_a_lead_whose_address_another_contact_has_is_written_onto_that_contact(hubspot, http):
    conflict = {
        "status": "error", "category": "CONFLICT", "message": "Contact already exists. Existing ID: 12345",
        "context": {"objectWriteTraceId": ["lead_2"]},
    }  # fmt: skip
    rows = [{"id": "51", "objectWriteTraceId": "lead_1"}]
    hubspot.post(UPSERT).respond(
        207, json={"status": "COMPLETE", "results": rows, "numErrors": 1, "errors": [conflict]}
    )
    patch = hubspot.patch(CONTACT + "12345").respond(200, json={"id": "12345"})
    said = await sink().send([Lead(id="lead_1"), Lead(id="lead_2", email="a@b.c")], http)
    assert [one.ref for one in said] == ["51", "12345"]
    assert json.loads(patch.calls.last.request.content) == {"properties": {"leadhub_id": "lead_2", "email": "a@b.c"}}


async def test_a_conflict_that_fails_the_whole_batch_is_found_by_halving(hubspot, http):
    def answer(request: httpx.Request) -> httpx.Response:
        conflict = httpx.Response(
            409, json={"category": "CONFLICT", "message": "Contact already exists. Existing ID: 9"}
        )
        return {True: conflict, False: upserted(request)}[b"lead_2" in request.content]

    hubspot.post(UPSERT).mock(side_effect=answer)
    hubspot.patch(CONTACT + "9").respond(200)
    said = await sink().send([Lead(id="lead_1"), Lead(id="lead_2"), Lead(id="lead_3")], http)
    assert [one.ref for one in said] == ["hs-lead_1", "9", "hs-lead_3"]


async def test_what_a_lead_wrote_cannot_name_a_contact_to_overwrite(hubspot, http):
    message = "Property values were not valid: x Contact already exists. Existing ID: 1"
    hubspot.post(UPSERT).respond(400, json={"category": "VALIDATION_ERROR", "message": message})
    patch = hubspot.patch(url__startswith=CONTACT).respond(200)
    said = await sink().send([Lead(id="lead_1")], http)
    assert [type(one) for one in said] == [Rejected]
    assert not patch.called


async def test_a_batch_that_is_too_large_is_halved(hubspot, http):
    def answer(request: httpx.Request) -> httpx.Response:
        many = len(json.loads(request.content)["inputs"]) > 2
        return {True: httpx.Response(413), False: upserted(request)}[many]

    hubspot.post(UPSERT).mock(side_effect=answer)
    said = await sink().send([Lead(id=f"lead_{n}") for n in range(5)], http)
    assert said == [Sent(f"hs-lead_{n}") for n in range(5)]


async def test_a_property_that_is_not_there_stops_the_sink_without_halving(hubspot, http):
    message = 'Property values were not valid: [{"isValid":false,"error":"PROPERTY_DOESNT_EXIST","name":"leadhub_id"}]'
    route = hubspot.post(UPSERT).respond(400, json={"category": "VALIDATION_ERROR", "message": message})
    with pytest.raises(Misconfigured, match="leadhub_id"):
        await sink().send([Lead(id="lead_1"), Lead(id="lead_2")], http)
    assert len(route.calls) == 1


async def test_a_time_out_may_have_arrived_and_a_repeat_is_the_same_upsert(hubspot, http):
    route = hubspot.post(UPSERT).mock(side_effect=[httpx.ReadTimeout(""), upserted])
    one = sink()
    with pytest.raises(Unclear):
        await one.send([Lead(id="lead_1")], http)
    assert await one.send([Lead(id="lead_1")], http) == [Sent("hs-lead_1")]
    assert one.repeatable
    assert route.calls[0].request.content == route.calls[1].request.content


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc", "x" * 300])
def test_a_time_zone_that_does_not_exist_is_refused(zone):
    with pytest.raises(ValueError, match="is not a time zone"):
        HubSpot.Config(token="t", time_zone=zone)


def test_settings_add_and_leave_out_properties():
    one = sink(properties={"message": None, "lifecyclestage": "=lead", "utm": "touch.utm_source"})
    request = one.request([Lead(id="lead_1", message="hi", email="a@b.c")])
    assert request.json["inputs"][0]["properties"] == {
        "leadhub_id": "lead_1",
        "email": "a@b.c",
        "lifecyclestage": "lead",
    }
