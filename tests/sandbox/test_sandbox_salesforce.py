"""Salesforce in the sandbox: sessions, upserts, collections, queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.tokens import JWT_GRANT
from hub.testing.sandbox.vendors.salesforce_objects import record_id, with_suffix

Assertion = Callable[..., str]

DATA = "/salesforce/services/data/v62.0"
TOKEN = "/salesforce/services/oauth2/token"
ANN = {"LastName": "Ng", "Company": "Acme"}


@pytest.fixture
def http(http: httpx.AsyncClient, sandbox: Sandbox) -> httpx.AsyncClient:
    sandbox.configure("salesforce", token="t")
    http.headers["authorization"] = "Bearer t"
    return http


async def lead(http: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await http.post(f"{DATA}/sobjects/Lead", json={**ANN, **fields})


async def query(http: httpx.AsyncClient, soql: str) -> Any:
    return (await http.get(f"{DATA}/query", params={"q": soql})).json()


async def test_client_credentials_give_a_session(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    sandbox.configure("salesforce", client_id="id", client_secret="secret", token=None)
    form = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "wrong"}
    refused = await http.post(TOKEN, data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    told = (await http.post(TOKEN, data={**form, "client_secret": "secret"})).json()
    assert told["instance_url"] == f"{sandbox.url}/salesforce"
    assert "expires_in" not in told
    http.headers["authorization"] = f"Bearer {told['access_token']}"
    assert (await lead(http)).status_code == 201
    clock.turn(7_200)
    assert (await lead(http)).json()[0]["errorCode"] == "INVALID_SESSION_ID"


async def test_a_signed_assertion_gives_a_session(
    http: httpx.AsyncClient, sandbox: Sandbox, assertion: Assertion, public_key: str
) -> None:
    sandbox.configure("salesforce", public_key=public_key)
    good = assertion(iss="consumer", sub="hub@acme.com", aud="https://login.salesforce.com")
    bad = good[:-8] + "AAAAAAAA"
    other = assertion(iss="consumer", sub="hub@acme.com", aud="https://elsewhere.com")
    answers = [
        (await http.post(TOKEN, data={"grant_type": JWT_GRANT, "assertion": given})).json()
        for given in (good, bad, other, "nonsense")
    ]
    assert answers[0]["token_type"] == "Bearer"
    assert [answer["error"] for answer in answers[1:]] == ["invalid_grant"] * 3


async def test_an_upsert_answers_201_then_200(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    path = f"{DATA}/sobjects/Lead/Hub_Id__c/hub%2F1"
    first, second = await http.patch(path, json=ANN), await http.patch(path, json={"Title": "Buyer"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    (kept,) = sandbox.records("salesforce")
    assert (kept["Hub_Id__c"], kept["Title"], kept["LastName"]) == ("hub/1", "Buyer", "Ng")


async def test_an_upsert_must_not_repeat_its_key(http: httpx.AsyncClient) -> None:
    answer = await http.patch(f"{DATA}/sobjects/Lead/Hub_Id__c/1", json={**ANN, "Hub_Id__c": "1"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


async def test_a_key_that_several_records_have_answers_300(http: httpx.AsyncClient) -> None:
    ids = [(await lead(http, Hub_Id__c="1")).json()["id"] for _ in range(2)]
    answer = await http.patch(f"{DATA}/sobjects/Lead/Hub_Id__c/1", json=ANN)
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v62.0/sobjects/Lead/{number}" for number in ids]


async def test_a_unique_field_names_the_record_that_has_the_value(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("salesforce", unique=["Hub_Id__c"])
    number = (await lead(http, Hub_Id__c="1")).json()["id"]
    answer = await lead(http, Hub_Id__c="1")
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    assert number in answer.json()[0]["message"]


@pytest.mark.parametrize(
    ("rule", "header", "status"),
    [("alert", "", 400), ("alert", "allowSave=true", 201), ("block", "allowSave=true", 400)],
)
async def test_a_duplicate_rule_minds_the_header(
    rule: str, header: str, status: int, http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.configure("salesforce", duplicate_rule=rule)
    await lead(http, Email="a@b.de")
    http.headers["sforce-duplicate-rule-header"] = header
    assert (await lead(http, Email="A@b.de")).status_code == status


async def test_a_duplicate_names_the_record_it_matches(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("salesforce", duplicate_rule="block")
    number = (await lead(http, Email="a@b.de")).json()["id"]
    (told,) = (await lead(http, Email="a@b.de")).json()
    assert told["errorCode"] == "DUPLICATES_DETECTED"
    (match,) = told["duplicateResult"]["matchResults"]
    assert match["entityType"] == "Lead"
    assert match["matchRecords"][0]["record"]["Id"] == number


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"Emale": "a@b.de"}, "INVALID_FIELD"),
        ({"Company": ""}, "REQUIRED_FIELD_MISSING"),
    ],
)
async def test_a_lead_is_refused_by_code(fields: dict[str, Any], code: str, http: httpx.AsyncClient) -> None:
    answer = await lead(http, **fields)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert answer.json()[0]["fields"] == list(fields)


async def test_a_converted_lead_cannot_be_changed(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.seed("salesforce", {**ANN, "IsConverted": True})
    number = sandbox.records("salesforce")[0]["Id"]
    answer = await http.patch(f"{DATA}/sobjects/Lead/{number[:15]}", json={"Title": "x"})
    assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


async def test_a_collection_answers_200_row_by_row(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    rows = [{"attributes": {"type": "Lead"}, "Hub_Id__c": key, **ANN, "Email": mail} for key, mail in MAILS]
    answer = await http.patch(f"{DATA}/composite/sobjects/Lead/Hub_Id__c", json={"allOrNone": False, "records": rows})
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json()] == [True, False, True]
    assert answer.json()[1]["errors"][0]["statusCode"] == "INVALID_EMAIL_ADDRESS"
    assert len(sandbox.records("salesforce")) == 2


MAILS = [("1", "a@b.de"), ("2", "nobody"), ("3", "c@b.de")]


async def test_a_query_filters_sorts_and_names_its_records(http: httpx.AsyncClient) -> None:
    for name, mail in (("O'Neil", "a@b.de"), ("Bo", "b@b.de"), ("Cy", "c@b.de")):
        await lead(http, LastName=name, Email=mail)
    found = await query(
        http, r"SELECT Id, LastName, Phone FROM Lead WHERE LastName = 'O\'Neil' AND IsConverted = false"
    )
    (row,) = found["records"]
    assert (found["totalSize"], found["done"], row["LastName"], row["Phone"]) == (1, True, "O'Neil", None)
    assert row["attributes"]["url"].endswith(row["Id"])
    some = "SELECT LastName FROM Lead WHERE (Email LIKE 'b%' OR Email IN ('c@b.de')) ORDER BY LastName DESC LIMIT 5"
    assert [one["LastName"] for one in (await query(http, some))["records"]] == ["Cy", "Bo"]


async def test_a_query_since_a_time_finds_later_changes(http: httpx.AsyncClient, clock: HandClock) -> None:
    await lead(http, LastName="Early")
    clock.turn(60)
    await lead(http, LastName="Late")
    soql = "SELECT LastName FROM Lead WHERE SystemModstamp > 2026-05-04T08:00:30Z ORDER BY SystemModstamp, Id"
    assert [one["LastName"] for one in (await query(http, soql))["records"]] == ["Late"]


async def test_a_query_goes_on_where_its_page_ended(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("salesforce", page=2)
    for number in range(5):
        await lead(http, LastName=f"n{number}")
    page = await query(http, "SELECT LastName FROM Lead ORDER BY LastName")
    names = [one["LastName"] for one in page["records"]]
    while not page["done"]:
        page = (await http.get(f"/salesforce{page['nextRecordsUrl']}")).json()
        names += [one["LastName"] for one in page["records"]]
    assert names == ["n0", "n1", "n2", "n3", "n4"]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Lead WHERE LastName = Ng", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE LastName = 'O'Neil'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Emale FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Leads", "INVALID_TYPE"),
    ],
)
async def test_a_query_that_cannot_run_is_refused(soql: str, code: str, http: httpx.AsyncClient) -> None:
    assert (await query(http, soql))[0]["errorCode"] == code


async def test_the_daily_limit_is_told_on_every_answer(http: httpx.AsyncClient) -> None:
    await lead(http)
    assert (await lead(http)).headers["sforce-limit-info"] == "api-usage=2/100000"


async def test_web_to_lead_answers_200_whatever_comes(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    path = "/salesforce/servlet/servlet.WebToLead?encoding=UTF-8"
    assert (await http.post(path, data={"oid": "00D", "last_name": "Ng"})).status_code == 200
    assert (await http.post(path, data={})).status_code == 200
    assert [kept["last_name"] for kept in sandbox.records("salesforce")] == ["Ng"]


def test_an_id_ends_with_the_three_that_survive_lost_case() -> None:
    assert with_suffix("001D000000IRFma") == "001D000000IRFmaIAH"
    assert with_suffix("0013000001FDNpJ") == "0013000001FDNpJAAX"
    assert record_id("00Q", 62)[:15] == "00Q000000000010"
