"""A restored copy sends nothing blindly: what may have gone out since is looked for, repeated where safe, or held."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.backup import file as files
from hub.store import copies
from hub.store.columns import DELIVERY, SUBMISSION
from hub.testing.fakes import HandClock
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person

SINKS = """
hub: {answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  forgiving: {connector: updating_sink}
  searched: {connector: searchable_sink}
  chat: {connector: recognisable_sink}
  sms: {connector: memory_sink}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [forgiving, searched, chat, sms]}]}
"""
NAMES = ("forgiving", "searched", "chat", "sms")


async def owing(make_hub: MakeHub, clock: HandClock) -> Hub:
    """Return a hub that owes one lead to each of its sinks, in a database that says it is a copy."""
    hub = await make_hub(SINKS)
    for name in NAMES:
        await hub.dispatcher.pause(name, "for this test")
    await post(hub, person(1))
    await settled(hub)
    for name in NAMES:
        await hub.dispatcher.resume(name)
    await hub.db.write(copies.mark, clock.now())
    return hub


def states(*, session) -> dict[str, str]:
    return dict(session.execute(sa.select(DELIVERY.c.sink, DELIVERY.c.state)).all())


async def restarted(make_hub: MakeHub, hub: Hub, **more: object) -> Hub:
    """End a hub as a lost machine ends, and start one on what is left."""
    await make_hub.crash(hub)
    return await make_hub(SINKS, **more)


async def test_what_was_owed_becomes_what_may_have_arrived(make_hub: MakeHub, clock: HandClock):
    again = await restarted(make_hub, await owing(make_hub, clock))
    assert await again.db.read(states) == {
        "forgiving": "ready", "searched": "ready", "chat": "ready", "sms": "unclear",
    }  # fmt: skip
    there = SimpleNamespace(id="lead_000001")  # it went out after the copy was made
    again.plan.sinks["searched"].sent.append(there)
    await settled(again)
    assert await again.db.read(states) == {**dict.fromkeys(NAMES[:3], "sent"), "sms": "unclear"}
    assert [len(again.plan.sinks[name].sent) for name in NAMES] == [1, 1, 1, 0]
    assert again.plan.sinks["searched"].sent == [there]


async def test_a_copy_is_settled_once(make_hub: MakeHub, clock: HandClock):
    again = await restarted(make_hub, await owing(make_hub, clock))
    assert await again.db.write(copies.settle, clock.now(), NAMES, (), ()) is None
    kinds = [event.kind for event in again._unstored]
    assert kinds.count("database.restored") == 1


async def test_a_database_that_is_no_copy_is_left_alone(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)
    await hub.db.write(copies.unmark)
    again = await restarted(make_hub, hub)
    assert set((await again.db.read(states)).values()) == {"ready"}


async def test_an_earlier_doubt_holds_even_what_people_would_recognise(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)
    await hub.db.write(lambda *, session: session.execute(sa.update(DELIVERY).values(unclear=True)))
    again = await restarted(make_hub, hub)
    assert (await again.db.read(states))["chat"] == "unclear"


async def test_what_was_not_decided_waits_in_quarantine(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)

    def undecided(*, session) -> None:
        session.execute(sa.update(SUBMISSION).values(state="received", due_at=clock.now() - timedelta(hours=1)))

    await hub.db.write(undecided)
    again = await restarted(make_hub, hub)
    await again.pipeline.sweep()
    await settled(again)
    (row,) = await again.db.read(lambda *, session: session.execute(sa.select(SUBMISSION)).all())
    assert (row.state, row.problems[0]["code"]) == ("quarantined", "restored")
    assert (await again.replays.replay("sub_000001")).status == "accepted"


async def test_a_dead_delivery_is_searched_for_before_a_person_sends_it_again(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)
    await hub.db.write(lambda *, session: session.execute(sa.update(DELIVERY).values(state="dead")))
    again = await restarted(make_hub, hub)
    rows = await again.db.read(
        lambda *, session: session.execute(sa.select(DELIVERY.c.state, DELIVERY.c.unclear)).all()
    )
    assert set(map(tuple, rows)) == {("dead", True)}


async def test_every_sink_is_paused_where_the_restore_says_so(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)
    await hub.db.write(lambda *, session: session.execute(sa.update(copies.MARK).values(paused=True)))
    again = await restarted(make_hub, hub)
    await settled(again)
    assert all(lane.gate.paused for lane in again.dispatcher.lanes.values())
    assert not any(again.plan.sinks[name].sent for name in NAMES)


async def test_nothing_is_in_doubt_where_nothing_ran_after_the_copy(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock)
    await hub.db.write(lambda *, session: session.execute(sa.update(copies.MARK).values(stopped=True)))
    again = await restarted(make_hub, hub)
    assert set((await again.db.read(states)).values()) == {"ready"}


async def test_a_hub_that_only_looks_settles_nothing(make_hub: MakeHub, clock: HandClock):
    again = await restarted(make_hub, await owing(make_hub, clock), roles=frozenset())
    assert set((await again.db.read(states)).values()) == {"ready"}


class TestFile:
    """A copy of a SQLite database that is in use."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/hub.db"

    async def test_it_holds_what_was_committed_and_not_what_came_later(self, make_hub, tmp_path, clock):
        hub = await make_hub(SINKS)
        await post(hub, person(1))
        await settled(hub)
        files.copy(tmp_path / "hub.db", tmp_path / "copy.db", clock.now())
        await post(hub, person(2))
        await settled(hub)
        schema, made = files.check(tmp_path / "copy.db")
        assert (schema, made) == ("0001", clock.now())
        with sqlite3.connect(tmp_path / "copy.db") as raw:
            assert raw.execute("SELECT count(*) FROM lead").fetchone() == (1,)
        assert not await hub.db.read(lambda *, session: session.execute(sa.select(copies.MARK)).all())

    @pytest.mark.parametrize("damage", [b"", b"SQLite format 3\0" + b"x" * 4096, b"no database at all"])
    def test_a_damaged_one_is_refused(self, tmp_path, damage):
        from hub.errors import LeadhubError

        (tmp_path / "copy.db").write_bytes(damage)
        with pytest.raises(LeadhubError):
            files.check(tmp_path / "copy.db")

    async def test_a_flipped_page_is_refused(self, make_hub, tmp_path, clock):
        from hub.errors import LeadhubError

        hub = await make_hub(SINKS)
        for number in range(20):
            await post(hub, person(number))
        await settled(hub)
        files.copy(tmp_path / "hub.db", tmp_path / "copy.db", clock.now())
        raw = bytearray((tmp_path / "copy.db").read_bytes())
        raw[8192:12288] = bytes(4096)
        (tmp_path / "copy.db").write_bytes(raw)
        with pytest.raises(LeadhubError):
            files.check(tmp_path / "copy.db")

    def test_a_database_in_use_is_not_replaced(self, tmp_path):
        from hub.errors import ConfigError

        with (
            files.alone(tmp_path / "hub.db"),
            pytest.raises(ConfigError, match="in use"),
            files.alone(tmp_path / "hub.db"),
        ):
            pass
