"""Jiandaoyun: later versions change the row that is there, and an ambiguous creation is looked for."""

import json

import httpx
import pytest
import respx

from connectors.crm.jiandaoyun import Jiandaoyun
from hub import Lead, Misconfigured, Retry, Sent, Unclear
from hub.lead import Delivery
from hub.testing.fakes import HandClock

API = "https://api.jiandaoyun.com/api/v5/app/entry/data/"
ROW = {"data": {"_id": "66f0", "ext_id": "lead_1"}}


def sink(**settings: object) -> Jiandaoyun:
    known = {"api_key": "k", "app_id": "a", "entry_id": "e", "id_field": "ext_id"}
    return Jiandaoyun("jdy", Jiandaoyun.Config(**{**known, "fields": {"who": "name"}, **settings}), HandClock())


def lead(**delivery: object) -> Lead:
    return Lead(id="lead_1", full_name="张三", delivery=Delivery(**delivery))


@pytest.fixture
def jiandaoyun():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as client:
        yield client


async def test_a_new_lead_is_created_without_a_search(jiandaoyun, http):
    jiandaoyun.post(API + "create").respond(200, json=ROW)
    assert await sink().send([lead()], http) == [Sent("66f0")]
    assert len(jiandaoyun.calls) == 1


async def test_a_later_version_changes_the_row_that_is_there(jiandaoyun, http):
    jiandaoyun.post(API + "list").respond(200, json={"data": [{"_id": "66f0"}]})
    update = jiandaoyun.post(API + "update").respond(200, json=ROW)
    assert await sink().send([lead(version=2)], http) == [Sent("66f0")]
    assert json.loads(update.calls.last.request.content) == {
        "app_id": "a", "entry_id": "e", "data_id": "66f0", "is_start_trigger": True,
        "data": {"ext_id": {"value": "lead_1"}, "who": {"value": "张三"}},
    }  # fmt: skip


async def test_a_later_version_whose_row_was_deleted_is_created_again(jiandaoyun, http):
    jiandaoyun.post(API + "list").respond(200, json={"data": []})
    jiandaoyun.post(API + "create").respond(200, json=ROW)
    assert await sink().send([lead(version=2)], http) == [Sent("66f0")]


async def test_an_ambiguous_creation_is_looked_for(jiandaoyun, http):
    jiandaoyun.post(API + "create").mock(side_effect=httpx.ReadTimeout(""))
    jiandaoyun.post(API + "list").respond(200, json={"data": [{"_id": "66f0"}]})
    one = sink()
    said = await one.send([lead()], http)
    assert [type(each) for each in said] == [Unclear]
    assert one.searchable
    assert await one.lookup(lead(attempt=2), http) == Sent("66f0")


async def test_a_creation_that_did_not_arrive_is_not_found(jiandaoyun, http):
    jiandaoyun.post(API + "list").respond(200, json={"data": []})
    assert await sink().lookup(lead(attempt=2), http) is None


async def test_a_search_that_is_slowed_down_is_asked_again(jiandaoyun, http):
    jiandaoyun.post(API + "list").respond(400, json={"code": 8303, "msg": "slow"})
    with pytest.raises(Retry, match="8303"):
        await sink().lookup(lead(attempt=2), http)


async def test_a_key_that_is_refused_stops_the_sink(jiandaoyun, http):
    jiandaoyun.post(API + "create").respond(400, json={"code": 17018, "msg": "bad key"})
    with pytest.raises(Misconfigured, match="bad key"):
        await sink().send([lead()], http)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("text", 12.0, "12"), ("number", "12.5", 12.5), ("number", 7, 7), ("number", "about 7", None),
        ("phone", "13800000000", {"phone": "13800000000"}), ("list", "A", ["A"]), ("list", ["A", 1], ["A", "1"]),
        ("text", True, "true"), ("text", "", None), ("text", None, None),
    ],
)  # fmt: skip
def test_a_value_takes_the_shape_of_its_field(kind, value, written):
    one = sink(fields={"x": "extra.x"}, kinds={"x": kind})
    data = one.request(Lead(extra={"x": value})).json["data"]
    assert data.get("x", {"value": None}) == {"value": written}


def test_no_workflow_is_started_and_no_creator_named_unless_the_settings_say_so():
    body = sink(workflow=True, trigger=False).request(lead()).json
    assert (body["is_start_workflow"], body["is_start_trigger"], "data_creator" in body) == (True, False, False)
