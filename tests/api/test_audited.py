"""Each thing a person does that matters leaves exactly one entry in the audit log, and nothing secret in it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub.api.limits import RATES, Limits
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import Unclear
from tests.api.calling import KEY, calling
from tests.api.test_login import OWN, PASSWORD, make_user, sign_in
from tests.conftest import BASIC, MakeHub, post, reloaded, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows

FILES = BASIC.replace("{connector: open_source}", "{connector: open_source}\n  list: {connector: list_file}").replace(
    "from: [website]", "from: [website, list]"
)


async def entries(hub: Hub) -> list[dict[str, Any]]:
    return await all_rows(hub, "audit")


async def told(hub: Hub, before: int) -> list[tuple[str, str | None]]:
    """Return what the entries since then say, and of what."""
    return [(row["what"], row["target"]) for row in (await entries(hub))[before:]]


async def with_leads(make_hub: MakeHub) -> Hub:
    hub = await make_hub(FILES)
    for number in (1, 2):
        await post(hub, person(number))
    await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))
    await settled(hub)
    return hub


CALLS: dict[str, tuple[str, str, Any, str | None]] = {
    "user.created": ("POST", "/api/users", {"name": "bob", "role": "viewer", "password": PASSWORD}, "usr_000002"),
    "user.role_changed": ("POST", "/api/users/usr_000001/role", {"role": "admin"}, "usr_000001"),
    "user.password_changed": ("POST", "/api/users/usr_000001/password", {"password": "x" + PASSWORD}, "usr_000001"),
    "user.disabled": ("POST", "/api/users/usr_000001/disable", None, "usr_000001"),
    "login.ended_everywhere": ("POST", "/api/users/usr_000001/logout", None, "usr_000001"),
    "key.created": ("POST", "/api/keys", {"role": "viewer", "name": "for a test"}, "key_000001"),
    "data.exported": ("GET", "/api/export/leads", None, "leads"),
    "sink.paused": ("POST", "/api/sinks/crm/pause", {"reason": "Ann Ng said so"}, "crm"),
    "sink.resumed": ("POST", "/api/sinks/crm/resume", None, "crm"),
    "submission.replayed": ("POST", "/api/submissions/sub_000001/replay", {}, "sub_000001"),
    "submission.refused": ("POST", "/api/submissions/sub_000003/reject", {"reason": "Ann Ng"}, "sub_000003"),
}


@pytest.mark.parametrize("what", CALLS)
async def test_each_call_is_one_entry(make_hub: MakeHub, what):
    hub = await with_leads(make_hub)
    await make_user(hub)
    before = len(await entries(hub))
    method, path, body, target = CALLS[what]
    async with calling(hub) as http:
        answer = await http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
    assert await told(hub, before) == [(what, target)]
    row = (await entries(hub))[-1]
    assert (row["who"], row["address"], row["request"]) == ("local", "127.0.0.1", answer.headers["x-request-id"])
    assert not any(said in json.dumps(row, default=str) for said in (PASSWORD, KEY, "Ann Ng", "lh_"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/users", {"name": "ann@example.com", "role": "viewer", "password": PASSWORD}),
        ("POST", "/api/users/usr_000001/role", {"role": "operator"}),
        ("POST", "/api/users/usr_000001/enable", None),
        ("POST", "/api/users/nobody/disable", None),
        ("DELETE", "/api/keys/key_none", None),
        ("POST", "/api/sinks/none/pause", {}),
        ("POST", "/api/deliveries/retry", {"ids": ["dlv_none"]}),
        ("POST", "/api/submissions/sub_none/replay", {}),
        ("POST", "/api/submissions/sub_000001/reject", {}),
        ("POST", "/api/leads/lead_000001/unmerge", {"submission": "sub_000001"}),
        ("POST", "/api/imports/imp_none/undo", None),
        ("GET", "/api/export/nothing", None),
    ],
)
async def test_what_changes_nothing_leaves_no_entry(make_hub: MakeHub, method, path, body):
    hub = await with_leads(make_hub)
    await make_user(hub)
    before = len(await entries(hub))
    async with calling(hub) as http:
        await http.request(method, path, json=body)
    assert await told(hub, before) == []


async def test_signing_in_and_out_and_being_refused_is_one_entry_each(make_hub: MakeHub):
    hub = await make_hub()
    user = await make_user(hub)
    before = len(await entries(hub))
    async with calling(hub, None, "192.0.2.7") as http:
        await sign_in(http, password="wrong words in a row")
        await sign_in(http)
        await http.post("/logout", headers=OWN)
        await http.post("/logout", headers=OWN)
    assert await told(hub, before) == [("login.failed", user), ("login.ok", user), ("login.ended", None)]
    failed, ok, ended = (await entries(hub))[before:]
    assert (failed["who"], ok["who"], ended["who"]) == ("anonymous", f"user:{user}", f"user:{user}")
    assert {row["address"] for row in (failed, ok, ended)} == {"192.0.2.7"}


async def test_a_key_that_is_revoked_is_one_entry_however_often(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub) as http:
        made = (await http.post("/api/keys", json={"role": "viewer"})).json()
        before = len(await entries(hub))
        assert (await http.delete(f"/api/keys/{made['id']}")).status_code == 200
        assert (await http.delete(f"/api/keys/{made['id']}")).status_code == 404
    assert await told(hub, before) == [("key.revoked", made["id"])]


async def test_whoever_calls_with_a_key_is_named_by_its_id(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub) as http:
        made = (await http.post("/api/keys", json={"role": "operator"})).json()
    async with calling(hub, made["key"]) as http:
        await http.post("/api/sinks/crm/pause", json={})
    assert (await entries(hub))[-1]["who"] == f"key:{made['id']}"


async def test_taking_leads_apart_and_joining_them_is_one_entry_each(make_hub: MakeHub):
    from tests.core.test_pairs import twins

    hub, one, two, pair = await twins(make_hub)
    before = len(await entries(hub))
    async with calling(hub) as http:
        assert (await http.post(f"/api/suggestions/{pair}/accept")).status_code == 200
        assert (await http.post(f"/api/leads/{one}/unmerge", json={"other": two})).status_code == 200
    assert await told(hub, before) == [("lead.joined", str(pair)), ("lead.unmerged", one)]


async def test_an_import_that_is_undone_is_one_entry(make_hub: MakeHub, tmp_path):
    hub = await make_hub(FILES)
    (tmp_path / "a.csv").write_text("full name,email\nP,p@example.com\nP,p@example.com\n")
    await hub.imports.import_file(tmp_path / "a.csv", "list")
    await settled(hub)
    before = len(await entries(hub))
    async with calling(hub) as http:
        assert (await http.post("/api/imports/imp_000001/undo")).status_code == 200
    assert await told(hub, before) == [("import.undone", "imp_000001")]


async def test_settling_and_sending_again_is_one_entry_for_the_call(make_hub: MakeHub):
    hub = await make_hub(one_sink("memory_sink", on_unclear="hold"))
    hub.plan.sinks["crm"].answer = lambda lead: Unclear("cut off")
    for number in (1, 2):
        await post(hub, person(number))
    await settled(hub)
    held = [row["id"] for row in await all_rows(hub, "delivery") if row["state"] == "unclear"]
    assert len(held) == 2
    before = len(await entries(hub))
    async with calling(hub) as http:
        assert (await http.post(f"/api/deliveries/{held[0]}/decide", json={"arrived": True})).status_code == 200
        assert (await http.post("/api/deliveries/retry", json={"state": "unclear"})).json() == {"retried": 1}
    assert [what for what, _ in await told(hub, before)] == ["delivery.decided", "delivery.retried"]


async def test_a_published_configuration_is_one_entry_and_a_wrong_one_none(make_hub: MakeHub):
    hub = await make_hub()
    before = len(await entries(hub))
    (make_hub.folder / "hub.yaml").write_text(BASIC.replace("name: all", "name: everything"), "utf-8")
    assert await reloaded(hub)
    (make_hub.folder / "hub.yaml").write_text("hub: {nam: x}", "utf-8")
    assert not await reloaded(hub)
    assert [what for what, _ in await told(hub, before)] == ["config.published"]


async def test_the_same_configuration_at_the_next_start_is_no_entry(make_hub: MakeHub):
    hub = await make_hub()
    before = len(await entries(hub))
    await make_hub.stop(hub)
    assert await told(await make_hub(), before) == []


async def test_the_log_can_be_read_page_by_page_and_verified(make_hub: MakeHub):
    hub = await with_leads(make_hub)
    async with calling(hub) as http:
        await http.post("/api/sinks/crm/pause", json={})
        await http.post("/api/sinks/chat/pause", json={})
        page = (await http.get("/api/audit", params={"what": "sink.paused", "limit": 1})).json()
        rest = (await http.get("/api/audit", params={"what": "sink.paused", "after": page["next"]})).json()
        whole = (await http.get("/api/audit/verify")).json()
    assert [row["target"] for row in (*page["items"], *rest["items"])] == ["chat", "crm"]
    assert (whole["whole"], whole["broken"]) == (True, [])


async def test_an_export_that_is_one_too_many_waits(make_hub: MakeHub, clock):
    hub = await make_hub()
    async with calling(hub) as http:
        key = (await http.post("/api/keys", json={"role": "admin"})).json()["key"]

    async def export(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/export/leads")

    async with calling(hub, key) as http:
        before = len(await entries(hub))
        assert [(await export(http)).status_code for _ in range(7)] == [200] * 6 + [429]
        assert (await export(http)).headers["retry-after"] == "10"
        assert len(await told(hub, before)) == 6
        assert (await http.get("/api/leads")).status_code == 200
        clock.turn(10)
        assert (await export(http)).status_code == 200


def test_calls_run_out_and_come_back():
    limits = Limits()
    rate, saved = RATES["call"]
    assert [limits.wait("call", "key:1", 7.0) for _ in range(int(rate * saved))] == [0.0] * int(rate * saved)
    with pytest.raises(ApiError) as caught:
        limits.take("call", "key:1", 7.0)
    assert (caught.value.status, caught.value.headers) == (429, {"retry-after": "1"})
    assert limits.wait("call", "key:2", 7.0) == 0
    assert limits.wait("call", "key:1", 7.0 + 1 / rate) == 0
    assert limits.wait("call", "key:1", 7.0 + 1 / rate) > 0
