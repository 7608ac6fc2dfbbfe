"""One source over the API: how it does, what it sent, what becomes of it, and a lead to try it with."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import loader, yamlfile
from hub import mapping as mappings
from hub.intake.example import post_of
from hub.intake.proving import commands, prove
from hub.paths import shipped
from hub.source import WebhookSource
from hub.testing.fakes import HandClock
from tests.api.calling import calling, keys_of_all_roles
from tests.api.test_login import audited
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s, public_url: "https://leads.acme.test"}
sources:
  website: {connector: open_source}
  partners: {connector: json_webhook, key: id, secret: "${file:secrets/partners}"}
  lists: {connector: list_file, path: "inbox/lists/*"}
  quiet: {connector: web_form}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: telling_sink}
flows:
  - name: inbound
    from: [website, partners, lists]
    routes:
      - {name: all, to: [crm, chat]}
"""
CANARY = "a-secret-of-the-partners"


@pytest.fixture
async def hub(make_hub: MakeHub) -> Any:
    folder = make_hub.folder / "secrets"
    folder.mkdir()
    (folder / "partners").write_text(CANARY, "utf-8")
    return await make_hub(CONFIG)


async def sent(hub, number=3):
    for one in range(number):
        said = {"id": f"n{one}", "full_name": "李伟", "email": f"li{one}@example.com", "hall": "3"}
        await post(hub, json.dumps(said))
    await settled(hub)
    await hub.flush()


async def test_a_source_tells_when_it_sent_last_and_how_much(hub):
    await sent(hub)
    async with calling(hub) as http:
        said = (await http.get("/api/sources/website")).json()
        quiet = (await http.get("/api/sources/quiet")).json()
    assert (said["health"], said["day"], said["flow"]) == ("healthy", 3, "inbound")
    assert said["hours"][-1]["number"] == 3
    assert said["days"][-1]["number"] == 3
    assert said["last"] is not None
    assert (quiet["health"], quiet["last"], quiet["flow"]) == ("never", None, None)


async def test_its_fields_say_what_each_becomes(hub):
    await sent(hub)
    async with calling(hub) as http:
        found = (await http.get("/api/sources/website/fields")).json()["items"]
    assert {one["name"]: one["becomes"] for one in found} == {
        "id": None, "full_name": "full_name", "email": "email", "hall": None,
    }  # fmt: skip


async def test_a_mapping_is_tried_on_what_really_came_and_nothing_is_kept(hub):
    await sent(hub, 2)
    before = {table: await all_rows(hub, table) for table in ("submission", "lead", "decision", "audit")}
    async with calling(hub) as http:
        body = {"mapping": "fields: {company: hall, full_name: full_name}"}
        said = (await http.post("/api/sources/website/preview", json=body)).json()
    assert len(said["items"]) == 2
    first = said["items"][0]
    assert "hall" in first["raw"]
    assert first["now"]["lead"]["email"] == "li1@example.com"
    assert first["now"]["left"] == ["hall", "id"]
    assert first["changed"]["lead"]["company"] == "3"
    assert first["changed"]["left"] == ["email", "id"]
    assert before == {table: await all_rows(hub, table) for table in before}


@pytest.mark.parametrize("text", ["fields: {nonsense: x}", "fields: [", "{}", "fields: {email: {with: lower}}"])
async def test_a_wrong_mapping_is_told_what_is_wrong(hub, text):
    async with calling(hub) as http:
        answer = await http.post("/api/sources/website/preview", json={"mapping": text})
    assert answer.status_code == 422
    assert "website.yaml" in answer.json()["detail"]


@pytest.mark.parametrize("source", ["website", "partners", "lists"])
async def test_a_test_lead_reaches_no_sink_no_count_and_no_report(hub, source):
    async with calling(hub) as http:
        first = (await http.post(f"/api/sources/{source}/test")).json()
        again = (await http.post(f"/api/sources/{source}/test")).json()
        await settled(hub)
        await hub.flush()
        summary = (await http.get("/api/summary")).json()
        state = (await http.get(f"/api/sources/{source}")).json()
    assert first["status"] == again["status"] == "accepted"
    assert first["submission"] != again["submission"]
    assert (summary["received"], summary["leads"]) == (0, 0)
    assert (state["day"], state["health"]) == (0, "never")
    assert {row["test"] for row in await all_rows(hub, "submission")} == {True}
    assert {row["test"] for row in await all_rows(hub, "lead")} == {True}
    assert {row["test"] for row in await all_rows(hub, "delivery")} == {True}
    assert hub.plan.sinks["crm"].sent == hub.plan.sinks["chat"].sent == []
    assert await all_rows(hub, "source_field") == []
    assert [row["target"] for row in await audited(hub, "test.sent")] == [source, source]


async def test_a_test_lead_that_a_crash_left_behind_is_still_a_test(hub, make_hub: MakeHub):
    hub.door.pipeline.offer = lambda item: None  # the process ends before it is run
    async with calling(hub) as http:
        hub.plan.settings.hub.__dict__["answer_within"] = 0.01
        await http.post("/api/sources/partners/test")
    await make_hub.crash(hub)
    make_hub.clock.turn(timedelta(minutes=5).total_seconds())
    later = await make_hub(CONFIG)
    await later.pipeline.sweep()
    await settled(later)
    assert [row["test"] for row in await all_rows(later, "lead")] == [True]
    assert later.plan.sinks["crm"].sent == []


async def test_a_source_that_is_signed_is_tried_with_its_signature(hub):
    async with calling(hub) as http:
        said = (await http.post("/api/sources/partners/test")).json()
    assert said["proved"] is True


async def test_the_example_names_the_public_address_and_never_the_secret(hub):
    async with calling(hub) as http:
        said = (await http.get("/api/sources/partners/example")).json()
        plain = (await http.get("/api/sources/website/example")).json()
        none = (await http.get("/api/sources/lists/example")).json()
    assert said["address"] == "https://leads.acme.test/in/partners"
    assert said["setting"] == "secret"
    assert CANARY not in json.dumps(said)
    assert "openssl" in said["commands"]
    assert "SECRET" not in plain["commands"]
    assert none == {"address": None, "commands": None, "setting": None}


async def test_who_may_do_what(hub):
    keys = await keys_of_all_roles(hub)
    calls = [
        ("GET", "/api/sources/website", "viewer"), ("GET", "/api/sources/website/fields", "viewer"),
        ("GET", "/api/sources/website/example", "operator"), ("POST", "/api/sources/website/preview", "operator"),
        ("POST", "/api/sources/website/test", "operator"),
    ]  # fmt: skip
    for method, path, role in calls:
        async with calling(hub, keys["viewer"]) as http:
            answer = await http.request(method, path, json={} if path.endswith("preview") else None)
        assert answer.status_code == (200 if role == "viewer" else 403), path
        async with calling(hub, keys[role]) as http:
            answer = await http.request(method, path, json={} if path.endswith("preview") else None)
        assert answer.status_code == 200, path


@pytest.mark.parametrize("path", ["", "/fields", "/example"])
async def test_a_source_that_is_not_there_is_not_found(hub, path):
    async with calling(hub) as http:
        assert (await http.get(f"/api/sources/nobody{path}")).status_code == 404


OWN_WAY = {
    "mailgun_inbound", "pinterest", "sendgrid_inbound", "web_to_lead", "wechat_official_account", "wecom_contact", "wix",
    "wpforms",
}  # fmt: skip
"""Connectors whose vendor proves itself by something that no listening finds out: a test lead is handed over instead."""


def webhooks() -> list[Any]:
    registry = loader.load(Path("/nonexistent"), ()).registry
    found = [cls for cls in registry.sources().values() if issubclass(cls, WebhookSource)]
    return [pytest.param(cls, id=cls.name) for cls in found if cls.name not in OWN_WAY]


@pytest.mark.parametrize("cls", webhooks())
def test_every_webhook_can_be_called_as_its_vendor_does(cls):
    source, url, proof = proved(cls)
    inbound = proof.post.inbound(url, source.clock.now())
    source.verify(inbound)
    assert list(source.parse(inbound))
    text = commands(proof, source, url)
    secrets = [value for value in yaml_config(cls).values() if isinstance(value, str) and len(value) > 15]
    assert [one for one in secrets if proof.setting and one == getattr(source.config, proof.setting).get_secret_value() and one in text] == []  # fmt: skip
    assert subprocess.run(["bash", "-n"], input=text.encode(), check=False).returncode == 0


def yaml_config(cls):
    import inspect

    return yamlfile.load(Path(inspect.getfile(cls)).with_name(f"{cls.name}.cases.yaml")).data.get("config", {})


def proved(cls):
    clock = HandClock()
    source = cls("src", cls.Config.model_validate(yaml_config(cls)), clock)
    mapping = mappings.find("src", cls.name, (shipped("mappings"),))
    url = "https://leads.acme.test/in/src"
    example = post_of(source, mapping, clock.now())
    assert example is not None
    proof = prove(source, example, url, clock.now())
    assert proof is not None
    return source, url, proof
