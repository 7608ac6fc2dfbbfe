"""Feedback out of several kinds of records: one after the other, by the time of change, none of it lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from hub.errors import Misconfigured, Retry
from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.http import Request, Response
from hub.news import News
from hub.sink import HttpSink
from hub.testing.fakes import START, HandClock

MINUTE = timedelta(minutes=1)
PAGE = 2
STATUS = Stream("status", "status", ref="id", at="at", word="word", by="by.id", maker="maker")
CALLS = Stream("calls", "task", ref="lead", at="at", once=True, by="by.id", sort="type", kinds={"phone": "call"})


class Crm(StreamFeedback, HttpSink):
    """A system whose records lie in lists; a page is asked for by time and number."""

    name = "crm"
    streams = (STATUS, CALLS)

    class Config(HttpSink.Config, StreamFeedback.Settings):
        """Its settings."""

        base_url: str = "https://crm.example"

    def asked(self, stream: Stream, place: Place) -> Request:
        return Request("GET", f"/{stream.name}", params={"since": place.since.isoformat(), "skip": str(place.skip)})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found: Rows = response.json()
        return found, len(found) == PAGE


class Lists:
    """The lists behind the wire; `denied` ones are answered 403, `broken` ones not at all."""

    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists = lists
        self.denied: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name, since = request.url.path.strip("/"), datetime.fromisoformat(request.url.params["since"])
        self.asked.append(name)
        if name in self.broken:
            raise httpx.ConnectError("down", request=request)
        if name in self.denied:
            return httpx.Response(403, json={"message": "no scope"})
        fit = [row for row in self.lists.get(name, []) if datetime.fromisoformat(row["at"]) >= since]
        skip = int(request.url.params["skip"])
        return httpx.Response(200, json=sorted(fit, key=lambda row: str(row["at"]))[skip : skip + PAGE])


def row(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    return {"id": number, "at": (START + minutes * MINUTE).isoformat(), "word": "Contacted", "lead": "7", **more}


async def read(crm: Crm, lists: Lists, cursor: str | None = None) -> list[News]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lists)) as http:
        return [one async for one in crm.news(cursor, http)]


def refs(pages: list[News]) -> list[str | None]:
    return [one.ref for page in pages for one in page.activities if one.kind == "status"]


@pytest.fixture
def crm() -> Crm:
    return Crm("crm", clock=HandClock(START))


async def test_paging_goes_on_at_the_newest_change_and_within_one_instant_by_number(crm: Crm):
    times = (-50, -40, -30, -30, -30, -30, -20)
    lists = Lists(status=[row(number, at) for number, at in enumerate(times)])
    found = refs(await read(crm, lists))
    assert sorted(set(found)) == ["0", "1", "2", "3", "4", "5", "6"]
    assert lists.asked[-1] == "calls"


async def test_the_next_asking_begins_a_little_before_the_newest_change(crm: Crm):
    pages = await read(crm, Lists(status=[row(1, -30)]))
    assert json.loads(str(pages[-1].cursor)) == {"since": (START - 35 * MINUTE).isoformat()}


async def test_a_list_that_may_not_be_read_keeps_no_other_from_being_read_and_is_told(crm: Crm):
    lists = Lists(status=[row(1, -30)])
    lists.denied = {"calls"}
    pages: list[News] = []
    with pytest.raises(Misconfigured, match="no scope"):
        async with httpx.AsyncClient(transport=httpx.MockTransport(lists)) as http:
            async for one in crm.news(None, http):
                pages.append(one)
    assert refs(pages) == ["1"]
    assert "after" not in json.loads(str(pages[-1].cursor))


async def test_a_kind_that_is_not_wanted_is_not_asked_for():
    crm = Crm("crm", Crm.Config(unread=("calls",)), HandClock(START))
    lists = Lists(status=[row(1, -30)])
    await read(crm, lists)
    assert lists.asked == ["status"]


async def test_what_changes_while_a_later_list_is_down_is_read_afterwards(crm: Crm):
    clock = HandClock(START)
    crm.clock = clock
    lists = Lists(status=[row(1, -30)])
    lists.broken = {"calls"}
    pages: list[News] = []
    with pytest.raises(Retry):
        async with httpx.AsyncClient(transport=httpx.MockTransport(lists)) as http:
            async for one in crm.news(None, http):
                pages.append(one)
    lists.lists["status"].append(row(2, 10))
    lists.lists["calls"] = [row(9, 60)]
    lists.broken = set()
    clock.turn(7200)
    pages = await read(crm, lists, pages[-1].cursor)
    pages = await read(crm, lists, pages[-1].cursor)
    assert "2" in refs(pages)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"by": {"id": "ann"}, "maker": "app"}, ("ann", None)),
        ({"by": {"id": "app"}, "maker": "app"}, ("app", False)),
        ({"by": None}, (None, None)),
    ],
)
def test_what_the_maker_of_a_record_does_to_it_is_no_persons_answer(
    changes: dict[str, Any], wanted: tuple[str | None, bool | None]
):
    told = STATUS.activity(row(1, 0, **changes))
    assert told is not None
    assert (told.by, told.human) == wanted


@pytest.mark.parametrize("changes", [{"word": None}, {"word": ""}, {"id": None}, {"at": "soon"}, {"id": {"a": 1}}])
def test_a_record_without_status_id_or_time_tells_nothing(changes: dict[str, Any]):
    assert STATUS.activity({**row(1, 0), **changes}) is None


def key(stream: Stream, minutes: float) -> str | None:
    told = stream.activity(row(9, minutes, type="phone"))
    return told and f"{told.kind} {told.key}"


def test_a_status_counts_each_time_it_changes_and_a_call_once():
    assert key(STATUS, 0) != key(STATUS, 5)
    assert key(CALLS, 0) == key(CALLS, 5) == "call calls:9"


def test_a_name_with_dots_of_its_own_is_found():
    stream = Stream("leads", "status", ref="id", at="at", word="state@a.b.Label")
    told = stream.activity(row(1, 0, **{"state@a.b.Label": "Qualified"}))
    assert told is not None
    assert told.word == "Qualified"
