"""Salesforce: tokens that say where to call, rows of a batch, records that duplicate rules find."""

import asyncio
import json

import httpx
import pytest
import respx

from connectors.crm.salesforce import Salesforce
from hub import Lead, Misconfigured, Rejected, Retry, Sent, Unclear
from hub.testing.fakes import HandClock

LOGIN = "https://acme.my.salesforce.com/services/oauth2/token"
BASE = "https://acme-2.my.salesforce.com/services/data/v62.0/"
UPSERT = BASE + "composite/sobjects/Lead/LeadHub_Id__c"
ROW = {"id": "00Q000000000001AAA", "success": True, "errors": [], "created": True}


def sink(**settings: object) -> Salesforce:
    known = {"base_url": "https://acme.my.salesforce.com", "client_id": "i", "client_secret": "s"}
    return Salesforce("crm", Salesforce.Config(**known, **settings), HandClock())


def token(name: str = "t1") -> httpx.Response:
    return httpx.Response(200, json={"access_token": name, "instance_url": "https://acme-2.my.salesforce.com"})


def refused(code: str, message: str, **more: object) -> dict:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": [], **more}]}


def matching(*found: tuple[str, str]) -> dict:
    results = [{"entityType": kind, "matchRecords": [{"record": {"Id": number}}]} for kind, number in found]
    return {"allowSave": True, "matchResults": results}


@pytest.fixture
def salesforce():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        router.post(LOGIN).mock(return_value=token())
        yield router


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as client:
        yield client


async def test_leads_go_to_the_address_that_came_with_the_token(salesforce, http):
    route = salesforce.patch(UPSERT).respond(200, json=[ROW])
    assert await sink().send([Lead()], http) == [Sent("00Q000000000001AAA")]
    assert route.calls.last.request.headers["authorization"] == "Bearer t1"


async def test_client_credentials_go_in_the_form_and_nowhere_else(salesforce, http):
    route = salesforce.patch(UPSERT).respond(200, json=[ROW])
    await sink().send([Lead()], http)
    asked = salesforce.calls[0].request
    assert asked.content == b"grant_type=client_credentials&client_id=i&client_secret=s"
    assert "authorization" not in asked.headers
    assert b"client_secret" not in route.calls.last.request.content


async def test_fifty_sends_at_once_ask_for_one_token(salesforce, http):
    async def later(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # lets the other sends come as far as they get
        return token()

    tokens = salesforce.post(LOGIN).mock(side_effect=later)
    salesforce.patch(UPSERT).respond(200, json=[ROW])
    one = sink()
    said = await asyncio.gather(*(one.send([Lead(id=f"lead_{n}")], http) for n in range(50)))
    assert said == [[Sent("00Q000000000001AAA")]] * 50
    assert len(tokens.calls) == 1


async def test_a_session_that_ended_is_renewed_once(salesforce, http):
    salesforce.post(LOGIN).mock(side_effect=[token("old"), token("new")])
    ended = httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    salesforce.patch(UPSERT, headers={"authorization": "Bearer old"}).mock(return_value=ended)
    salesforce.patch(UPSERT, headers={"authorization": "Bearer new"}).respond(200, json=[ROW])
    assert await sink().send([Lead()], http) == [Sent("00Q000000000001AAA")]


async def test_a_second_401_is_for_a_person(salesforce, http):
    route = salesforce.patch(UPSERT).respond(401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "expired"}])
    with pytest.raises(Misconfigured, match="expired"):
        await sink().send([Lead()], http)
    assert len(route.calls) == 2


async def test_a_secret_that_is_wrong_is_for_a_person(salesforce, http):
    said = {"error": "invalid_client", "error_description": "invalid client credentials"}
    salesforce.post(LOGIN).respond(400, json=said)
    with pytest.raises(Misconfigured, match="no token: invalid client credentials"):
        await sink().send([Lead()], http)


async def test_a_record_that_a_duplicate_rule_found_is_updated(salesforce, http):
    found = matching(("Contact", "003000000000001AAA"), ("Lead", "00Q000000000009AAA"))
    row = refused("DUPLICATES_DETECTED", "Use one of these records?", duplicateResult=found)
    salesforce.patch(UPSERT).respond(200, json=[ROW, row])
    patch = salesforce.patch(BASE + "sobjects/Lead/00Q000000000009AAA").respond(204)
    said = await sink().send([Lead(id="lead_1"), Lead(id="lead_2", last_name="Ng")], http)
    assert [one.ref for one in said] == ["00Q000000000001AAA", "00Q000000000009AAA"]
    sent = patch.calls.last.request
    assert json.loads(sent.content) == {"LeadHub_Id__c": "lead_2", "LastName": "Ng", "Company": "[not provided]"}
    assert sent.headers["sforce-duplicate-rule-header"].startswith("allowSave=true;")


async def test_a_record_with_the_same_unique_value_is_updated(salesforce, http):
    message = "duplicate value found: Email__c duplicates value on record with id: 00Q000000000009"
    salesforce.patch(UPSERT).respond(200, json=[refused("DUPLICATE_VALUE", message)])
    salesforce.patch(BASE + "sobjects/Lead/00Q000000000009").respond(204)
    assert [one.ref for one in await sink().send([Lead()], http)] == ["00Q000000000009"]


@pytest.mark.parametrize(
    "row",
    [
        refused("DUPLICATES_DETECTED", "Use one of these records?"),
        refused("DUPLICATES_DETECTED", "Use one?", duplicateResult=matching(("Contact", "003000000000001AAA"))),
        refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no: value on record with id: 00Q000000000009"),
    ],
    ids=["no record", "another kind", "what a lead wrote"],
)
async def test_without_a_record_of_its_kind_a_duplicate_is_left_to_a_person(salesforce, http, row):
    salesforce.patch(UPSERT).respond(200, json=[row])
    assert [type(one) for one in await sink().send([Lead()], http)] == [Rejected]


async def test_duplicates_are_refused_where_the_settings_say_so(salesforce, http):
    row = refused("DUPLICATES_DETECTED", "Use one?", duplicateResult=matching(("Lead", "00Q000000000009AAA")))
    salesforce.patch(UPSERT).respond(200, json=[row])
    said = await sink(duplicates="refuse").send([Lead()], http)
    assert said == [Rejected("DUPLICATES_DETECTED: Use one? (record 00Q000000000009AAA)", "DUPLICATES_DETECTED")]


@pytest.mark.parametrize(("duplicates", "allowed"), [("save", "true"), ("update", "false"), ("refuse", "false")])
def test_duplicates_are_saved_only_where_the_settings_say_so(duplicates, allowed):
    headers = sink(duplicates=duplicates).request([Lead()]).headers
    assert headers["Sforce-Duplicate-Rule-Header"].startswith(f"allowSave={allowed};")


@pytest.mark.parametrize("assign", ["TRUE", "FALSE", "01Q000000000001"])
def test_assignment_rules_run_as_the_settings_say(assign):
    assert sink(assign=assign).request([Lead()]).headers["Sforce-Auto-Assign"] == assign


async def test_a_time_out_may_have_arrived_and_a_repeat_is_the_same_upsert(salesforce, http):
    route = salesforce.patch(UPSERT).mock(side_effect=[httpx.ReadTimeout(""), httpx.Response(200, json=[ROW])])
    one = sink()
    with pytest.raises(Unclear):
        await one.send([Lead()], http)
    assert await one.send([Lead()], http) == [Sent("00Q000000000001AAA")]
    assert one.repeatable
    assert route.calls[0].request.content == route.calls[1].request.content


async def test_a_batch_that_is_too_large_is_halved(salesforce, http):
    answers = [httpx.Response(413), httpx.Response(200, json=[ROW]), httpx.Response(200, json=[ROW])]
    route = salesforce.patch(UPSERT).mock(side_effect=answers)
    said = await sink().send([Lead(id="lead_1"), Lead(id="lead_2")], http)
    assert [type(one) for one in said] == [Sent, Sent]
    assert [len(json.loads(call.request.content)["records"]) for call in route.calls] == [2, 1, 1]


async def test_a_row_that_is_locked_waits_alone(salesforce, http):
    locked = refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
    salesforce.patch(UPSERT).respond(200, json=[ROW, locked])
    said = await sink().send([Lead(id="lead_1"), Lead(id="lead_2")], http)
    assert [type(one) for one in said] == [Sent, Retry]
