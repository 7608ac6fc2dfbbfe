"""Turns and caps in the database: exact among processes, in imports, and after a run that broke off."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta

from sqlalchemy.exc import OperationalError

from hub.app import Hub
from hub.settings.models import DEFAULT_STEPS
from hub.step import Context, Options, Work, step
from hub.store import dealing
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

TEAM = one_sink().replace("flows:", "teams: {north: {members: [MEMBERS]}}\nflows:").replace(
    "to: [crm]", "to: [crm], assign: {team: north}"
)  # fmt: skip


def team(*members: str) -> str:
    return TEAM.replace("MEMBERS", ", ".join(f"{{{member}}}" for member in members))


async def owners(hub: Hub) -> Counter[str | None]:
    return Counter(row["owner"] for row in await all_rows(hub, "lead"))


async def shares(hub: Hub) -> dict[str, tuple[int, float]]:
    found = (await hub.db.read(dealing.shares)).get("north", {})
    return {name: (known["received"], round(known["entitled"], 6)) for name, known in found.items()}


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_a_daily_cap_is_never_passed_by_two_processes_at_once(self, make_hub: MakeHub):
        config = team("name: li, daily_cap: 12", "name: wang, daily_cap: 12")
        one, other = await make_hub(config), await make_hub(config)
        await asyncio.gather(*(post((one, other)[number % 2], person(number)) for number in range(60)))
        assert await owners(one) == {"li": 12, "wang": 12, None: 36}

    async def test_turns_are_exact_whoever_deals(self, make_hub: MakeHub):
        config = team("name: li", "name: wang, weight: 2", "name: zhao")
        one, other = await make_hub(config), await make_hub(config)
        await asyncio.gather(*(post((one, other)[number % 2], person(number)) for number in range(80)))
        assert await owners(one) == {"li": 20, "wang": 40, "zhao": 20}
        assert await shares(other) == {"li": (20, 20.0), "wang": (40, 40.0), "zhao": (20, 20.0)}

    async def test_turns_go_on_where_another_process_left_them(self, make_hub: MakeHub):
        config = team("name: li", "name: wang", "name: zhao")
        one, other = await make_hub(config), await make_hub(config)
        for number in range(9):
            await post((one, other)[number % 2], person(number))
            counts = [(await owners(one))[name] for name in ("li", "wang", "zhao")]
            assert max(counts) - min(counts) <= 1


async def test_a_cap_of_yesterday_is_not_one_of_today(make_hub: MakeHub, clock):
    hub = await make_hub(team("name: li, daily_cap: 1"))
    await post(hub, person(1))
    await post(hub, person(2))
    clock.turn(timedelta(days=1).total_seconds())
    await post(hub, person(3))
    assert await owners(hub) == {"li": 2, None: 1}


async def test_turns_go_on_after_a_restart_and_a_change_of_the_team(make_hub: MakeHub):
    hub = await make_hub(team("name: li", "name: wang"))
    await asyncio.gather(*(post(hub, person(number)) for number in range(7)))
    await make_hub.stop(hub)
    hub = await make_hub(team("name: li", "name: wang", "name: zhao"))
    await asyncio.gather(*(post(hub, person(number)) for number in range(7, 17)))
    counts = await owners(hub)
    assert {
        name: 1 for name in counts if abs(counts[name] - {"li": 3.5, "wang": 3.5}.get(str(name), 0) - 10 / 3) > 1
    } == {}


async def test_half_a_lead_of_somebody_who_left_is_shared_among_the_others_and_listed(make_hub: MakeHub):
    hub = await make_hub(team("name: li", "name: wang", "name: zhao"))
    await post(hub, person(0))
    await make_hub.stop(hub)
    hub = await make_hub(team("name: wang", "name: zhao"))
    await asyncio.gather(*(post(hub, person(number)) for number in range(1, 3)))
    rows = [row for row in await all_rows(hub, "ownership") if row["act"] == "credited"]
    assert {(row["owner"], round(row["credit"], 3), row["reason"]) for row in rows} == {
        ("wang", -0.333, "left"), ("zhao", -0.333, "left"),
    }  # fmt: skip
    known = await shares(hub)
    assert (known["wang"], known["zhao"]) == ((1, 1.0), (1, 1.0))


async def test_every_deal_is_listed_with_who_could_have_had_it(make_hub: MakeHub):
    hub = await make_hub(team("name: li", "name: wang, weight: 3"))
    await asyncio.gather(*(post(hub, person(number)) for number in range(8)))
    rosters = {row["digest"]: row["shares"] for row in await all_rows(hub, "roster")}
    rows = await all_rows(hub, "ownership")
    assert [row["act"] for row in rows] == ["assigned"] * 8
    entitled: Counter[str] = Counter()
    for row in rows:
        entitled.update(rosters[row["roster"]])
    assert dict(entitled) == {"li": 2.0, "wang": 6.0}
    assert Counter(row["turn_of"] for row in rows) == {"li": 2, "wang": 6}
    assert Counter(row["owner"] for row in rows if row["gained"]) == {"li": 2, "wang": 6}


async def test_an_import_is_dealt_as_evenly_as_leads_that_come_one_by_one(make_hub: MakeHub, tmp_path):
    members = [f"name: m{number}, weight: {1 + number % 3}" for number in range(7)]
    hub = await make_hub(
        team(*members)
        .replace("website: {connector: open_source}", "website: {connector: open_source}, file: {connector: list_file}")
        .replace("[website]", "[website, file]")
    )
    path = tmp_path / "list.csv"
    path.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in range(420)))
    await hub.imports.import_file(path, "file")
    await settled(hub)
    total = sum(1 + number % 3 for number in range(7))
    counts = await owners(hub)
    assert max(abs(counts[f"m{n}"] - 420 * (1 + n % 3) / total) for n in range(7)) <= 1


@step("cut_off")
async def cut_off(work: Work, ctx: Context, options: Options) -> Work:
    raise OperationalError("SELECT 1", {}, Exception("the connection is gone"))


async def test_a_lead_whose_run_broke_off_after_it_was_given_is_not_counted(make_hub: MakeHub):
    steps = ", ".join([*DEFAULT_STEPS, "cut_off"])
    config = team("name: li").replace("routes:", f"steps: [{steps}], routes:")
    hub = await make_hub(config.replace("answer_within: 30s", "answer_within: 1ms"), things=[cut_off])
    await post(hub, person(1))
    await settled(hub)
    assert await shares(hub) == {}
    assert await all_rows(hub, "ownership") == []


async def test_leads_of_one_company_in_one_batch_go_to_one_rep(make_hub: MakeHub):
    config = team("name: li", "name: wang").replace("{members:", "{account: true, members:")
    hub = await make_hub(config)
    said = [json.loads(person(number)) | {"company": f"Firm {number % 3} GmbH"} for number in range(12)]
    await asyncio.gather(*(post(hub, json.dumps(one)) for one in said))
    found: dict[str, set[str]] = {}
    for row in await all_rows(hub, "lead"):
        found.setdefault(row["company"], set()).add(row["owner"])
    assert [len(reps) for reps in found.values()] == [1, 1, 1]


async def test_a_lead_that_nobody_can_take_waits_in_the_pool_and_is_told(make_hub: MakeHub):
    hub = await make_hub(team("name: li, active: false"))
    await post(hub, person(1))
    (care,) = await all_rows(hub, "care")
    assert (care["owner"], care["team"], care["pool"]) == (None, "north", "unassigned")
    assert [row["kind"] for row in await all_rows(hub, "event") if row["kind"].startswith("lead.")] == [
        "lead.created", "lead.pooled",
    ]  # fmt: skip
