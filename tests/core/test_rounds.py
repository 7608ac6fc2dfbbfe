"""Rounds of leads through joins, splits, undone imports and erasure: none is lost, none is doubled, nothing personal stays."""

from __future__ import annotations

import json
from typing import Any

from hub.app import Hub
from hub.store.audit import Actor
from hub.store.columns import CARE
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}, file: {connector: list_file}}
sinks: {crm: {connector: memory_sink}}
teams: {north: {members: [{name: ann}, {name: bob}]}}
flows:
  - {name: inbound, from: [website, file], routes: [{name: all, to: [crm], assign: {team: north}, respond_within: 10m}]}
"""


async def send(hub: Hub, number: int, **more: Any) -> str:
    return str((await post(hub, json.dumps({"id": str(number), **more}))).json()["lead"])


async def current(hub: Hub) -> dict[str, tuple[str | None, str | None]]:
    return {row["lead"]: (row["owner"], row["pool"]) for row in await all_rows(hub, "care") if row["current"]}


async def test_a_lead_that_is_joined_has_one_round_and_gets_its_own_back_when_it_is_split(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    one, other = await send(hub, 1, email="a@example.com"), await send(hub, 2, phone="13800138000")
    await send(hub, 3, email="a@example.com", phone="13800138000")
    assert set(await current(hub)) == {one}
    assert {row["lead"] for row in await all_rows(hub, "timer")} == {one}
    await hub.lineage.unmerge(one, other=other)
    assert set(await current(hub)) == {one, other}
    assert (await current(hub))[other][0] is not None


async def test_a_submission_that_is_taken_out_waits_for_somebody(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    one = await send(hub, 1, email="a@example.com", phone="13800138000")
    await send(hub, 2, email="a@example.com", phone="13900139000")
    taken = [row["id"] for row in await all_rows(hub, "submission")][-1]
    made = await hub.lineage.unmerge(one, submission=taken)
    assert (await current(hub))[made] == (None, "unassigned")


async def test_an_import_that_is_undone_leaves_no_round_and_no_timer(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    path = tmp_path / "list.csv"
    path.write_text("email\na@example.com\nb@example.com\n")
    done = await hub.imports.import_file(path, "file")
    assert len(await current(hub)) == 2
    await hub.lineage.undo_import(done.id)
    assert await current(hub) == {}
    assert await all_rows(hub, "timer") == []


async def test_an_erased_person_leaves_nothing_with_their_rep(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    one = await send(hub, 1, email="ann@acme-tools.com", company="Acme Tools")
    await hub.responding.desk.transfer(one, "bob", reason="Ann from Acme Tools asked for Bob")
    await hub.privacy.erase(by=Actor("test"), email="ann@acme-tools.com")
    texts = json.dumps(
        [await all_rows(hub, table) for table in ("care", "ownership", "notice", "task", "timer")], default=str
    )
    assert "acme" not in texts.lower()
    assert "Ann from" not in texts
    assert CARE.c.domain is not None
