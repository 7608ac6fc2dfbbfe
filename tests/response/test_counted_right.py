"""What is counted when leads move, and what is due after odd things: hands, fallbacks, covers, restarts, broken plugins."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.app import Hub
from hub.roster import Candidate, Choice
from hub.step import Work, strategy
from hub.store import dealing
from hub.store.audit import Actor
from hub.store.columns import ABSENCE
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows
from tests.response.test_ladder import care, lead, turn, with_ladder

BOSS = Actor("user:boss")


async def received(hub: Hub, team: str = "north") -> dict[str, int]:
    found = (await hub.db.read(dealing.shares)).get(team, {})
    return {name: known["received"] for name, known in found.items() if known["received"]}


async def test_who_has_a_lead_from_a_colleagues_hand_and_gives_it_back_takes_it_off_nobodys_count(make_hub: MakeHub):
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    assert await received(hub) == {"ann": 1}
    await hub.responding.desk.transfer(one, "bob", by=BOSS)
    await hub.responding.desk.give_back(one, "not for me", pool="sea", by=BOSS)
    assert await received(hub) == {"ann": 1}
    await hub.responding.desk.transfer(one, "ann", by=BOSS)
    await hub.responding.desk.give_back(one, "not for me either", pool="sea", by=BOSS)
    assert await received(hub) == {}


async def test_a_lead_that_is_handed_to_whom_has_it_is_no_lead_more(make_hub: MakeHub):
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    await hub.responding.desk.transfer(one, "ann", by=BOSS)
    await hub.responding.desk.transfer(one, "bob", by=BOSS)
    assert [(row["owner"], row["gained"]) for row in await all_rows(hub, "ownership")] == [
        ("ann", 1), ("ann", 0), ("bob", 1),
    ]  # fmt: skip


async def test_a_rule_that_was_changed_while_no_hub_ran_covers_leads_that_are_there(make_hub: MakeHub):
    hub = await make_hub(with_ladder(""))
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    one = await lead(hub)
    await make_hub.stop(hub)
    hub = await make_hub(with_ladder("recycle: [{after: 5m, pool: sea}]"))
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    hub.clock.turn(300)  # type: ignore[attr-defined]
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    assert (await care(hub, one))["pool"] == "sea"


@strategy("breaks_later")
def breaks_later(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """Choose the first one, and break when a lead is dealt anew."""
    if work.excluded:
        raise RuntimeError("a strategy of a plugin")
    return Choice(free[0].name)


async def test_a_timer_that_breaks_holds_up_no_other_and_is_tried_again(make_hub: MakeHub):
    broken = "strategy: breaks_later\n    ladder: [{at: 50%, do: reassign}]"
    hub = await make_hub(
        with_ladder(broken),
        things=[breaks_later],
    )
    leads = [await lead(hub, number) for number in range(3)]
    await turn(hub, 5)
    await turn(hub, 5)
    assert [(await care(hub, one))["breached_at"] is not None for one in leads] == [True] * 3
    assert [row["kind"] for row in await all_rows(hub, "timer")] == ["rung"] * 3


async def test_a_recycled_lead_goes_to_the_team_that_its_team_falls_back_to(make_hub: MakeHub):
    config = with_ladder("fallback: {team: south}\n    recycle: [{after: 5m}]").replace(
        "flows:", "  south: {members: [{name: sue}]}\nflows:"
    )
    hub = await make_hub(config)
    one = await lead(hub)
    await turn(hub, 5)
    known = await care(hub, one)
    assert (known["team"], known["owner"], known["pool"]) == ("south", "sue", None)
    assert (await all_rows(hub, "ownership"))[-1]["act"] == "recycled"


async def test_what_a_fallback_takes_leaves_a_full_team_as_full_as_it_was(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder("caps: [{most: 1, within: 60m}]\n    fallback: {owner: boss}"))
    owners = []
    for number in range(3):
        owners.append((await care(hub, await lead(hub, number)))["owner"])
        clock.turn(31 * 60)
    assert owners == ["ann", "boss", "bob"]


async def test_open_leads_are_counted_across_the_teams_of_one_batch(make_hub: MakeHub):
    config = with_ladder("").replace("{name: ann}, {name: bob}, {name: cho}", "{name: ann, open_cap: 2}").replace(
        "flows:", "  south: {members: [{name: ann, open_cap: 2}]}\nflows:"
    ).replace("routes: [", "routes: [{name: china, when: 'lead.country == \"CN\"', assign: {team: south}}, ")  # fmt: skip
    hub = await make_hub(config)
    said = [{"id": str(n), "email": f"p{n}@example.com", "country": ("CN", "DE")[n % 2]} for n in range(10)]
    await asyncio.gather(*(post(hub, json.dumps(one)) for one in said))
    assert [row["owner"] for row in await all_rows(hub, "care") if row["owner"]] == ["ann", "ann"]


def _absent(rows: list[dict[str, Any]], *, session: Any) -> None:
    for row in rows:
        session.execute(sa.insert(ABSENCE).values(**row))


async def test_a_cover_of_another_team_who_is_away_gets_nothing(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder("").replace("{name: ann}, {name: bob}, {name: cho}", "{name: ann}"))
    rows = [{"member": "ann", "since": clock.now(), "cover": "zoe"}, {"member": "zoe", "since": clock.now()}]
    await hub.db.write(_absent, rows)
    known = await care(hub, await lead(hub))
    assert (known["owner"], known["pool"]) == (None, "unassigned")


async def test_a_submit_that_is_said_to_be_still_to_come_is_one_of_now(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    known = await care(hub, await lead(hub, submitted_at=(clock.now() + timedelta(hours=3)).isoformat()))
    assert (known["started_at"], known["due_at"]) == (clock.now(), clock.now() + timedelta(minutes=10))


async def test_who_keeps_a_lead_that_nobody_else_could_take_is_told_where_it_waits(make_hub: MakeHub):
    config = with_ladder("ladder: [{at: 100%, do: reassign}]", memory_sink="updating_sink")
    hub = await make_hub(config.replace("{name: ann}, {name: bob}, {name: cho}", "{name: ann}"))
    await lead(hub)
    await turn(hub, 10)
    said = [row["sentence"] for row in await all_rows(hub, "delivery") if row["sink"] == "crm"]
    assert said[1] == "It was taken from ann (no answer in time) and waits in pool unassigned."
