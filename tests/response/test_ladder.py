"""The clock of an answer: it starts with the submit, is stopped by a person, and climbs the team's ladder till then."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import Retry
from hub.lead import Sent
from hub.news import Activity
from hub.outcome import Disposition
from hub.store.activities import Heard
from hub.store.audit import Actor
from tests.conftest import MakeHub, post, reloaded
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
  chat: {connector: telling_sink}
calendars: {always: {hours: "24/7"}}
pools: {sea: {}}
teams:
  north:
    lead: boss
    members: [{name: ann}, {name: bob}, {name: cho}]
    LADDER
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], assign: {team: north}, respond_within: 10m}]}
"""

LADDER = (
    "ladder: [{at: 50%, do: warn, to: [chat]}, {at: 80%, do: escalate, to: [chat]}, {at: 100%, do: reassign, most: 1}]"
)


def with_ladder(ladder: str = LADDER, **more: str) -> str:
    text = CONFIG.replace("LADDER", ladder)
    for old, new in more.items():
        text = text.replace(old, new)
    return text


async def lead(hub: Hub, number: int = 1, **more: Any) -> str:
    body = {"id": str(number), "email": f"p{number}@example.com", **more}
    return str((await post(hub, json.dumps(body))).json()["lead"])


async def care(hub: Hub, lead: str) -> dict[str, Any]:
    return next(row for row in await all_rows(hub, "care") if row["lead"] == lead and row["current"])


async def kinds(hub: Hub, prefix: str = "lead.") -> list[str]:
    return [row["kind"] for row in await all_rows(hub, "event") if row["kind"].startswith(prefix)]


async def answer(
    hub: Hub, lead: str, disposition: Disposition | None = None, *, human: bool = True, **more: Any
) -> None:
    at = more.pop("at", hub.clock.now())
    said = Activity(
        f"{lead}:{at}:{disposition}", at, more.pop("kind", "call"), lead=lead, by="ann", human=human, **more
    )
    await hub.hearing.note("api", Heard(said, disposition, human))


async def turn(hub: Hub, minutes: float) -> None:
    hub.clock.turn(minutes * 60)  # type: ignore[attr-defined]
    await hub.responding.timers.sweep()


async def test_the_clock_starts_when_the_prospect_submitted(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder())
    at = clock.now() - timedelta(minutes=4)
    known = await care(hub, await lead(hub, submitted_at=at.isoformat()))
    assert (known["started_at"], known["due_at"]) == (at, at + timedelta(minutes=10))
    assert known["received_at"] == clock.now()


async def test_a_time_without_a_zone_is_read_in_that_of_its_source(make_hub: MakeHub):
    config = with_ladder().replace("{connector: open_source}", "{connector: open_source, time_zone: Asia/Shanghai}")
    hub = await make_hub(config)
    known = await care(hub, await lead(hub, submitted_at="2026-05-04 16:00"))
    assert known["started_at"].isoformat() == "2026-05-04T08:00:00+00:00"


async def test_an_answer_stops_it_and_says_how_long_it_took(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder())
    one = await lead(hub)
    clock.turn(180)
    await answer(hub, one)
    known = await care(hub, one)
    assert (known["responded_by"], known["waited"], known["breached_at"]) == ("ann", 180.0, None)
    await turn(hub, 60)
    assert "lead.breached" not in await kinds(hub)
    assert [row for row in await all_rows(hub, "timer") if row["kind"] in ("target", "rung")] == []


async def test_a_program_that_does_something_stops_nothing(make_hub: MakeHub):
    hub = await make_hub(with_ladder())
    one = await lead(hub)
    await answer(hub, one, human=False)
    await turn(hub, 10)
    assert "lead.breached" in await kinds(hub)


async def test_the_ladder_is_climbed_rung_by_rung(make_hub: MakeHub):
    hub = await make_hub(with_ladder())
    one = await lead(hub)
    owner = (await care(hub, one))["owner"]
    await turn(hub, 4.9)
    assert "lead.warned" not in await kinds(hub)
    await turn(hub, 0.1)
    await turn(hub, 3)
    assert (await kinds(hub))[-2:] == ["lead.warned", "lead.escalated"]
    await turn(hub, 2)
    known = await care(hub, one)
    assert known["owner"] not in (owner, None)
    assert known["former"] == {owner: known["since"].isoformat()}
    assert [row["kind"] for row in await all_rows(hub, "notice")][:2] == ["warned", "escalated"]


async def test_people_are_told_in_words_and_a_chat_that_is_down_gets_it_later(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder())
    one = await lead(hub, source_note="x")
    chat = hub.plan.sinks["chat"]
    chat.reply = Retry("busy", 1)
    await turn(hub, 5)
    assert await hub.responding.telling.sweep() == 1
    chat.reply = Sent()
    assert await hub.responding.telling.sweep() == 0
    clock.turn(5)
    assert await hub.responding.telling.sweep() == 1
    (told,) = chat.told
    owner = (await care(hub, one))["owner"]
    assert told.title == f"{owner}: a lead still waits for your answer"
    assert dict(told.facts) == {
        "Lead": one, "Owner": owner, "Team": "north", "Grade": "C", "Source": "website", "Waited": "5 min", "Target": "10 min",
    }  # fmt: skip
    clock.turn(3600)
    assert await hub.responding.telling.sweep() == 0


async def test_a_lead_is_handed_on_so_often_and_then_waits_in_the_pool(make_hub: MakeHub):
    hub = await make_hub(with_ladder())
    one = await lead(hub)
    for _ in range(10):
        await turn(hub, 10)
    known = await care(hub, one)
    assert (known["owner"], known["pool"], known["turns"], known["handed_on"]) == (None, "unassigned", 2, 1)
    acts = [row["act"] for row in await all_rows(hub, "ownership")]
    assert acts == ["assigned", "reassigned", "recycled"]


async def test_a_lead_that_comes_late_gives_its_rep_the_whole_time(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder())
    one = await lead(hub, submitted_at=(clock.now() - timedelta(days=3)).isoformat())
    await turn(hub, 0)
    assert (await care(hub, one))["breached_at"] is not None
    assert "lead.warned" not in await kinds(hub)
    await turn(hub, 5)
    assert "lead.warned" in await kinds(hub)


async def test_nobody_gets_back_what_they_lost(make_hub: MakeHub):
    hub = await make_hub(with_ladder(LADDER.replace("most: 1", "most: 9")))
    one = await lead(hub)
    owners = [(await care(hub, one))["owner"]]
    for _ in range(2):
        await turn(hub, 10)
        owners.append((await care(hub, one))["owner"])
    assert sorted(owners) == ["ann", "bob", "cho"]
    await turn(hub, 10)
    assert (await care(hub, one))["pool"] == "unassigned"


async def test_sinks_that_take_updates_hear_of_the_new_owner(make_hub: MakeHub):
    hub = await make_hub(with_ladder(memory_sink="updating_sink"))
    await lead(hub)
    await turn(hub, 10)
    owned = [row for row in await all_rows(hub, "delivery") if row["sink"] == "crm"]
    assert [row["version"] for row in owned] == [1, 2]
    assert owned[1]["sentence"].endswith("had it (no answer in time).")


async def test_an_answer_that_is_heard_late_counts_from_when_it_was_given(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    given = clock.now() + timedelta(minutes=3)
    await turn(hub, 30)
    assert (await care(hub, one))["breached_at"] is not None
    await answer(hub, one, at=given)
    known = await care(hub, one)
    assert (known["waited"], known["breached_at"]) == (180.0, None)


async def test_an_outcome_closes_the_round_and_a_later_one_opens_it_again(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    clock.turn(60)
    await answer(hub, one, Disposition.LOST)
    assert (await care(hub, one))["closed_at"] == clock.now()
    clock.turn(60)
    await answer(hub, one, Disposition.QUALIFIED)
    assert (await care(hub, one))["closed_at"] is None


async def test_new_interest_after_an_answer_begins_a_new_round(make_hub: MakeHub, clock):
    hub = await make_hub(
        with_ladder("").replace("{connector: open_source}", "{connector: open_source, dedupe: {policy: reroute}}")
    )
    one = await lead(hub)
    await answer(hub, one, Disposition.LOST)
    clock.turn(86_400)
    await post(hub, json.dumps({"id": "again", "email": "p1@example.com"}))
    rounds = [(row["round"], row["current"]) for row in await all_rows(hub, "care")]
    assert rounds == [(1, False), (2, True)]
    assert (await care(hub, one))["started_at"] == clock.now()


@pytest.mark.parametrize(("here", "owner"), [(True, "ann"), (False, "bob")])
async def test_who_comes_again_gets_the_rep_they_had_unless_that_one_is_away(
    make_hub: MakeHub, clock, here: bool, owner: str
):
    config = with_ladder("").replace("{connector: open_source}", "{connector: open_source, dedupe: {policy: reroute}}")
    hub = await make_hub(config)
    one = await lead(hub)
    assert (await care(hub, one))["owner"] == "ann"
    await answer(hub, one, Disposition.LOST)
    until = clock.now() + timedelta(hours=1 if here else 100)
    await hub.responding.reps.away("ann", since=None, until=until, cover=None, reason=None, by=Actor("test"))
    clock.turn(86_400)
    await post(hub, json.dumps({"id": "again", "email": "p1@example.com"}))
    assert (await care(hub, one))["owner"] == owner


@pytest.mark.parametrize(
    ("rule", "minutes", "recycled"),
    [
        ("{after: 60m, without: response, pool: sea}", 59, False),
        ("{after: 60m, without: response, pool: sea}", 60, True),
        ("{after: 60m, without: activity, pool: sea}", 60, True),
        ("{after: 60m, without: outcome, pool: sea}", 60, True),
        ("{after: 60m, grades: [A], pool: sea}", 60, False),
        ("{after: 1d, field: extra.contract_end, pool: sea}", 24 * 60 * 3, True),
    ],
)
async def test_leads_that_nothing_happens_with_are_taken_back(
    make_hub: MakeHub, rule: str, minutes: int, recycled: bool
):
    hub = await make_hub(with_ladder(f"recycle: [{rule}]").replace(", respond_within: 10m", ""))
    one = await lead(hub, contract_end="2026-05-05")
    await turn(hub, minutes)
    known = await care(hub, one)
    assert (known["pool"] == "sea") is recycled
    assert (known["owner"] is None) is recycled


async def test_a_changed_rule_covers_leads_that_are_there_already(make_hub: MakeHub):
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    hub.office.config.write_text(with_ladder("recycle: [{after: 5m, pool: sea}]"))
    assert await reloaded(hub)
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    hub.clock.turn(300)
    await hub.responding.renew()
    await hub.responding.timers.sweep()
    assert (await care(hub, one))["pool"] == "sea"


async def test_a_duplicate_is_taken_off_its_reps_count(make_hub: MakeHub):
    hub = await make_hub(with_ladder("").replace("{name: ann}, {name: bob}, {name: cho}", "{name: ann}, {name: bob}"))
    first = await lead(hub, 1)
    await answer(hub, first, Disposition.DUPLICATE)
    for number in range(2, 4):
        await lead(hub, number)
    assert Counter(row["owner"] for row in await all_rows(hub, "care")) == {"ann": 2, "bob": 1}


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_a_timer_fires_once_whoever_looks(self, make_hub: MakeHub, clock):
        one, other = await make_hub(with_ladder()), await make_hub(with_ladder())
        for number in range(20):
            await lead((one, other)[number % 2], number)
        clock.turn(300)
        await asyncio.gather(*(hub.responding.timers.sweep() for hub in (one, other) * 3))
        assert Counter(await kinds(one))["lead.warned"] == 20
        assert len(await all_rows(one, "notice")) == 20
