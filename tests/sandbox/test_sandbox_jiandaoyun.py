"""Jiandaoyun in the sandbox: batches, filters, paging, updates."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

DATA = "/jiandaoyun/v5/app/entry/data"
FORM = {"app_id": "app", "entry_id": "leads"}


@pytest.fixture
def http(http: httpx.AsyncClient, sandbox: Sandbox) -> httpx.AsyncClient:
    http.headers["authorization"] = "Bearer key"
    sandbox.configure("jiandaoyun", limits=False)
    return http


async def ask(http: httpx.AsyncClient, action: str, **body: Any) -> httpx.Response:
    return await http.post(f"{DATA}/{action}", json={**FORM, **body})


def wrapped(**values: Any) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


async def found(http: httpx.AsyncClient, *conditions: dict[str, Any], **body: Any) -> list[str]:
    answer = await ask(http, "list", filter={"rel": "and", "cond": list(conditions)}, limit=100, **body)
    return [row["name"] for row in answer.json()["data"]]


async def test_a_row_is_read_back_without_its_wrapping(http: httpx.AsyncClient) -> None:
    rows = [{"item": {"value": "CRM"}}]
    made = (await ask(http, "create", data=wrapped(name="张三", ext_id="h1", items=rows))).json()["data"]
    read = (await ask(http, "get", data_id=made["_id"])).json()["data"]
    assert (read["name"], read["items"], read["createTime"]) == ("张三", [{"item": "CRM"}], "2026-05-04T08:00:00.000Z")
    assert len(read["_id"]) == 24


async def test_a_repeated_transaction_creates_nothing(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = {"transaction_id": "87cd7d71-c6df-4281-9927-469094395677", "data_list": [wrapped(ext_id="h1")]}
    first, second = await ask(http, "batch_create", **body), await ask(http, "batch_create", **body)
    assert first.json() == second.json()
    assert [(entry.key, entry.seen) for entry in sandbox.entries()] == [
        ("h1", "new"),
        (body["transaction_id"], "repeat"),
    ]
    assert len(sandbox.records("jiandaoyun")) == 1


async def test_a_repeated_single_create_makes_a_twin(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    for _ in range(2):
        await ask(http, "create", data=wrapped(ext_id="h1"), transaction_id="t")
    assert [entry.seen for entry in sandbox.entries()] == ["new", "twin"]
    assert len(sandbox.records("jiandaoyun")) == 2


async def test_a_batch_is_taken_whole_or_not_at_all(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    assert (await ask(http, "batch_create", data_list=[wrapped(name="a"), {"name": "bare"}])).json()["code"] == 17017
    assert (await ask(http, "batch_create", data_list=[wrapped(name="a")] * 101)).status_code == 400
    assert sandbox.records("jiandaoyun") == []


async def test_a_list_goes_on_after_the_last_id(http: httpx.AsyncClient) -> None:
    for number in range(5):
        await ask(http, "create", data=wrapped(name=f"n{number}"))
    names: list[str] = []
    last, full = "", True
    while full:
        rows = (await ask(http, "list", limit=2, data_id=last, fields=["name"])).json()["data"]
        names += [row["name"] for row in rows]
        full, last = len(rows) == 2, (rows or [{"_id": ""}])[-1]["_id"]
    assert names == ["n0", "n1", "n2", "n3", "n4"]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"field": "mobile", "type": "text", "method": "eq", "value": ["13800000000"]}, ["a"]),
        ({"field": "mobile", "type": "text", "method": "in", "value": ["13800000000", "x"]}, ["a"]),
        ({"field": "mobile", "type": "text", "method": "like", "value": ["1390"]}, ["b"]),
        ({"field": "mobile", "type": "text", "method": "empty"}, ["c"]),
        ({"field": "tel", "type": "phone", "method": "eq", "value": ["13900000000"]}, ["b"]),
        (
            {
                "field": "createTime",
                "type": "datetime",
                "method": "range",
                "value": ["2026-05-04T08:00:05Z", "2026-05-04T08:00:15Z"],
            },
            ["b"],
        ),
        ({"field": "createTime", "type": "datetime", "method": "gt", "value": ["2026-05-04T08:00:05Z"]}, ["b", "c"]),
    ],
    ids=lambda value: value["method"] if isinstance(value, dict) else "",
)
async def test_a_filter_finds(
    condition: dict[str, Any], names: list[str], http: httpx.AsyncClient, clock: HandClock
) -> None:
    for values in ({"name": "a", "mobile": "13800000000"}, {"name": "b", "mobile": "13900000000"}, {"name": "c"}):
        phone = {"tel": {"phone": values["mobile"]}} if "mobile" in values else {}
        await ask(http, "create", data=wrapped(**values, **phone))
        clock.turn(10)
    assert await found(http, condition) == names


async def test_a_filter_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    await ask(http, "create", data=wrapped(name="a"))
    answer = await ask(http, "list", filter={"rel": "and", "cond": [{"field": "name", "method": "eq", "value": "a"}]})
    assert (answer.status_code, answer.json()["code"]) == (400, 17017)


async def test_a_row_is_changed_and_deleted(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    number = (await ask(http, "create", data=wrapped(name="a", ext_id="h1"))).json()["data"]["_id"]
    clock.turn(60)
    changed = (await ask(http, "update", data_id=number, data=wrapped(name="b"))).json()["data"]
    assert (changed["name"], changed["updateTime"]) == ("b", "2026-05-04T08:01:00.000Z")
    assert (await ask(http, "batch_update", data_ids=[number], data=wrapped(name="c"))).json()["success_count"] == 1
    assert sandbox.records("jiandaoyun")[0]["name"] == "c"
    assert (await ask(http, "delete", data_id=number)).json() == {"status": "success"}
    assert (await ask(http, "get", data_id=number)).json()["code"] == 4001


async def test_fields_the_form_does_not_have_are_left_out(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("jiandaoyun", widgets=["name"])
    made = (await ask(http, "create", data=wrapped(name="a", nmae="b"))).json()["data"]
    assert "nmae" not in made
    widgets = (await http.post("/jiandaoyun/v5/app/entry/widget/list", json=FORM)).json()["widgets"]
    assert [widget["name"] for widget in widgets] == ["name"]


async def test_singles_are_limited_to_twenty_a_second(
    http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock
) -> None:
    sandbox.configure("jiandaoyun", limits=None)
    answers = [await ask(http, "create", data=wrapped(name="a")) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [400]
    assert answers[-1].json()["code"] == 8303
    clock.turn(1)
    assert (await ask(http, "create", data=wrapped(name="a"))).status_code == 200
