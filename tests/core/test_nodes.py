"""Several nodes on one PostgreSQL: who is there, what each does, which configuration and whose time it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.app.office import ROLES
from hub.clock import SharedClock
from hub.errors import ConfigError
from hub.lead import RawLead
from hub.store import migrations
from hub.store.nodes import FORGOTTEN, GONE
from hub.testing.fakes import START, CountedIds, HandClock
from tests.api.calling import calling
from tests.conftest import BASIC, MakeHub, post, reloaded, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows
from tests.core.test_ticks import Skewed
from tests.core.together import OnPostgres

CHANGED = BASIC.replace("to: [crm, chat]", "to: [crm]")
THIRD = BASIC.replace("to: [crm, chat]", "to: [chat]")
NEEDY = BASIC.replace("{connector: memory_sink}", "{connector: hubspot, token: '${env:NOT_HERE}'}")
POLLED = one_sink().replace("sources: {website:", "sources: {pages: {connector: memory_poll}, website:").replace(
    "from: [website]", "from: [website, pages]"
)  # fmt: skip

Machine = Callable[..., MakeHub]


@pytest.fixture
async def machine(database: str, tmp_path: Path, clock: HandClock) -> AsyncIterator[Machine]:
    """Return a function that makes a machine of its own: another folder, and a clock if one is given."""
    made: list[MakeHub] = []
    ids = CountedIds()

    def make(name: str, its: HandClock | SharedClock = clock) -> MakeHub:
        (tmp_path / name).mkdir(exist_ok=True)
        one = MakeHub(tmp_path / name, database, its)  # type: ignore[arg-type]
        one._ids = ids
        made.append(one)
        return one

    yield make
    for one in made:
        await one.stop_all()


def rewrite(make: MakeHub, text: str) -> None:
    (make.folder / "hub.yaml").write_text(text, "utf-8")


async def reasons(hub: Hub) -> str:
    async with calling(hub) as http:
        return " ".join((await http.get("/health")).json()["reasons"])


async def nodes(hub: Hub) -> list[dict]:
    async with calling(hub) as http:
        return (await http.get("/api/nodes")).json()["items"]


async def test_a_node_says_what_it_is_and_goes_off_the_list_when_it_ends(make_hub: MakeHub):
    hub = await make_hub()
    (node,) = await nodes(hub)
    assert (node["id"], node["state"], sorted(node["roles"])) == (hub.holder, "there", sorted(ROLES))
    assert (node["revision"], node["migration"], node["note"]) == (1, migrations.head(), "")
    database = hub.db.url
    await make_hub.stop(hub)
    other = await make_hub()
    assert other.db.url == database
    assert [row["id"] for row in await all_rows(other, "node")] == [other.holder]


async def test_the_only_process_of_a_file_takes_the_place_of_one_that_was_killed(make_hub: MakeHub):
    await make_hub.crash(await make_hub())
    hub = await make_hub()
    assert len(await nodes(hub)) == (1 if hub.db.sqlite else 2)


async def test_each_beat_says_that_the_node_is_still_there(make_hub: MakeHub, clock):
    hub = await make_hub()
    clock.turn(3)
    await hub.node.beat()
    (row,) = await all_rows(hub, "node")
    assert row["seen_at"] - row["started_at"] == timedelta(seconds=3)


@pytest.mark.parametrize("roles", [{"intake"}, {"intake", "scheduler"}])
async def test_a_node_that_does_not_send_stores_and_decides(make_hub: MakeHub, roles):
    hub = await make_hub(one_sink(), roles=frozenset(roles))
    assert (await post(hub, person(1))).json()["lead"]
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["attempts"], hub.plan.sinks["crm"].sent) == ("ready", 0, [])
    assert "No node has the role worker: no lead is sent." in await reasons(hub)


@pytest.mark.parametrize("roles", [{"worker"}, {"scheduler"}, {"worker", "scheduler"}])
async def test_a_node_without_the_role_intake_takes_no_push_and_says_so(make_hub: MakeHub, roles):
    hub = await make_hub(one_sink(), roles=frozenset(roles))
    answer = await post(hub, person(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "runs without the role intake" in answer.text
    assert await all_rows(hub, "submission") == []


@pytest.mark.parametrize(
    ("roles", "rung"),
    [
        ({"intake"}, set()),
        ({"worker"}, {"deliveries"}),
        ({"scheduler"}, {"source:poll:pages", "source:count:pages"}),
        ({"intake", "worker"}, {"deliveries"}),
        ({"worker", "scheduler"}, {"deliveries", "source:poll:pages", "source:count:pages"}),
        (ROLES, {"deliveries", "source:poll:pages", "source:count:pages"}),
    ],
)
async def test_each_role_rings_its_own_bells(make_hub: MakeHub, roles, rung):
    hub = await make_hub(POLLED, bells=True, roles=frozenset(roles))
    bells = hub.schedule.bells
    assert bells & {"deliveries", "source:poll:pages", "source:count:pages"} == rung
    assert bells >= {"submissions", "node", "config", "flush"}


class TestOnPostgres(OnPostgres):
    """What takes several processes on one database."""

    # roles ------------------------------------------------------------------------------------------

    async def test_what_one_node_takes_another_sends_and_a_third_polls(self, machine: Machine):
        intake = await machine("a")(POLLED, roles=frozenset({"intake"}))
        worker = await machine("b")(POLLED, roles=frozenset({"worker"}))
        scheduler = await machine("c")(POLLED, roles=frozenset({"scheduler"}))
        for hub in (intake, worker, scheduler):
            await hub.node.beat()
            assert "No node has" not in await reasons(hub)
        await post(intake, person(1))
        scheduler.plan.sources["pages"].held = [RawLead("9", {"email": "p9@example.com"})]
        assert (await scheduler.polls.poll("pages"))["accepted"] == 1
        await settled(worker)
        assert len(worker.plan.sinks["crm"].sent) == 2
        assert {row["lease_by"] for row in await all_rows(intake, "delivery")} == {None}

    async def test_a_node_that_only_sends_takes_over_what_a_dead_one_had_taken_in(self, machine, clock):
        intake = await machine("a")(one_sink(), roles=frozenset({"intake"}))
        await intake.pipeline.stop()  # it takes in, and decides nothing any more
        kept = asyncio.create_task(post(intake, person(1)))
        await until(lambda: intake.pipeline.waiting)
        worker = await machine("b")(one_sink(), roles=frozenset({"worker"}))
        clock.turn(120)
        assert await worker.pipeline.sweep() == 1
        await settled(worker)
        assert len(worker.plan.sinks["crm"].sent) == 1
        kept.cancel()

    # who is there -----------------------------------------------------------------------------------

    async def test_a_node_that_died_is_gone_after_half_a_minute_and_forgotten_after_a_day(self, machine, clock):
        one = machine("a")
        other = await machine("b")(BASIC)
        dead = await one(BASIC)
        await one.crash(dead)
        states = []
        for seconds in (GONE.total_seconds(), 1):
            clock.turn(seconds)
            await other.node.beat()
            states.append({node["id"]: node["state"] for node in await nodes(other)}[dead.holder])
        assert states == ["there", "gone"]
        clock.turn(FORGOTTEN.total_seconds())
        fresh = await machine("c")(BASIC)
        assert dead.holder not in {node["id"] for node in await nodes(fresh)}

    # configuration ----------------------------------------------------------------------------------

    async def test_all_nodes_run_the_newest_published_configuration(self, machine: Machine):
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(BASIC)
        rewrite(b, CHANGED)
        assert await reloaded(other)
        assert await one.reload()
        assert (one.plan.text, one.plan.revision, other.plan.revision) == (CHANGED, 2, 2)
        await post(one, person(1))
        await settled(one)
        assert {row["sink"] for row in await all_rows(one, "delivery")} == {"crm"}
        for hub in (one, other):
            await hub.flush()
        kinds = [row["kind"] for row in await all_rows(one, "event") if row["kind"].startswith("config.")]
        assert kinds == ["config.adopted", "config.published"]

    async def test_a_node_whose_file_is_not_the_newest_says_which_is_and_what_to_do(self, machine: Machine):
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(BASIC)
        rewrite(b, CHANGED)
        await reloaded(other)
        await one.reload()
        said = await reasons(one)
        assert "hub.yaml on this node" in said
        assert "was published as revision 2 at " in said
        assert "Copy that file here, or change the one here once more" in said
        assert "hub.yaml" not in await reasons(other)
        await one.node.beat()
        notes = {node["id"]: node["note"] for node in await nodes(other)}
        assert notes == {one.holder: "its hub.yaml is not revision 2", other.holder: ""}
        rewrite(a, CHANGED)
        await reloaded(one)
        assert "hub.yaml" not in await reasons(one)

    async def test_nodes_with_different_files_do_not_publish_over_each_other_for_ever(self, machine: Machine):
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(CHANGED)
        for _ in range(3):
            await a.stop(one)
            one = await a(BASIC)
            await b.stop(other)
            other = await b(CHANGED)
        assert len(await all_rows(one, "config_revision")) == 2
        assert (one.plan.text, other.plan.text, one.plan.revision) == (CHANGED, CHANGED, 2)

    async def test_a_file_that_changes_while_its_node_runs_is_published_even_to_what_was_before(self, machine):
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(CHANGED)
        await one.reload()
        rewrite(b, BASIC)
        assert await reloaded(other)
        await one.reload()
        assert [row["text"] for row in await all_rows(one, "config_revision")] == [BASIC, CHANGED, BASIC]
        assert (one.plan.text, one.plan.revision) == (BASIC, 3)
        assert "hub.yaml" not in await reasons(one)

    async def test_a_node_alone_starts_with_its_file_whatever_was_published(self, machine: Machine):
        a = machine("a")
        for text in (BASIC, CHANGED, BASIC):
            hub = await a(text)
            assert hub.plan.text == text
            await a.stop(hub)

    async def test_an_older_file_is_published_when_a_person_says_so(self, machine: Machine):
        a, b = machine("a"), machine("b")
        first = await a(BASIC)
        await a.stop(first)
        other = await b(CHANGED)
        one = await a(BASIC, publish=True)
        await other.reload()
        assert (one.plan.revision, other.plan.revision, other.plan.text) == (3, 3, BASIC)

    async def test_a_changed_mapping_on_a_node_with_an_old_file_publishes_nothing(self, machine: Machine):
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(CHANGED)
        await one.reload()
        (a.folder / "mappings").mkdir()
        (a.folder / "mappings" / "website.yaml").write_text("fields: {email: mail}\n")
        assert await reloaded(one)
        assert len(await all_rows(other, "config_revision")) == 2
        assert (one.plan.text, one.plan.revision) == (CHANGED, 2)
        assert "website" in one.plan.mappings

    async def test_a_configuration_that_one_node_cannot_run_leaves_its_old_one_and_is_told(self, machine, monkeypatch):
        monkeypatch.setenv("NOT_HERE", "secret")
        a, b = machine("a"), machine("b")
        one, other = await a(BASIC), await b(BASIC)
        rewrite(b, NEEDY)
        await reloaded(other)
        monkeypatch.delenv("NOT_HERE")
        assert [await one.reload() for _ in range(3)] == [False] * 3
        assert (one.plan.text, one.plan.revision) == (BASIC, 1)
        said = await reasons(one)
        assert "This node runs revision 1 of the configuration; 2 is the newest." in said
        assert "NOT_HERE" in said
        await one.flush()
        assert len(await rows(one, "event", kind="config.refused")) == 1
        rewrite(b, THIRD)
        await reloaded(other)
        assert await one.reload()
        assert one.plan.text == THIRD

    async def test_two_nodes_that_see_one_change_publish_it_once(self, machine: Machine):
        a, b = machine("a"), machine("b")
        hubs = [await a(BASIC), await b(BASIC)]
        rewrite(a, CHANGED)
        rewrite(b, CHANGED)
        for _ in range(2):
            await asyncio.gather(*(hub.reload() for hub in hubs))
        assert [hub.plan.revision for hub in hubs] == [2, 2]
        assert len(await all_rows(hubs[0], "config_revision")) == 2

    # the database's schema --------------------------------------------------------------------------

    async def test_a_node_that_runs_when_a_newer_one_migrates_stops_taking_anything(self, machine: Machine):
        hub = await machine("a")(BASIC)
        assert (await post(hub, person(1))).status_code == 202
        await hub.db.write(set_schema, "9999")
        await hub.node.beat()
        assert hub.node.ended.is_set()
        answer = await post(hub, person(2))
        assert (answer.status_code, len(await all_rows(hub, "submission"))) == (503, 1)
        assert "schema 9999" in await reasons(hub)
        with pytest.raises(ConfigError, match="The database has schema 9999, which this leadhub does not know"):
            await machine("b")(BASIC)
        await hub.db.write(set_schema, migrations.head())

    async def test_a_node_goes_on_where_a_newer_one_only_added_something(self, machine: Machine):
        hub = await machine("a")(BASIC)
        await hub.db.write(set_schema, "9999", migrations.head())
        await hub.node.beat()
        assert not hub.node.ended.is_set()
        assert (await post(hub, person(2))).status_code == 202
        assert "newer schema 9999. This leadhub may go on" in await reasons(hub)
        await hub.db.write(set_schema, migrations.head())

    # time -------------------------------------------------------------------------------------------

    async def test_a_node_whose_clock_is_an_hour_ahead_steals_no_lease(self, machine: Machine):
        config = one_sink("waiting_sink", on_unclear="repeat")
        right = await machine("a", SharedClock())(config)
        await post(right, person(1))
        await until(lambda: right.plan.sinks["crm"].started)
        ahead = await machine("b", SharedClock(Skewed(1)))(config)
        assert abs(ahead.clock.now() - right.clock.now()) < timedelta(seconds=1)
        assert await ahead.dispatcher.rescue() == 0
        lost = await machine("c", Plain(Skewed(1)))(config)
        assert await lost.dispatcher.rescue() == 1  # so it would be by that node's own time
        right.plan.sinks["crm"].go.set()

    async def test_a_node_whose_clock_is_behind_sees_what_is_due_and_is_seen_by_the_others(self, machine: Machine):
        right = await machine("a", SharedClock())(one_sink(), roles=frozenset({"intake"}))
        behind = await machine("b", SharedClock(Skewed(-1)))(one_sink(), roles=frozenset({"worker"}))
        await post(right, person(1))
        await settled(behind)
        assert len(behind.plan.sinks["crm"].sent) == 1
        assert {node["state"] for node in await nodes(right)} == {"there"}

    async def test_the_beat_sets_a_clock_that_was_wrong(self, machine: Machine):
        hub = await machine("a", SharedClock())(BASIC)
        later = datetime.now(UTC) + timedelta(hours=5)
        now = hub.clock.monotonic()
        hub.clock.agree(later, now, now)  # type: ignore[attr-defined]
        await hub.node.beat()
        assert abs(hub.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


class Plain(HandClock):
    """A machine's own clock, which no database sets right."""

    def __init__(self, inner: Skewed) -> None:
        super().__init__()
        self.now, self.monotonic, self.sleep = inner.now, inner.monotonic, inner.sleep  # type: ignore[method-assign]


def set_schema(revision: str, floor: str | None = None, *, session) -> None:
    session.execute(sa.text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
    session.execute(sa.text("DELETE FROM schema_floor"))
    session.execute(sa.text("INSERT INTO schema_floor (floor) VALUES (:floor)"), {"floor": floor or revision})


def test_a_clock_that_nobody_set_is_the_machine_s(clock):
    assert SharedClock(clock).now() == START


def test_a_clock_that_was_set_goes_on_whatever_the_machine_s_own_does(clock):
    shared = SharedClock(clock)
    shared.agree(START + timedelta(hours=1), 0.0, 0.2)
    clock.turn(10)
    clock._at += timedelta(days=365)  # somebody set the machine's clock
    assert shared.now() == START + timedelta(hours=1, seconds=9.9)


@pytest.mark.parametrize(
    ("said", "took", "after", "taken"),
    [
        (0.3, 1.0, 0.0, False),  # a slow answer, and the quick one may well be right
        (0.3, 0.01, 0.0, True),  # a quicker one
        (5.0, 1.0, 0.0, True),  # both cannot be true: the database's clock was set
        (0.3, 1.0, 86400.0, True),  # the quick one has aged
    ],
)
def test_a_quick_answer_counts_until_it_is_old_or_cannot_be_true(clock, said, took, after, taken):
    shared = SharedClock(clock)
    shared.agree(START, 0.0, 0.1)
    clock.turn(after)
    at = clock.monotonic() + took / 2
    shared.agree(START + timedelta(seconds=at - 0.05 + said), at - took / 2, at + took / 2)
    off = (shared.now() - START).total_seconds() - (clock.monotonic() - 0.05)
    assert off == pytest.approx(said if taken else 0.0, abs=1e-3)
