"""No line of any log names a person, whatever happens to their lead; only ids do."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from hub.errors import Misconfigured, Retry, Unclear
from hub.lead import Lead, Rejected
from hub.nameless import nameless
from hub.observe.logs import open_logs
from hub.step import Context, Options, Work, step
from hub.store.audit import Actor
from tests.api.calling import calling
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows
from tests.privacy.people import CANARY, TRACES, send

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  list: {connector: list_file}
  poll: {connector: memory_poll}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
  desk: {connector: webhook, url: "https://desk.example/leads"}
  file: {connector: csv_file, path: out/leads.csv}
flows:
  - name: inbound
    from: [website, list, poll]
    steps: [map, normalize, validate, dedupe, breaks, enrich, score, route, assign, deliver]
    routes: [{name: all, when: 'lead.email != "nobody@example.com"', to: [crm, chat, desk, file]}]
retention: {bodies: 1d, leads: 1d, attempts: 1d}
"""


@step("breaks")
async def breaks(work: Work, ctx: Context, options: Options) -> Work:
    """Raise with the person's own words for some."""
    if work.lead.title == "breaks":
        raise ValueError(f"{work.lead.full_name} <{work.lead.email}> breaks it")
    return work


def naming(lead: Lead) -> str:
    """Return what a careless vendor says."""
    return f"{lead.full_name} <{lead.email}> {lead.phone} at {lead.company}"


ANSWERS = {
    "refused": lambda lead: Rejected(naming(lead)), "later": lambda lead: Retry(naming(lead)),
    "unclear": lambda lead: Unclear(naming(lead)), "broken": lambda lead: ValueError(naming(lead)),
}  # fmt: skip


SILENCED = ("httpx", "python_multipart", "aiohttp")


def test_a_hub_that_runs_silences_what_quotes_addresses():
    before = {name: logging.getLogger(name).level for name in SILENCED}
    open_logs()
    assert {logging.getLogger(name).level for name in SILENCED} == {logging.ERROR}
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def careless(request: httpx.Request) -> httpx.Response:
    """Answer with what was sent, and fail."""
    return httpx.Response(500, content=request.content)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_no_log_names_the_person(make_hub: MakeHub, clock, caplog, tmp_path, answer):
    caplog.set_level(logging.DEBUG)
    transport = httpx.MockTransport(careless)
    hub = await make_hub(CONFIG, transport=transport, things=[breaks])
    hub.plan.sinks["chat"].answer = ANSWERS[answer]
    first = await send(hub, {**CANARY, "consent": "yes", "consent_text": "canary may be called"}, clock)
    await settled(hub)
    await send(hub, {**CANARY, "id": "c2", "title": "breaks"}, clock)
    await send(hub, {"id": "q", "full_name": "Canary Byrd", "message": "canary"}, clock)
    await post(hub, '{"email": "canary.byrd@example.com", broken')
    await post(hub, json.dumps([CANARY, {**CANARY, "id": "c3", "phone": "not canary"}]), canary="byrd")
    (tmp_path / "list.csv").write_text("full name,email\nCanary Byrd,canary.byrd@example.com\nBirdcage,\n")
    await hub.imports.import_file(tmp_path / "list.csv", "list")
    clock.turn(3600)
    await settled(hub)
    await walked_through_by_hand(hub, first)
    clock.turn(3 * 86_400)
    await hub.privacy.retention.purge()
    await hub.privacy.erase(email="canary.byrd@example.com", phone="13911112222")
    await send(hub, {**CANARY, "id": "c9"}, clock)
    await hub.reload()
    await hub.flush()
    named = [record.getMessage() for record in caplog.records if names(record)]
    assert named == []
    assert any("leadhub" in record.name for record in caplog.records)


async def walked_through_by_hand(hub, first) -> None:
    """Do with the lead what people do."""
    async with calling(hub) as http:
        for path in ("", "/explain", "/consents"):
            await http.get(f"/api/leads/{first['lead']}{path}")
        await http.get("/api/leads", params={"email": "canary.byrd@example.com"})
        await http.get("/api/leads/canary.byrd@example.com")
        await http.get("/api/leads/canary.nobody@example.com")
        await http.post("/api/people/export", json={"key": "canary.byrd@example.com"})
        await http.post(f"/api/leads/{first['lead']}/replay")
    await hub.privacy.consents.withdraw(first["lead"], by=Actor("local"))
    await hub.dispatcher.pause("crm", "looked at")
    await hub.dispatcher.resume("crm")


def names(record: logging.LogRecord) -> bool:
    """Return whether a line, its arguments or its traceback name the person; `open_logs` silences some libraries."""
    if record.name.partition(".")[0] in SILENCED:
        return False
    text = f"{record.getMessage()} {record.args} {record.exc_text or ''} {record.exc_info or ''}".lower()
    return any(trace in text for trace in TRACES)


async def test_a_misconfigured_sink_that_quotes_the_person_does_not_reach_the_log(make_hub: MakeHub, clock, caplog):
    caplog.set_level(logging.DEBUG)
    hub = await make_hub(CONFIG, things=[breaks])
    hub.plan.sinks["chat"].answer = lambda lead: Misconfigured(f"no field for {naming(lead)}")
    await send(hub, CANARY, clock)
    await settled(hub)
    assert hub.dispatcher.lanes["chat"].gate.paused
    assert [record.getMessage() for record in caplog.records if names(record)] == []


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Ann Ng <ann@x.example> is on a list", "*** <***> is on a list"),
        ("no such owner: +1 (202) 555-0143.", "no such owner: ***."),
        ("call 138 0013 8000 or annual@acme.example", "call *** or ***"),
        ("annual plan", "annual plan"),
        ("answered 503 after 30 s, id lead_0001234567", "answered 503 after 30 s, id lead_0001234567"),
        ("王小明 已存在", "*** 已存在"),
    ],
)
def test_the_words_of_others_lose_the_person_and_keep_the_rest(said, left):
    leads = [Lead(full_name="Ann Ng", first_name="Ann", email="ann@x.example"), Lead(full_name="王小明")]
    assert nameless(said, leads) == left


async def test_watchers_and_the_event_log_hear_of_no_person(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG, things=[breaks])
    hub.plan.sinks["chat"].answer = lambda lead: Rejected(naming(lead))
    await send(hub, CANARY, clock)
    await settled(hub)
    await hub.flush()
    told = [str(row["data"]).lower() for row in await all_rows(hub, "event")]
    assert any("***" in text for text in told)
    assert not any(trace in text for text in told for trace in TRACES)
