"""A process that is cut off from its database, or stood still: it begins no send, and breaks off what is under way."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
import sqlalchemy as sa

from hub.delivery.leases import ENOUGH, SECONDS, SPARE, Leases
from hub.errors import ConfigError
from hub.store import deliveries as store
from hub.testing.fakes import HandClock, WaitingSink
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows

SAFE = one_sink("waiting_sink", on_unclear="repeat")
HELD = one_sink("waiting_sink")


def cut_off(hub, yes: bool = True) -> None:
    """Let no delivery be read or written, as from outside; or let it again."""
    old, new = ("delivery", "nowhere") if yes else ("nowhere", "delivery")
    statement = f"ALTER TABLE {old} RENAME TO {new}"
    if hub.db.sqlite:
        with sa.create_engine(hub.db.url).begin() as connection:
            connection.exec_driver_sql(statement)
        return
    address = hub.db.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


async def one_sent_one_waits(make_hub: MakeHub, config: str = SAFE):
    """Return a hub that is just sending one lead, while another one waits in the lane."""
    hub = await make_hub(config)
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    await post(hub, person(2))
    assert len(hub.dispatcher.lanes["crm"].held) == 2
    return hub, crm


def fails(hub) -> bool:
    return hub.dispatcher.leases.failing


async def test_without_the_database_nothing_more_is_begun_and_afterwards_it_goes_on(make_hub: MakeHub, clock):
    hub, crm = await one_sent_one_waits(make_hub)
    cut_off(hub)
    clock.turn(SECONDS * ENOUGH + 1)
    crm.go.set()  # the first is answered; what becomes of it cannot be written down
    await until(lambda: fails(hub) and len(hub.dispatcher.lanes["crm"].held) == 1)
    await asyncio.sleep(0.05)
    assert len(crm.started) == 1
    cut_off(hub, False)
    await until(lambda: len(crm.sent) == 2)
    assert not fails(hub)
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    found = sorted((row["state"], row["attempts"], row["rescues"]) for row in await all_rows(hub, "delivery"))
    assert found == [("sending", 1, 0), ("sent", 1, 0)]


async def test_a_heartbeat_that_fails_shuts_the_lanes_until_one_comes_through(make_hub: MakeHub):
    hub, crm = await one_sent_one_waits(make_hub)
    lane = hub.dispatcher.lanes["crm"]
    assert lane.open()
    cut_off(hub)
    with pytest.raises(sa.exc.DBAPIError):
        await hub.dispatcher.renew()
    assert (lane.open(), lane.reserve()) == (False, False)
    cut_off(hub, False)
    await hub.dispatcher.renew()
    assert lane.open()
    crm.go.set()


async def test_what_another_process_took_while_it_waited_here_is_not_sent_from_here(make_hub: MakeHub, clock):
    hub, crm = await one_sent_one_waits(make_hub)
    clock.turn(SECONDS + 1)  # it stood still, and another one looked for leases that ran out
    assert len(await hub.db.write(store.rescue, clock.now(), [], [])) == 2
    crm.go.set()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    assert len(crm.started) == 1
    second = (await all_rows(hub, "attempt"))[1]
    assert (second["fence"], second["outcome"]) == (1, "put off")
    assert second["reason"] == "fenced: another worker holds it by now; its lease ended before it was sent"
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"unclear"}


async def test_what_waited_here_for_long_is_sent_when_nobody_else_took_it(make_hub: MakeHub, clock):
    hub, crm = await one_sent_one_waits(make_hub)
    clock.turn(SECONDS + 1)
    crm.go.set()
    await settled(hub)
    assert [row["state"] for row in await all_rows(hub, "delivery")] == ["sent", "sent"]
    assert len(crm.started) == 2


@pytest.mark.parametrize(("config", "state"), [(HELD, "unclear"), (SAFE, "ready")])
async def test_a_send_is_broken_off_when_its_lease_is_as_good_as_over(make_hub: MakeHub, clock, config, state):
    hub = await make_hub(config)
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    clock.turn(SECONDS * (1 - SPARE) - 1)
    hub.dispatcher.leases.look()
    await asyncio.sleep(0.05)
    assert hub.dispatcher.lanes["crm"].held
    clock.turn(2)
    hub.dispatcher.leases.look()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["unclear"], row["outcome"]) == (state, True, "unclear")
    assert row["reason"].startswith("its lease ended while it was sent")
    assert crm.sent == []


async def test_a_send_whose_lease_is_renewed_goes_on(make_hub: MakeHub, clock):
    hub = await make_hub(HELD)
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    for _ in range(5):
        clock.turn(SECONDS / 2)
        await hub.dispatcher.renew()
        hub.dispatcher.leases.look()
    crm.go.set()
    await settled(hub)
    assert [row["state"] for row in await all_rows(hub, "delivery")] == ["sent"]


async def test_a_send_that_another_process_took_over_is_broken_off_at_the_next_renewal(make_hub: MakeHub, clock):
    hub = await make_hub(SAFE)
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    await hub.db.write(store.rescue, clock.now(), ["crm"], [], everything=True)
    await hub.dispatcher.renew()
    hub.dispatcher.leases.look()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    (attempt,) = await all_rows(hub, "attempt")
    assert attempt["reason"].startswith("fenced: another worker holds it by now; its lease ended while it was sent")
    assert await rows(hub, "event", kind="delivery.retried") == []


async def test_a_stop_does_not_wait_for_a_database_that_is_away(make_hub: MakeHub, clock):
    hub, crm = await one_sent_one_waits(make_hub)
    cut_off(hub)
    clock.turn(SECONDS)
    crm.go.set()
    await until(lambda: fails(hub))
    stopping = asyncio.create_task(hub.dispatcher.stop())
    await until(stopping.done)
    cut_off(hub, False)
    assert len(crm.started) == 1


async def test_the_lease_of_hub_yaml_is_the_one_that_is_taken(make_hub: MakeHub, clock):
    hub, crm = await one_sent_one_waits(make_hub, SAFE.replace("region: CN,", "region: CN, lease: 20s,"))
    assert {(row["lease_until"] - clock.now()).total_seconds() for row in await all_rows(hub, "delivery")} == {20.0}
    clock.turn(19)
    hub.dispatcher.leases.look()
    await until(lambda: len(crm.started) == 2)
    crm.go.set()


async def test_a_lease_that_is_too_short_to_be_kept_is_refused(make_hub: MakeHub):
    with pytest.raises(ConfigError, match="lease"):
        await make_hub(SAFE.replace("region: CN,", "region: CN, lease: 2s,"))


class Slow:
    """A database that takes its time to say yes."""

    def __init__(self, clock: HandClock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    async def write(self, fn, held, *args):
        """Confirm everything, late."""
        self.clock.turn(self.seconds)
        return set(held)


class Claim:
    """A delivery that was claimed."""

    delivery, fence = "del_1", 1


@pytest.mark.parametrize(("took", "may"), [(SECONDS * ENOUGH - 1, True), (SECONDS * ENOUGH + 1, False)])
async def test_a_lease_runs_from_the_moment_at_which_the_database_was_asked(clock, took, may):
    leases = Leases(Slow(clock, took), "node_a", clock)  # type: ignore[arg-type]
    leases.took([Claim], clock.monotonic() - SECONDS)
    assert not leases.sure([Claim])
    await leases.renew()
    assert leases.sure([Claim]) is may


class LateDatabase:
    """A database whose answer takes a whole lease, and that calls somebody as it comes."""

    def __init__(self, clock: HandClock) -> None:
        self.clock, self.meanwhile = clock, lambda: None

    async def write(self, _what, held, *_more):
        await asyncio.sleep(0)
        self.clock.turn(SECONDS)
        asyncio.get_running_loop().call_soon(self.meanwhile)
        return set(held)


async def test_a_renewal_that_just_ended_too_late_does_not_stop_everything(clock):
    db = LateDatabase(clock)
    leases = Leases(db, "node_a", clock)  # type: ignore[arg-type]
    leases.took([Claim], clock.monotonic() - SECONDS)
    asked, waits = iter(range(100)), []

    def somebody_else() -> None:
        db.meanwhile = lambda: None
        sending = leases.secure([Claim], lambda: next(asked) >= 0)
        waits.append(sending.send(None))
        sending.close()

    db.meanwhile = somebody_else
    await leases.renew()
    assert len(waits) == 1


async def test_what_was_claimed_anew_is_not_forgotten_with_the_claim_before(clock):
    leases = Leases(Slow(clock, 0.0), "node_a", clock)  # type: ignore[arg-type]

    class Anew(Claim):
        fence = 2

    leases.took([Anew], clock.monotonic())
    leases.left(Claim)
    assert leases.sure([Anew])
    assert not leases.sure([Claim])
