"""Pools: the first click wins, every rule holds inside the write, and no way into a pool goes round its embargo."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import BadInput, Conflict
from hub.news import Activity
from hub.outcome import Disposition
from hub.people.pools import Taker, embargo, pools_of, refusal
from hub.settings import Settings
from hub.settings.people import PoolSettings
from hub.store.activities import Heard
from hub.store.audit import Actor
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
  chat: {connector: telling_sink}
pools: {sea: {RULES}, other: {claim: false}}
teams:
  north: {members: [{name: ann}, {name: bob}, {name: cho}]TEAM}
  south: {members: [{name: dan}]}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], WHERE}]}
"""

BOSS = Actor("user:usr_boss")


def with_pool(rules: str = "", where: str = "assign: {pool: sea}", team: str = "") -> str:
    return CONFIG.replace("RULES", rules).replace("WHERE", where).replace("TEAM", f", {team}" if team else "")


async def lead(hub: Hub, number: int = 1, **more: Any) -> str:
    body = {"id": str(number), "email": f"p{number}@example.com", **more}
    return str((await post(hub, json.dumps(body))).json()["lead"])


async def care(hub: Hub, lead: str) -> dict[str, Any]:
    return next(row for row in await all_rows(hub, "care") if row["lead"] == lead and row["current"])


async def outcome(hub: Hub, lead: str, disposition: Disposition) -> None:
    said = Activity(f"{lead}:{disposition}", hub.clock.now(), "note", lead=lead, by="crm", human=False)
    await hub.hearing.note("api", Heard(said, disposition, False))


async def waiting(hub: Hub) -> list[str]:
    rounds, _ = await hub.responding.pools.waiting("sea", 50, None)
    return [row["lead"] for row in rounds]


async def claim(hub: Hub, lead: str, rep: str = "ann") -> str | None:
    """Claim a lead; returns what was said against it, None when the rep has it."""
    try:
        await hub.responding.pools.claim(lead, rep)
    except (BadInput, Conflict) as error:
        return str(error)
    return None


async def test_a_lead_whose_route_says_so_waits_in_its_pool_until_it_is_claimed(make_hub: MakeHub):
    hub = await make_hub(with_pool())
    one = await lead(hub)
    assert (await care(hub, one))["pool"] == "sea"
    assert await claim(hub, one) is None
    known = await care(hub, one)
    assert (known["owner"], known["team"], known["pool"], known["turns"]) == ("ann", "north", None, 1)
    assert [(row["act"], row["owner"], row["former_pool"]) for row in await all_rows(hub, "ownership")] == [
        ("pooled", None, None), ("claimed", "ann", "sea"),
    ]  # fmt: skip
    assert "lead.claimed" in [row["kind"] for row in await all_rows(hub, "event")]
    assert (await all_rows(hub, "lead"))[0]["owner"] == "ann"


async def test_of_five_hundred_clicks_at_once_one_wins_and_all_others_hear_why(make_hub: MakeHub):
    hub = await make_hub(with_pool())
    one = await lead(hub)
    said = Counter(await asyncio.gather(*(claim(hub, one, ("ann", "bob", "cho", "dan")[n % 4]) for n in range(500))))
    assert said[None] == 1
    assert said.total() == 500
    rows = [row for row in await all_rows(hub, "ownership") if row["act"] == "claimed"]
    winner = (await care(hub, one))["owner"]
    assert [row["owner"] for row in rows] == [winner]
    assert {text for text in said if text} == {f"{winner} took the lead {one} first."}


RULES = [
    ("claim: false", "handed out by a manager"),
    ("teams: [south]", "in no team that may take leads of pool sea"),
    ("embargo: 1h", "Nobody may take the lead"),
    ("claims_a_day: 1", "took 1 leads of pool sea today"),
    ("between_claims: 10m", "may take the next lead of pool sea from"),
    ("hold: 1", "has 1 open leads"),
]


@pytest.mark.parametrize(("rule", "said"), RULES)
async def test_each_rule_is_told_when_it_is_against_a_claim(make_hub: MakeHub, rule: str, said: str):
    hub = await make_hub(with_pool(rule))
    await claim(hub, await lead(hub, 1))
    against = await claim(hub, await lead(hub, 2))
    assert against is not None
    assert said in against
    assert against.endswith(".")


@pytest.mark.parametrize(
    ("rule", "later"),
    [("embargo: 1h", 3600), ("claims_a_day: 1", 86_400), ("between_claims: 10m", 600)],
)
async def test_a_rule_of_time_is_over_at_its_time(make_hub: MakeHub, clock, rule: str, later: float):
    hub = await make_hub(with_pool(rule))
    await claim(hub, await lead(hub, 1))
    two = await lead(hub, 2)
    assert await claim(hub, two) is not None
    clock.turn(later)
    assert await claim(hub, two) is None


async def test_a_rep_of_another_team_and_a_second_rep_are_not_held_by_what_one_took(make_hub: MakeHub):
    hub = await make_hub(with_pool("claims_a_day: 1, between_claims: 10m, hold: 1, teams: [north]"))
    assert await claim(hub, await lead(hub, 1), "ann") is None
    assert await claim(hub, await lead(hub, 2), "bob") is None
    assert await claim(hub, await lead(hub, 3), "dan") is not None


async def test_a_rep_who_clicks_on_many_leads_at_once_gets_no_more_than_the_rule_says(make_hub: MakeHub):
    hub = await make_hub(with_pool("claims_a_day: 3"))
    leads = [await lead(hub, number) for number in range(20)]
    said = await asyncio.gather(*(claim(hub, one) for one in leads))
    assert said.count(None) == 3


async def test_who_gave_a_lead_back_may_not_take_it_again_at_once_but_others_may(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool("cool_down: 12h"))
    one = await lead(hub)
    assert await claim(hub, one) is None
    await hub.responding.desk.give_back(one, "wrong number", pool="sea", by=BOSS)
    assert "had the lead" in str(await claim(hub, one))
    clock.turn(12 * 3600)
    assert await claim(hub, one) is None
    await hub.responding.desk.give_back(one, "again", pool="sea")
    assert await claim(hub, one, "bob") is None


async def test_a_lead_that_was_taken_is_protected_from_recycling_for_a_while(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool("protect: 3d", team="recycle: [{after: 1d, without: activity, pool: sea}]"))
    one = await lead(hub)
    assert await claim(hub, one) is None
    assert (await care(hub, one))["protected_until"] == clock.now() + timedelta(days=3)
    clock.turn(2 * 86_400)
    await hub.responding.timers.sweep()
    assert (await care(hub, one))["owner"] == "ann"
    clock.turn(86_400)
    await hub.responding.timers.sweep()
    assert ((await care(hub, one))["owner"], (await care(hub, one))["pool"]) == (None, "sea")


async def test_the_ladder_of_who_took_a_lead_late_begins_when_they_took_it(make_hub: MakeHub, clock):
    ladder = "ladder: [{at: 10m, do: warn, to: [chat]}, {at: 30m, do: recycle, pool: sea}]"
    hub = await make_hub(with_pool("protect: 2h", team=ladder))
    one = await lead(hub)
    clock.turn(5 * 86_400)
    assert await claim(hub, one) is None
    await hub.responding.timers.sweep()
    assert await all_rows(hub, "notice") == []
    clock.turn(31 * 60)
    await hub.responding.timers.sweep()
    assert [row["kind"] for row in await all_rows(hub, "notice")] == ["warned"]
    assert (await care(hub, one))["owner"] == "ann"
    clock.turn(2 * 3600)
    await hub.responding.timers.sweep()
    assert (await care(hub, one))["pool"] == "sea"


async def pooled(hub: Hub, one: str) -> None:
    await hub.responding.desk.transfer(one, "ann", by=BOSS)


async def returned(hub: Hub, one: str) -> None:
    await pooled(hub, one)
    await hub.responding.desk.give_back(one, "wrong number", pool="sea", by=BOSS)


async def recycled(hub: Hub, one: str) -> None:
    await pooled(hub, one)
    await hub.responding.desk.recycle(one, "sea", "no_response")


async def dealt_to_nobody(hub: Hub, one: str) -> None:
    await hub.responding.desk.transfer(one, "dan", by=BOSS)
    await hub.responding.desk.reassign(one, "no_response")


async def nothing(hub: Hub, one: str) -> None:
    return None


PATHS = [
    (nothing, "assign: {pool: sea}"), (returned, "assign: {pool: sea}"), (recycled, "assign: {pool: sea}"), (dealt_to_nobody, "assign: {pool: sea}"),
    (nothing, "assign: {team: south}"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "where"), PATHS, ids=["routed", "returned", "recycled", "reassigned", "fallback"])
async def test_whatever_brings_a_lead_into_a_pool_sets_its_embargo(make_hub: MakeHub, clock, path, where: str):
    config = with_pool("embargo: 2h", where).replace(
        "south: {members: [{name: dan}]}",
        "south: {fallback: {pool: sea}, members: [{name: dan, active: false}]}",
    )
    hub = await make_hub(config)
    one = await lead(hub)
    clock.turn(60)
    moved = clock.now() if path is not nothing else clock.now() - timedelta(minutes=1)
    await path(hub, one)
    known = await care(hub, one)
    assert (known["pool"], known["embargo_until"]) == ("sea", moved + timedelta(hours=2))
    assert "Nobody may take the lead" in str(await claim(hub, one, "bob"))


async def test_who_comes_again_does_not_push_the_embargo_away(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool("embargo: 2h"))
    one = await lead(hub)
    before = (await care(hub, one))["embargo_until"]
    clock.turn(3600)
    await lead(hub, 2, email="p1@example.com")
    assert (await care(hub, one))["embargo_until"] == before


async def test_who_comes_again_leaves_the_lead_in_the_pool_it_was_put_into(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool("embargo: 2h"))
    one = await lead(hub)
    await hub.responding.desk.transfer(one, "ann", by=BOSS)
    await hub.responding.desk.give_back(one, "for the partners", pool="other", by=BOSS)
    before = await care(hub, one)
    clock.turn(3600)
    await lead(hub, 2, email="p1@example.com")
    known = await care(hub, one)
    assert [known[name] for name in ("pool", "since", "embargo_until")] == ["other", before["since"], None]


async def test_the_pool_of_leads_nobody_could_take_is_always_there(make_hub: MakeHub):
    config = with_pool(where="assign: {team: south}").replace("{name: dan}", "{name: dan, active: false}")
    hub = await make_hub(config)
    one = await lead(hub)
    listed = {row["pool"]: row["leads"] for row in await hub.responding.pools.listed()}
    assert listed == {"unassigned": 1, "sea": 0, "other": 0}
    assert await claim(hub, one) is None


async def test_a_manager_hands_out_leads_of_a_pool_nobody_may_claim_from(make_hub: MakeHub):
    hub = await make_hub(with_pool(where="assign: {pool: other}"))
    one = await lead(hub)
    assert "handed out by a manager" in str(await claim(hub, one))
    await hub.responding.desk.transfer(one, "bob", by=BOSS)
    assert (await care(hub, one))["owner"] == "bob"


async def test_each_look_is_in_the_log_and_one_lead_counts_once_a_day(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool("views_a_day: 2"))
    leads = [await lead(hub, number) for number in range(3)]
    for one in (leads[0], leads[0], leads[1]):
        await hub.responding.pools.view(one, "ann", by="user:usr_ann")
    with pytest.raises(BadInput, match="opened 2 leads of pool sea today, the most for a day"):
        await hub.responding.pools.view(leads[2], "ann", by="user:usr_ann")
    seen = [row["lead"] for row in await all_rows(hub, "ownership") if row["act"] == "viewed"]
    assert seen == [leads[0], leads[0], leads[1]]
    clock.turn(86_400)
    await hub.responding.pools.view(leads[2], "ann", by="user:usr_ann")


@pytest.mark.parametrize(("pool", "rep"), [("sea", "dan"), ("other", "ann"), ("sea", "nobody")])
async def test_a_pool_is_closed_to_who_may_not_take_of_it(make_hub: MakeHub, pool: str, rep: str):
    hub = await make_hub(with_pool("teams: [north]", where=f"assign: {{pool: {pool}}}"))
    with pytest.raises(BadInput, match="There is no lead"):
        await hub.responding.pools.view(await lead(hub), rep, by="user:usr_1")


async def test_a_closed_lead_waits_in_no_pool_until_it_is_open_again(make_hub: MakeHub, clock):
    hub = await make_hub(with_pool())
    one, two = await lead(hub, 1), await lead(hub, 2)
    await outcome(hub, one, Disposition.LOST)
    assert await waiting(hub) == [two]
    assert [row["leads"] for row in await hub.responding.pools.listed() if row["pool"] == "sea"] == [1]
    assert await claim(hub, one) == f"The lead {one} is closed; nobody needs to take it."
    clock.turn(60)
    await outcome(hub, one, Disposition.QUALIFIED)
    assert await waiting(hub) == [two, one]
    assert await claim(hub, one) is None


def test_the_rules_of_a_pool_are_reckoned_without_a_database():
    settings = Settings.model_validate({"hub": {"region": "CN"}, "pools": {"sea": {"embargo": "1h"}}})
    assert list(pools_of(settings)) == ["unassigned", "sea"]
    assert embargo(settings, "unassigned", None) is None  # type: ignore[arg-type]
    care = {"lead": "lead_1", "embargo_until": None, "former": None}
    assert refusal("sea", PoolSettings(), Taker("ann"), care, None) is not None  # type: ignore[arg-type]
    assert refusal("sea", PoolSettings(), Taker("ann", frozenset({"a"})), care, None) is None  # type: ignore[arg-type]


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_of_five_hundred_clicks_at_two_nodes_one_wins(self, make_hub: MakeHub):
        one, other = await make_hub(with_pool()), await make_hub(with_pool())
        wanted = await lead(one)
        reps = ("ann", "bob", "cho", "dan")
        said = await asyncio.gather(*(claim((one, other)[n % 2], wanted, reps[n % 4]) for n in range(500)))
        assert said.count(None) == 1
        assert len([row for row in await all_rows(one, "ownership") if row["act"] == "claimed"]) == 1

    async def test_what_a_rep_may_take_in_a_day_is_counted_across_nodes(self, make_hub: MakeHub):
        one, other = await make_hub(with_pool("claims_a_day: 5")), await make_hub(with_pool("claims_a_day: 5"))
        leads = [await lead(one, number) for number in range(40)]
        said = await asyncio.gather(*(claim((one, other)[n % 2], lead) for n, lead in enumerate(leads)))
        assert said.count(None) == 5
