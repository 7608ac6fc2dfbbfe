"""Turns and daily caps when several processes share a database: each sees what the others gave."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hub.app import Hub
from hub.pipeline.context import Rotation
from hub.settings.models import DEFAULT_STEPS
from hub.step import Context, Options, Work, step
from hub.store import turns
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

TEAM = one_sink().replace("flows:", "teams: {north: {members: [MEMBERS]}}\nflows:").replace(
    "to: [crm]", "to: [crm], assign: {team: north}"
)  # fmt: skip
LI, DAY = ("north", "li", ""), ("north", "li", "2026-05-04")


def team(*members: str) -> str:
    return TEAM.replace("MEMBERS", ", ".join(f"{{{member}}}" for member in members))


async def owners(hub: Hub) -> Counter[str | None]:
    return Counter(row["owner"] for row in await all_rows(hub, "lead"))


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_a_daily_cap_counts_what_every_process_gave(self, make_hub: MakeHub):
        config = team("name: li, daily_cap: 2", "name: wang, daily_cap: 2")
        one, other = await make_hub(config), await make_hub(config)
        for number in range(6):
            hub = (one, other)[number % 2]
            await hub.agree_on_turns()
            await post(hub, person(number))
        assert await owners(one) == {"li": 2, "wang": 2, None: 2}
        given = {(row["member"], row["day"]): row["given"] for row in await all_rows(one, "rotation")}
        assert given == {(name, day): 2 for name in ("li", "wang") for day in ("", "2026-05-04")}

    async def test_turns_go_on_where_another_process_left_them(self, make_hub: MakeHub):
        config = team("name: li", "name: wang", "name: zhao")
        one, other = await make_hub(config), await make_hub(config)
        for number in range(9):
            hub = (one, other)[number % 2]
            await hub.agree_on_turns()
            await post(hub, person(number))
            counts = [(await owners(one))[name] for name in ("li", "wang", "zhao")]
            assert max(counts) - min(counts) <= 1

    async def test_a_cap_of_yesterday_is_not_one_of_today(self, make_hub: MakeHub, clock):
        config = team("name: li, daily_cap: 1")
        one, other = await make_hub(config), await make_hub(config)
        await post(one, person(1))
        clock.turn(timedelta(days=1).total_seconds())
        await other.agree_on_turns()
        await post(other, person(2))
        assert await owners(one) == {"li": 2}

    async def test_the_bell_lets_a_process_know(self, make_hub: MakeHub):
        config = team("name: li")
        one, other = await make_hub(config), await make_hub(config, bells=True)
        await post(one, person(1))
        await until(lambda: other.rotation.given("north") == {"li": 1})

    async def test_looking_while_leads_come_in_neither_misses_nor_doubles_one(self, make_hub: MakeHub):
        hub = await make_hub(team("name: li, daily_cap: 20", "name: wang"))
        done = asyncio.Event()

        async def look() -> int:
            looks = 0
            while not done.is_set():
                await hub.agree_on_turns()
                looks += 1
                counted = sum(hub.rotation.given("north").values())
                stored = sum((await hub.db.write(turns.given, [LI, ("north", "wang", "")])).values())
                assert counted >= stored
            return looks

        looking = asyncio.create_task(look())
        await asyncio.gather(*(post(hub, person(number)) for number in range(100)))
        done.set()
        assert await looking > 1
        assert dict(hub.rotation.given("north")) == dict(await owners(hub))
        assert hub.rotation.given("north", "2026-05-04")["li"] == 20


async def test_a_process_alone_counts_right_without_looking(make_hub: MakeHub):
    hub = await make_hub(team("name: li, daily_cap: 3", "name: wang"))
    await asyncio.gather(*(post(hub, person(number)) for number in range(10)))
    await hub.agree_on_turns()
    assert await owners(hub) == {"li": 3, "wang": 7}
    assert hub.rotation.given("north") == {"li": 3, "wang": 7}


@step("cut_off")
async def cut_off(work: Work, ctx: Context, options: Options) -> Work:
    raise OperationalError("SELECT 1", {}, Exception("the connection is gone"))


async def test_a_lead_whose_run_broke_off_after_it_was_given_is_not_counted(make_hub: MakeHub):
    steps = ", ".join([*DEFAULT_STEPS, "cut_off"])
    config = team("name: li").replace("routes:", f"steps: [{steps}], routes:")
    hub = await make_hub(config.replace("answer_within: 30s", "answer_within: 1ms"), things=[cut_off])
    await post(hub, person(1))
    await settled(hub)
    assert set(hub.rotation.given("north").values()) <= {0}


async def test_a_hub_without_teams_asks_nothing(make_hub: MakeHub):
    hub = await make_hub()
    await hub.agree_on_turns()
    assert hub.rotation.given("north") == {}


async def test_counters_asked_for_and_never_counted_are_0(make_hub: MakeHub):
    hub = await make_hub(team("name: li"))
    await post(hub, person(1))
    asked = [LI, DAY, ("north", "li", "2026-05-03"), ("south", "li", "")]
    assert await hub.db.read(turns.given, asked) == dict(zip(asked, (1, 1, 0, 0), strict=True))
    assert await hub.db.read(turns.given) == {LI: 1, DAY: 1}


def test_what_is_not_stored_yet_is_kept_when_counts_are_taken_over():
    rotation = Rotation({LI: 5, DAY: 2})
    rotation.count(*DAY)
    rotation.agree({LI: 7, DAY: 4})
    assert (rotation.given("north")["li"], rotation.given("north", DAY[2])["li"]) == (8, 5)
    rotation.stored(*DAY)
    rotation.agree({LI: 8, DAY: 5})
    assert (rotation.given("north")["li"], rotation.given("north", DAY[2])["li"]) == (8, 5)


def test_what_was_taken_back_is_not_counted_after_a_look():
    rotation = Rotation({LI: 5})
    rotation.count(*DAY)
    rotation.count(*DAY, -1)
    rotation.agree({LI: 5, DAY: 0})
    assert (rotation.given("north")["li"], rotation.given("north", DAY[2])["li"]) == (5, 0)


def test_a_copy_counts_for_itself():
    rotation = Rotation({LI: 5})
    copy = rotation.copy()
    copy.count(*DAY)
    copy.stored(*DAY)
    assert (rotation.given("north")["li"], copy.given("north")["li"]) == (5, 6)


async def test_counters_are_written_in_one_order_at_the_end_of_a_transaction(make_hub: MakeHub):
    hub = await make_hub()
    asked: list[tuple[str, str]] = []

    def listen(connection, cursor, statement, parameters, context, many):
        if statement.startswith("UPDATE rotation"):
            asked.extend((given["b_team"], given["b_member"]) for given in context.compiled_parameters)

    def work(*, session):
        turns.count({("south", "zoe", ""): 1, ("north", "bo", ""): 2}, session=session)
        turns.count({("north", "ann", ""): 1, ("south", "zoe", ""): 1}, session=session)
        assert asked == []

    sa.event.listen(hub.db.writer, "before_cursor_execute", listen)
    await hub.db.write(work)
    assert asked == [("north", "ann"), ("north", "bo"), ("south", "zoe")]
    assert await hub.db.read(turns.given) == {
        ("north", "ann", ""): 1, ("north", "bo", ""): 2, ("south", "zoe", ""): 2,
    }  # fmt: skip
