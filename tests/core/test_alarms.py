"""Alarms on both databases: silences, credentials, gaps and troubles are raised once, told, acknowledged and closed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import openpyxl
import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.clock import Clock
from hub.errors import ConfigError, Misconfigured, Retry
from hub.families.message import Message
from hub.intake.guard import Pressure
from hub.lead import RawLead, Rejected, Sent
from hub.store import alarms as store
from hub.store import volumes
from hub.store.columns import DELIVERY, HOUR, WATCH
from hub.testing.fakes import START, MemoryPoll, TellingSink
from tests.conftest import MakeHub, post, reloaded, settled, until
from tests.core.inputs import person
from tests.core.looking import all_rows, rows

CONFIG = """
hub: {region: CN, answer_within: 30s, alarms: {to: [ops]}}
sources:
  website: {connector: open_source}
  ads: {connector: memory_poll}
sinks:
  crm: {connector: memory_sink}
  ops: {connector: telling_sink}
flows:
  - {name: inbound, from: [website, ads], routes: [{name: all, to: [crm]}]}
"""
DAY = timedelta(days=1)
BUSY = sum(1 << minute for minute in range(0, 60, 4))  # fifteen minutes of an hour


class EndingPoll(MemoryPoll):
    """A poll whose token has an end."""

    name = "ending_poll"
    ends: datetime | Exception | None = None

    async def expiry(self, http: httpx.AsyncClient) -> datetime | None:
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends


async def started(make_hub: MakeHub, config: str = CONFIG, **more: object) -> Hub:
    return await make_hub(config, things=[EndingPoll], **more)


def ops(hub: Hub) -> TellingSink:
    return hub.plan.sinks["ops"]


def taught(source: str, until: datetime, *, session) -> None:
    """Let a source have sent in fifteen minutes of every hour of nine weeks."""
    begin = until.replace(minute=0) - timedelta(weeks=9)
    hours = [begin + timedelta(hours=n) for n in range(9 * 168)]
    made = [{"source": source, "hour": hour, "number": 20, "minutes": BUSY} for hour in hours]
    session.execute(sa.insert(HOUR), made)
    last = hours[-1] + timedelta(minutes=56)
    session.execute(sa.insert(WATCH).values(source=source, first_at=begin, last_at=last))


async def wait(hub: Hub, minutes: float) -> None:
    """Let time pass, and the desk judge every few minutes."""
    for _ in range(int(minutes // 4)):
        hub.clock.turn(240)
        await hub.alarms.desk.round()
    hub.clock.turn(minutes % 4 * 60)
    await hub.alarms.desk.round()


async def open_alarms(hub: Hub) -> dict[str, str]:
    return {row["name"]: row["kind"] for row in await rows(hub, "alarm", state="open")}


async def kinds(hub: Hub) -> list[str]:
    await hub.flush()
    return [row["kind"] for row in await all_rows(hub, "event") if not row["kind"].startswith(("lead.", "delivery."))]


def lines(message: Message) -> list[str]:
    return [f"{label}: {said}" for label, said in message.facts]


# -- silence


async def test_a_busy_source_that_goes_silent_is_told_once_and_again_when_it_is_back(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.db.write(taught, "website", START)
    await post(hub, person(1))
    await hub.flush()
    await wait(hub, 9)
    assert await open_alarms(hub) == {}
    await wait(hub, 70)
    assert await open_alarms(hub) == {"silence:website": "source.silent"}
    assert lines(ops(hub).told[0])[0].startswith("Source website: It has sent nothing for ")
    assert "usually sent" in lines(ops(hub).told[0])[0]
    await wait(hub, 30)
    await post(hub, person(2))
    await hub.flush()
    await wait(hub, 1)
    assert await open_alarms(hub) == {}
    happened = await kinds(hub)
    assert (happened.count("source.silent"), happened.count("source.back")) == (1, 1)
    assert [message.title for message in ops(hub).told] == ["leadhub: 1 alarm", "leadhub: All right again"]


async def test_a_source_that_sends_as_usual_is_no_alarm(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.db.write(taught, "website", START)
    for number in range(30):
        await post(hub, person(number))
        await hub.flush()
        await wait(hub, 4)
    assert await all_rows(hub, "alarm") == []


async def test_a_young_source_is_not_judged(make_hub: MakeHub):
    hub = await started(make_hub)
    await post(hub, person(1))
    await hub.flush()
    await wait(hub, 300)
    assert await all_rows(hub, "alarm") == []


@pytest.mark.parametrize(
    "setting", ["silence: off", "enabled: false", "test: true"], ids=["not to be judged", "off", "a test"]
)
async def test_a_source_that_is_off_is_not_judged(make_hub: MakeHub, setting):
    hub = await started(make_hub, CONFIG.replace("website: {", f"website: {{{setting}, "))
    await hub.db.write(taught, "website", START)
    await wait(hub, 120)
    assert await all_rows(hub, "alarm") == []


async def test_a_source_that_is_switched_off_while_it_is_silent_is_not_back(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.db.write(taught, "website", START)
    await wait(hub, 80)
    config = hub.office.config
    config.write_text(config.read_text().replace("website: {", "website: {silence: off, "))
    assert await reloaded(hub)
    await wait(hub, 1)
    assert await open_alarms(hub) == {}
    assert "source.back" not in await kinds(hub)


@pytest.mark.parametrize(("source", "minutes"), [("website", 40), ("ads", 40)])
async def test_a_fixed_time_holds_whatever_is_usual(make_hub: MakeHub, source, minutes):
    hub = await started(make_hub, CONFIG.replace(f"{source}: {{", f"{source}: {{silence: {minutes}m, "))
    hub.plan.sources["ads"].held = [RawLead("1", {"email": "p1@example.com"})]
    await hub.polls.poll("ads")
    await post(hub, person(2))
    await hub.flush()
    await wait(hub, 0)
    await wait(hub, minutes - 1)
    assert await open_alarms(hub) == {}
    await wait(hub, 1)
    assert await open_alarms(hub) == {f"silence:{source}": "source.silent"}


async def test_while_the_hub_itself_was_away_nobody_was_silent(make_hub: MakeHub, clock: Clock):
    hub = await started(make_hub)
    await hub.db.write(taught, "website", START)
    await wait(hub, 5)
    await make_hub.stop(hub)
    clock.turn(6 * 3600)
    hub = await started(make_hub)
    await wait(hub, 20)
    assert await all_rows(hub, "alarm") == []
    await wait(hub, 60)
    assert await open_alarms(hub) == {"silence:website": "source.silent"}


async def test_a_poll_that_fails_is_told_as_that_and_not_as_silence(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.db.write(taught, "ads", START)
    hub.plan.sources["ads"].held = [RawLead("1", {"email": "p1@example.com"})]

    def fail(at: int) -> None:
        raise Misconfigured("answered 401: the key is wrong")

    await hub.polls.poll("ads")
    hub.plan.sources["ads"].check = fail
    hub.plan.sources["ads"].held.append(RawLead("2", {"email": "p2@example.com"}))
    await wait(hub, 9)
    await hub.polls.poll("ads")
    assert await open_alarms(hub) == {}
    await wait(hub, 120)
    assert await open_alarms(hub) == {"poll:ads": "source.failed"}
    hub.plan.sources["ads"].check = lambda at: None
    await hub.polls.poll("ads")
    await wait(hub, 1)
    assert await open_alarms(hub) == {}


async def test_what_a_source_sent_is_counted_by_the_minute_by_all_processes_together(make_hub: MakeHub, clock: Clock):
    hub = await started(make_hub)
    for number in range(3):
        await post(hub, person(number))
        clock.turn(60)
    await hub.flush()
    await post(hub, person(3))
    await hub.flush()
    other = volumes.Sent("website", START, 5, 0b100010, START, START + timedelta(minutes=5))
    await hub.db.write(volumes.add, [other])
    (hour,) = await all_rows(hub, "source_hour")
    assert (hour["hour"], hour["number"], hour["minutes"]) == (START, 9, 0b101111)
    (watch,) = await all_rows(hub, "source_watch")
    assert (watch["first_at"], watch["last_at"]) == (START, START + timedelta(minutes=5))


async def test_a_repeat_of_the_same_page_is_not_a_sign_of_life(make_hub: MakeHub, clock: Clock):
    hub = await started(make_hub)
    hub.plan.sources["ads"].held = [RawLead("1", {"email": "p1@example.com"})] * 2
    await hub.polls.poll("ads")
    await hub.polls.reconcile("ads")
    await hub.flush()
    assert [row["number"] for row in await all_rows(hub, "source_hour")] == [1]


async def test_counts_that_cannot_be_written_are_not_lost(make_hub: MakeHub):
    hub = await started(make_hub)
    await post(hub, person(1))
    hub.db.guard.broken = "the disk is gone"
    with pytest.raises(Exception, match="the disk is gone"):
        await hub.volumes.flush()
    hub.db.guard.broken = None
    await hub.volumes.flush()
    assert [row["number"] for row in await all_rows(hub, "source_hour")] == [1]


# -- credentials


def ending(days: float | None, setting: str = "") -> str:
    return CONFIG.replace("ads: {connector: memory_poll}", f"ads: {{connector: ending_poll{setting}}}")


async def test_a_token_that_ends_is_told_at_each_stage_and_when_it_is_over(make_hub: MakeHub):
    hub = await started(make_hub, ending(None))
    hub.plan.sources["ads"].ends = START + 20 * DAY
    told = []
    for _ in range(21):
        hub.clock.turn(86400)
        await wait(hub, 0)
        told.append([lines(message)[0].partition(": ")[2] for message in ops(hub).told])
        ops(hub).told.clear()
    happened = [kind for kind in await kinds(hub) if kind.startswith("credential.")]
    assert happened == ["credential.expiring"] * 3 + ["credential.expired"]
    assert told[4] == []
    assert told[5] == ["Its token or key ends in 14 days, on 2026-05-24. Renew it."]
    assert told[16] == ["Its token or key ends in 3 days, on 2026-05-24. Renew it."]
    assert told[19] == ["Its token or key is no good any more since 2026-05-24. Renew it."]
    hub.plan.sources["ads"].ends = START + 99 * DAY
    await wait(hub, 6 * 60 + 1)
    assert await open_alarms(hub) == {}
    assert (await kinds(hub))[-1] == "credential.renewed"


@pytest.mark.parametrize("where", ["ads: {", "crm: {"])
async def test_a_day_in_the_settings_stands_for_a_vendor_that_does_not_tell(make_hub: MakeHub, where):
    config = CONFIG.replace(where, f"{where}expires: 2026-05-06, ")
    hub = await started(make_hub, config)
    await wait(hub, 1)
    assert list((await open_alarms(hub)).values()) == ["credential.expiring"]
    hub.clock.turn(2 * 86400)
    await wait(hub, 1)
    assert list((await open_alarms(hub)).values()) == ["credential.expired"]


async def test_a_token_that_is_refused_is_told_with_the_vendors_words(make_hub: MakeHub):
    hub = await started(make_hub, ending(None))
    hub.plan.sources["ads"].ends = Misconfigured("Meta error 190/463 'Session has expired'.")
    await wait(hub, 1)
    (row,) = await rows(hub, "alarm", kind="credential.expired")
    assert "Session has expired" in row["data"]["reason"]


@pytest.mark.parametrize("error", [Retry("503"), ValueError("odd")])
async def test_a_vendor_that_does_not_answer_changes_nothing_that_is_known(make_hub: MakeHub, error):
    hub = await started(make_hub, ending(None))
    hub.plan.sources["ads"].ends = START + 2 * DAY
    await wait(hub, 1)
    hub.plan.sources["ads"].ends = error
    await wait(hub, 6 * 60 + 1)
    assert await open_alarms(hub) == {"credential:source:ads": "credential.expiring"}


async def test_a_new_token_in_the_configuration_is_asked_about_at_once(make_hub: MakeHub):
    hub = await started(make_hub, ending(None))
    EndingPoll.ends, before = START + DAY, EndingPoll.ends
    try:
        await wait(hub, 1)
        assert await open_alarms(hub) == {"credential:source:ads": "credential.expiring"}
        EndingPoll.ends = None
        config = hub.office.config
        config.write_text(config.read_text().replace("ending_poll", "ending_poll, page: 3"))
        assert await reloaded(hub)
        await wait(hub, 1)
        assert await open_alarms(hub) == {}
    finally:
        EndingPoll.ends = before


# -- gaps


async def test_a_gap_that_stays_is_an_alarm_with_numbers_until_it_is_closed(make_hub: MakeHub):
    hub = await started(make_hub)
    platform: MemoryPoll = hub.plan.sources["ads"]
    platform.held = [RawLead(str(n), {"email": f"p{n}@example.com"}, START - timedelta(hours=1)) for n in range(3)]
    await hub.polls.poll("ads")
    hidden = RawLead("9", {"email": "p9@example.com"}, START - timedelta(hours=1))
    fetch, platform.fetch = platform.fetch, nothing
    platform.held.append(hidden)
    found = await hub.polls.reconcile("ads")
    assert (found.platform, found.ours, found.missing, found.filled) == (4, 3, 1, 0)
    await wait(hub, 1)
    assert await open_alarms(hub) == {"gap:ads": "source.gap"}
    assert lines(ops(hub).told[0]) == ["Source ads: The platform holds 4 leads and we hold 3; 1 are missing."]
    platform.fetch = fetch
    assert (await hub.polls.reconcile("ads")).filled == 1
    await wait(hub, 1)
    assert await open_alarms(hub) == {}
    assert [kind for kind in await kinds(hub) if kind.startswith("source.")] == ["source.gap", "source.filled"]


async def nothing(cursor: str | None, http: httpx.AsyncClient):
    """Be a platform that counts what it does not list."""
    for page in ():
        yield page


async def test_filling_a_gap_leaves_the_place_of_the_polls_where_it_is(make_hub: MakeHub):
    hub = await started(make_hub)
    platform: MemoryPoll = hub.plan.sources["ads"]
    platform.held = [RawLead(str(n), {"email": f"p{n}@example.com"}, START - timedelta(hours=1)) for n in range(4)]
    await hub.polls.poll("ads")
    platform.held.insert(0, RawLead("9", {"email": "p9@example.com"}, START - timedelta(hours=1)))
    await hub.polls.reconcile("ads")
    assert [row["value"] for row in await all_rows(hub, "cursor")] == ["4"]


async def test_a_night_is_counted_once_at_its_hour_and_made_up_for_after_a_pause(make_hub: MakeHub, clock: Clock):
    hub = await started(
        make_hub, CONFIG.replace("alarms:", 'reconcile: {at: "03:30"}, time_zone: Asia/Shanghai, alarms:')
    )
    assert await hub.polls.reconcile_nightly("ads")  # the night before was missed
    clock.turn((datetime(2026, 5, 4, 19, 29, tzinfo=UTC) - START).total_seconds())
    assert not await hub.polls.reconcile_nightly("ads")
    clock.turn(120)
    assert [await hub.polls.reconcile_nightly("ads") for _ in range(3)] == [True, False, False]


async def test_of_two_nodes_one_counts_a_night(make_hub: MakeHub):
    hub = await started(make_hub)
    assert [await hub.ticks.once("count", 900, lambda: hub.polls.reconcile_nightly("ads")) for _ in range(2)] == [
        True, False,
    ]  # fmt: skip


async def test_erased_people_are_no_gap(make_hub: MakeHub):
    hub = await started(make_hub)
    platform: MemoryPoll = hub.plan.sources["ads"]
    platform.held = [RawLead(str(n), {"email": f"p{n}@example.com"}, START - timedelta(hours=1)) for n in range(2)]
    await hub.polls.poll("ads")
    await settled(hub)
    await hub.privacy.erase(email="p1@example.com")
    found = await hub.polls.reconcile("ads")
    assert (found.platform, found.ours) == (2, 2)


# -- sinks, queue, disk


async def test_a_paused_sink_is_an_alarm_until_it_is_resumed(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.dispatcher.pause("crm", "answered 401: no key")
    await wait(hub, 1)
    assert lines(ops(hub).told[0]) == ["Sink crm: It is paused and its leads wait: answered 401: no key"]
    await hub.dispatcher.resume("crm")
    await wait(hub, 6)
    assert lines(ops(hub).told[1]) == ["Sink crm: All right again, after 4 min."]
    assert await open_alarms(hub) == {}


async def test_a_sink_whose_breaker_opened_is_an_alarm(make_hub: MakeHub):
    hub = await started(make_hub)
    hub.plan.sinks["crm"].answer = lambda lead: Retry("answered 503", after=None)
    for number in range(12):
        await post(hub, person(number))
    await settled(hub)
    await wait(hub, 1)
    assert (await open_alarms(hub))["breaker:crm"] == "breaker.opened"


async def test_dead_letters_that_pile_up_are_told_and_again_tenfold(make_hub: MakeHub):
    hub = await started(make_hub, CONFIG.replace("to: [ops]", "to: [ops], dead: 3"))
    told = []
    for dead in (2, 3, 9, 10):
        for number in range(len(hub.plan.sinks["crm"].sent), dead):
            await post(hub, person(number))
        await settled(hub)
        await hub.db.write(kill)
        await wait(hub, 6)
        told.append([line for message in ops(hub).told for line in lines(message)])
    said = [f"Sink crm: {number} deliveries to it were given up." for number in (3, 10)]
    assert told == [[], said[:1], said[:1], said]
    assert len(await rows(hub, "event", kind="delivery.piled")) == 2


def kill(*, session) -> None:
    session.execute(sa.update(DELIVERY).values(state="dead"))


@pytest.mark.parametrize(("free", "alarms"), [(8, {}), (7, {"disk": "disk.low"})])
async def test_little_disk_is_told_before_the_intake_closes(make_hub: MakeHub, free, alarms):
    hub = await started(make_hub)
    hub.guard.seen = Pressure(disk=(10**12, free * 10**10))
    await wait(hub, 1)
    assert await open_alarms(hub) == alarms


async def test_too_long_a_queue_is_told(make_hub: MakeHub):
    hub = await started(make_hub)
    hub.guard.seen = Pressure(None, "9000 submissions wait, the oldest for 999 s", None)
    await wait(hub, 1)
    hub.guard.seen = Pressure("only 9 MB of the disk are free", "the same", None)
    await wait(hub, 1)
    assert await open_alarms(hub) == {"intake": "intake.closed"}
    hub.guard.seen = Pressure()
    await wait(hub, 1)
    happened = await kinds(hub)
    assert happened == ["queue.grown", "intake.closed", "queue.drained", "intake.opened"]


# -- telling


async def test_an_outage_of_everything_is_one_message(make_hub: MakeHub):
    sinks = "\n".join(f"  s{n}: {{connector: memory_sink}}" for n in range(50))
    hub = await started(make_hub, CONFIG.replace("sinks:\n", f"sinks:\n{sinks}\n"))
    for number in range(50):
        await hub.dispatcher.pause(f"s{number}", "down")
    await wait(hub, 60)
    (message,) = ops(hub).told
    assert message.title == "leadhub: 50 alarms"
    assert lines(message)[-1] == "And: 30 more."


@pytest.mark.parametrize("reply", [Misconfigured("answered 401"), Retry("503"), Rejected("too long"), KeyError("x")])
async def test_a_chat_that_does_not_take_it_is_tried_again_and_said_in_health(make_hub: MakeHub, reply):
    hub = await started(make_hub)
    await hub.dispatcher.pause("crm", "down")
    ops(hub).reply = reply
    await wait(hub, 2)
    assert any(reason.startswith("Alarms cannot be told through ops: ") for reason in await reasons(hub))
    ops(hub).reply = Sent()
    before = len(ops(hub).told)
    await wait(hub, 1)
    assert len(ops(hub).told) == before + 1
    assert not any("cannot be told" in reason for reason in await reasons(hub))


async def reasons(hub: Hub) -> list[str]:
    await hub.alarms.desk.look()
    return hub.watching.reasons()


async def test_health_says_what_is_open_until_somebody_looks_after_it(make_hub: MakeHub):
    hub = await started(make_hub, CONFIG.replace("crm: {", "crm: {expires: 2026-05-05, "))
    await wait(hub, 1)
    assert await reasons(hub) == ["Sink crm: Its token or key ends in 16 h, on 2026-05-05. Renew it."]
    (row,) = await all_rows(hub, "alarm")
    assert await hub.db.write(store.acknowledge, row["id"], "user:1", hub.clock.now())
    assert not await hub.db.write(store.acknowledge, 999, "user:1", hub.clock.now())
    assert await reasons(hub) == []


async def test_two_processes_that_judge_at_once_raise_one_alarm(make_hub: MakeHub):
    hub = await started(make_hub)
    await hub.dispatcher.pause("crm", "down")
    hub.clock.turn(60)
    await asyncio.gather(*(hub.alarms.desk._judge() for _ in range(4)))
    assert len(await all_rows(hub, "alarm")) == 1


async def test_alarms_go_to_sinks_that_can_tell_and_to_no_others(make_hub: MakeHub):
    with pytest.raises(ConfigError, match='Alarms: sink "nobody" is not known'):
        await started(make_hub, CONFIG.replace("to: [ops]", "to: [nobody]"))
    with pytest.raises(ConfigError, match='Alarms: sink "crm" tells people nothing'):
        await started(make_hub, CONFIG.replace("to: [ops]", "to: [crm]"))


@pytest.mark.parametrize("written", ["sometimes", "-5m", "[1]"])
async def test_a_silence_that_is_no_time_is_an_error(make_hub: MakeHub, written):
    with pytest.raises(ConfigError, match="silence"):
        await started(make_hub, CONFIG.replace("website: {", f"website: {{silence: {written}, "))


async def test_what_lies_far_back_is_forgotten(make_hub: MakeHub, clock: Clock):
    hub = await started(make_hub)
    await hub.db.write(taught, "website", START)
    await hub.db.write(taught, "gone", START)
    await wait(hub, 1)
    assert {row["source"] for row in await all_rows(hub, "source_hour")} == {"website"}
    assert {row["source"] for row in await all_rows(hub, "source_watch")} == {"website"}
    clock.turn(8 * 7 * 86400)
    await wait(hub, 1)
    assert min(row["hour"] for row in await all_rows(hub, "source_hour")) >= clock.now() - timedelta(weeks=9)


async def test_in_life_the_bells_judge_and_tell(make_hub: MakeHub):
    hub = await started(make_hub, bells=True)
    await until(lambda: "alarms:judge" in hub.ticks.known)
    assert {"alarms", "alarms:judge"} <= hub.schedule.bells


# -- files and retention


async def test_a_file_that_was_not_read_is_an_alarm_until_one_of_that_name_is(make_hub: MakeHub, tmp_path: Path):
    files = CONFIG.replace("  ads: {connector: memory_poll}", "  ads: {connector: list_file}")
    hub = await started(make_hub, files)
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"PK no workbook")
    assert (await hub.imports.import_file(path, "ads")).state == "failed"
    await wait(hub, 1)
    assert list((await open_alarms(hub)).values()) == ["import.failed"]
    assert lines(ops(hub).told[0])[0].startswith("Source ads: The file list.xlsx was not read to its end: ")
    workbook = openpyxl.Workbook()
    workbook.active.append(["email"])
    workbook.active.append(["p1@example.com"])
    workbook.save(path)
    assert (await hub.imports.import_file(path, "ads")).state == "done"
    await wait(hub, 1)
    assert await open_alarms(hub) == {}


async def test_what_retention_will_take_is_an_alarm_until_it_is_seen_to(make_hub: MakeHub):
    hub = await started(make_hub, CONFIG + "retention: {quarantine: 60d}\n")
    held = (await post(hub, json.dumps({"id": "q", "full_name": "Max Muster", "message": "no address"}))).json()
    await wait(hub, 1)
    assert await open_alarms(hub) == {}
    hub.clock.turn(61 * DAY.total_seconds())
    await hub.privacy.retention.purge()
    await wait(hub, 1)
    assert await open_alarms(hub) == {"retention": "retention.warned"}
    assert lines(ops(hub).told[0])[0].endswith("goes for good within a week: 1 in all.")
    await hub.replays.refuse(held["submission"], "nobody")
    await wait(hub, 1)
    assert await open_alarms(hub) == {}
