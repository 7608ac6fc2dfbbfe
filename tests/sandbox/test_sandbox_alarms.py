"""Alarms from end to end: a silent source, a token that ends and a missing lead reach real chats and a mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx
import pytest

from hub.app import Hub
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from tests.conftest import MakeHub, post, settled

CONFIG = """
hub:
  name: Acme
  region: CN
  allow_networks: [127.0.0.0/8]
  public_url: http://leads.example.com
  alarms: {to: [slack, app, dingtalk, wecom, feishu, mail]}
sources:
  website: {connector: open_source, silence: 40m}
  ads:
    connector: meta_lead_ads
    base_url: URL/meta
    secret: app-s3cret
    token: EAABtoken
    account_id: "99"
sinks:
  slack: {connector: slack, webhook: URL/slack/services/T1/B1/X1}
  app: {connector: slack, token: xoxb-1, channel: C1, base_url: URL/slack, mention: {"*": U1}}
  dingtalk:
    {connector: dingtalk, webhook: "URL/dingtalk/robot/send?access_token=t", secret: SECdemo, heading: 线索, language: zh}
  wecom: {connector: wecom, webhook: "URL/wecom/cgi-bin/webhook/send?key=k", language: zh}
  feishu: {connector: feishu, webhook: URL/feishu/open-apis/bot/v2/hook/h1, secret: s3cret}
  mail: {connector: smtp, host: 127.0.0.1, port: PORT, security: none, from: hub@acme.com, to: [ops@acme.com]}
flows:
  - {name: inbound, from: [website, ads], routes: [{name: all, to: [slack]}]}
"""


@pytest.fixture
async def site(clock: HandClock) -> AsyncIterator[Sandbox]:
    settings = {
        "dingtalk": {"secret": "SECdemo", "keywords": ["线索"]}, "feishu": {"secret": "s3cret"},
        "meta": {"token": "EAABtoken", "app_secret": "app-s3cret", "page_id": "99"},
    }  # fmt: skip
    async with Sandbox(clock=clock, smtp_port=0, settings=settings) as running:
        yield running


@pytest.fixture
async def hub(site: Sandbox, tmp_path: Path, clock: HandClock) -> AsyncIterator[Hub]:
    make = MakeHub(tmp_path, f"sqlite:///{tmp_path}/hub.db", clock)
    config = CONFIG.replace("URL", site.url).replace("PORT", str(site.smtp_port))
    yield await make(config, transport=httpx.AsyncHTTPTransport())
    await make.stop_all()


async def wait(hub: Hub, minutes: int) -> None:
    for _ in range(minutes // 4):
        hub.clock.turn(240)
        await hub.alarms.desk.round()


def everything(site: Sandbox) -> dict[str, list[str]]:
    """Return what each place was sent, as text."""
    chats = {name: [e.body.decode() for e in site.entries(name)] for name in ("slack", "dingtalk", "wecom", "feishu")}
    mails = [message_from_bytes(entry.body, policy=default) for entry in site.entries("smtp")]
    return chats | {"mail": [f"{mail['subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in mails]}


async def test_a_silent_source_reaches_every_chat_and_the_mailbox_once(hub: Hub, site: Sandbox):
    await post(hub, '{"id": 1, "email": "p1@example.com"}')
    await settled(hub)
    await hub.flush()
    site.configure("slack", channels=["C1"])
    sent = len(everything(site)["slack"])
    await wait(hub, 48)
    said = everything(site)
    slack = said.pop("slack")[sent:]
    assert len(slack) == 2
    assert all("Source website: It has sent nothing for" in text for text in slack)
    assert any("<@U1>" in text for text in slack)
    assert {place: len(texts) for place, texts in said.items()} == dict.fromkeys(said, 1)
    assert all("已有" in said[place][0] for place in ("dingtalk", "wecom"))
    assert "线索: Acme" in said["dingtalk"][0] or "线索：Acme" in said["dingtalk"][0]
    assert "It has sent nothing for" in said["feishu"][0]
    assert said["mail"][0].startswith("Acme: 1 alarm\n")
    assert "Source website: It has sent nothing for" in said["mail"][0]
    assert "http://leads.example.com" in said["mail"][0]
    await wait(hub, 120)
    assert {place: len(texts) for place, texts in everything(site).items() if place != "slack"} == dict.fromkeys(
        said, 1
    )


async def test_metas_token_is_told_days_before_it_ends_and_when_it_has(hub: Hub, site: Sandbox, clock: HandClock):
    now = int(clock.now().timestamp())
    site.configure("meta", expires_at=now + 10 * 86400, data_access_expires_at=now + 90 * 86400)
    await wait(hub, 4)
    assert "Source ads: Its token or key ends in 10 days, on 2026-05-14. Renew it." in everything(site)["mail"][0]
    clock.turn(10 * 86400)
    await wait(hub, 4)
    assert "Error validating access token" in everything(site)["mail"][-1]
    assert "EAABtoken" not in str(everything(site))


async def test_a_lead_that_meta_listed_late_is_filled_in_at_night(hub: Hub, site: Sandbox, clock: HandClock):
    made = {"form_id": "5", "field_data": [{"name": "email", "values": ["a@example.com"]}]}
    site.seed("meta", {"id": "1", "created_time": "2026-05-04T07:30:00+0000", **made})
    await hub.polls.poll("ads")
    clock.turn(3600)
    site.seed("meta", {"id": "3", "created_time": "2026-05-04T08:50:00+0000", **made})
    await hub.polls.poll("ads")
    site.seed("meta", {"id": "2", "created_time": "2026-05-04T05:00:00+0000", **made})  # far behind the polls
    clock.turn(3600)
    assert (await hub.polls.poll("ads"))["accepted"] == 0
    found = await hub.polls.reconcile("ads")
    assert (found.platform, found.ours, found.filled, found.missing) == (3, 3, 1, 0)


async def test_a_chat_that_is_down_is_told_when_it_is_back_and_the_others_once(hub: Hub, site: Sandbox):
    site.script("/slack/*", [{"status": [503] * 8}])
    await hub.dispatcher.pause("wecom", "a person's word")
    await wait(hub, 16)
    said = everything(site)
    assert len(said["mail"]) == 1
    assert len(said["feishu"]) == 1
    site.script("/slack/*", [])
    await wait(hub, 4)
    assert [text for text in everything(site)["slack"][-2:] if "It is paused" in text]
