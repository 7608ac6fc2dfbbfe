"""The examples in plugins/, dropped into a workspace and run in a hub."""

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from hub import loader
from hub.events import Event
from hub.store.tables import LeadRow
from hub.testing.fakes import START
from tests.conftest import post, settled

PLUGINS = Path(__file__).parents[2] / "plugins"

CONFIG = """
hub: {region: DE, answer_within: 60s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: memory_sink}, big: {connector: memory_sink}}
teams:
  sales:
    strategy: territory
    members:
      - {name: ann.ng}
      - {name: li.wei, takes: {language: [zh]}}
      - {name: key.accounts, takes: {company_size: [enterprise]}}
flows:
  - name: inbound
    from: [website]
    steps: [map, normalize, validate, dedupe, {enrich: {use: [company_size]}}, score, route, assign, deliver]
    routes:
      - {name: big, when: 'extra.company_size == "enterprise"', assign: {team: sales}, to: [big]}
      - {name: rest, assign: {team: sales}, to: [crm]}
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    shutil.copytree(PLUGINS, tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("LEADHUB_ALERTS", str(tmp_path / "alerts.jsonl"))
    return tmp_path


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/hub.db"


async def owner_of(hub, body):
    answer = await post(hub, json.dumps(body))
    await settled(hub)
    with Session(hub.db.reader) as session:
        return session.execute(sa.select(LeadRow.owner).where(LeadRow.id == answer.json()["lead"])).scalar_one()


def test_they_all_load(workspace):
    plugins = loader.load(workspace / "plugins")
    assert plugins.broken == ()
    assert {"alert_file.py", "company_size.py", "fewest_today.py"} <= plugins.hashes.keys()


async def test_a_lead_goes_to_the_rep_of_its_language(workspace, make_hub):
    hub = await make_hub(CONFIG)
    assert await owner_of(hub, {"id": "1", "email": "a@example.cn", "language": "zh-CN"}) == "li.wei"
    assert await owner_of(hub, {"id": "2", "email": "b@example.com", "language": "de"}) == "ann.ng"


async def test_the_size_of_a_company_decides_route_and_rep(workspace, make_hub):
    hub = await make_hub(CONFIG)
    assert await owner_of(hub, {"id": "1", "email": "a@example.com", "employees": "2,000+"}) == "key.accounts"
    assert [lead.extra["company_size"] for lead in hub.plan.sinks["big"].sent] == ["enterprise"]
    assert hub.plan.sinks["crm"].sent == []


async def test_what_needs_a_person_is_a_line_in_a_file(workspace, make_hub):
    hub = await make_hub(CONFIG)
    await post(hub, '{"id": "1", "company": "Acme"}')
    lines = [json.loads(line) for line in (workspace / "alerts.jsonl").read_text("utf-8").splitlines()]
    assert [(line["kind"], line["source"]) for line in lines] == [("submission.quarantined", "website")]
    assert "Acme" not in str(lines)


async def test_what_needs_nobody_is_no_line(workspace):
    plugins = loader.load(workspace / "plugins")
    assert plugins.emit(Event("lead.created", START, lead="lead_1")) == []
    assert not (workspace / "alerts.jsonl").exists()


async def test_a_file_that_cannot_be_written_silences_nobody(workspace, monkeypatch):
    monkeypatch.setenv("LEADHUB_ALERTS", str(workspace / "gone" / "alerts.jsonl"))
    failed = loader.load(workspace / "plugins").emit(Event("sink.paused", START, sink="crm"))
    assert [one.name for one in failed] == ["plugins/alert_file.py"]
