"""Reps who come and go: nobody who is away gets a lead, who stands in does so for that time, nothing is left behind."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import BadInput, Conflict
from hub.people.reps import known, members, reps_of
from hub.settings import Settings
from hub.store.audit import Actor
from tests.conftest import MakeHub, post, reloaded
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
teams:
  north: {members: [{name: ann}, {name: bob}, {name: cho}]}
  south: {lead: boss, members: [{name: dan, user: Dan@Example.com}]}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], assign: {team: north}}]}
"""

BOSS = Actor("user:usr_boss")


async def leads(hub: Hub, first: int, number: int) -> list[str]:
    found = []
    for one in range(first, first + number):
        body = json.dumps({"id": str(one), "email": f"p{one}@example.com"})
        found.append(str((await post(hub, body)).json()["lead"]))
    return found


async def owners(hub: Hub) -> Counter[str | None]:
    return Counter(row["owner"] for row in await all_rows(hub, "care") if row["current"])


async def events(hub: Hub) -> list[tuple[str, Any]]:
    return [(row["kind"], row["data"]) for row in await all_rows(hub, "event") if row["kind"].startswith("rep.")]


async def audited(hub: Hub) -> Counter[tuple[str, str]]:
    return Counter((row["what"], row["target"]) for row in await all_rows(hub, "audit") if row["who"] == BOSS.who)


async def test_who_is_away_gets_no_leads_until_they_are_back(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await hub.responding.reps.away("ann", by=BOSS)
    await leads(hub, 0, 4)
    assert await owners(hub) == {"bob": 2, "cho": 2}
    assert await hub.responding.reps.back("ann", by=BOSS) == 1
    await leads(hub, 4, 3)
    assert await owners(hub) == {"ann": 1, "bob": 3, "cho": 3}
    assert await events(hub) == [("rep.left", {"rep": "ann"}), ("rep.back", {"rep": "ann"})]
    assert await audited(hub) == {("rep.left", "ann"): 1, ("rep.back", "ann"): 1}


async def test_who_stands_in_gets_the_leads_and_that_ends_by_itself(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    until = clock.now() + timedelta(hours=8)
    await hub.responding.reps.away("ann", until=until, cover="dan", by=BOSS)
    await leads(hub, 0, 3)
    assert await owners(hub) == {"dan": 1, "bob": 1, "cho": 1}
    clock.turn(8 * 3600)
    assert await hub.responding.reps.sweep() == 1
    assert await hub.responding.reps.sweep() == 0
    await leads(hub, 3, 3)
    assert await owners(hub) == {"ann": 1, "dan": 1, "bob": 2, "cho": 2}
    said = {"rep": "ann", "until": until.isoformat(), "cover": "dan"}
    assert await events(hub) == [("rep.left", said), ("rep.back", said)]


async def test_the_cover_ends_at_its_moment_even_before_anybody_looks(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    await hub.responding.reps.away("ann", until=clock.now() + timedelta(hours=8), cover="dan", by=BOSS)
    clock.turn(8 * 3600)
    await leads(hub, 0, 3)
    assert await owners(hub) == {"ann": 1, "bob": 1, "cho": 1}


async def test_an_absence_of_later_begins_at_its_moment(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    await hub.responding.reps.away("ann", since=clock.now() + timedelta(hours=1), by=BOSS)
    await leads(hub, 0, 3)
    assert (await owners(hub))["ann"] == 1
    assert (await events(hub), await hub.responding.reps.sweep()) == ([], 0)
    clock.turn(3600)
    assert await hub.responding.reps.sweep() == 1
    await leads(hub, 3, 3)
    assert (await owners(hub))["ann"] == 1
    assert await events(hub) == [("rep.left", {"rep": "ann"})]


async def test_nobody_is_away_twice_at_once(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    now = clock.now()
    await hub.responding.reps.away("ann", until=now + timedelta(hours=1), by=BOSS)
    with pytest.raises(Conflict, match="is away already"):
        await hub.responding.reps.away("ann", since=now + timedelta(minutes=30), by=BOSS)
    await hub.responding.reps.away("ann", since=now + timedelta(hours=1), by=BOSS)
    assert len(await hub.responding.reps.absences("ann")) == 2


@pytest.mark.parametrize(
    ("rep", "more", "said"),
    [
        ("zoe", {}, "There is no rep 'zoe'"),
        ("ann", {"cover": "ann"}, "cannot stand in"),
        ("ann", {"cover": "zoe"}, "cannot stand in"),
        ("ann", {"until": timedelta(hours=-1)}, "not in the past"),
        ("ann", {"since": timedelta(hours=2), "until": timedelta(hours=1)}, "ends after it began"),
    ],
)
async def test_an_absence_that_cannot_be_is_refused(make_hub: MakeHub, clock, rep: str, more: Any, said: str):
    hub = await make_hub(CONFIG)
    given = {name: clock.now() + value if isinstance(value, timedelta) else value for name, value in more.items()}
    with pytest.raises(BadInput, match=said):
        await hub.responding.reps.away(rep, by=BOSS, **given)
    assert await all_rows(hub, "absence") == []


async def test_a_leavers_leads_go_to_the_others_by_turns(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await leads(hub, 0, 12)
    handed = await hub.responding.reps.leave("ann", by=BOSS)
    assert (handed.leads, handed.moved, handed.to, handed.failed) == (4, 4, {"bob": 2, "cho": 2}, {})
    assert await owners(hub) == {"bob": 6, "cho": 6}
    rows = [row for row in await all_rows(hub, "ownership") if row["act"] == "inherited"]
    assert {(row["former"], row["reason"], row["by"]) for row in rows} == {("ann", "left", BOSS.who)}
    assert [kind for kind, _ in await events(hub)] == ["rep.left"]
    assert sum(number for (what, _), number in (await audited(hub)).items() if what == "lead.inherited") == 4
    await leads(hub, 12, 2)
    assert await owners(hub) == {"bob": 7, "cho": 7}


async def test_a_leavers_leads_go_to_who_is_named(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await leads(hub, 0, 6)
    await hub.responding.reps.away("ann", by=BOSS)
    handed = await hub.responding.reps.leave("ann", "dan", by=BOSS)
    assert handed.to == {"dan": 2}
    assert {row["team"] for row in await all_rows(hub, "care") if row["owner"] == "dan"} == {"south"}
    now = [row for row in await all_rows(hub, "absence") if row["ended_at"] is None]
    assert [(row["member"], row["until"], row["reason"]) for row in now] == [("ann", None, "left")]


async def test_nothing_is_left_behind_when_the_team_is_gone_or_nobody_can_take_it(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await leads(hub, 0, 6)
    hub.office.config.write_text(CONFIG.replace("north:", "west:").replace("team: north", "team: west"))
    assert await reloaded(hub)
    assert (await hub.responding.reps.leave("ann", by=BOSS)).to == {"pool unassigned": 2}
    for name in ("bob", "cho"):
        await hub.responding.reps.leave(name, by=BOSS)
    assert {(row["owner"], row["pool"]) for row in await all_rows(hub, "care")} == {(None, "unassigned")}


async def test_a_leaver_cannot_leave_to_themselves_or_to_nobody(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    for to in ("ann", "zoe"):
        with pytest.raises(BadInput, match="cannot take the leads of ann"):
            await hub.responding.reps.leave("ann", to, by=BOSS)
    assert await all_rows(hub, "absence") == []


async def test_many_leads_go_to_a_rep_and_each_that_cannot_says_why(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    every = await leads(hub, 0, 30)
    handed = await hub.responding.handing.transfer(
        [*every, "lead_none"], "dan", team=None, reason="new territory", by=BOSS
    )
    assert (handed.moved, list(handed.failed)) == (30, ["lead_none"])
    assert await owners(hub) == {"dan": 30}


def test_which_user_is_which_rep_is_what_the_configuration_says():
    settings = Settings.model_validate({
        "hub": {"region": "CN"},
        "teams": {
            "north": {"lead": "boss", "members": [{"name": "ann"}, {"name": "dan", "user": "Dan@Example.com"}]},
            "south": {"fallback": {"owner": "eve"}, "members": [{"name": "ann"}, {"name": "cho", "user": "usr_7"}]},
        },
    })  # fmt: skip
    assert members(settings)["ann"] == {"north", "south"}
    assert known(settings) == {"ann", "dan", "cho", "boss", "eve"}
    assert reps_of(settings, "usr_1", "dan@example.com") == ["dan"]
    assert reps_of(settings, "usr_7", "somebody") == ["cho"]
    assert reps_of(settings, "usr_2", "ann") == ["ann"]
    assert reps_of(settings, "usr_3", "dan") == []
    assert reps_of(settings, "usr_3", "") == []


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_the_end_of_an_absence_is_told_once_whoever_looks(self, make_hub: MakeHub, clock):
        one, other = await make_hub(CONFIG), await make_hub(CONFIG)
        for name in ("ann", "bob", "cho"):
            await one.responding.reps.away(name, until=clock.now() + timedelta(hours=1), by=BOSS)
        clock.turn(3600)
        told = await asyncio.gather(*(hub.responding.reps.sweep() for hub in (one, other) * 3))
        assert sum(told) == 3
        assert Counter(kind for kind, _ in await events(one)) == {"rep.left": 3, "rep.back": 3}
