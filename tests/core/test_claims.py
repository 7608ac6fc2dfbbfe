"""Claims out of a long backlog: in order, without a second look at what was taken, and with nothing left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.delivery.dispatcher import LEASE
from hub.delivery.marks import AFRESH, Marks
from hub.store import deliveries as store
from hub.store.columns import DELIVERY
from hub.store.tables import DeliveryRow
from tests.conftest import MakeHub, post, until
from tests.core.inputs import one_sink, person
from tests.core.looking import rows


async def backlog(make_hub: MakeHub, *priorities: int) -> tuple[Hub, list[str]]:
    """Return a hub that owes due deliveries of these priorities, one a second since long ago, and their ids."""
    hub = await make_hub(one_sink())
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(len(priorities)):
        await post(hub, person(number))
    found = sorted(row["id"] for row in await rows(hub, "delivery", sink="crm"))
    for place, (id_, priority) in enumerate(zip(found, priorities, strict=True)):
        due = hub.clock.now() - timedelta(hours=1) + timedelta(seconds=place)
        await hub.db.write(change, id_, priority=priority, due_at=due)
    return hub, found


def change(id_: str, *, session, **values: object) -> None:
    session.execute(sa.update(DELIVERY).where(DELIVERY.c.id == id_).values(**values))


async def claim(hub: Hub, limit: int, **more: object) -> list[DeliveryRow]:
    now = hub.clock.now()
    return await hub.db.write(store.claim, "crm", now, now + LEASE, "node_b", limit, sqlite=hub.db.sqlite, **more)


async def test_first_attempts_go_before_retries_and_retries_before_replays(make_hub: MakeHub):
    hub, ids = await backlog(make_hub, 2, 1, 0, 2, 1, 0)
    assert [row.id for row in await claim(hub, 5)] == [ids[2], ids[5], ids[1], ids[4], ids[0]]


async def test_retries_and_replays_together_are_no_more_than_are_allowed(make_hub: MakeHub):
    hub, ids = await backlog(make_hub, 2, 1, 0, 2, 1, 2)
    assert [row.id for row in await claim(hub, 6, again=3)] == [ids[2], ids[1], ids[4], ids[0]]
    assert await claim(hub, 6, again=0) == []


async def test_a_claim_begins_behind_what_was_taken_before(make_hub: MakeHub):
    hub, ids = await backlog(make_hub, 0, 0, 0, 0)
    marks = Marks()
    first = await claim(hub, 2, after=marks.after("crm", 0.0))
    marks.note("crm", first, full=True)
    await hub.db.write(store.release, [ids[0]], "node_b")
    assert [row.id for row in await claim(hub, 2, after=marks.after("crm", AFRESH))] == ids[2:]
    assert [row.id for row in await claim(hub, 2, after=marks.after("crm", AFRESH + 1))] == ids[:1]


async def test_what_is_due_at_the_same_moment_is_taken_once_each(make_hub: MakeHub):
    hub, ids = await backlog(make_hub, 0, 0, 0, 0, 0)
    for id_ in ids:
        await hub.db.write(change, id_, due_at=hub.clock.now())
    marks, taken = Marks(), []
    for full in (True, True, False):
        found = await claim(hub, 2, after=marks.after("crm", 0.0))
        marks.note("crm", found, full=full)
        taken += [row.id for row in found]
    assert taken == ids
    assert dict(marks.after("crm", 0.0)) == {}


async def test_the_sweep_takes_a_backlog_and_then_what_became_free_behind_it(make_hub: MakeHub, clock):
    hub, ids = await backlog(make_hub, *[0] * 40)
    await hub.db.write(change, ids[0], due_at=clock.now() + timedelta(hours=1))
    await hub.dispatcher.resume("crm")
    room = hub.dispatcher.lanes["crm"].room
    assert await hub.dispatcher.sweep() == room
    await hub.db.write(change, ids[0], due_at=clock.now() - timedelta(hours=2))
    clock.turn(AFRESH + 1)
    sweeps = [await swept(hub) for _ in range(40 // room + 1)]
    assert sum(sweeps) == 40 - room
    assert len(await rows(hub, "delivery", state="sent")) == 40


async def swept(hub: Hub) -> int:
    """Sweep once the lane is empty again, and wait until it has sent what it got."""
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    number = await hub.dispatcher.sweep()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    return number


@pytest.mark.parametrize("sinks", [[], ["crm"], ["chat", "crm"]])
async def test_only_sinks_that_are_asked_for_and_owed_are_named(make_hub: MakeHub, sinks):
    hub, ids = await backlog(make_hub, 2)
    now = hub.clock.now()
    assert await hub.db.read(store.due_sinks, sinks, now) == [sink for sink in sinks if sink == "crm"]
    await hub.db.write(change, ids[0], due_at=now + timedelta(seconds=1))
    assert await hub.db.read(store.due_sinks, sinks, now) == []
