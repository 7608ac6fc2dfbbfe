"""Reports of a hub, on both databases: what counts, from when until when, by the API, as CSV and on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.insight.reports import REPORTS, Reports
from hub.news import Activity
from hub.outcome import Disposition
from hub.store.activities import Heard
from hub.store.columns import CARE
from tests.api.calling import KEY, calling, keys_of_all_roles, problem
from tests.conftest import MakeHub, post, settled
from tests.insight.rounds import START, keep, log, row
from tests.response.test_ladder import with_ladder

BERLIN = with_ladder("").replace("region: CN", "region: CN, time_zone: Europe/Berlin")


async def made(hub: Hub, name: str, **asked: Any) -> dict[str, Any]:
    maker = Reports(hub.db, hub.plan, hub.clock)
    return await maker.make(name, maker.frame(name, **asked))


async def answer(hub: Hub, lead: str, disposition: Disposition | None = None, **more: Any) -> None:
    at = hub.clock.now()
    said = Activity(f"{lead}:{at}", at, "call", lead=lead, by="ann", human=True, **more)
    await hub.hearing.note("api", Heard(said, disposition, True))


async def test_test_leads_are_left_out_and_joined_leads_count_once(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    await keep(hub, row(1), row(2, lead="whole"), row(3, lead="part"), row(4, test=True))
    await hub.db.write(_joined)
    found = await made(hub, "speed", by="")
    assert (found["total"]["leads"], found["total"]["p90"]) == (2, 120)


def _joined(*, session: Any) -> None:
    from hub.store.columns import MERGE

    session.execute(sa.insert(MERGE).values(lead="whole", other="part", at=START))
    session.execute(sa.insert(MERGE).values(lead="whole", submission="sub_9", at=START))


async def test_a_span_has_its_beginning_and_not_its_end_in_the_zone_of_the_hub(make_hub: MakeHub, clock):
    hub = await make_hub(BERLIN)
    clock.turn(86_400 * 3)
    first = datetime(2026, 5, 3, 22, 0, tzinfo=UTC)  # midnight in Berlin
    for at in (first - timedelta(microseconds=1), first, first + timedelta(days=1, microseconds=-1)):
        await keep(hub, row(1, started_at=at))
    await keep(hub, row(1, started_at=first + timedelta(days=1)))
    found = await made(hub, "speed", since="2026-05-04", until="2026-05-05", by="day")
    assert [(line["day"], line["leads"]) for line in found["rows"]] == [("2026-05-04", 2)]
    assert (found["since"], found["until"]) == ("2026-05-04T00:00:00+02:00", "2026-05-05T00:00:00+02:00")
    assert (found["time_zone"], "Europe/Berlin" in found["basis"]) == ("Europe/Berlin", True)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-04", 24)])
async def test_a_day_on_which_clocks_change_has_all_its_hours(make_hub: MakeHub, clock, day: str, hours: int):
    hub = await make_hub(BERLIN)
    clock.turn(86_400 * 365)
    middle = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    await keep(hub, *(row(1, started_at=middle + timedelta(hours=hour, minutes=30)) for hour in range(-40, 41)))
    following = (middle + timedelta(days=1)).date().isoformat()
    found = await made(hub, "speed", since=day, until=following, by="hour")
    assert found["total"]["leads"] == hours
    twice = {line["hour"]: line["leads"] for line in found["rows"] if line["leads"] != 1}
    assert twice == ({2: 2} if hours == 25 else {})
    assert (2 in {line["hour"] for line in found["rows"]}) is (hours != 23)


async def test_working_time_and_targets_of_leads_that_came_the_real_way(make_hub: MakeHub, clock):
    text = with_ladder("", **{'hours: "24/7"': 'hours: "Mon-Fri 09:00-17:00"'}).replace(
        "respond_within: 10m", "respond_within: 10m, calendar: always"
    )
    hub = await make_hub(text)
    clock.turn(8 * 3600 + 1800)  # Monday 16:30
    body = {"id": "1", "email": "p@example.com"}
    lead = (await post(hub, json.dumps(body))).json()["lead"]
    await settled(hub)
    clock.turn(17 * 3600)  # Tuesday 09:30
    await answer(hub, lead, Disposition.QUALIFIED)
    found = (await made(hub, "speed", by="rep"))["total"]
    assert (found["p50"], found["p50_working"], found["deliver_p50"]) == (17 * 3600, 3600, 0)
    kept = (await made(hub, "target"))["total"]
    assert (kept["with_target"], kept["breached"]) == (1, 1)
    late = await made(hub, "lateness")
    assert [(line["answered"], line["qualified"], line["small"]) for line in late["rows"]] == [("<=1d", 1, True)]


async def test_an_open_lead_knows_from_its_deliveries_when_a_sink_had_it(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    await post(hub, json.dumps({"id": "1", "email": "p@example.com"}))
    await settled(hub)
    clock.turn(7200)
    found = (await made(hub, "speed"))["total"]
    assert (found["open"], found["held_p90"], found["deliver_p50"], found["answered_after_1h"]) == (1, 0, 0, 0)


async def test_turns_are_fair_in_the_ledger_and_in_the_span(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    for number in range(8):
        await post(hub, json.dumps({"id": str(number), "email": f"p{number}@example.com"}))
    clock.turn(60)
    found = await made(hub, "fairness")
    assert sum(line["received"] for line in found["rows"]) == 8
    assert sum(line["balance"] for line in found["rows"]) == pytest.approx(0, abs=0.01)
    assert 0 < found["total"]["max_balance"] <= 1
    assert found["total"]["max_balance"] == pytest.approx(found["total"]["max_ledger_balance"], abs=0.002)
    board = await made(hub, "board")
    assert Counter({line["rep"]: line["assigned"] for line in board["rows"]}).total() == 8


async def test_pools_and_leads_that_changed_hands(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    await keep(hub, row(1, lead="a", owner="bob"), row(lead="b", owner=None, pool="sea"), row(lead="x", test=True))
    for lead in ("a", "b", "x"):
        await log(
            hub,
            {"lead": lead, "act": "assigned", "owner": "ann", "team": "north", "gained": 1},
            {"lead": lead, "act": "recycled", "former": "ann", "pool": "sea"},
        )
    await log(
        hub,
        {"lead": "b", "act": "viewed", "owner": "cho", "pool": "sea"},
        {"lead": "a", "act": "claimed", "owner": "bob", "former_pool": "sea", "gained": 1},
    )
    (sea,) = (await made(hub, "pools"))["rows"]
    assert (sea["came"], sea["went"], sea["waiting"]) == (2, 1, 1)
    flows = {(line["lost_by"], line["got_by"]): line["leads"] for line in (await made(hub, "recycle"))["rows"]}
    assert flows == {("ann", "bob"): 1, ("ann", None): 1}
    assert (await made(hub, "unassigned", by=""))["total"]["unassigned"] == 1


async def test_a_later_round_of_a_lead_is_a_wait_of_its_own(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    clock.turn(86_400)
    await keep(hub, row(1, lead="a", current=False), row(lead="a", round=2, started_at=START + timedelta(hours=1)))
    found = (await made(hub, "speed", by=""))["total"]
    assert (found["leads"], found["answered"], found["open"], found["never"]) == (2, 1, 1, 0)


@pytest.mark.parametrize("name", REPORTS)
async def test_every_report_can_be_made_of_nothing_and_of_something_by_all_it_can_be_divided_by(
    make_hub: MakeHub, clock, name: str
):
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    assert (await made(hub, name))["rows"] == []
    await keep(hub, row(5, disposition="lost", reason="price", closed_at=START), row(), row(owner=None, grade="A"))
    async with calling(hub) as http:
        can = ",".join(REPORTS[name].can)
        said = await http.get(f"/api/reports/{name}", params={"by": can} if can else {})
    assert said.status_code == 200
    assert said.json()["by"] == list(REPORTS[name].can)
    assert all(set(REPORTS[name].can) <= set(line) for line in said.json()["rows"])


@pytest.mark.parametrize(
    ("path", "asked", "status", "says"),
    [
        ("nonsense", {}, 404, "There is no report 'nonsense'. There are: speed, target"),
        ("speed", {"by": "source,phone"}, 422, "speed cannot be divided by 'phone'. It can by: source, grade"),
        ("pools", {"by": "rep"}, 422, "It can by: nothing."),
        ("speed", {"since": "soon"}, 422, "'soon' is no time; write it as 7d, or as 2026-05-01."),
        ("speed", {"since": "2026-05-03", "until": "2026-05-01"}, 422, "is not before until"),
        ("speed", {"format": "xml"}, 422, "format"),
    ],
)
async def test_what_cannot_be_reported_is_said_in_a_sentence(make_hub: MakeHub, path, asked, status, says):
    async with calling(await make_hub()) as http:
        said = await http.get(f"/api/reports/{path}", params=asked)
    assert said.status_code == status
    assert says in problem(said)["detail"]


async def test_a_csv_holds_no_formula_and_the_line_of_all(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    await keep(hub, row(5, owner='=HYPERLINK("http://x")', disposition="lost", reason="+1"))
    async with calling(hub) as http:
        said = await http.get("/api/reports/board", params={"format": "csv"})
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(said.text)))
    assert [line[""] for line in lines] == ["", "all"]
    assert lines[0]["rep"] == '\'=HYPERLINK("http://x")'
    assert (lines[0]["median"], lines[0]["lost_reasons"], lines[0]["time_zone"]) == ("300.0", "'+1: 1", "UTC")


async def test_a_viewer_may_look_and_nobody_without_a_key(make_hub: MakeHub):
    hub = await make_hub()
    keys = await keys_of_all_roles(hub)
    for key, status in ((keys["viewer"], 200), (keys["source"], 403), (None, 401), (KEY, 200)):
        async with calling(hub, key) as http:
            assert (await http.get("/api/reports/speed")).status_code == status
            assert (await http.get("/api/reports")).status_code == status


async def test_reports_change_nothing(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    await keep(hub, row(5), row())
    before = await hub.db.read(_all)
    for name in REPORTS:
        await made(hub, name)
    assert await hub.db.read(_all) == before


def _all(*, session: Any) -> list[Any]:
    return [tuple(one) for one in session.execute(sa.select(CARE).order_by(CARE.c.id))]
